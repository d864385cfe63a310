"""Models for tests: they read what they are shown between fences, and answer about it."""

import json
import re
from collections.abc import Mapping
from typing import Any

from mlops_mentor_tests.feedback.llm.fault_server import Asked

_HEAD = re.compile(r'^<<<(?P<mark>\S+) file \d+: (?P<path>".*") \(\d+ lines, \d+ shown\)$')
_LINE = re.compile(r"^ *(?P<number>\d+)\| (?P<text>.*)$")
_MIN_QUOTE = 16


def shown_lines(text: str) -> list[tuple[str, int, str]]:
    """(path, line, text) of each line between fences that says something."""
    found: list[tuple[str, int, str]] = []
    path, mark = None, ""
    for line in text.split("\n"):
        if head := _HEAD.match(line):
            path, mark = json.loads(head["path"]), head["mark"]
        elif mark and line.startswith(mark):
            path = None
        elif path is not None and (match := _LINE.match(line)) and len(match["text"].strip()) >= _MIN_QUOTE:
            found.append((path, int(match["number"]), match["text"]))
    return found


def marks(text: str) -> list[str]:
    """The fences' marks, one a file that is shown."""
    return [head["mark"] for line in text.split("\n") if (head := _HEAD.match(line))]


def honest(asked: Asked, score: int = 3) -> str:
    """An answer whose every remark quotes a line that was shown."""
    schema: Mapping[str, Any] = asked.body["response_format"]["json_schema"]["schema"]
    criteria = schema["properties"]["criteria"]["items"]["properties"]["criterion"]["enum"]
    lines = shown_lines(asked.text)
    cited = [
        [{"path": path, "start_line": number, "end_line": number, "quote": text}] for path, number, text in lines[:4]
    ]
    remark = {"criterion": criteria[0], "text": "It says what it does."}
    more = {"severity": "minor", "advice": "Say it in a test as well."}
    return json.dumps(
        {
            "strengths": [remark | {"citations": each} for each in cited[:2]],
            "improvements": [remark | more | {"citations": each} for each in cited[2:]],
            "summary": "A small project in order.",
            "criteria": [{"criterion": each, "score": score} for each in criteria],
            "score": score,
            "confidence": 7,
        }
    )
