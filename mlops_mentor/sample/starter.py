"""The repository of the starter code that groups 1 to 7 and 10 of the sample class began with.

Belongs here: the starter repository's own history. Its files are below `content/starter/`.
"""

from datetime import datetime, timedelta, timezone

from mlops_mentor.sample.history import MAIN, Entry, History, Person
from mlops_mentor.sample.worklog import starter_files

TEACHER = Person("Course Teacher", "teacher@example.com")

_WINTER = timezone(timedelta(hours=1))


def starter_history() -> History:
    """Two commits of the teacher, in the month before the course."""
    history = History()
    everything = starter_files()
    report: dict[bytes, Entry | None] = {
        path: entry for path, entry in everything.items() if path.startswith(b"reports/")
    }
    code = {path: entry for path, entry in everything.items() if path not in report}
    history.commit(MAIN, TEACHER, datetime(2025, 12, 1, 10, 0, tzinfo=_WINTER), "Template for projects", code)
    history.commit(MAIN, TEACHER, datetime(2025, 12, 15, 14, 30, tzinfo=_WINTER), "Exam report", report)
    return history
