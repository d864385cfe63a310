"""Flags: what a TA should look at today, and when time alone will raise one."""

from mlops_mentor.metrics.flags.facts import Facts
from mlops_mentor.metrics.flags.tables import flag_dates_frame, flags_frame

__all__ = ["Facts", "flag_dates_frame", "flags_frame"]
