"""A diagnosis: what `mlops-mentor doctor` prints, whoever finds it.

Belongs here: its one line. Looking belongs to those who know the subject, printing to the command line.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """Of what, whether it is well, what was found; `remedy` is empty where nothing has to be done."""

    what: str
    is_good: bool
    found: str
    remedy: str = ""
