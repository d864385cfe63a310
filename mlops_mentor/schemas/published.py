"""Published tables: what may leave the data directory, column by column.

Belongs here: the allow-list. A column that is not named here never gets out; each says how the privacy gate treats it.
`group` is the public name of a group: its number, or the alias that the lecturer chose. No table of the lake is
published as it stands.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import Any

import polars as pl

from mlops_mentor.schemas.evidence import CHECKLIST, OUTCOMES, REPORT_CHECKS
from mlops_mentor.schemas.leaderboard import LEADERBOARD, STATES
from mlops_mentor.schemas.metrics import PROGRESS_COLUMNS, REPO_STATS
from mlops_mentor.schemas.table import TEXT_LIST, UTC, Column, Table, count


class Treatment(StrEnum):
    """What the privacy gate does with a column.

    `number`: numbers, booleans, dates and lists of them; any string in it is an error. `word`: one of the values that
    the column declares. `group`: a public name of a group. `text`: written by us, by students, TAs or models: redacted,
    then inspected. `path`: a path in a repository: redacted as a path, then inspected. `address`: published only where
    `course.yaml` says that the class agreed, else null.
    """

    NUMBER = "number"
    WORD = "word"
    GROUP = "group"
    TEXT = "text"
    PATH = "path"
    ADDRESS = "address"


@dataclass(frozen=True)
class Published:
    """A published table, called `config` in the dataset, and how each of its columns is treated."""

    table: Table
    treatments: tuple[tuple[str, Treatment], ...]

    @property
    def name(self) -> str:
        return self.table.name

    @cached_property
    def treatment_of(self) -> dict[str, Treatment]:
        """By column."""
        return dict(self.treatments)


GROUP = Column("group", pl.String, "The group's public name: its number, or its alias.", is_required=True)
WITHHELD = Column(
    "withheld",
    TEXT_LIST,
    "Columns that are null because they would single out a person: too few persons stand behind the number.",
    is_required=True,
)


def _as_in(table: Table, *names: str) -> tuple[Column, ...]:
    """The columns of these names, none of them required."""
    of_name = {column.name: column for column in table.columns}
    return tuple(replace(of_name[name], is_required=False) for name in names)


def _published(table: Table, **treatments: Treatment) -> Published:
    """What is not named here is a number, if its type is one; nothing else goes without saying."""
    return Published(
        table,
        tuple((column.name, treatments[column.name]) for column in table.columns if column.name in treatments)
        + tuple(
            (column.name, Treatment.NUMBER)
            for column in table.columns
            if column.name not in treatments and not _holds_text(column.dtype)
        ),
    )


def _holds_text(dtype: Any) -> bool:
    if isinstance(dtype, pl.List | pl.Array):
        return _holds_text(dtype.inner)
    if isinstance(dtype, pl.Struct):
        return any(_holds_text(field.dtype) for field in dtype.fields)
    return dtype in (pl.String, pl.Categorical, pl.Enum, pl.Binary, pl.Object)


_NUMBERS = ("num_commits_to_main", "total_commits", "num_active_days", "num_prs", "num_prs_merged",
            "share_merged_prs_reviewed", "num_python_files", "num_docker_files", "num_workflow_files", "lines_python",
            "lines_test", "repo_size", "readme_length", "average_commit_length_to_main", "has_requirements_file",
            "using_dvc", "has_cloudbuild", "num_warnings")  # fmt: skip
PUBLISHED_LEADERBOARD = _published(
    Table(
        "leaderboard",
        "The class at a glance: a row a group, in the roster's order. Numbers inform; they never grade or rank.",
        (
            GROUP,
            Column("state", pl.String, "`ok`, `empty` (no commit yet), `incomplete`, `failed` (could not be read or "
                   "computed) or `not_run`.", True, values=STATES),
            count("group_size", "Members of the group.", is_required=True),
            count("num_contributors", "Persons who committed, identities merged."),
            *PROGRESS_COLUMNS,
            *_as_in(LEADERBOARD, *_NUMBERS[:-1]),
            replace(next(each for each in REPO_STATS.columns if each.name == "actions_passing"), is_required=False),
            *_as_in(LEADERBOARD, "num_warnings"),
            Column("last_commit_on", pl.Date, "Day of the commit that counts (course time zone)."),
            Column("repo_url", pl.String, "The repository; null unless the class agreed to show it."),
            Column("snapshot_sha", pl.String, "The commit that the numbers describe; null likewise: it names the "
                   "repository to whoever searches for it."),
            WITHHELD,
        ),
        key=("group",),
        version="1",
        is_by_group=False,
    ),
    group=Treatment.GROUP,
    state=Treatment.WORD,
    actions_passing=Treatment.WORD,
    repo_url=Treatment.ADDRESS,
    snapshot_sha=Treatment.ADDRESS,
    withheld=Treatment.WORD,
)  # fmt: skip

PUBLISHED_HISTORY = _published(
    Table(
        "history",
        "Progress day by day: a row a group and day (course time zone), from the project's first day to the last on "
        "which any group's work changed, the deadline at the latest.",
        (
            GROUP,
            Column("day", pl.Date, "The day.", True),
            *PROGRESS_COLUMNS,
            count("num_commits", "Commits on main of that day, merges left out, by author date."),
            WITHHELD,
        ),
        key=("group", "day"),
        version="1",
        is_by_group=False,
    ),
    group=Treatment.GROUP,
    withheld=Treatment.WORD,
)

PUBLISHED_STATISTICS = _published(
    Table(
        "statistics",
        "More numbers of a group, and when it worked: a row a group that has a commit.",
        (
            GROUP,
            *_as_in(REPO_STATS, "num_prs_open", "num_prs_reviewed", "average_commit_length", "num_files",
                    "lines_notebook", "lines_docker", "lines_workflow", "lines_config", "lines_docs"),
            Column("activity_from", pl.Date, "Day of the first row of `activity` (course time zone)."),
            Column("activity", pl.List(pl.List(pl.Int64)), "Commits by day and hour: a row a day, 24 hours each, by "
                   "author date in the course's time zone."),
            WITHHELD,
        ),
        key=("group",),
        version="1",
        is_by_group=False,
    ),
    group=Treatment.GROUP,
    withheld=Treatment.WORD,
)  # fmt: skip

EVIDENCE_KINDS = ("checklist", "report_answer", "report_check")
_OF_CHECKLIST = {column.name: column for column in CHECKLIST.columns}
_OF_CHECKS = {column.name: column for column in REPORT_CHECKS.columns}
PUBLISHED_EVIDENCE = _published(
    Table(
        "evidence",
        "What a group's repository shows beside what the group says: a row an item of the checklist, an answer of the "
        "report, and a check of one. The answers themselves are not published.",
        (
            GROUP,
            Column("kind", pl.String, "What the row is about.", True, values=EVIDENCE_KINDS),
            Column("item", pl.String, "The item of the checklist (W1-01 to EX-06), or the question's topic.", True),
            Column("check", pl.String, "Of a check its name; else empty.", True,
                   values=("", *_OF_CHECKS["check"].values)),
            Column("question", pl.Int64, "The question's number in the group's template.", minimum=1),
            Column("title", pl.String, "The item or question in a few words.", True),
            Column("module", pl.String, "The course's module that an item belongs to."),
            Column("week", pl.Int64, "The course's week of an item; null for what is extra.", minimum=1),
            replace(_OF_CHECKLIST["claimed"], is_required=False),
            Column("shown", pl.String, "Of an item what the repository shows; of an answer whether it is there; of a "
                   "check its outcome.", True, values=OUTCOMES),
            replace(_OF_CHECKLIST["verdict"], is_required=False),
            _OF_CHECKLIST["strength"],
            Column("path", pl.String, "The file that shows it best; of a report's rows the report."),
            Column("line", pl.Int64, "The line in it.", minimum=1),
            Column("reason", pl.String, "What was seen."),
            Column("expects", pl.String, "What counts as shown, and what in part."),
            Column("remedy", pl.String, "What the group can do; null where nothing has to be done."),
            count("num_words", "Words of an answer."),
            count("num_images", "Images of an answer."),
        ),
        key=("group", "kind", "item", "check"),
        version="1",
        is_by_group=False,
    ),
    group=Treatment.GROUP,
    kind=Treatment.WORD,
    item=Treatment.TEXT,
    check=Treatment.WORD,
    title=Treatment.TEXT,
    module=Treatment.TEXT,
    claimed=Treatment.WORD,
    shown=Treatment.WORD,
    verdict=Treatment.WORD,
    strength=Treatment.WORD,
    path=Treatment.PATH,
    reason=Treatment.TEXT,
    expects=Treatment.TEXT,
    remedy=Treatment.TEXT,
)  # fmt: skip

PUBLISHED_FEEDBACK = _published(
    Table(
        "feedback",
        "Feedback that a teaching assistant has released: a row a group and area. Drafts are not published.",
        (
            GROUP,
            Column("place", pl.Int64, "The area's place in the rubric, from 1.", True, minimum=1),
            Column("area", pl.String, "The area, as the rubric calls it.", True),
            Column("title", pl.String, "Its title.", True),
            Column("score", pl.Int64, "On the rubric's scale; null where nothing was to be judged.", minimum=1),
            Column("text", pl.String, "What the group reads (Markdown), people as `[member A]`.", True),
            Column("released_at", UTC, "When it was released (UTC).", True),
        ),
        key=("group", "area"),
        version="1",
        is_by_group=False,
    ),
    group=Treatment.GROUP,
    area=Treatment.TEXT,
    title=Treatment.TEXT,
    text=Treatment.TEXT,
)  # fmt: skip

PUBLISHED: tuple[Published, ...] = (
    PUBLISHED_LEADERBOARD,
    PUBLISHED_HISTORY,
    PUBLISHED_STATISTICS,
    PUBLISHED_EVIDENCE,
    PUBLISHED_FEEDBACK,
)
