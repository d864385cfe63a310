"""Waves: an update is asked for once and never missed; a failure is tried again after growing pauses."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from mlops_mentor.chain.changes import UNREADABLE, Look
from mlops_mentor.chain.waves import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    Cursor,
    Request,
    Wave,
    due,
    plan_wave,
    resting_unread,
)

NOON = datetime(2027, 1, 5, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
GROUPS = ("1", "2", "3", "4", "5")


def changed(seen_id: str = "a") -> Look:
    return Look("any", True, seen_id)


CURRENT = Look("any", False, "a")
SILENT = Look("any", True, UNREADABLE, "timeout")


def plan(
    cursor: Cursor, *, at: datetime = NOON, in_flight: Iterable[str] = (), ids: tuple[str, ...] = GROUPS, **looks: Look
) -> Wave:
    """A decision for the groups 1 to 5; looks are given as `g1=...`, and the others are current."""
    given = {name.removeprefix("g"): look for name, look in looks.items()}
    return plan_wave(ids, dict.fromkeys(ids, CURRENT) | given, frozenset(in_flight), cursor, at)


# What is asked for


def test_exactly_the_changed_groups_are_wanted_in_the_order_of_the_roster() -> None:
    wave = plan(Cursor(), g4=changed(), g1=changed("b"))
    assert wave.wanted == ("1", "4")
    assert (wave.waiting, wave.resting, wave.unreached) == ((), (), ())
    assert {group_id: request.seen_id for group_id, request in wave.cursor.requests.items()} == {"1": "b", "4": "a"}


def test_where_nothing_changed_nothing_is_wanted_and_nothing_remembered() -> None:
    wave = plan(Cursor(sequence=7))
    assert wave.wanted == ()
    assert wave.cursor == Cursor(sequence=7)


def test_an_update_is_not_asked_for_twice() -> None:
    first = plan(Cursor(), g1=changed())
    second = plan(first.cursor, at=NOON + MINUTE, g1=changed())
    assert (second.wanted, second.resting) == ((), ("1",))
    assert second.cursor == first.cursor


def test_a_group_that_has_become_current_is_forgotten() -> None:
    first = plan(Cursor(), g1=changed(), g2=changed())
    second = plan(first.cursor, g2=changed())
    assert set(second.cursor.requests) == {"2"}
    assert plan(second.cursor, g1=changed(), g2=CURRENT).wanted == ("1",)


def test_a_push_while_a_group_pauses_is_asked_for_at_once_and_its_pauses_begin_anew() -> None:
    cursor = Cursor(requests={"1": Request.nth(6, "a", NOON)})
    wave = plan(cursor, g1=changed("b"))
    assert wave.wanted == ("1",)
    assert wave.cursor.requests["1"] == Request(seen_id="b", attempts=1, next_at=NOON + FIRST_PAUSE)


def test_a_group_that_is_worked_on_is_waited_for_and_its_entry_stays() -> None:
    first = plan(Cursor(), g1=changed())
    second = plan(first.cursor, at=NOON + LONGEST_PAUSE, in_flight={"1", "2"}, g1=changed("b"), g2=changed())
    assert (second.wanted, second.waiting) == ((), ("1", "2"))
    assert second.cursor == first.cursor
    third = plan(second.cursor, at=NOON + LONGEST_PAUSE, g1=changed("b"), g2=changed())
    assert third.wanted == ("1", "2"), "pushed while the run was under way"


def test_a_failure_is_tried_again_after_pauses_that_double_up_to_six_hours() -> None:
    cursor, now, pauses = Cursor(), NOON, []
    for attempts in range(1, 12):
        wave = plan(cursor, at=now, g1=SILENT)
        assert wave.wanted == ("1",)
        request = wave.cursor.requests["1"]
        assert request.attempts == attempts
        too_early = plan(wave.cursor, at=request.next_at - MINUTE, g1=SILENT)
        assert (too_early.wanted, too_early.resting) == ((), ("1",))
        pauses.append((request.next_at - now) / MINUTE)
        cursor, now = wave.cursor, request.next_at
    assert pauses == [5, 10, 20, 40, 80, 160, 320, 360, 360, 360, 360]


def test_a_group_that_pauses_does_not_hold_up_the_others() -> None:
    first = plan(Cursor(), g1=SILENT, g2=changed())
    second = plan(first.cursor, at=NOON + MINUTE, g1=SILENT, g2=changed(), g3=changed(), g4=SILENT)
    assert (second.wanted, second.resting) == (("3", "4"), ("1", "2"))


def test_a_repository_that_answers_again_is_asked_for_at_once() -> None:
    cursor = Cursor(requests={"1": Request.nth(9, UNREADABLE, NOON)})
    assert plan(cursor, g1=changed()).wanted == ("1",)


def test_a_group_that_was_not_reached_keeps_what_is_remembered_of_it() -> None:
    cursor = Cursor(requests={"1": Request.nth(2, "a", NOON)})
    wave = plan_wave(GROUPS, {}, (), cursor, NOON + LONGEST_PAUSE)
    assert (wave.wanted, wave.unreached) == ((), GROUPS)
    assert wave.cursor.requests == cursor.requests


def test_who_could_not_be_looked_at_and_rests_need_not_be_reached() -> None:
    first = plan(Cursor(), g1=SILENT)
    looks = dict.fromkeys(("2", "3"), CURRENT)
    wave = plan_wave(GROUPS, looks, (), first.cursor, NOON + MINUTE)
    assert (wave.resting, wave.unreached, wave.num_unreadable) == (("1",), ("4", "5"), 1)


def test_a_group_that_left_the_roster_is_forgotten() -> None:
    first = plan(Cursor(), g1=changed(), g5=changed())
    assert set(plan(first.cursor, ids=("1", "2"), g1=changed()).cursor.requests) == {"1"}


def test_a_pause_that_a_wrong_clock_began_is_over() -> None:
    cursor = Cursor(requests={"1": Request.nth(1, "a", NOON + timedelta(days=365))})
    assert plan(cursor, g1=changed()).wanted == ("1",)


# The cursor and the names of runs


def test_a_cursor_survives_being_stored() -> None:
    cursor = plan(Cursor(begin_at="3"), g1=changed(), g2=SILENT).cursor
    assert Cursor.parse(cursor.text()) == cursor
    assert cursor.requests["1"].next_at.tzinfo is not None


@pytest.mark.parametrize(
    "text",
    [None, "", "   ", "{", "null", "[]", "17", '"x"', '{"version": 0}', '{"version": 2, "sequence": 3}',
     '{"sequence": -1}', '{"requests": []}', '{"requests": {"1": {}}}',
     '{"requests": {"1": {"seen_id": "a", "attempts": 1, "next_at": "2027-01-05T12:00:00"}}}'],
)  # fmt: skip
def test_a_cursor_that_cannot_be_read_counts_as_empty(text: str | None) -> None:
    assert Cursor.parse(text) == Cursor()


def test_the_same_wave_asked_for_again_has_the_same_run_keys() -> None:
    cursor = plan(Cursor(), g5=changed()).cursor
    first = plan(cursor, at=NOON + MINUTE, g1=changed(), g2=changed())
    again = plan(Cursor.parse(cursor.text()), at=NOON + 9 * MINUTE, g1=changed(), g2=changed())
    assert first.run_key(first.wanted) == again.run_key(again.wanted)


def test_run_keys_differ_by_wave_by_groups_and_by_what_was_seen() -> None:
    cursor = Cursor(sequence=5)
    waves = [
        (plan(cursor, g1=changed(), g2=changed()), ("1", "2")),
        (plan(cursor, g1=changed(), g2=changed()), ("1",)),
        (plan(cursor, g1=changed(), g2=changed("b")), ("1", "2")),
        (plan(Cursor(sequence=6), g1=changed(), g2=changed()), ("1", "2")),
    ]
    assert len({wave.run_key(ids) for wave, ids in waves}) == len(waves)


def test_after_a_cursor_was_cleared_no_run_key_comes_back() -> None:
    cursor, keys = Cursor(), set()
    for attempt in range(3):
        wave = plan(cursor, at=NOON + attempt * LONGEST_PAUSE, g1=changed())
        keys.add(wave.run_key(wave.wanted))
        cursor = wave.cursor
    cleared = plan(Cursor.parse(""), at=NOON + 4 * LONGEST_PAUSE, g1=changed())
    assert cleared.run_key(cleared.wanted) not in keys


# The order of looking


def test_looking_begins_after_the_last_group_that_was_reached() -> None:
    looks = dict.fromkeys(("1", "2", "3"), CURRENT)
    cursor = plan_wave(GROUPS, looks, (), Cursor(), NOON).cursor
    assert due(GROUPS, cursor, NOON) == ("4", "5", "1", "2", "3")
    rest = plan_wave(GROUPS, dict.fromkeys(("4", "5", "1"), CURRENT), (), cursor, NOON).cursor
    assert due(GROUPS, rest, NOON) == ("2", "3", "4", "5", "1")
    assert due(GROUPS, plan(rest).cursor, NOON) == GROUPS


def test_where_nobody_was_reached_looking_begins_elsewhere_each_time() -> None:
    ids = tuple(str(number) for number in range(130))
    cursor, begins = Cursor(), []
    for _ in range(10):
        cursor = plan_wave(ids, {}, (), cursor, NOON).cursor
        begins.append(cursor.begin_at)
    assert len(set(begins)) == 10


def test_a_group_that_left_does_not_upset_the_turns() -> None:
    assert due(GROUPS, Cursor(begin_at="99"), NOON) == GROUPS
    assert plan_wave((), {}, (), Cursor(begin_at="99"), NOON).cursor == Cursor()


def test_repositories_that_do_not_answer_are_looked_at_last_and_when_their_pause_is_over() -> None:
    cursor = plan(Cursor(), g1=SILENT, g2=changed()).cursor
    assert due(GROUPS, cursor, NOON + MINUTE) == ("2", "3", "4", "5"), "a failure that answers is looked at"
    assert resting_unread(GROUPS, cursor, NOON + MINUTE) == ("1",)
    assert due(GROUPS, cursor, NOON + FIRST_PAUSE) == ("2", "3", "4", "5", "1")
    assert resting_unread(GROUPS, cursor, NOON + FIRST_PAUSE) == ()


# Whatever happens


@dataclass
class Repository:
    """A group as it really is."""

    head: int = 0
    stored: int | None = None
    is_readable: bool = True
    is_good: bool = True

    def look(self) -> Look:
        is_changed = not self.is_readable or self.stored != self.head
        return Look("any", is_changed, str(self.head) if self.is_readable else UNREADABLE)


class Sensor(RuleBasedStateMachine):
    """Pushes, failures, runs that take their time, ticks that reach only some, daemons killed before saving."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.stored_cursor = ""
        self.repositories = {group_id: Repository() for group_id in GROUPS}
        self.runs: dict[str, tuple[str, ...]] = {}
        self.launched: set[str] = set()

    groups = st.sampled_from(GROUPS)

    @initialize()
    def begin(self) -> None:
        for repository in self.repositories.values():
            repository.stored = repository.head

    @rule(group_id=groups)
    def push(self, group_id: str) -> None:
        self.repositories[group_id].head += 1

    @rule(group_id=groups, is_readable=st.booleans(), is_good=st.booleans())
    def change_state(self, group_id: str, is_readable: bool, is_good: bool) -> None:
        self.repositories[group_id].is_readable = is_readable
        self.repositories[group_id].is_good = is_good

    @rule(minutes=st.integers(1, 600))
    def wait(self, minutes: int) -> None:
        self.now += minutes * MINUTE

    @precondition(lambda self: self.runs)
    @rule(data=st.data())
    def finish_run(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.runs)))
        for group_id in self.runs.pop(key):
            repository = self.repositories[group_id]
            if repository.is_readable and repository.is_good:
                repository.stored = repository.head

    @rule(reached=st.sets(groups), is_killed=st.booleans())
    def tick_of_some(self, reached: set[str], is_killed: bool) -> None:
        self.tick(reached, is_killed=is_killed)

    @rule(is_killed=st.booleans())
    def tick_of_all(self, is_killed: bool) -> None:
        self.tick(set(GROUPS), is_killed=is_killed)

    @rule()
    def lose_cursor(self) -> None:
        self.stored_cursor = ""

    def tick(self, reached: set[str], *, is_killed: bool) -> None:
        cursor = Cursor.parse(self.stored_cursor)
        looks = {group_id: self.repositories[group_id].look() for group_id in reached}
        in_flight = {group_id for run in self.runs.values() for group_id in run}
        wave = plan_wave(GROUPS, looks, in_flight, cursor, self.now)
        assert not in_flight & set(wave.wanted), "two runs for one group"
        assert set(due(GROUPS, cursor, self.now)) | set(resting_unread(GROUPS, cursor, self.now)) == set(GROUPS)
        for group_id, look in looks.items():
            self.check(group_id, look, wave, cursor, group_id in in_flight)
        # Each group a run of its own; one that was launched before is not launched again, as Dagster has it.
        for group_id in wave.wanted:
            if (key := wave.run_key((group_id,))) not in self.launched:
                self.launched.add(key)
                self.runs[key] = (group_id,)
        if not is_killed:
            self.stored_cursor = wave.cursor.text()

    def check(self, group_id: str, look: Look, wave: Wave, cursor: Cursor, is_in_flight: bool) -> None:
        before = cursor.requests.get(group_id)
        is_new = before is None or before.seen_id != look.seen_id
        if not look.is_changed:
            assert group_id not in wave.wanted
            assert group_id not in wave.cursor.requests
        elif is_new and not is_in_flight:
            assert group_id in wave.wanted, "an update was missed"
        elif group_id in wave.wanted:
            assert before is not None
            assert before.is_due(self.now), "done twice"
            assert wave.cursor.requests[group_id].attempts == before.attempts + 1, "the pause does not grow"

    @invariant()
    def there_is_one_run_at_most_for_a_group(self) -> None:
        working = [group_id for run in self.runs.values() for group_id in run]
        assert len(working) == len(set(working))

    def teardown(self) -> None:
        """Once all is well again, every group becomes current within the longest pause."""
        for repository in self.repositories.values():
            repository.is_readable = repository.is_good = True
        for _ in range(3):
            self.runs_end()
            self.now += LONGEST_PAUSE
            self.tick(set(GROUPS), is_killed=False)
        self.runs_end()
        assert {repository.stored == repository.head for repository in self.repositories.values()} == {True}

    def runs_end(self) -> None:
        for run in self.runs.values():
            for group_id in run:
                repository = self.repositories[group_id]
                if repository.is_readable and repository.is_good:
                    repository.stored = repository.head
        self.runs.clear()


TestWhateverHappens = Sensor.TestCase
TestWhateverHappens.settings = hypothesis_settings(max_examples=150, stateful_step_count=40, deadline=None)


def test_pauses_grow_also_where_github_answers_only_now_and_then() -> None:
    cursor, num_requests = Cursor(), 0
    for tick in range(24):
        seen = "heads|details" if tick % 3 else "heads"
        looks = {"1": Look("1", True, seen)}
        wave = plan_wave(["1"], looks, frozenset(), cursor, NOON + tick * timedelta(minutes=5))
        num_requests += len(wave.wanted)
        cursor = wave.cursor
    assert num_requests == 5
