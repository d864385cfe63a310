"""What is stored: tables in the lake, and other files of ours, replaced whole.

Belongs here: how files are written and read, here or in an object store. What a table is, is for `schemas`; sheets that
people edit are for `sheets`.
"""
