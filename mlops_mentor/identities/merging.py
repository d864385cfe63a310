"""Identities: which names and e-mail addresses are one contributor, and who is no person.

Belongs here: the rules of merging and the reason for each merge. What a contributor did is counted in `metrics`. The
patterns for bots, assistants and placeholders are data (`patterns.yaml`).
"""

import hashlib
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import yaml

from mlops_mentor.repos import git

_NOREPLY = re.compile(r"^(?:\d+\+)?(?P<login>[a-z0-9][a-z0-9-]*)(?:\[bot\])?@users\.noreply\.github\.com$")
_STUDY_NUMBER = re.compile(r"^s\d{6}$")
_CO_AUTHOR = re.compile(r"^\s*(?P<name>.*?)\s*<(?P<email>[^<>]*)>\s*$")
_RULES = (".mailmap", "same e-mail", "study number", "GitHub login", "same name", "name as address")
_MIN_LOGIN = 4
_MIN_JOINED_NAME = 7
# Letters that no decomposition makes into ASCII; common in the names of the course.
_LETTERS = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "ß": "ss", "đ": "d", "ð": "d", "þ": "th", "ł": "l"})


class Identity(NamedTuple):
    """A name and an address, as they stand in commits and trailers."""

    name: str
    email: str


@dataclass(frozen=True)
class Contributor:
    """Identities taken for one: most used first; `kind` is `person`, `bot` or `ai_assistant`."""

    contributor_id: str
    kind: str
    identities: tuple[Identity, ...]
    merge_reasons: tuple[str, ...]


class _Key(NamedTuple):
    """Identities that share a key are one contributor; `rule` says in words what they share."""

    rule: str
    value: str

    @property
    def rank(self) -> tuple[int, str]:
        """Where several keys are shared, the one that convinces most is named as the reason."""
        return _RULES.index(self.rule), self.value


def parse_co_author(trailer: str) -> Identity:
    """`Ada Lovelace <ada@x.org>` -> its identity; a trailer without an address is a name alone."""
    match = _CO_AUTHOR.match(trailer)
    return Identity(match["name"], match["email"]) if match else Identity(trailer.strip(), "")


def merge_identities(counts: Mapping[Identity, int], mailmap: Mapping[Identity, Identity]) -> list[Contributor]:
    """The contributors behind identities that occur so and so often, most used first.

    `mailmap` maps identities to what the repository's own `.mailmap` makes of them; it may be empty.
    """
    kinds = {identity: kind_of(mailmap.get(identity, identity)) for identity in counts}
    logins = {match["login"] for identity in counts if (match := _NOREPLY.match(identity.email.strip().casefold()))}
    names = {name_key(identity.name) for identity in counts}
    guesses = {i: _guesses(mailmap.get(i, i), logins) for i in counts}
    keys = {i: _keys(mailmap.get(i, i), names) | _mapped(i, mailmap) for i in counts}
    contradicted = _contradicted(keys, guesses, mailmap)
    groups = _Groups(counts)
    holders: dict[tuple[str, _Key], Identity] = {}
    for identity in sorted(counts, key=lambda i: (-counts[i], i)):
        for key in sorted(keys[identity] | (guesses[identity] - contradicted), key=lambda key: key.rank):
            first = holders.setdefault((kinds[identity], key), identity)
            groups.join(first, identity, key)
    found = [
        _contributor(kinds[members[0]], sorted(members, key=lambda i: (-counts[i], i)), reasons)
        for members, reasons in groups.all()
    ]
    return sorted(found, key=lambda c: (-sum(counts[i] for i in c.identities), c.contributor_id))


def read_mailmap(mirror: Path, snapshot_sha: str, identities: Iterable[Identity]) -> dict[Identity, Identity]:
    """What the snapshot's `.mailmap` makes of each identity, by git's own rules.

    Raises:
        RepoError: git cannot read the mirror.
    """
    asked = [i for i in identities if i.email and not re.search(r"[<>\n]", i.name + i.email)]
    stdin = "".join(f"{i.name} <{i.email}>\n" for i in asked).encode("utf-8", "replace")
    output = git.read(mirror, "-c", f"mailmap.blob={snapshot_sha}:.mailmap", "check-mailmap", "--stdin", stdin=stdin)
    answers = output.decode("utf-8", "replace").split("\n")[:-1]
    return {identity: parse_co_author(answer) for identity, answer in zip(asked, answers, strict=True)}


def kind_of(identity: Identity) -> str:
    """`person`, `bot` or `ai_assistant`."""
    text = f"{identity.name} <{identity.email}>".casefold()
    for kind, patterns in _rules().no_persons:
        if any(pattern.search(text) for pattern in patterns):
            return kind
    return "person"


def name_key(name: str) -> str:
    """A name without accents, case and punctuation: `Čuhel, Honza` -> `cuhel honza`."""
    plain = unicodedata.normalize("NFKD", name.casefold().translate(_LETTERS))
    return " ".join(re.findall(r"[^\W_]+", "".join(char for char in plain if not unicodedata.combining(char))))


def _keys(identity: Identity, names: set[str]) -> set[_Key]:
    """What tells for certain who this is; of names those that occur in the repository decide what a middle name is."""
    rules = _rules()
    email = identity.email.strip().casefold()
    name = name_key(identity.name)
    words, joined = name.split(), name.replace(" ", "")
    keys = set()
    if email not in rules.placeholder_emails:
        keys.add(_Key("same e-mail", email))
        if match := _NOREPLY.match(email):
            keys.add(_Key("GitHub login", match["login"]))
    if name not in rules.placeholder_names:
        keys.add(_Key("same name", name))
        if len(words) >= 3 and f"{words[0]} {words[-1]}" in names:
            keys.add(_Key("same name", f"{words[0]} {words[-1]}"))
        if len(words) >= 2 and len(joined) >= _MIN_JOINED_NAME:
            keys.add(_Key("name as address", joined))
    return keys | {
        _Key("study number", text) for text in (email.partition("@")[0], joined) if _STUDY_NUMBER.match(text)
    }


def _guesses(identity: Identity, logins: set[str]) -> set[_Key]:
    """What suggests who this is: names and logins read from the address, and a name that is a login of the repository.

    Two persons may share these: `alexander@` of two servers is not one Alexander.
    """
    rules = _rules()
    email = identity.email.strip().casefold()
    local = email.partition("@")[0]
    name = name_key(identity.name)
    keys, maybe_logins = set(), set()
    if email not in rules.placeholder_emails:
        maybe_logins.add(local)
        letters = name_key(re.sub(r"\d+", "", local)).replace(" ", "")
        if len(letters) >= _MIN_JOINED_NAME:
            keys.add(_Key("name as address", letters))
    if name not in rules.placeholder_names:
        maybe_logins.add(name.replace(" ", ""))
    return keys | {_Key("GitHub login", login) for login in maybe_logins & logins if len(login) >= _MIN_LOGIN}


def _contradicted(
    keys: Mapping[Identity, set[_Key]], guesses: Mapping[Identity, set[_Key]], mailmap: Mapping[Identity, Identity]
) -> set[_Key]:
    """The guesses that would make one contributor of two full names which cannot be one person's."""
    full_names: dict[_Key, set[str]] = defaultdict(set)
    for identity in keys:
        name = name_key(mailmap.get(identity, identity).name)
        if " " in name and name not in _rules().placeholder_names:
            for key in keys[identity] | guesses[identity]:
                full_names[key].add(name)
    return {key for key, names in full_names.items() if not _may_be_one(names)}


def _may_be_one(full_names: set[str]) -> bool:
    """Whether all may be short for the longest: `ada l`, `ada lovelace` and `ada b lovelace` may, `ada holm` not."""
    longest = set(max(full_names, key=lambda name: (len(name), name)).split())
    others = {word for name in full_names for word in name.split()} - longest
    return all(any(word.startswith(whole) or whole.startswith(word) for whole in longest) for word in others)


def _mapped(identity: Identity, mailmap: Mapping[Identity, Identity]) -> set[_Key]:
    mapped = mailmap.get(identity, identity)
    return {_Key(".mailmap", mapped.email.casefold())} if mapped != identity else set()


class _Groups:
    """Disjoint sets of identities, with the reasons for which they were joined."""

    def __init__(self, identities: Iterable[Identity]) -> None:
        self._parent = {identity: identity for identity in identities}
        self._reasons: dict[Identity, list[str]] = defaultdict(list)

    def join(self, first: Identity, second: Identity, key: _Key) -> None:
        root, other = self._root(first), self._root(second)
        if root != other:
            self._parent[other] = root
            self._reasons[root] += [
                *self._reasons.pop(other, []),
                f"{key.rule} ({key.value}): {first.name} <{first.email}> = {second.name} <{second.email}>",
            ]

    def all(self) -> list[tuple[list[Identity], list[str]]]:
        members: dict[Identity, list[Identity]] = defaultdict(list)
        for identity in self._parent:
            members[self._root(identity)].append(identity)
        return [(found, self._reasons.get(root, [])) for root, found in members.items()]

    def _root(self, identity: Identity) -> Identity:
        while self._parent[identity] != identity:
            identity = self._parent[identity]
        return identity


def _contributor(kind: str, identities: list[Identity], reasons: list[str]) -> Contributor:
    smallest = min(f"{identity.email.casefold()}|{name_key(identity.name)}" for identity in identities)
    contributor_id = hashlib.sha256(smallest.encode("utf-8", "replace")).hexdigest()[:12]
    return Contributor(contributor_id, kind, tuple(identities), tuple(reasons))


def most_used(values: Iterable[tuple[str, int]]) -> list[str]:
    """Distinct non-empty values by how often they occur, most used first."""
    counts: Counter[str] = Counter()
    for value, count in values:
        if value:
            counts[value] += count
    return sorted(counts, key=lambda value: (-counts[value], value))


@dataclass(frozen=True)
class _Rules:
    no_persons: tuple[tuple[str, tuple[re.Pattern[str], ...]], ...]
    placeholder_names: frozenset[str]
    placeholder_emails: frozenset[str]


@cache
def _rules() -> _Rules:
    content = yaml.safe_load(Path(__file__).with_name("patterns.yaml").read_text(encoding="utf-8"))
    return _Rules(
        no_persons=tuple(
            (kind, tuple(re.compile(pattern) for pattern in content[kind])) for kind in ("ai_assistant", "bot")
        ),
        placeholder_names=frozenset(content["placeholder_names"]),
        placeholder_emails=frozenset(content["placeholder_emails"]),
    )
