"""Questions to a model, and the keys under which answers are stored.

Belongs here: messages and keys. The system's message holds nothing of a student's; the user's begins with the pack, so
that servers reuse what they have read of it, and ends with the task.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mlops_mentor.feedback.judge.answer import ANSWER_FORM, answer_schema
from mlops_mentor.feedback.llm.calls import Answer, Purpose, Question, Role, estimate_tokens
from mlops_mentor.feedback.packs.pack import Pack
from mlops_mentor.feedback.prompts import Prompts
from mlops_mentor.feedback.rubric import Area, Rubric

Parameters = Mapping[str, str | int | float | None]

# Of an answer that is shown to the model again; what is longer went wrong from its beginning.
_MAX_ECHO = 20_000


@dataclass(frozen=True)
class Asker:
    """What makes questions about one area to one model."""

    group_id: str
    area: Area
    rubric: Rubric
    prompts: Prompts
    model: str
    parameters: Parameters
    is_second: bool = False

    def first(self, pack: Pack, shown: str, boundary: str, *, is_shortened: bool) -> Question:
        """The question about a pack; `shown` is its text between fences of that mark, with the facts behind it."""
        task = self.prompts.question(self.area, self.rubric, pack.coverage, is_shortened=is_shortened)
        messages: tuple[tuple[Role, str], ...] = (
            ("system", self.prompts.system(boundary)),
            ("user", f"{shown.rstrip()}\n\n{task}"),
        )
        purpose: Purpose = "second" if self.is_second else "first"
        key = input_key(pack.pack_id, self.area, self.rubric, self.prompts, self.model, self.parameters)
        return Question(
            group_id=self.group_id,
            area=self.area.id,
            purpose=purpose,
            model=self.model,
            messages=messages,
            schema_name=f"feedback_{self.area.id}"[:64],
            schema=answer_schema(self.area),
            answer_id=_hash(key, purpose, str(is_shortened)),
            num_tokens=_num_tokens(messages),
        )

    def repair(self, question: Question, answer: Answer, problems: Sequence[str], boundary: str) -> Question:
        """The same question, with the answer to it and what is wrong with that."""
        text = re.sub(re.escape(boundary), "", answer.text[:_MAX_ECHO], flags=re.IGNORECASE).strip() or "(nothing)"
        messages: tuple[tuple[Role, str], ...] = (
            *question.messages,
            ("assistant", text),
            ("user", self.prompts.repair(problems)),
        )
        purpose: Purpose = "second_repair" if self.is_second else "repair"
        answer_id = _hash(question.answer_id, purpose, text, *problems)
        num_tokens = _num_tokens(messages)
        return replace(question, purpose=purpose, messages=messages, answer_id=answer_id, num_tokens=num_tokens)


def input_key(
    pack_id: str,
    area: Area,
    rubric: Rubric,
    prompts: Prompts,
    model: str,
    parameters: Parameters,
    second_model: str | None = None,
) -> str:
    """The key of a judgement: while it is the same, no model has to be asked again."""
    return _hash(
        pack_id,
        rubric.key(area.id),
        prompts.version,
        ANSWER_FORM,
        model,
        json.dumps(dict(parameters), sort_keys=True),
        second_model or "",
    )


def _num_tokens(messages: Sequence[tuple[Role, str]]) -> int:
    return estimate_tokens([text for _, text in messages])


def _hash(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "replace")).hexdigest()[:32]
