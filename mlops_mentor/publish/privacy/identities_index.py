"""What inspection looks for: everybody of a class, in the forms in which a text may have them.

Belongs here: the forms. They are made from the known people anew, and share nothing with the search of `redaction`:
a mistake there shall be seen here.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import permutations

from mlops_mentor.feedback.packs.identities import Person
from mlops_mentor.feedback.packs.names import common_words, fold, is_odd, logins_of, name_words, single_names
from mlops_mentor.publish.privacy.accounts import word_accounts
from mlops_mentor.publish.privacy.known import KnownPeople
from mlops_mentor.publish.privacy.lookup import our_words
from mlops_mentor.publish.privacy.normal import flat, key, words
from mlops_mentor.publish.privacy.repositories import name_parts

_MAX_WORDS = 5


@dataclass
class IdentityIndex:
    """The forms: `sequences` of words and numbers, `tokens` that stand alone, `accounts` behind an `@` or a host."""

    sequences: dict[tuple[str, ...], str] = field(default_factory=dict, repr=False)
    tokens: dict[str, str] = field(default_factory=dict, repr=False)
    accounts: dict[str, str] = field(default_factory=dict, repr=False)
    addresses: set[str] = field(default_factory=set, repr=False)
    study_numbers: set[str] = field(default_factory=set, repr=False)
    teachers: set[str] = field(default_factory=set, repr=False)
    # By first or last name, the groups that have somebody of that name.
    single: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set), repr=False)
    pairs: set[tuple[str, str]] = field(default_factory=set, repr=False)
    repositories: set[tuple[str, ...]] = field(default_factory=set, repr=False)
    local_paths: tuple[str, ...] = field(default=(), repr=False)
    commits: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list), repr=False)


def identity_index(known: KnownPeople) -> IdentityIndex:
    """The forms of all people, repositories and commits of a class."""
    index = IdentityIndex()
    common = common_words()
    ours = common | our_words()
    for someone in known.everyone:
        _add_person(index, someone.person, "name", ours)
        for word in single_names(someone.person, common) if someone.group is not None else ():
            index.single[key(word)].add(str(someone.group))
    for teacher in known.teachers:
        is_address = "@" in teacher
        person = Person("", () if is_address else (teacher,), (teacher.lower(),) if is_address else ())
        _add_person(index, person, "teaching assistant", ours)
        alone = (word for word in name_words(teacher) if len(word) > 2 and fold(word) not in ours and not is_address)
        index.teachers.update(map(key, alone))
    _add_repositories(index, known, ours)
    for sha in known.commits:
        index.commits[sha[:7]].append(sha)
    return index


def _add_person(index: IdentityIndex, person: Person, kind: str, ours: frozenset[str]) -> None:
    for name in person.names:
        for form in _name_forms(name_words(name), ours):
            index.sequences.setdefault(form, kind)
    for login in word_accounts(person, ours):
        index.sequences.setdefault((key(login),), "account")
    for login in logins_of(person):
        _add_account(index, login, kind if kind != "name" else "account", ours)
    index.addresses.update(flat(email) for email in person.emails)
    index.study_numbers.update(number.lower() for number in person.study_numbers)


def _add_account(index: IdentityIndex, login: str, kind: str, ours: frozenset[str]) -> None:
    if len(login) > 2 and fold(login) not in ours:
        index.accounts.setdefault(flat(login), kind)
    if is_odd(login, ours):
        index.tokens.setdefault(flat(login), kind)


def _add_repositories(index: IdentityIndex, known: KnownPeople, ours: frozenset[str]) -> None:
    paths = []
    for each in known.repositories:
        if each.owners:
            index.pairs.add((flat(each.owners[-1]), flat(each.name)))
        else:
            paths.append(flat(each.url))
        for owner in each.owners:
            _add_account(index, owner, "repository", ours)
        if each.is_distinctive:
            parts = tuple(map(key, name_parts(each.name)))
            index.repositories.add(parts)
    index.local_paths = tuple(sorted(set(paths)))


def _name_forms(name: Iterable[str], ours: frozenset[str]) -> Iterator[tuple[str, ...]]:
    """The whole name, any two of its words, and the same written as one word."""
    written = list(name)[:_MAX_WORDS]
    if len(written) < 2 or all(fold(word) in ours for word in written):
        return
    forms = [tuple(written)]
    forms += [
        (first, second)
        for first, second in permutations(written, 2)
        if len(first) + len(second) > 6 and not {fold(first), fold(second)} <= ours
    ]
    for form in forms:
        yield tuple(map(key, form))
        joined = key("".join(form))
        if len(joined) > 5 and words(joined) == [joined]:
            yield (joined,)
