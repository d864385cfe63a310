"""The map of identities: who a name or an address is, whatever the automatic merging says.

Belongs here: what the rows of `identities.rules` make of merged contributors. The automatic merging belongs to
`identities.merging`.
"""

import hashlib
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from mlops_mentor.identities.merging import Contributor, Identity, name_key
from mlops_mentor.identities.rules import STUDY_NUMBER, IdentityRule, folded


@dataclass(frozen=True)
class Member:
    """Who a contributor is: a study number or another label, and what says so."""

    label: str
    source: str


@dataclass(frozen=True)
class MappedContributors:
    """Contributors as the map has them; by id, the members among them, and the ids of who is no member."""

    contributors: tuple[Contributor, ...]
    members: Mapping[str, Member]
    outsiders: frozenset[str]


def apply_identity_map(
    contributors: Iterable[Contributor],
    rules: Sequence[IdentityRule],
    *,
    students: Sequence[str] = (),
    counts: Mapping[Identity, int],
) -> MappedContributors:
    """The contributors again, as the map has them, most used first by `counts`.

    An identity that a row is about belongs to whom the row names, whatever it was merged with. The others of its
    contributor go with it, unless rows (or study numbers of `students`) send them to different ones: then those that
    no row is about stay together as a contributor of their own. Without rows, study numbers alone tell members.
    """
    automatic = sorted(contributors, key=lambda each: each.contributor_id)
    owners = {identity: each for each in automatic for identity in each.identities}
    targets = _Targets(rules, students, list(owners))
    explicit = {identity: targets.by_row(identity, each.contributor_id) for identity, each in owners.items()}
    aims = {identity: _first(explicit[identity], targets.implied(identity)) for identity in owners}
    sets = _joined(automatic, aims)
    components: dict[Hashable, list[Identity]] = {}
    for identity in owners:
        components.setdefault(sets.root(identity), []).append(identity)
    roots = {sets.root(node): node for node in aims.values() if isinstance(node, _Label | _Kind)}
    found, members, outsiders = [], {}, set()
    for root, identities in components.items():
        by_use = tuple(sorted(identities, key=lambda identity: (-counts.get(identity, 0), identity)))
        target = roots.get(root)
        by_rows = [identity for identity in by_use if explicit[identity] is not None]
        contributor = _contributor(by_use, [owners[i] for i in by_use], target, by_rows)
        found.append(contributor)
        if isinstance(target, _Label):
            source = "identities.csv" if by_rows else "study number"
            members[contributor.contributor_id] = Member(target.text, source)
        if isinstance(target, _Kind) and target.kind == "outsider":
            outsiders.add(contributor.contributor_id)
    ordered = sorted(found, key=lambda each: (-sum(counts.get(i, 0) for i in each.identities), each.contributor_id))
    return MappedContributors(tuple(ordered), members, frozenset(outsiders))


@dataclass(frozen=True)
class _Label:
    """A member, by what the label is compared with; `text` is how it is shown."""

    key: str
    text: str = field(compare=False)


@dataclass(frozen=True)
class _Kind:
    """Being no member: of one automatic contributor, because two bots are not one."""

    contributor_id: str
    kind: str


@dataclass(frozen=True)
class _Unseen:
    """An identity that a row names and that the repository does not have."""

    identity: Identity


class _Targets:
    """Where identities belong by the rows, and by what their names and addresses say for certain."""

    def __init__(self, rules: Sequence[IdentityRule], students: Sequence[str], identities: Sequence[Identity]) -> None:
        self._rules = rules
        self._identities = sorted(identities)
        labels = [student.strip().casefold() for student in students]
        labels += [rule.member for rule in rules if rule.member is not None]
        self._labels: dict[str, _Label] = {}
        for label in labels:
            self._labels.setdefault(name_key(label), _Label(name_key(label), label))

    def by_row(self, identity: Identity, contributor_id: str) -> Hashable | None:
        """What the first row that fits says; None where none does."""
        rule = next((rule for rule in self._rules if rule.fits(identity)), None)
        if rule is None:
            return None
        if rule.kind is not None:
            return _Kind(contributor_id, rule.kind)
        if rule.member is not None:
            return self._labels[name_key(rule.member)]
        wanted = rule.same_as or identity
        same = (i for i in self._identities if i != identity and _is_same(i, wanted))
        return next(same, None) or _Unseen(wanted)

    def implied(self, identity: Identity) -> Hashable | None:
        """The member whose study number or label this identity bears."""
        email = identity.email.strip().casefold().partition("@")[0]
        for text in (email if STUDY_NUMBER.match(email) else "", name_key(identity.name)):
            if text and text in self._labels:
                return self._labels[text]
        return None


class _Sets:
    """Disjoint sets of whatever can be hashed."""

    def __init__(self) -> None:
        self._parent: dict[Hashable, Hashable] = {}

    def root(self, node: Hashable) -> Hashable:
        self._parent.setdefault(node, node)
        while self._parent[node] != node:
            node = self._parent[node]
        return node

    def join(self, first: Hashable, second: Hashable) -> bool:
        """Whether they were apart."""
        root, other = self.root(first), self.root(second)
        self._parent[other] = root
        return root != other


def _joined(automatic: Sequence[Contributor], aims: Mapping[Identity, Hashable | None]) -> _Sets:
    """The identities joined with where they belong: each has one aim, so that no two members become one."""
    sets = _Sets()
    for identity, aim in aims.items():
        if aim is not None:
            sets.join(aim, identity)
    waiting = list(automatic)
    is_changed = True
    # Until nothing changes: what one contributor's rows say may decide where those of another belong.
    while is_changed:
        is_changed, undecided = False, []
        for each in waiting:
            mapped = [identity for identity in each.identities if aims[identity] is not None]
            if len({sets.root(identity) for identity in mapped}) > 1:
                undecided.append(each)
                continue
            changes = [sets.join((mapped or each.identities)[0], identity) for identity in each.identities]
            is_changed |= any(changes)
        waiting = undecided
    for each in waiting:
        left = [identity for identity in each.identities if aims[identity] is None]
        for identity in left:
            sets.join(left[0], identity)
    return sets


def _first(aim: Hashable | None, other: Hashable | None) -> Hashable | None:
    return aim if aim is not None else other


def _contributor(
    identities: tuple[Identity, ...], owners: Sequence[Contributor], target: object, by_rows: Sequence[Identity]
) -> Contributor:
    kinds = [owner.kind for owner in owners]
    if isinstance(target, _Kind):
        kind = "person" if target.kind == "outsider" else target.kind
    else:
        kind = "person" if isinstance(target, _Label) or "person" in kinds else kinds[0]
    first = owners[0]
    if set(first.identities) == set(identities):
        reasons = first.merge_reasons
        contributor_id = first.contributor_id
    else:
        known = {f"{i.name} <{i.email}>" for i in identities}
        # Reasons name two identities; those about somebody who is elsewhere now explain nothing.
        held = {reason for owner in owners for reason in owner.merge_reasons if _is_about(reason, known)}
        reasons = tuple(reason for reason in sorted(held))
        # As `identities.merging` does it.
        smallest = min(f"{identity.email.casefold()}|{name_key(identity.name)}" for identity in identities)
        contributor_id = hashlib.sha256(smallest.encode("utf-8", "replace")).hexdigest()[:12]
    mapped = tuple(f"identities.csv: {identity.name} <{identity.email}>" for identity in by_rows)
    return Contributor(contributor_id, kind, identities, mapped + reasons)


def _is_about(reason: str, known: set[str]) -> bool:
    first, _, second = reason.partition("): ")[2].partition(" = ")
    return first in known and second in known


def _is_same(identity: Identity, wanted: Identity) -> bool:
    return folded(identity.email) == folded(wanted.email) and (
        not wanted.name or folded(identity.name) == folded(wanted.name)
    )
