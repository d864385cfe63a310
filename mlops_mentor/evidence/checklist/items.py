"""The checklist's items, as `items.yaml` has them.

Belongs here: the file's model and its validation. Reading a group's boxes is for `claims`, looking at its repository
for the detectors.
"""

from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from mlops_mentor.errors import ConfigError
from mlops_mentor.evidence.report.templates import normal

FILE = Path(__file__).with_name("items.yaml")


def _sentence(text: str) -> str:
    if not text.endswith("."):
        raise ValueError("ends without a full stop")
    return text


def _words(text: str) -> str:
    if not normal(text):
        raise ValueError("has no words")
    return text


def _folded(mark: Any) -> Any:
    return mark.strip().casefold() if isinstance(mark, str) else mark


Text = Annotated[str, AfterValidator(_words)]
Sentence = Annotated[str, AfterValidator(_sentence)]
Mark = Annotated[str, BeforeValidator(_folded)]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Item(_Entry):
    """One box of the checklist: how it was worded, what shows it, and what to say to a group that does not show it.

    `since` and `until` are the first and the last template that have it; None means all before or after.
    """

    id: str = Field(pattern=r"^(W[1-9]|EX)-[0-9]{2}$")
    title: str = Field(min_length=1, max_length=60)
    texts: tuple[Text, ...] = Field(min_length=1)
    module: str | None = Field(pattern=r"^M[0-9]+(\+M[0-9]+)*$")
    week: int | None = Field(ge=1, le=9)
    detector: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    options: Mapping[str, Any] = Field(default_factory=dict)
    expects: Sentence
    remedy: Sentence
    since: str | None = None
    until: str | None = None

    @model_validator(mode="after")
    def _is_of_its_week(self) -> "Item":
        if self.id[:2] != ("EX" if self.week is None else f"W{self.week}"):
            raise ValueError(f"id {self.id} is not of week {self.week}")
        return self


class Marks(_Entry):
    """What stands in a box that means yes, and what means no; anything else is unknown."""

    yes: frozenset[Mark]
    no: frozenset[Mark]

    @model_validator(mode="after")
    def _are_apart(self) -> "Marks":
        if both := self.yes & self.no:
            raise ValueError(f"{sorted(both)} would mean both")
        return self


class Parts(_Entry):
    """Ids of the items that parts of the progress measure are made of."""

    tests: tuple[str, ...] = Field(min_length=1)
    reproducibility: tuple[str, ...] = Field(min_length=1)


class Checklist(_Entry):
    """Everything in `items.yaml`: versions of the template, marks, parts of progress, the items, texts without one."""

    versions: tuple[str, ...] = Field(min_length=1)
    marks: Marks
    parts: Parts
    items: tuple[Item, ...] = Field(min_length=1)
    retired: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _holds_together(self) -> "Checklist":
        _no_twins("id", [item.id for item in self.items])
        _no_twins("text", [normal(text) for item in self.items for text in item.texts] + [*map(normal, self.retired)])
        known = {item.id for item in self.items}
        if unknown := sorted({*self.parts.tests, *self.parts.reproducibility} - known):
            raise ValueError(f"parts: {unknown[0]!r} is no item")
        for item in self.items:
            named = [version for version in (item.since, item.until) if version is not None]
            if unknown := [version for version in named if version not in self.versions]:
                raise ValueError(f"{item.id}: {unknown[0]!r} is none of versions")
            if named != sorted(named, key=self.versions.index):
                raise ValueError(f"{item.id}: until is before since")
        return self

    def asked(self, version: str) -> frozenset[str]:
        """Ids of the items that the template of this version has; all for a version that is not known."""
        if version not in self.versions:
            return frozenset(item.id for item in self.items)
        at = self.versions.index(version)
        return frozenset(
            item.id
            for item in self.items
            if (item.since is None or self.versions.index(item.since) <= at)
            and (item.until is None or at <= self.versions.index(item.until))
        )


def _no_twins(what: str, values: list[str]) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise ValueError(f"{what} {value!r} stands there twice")
        seen.add(value)


@cache
def checklist() -> Checklist:
    """The checklist that comes with the package."""
    return load_checklist(FILE)


@cache
def checklist_key() -> str:
    """What changes with every edit of the checklist that comes with the package."""
    return sha256(FILE.read_bytes()).hexdigest()[:16]


def load_checklist(file: Path) -> Checklist:
    """Read and check such a file.

    Raises:
        ConfigError: it is no YAML, or an entry is missing, unknown or wrong.
    """
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError, ValueError) as error:
        raise ConfigError(f"{file.name}: cannot be read: {error}") from None
    try:
        return Checklist.model_validate(content)
    except ValidationError as error:
        wrong = "; ".join(
            f"{_place(item['loc'], content)}: {item['msg'].removeprefix('Value error, ')}" for item in error.errors()
        )
        raise ConfigError(f"{file.name}: {wrong}. The comments in that file say what each entry is.") from None


def _place(place: tuple[int | str, ...], content: Any) -> str:
    """Where it is wrong, with the item's id in place of its number."""
    parts = list(place)
    if len(parts) > 1 and parts[0] == "items":
        entry = content["items"][parts[1]]
        if isinstance(entry, dict) and "id" in entry:
            parts = [str(entry["id"]), *parts[2:]]
    return ".".join(map(str, parts)) or "file"
