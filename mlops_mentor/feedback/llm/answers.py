"""Answers that were paid for, kept by `answer_id`: the same question is never paid for again.

Belongs here: files. Whether an answer is good is for `judge`.
"""

import logging
import re
import secrets
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from mlops_mentor.feedback.llm.calls import Answer, Usage
from mlops_mentor.storage.whole_files import PRIVATE, replace_whole

log = logging.getLogger(__name__)

_ID = re.compile(r"[A-Za-z0-9_-]{8,128}")
_VERSION = 1


class _Usage(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt: int
    cached: int
    completion: int
    is_estimated: bool


class _Stored(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    version: int
    answer_id: str
    text: str
    model_answered: str | None
    finish_reason: str | None
    usage: _Usage
    cost_usd: float | None
    num_calls: int
    stored_at: datetime


class AnswerStore:
    """Answers below `directory`, which nobody but their owner may read: they speak of students' work."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def path(self, answer_id: str) -> Path:
        """Where it is kept.

        Raises:
            ValueError: this is no id; as a path it could lead anywhere.
        """
        if not _ID.fullmatch(answer_id):
            raise ValueError(f"{answer_id!r} is no id of an answer")
        return self._directory / answer_id[:2] / f"{answer_id}.json"

    def read(self, answer_id: str) -> Answer | None:
        """The answer; None where there is none. A damaged file counts as none and is kept aside."""
        path = self.path(answer_id)
        try:
            stored = _Stored.model_validate_json(path.read_bytes())
            if stored.version != _VERSION or stored.answer_id != answer_id:
                raise ValueError("it is of another version, or another answer's")
        except FileNotFoundError:
            return None
        except (ValidationError, ValueError) as error:
            aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.damaged")
            log.warning(
                "The stored answer %s cannot be read (%s); it is kept as %s.", path, type(error).__name__, aside
            )
            path.replace(aside)
            return None
        return Answer(
            answer_id, stored.text, stored.model_answered, stored.finish_reason, Usage(**stored.usage.model_dump()),
            stored.cost_usd, stored.num_calls, is_stored=True,
        )  # fmt: skip

    def write(self, answer: Answer) -> None:
        """Keep it, whole or not at all; what stood there before is replaced."""
        stored = _Stored.model_validate(asdict(answer) | {"version": _VERSION, "stored_at": datetime.now(UTC)})
        path = self.path(answer.answer_id)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_whole(path, stored.model_dump_json(indent=1).encode(), mode=PRIVATE)

    def set_aside(self, answer_id: str) -> Path | None:
        """Have the answer count as none, and keep it beside its place: there; None where there is none."""
        path = self.path(answer_id)
        aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.aside")
        with suppress(FileNotFoundError):
            return path.replace(aside)
        return None

    def put_back(self, answer_id: str, aside: Path) -> None:
        """Have an answer that was set aside count again, unless there is another by now."""
        path = self.path(answer_id)
        if not path.exists():
            aside.replace(path)
