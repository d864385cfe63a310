"""Flags about who did what, and about what is there: each at its boundary, and nothing where nobody looked."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from mlops_mentor.course import Course
from mlops_mentor.metrics.flags import Facts, flag_dates_frame, flags_frame
from mlops_mentor.metrics.flags.words import INNOCENT
from mlops_mentor.schemas import (
    COMMITS,
    COMMITTED_SECRETS,
    CONTRIBUTIONS,
    FLAG_SEVERITIES,
    FLAGS,
    HOSTILE_CONTENT,
    PUSHES,
    REPORT_ANSWERS,
    REPORT_CHECKS,
    SAME_CODE_SEVERITIES,
    SEVERITIES,
    WORKFLOW_RUNS,
    empty,
    validate,
)

DEADLINE = datetime(2027, 1, 22, 11, tzinfo=UTC)
START = datetime(2027, 1, 3, 23, tzinfo=UTC)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
SNAPSHOT = {
    "snapshot_sha": "a" * 40, "tip_sha": "a" * 40, "deadline_at": DEADLINE, "default_branch": "main",
    "num_late_commits": 0, "last_late_at": None, "rewritten_at": None, "rewritten_from": None,
}  # fmt: skip
MakeFrame = Callable[..., pl.DataFrame]


def raised(course: Course, commits: pl.DataFrame | None = None, **facts: Any) -> list[dict[str, Any]]:
    """Flags before any time has passed."""
    all_facts = Facts(SNAPSHOT, empty(COMMITS) if commits is None else commits, **facts)
    return validate(FLAGS, flags_frame("1", all_facts, course, START)).to_dicts()


def kinds(flags: list[dict[str, Any]]) -> list[str]:
    return [flag["flag"] for flag in flags]


# --- who


def people(make_frame: MakeFrame, *shares: tuple[int, float | None], **more: Any) -> pl.DataFrame:
    total = sum(number for number, _ in shares)
    rows = [
        {"group_id": "1", "contributor_id": str(i), "name": "Ada", "kind": "person", "num_commits": number,
         "num_merges": 0, "num_co_authored": 0, "share_commits": number / total if total else None,
         "share_lines_surviving": lines, **more}
        for i, (number, lines) in enumerate(shares)
    ]  # fmt: skip
    return make_frame(CONTRIBUTIONS, *rows)


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ([(90, 0.9), (10, 0.1)], ["one_member_does_nearly_all"]),
        ([(90, None), (10, None)], ["one_member_does_nearly_all"]),
        ([(89, 0.95), (11, 0.05)], []),
        ([(95, 0.5), (5, 0.5)], []),
        ([(18, 0.9), (1, 0.1)], []),  # too few commits to say anything
        ([(98, 0.98), (2, 0.02)], ["one_member_does_nearly_all", "member_silent"]),
        ([(97, 0.5), (3, 0.5)], []),
        ([], []),
    ],
)
def test_who_did_nearly_all_and_who_nothing(
    course: Course, make_frame: MakeFrame, shares: list[tuple[int, float | None]], expected: list[str]
) -> None:
    flags = raised(course, contributions=people(make_frame, *shares), group_size=2)
    assert kinds(flags) == expected
    assert not any("Ada" in flag["detail"] for flag in flags)


def test_a_member_of_whom_git_shows_nothing_is_silent(course: Course, make_frame: MakeFrame) -> None:
    (flag,) = raised(course, contributions=people(make_frame, (30, 0.5), (30, 0.5)), group_size=4)
    assert flag["flag"] == "member_silent"
    assert flag["detail"].startswith("Of 2 of 4 members git shows nothing")


@pytest.mark.parametrize("credit", [{"num_prs_reviewed": 1}, {"num_co_authored": 1}])
def test_who_reviews_or_is_co_author_is_not_silent(
    course: Course, make_frame: MakeFrame, credit: dict[str, int]
) -> None:
    quiet = people(make_frame, (0, 0.0), **credit)
    table = pl.concat([people(make_frame, (30, 0.5), (30, 0.5)), quiet.with_columns(contributor_id=pl.lit("q"))])
    assert raised(course, contributions=table, group_size=3) == []


def test_nothing_is_said_of_a_group_of_one_and_of_bots_and_outsiders(course: Course, make_frame: MakeFrame) -> None:
    assert raised(course, contributions=people(make_frame, (99, 1.0)), group_size=1) == []
    bots = people(make_frame, (99, None), kind="bot")
    assert raised(course, contributions=bots, group_size=2) == []


# --- when


@pytest.mark.parametrize(("early", "last", "is_flag"), [(2, 18, True), (3, 18, False), (0, 20, True), (1, 18, False)])
def test_work_at_the_end_is_nine_of_ten_commits_within_the_last_three_days(
    course: Course, make_commits: MakeFrame, early: int, last: int, is_flag: bool
) -> None:
    begin = DEADLINE - 3 * DAY
    moments = [begin] * early + [begin + SECOND] * (last - 1) + [DEADLINE]
    # Neither late work, nor what was there before, nor merges count.
    commits = make_commits(
        *({"authored_at": at} for at in [*moments, START - SECOND, DEADLINE + SECOND]),
        *({"authored_at": begin - DAY, "is_merge": True} for _ in range(9)),
        {"authored_at": None},
    )
    assert kinds(raised(course, commits)) == ["work_at_the_end"] * is_flag


# --- what


def test_secrets_are_one_flag_with_the_first_place_and_low_confidence_is_none(
    course: Course, make_frame: MakeFrame
) -> None:
    def secret(path: str, line: int, confidence: str) -> dict[str, Any]:
        return {"group_id": "1", "path": path, "line": line, "kind": "some-key", "confidence": confidence}

    sure = [secret("a.py", 3, "high"), secret("b.py", 1, "medium"), secret("b.py", 2, "medium")]
    (flag,) = raised(course, committed_secrets=make_frame(COMMITTED_SECRETS, *sure, secret("c.py", 1, "low")))
    assert (flag["flag"], flag["severity"], flag["path"], flag["line"]) == ("secrets", "serious", "a.py", 3)
    assert flag["detail"].startswith("3 places in 2 files look like a secret: some-key.")
    assert raised(course, committed_secrets=make_frame(COMMITTED_SECRETS, secret("c.py", 1, "low"))) == []


def test_hostile_content_is_one_flag_a_check_and_what_could_not_be_read_is_none(
    course: Course, make_frame: MakeFrame
) -> None:
    def place(check: str, line: int | None, outcome: str = "yes") -> dict[str, Any]:
        return {"group_id": "1", "check": check, "outcome": outcome, "reason": "Seen.", "path": "a.md", "line": line}

    table = make_frame(
        HOSTILE_CONTENT, place("hidden_text", 4), place("hidden_text", 9), place("odd_path", None),
        place("instructions_to_reviewer", None, "not_available"),
    )  # fmt: skip
    flags = raised(course, hostile_content=table)
    assert [(flag["flag"], flag["line"]) for flag in flags] == [("hidden_text", 4), ("odd_path", None)]


@pytest.mark.parametrize(("number", "is_flag"), [(4, False), (5, True), (30, True)])
def test_claims_that_nothing_supports(course: Course, make_frame: MakeFrame, number: int, is_flag: bool) -> None:
    rows = [(f"W1-{i:02}", "yes", "no", "unsupported") for i in range(number)]
    rows += [("EX-01", "no", "no", "unsupported"), ("EX-02", "yes", "partial", "partial")]
    checklist = pl.DataFrame(rows, schema=["item", "claimed", "shown", "verdict"], orient="row")
    answers = make_frame(REPORT_ANSWERS, {"path": "reports/README.md"})
    flags = raised(course, checklist=checklist, report_answers=answers)
    assert kinds(flags) == ["claims_unsupported"] * is_flag
    if is_flag:
        assert flags[0]["path"] == "reports/README.md"
        assert flags[0]["detail"].startswith(f"{number} of {number + 1} items that are ticked")


# --- all of them


def test_without_data_there_is_no_flag_and_no_crash(course: Course) -> None:
    nothing = Facts(
        SNAPSHOT | {"snapshot_sha": None, "default_branch": None, "num_late_commits": None}, empty(COMMITS), 4,
        pushes=empty(PUSHES), workflow_runs=empty(WORKFLOW_RUNS), report_answers=empty(REPORT_ANSWERS),
        report_checks=empty(REPORT_CHECKS), contributions=empty(CONTRIBUTIONS),
        committed_secrets=empty(COMMITTED_SECRETS), hostile_content=empty(HOSTILE_CONTENT),
        checklist=pl.DataFrame(schema={"item": pl.String, "claimed": pl.String, "verdict": pl.String}),
    )  # fmt: skip
    assert flags_frame("1", nothing, course, START).is_empty()
    assert flag_dates_frame("1", nothing, course)["flag"].to_list() == ["no_commits", "report_not_started"]


def test_flags_stand_weightiest_first(course: Course, make_frame: MakeFrame, make_commits: MakeFrame) -> None:
    late = SNAPSHOT | {"num_late_commits": 2, "last_late_at": DEADLINE + DAY}
    secret = make_frame(COMMITTED_SECRETS, {"group_id": "1", "confidence": "high"})
    odd = make_frame(HOSTILE_CONTENT, {"check": "odd_path", "outcome": "yes"})
    facts = Facts(late, empty(COMMITS), committed_secrets=secret, hostile_content=odd)
    frame = flags_frame("1", facts, course, DEADLINE)
    assert frame["flag"].to_list() == ["secrets", "no_commits", "late_commits", "odd_path"]


def test_every_kind_has_a_weight_and_an_innocent_reading_and_accuses_nobody() -> None:
    assert set(INNOCENT) == {*FLAG_SEVERITIES, *SAME_CODE_SEVERITIES}
    assert {*FLAG_SEVERITIES.values(), *SAME_CODE_SEVERITIES.values()} <= set(SEVERITIES)
    weights = [SEVERITIES.index(weight) for weight in FLAG_SEVERITIES.values()]
    assert weights == sorted(weights)
    accusing = re.compile(r"cheat|plagiar|copied from another|stole|lie[sd]?\b|lazy|suspicious|fraud|dishonest|guilty")
    assert not any(accusing.search(text.casefold()) for text in INNOCENT.values())
