"""Pages: the published export as HTML, for the web app and the static site alike.

They read an exported folder and nothing else of the data directory. All text of others is escaped.
"""
