"""Small counts: what would single out a person is withheld, and cannot be computed from what is not."""

import inspect
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from mlops_mentor.course import Course, Publishing
from mlops_mentor.evidence.checklist.detect import all_detectors
from mlops_mentor.evidence.code.facts import Facts
from mlops_mentor.metrics.progress import weighted_mean
from mlops_mentor.publish.tables.evidence import COUNTS_PERSONS, HINTS_AT_PERSONS
from mlops_mentor.publish.tables.small_counts import definitions, persons_frame, public_weights
from mlops_mentor.roster.roster import Group
from mlops_mentor.schemas.published import PUBLISHED
from mlops_mentor.storage.lake import Lake
from mlops_mentor_tests.publish.class_lake import PARTS, Made, published, store_class

Frames = dict[str, pl.DataFrame]
Publish = Callable[..., Frames]


@pytest.fixture
def publish(
    lake: Lake, course: Course, make_frame: Callable[..., pl.DataFrame], make_group: Callable[..., Group]
) -> Publish:
    """`publish(Made(...), ..., fewest=3)`: the published tables of these groups."""

    def make(*made: Made, fewest: int = 3) -> Frames:
        changed = course.model_copy(update={"publish": Publishing(fewest_persons=fewest)})
        store_class(lake, changed, made, make_frame, make_group)
        return published(lake, changed, {each.group_id: each.group_id for each in made})

    return make


def _view(frames: Frames, group: str) -> str:
    """All that is published of a group but its name and address."""
    rows = [frame.filter(pl.col("group") == group) for frame in frames.values()]
    return "\n".join(frame.drop("group", "repo_url", strict=False).write_json() for frame in rows)


def _withheld(frames: Frames, group: str) -> dict[str, list[str]]:
    return {
        name: sorted(set(frame.filter(pl.col("group") == group)["withheld"].explode().drop_nulls()))
        for name, frame in frames.items()
        if "withheld" in frame.columns
    }


@pytest.mark.parametrize("fewest", [2, 3, 4])
@pytest.mark.parametrize("size", range(2, 8))
def test_whatever_is_withheld_of_a_group_another_number_of_persons_would_have_looked_the_same(
    publish: Publish, size: int, fewest: int
) -> None:
    # The same work, done by one, by two, ... of whom the report names all but one.
    made = [Made(f"g{persons}", size, persons, num_named=persons - 1) for persons in range(1, size + 2)]
    frames = publish(*made, fewest=fewest)
    alike: dict[str, list[str]] = defaultdict(list)
    for each in made:
        alike[_view(frames, each.group_id)].append(each.group_id)
    hidden = {each.group_id for each in made if "num_contributors" in _withheld(frames, each.group_id)["leaderboard"]}
    assert hidden, "nothing was withheld, so the test shows nothing"
    assert all(len(groups) > 1 for groups in alike.values() if hidden & set(groups))


def test_of_a_small_group_nobody_sees_on_which_days_and_at_which_hours_it_worked(publish: Publish) -> None:
    frames = publish(Made("a", persons=2, days=(0, 1, 7)), Made("b", persons=2, days=(0, 3, 7)))
    history = frames["history"].filter(pl.col("group") == "a")
    assert history["num_commits"].null_count() == history.height
    assert frames["statistics"]["activity"].null_count() == 2
    # What a commit of that day brought is the group's, and both brought the same.
    assert _view(frames, "a") == _view(frames, "b")


def test_what_is_withheld_is_null_and_named(publish: Publish) -> None:
    frames = publish(Made("a", persons=3, reviewers=2), Made("b", persons=4, reviewers=3))
    assert _withheld(frames, "a") == {
        "leaderboard": ["balance", "num_active_days", "num_contributors", "share_merged_prs_reviewed"],
        "history": ["balance", "num_commits"],
        "statistics": ["activity", "activity_from", "num_prs_reviewed"],
    }
    for name, columns in _withheld(frames, "a").items():
        assert frames[name].filter(pl.col("group") == "a").select(columns).null_count().row(0) == (
            (frames[name].filter(pl.col("group") == "a").height,) * len(columns)
        )
    assert _withheld(frames, "b") == {"leaderboard": [], "history": ["balance"], "statistics": []}
    row = frames["leaderboard"].row(by_predicate=pl.col("group") == "b", named=True)
    assert (row["num_contributors"], row["balance"], row["share_merged_prs_reviewed"]) == (4, 1.0, 0.5)


@pytest.mark.parametrize(("reviewers", "is_shown"), [(None, False), (0, True), (1, False), (2, False), (3, True)])
def test_reviews_of_one_or_two_accounts_are_withheld(publish: Publish, reviewers: int | None, is_shown: bool) -> None:
    frames = publish(Made("a", reviewers=reviewers, num_reviewed=0 if reviewers == 0 else 2))
    assert (frames["statistics"]["num_prs_reviewed"].null_count() == 0) == is_shown
    assert (frames["leaderboard"]["share_merged_prs_reviewed"].null_count() == 0) == is_shown
    assert ("num_prs_reviewed" in _withheld(frames, "a")["statistics"]) == (reviewers in (1, 2))


def test_nothing_in_a_group_that_has_not_begun_is_withheld(publish: Publish) -> None:
    frames = publish(Made("a", persons=0), Made("b"))
    assert frames["leaderboard"].filter(pl.col("group") == "a").select("num_contributors", "withheld").row(0) == (0, [])


def test_balance_cannot_be_computed_from_progress_and_its_other_parts(publish: Publish, course: Course) -> None:
    even, uneven = Made("a", persons=4), Made("b", size=8, persons=3)
    frames = publish(even, uneven)
    wanted = weighted_mean(PARTS | {"balance": None}, course.progress)
    for name in ("leaderboard", "history"):
        assert frames[name]["progress"].drop_nulls().to_list() == pytest.approx(
            [wanted] * frames[name]["progress"].count()
        )
    assert frames["history"]["balance"].null_count() == frames["history"].height
    assert "balance" not in public_weights(course)


def test_one_as_the_fewest_withholds_nothing(publish: Publish, course: Course) -> None:
    frames = publish(Made("a", size=3, persons=1, reviewers=1), fewest=1)
    assert _withheld(frames, "a") == {"leaderboard": [], "history": [], "statistics": []}
    row = frames["leaderboard"].row(0, named=True)
    assert row["progress"] == pytest.approx(weighted_mean(PARTS | {"balance": 0.0}, course.progress))
    assert frames["history"]["balance"].drop_nulls().to_list() == [0.0] * 8
    assert "1 person" in frames["evidence"].filter(pl.col("item") == "W1-02")["reason"].item()
    plain = Publishing(fewest_persons=1)
    assert "balance" in public_weights(course.model_copy(update={"publish": plain}))


def _persons(**row: Any) -> dict[str, bool]:
    columns = {"group_id": "1", "group_size": 4, "num_contributors": 4, "num_silent_members": 0, "num_reviewers": 0}
    frame = pl.DataFrame([columns | row], schema=dict.fromkeys(columns, pl.Int64) | {"group_id": pl.String})
    return persons_frame(frame, 3).row(0, named=True)


@pytest.mark.parametrize(
    ("row", "is_small"),
    [
        ({}, False),
        ({"num_contributors": 6}, False),
        ({"num_contributors": 3}, True),
        ({"num_contributors": 2}, True),
        ({"num_contributors": 0}, False),
        ({"num_contributors": None, "num_silent_members": None}, False),
        # Two members and two outsiders.
        ({"num_contributors": 4, "num_silent_members": 2}, True),
        ({"group_size": 9, "num_contributors": 5, "num_silent_members": 7}, True),
        ({"group_size": 2, "num_contributors": 5}, True),
        ({"group_size": 7, "num_contributors": 4, "num_silent_members": 3}, False),
    ],
)
def test_a_group_is_small_by_its_members_and_not_by_outsiders(row: dict[str, Any], is_small: bool) -> None:
    assert _persons(**row)["is_small"] is is_small


def test_no_other_detector_of_the_checklist_looks_at_persons() -> None:
    about_persons = [name for name in Facts.__dataclass_fields__ if "people" in name]
    assert about_persons == ["num_people", "areas_of_people"]
    found = {
        name
        for name, detect in all_detectors().items()
        if any(word in inspect.getsource(inspect.unwrap(detect)) for word in about_persons)
    }
    assert found == {COUNTS_PERSONS, HINTS_AT_PERSONS}


def test_definitions_say_what_is_withheld() -> None:
    for each in PUBLISHED:
        told = definitions(each, 3)
        assert list(told) == each.table.schema.names()
        assert definitions(each, 1)["group"] == told["group"]
    words = {each.name: definitions(each, 3) for each in PUBLISHED}
    assert "single out" in words["statistics"]["activity"]
    assert "but `balance`" in words["history"]["progress"]
