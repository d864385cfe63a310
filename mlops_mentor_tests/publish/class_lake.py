"""A made-up class in a lake: groups whose commits, numbers, evidence and feedback are told in a few words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace
from typing import Any

import polars as pl

from mlops_mentor.course import Course
from mlops_mentor.evidence.checklist.detect import all_detectors
from mlops_mentor.evidence.checklist.items import checklist
from mlops_mentor.evidence.code.facts import Facts
from mlops_mentor.feedback.rubric import load_rubric
from mlops_mentor.metrics.activity import activity_matrix, num_active_days
from mlops_mentor.metrics.balance import equality
from mlops_mentor.metrics.progress import weighted_mean
from mlops_mentor.publish.tables.all import published_frames
from mlops_mentor.publish.tables.source import Source
from mlops_mentor.roster.roster import Group, groups_frame
from mlops_mentor.schemas import (
    CHECKLIST,
    COMMITS,
    FEEDBACK_REPORTS,
    GROUP_STATUS,
    GROUPS,
    LEADERBOARD,
    LEADERBOARD_HISTORY,
    PROGRESS,
    REPO_STATS,
    REPORT_ANSWERS,
    REPORT_CHECKS,
)
from mlops_mentor.storage.lake import Lake

MakeFrame = Callable[..., pl.DataFrame]
MakeGroup = Callable[..., Group]
SEEN_AT = datetime(2027, 1, 12, 8, tzinfo=UTC)
RELEASED_AT = datetime(2027, 1, 20, 9, 30, tzinfo=UTC)
PARTS = {"checklist_shown": 0.5, "report_answered": 0.25, "tests_and_ci": 0.4, "reproducibility": 0.8}
# Stands in every column that is personal and in none that is published.
PERSONAL = "zz-personal-zz"


@dataclass(frozen=True)
class Made:
    """A group of `size`, of whom `persons` made 12 commits, on these days of the project; `released` areas."""

    group_id: str
    size: int = 4
    persons: int = 4
    days: tuple[int, ...] = (0, 1, 7)
    reviewers: int | None = None
    num_reviewed: int = 2
    released: tuple[str, ...] = ()
    num_named: int = 4


def store_class(lake: Lake, course: Course, made: Sequence[Made], make_frame: MakeFrame, make_group: MakeGroup) -> None:
    """Store the class as its chain would, as far as the published tables read it."""
    groups = [make_group(each.group_id, students=each.size) for each in made]
    lake.write(GROUPS, groups_frame(groups))
    stats = pl.concat([_store_group(lake, course, each, make_frame) for each in made])
    status = make_frame(GROUP_STATUS, *({"group_id": each.group_id, "state": "ok"} for each in made))
    shared = [name for name in LEADERBOARD.schema if name in stats.columns]
    rows = stats.select(shared).join(status.select("group_id", "state"), "group_id").to_dicts()
    lake.write(LEADERBOARD, make_frame(LEADERBOARD, *(row | {"reason": PERSONAL} for row in rows)))
    seen = ({"group_id": each.group_id, "snapshot_sha": "a" * 40, "first_seen_at": SEEN_AT} for each in made)
    lake.write(LEADERBOARD_HISTORY, make_frame(LEADERBOARD_HISTORY, *seen))


def published(lake: Lake, course: Course, names: dict[str, str]) -> dict[str, pl.DataFrame]:
    """The published tables of the stored class."""
    return published_frames(Source(lake, course, load_rubric(None), names))


def _store_group(lake: Lake, course: Course, made: Made, make_frame: MakeFrame) -> pl.DataFrame:
    """Store the group's parts; its row of `repo_stats`."""
    group_id = made.group_id
    commits = lake.write(COMMITS, _commits(course, made, make_frame), group_id)
    counts = (
        [len([n for n in range(12) if n % made.persons == who]) for who in range(made.persons)] if made.persons else []
    )
    balance = equality(counts, max(made.size, made.persons))
    parts = PARTS | {"balance": balance}
    progress = {"progress": weighted_mean(parts, course.progress), **parts}
    days = sorted(set(made.days)) if made.persons else []
    changed = [course.project_start + timedelta(days=day) for day in days]
    rows = [{"group_id": group_id, "day": day, "sha": "a" * 40, **progress} for day in changed]
    lake.write(PROGRESS, make_frame(PROGRESS, *rows), group_id)
    _store_evidence(lake, made, make_frame)
    entries = [
        {"area": area, "text": f"Well done, {area}.", "score": 4, "released_at": RELEASED_AT} for area in made.released
    ]
    page = {"group_id": group_id, "markdown": PERSONAL, "released_markdown": PERSONAL, "released": entries}
    lake.write(FEEDBACK_REPORTS, make_frame(FEEDBACK_REPORTS, page), group_id)
    row = {
        "group_id": group_id, "group_size": made.size, "num_contributors": made.persons, "num_prs": 5,
        "num_prs_merged": 4, "num_prs_open": 1, "num_reviewers": made.reviewers,
        "num_prs_reviewed": None if made.reviewers is None else made.num_reviewed,
        "share_merged_prs_reviewed": None if made.reviewers is None else made.num_reviewed / 4,
        "num_commits_to_main": commits.height, "total_commits": commits.height,
        "num_silent_members": max(0, made.size - made.persons), "latest_commit": datetime(2027, 1, 11, 22, tzinfo=UTC),
        "activity_matrix": activity_matrix(commits, course.project_start, course.zone),
        "num_active_days": num_active_days(commits, course.zone), "equality_commits": balance,
        "contributions_per_contributor": counts, "snapshot_sha": "a" * 40, **(progress if rows else {}),
    }  # fmt: skip
    return lake.write(REPO_STATS, make_frame(REPO_STATS, row), group_id)


def _commits(course: Course, made: Made, make_frame: MakeFrame) -> pl.DataFrame:
    rows: list[dict[str, Any]] = []
    for number in range(12 if made.persons else 0):
        day: date = course.project_start + timedelta(days=made.days[number % len(made.days)])
        at = datetime.combine(day, time(9 + number % 3), course.zone).astimezone(UTC)
        who = f"{PERSONAL} {number % made.persons}"
        rows.append(
            {"group_id": made.group_id, "sha": f"{number:040x}", "is_on_default": True, "author_name": who,
             "author_email": f"{who}@uni.example", "authored_at": at, "committed_at": at, "message": PERSONAL}
        )  # fmt: skip
    return make_frame(COMMITS, *rows)


def _store_evidence(lake: Lake, made: Made, make_frame: MakeFrame) -> None:
    facts = Facts(group_size=made.size, num_people=made.persons, areas_of_people=(5, *([1] * (made.persons - 1))))
    items = []
    for item in checklist().items:
        row = {"group_id": made.group_id, "item": item.id, "title": item.title, "module": item.module,
               "week": item.week, "claimed": "yes", "shown": "yes", "verdict": "supported", "reason": "It is there.",
               "snippet": PERSONAL, "expects": item.expects}  # fmt: skip
        if item.detector in ("write_access", "shared_understanding"):
            shown = all_detectors()[item.detector](SimpleNamespace(facts=facts), item.options)  # type: ignore[arg-type]
            row |= {"shown": shown.outcome, "reason": shown.reason, "strength": shown.strength}
            row |= {"remedy": item.remedy if shown.outcome == "partial" else None}
            row |= {"verdict": shown.outcome if shown.outcome == "not_checkable" else "supported"}
        items.append(row)
    lake.write(CHECKLIST, make_frame(CHECKLIST, *items), made.group_id)
    answers = [
        {"group_id": made.group_id, "question": 2, "topic": "study_numbers", "title": "Study numbers",
         "is_answered": True, "num_words": 4, "num_images": 0, "path": "reports/README.md", "line": 9,
         "text": PERSONAL},
        {"group_id": made.group_id, "question": 9, "topic": "branches", "title": "Branches and pull requests",
         "is_answered": False, "path": "reports/README.md"},
    ]  # fmt: skip
    lake.write(REPORT_ANSWERS, make_frame(REPORT_ANSWERS, *answers), made.group_id)
    named = f"{made.num_named} of {made.size} members are named by study number; not member 2 of the roster's row."
    checks = [
        {"group_id": made.group_id, "topic": "report", "check": "found", "outcome": "yes", "reason": "1 of 2."},
        {"group_id": made.group_id, "question": 2, "topic": "study_numbers", "check": "study_numbers", "outcome": "no",
         "reason": f"It names {made.num_named} study numbers; the roster has {made.size} members.",
         "snippet": PERSONAL, "remedy": "Name every member."},
        {"group_id": made.group_id, "question": 27, "topic": "contributions", "check": "members_named",
         "outcome": "partial" if made.num_named else "not_checkable", "reason": named if made.num_named else "Nobody.",
         "remedy": "State what each member did." if made.num_named else None},
    ]  # fmt: skip
    lake.write(REPORT_CHECKS, make_frame(REPORT_CHECKS, *checks), made.group_id)
