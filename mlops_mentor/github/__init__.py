"""What GitHub knows of the groups' repositories that git does not. The only user of GitHub's API.

Belongs here: asking it sparingly, checking what it answers, and the tables made of that. Repositories on other hosts,
and all of them where there is no token, are not asked.
"""
