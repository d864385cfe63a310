"""What a group did, in the words of a group: start from the template, work, open a pull request, merge it.

Belongs here: the shorthand in which the modules of the groups tell their histories. How commits are stored belongs to
`history`; the texts belong to `content`.

Shorthand: `main` or `#3` (the branch of pull request 3) is where work happens; `06 09:14` is a time in January 2026 in
Copenhagen; `src/x/data.py@2` is a file at stage 2, `src/x/data.py` at its last stage, `-src/x/data.py` a file removed;
`=reports/README.md@2` is the exam report with the group's `answers` at stage 2, `*reports/figures/runs.png` a picture.
"""

import zlib
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import TypeAlias

from mlops_mentor.sample import content
from mlops_mentor.sample.figures import stripes
from mlops_mentor.sample.history import MAIN, Changes, Entry, History, Person, pull_ref, regular
from mlops_mentor.sample.report import report_of
from mlops_mentor.sample.starter import rendered_files, report_files

# Who, when, the commit message, the files.
Step: TypeAlias = tuple[Person, str, str, str]

GITHUB = Person("GitHub", "noreply@github.com")

_COPENHAGEN_WINTER = timezone(timedelta(hours=1))


def moment(at: str) -> datetime:
    """`06 09:14`: a day and a time of January 2026."""
    return datetime.strptime(f"2026-01-{at}", "%Y-%m-%d %H:%M").replace(tzinfo=_COPENHAGEN_WINTER)


class WorkLog:
    """The history of one group while it is told. `project` is the group's folder below `content/`."""

    def __init__(self, project: str, owner: str) -> None:
        self.history = History()
        self._project = project
        self._owner = owner

    def start(self, author: Person, at: str) -> None:
        """The first commit: the template, filled in, as a forge takes it over."""
        files = rendered_files(self._project, author.name)
        self.history.commit(MAIN, author, moment(at), "Initial commit", files, committer=GITHUB)

    def add_report(self, branch: str, author: Person, at: str, message: str) -> None:
        """Copy the folder of the exam report from the course, without the course's figures."""
        changes = {path: entry for path, entry in report_files().items() if not path.startswith(b"reports/figures/")}
        self.history.commit(_ref(branch), author, moment(at), message, changes)

    def work(self, branch: str, *steps: Step) -> None:
        """Commits to a branch."""
        for author, at, message, names in steps:
            self.history.commit(_ref(branch), author, moment(at), message, self._changes(names.split()))

    def pull(self, number: int, *steps: Step) -> None:
        """Open a pull request from main with these commits."""
        self.history.branch(pull_ref(number))
        self.work(f"#{number}", *steps)

    def merge(self, number: int, author: Person, at: str, branch: str, title: str) -> None:
        """Merge a pull request on the forge's page with a merge commit."""
        message = f"Merge pull request #{number} from {self._owner}/{branch}\n\n{title}"
        self.history.merge(MAIN, pull_ref(number), author, moment(at), message, GITHUB)

    def squash(
        self, number: int, author: Person, at: str, title: str, co_authors: Sequence[Person] = (), body: str = ""
    ) -> None:
        """Merge a pull request on the forge's page as one commit that names the other authors in trailers."""
        trailers = "\n".join(f"Co-authored-by: {person.name} <{person.email}>" for person in co_authors)
        message = "\n\n".join(part for part in (f"{title} (#{number})", body, trailers) if part)
        self.history.squash(MAIN, pull_ref(number), author, moment(at), message, GITHUB)

    def _changes(self, names: Sequence[str]) -> Changes:
        changes: dict[bytes, Entry | None] = {}
        for name in names:
            sign = name[0] if name[0] in "-=*" else ""
            path, _, stage = name.removeprefix(sign).partition("@")
            changes[path.encode()] = self._entry(sign, path, int(stage) if stage else content.FINAL)
        return changes

    def _entry(self, sign: str, path: str, stage: int) -> Entry | None:
        if sign == "-":
            return None
        if sign == "*":
            return regular(stripes(zlib.crc32(f"{self._project} {path}".encode())))
        if sign == "=":
            return regular(report_of(content.text(self._project, "answers", stage)))
        return regular(content.text(self._project, path, stage))


def _ref(branch: str) -> str:
    return MAIN if branch == "main" else pull_ref(int(branch.removeprefix("#")))
