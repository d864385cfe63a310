"""The prompts: Markdown files with a version in their front matter, filled from the rubric.

Belongs here: reading and filling them. Not a word of a student's goes into one: excerpts and facts are put before the
question by `packs`. Placeholders are `$name`; a name too many or too few is an error, so that no prompt is ever asked
with a hole in it.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template

from mlops_mentor.errors import ConfigError
from mlops_mentor.feedback.rubric import Area, Rubric

_FOLDER = Path(__file__).with_name("prompts")
_FRONT_MATTER = re.compile(r"\A---\nversion: (\d{1,6})\n---\n")

_SHORTENED = " The rest did not fit into this message."
_SCORE_OF_CRITERIA = "The area's `score` will be computed from the criteria's; give the one that you find fitting."
_SCORE_OF_ITS_OWN = "The area's `score` is your own: criteria that weigh more for this group may count more."


@dataclass(frozen=True)
class Prompts:
    """The three prompts, each the text of a file without its front matter; `version` changes with any of them."""

    system_text: str
    question_text: str
    repair_text: str
    version: str

    def system(self, boundary: str) -> str:
        """Who the model is, and what fences mean; `boundary` is our own mark of the fences."""
        return _fill(self.system_text, boundary=boundary)

    def question(self, area: Area, rubric: Rubric, coverage: str, *, is_shortened: bool = False) -> str:
        """The task for an area, to stand behind files and facts. `coverage`: `41 of 57 files, 62 % of their lines`."""
        limits = rubric.limits
        return _fill(
            self.question_text,
            title=area.title,
            question=area.question,
            coverage=coverage,
            shortened=_SHORTENED if is_shortened else "",
            criteria=_criteria(area),
            criterion_ids=", ".join(f"`{each.id}`" for each in area.criteria),
            scores="\n".join(f"- {score}: {words}" for score, words in sorted(area.scores.items())),
            score_rule=_SCORE_OF_CRITERIA if area.score_from == "criteria" else _SCORE_OF_ITS_OWN,
            num_strengths=str(limits.strengths),
            num_improvements=str(limits.improvements),
            remark_words=str(limits.remark_words),
            summary_words=str(limits.summary_words),
            form=_form(area, rubric),
        )

    def repair(self, problems: Sequence[str]) -> str:
        """What was wrong with the last answer; `problems` are sentences of ours."""
        return _fill(self.repair_text, problems="\n".join(f"- {each}" for each in problems))


@cache
def load_prompts(folder: Path | None = None) -> Prompts:
    """The prompts in a folder; the package's own where none is given.

    Raises:
        ConfigError: one cannot be read, or has no version in its front matter.
    """
    texts, versions = {}, []
    for name in ("system", "question", "repair"):
        file = (folder or _FOLDER) / f"{name}.md"
        try:
            content = file.read_text(encoding="utf-8-sig").replace("\r\n", "\n")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{file}: the prompt cannot be read ({error}).") from None
        match = _FRONT_MATTER.match(content)
        if match is None:
            raise ConfigError(f"{file}: must begin with `---`, `version: <number>`, `---`. Add that.")
        versions.append(match[1])
        texts[name] = content[match.end() :].strip()
    parts = (*texts.values(), _SHORTENED, _SCORE_OF_CRITERIA, _SCORE_OF_ITS_OWN)
    code = hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:8]
    return Prompts(texts["system"], texts["question"], texts["repair"], f"{'.'.join(versions)}-{code}")


def _fill(text: str, **values: str) -> str:
    template = Template(text)
    names = set(template.get_identifiers())
    if not template.is_valid() or names != set(values):
        raise ConfigError(f"A prompt must hold exactly the placeholders {', '.join(sorted(values))}: correct it.")
    return template.substitute(values)


def _criteria(area: Area) -> str:
    weights = {each.weight for each in area.criteria}
    return "\n".join(
        f"- `{each.id}` ({each.title}{'' if len(weights) == 1 else f', weight {each.weight:g}'}): {each.question}"
        for each in area.criteria
    )


def _form(area: Area, rubric: Rubric) -> str:
    """An answer with what belongs there in place of its values: a number would be taken for advice."""
    score = f"<{rubric.scale.least} to {rubric.scale.most}>"
    citation = {"path": "<path>", "start_line": "<line>", "end_line": "<line>", "quote": "<the line, as it stands>"}
    trouble = {"text": "<the trouble, and what comes of it>", "severity": "<minor, major or critical>"}
    answer = {
        "strengths": [{"criterion": "<id>", "text": "<what is good, and why>", "citations": [citation]}],
        "improvements": [{"criterion": "<id>", **trouble, "advice": "<a first step>", "citations": [citation]}],
        "summary": "<a few sentences>",
        "criteria": [{"criterion": each.id, "score": score} for each in area.criteria],
        "score": score,
        "confidence": "<1 to 10>",
    }
    text = json.dumps(answer, indent=1)
    for number in (score, "<line>", "<1 to 10>"):
        text = text.replace(f'"{number}"', number)
    return text
