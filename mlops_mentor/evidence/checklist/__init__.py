"""The course's checklist: each box a group ticked, beside what its repository shows.

`items` is the list as data, `claims` reads a report's boxes, `detect` looks at the repository, `tables` puts both
together.
"""
