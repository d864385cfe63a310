"""Known people: whom texts of a class may name, by group and over the whole class, and where their work lies.

Belongs here: gathering them from the roster, the lake and the map of identities. Where a text speaks of them is for
`redaction`, and whether it still does for `inspection`. Nothing here shows a value when it is printed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from mlops_mentor.chain.inputs import identities_of as map_of
from mlops_mentor.errors import PrivacyError
from mlops_mentor.feedback.packs.identities import Identities, Person, identities_of
from mlops_mentor.feedback.packs.names import common_words
from mlops_mentor.publish.privacy.repositories import Repository, repositories_of
from mlops_mentor.roster.addresses import Address, without_login
from mlops_mentor.roster.roster import Group
from mlops_mentor.schemas import (
    COMMITS,
    CONTRIBUTIONS,
    CONTRIBUTORS,
    PULL_REQUESTS,
    REPO_SNAPSHOTS,
    REVIEWS,
    UNMAPPED_IDENTITIES,
    Table,
)
from mlops_mentor.settings import Settings
from mlops_mentor.storage.lake import Lake

_TABLES = (COMMITS, CONTRIBUTORS, CONTRIBUTIONS, PULL_REQUESTS, UNMAPPED_IDENTITIES)
_SHAS = ("snapshot_sha", "tip_sha", "rewritten_from")


@dataclass(frozen=True)
class Someone:
    """A person of a group; `group` is its public name, None where it is not published."""

    group: str | None
    person: Person = field(repr=False)


@dataclass(frozen=True)
class KnownPeople:
    """The people of a class. `groups` are the public names of groups, in the roster's order.

    `identities` are by public name, with the labels that feedback packs have; `everyone` are all persons of all
    groups. `teachers` are the TAs as `reviews.csv` names them, `commits` full ids of commits in small letters.
    """

    groups: tuple[str, ...] = ()
    identities: Mapping[str, Identities] = field(default_factory=dict, repr=False)
    everyone: tuple[Someone, ...] = field(default=(), repr=False)
    teachers: tuple[str, ...] = field(default=(), repr=False)
    repositories: tuple[Repository, ...] = field(default=(), repr=False)
    commits: frozenset[str] = field(default=frozenset(), repr=False)


def known_people(
    lake: Lake, groups: Sequence[Group], public_names: Mapping[str, str], settings: Settings
) -> KnownPeople:
    """The people of `groups`, of whom those in `public_names` (by group_id) are published; the others are known too.

    Raises:
        LakeError: a table is there and cannot be read.
        ConfigError: `identities.csv` cannot be read.
        PrivacyError: two groups have one public name.
    """
    names = tuple(public_names[group.group_id] for group in groups if group.group_id in public_names)
    if len({name.casefold() for name in names}) < len(names):
        raise PrivacyError("two groups have one public name. Give each its own alias.")
    snapshots = lake.read_groups(REPO_SNAPSHOTS, [group.group_id for group in groups])
    parts = {table.name: _by_group(lake, table, groups) for table in _TABLES}
    identities: dict[str, Identities] = {}
    everyone: list[Someone] = []
    for group in groups:
        frames = {name: by_group.get(group.group_id) for name, by_group in parts.items()}
        unmapped = frames.pop(UNMAPPED_IDENTITIES.name)
        found = identities_of(students=group.students, repo_urls=(group.address.url,), **frames)
        public_name = public_names.get(group.group_id)
        if public_name is not None:
            identities[public_name] = found
        everyone += [Someone(public_name, person) for person in (*found.people, *_unmapped(unmapped))]
    everyone += [Someone(None, person) for person in _mapped(settings, groups)]
    return KnownPeople(
        names,
        identities,
        tuple(everyone),
        tuple(sorted(set(lake.read_or_empty(REVIEWS)["reviewer"].drop_nulls()))),
        repositories_of((*groups, *_moved(groups, snapshots)), public_names, common_words()),
        _commits(snapshots, parts[COMMITS.name].values()),
    )


def _by_group(lake: Lake, table: Table, groups: Sequence[Group]) -> dict[str, pl.DataFrame]:
    frame = lake.read_groups(table, [group.group_id for group in groups])
    return {str(key): part for (key,), part in frame.partition_by("group_id", as_dict=True).items()}


def _unmapped(frame: pl.DataFrame | None) -> Iterable[Person]:
    """Identities that no contributor has, such as accounts."""
    for name, email in frame.select("name", "email").iter_rows() if frame is not None else ():
        yield Person("", (name,) if name else (), (email.lower(),) if email else ())


def _mapped(settings: Settings, groups: Sequence[Group]) -> Iterable[Person]:
    """What TAs call members, and whom they are told to be the same."""
    rules = map_of(settings, groups).rules
    for rule in (rule for of_group in rules.values() for rule in of_group):
        if rule.member is not None:
            yield Person("", (rule.member,))
        if rule.same_as is not None and rule.same_as.name:
            yield Person("", (rule.same_as.name,))


def _moved(groups: Sequence[Group], snapshots: pl.DataFrame) -> Iterable[Group]:
    """The groups whose repository has another address than the roster says, at that address."""
    addresses = {
        group_id: address
        for group_id, address in snapshots.select("group_id", "renamed_to").drop_nulls().iter_rows()
        if "://" in address
    }
    for group in groups:
        address = addresses.get(group.group_id)
        if address is not None and address.rstrip("/").removesuffix(".git") != group.address.url:
            yield replace(group, address=Address(without_login(address).rstrip("/").removesuffix(".git"), "https"))


def _commits(snapshots: pl.DataFrame, commits: Iterable[pl.DataFrame]) -> frozenset[str]:
    found = {sha for name in _SHAS for sha in snapshots[name].drop_nulls()}
    for frame in commits:
        found.update(frame["sha"])
    return frozenset(sha.lower() for sha in found)
