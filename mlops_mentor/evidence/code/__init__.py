"""What a snapshot's files say: Python as syntax trees, dependencies, notebooks, within limits of size.

Belongs here: reading and parsing. Whether what is there is good, or was claimed, is for `quality` and `checklist`.
"""
