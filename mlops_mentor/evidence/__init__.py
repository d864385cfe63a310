"""What a repository shows, and what the group says of itself: findings with the file and line that show them.

Belongs here: reading, matching and judging texts of the snapshot. Everything is static: nothing of a student is run,
imported or rendered. "Could not look" is never "is not there".
"""
