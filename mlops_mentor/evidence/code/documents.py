"""Structured texts - YAML, TOML, JSON, INI - as flat entries with their lines.

Belongs here: reading them without ever raising. Aliases are not unfolded, tags make nothing, keys that occur twice are
both there, and `on:` stays the word that it is.
"""

import configparser
import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from mlops_mentor.evidence.code.depth import check_toml, check_yaml

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MAX_ENTRIES = 20_000
_MAX_DEPTH = 40
_MAX_VALUE = 4000
_COMMENT_LINE = re.compile(r"(?m)^[ \t]{0,80}//.*$")
_TRAILING_COMMA = re.compile(r",(\s{0,200}[\]}])")
_YAML = (".yaml", ".yml", ".dvc")


@dataclass(frozen=True)
class Entry:
    """A value at the end of a path of keys (`jobs`, `test`, `steps`, `0`, `run`), and the line (from 1) it stands in.

    Empty mappings and lists have one with the value ``.
    """

    key: tuple[str, ...]
    value: str
    line: int | None

    @property
    def dotted(self) -> str:
        """The keys as one text."""
        return ".".join(self.key)


@dataclass(frozen=True)
class Document:
    """One file's entries; `error` says why there are none or not all."""

    path: str
    blob_id: str
    lines: tuple[str, ...]
    entries: tuple[Entry, ...] = ()
    error: str | None = None

    def under(self, *key: str) -> list[Entry]:
        """Entries below a path of keys, or at it."""
        return [entry for entry in self.entries if entry.key[: len(key)] == key]

    def value(self, *key: str) -> str | None:
        """The value at a path of keys."""
        return next((entry.value for entry in self.entries if entry.key == key), None)

    def children(self, *key: str) -> list[str]:
        """The keys right below a path, each once, in their order."""
        depth = len(key)
        return list(dict.fromkeys(entry.key[depth] for entry in self.under(*key) if len(entry.key) > depth))


def read_document(path: str, blob_id: str, text: str) -> Document:
    """Never raises, whatever the text holds. The format is told by the path's ending; anything else is empty."""
    lines = tuple(text.split("\n"))
    entries: list[Entry] = []
    error = None
    try:
        for entry in _reader(path)(text, lines):
            if len(entries) >= _MAX_ENTRIES:
                error = f"holds more than {_MAX_ENTRIES:,} entries"
                break
            entries.append(entry)
    except (yaml.YAMLError, ValueError, configparser.Error, RecursionError, MemoryError, OverflowError) as raised:
        error = f"cannot be read: {type(raised).__name__}{_where(raised)}"
    return Document(path, blob_id, lines, tuple(entries), error)


def _where(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    line = mark.line + 1 if mark is not None else getattr(error, "lineno", None)
    return f" in line {line}" if isinstance(line, int) else ""


def _reader(path: str) -> Callable[[str, Sequence[str]], Iterator[Entry]]:
    lowered = path.lower()
    if lowered.endswith(_YAML):
        return _yaml_entries
    if lowered.endswith((".toml", "pipfile")):
        return _toml_entries
    if lowered.endswith((".json", ".json5")):
        return _json_entries
    if lowered.endswith((".ini", ".cfg", ".dvc/config", ".flake8", ".coveragerc")):
        return _ini_entries
    return lambda text, lines: iter(())


def _yaml_entries(text: str, lines: Sequence[str]) -> Iterator[Entry]:
    """From events, not from nodes or objects: what composes nodes recurses in C, and depth would end the process.

    An alias stands as `*name`, however large it would unfold.
    """
    check_yaml(text)
    stack: list[_Open] = []
    for event in yaml.parse(text, Loader=_LOADER):
        line = event.start_mark.line + 1 if event.start_mark else None
        if isinstance(event, yaml.CollectionEndEvent):
            closed = stack.pop()
            if closed.is_empty and len(stack) < _MAX_DEPTH:
                yield Entry(closed.key, "", closed.line)
            continue
        if not isinstance(event, yaml.NodeEvent):
            continue
        value = event.value if isinstance(event, yaml.ScalarEvent) else f"*{event.anchor}"
        if stack and stack[-1].wants_name:
            # Keys that are no plain words stand as `?`.
            stack[-1].name(value[:200] if isinstance(event, yaml.ScalarEvent | yaml.AliasEvent) else "?", line)
            if isinstance(event, yaml.CollectionStartEvent):
                stack.append(_Open((*stack[-1].key, "?"), line, isinstance(event, yaml.MappingStartEvent)))
            continue
        key, line = stack[-1].next(line) if stack else ((), line)
        if isinstance(event, yaml.CollectionStartEvent):
            # Beyond the depth all have one key: it could not grow without end.
            stack.append(_Open(key[:_MAX_DEPTH], line, isinstance(event, yaml.MappingStartEvent)))
        elif len(key) <= _MAX_DEPTH:
            yield Entry(key, value[:_MAX_VALUE], line)


class _Open:
    """A mapping or list that is being read: its key, and what the next value in it is called."""

    def __init__(self, key: tuple[str, ...], line: int | None, is_mapping: bool) -> None:
        self.key, self.line, self.is_empty = key, line, True
        self._is_mapping, self._number = is_mapping, -1
        self._name: tuple[str, int | None] | None = None

    @property
    def wants_name(self) -> bool:
        return self._is_mapping and self._name is None

    def name(self, name: str, line: int | None) -> None:
        self._name = (name, line)

    def next(self, line: int | None) -> tuple[tuple[str, ...], int | None]:
        """The key of the next value, and the line of its name."""
        self.is_empty = False
        if self._name is not None:
            (name, line), self._name = self._name, None
            return (*self.key, name), line
        self._number += 1
        return (*self.key, str(self._number)), line


def _toml_entries(text: str, lines: Sequence[str]) -> Iterator[Entry]:
    check_toml(text)
    yield from _object_entries(tomllib.loads(text), lines)


def _json_entries(text: str, lines: Sequence[str]) -> Iterator[Entry]:
    try:
        content = json.loads(text)
    except ValueError:
        # Settings of editors may have comments and commas at the end of lists.
        content = json.loads(_TRAILING_COMMA.sub(r"\1", _COMMENT_LINE.sub("", text)))
    yield from _object_entries(content, lines)


def _ini_entries(text: str, lines: Sequence[str]) -> Iterator[Entry]:
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    try:
        parser.read_string(text)
    except AttributeError:
        # The parser's own mistake: a name without a value, and a line that goes on with it.
        raise ValueError("a line continues nothing") from None
    known = _ini_lines(lines)
    for section in parser.sections():
        for name, value in parser.items(section):
            yield Entry((section, name), (value or "")[:_MAX_VALUE], known.get((section, name)))


def _ini_lines(lines: Sequence[str]) -> dict[tuple[str, str], int]:
    """By section and option, the line that sets it; the last where it is set twice, as the parser has it."""
    known: dict[tuple[str, str], int] = {}
    section = ""
    for number, line in enumerate(lines[:_MAX_ENTRIES], start=1):
        text = line[:_MAX_VALUE].strip()
        if text.startswith("[") and "]" in text:
            section = text[1 : text.rindex("]")]
        elif text and text[0] not in "#;":
            known[section, re.split(r"[=:]", text, maxsplit=1)[0].strip().lower()] = number
    return known


def _object_entries(content: Any, lines: Sequence[str]) -> Iterator[Entry]:
    """Their parsers tell no lines: a key's is the next one that begins with it, in the order of the text."""
    finder = _Finder(lines)
    stack: list[tuple[tuple[str, ...], Any]] = [((), content)]
    while stack:
        key, value = stack.pop()
        if isinstance(value, Mapping | list) and value and len(key) < _MAX_DEPTH:
            pairs = value.items() if isinstance(value, Mapping) else enumerate(value)
            stack += reversed([((*key, str(name)[:200]), each) for name, each in pairs])
        else:
            is_empty = isinstance(value, Mapping | list)
            yield Entry(key, "" if is_empty else str(value)[:_MAX_VALUE], finder.line(key, value))


class _Finder:
    """Lines by what they hold, each looked at once."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._by_name: dict[str, list[int]] = {}
        for number, line in enumerate(lines[:_MAX_ENTRIES], start=1):
            if line.lstrip().startswith(("#", "//")):
                continue
            for word in dict.fromkeys(re.findall(r"[\w./-]{1,80}", line[:400])):
                self._by_name.setdefault(word, []).append(number)

    def line(self, key: tuple[str, ...], value: Any) -> int | None:
        named = [name for name in key if not name.isdigit()]
        words = re.findall(r"[\w./-]{1,80}", str(value)[:200]) if isinstance(value, str) else []
        # In a list the value tells more than the key of the list.
        for word in [*(words[:1] if key and key[-1].isdigit() else []), *reversed(named), *words[:1]]:
            if found := self._by_name.get(word):
                return found[0]
        return None
