"""Who is who, for a TA to say: identities that belong to no member yet, and what a TA can choose for each.

Belongs here: the choices, and handing the word to `identities.sheet`. What the map makes of it is for
`identities.mapping`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import polars as pl

from mlops_mentor.chain.inputs import identities_of
from mlops_mentor.identities.merging import Identity
from mlops_mentor.identities.rules import IdentityRule
from mlops_mentor.identities.sheet import NewIdentity, append_identity
from mlops_mentor.roster.roster import Group, groups_from_frame
from mlops_mentor.schemas import CONTRIBUTIONS, CONTRIBUTORS, GROUPS, UNMAPPED_IDENTITIES
from mlops_mentor.settings import Settings
from mlops_mentor.storage.lake import Lake


@dataclass(frozen=True)
class Choice:
    """What a TA can pick: `value` as it goes into the column `member`, `label` as it is shown.

    `kind` is `member`, `not_a_member` or `same_as` (the contributor of that id: nobody is the same as himself).
    """

    value: str
    label: str
    kind: str
    contributor_id: str | None = None


_NO_MEMBERS = (
    Choice("outsider", "a person who is no member", "not_a_member"),
    Choice("ai_assistant", "an AI assistant", "not_a_member"),
    Choice("bot", "a bot", "not_a_member"),
)


@dataclass(frozen=True)
class UnmappedIdentity:
    """A row of `unmapped_identities`. `chosen` is what `identities.csv` says by now (the tables may be behind)."""

    group_id: str
    name: str
    email: str
    contributor_id: str | None
    contributor_name: str | None
    num_commits: int
    num_co_authored: int
    first_work_at: datetime | None
    last_work_at: datetime | None
    chosen: str | None = None


@dataclass(frozen=True)
class UnmappedGroup:
    """A group with identities that belong to no member for certain, most commits first, and the choices for them."""

    group_id: str
    identities: tuple[UnmappedIdentity, ...]
    choices: tuple[Choice, ...]


def unmapped(lake: Lake, settings: Settings) -> tuple[UnmappedGroup, ...]:
    """Groups of the roster with unmapped identities, in its order.

    Raises:
        ConfigError: course or `identities.csv` cannot be used.
        LakeError: a stored table cannot be read.
    """
    groups = groups_from_frame(lake.read_or_empty(GROUPS))
    rules = identities_of(settings, groups)
    found = []
    for group in groups:
        rows = lake.read_or_empty(UNMAPPED_IDENTITIES, group.group_id)
        if rows.height:
            identities = tuple(_identity(row, rules.of(group.group_id)) for row in rows.iter_rows(named=True))
            choices = _choices(lake, group, rules.of(group.group_id))
            found.append(UnmappedGroup(group.group_id, identities, choices))
    return tuple(found)


def count_unmapped(lake: Lake, settings: Settings) -> Mapping[str, int]:
    """How many identities of each group (none: left out) nobody has said anything of yet.

    Raises:
        ConfigError: course or `identities.csv` cannot be used.
    """
    groups = groups_from_frame(lake.read_or_empty(GROUPS))
    rules = identities_of(settings, groups)
    rows = lake.read_groups(UNMAPPED_IDENTITIES, [each.group_id for each in groups])
    named = rows.select("group_id", "name", "email").iter_rows()
    return Counter(
        group_id
        for group_id, name, email in named
        if not any(rule.fits(Identity(name, email)) for rule in rules.of(group_id))
    )


def _identity(row: Mapping[str, Any], rules: Sequence[IdentityRule]) -> UnmappedIdentity:
    identity = Identity(row["name"], row["email"])
    rule = next((rule for rule in rules if rule.fits(identity)), None)
    given = {each.name: row[each.name] for each in fields(UnmappedIdentity) if each.name in row}
    return UnmappedIdentity(**given, chosen=None if rule is None else _member(rule))


def _member(rule: IdentityRule) -> str:
    """What the column `member` says."""
    if rule.same_as is not None:
        return f"{rule.same_as.name} <{rule.same_as.email}>" if rule.same_as.name else rule.same_as.email
    return rule.member or rule.kind or ""


def _choices(lake: Lake, group: Group, rules: Sequence[IdentityRule]) -> tuple[Choice, ...]:
    known = lake.read_or_empty(CONTRIBUTIONS, group.group_id).filter(pl.col("member").is_not_null())
    names = {row["member"]: row["name"] for row in known.iter_rows(named=True)}
    labels = [*(student.strip().casefold() for student in group.students), *names]
    labels += [rule.member for rule in rules if rule.member is not None]
    members = [Choice(label, _with_name(label, names.get(label)), "member") for label in dict.fromkeys(labels)]
    contributors = lake.read_or_empty(CONTRIBUTORS, group.group_id).iter_rows(named=True)
    others = [
        Choice(address, f"the same person as {row['name']}", "same_as", row["contributor_id"])
        for row in contributors
        # Without an address a row cannot name somebody in the commits.
        if (address := next((email for email in row["emails"] if "@" in email), None)) and row["kind"] == "person"
    ]
    return (*members, *_NO_MEMBERS, *others)


def _with_name(label: str, name: str | None) -> str:
    return label if name is None or name.casefold() == label.casefold() else f"{label} ({name})"


def map_identity(lake: Lake, settings: Settings, group_id: str, *, name: str, email: str, member: str) -> None:
    """Write into `identities.csv` that this identity of the group is `member` (a `Choice.value`).

    Raises:
        KeyError: the roster has no such group.
        ValueError: the row cannot be used; the text says why and what to do.
        ConfigError: the file cannot be read or written, or another program holds it.
    """
    students = {each.group_id: each.students for each in groups_from_frame(lake.read_or_empty(GROUPS))}
    if group_id not in students:
        raise KeyError(group_id)
    row = NewIdentity(group_id, name, email, member)
    append_identity(settings.identities_file, settings.locks_dir / "identities.csv.lock", row, students=students)
