"""The script of three weeks: a seeded list of events in compressed time.

Belongs here: what happens when, by fractions of the story. What it does to the class is for `world`, who does it for
`driver`.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

# The deadline passes at this share of the story; what comes after it is late.
DEADLINE_AT = 0.62
FAULTS = ("repos", "roster", "kills", "llm")


@dataclass(frozen=True, order=True)
class Event:
    """Something happens: `at` is a share of the story, `group_id` whom it is about."""

    at: float
    kind: str
    group_id: str = ""


def make_story(seed: int, group_ids: Sequence[str], pushes_of: dict[str, int], faults: Sequence[str]) -> list[Event]:
    """All events in their order. No group has more than one misfortune, so that it can be told what it leads to."""
    rng = random.Random(f"story {seed}")
    fates = list(group_ids)
    rng.shuffle(fates)
    events = [*_pushes(rng, group_ids, pushes_of), *_people(rng, group_ids)]
    late = max(1, len(group_ids) // 12)
    if "repos" in faults:
        events += _misfortunes(rng, fates)
    if "roster" in faults:
        events += _changes_of_roster(rng, fates)
    events += [Event(rng.uniform(DEADLINE_AT + 0.03, 0.9), "push late", group_id) for group_id in fates[:late]]
    if "kills" in faults:
        events += _kills(rng, len(group_ids))
    if "llm" in faults:
        events += [Event(at, "llm out") for at in (0.25, 0.7)] + [Event(at, "llm back") for at in (0.33, 0.78)]
    return sorted(events)


def _pushes(rng: random.Random, group_ids: Sequence[str], pushes_of: dict[str, int]) -> list[Event]:
    found = []
    for group_id in group_ids:
        number = min(pushes_of[group_id], rng.randint(3, 7))
        begin = 0.0 if rng.random() < 0.7 else rng.uniform(0, 0.3)
        moments = sorted(rng.uniform(begin, DEADLINE_AT - 0.01) for _ in range(number - 1))
        found += [Event(at, "push", group_id) for at in (begin, *moments)]
    return found


def _people(rng: random.Random, group_ids: Sequence[str]) -> list[Event]:
    found = [Event(rng.uniform(0.25, 0.97), "TAs say") for _ in range(12)]
    found += [Event(rng.uniform(0.1, 0.95), "TA backfill", rng.choice(group_ids)) for _ in range(4)]
    found += [Event(at, "materialize all") for at in (0.3, 0.75)]
    found += [Event(at, "cli run") for at in (0.12, 0.5, 0.68, 0.9)]
    found += [Event(rng.uniform(0.2, 0.9), "cli feedback"), Event(rng.uniform(0.2, 0.9), "cli poor feedback")]
    found += [Event(rng.uniform(0.2, 0.95), "cli export") for _ in range(3)]
    return found


def _take(fates: list[str], share: float) -> list[str]:
    """So many of the class, at least one while there are any."""
    number = max(1, int(len(fates) * share))
    taken, fates[:] = fates[:number], fates[number:]
    return taken


def _misfortunes(rng: random.Random, fates: list[str]) -> list[Event]:
    found: list[Event] = []
    for how in ("private", "deleted"):
        for group_id in _take(fates, 0.03):
            at = rng.uniform(0.1, 0.5)
            found += [Event(at, how, group_id), Event(at + rng.uniform(0.05, 0.3), "back", group_id)]
    found += [Event(rng.uniform(0.2, 0.9), "deleted", group_id) for group_id in _take(fates, 0.02)]
    found += [Event(DEADLINE_AT - rng.uniform(0.005, 0.03), "force push", group_id) for group_id in _take(fates, 0.04)]
    found += [Event(rng.uniform(0.8, 0.95), "force push late", group_id) for group_id in _take(fates, 0.04)]
    return found


def _changes_of_roster(rng: random.Random, fates: list[str]) -> list[Event]:
    found = [Event(0.35, "half a roster"), Event(0.42, "whole roster")]
    found += [Event(rng.uniform(0.2, 0.5), "split", group_id) for group_id in _take(fates, 0.02)]
    found += [Event(rng.uniform(0.2, 0.8), "drop out", group_id) for group_id in _take(fates, 0.02)]
    for group_id in _take(fates, 0.03):
        at = rng.uniform(0.2, 0.5)
        found += [Event(at, "move", group_id), Event(at + 0.05, "whole roster")]
    found += [Event(rng.uniform(0.3, 0.9), "extend", group_id) for group_id in _take(fates, 0.03)]
    found.append(Event(rng.uniform(0.1, 0.4), "newcomer"))
    return found


def _kills(rng: random.Random, num_groups: int) -> list[Event]:
    kinds = ["kill run", "kill run", "kill ui", "kill cli", "kill daemon", "kill dev", "kill code server", "kill run"]
    chosen = kinds if num_groups >= 20 else [*kinds[:4]]
    return [Event(rng.uniform(0.15, 0.92), kind) for kind in chosen]
