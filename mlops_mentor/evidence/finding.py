"""A finding: the one shape of every check's answer, after OpenSSF Scorecard's.

Belongs here: outcomes, strengths, places, and snippets that may be shown. What is looked for is for the checks.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mlops_mentor.evidence import private

# `not_checkable`: no repository could show it. `not_available`: this one could, but it cannot be looked at now.
OUTCOMES = ("yes", "partial", "no", "not_checkable", "not_available", "error")
# It is there; something uses it; there is a trace of its having run.
STRENGTHS = ("present", "wired", "executed")
MAX_LOCATIONS = 5
_MAX_SNIPPET = 160

# Of a snippet rather too much is taken than too little: it is there to be recognised, not to be read.
_SECRET = re.compile(
    rf"{private.TOKEN.pattern}|{private.KEY_BEGINS.pattern}|\b[0-9a-f]{{40}}\b"
    r"|(?i:(?:password|passwd|secret|token|api_?key)['\"]?\s*[:=]\s*)['\"]?[^\s'\"]{6,}"
)
_E_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
_HOME = re.compile(r"(?i)(/home/|/users/|c:\\users\\)[^/\\\s'\"]+")


@dataclass(frozen=True)
class Location:
    """Where something stands: path, line (from 1; None for the file as a whole), the line itself, the blob's id."""

    path: str
    line: int | None = None
    snippet: str | None = None
    blob_id: str | None = None

    def __str__(self) -> str:
        return self.path if self.line is None else f"{self.path}:{self.line}"


@dataclass(frozen=True)
class Finding:
    """What one check says: its id, the outcome, how strong the evidence is, where it stands, why, and what to do."""

    check_id: str
    outcome: str
    reason: str
    strength: str | None = None
    locations: tuple[Location, ...] = ()
    remedy: str | None = None

    def __post_init__(self) -> None:
        if self.outcome not in OUTCOMES or (self.strength is not None and self.strength not in STRENGTHS):
            raise ValueError(f"{self.check_id}: {self.outcome}, {self.strength}")
        object.__setattr__(self, "locations", tuple(self.locations[:MAX_LOCATIONS]))


def location(path: str, lines: Sequence[str], line: int | None, blob_id: str | None) -> Location:
    """A place in a text given as its lines; the snippet is that line, fit to be shown."""
    text = snippet(lines[line - 1]) if line is not None and 0 < line <= len(lines) else None
    return Location(path, line, text, blob_id)


def snippet(text: str) -> str:
    """One line of a student's text, short, without secrets and personal data."""
    text = redacted(" ".join("".join(char if char.isprintable() else " " for char in text[: 4 * _MAX_SNIPPET]).split()))
    return text if len(text) <= _MAX_SNIPPET else text[: _MAX_SNIPPET - 1] + "…"


def redacted(text: str) -> str:
    """Without secrets and personal data, and without halves of characters, which no table can hold."""
    text = private.URL_LOGIN.sub(r"\g<head>[secret]@", text)
    text = _SECRET.sub("[secret]", text)
    text = _E_MAIL.sub("[e-mail]", text)
    text = private.STUDY_NUMBER.sub("[study number]", text)
    text = private.CPR.sub("[personal number]", private.PHONE.sub("[phone number]", text))
    text = _HOME.sub(r"\1[name]", text)
    return text.encode("utf-8", "replace").decode("utf-8")
