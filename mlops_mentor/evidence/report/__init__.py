"""The exam report: found among a group's files, split into answers, held against the course's rules and the files.

`tables` is what others call.
"""
