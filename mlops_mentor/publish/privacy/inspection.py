"""Inspection: whether a text still has what must not get out, by whatever means it was to be removed.

Belongs here: the look at single texts, and at all strings of a frame. It finds kinds and never says a value.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import polars as pl

from mlops_mentor.evidence import private
from mlops_mentor.feedback.packs.redaction import PLACEHOLDER
from mlops_mentor.publish.privacy import scanner
from mlops_mentor.publish.privacy.identities_index import identity_index
from mlops_mentor.publish.privacy.known import KnownPeople
from mlops_mentor.publish.privacy.normal import bare, flat, key, words
from mlops_mentor.publish.privacy.repositories import Repository

_MAX_WORDS = 8
_ADDRESS = re.compile(r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,6}")
_TOKEN = re.compile(r"[a-z0-9]+(?:[._-]{1,2}[a-z0-9]+){0,30}")
_ACCOUNT = re.compile(
    r"(?:(?<![\w.])@|\b(?:github|gitlab|bitbucket|huggingface|hf|wandb|kaggle|linkedin|ghcr|docker|codecov)\.\w{2,3}/"
    r"(?:in/|u/|r/|gh/|users/|spaces/|datasets/)?)(?P<login>[a-z0-9][\w-]{0,63})(?P<code>\.\w|\()?"
)
_SEGMENTS = re.compile(r"[\w.+-]{1,100}(?:[/:]+[\w.+-]{1,100}){1,40}")
_HEX = re.compile(r"(?<![0-9a-z])[0-9a-f]{7,64}(?![0-9a-z])")
_CAPITAL = re.compile(r"(?<![\w./-])(?P<word>[^\W\d_]{3,64})(?![\w/(=\[-])")
_NUMBER = re.compile(r"(?<![a-z0-9.])s?(?P<digits>\d{6})(?![a-z0-9])(?!\.\d)")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_MIN_CAMEL = 9
_SHAPES = (
    (private.TOKEN, "secret"),
    (private.HEX_KEY, "secret"),
    (private.URL_LOGIN, "secret"),
    (private.KEY_BEGINS, "secret"),
    (private.STUDY_NUMBER, "study number"),
    (private.CPR, "personal number"),
    (private.PHONE, "phone number"),
    (private.SPOKEN_PHONE, "phone number"),
)
_LABEL = re.compile(r"\[[a-z][a-z -]{1,30}(?: [A-Z]{1,3})?\]")
_MARKS = re.compile(r"[\\*`~_\u00ad\u200b-\u200f\u2060\ufeff]")
_REMOTE_IMAGE = re.compile(r"!\[[^\]\n]{0,1000}\]\(\s{0,4}<?(?:[a-zA-Z][\w+.-]{1,15}:|//)")


@dataclass(frozen=True)
class Found:
    """Kinds that a text has whoever wrote it, and groups of whom it has a first or last name alone."""

    kinds: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    groups_of_path: frozenset[str] = frozenset()


class Inspection:
    """Looks at texts of a class; each text once. With `show_addresses` repositories and their commits are no hits."""

    def __init__(self, known: KnownPeople, *, show_addresses: bool) -> None:
        self._index = identity_index(known)
        self._show_addresses = show_addresses
        self._shown = _addresses(known.repositories if show_addresses else ())
        self._found: dict[str, Found] = {}
        self._secrets: Mapping[str, frozenset[str]] = {}

    def scan(self, texts: Iterable[str]) -> None:
        """Let the scanner for secrets look at the texts that are inspected from now on."""
        self._secrets = scanner.scan(texts).kinds

    def kinds(self, text: str, group: str | None = None, *, is_path: bool = False) -> list[str]:
        """What kinds of things the text of the group has that must not get out, in order."""
        found = self._found.get(text)
        if found is None:
            found = self._found[text] = self._look(text)
        has_name = group in found.groups or (is_path and group in found.groups_of_path)
        scanned = {"secret"} if text in self._secrets else set()
        return sorted(found.kinds | scanned | ({"name"} if has_name else set()))

    def _look(self, text: str) -> Found:
        if self._shown is not None:
            text = self._shown.sub(" ", text)
        normal = flat(text)
        forms = {normal, bare(normal)}
        kinds = {"secret"} if any(map(_is_setting, private.SETTING.finditer(text))) else set()
        kinds |= set(_shapes(text)) | set(_shapes(_MARKS.sub("", text))) | set(_shapes(bare(normal)))
        kinds.update(self._sequences(words(flat(_CAMEL.sub(" ", text))), _MIN_CAMEL))
        single: set[str] = set()
        in_path: set[str] = set()
        for form in forms:
            kinds.update(self._identities(form))
            in_path.update(group for word in set(words(form)) for group in self._index.single.get(word, ()))
        for written in {text, bare(text)}:
            for match in _CAPITAL.finditer(written):
                if match["word"][0].isupper():
                    word = key(match["word"])
                    single |= self._index.single.get(word, set())
                    if word in self._index.teachers:
                        kinds.add("teaching assistant")
        if _REMOTE_IMAGE.search(text):
            kinds.add("image")
        return Found(frozenset(kinds), frozenset(single), frozenset(in_path))

    def _identities(self, text: str) -> Iterator[str]:
        index = self._index
        found = words(text)
        yield from self._sequences(found)
        # Initials may stand between two words of a name.
        yield from self._sequences([word for word in found if len(word) > 1 or word.isdecimal()])
        for match in _TOKEN.finditer(text):
            for token in {match.group(), *re.split(r"[.]", match.group())} & index.tokens.keys():
                yield from self._unless_shown(index.tokens[token])
        for match in _ACCOUNT.finditer(text):
            login = match["login"].strip("-_")
            if login in index.accounts and not (match["code"] and match.group().startswith("@")):
                yield from self._unless_shown(index.accounts[login])
        for match in _ADDRESS.finditer(text):
            labels = match.group().split(".")
            if any(".".join(labels[:end]) in index.addresses for end in range(1, len(labels) + 1)):
                yield "e-mail"
        for match in _NUMBER.finditer(text):
            is_round = match["digits"].endswith("00") and not match.group().startswith("s")
            if f"s{match['digits']}" in index.study_numbers and not is_round:
                yield "study number"
        if not self._show_addresses:
            yield from self._places(text)

    def _sequences(self, found: list[str], fewest_letters: int = 0) -> Iterator[str]:
        for sequence in _parts(found):
            kind = self._index.sequences.get(sequence)
            if kind is not None and sum(map(len, sequence)) >= fewest_letters:
                yield kind

    def _unless_shown(self, kind: str) -> Iterator[str]:
        if kind != "repository" or not self._show_addresses:
            yield kind

    def _places(self, text: str) -> Iterator[str]:
        index = self._index
        for match in _SEGMENTS.finditer(text):
            segments = [each.removesuffix(".git") for each in re.split("[/:]+", match.group().rstrip("."))]
            if any(pair in index.pairs for pair in pairwise(segments)):
                yield "repository"
        for match in _TOKEN.finditer(text):
            if not index.repositories.isdisjoint(_parts(words(match.group()))):
                yield "repository"
        if any(path in text for path in index.local_paths):
            yield "repository"
        for match in _HEX.finditer(text):
            shas = index.commits.get(match.group()[:7], ())
            if any(sha.startswith(match.group()) for sha in shas):
                yield "commit"


def _addresses(repositories: Iterable[Repository]) -> re.Pattern[str] | None:
    """Owner and name of those that may be shown, as prose or Markdown writes them."""
    pairs = {(each.owners[-1], each.name) for each in repositories if each.is_shown and each.owners}
    written = ["[/:]".join(map(_as_written, pair)) for pair in sorted(pairs)]
    return re.compile(rf"(?i)(?<![\w.-])(?:{'|'.join(written)})(?![\w-])") if written else None


def _as_written(name: str) -> str:
    """A pattern for the name, in which Markdown may have escaped what is no letter."""
    return "".join(char if char.isalnum() else rf"\\?{re.escape(char)}" for char in name)


def _parts(found: list[str]) -> Iterator[tuple[str, ...]]:
    """All sequences of so many words at most."""
    for i in range(len(found)):
        for length in range(1, min(_MAX_WORDS, len(found) - i) + 1):
            yield tuple(found[i : i + length])


def strings(frame: pl.DataFrame, column: str) -> list[tuple[str, str]]:
    """All different strings of a column with their group, whatever they are nested in; (group, string), in order."""
    return sorted(set(_strings(frame.select("group", pl.col(column).alias("value")))))


def _strings(pairs: pl.DataFrame) -> Iterator[tuple[str, str]]:
    dtype = pairs.schema["value"]
    if isinstance(dtype, pl.Array):
        pairs = pairs.with_columns(pl.col("value").arr.to_list())
        dtype = pairs.schema["value"]
    if isinstance(dtype, pl.List):
        yield from _strings(pairs.explode("value", empty_as_null=True, keep_nulls=True))
    elif isinstance(dtype, pl.Struct):
        for field in dtype.fields:
            yield from _strings(pairs.select("group", pl.col("value").struct.field(field.name).alias("value")))
    elif dtype == pl.Binary:
        shown = [(group, value.decode("utf-8", "replace")) for group, value in pairs.drop_nulls().unique().iter_rows()]
        yield from shown
    elif dtype == pl.String or isinstance(dtype, pl.Categorical | pl.Enum):
        yield from pairs.with_columns(pl.col("value").cast(pl.String)).drop_nulls().unique().iter_rows()


def _shapes(text: str) -> Iterator[str]:
    for pattern, kind in _SHAPES:
        if pattern.search(text):
            yield kind
    if any(not private.NO_ONES.search(match.group()) for match in private.E_MAIL.finditer(text)):
        yield "e-mail"
    if any(_is_value(match["value"]) for match in private.ASSIGNED.finditer(text)):
        yield "secret"
    for match in private.HOME.finditer(text):
        if match["name"].lower() not in private.NO_NAMES and match["name"][0] not in "[.":
            yield "home directory"


def _is_setting(match: re.Match[str]) -> bool:
    is_prose = "=" not in match.group() and not any(char.isdigit() for char in match["value"])
    return not is_prose and _is_value(match["value"])


def _is_value(value: str) -> bool:
    """Whether it is no word that stands for a secret, and no label in place of one."""
    return not PLACEHOLDER.match(value) and len(_LABEL.sub("", value)) > 2
