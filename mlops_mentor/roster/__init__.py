"""The roster: groups, the addresses of their repositories, later deadlines of some.

Belongs here: what these sheets say, and what a new roster changes. The data flow begins here.
"""
