"""How the code of a snapshot stands: linters of ours, measures by syntax tree, dependencies, Dockerfiles, secrets.

All static: nothing of a repository is run, and nothing of its configuration is read by a tool.
"""
