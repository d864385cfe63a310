"""Publishing: the published tables, the privacy gate that they pass, the dataset's folder, the Hub.

Nothing leaves the data directory but through here.
"""
