"""What the course hands out in the sample class: the template of a project, and the folder of the exam report.

Belongs here: both repositories with their histories, and what a group has when it fills the template in. The texts are
below `content/starter/` (with `project_name` in paths where the template has a placeholder), `content/template/` and
`content/course/`.
"""

import re
from datetime import datetime, timedelta, timezone

from mlops_mentor.sample import content
from mlops_mentor.sample.figures import stripes
from mlops_mentor.sample.history import MAIN, Entry, History, Person, regular
from mlops_mentor.sample.report import blank_report

TEACHER = Person("Course Teacher", "teacher@example.com")
REPORT = "reports/README.md"
# The course's example figures, in its report's folder.
EXAMPLE_FIGURES = ("overview", "runs", "bucket", "registry", "build")

_WINTER = timezone(timedelta(hours=1))
_PLACEHOLDER = re.compile(r"\{\{ cookiecutter\.(\w+) \}\}")
_ROOT, _PACKAGE = "{{ cookiecutter.repo_name }}", "{{ cookiecutter.project_name }}"


def starter_history() -> History:
    """Two commits of the teacher to the template, in the month before the course."""
    history = History()
    inner = {
        f"{_ROOT}/{path.replace('project_name', _PACKAGE)}".encode(): regular(content.text("starter", path))
        for path in content.paths("starter")
    }
    outer = {path.encode(): regular(content.text("template", path)) for path in content.paths("template")}
    history.commit(MAIN, TEACHER, datetime(2025, 12, 1, 10, 0, tzinfo=_WINTER), "Template for projects", inner)
    history.commit(MAIN, TEACHER, datetime(2025, 12, 1, 10, 30, tzinfo=_WINTER), "How to use it", outer)
    return history


def course_history() -> History:
    """Two commits of the teacher to the course's repository."""
    history = History()
    readme: dict[bytes, Entry | None] = {b"README.md": regular(content.text("course", "README.md"))}
    history.commit(MAIN, TEACHER, datetime(2025, 12, 15, 14, 0, tzinfo=_WINTER), "Course", readme)
    history.commit(MAIN, TEACHER, datetime(2025, 12, 15, 14, 30, tzinfo=_WINTER), "Exam report", report_files())
    return history


def rendered_files(name: str, author: str) -> dict[bytes, Entry | None]:
    """What the template makes for a group that gives these answers."""
    answers = {
        "repo_name": name,
        "project_name": name,
        "author_name": author,
        "description": "A machine learning project.",
        "python_version": "3.11",
    }
    return {
        path.replace("project_name", name).encode(): regular(
            _PLACEHOLDER.sub(lambda found: answers[found[1]], content.text("starter", path))
        )
        for path in content.paths("starter")
    }


def report_files() -> dict[bytes, Entry | None]:
    """The folder of the exam report as the course hands it out."""
    figures: dict[bytes, Entry | None] = {
        f"reports/figures/{name}.png".encode(): regular(stripes(number))
        for number, name in enumerate(EXAMPLE_FIGURES, start=1)
    }
    checker = regular(content.text("course", "reports/report.py"))
    return {REPORT.encode(): regular(blank_report()), b"reports/report.py": checker, **figures}
