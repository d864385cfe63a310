"""Sensors: noticing that roster, repositories or the TAs' reviews have changed, and asking for the runs that follow.

Belongs here: what a tick reads, and turning a decision into requests for Dagster. Whether a group has changed is for
`changes`, which groups are asked for and when again for `waves`. All are off until somebody turns them on.
A tick never raises: what is wrong becomes the reason why it skipped, and the next tick tries again.
"""
