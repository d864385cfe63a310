"""Identities: the people of a group, under all the names that its tables know, and what they are called instead.

Belongs here: gathering them. Where they are replaced in a text is for `redaction`.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from string import ascii_uppercase

import polars as pl

# Machines keep their names: they are nobody's.
_MACHINES = frozenset(["bot", "ai_assistant"])
_BOT = re.compile(r"(?i)\[bot\]|^(?:dependabot|github|github-actions|copilot|claude|cursor|actions-user|web-flow)\b")
_SIGNATURE = re.compile(r"^(?P<name>[^<]{0,200})<(?P<email>[^>]{1,200})>")
_NO_REPLY = re.compile(r"(?i)^(?:\d+\+)?(?P<login>[^@\s]+)@users\.noreply\.github\.com$")
_STUDY_NUMBER = re.compile(r"(?i)(?<![a-z0-9])s\d{6}(?!\d)")
_OWNER = re.compile(r"(?i)github\.com[/:](?P<owner>[\w.-]{1,64})/")


@dataclass(frozen=True)
class Person:
    """Somebody, under the names known: study numbers and logins in small letters, e-mails too."""

    label: str
    names: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    logins: tuple[str, ...] = ()
    study_numbers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Identities:
    """The people of a group in an order that is theirs alone, whichever file is read first.

    `owner` is the account in the address of the repository, where it is none of theirs.
    """

    people: tuple[Person, ...] = ()
    owner: str | None = None


# What is known under one head: (kind, value).
_Key = tuple[str, str]


def identities_of(
    *,
    students: Sequence[str] = (),
    repo_urls: Iterable[str] = (),
    commits: pl.DataFrame | None = None,
    contributors: pl.DataFrame | None = None,
    contributions: pl.DataFrame | None = None,
    pull_requests: pl.DataFrame | None = None,
) -> Identities:
    """Everybody in the roster's row and in the group's tables of these names; what is None says nothing.

    The roster's members come first, in its order, then the others by their smallest name or address.
    """
    heads = [[("study_number", student.lower())] for student in students]
    heads += _of_contributors(contributors, contributions)
    machines = _machines(contributions, contributors)
    heads += [head for head in _of_commits(commits) if not machines.intersection(head)]
    heads += _of_pull_requests(pull_requests)
    owners = [found["owner"].lower() for url in repo_urls if (found := _OWNER.search(url)) is not None]
    # git takes a commit whose author has neither name nor address.
    people = _together([keys for head in heads if (keys := _with_what_follows(head))])
    order = {("study_number", student.lower()): i for i, student in enumerate(students)}
    people.sort(key=lambda keys: (min(order.get(key, len(order)) for key in keys), min(keys)))
    persons = tuple(_person(f"[member {_letters(i)}]", keys) for i, keys in enumerate(people))
    known = {login for person in persons for login in person.logins}
    owner = next((each for each in owners if each not in known), None)
    return Identities(persons, owner)


def _of_contributors(contributors: pl.DataFrame | None, contributions: pl.DataFrame | None) -> list[list[_Key]]:
    by_id: dict[str, list[_Key]] = {}
    for row in contributors.iter_rows(named=True) if contributors is not None else ():
        if row["kind"] not in _MACHINES:
            names = [("name", name) for name in (row["name"], *row["names"])]
            by_id[row["contributor_id"]] = [*names, *(("email", email) for email in row["emails"])]
    for row in contributions.iter_rows(named=True) if contributions is not None else ():
        if row["kind"] not in _MACHINES:
            head = by_id.setdefault(row["contributor_id"], [])
            head += [("name", row["name"]), *(("login", login) for login in row["logins"])]
            if row["member"]:
                head.append(("study_number" if _STUDY_NUMBER.fullmatch(row["member"]) else "name", row["member"]))
    return list(by_id.values())


def _machines(*frames: pl.DataFrame | None) -> set[_Key]:
    """Names and addresses of what is no person."""
    found: set[_Key] = set()
    for frame in frames:
        if frame is None:
            continue
        rows = frame.filter(pl.col("kind").is_in(list(_MACHINES)))
        found |= {("name", name) for name in rows["name"]}
        if "emails" in frame.columns:
            found |= {("email", email) for emails in rows["emails"] for email in emails}
    return found


def _of_commits(commits: pl.DataFrame | None) -> Iterator[list[_Key]]:
    if commits is None:
        return
    for role in ("author", "committer"):
        for name, email in commits.select(f"{role}_name", f"{role}_email").unique().sort(pl.all()).iter_rows():
            if not _is_bot(name, email):
                yield [("name", name), ("email", email)]
    for value in commits["co_authors"].explode(empty_as_null=True, keep_nulls=True).drop_nulls().unique().sort():
        signature = _SIGNATURE.match(value)
        if signature and not _is_bot(signature["name"].strip(), signature["email"]):
            yield [("name", signature["name"].strip()), ("email", signature["email"])]


def _of_pull_requests(pull_requests: pl.DataFrame | None) -> Iterator[list[_Key]]:
    for row in pull_requests.iter_rows(named=True) if pull_requests is not None else ():
        author = [row["author"]] if row["author"] and not row["is_bot"] else []
        yield from ([("login", login)] for login in (*author, *row["reviewers"]) if not _is_bot(login, ""))


def _is_bot(name: str, email: str) -> bool:
    is_machine = email.lower() in ("noreply@github.com", "noreply@anthropic.com", "cursoragent@cursor.com")
    return is_machine or "[bot]@" in email or _BOT.search(name) is not None


def _with_what_follows(head: Iterable[_Key]) -> list[_Key]:
    """The keys as they are compared, with study numbers and logins that names and addresses hold."""
    keys: list[_Key] = []
    for kind, value in head:
        text = " ".join(unicodedata.normalize("NFC", value).split())
        if not text:
            continue
        keys.append((kind, text if kind == "name" else text.lower()))
        keys += [("study_number", found.lower()) for found in _STUDY_NUMBER.findall(text)]
        if kind == "email" and (no_reply := _NO_REPLY.match(text)):
            keys.append(("login", no_reply["login"].lower()))
    return keys


def _together(heads: Sequence[Sequence[_Key]]) -> list[set[_Key]]:
    """Heads with an address, a login, a study number or a name of two words in common are one person."""
    people: list[set[_Key]] = []
    of_key: dict[_Key, set[_Key]] = {}
    for head in heads:
        person = set(head)
        sharing = {id(other): other for key in head if (other := of_key.get(_compared(key))) is not None}
        for other in sharing.values():
            person |= other
            people = [each for each in people if each is not other]
        people.append(person)
        for key in person:
            if key[0] != "name" or " " in key[1]:
                of_key[_compared(key)] = person
    return people


def _compared(key: _Key) -> _Key:
    # A login is often a name, too: whoever commits as `wael85` is the account of that name.
    kind, value = key
    return ("name" if kind == "name" else kind, value.casefold())


def _person(label: str, keys: Iterable[_Key]) -> Person:
    of_kind: dict[str, list[str]] = {"name": [], "email": [], "login": [], "study_number": []}
    for kind, value in sorted(keys):
        of_kind[kind].append(value)
    return Person(label, *(tuple(of_kind[kind]) for kind in ("name", "email", "login", "study_number")))


def _letters(number: int) -> str:
    """0 is A, 25 is Z, 26 is AA."""
    prefix = _letters(number // 26 - 1) if number >= 26 else ""
    return prefix + ascii_uppercase[number % 26]
