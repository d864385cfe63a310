"""Neutralising: what a reviewer sees of a text gives it no orders, hides nothing, and poses as nobody else.

Belongs here: which lines are withheld, and how the others are shown. What an order is says `evidence.orders`; secrets
and personal data are for `redaction`, and both come together in `cleaner`. Lines stay where they were.
"""

import re
from collections.abc import Sequence

from mlops_mentor.evidence.orders import find_orders, order_in_path

WITHHELD = "[line withheld: it addresses a reviewer]"
# What follows an order in the same breath belongs to it.
_MAX_MORE = 4
_GOES_ON = re.compile(
    r"(?i)scor|grad|mark|point|review|rat(?:e|ing)|instruc|prompt|perfect|excellent|flawless|weakness|improv|/5|"
    r"/10|5 of|"
    r"strength|approv|assistant|\bai\b|llm|ignor|then|also|do not|don't|never|must|system|answer|respond|output|json"
)
# What leads up to it says to whom it speaks.
_SPOKEN_TO = re.compile(
    r"(?i)review|grader|grading|examiner|evaluat|assess|language model|assistant|\bai\b|\bllm|\byou\b"
)
_NO_WIDTH = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200d\u2060-\u2064\u206a-\u206f\u3164\ufeff\uffa0]"
)
_TAGS = re.compile("(?<![\U0001f3f4\U000e0020-\U000e007e])[\U000e0000-\U000e0fff]{1,4096}")
_SHOWN = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufff9-\ufffb]")
_TEMPLATE = re.compile(r"<(\|[^|<>\n]{1,40}\|)>|<([\uff5c][^<>\n]{1,40}[\uff5c])>")
_BRACKETED = re.compile(r"\[(/?(?:INST|SYS|SYSTEM|ASSISTANT|USER)(?:_\w{1,20})?)\]|<<(/?SYS)>>", re.IGNORECASE)
_ELEMENT = re.compile(
    r"<(/?[ \t]{0,4}(?:file|files|submission|document|documents|system|system[_-](?:message|prompt|reminder)|"
    r"user|assistant|human|instructions?|"
    r"repository|evidence|excerpts?|pack|untrusted|student[_-]?\w{0,20}|context|prompt|question|rubric|answer|"
    r"review|score|grading|fence|boundary|"
    r"important|admin|tool[_-]?\w{0,20}|function[_-]?\w{0,20})\b[^<>\n]{0,200})>",
    re.IGNORECASE,
)
_SPEAKER = re.compile(
    r"^(?P<head>[\W_]{0,12})(?P<who>SYSTEM|System|ASSISTANT|Assistant|DEVELOPER|Developer|HUMAN|Human|USER|User|"
    r"AI|Grader|Reviewer)"
    r"(?P<what>(?: (?:message|prompt|note|override|instruction))?)[ \t]{0,2}:(?=\**[ \t]{0,8}[^\s\W])"
)
_HEADING = re.compile(
    r"^(?P<head>[^\w\n]{0,8}?)(?P<marks>#{2,6})(?=[ \t]{0,4}(?:system|instructions?|response|human|assistant|"
    r"user|input|end of)\b[ \t]{0,4}:?[ \t]{0,4}$)",
    re.IGNORECASE,
)
_BORDER = re.compile(
    r"(?P<left>[-=#*<>~_`+]{3,200})(?P<said>[ \t]{0,8}(?:begin|end|start|eof|stop)\b[^\n]{0,80}?\b(?:file|"
    r"submission|student|repository|untrusted|user|"
    r"system|data|input|context|text|excerpts?|pack|prompt|instructions?|message|document|"
    r"content)s?\b[^\n]{0,60}?)(?P<right>[-=#*<>~_`+]{0,200})$",
    re.IGNORECASE,
)


def withheld_lines(lines: Sequence[str]) -> frozenset[int]:
    """Numbers (from 1) of the lines that address a reviewer, whether or not that is certain enough for a flag."""
    found: set[int] = set()
    for order in find_orders("\n".join(lines)):
        found.update(range(order.first_line, order.last_line + 1))
        for number in range(order.first_line - 1, max(0, order.first_line - _MAX_MORE), -1):
            if not _SPOKEN_TO.search(lines[number - 1]):
                break
            found.add(number)
        for number in range(order.last_line + 1, min(order.last_line + _MAX_MORE, len(lines)) + 1):
            line = lines[number - 1]
            if not line.strip() or not _GOES_ON.search(line):
                break
            found.add(number)
    return frozenset(number for number in found if number <= len(lines))


def addresses_reviewer(path: str) -> bool:
    """Whether a path is an order: such a file is not shown, for its name would be."""
    return order_in_path(path) is not None


def harmless(text: str) -> str:
    """The text, lines parted by line breaks, with nothing in it that is not seen or that lets somebody else speak."""
    if not text.isascii() or not text.isprintable():
        text = "\n".join(map(_visible, text.split("\n"))) if _needs_a_look(text) else text
    if "<" in text:
        text = _TEMPLATE.sub(lambda match: f"\u2039{match[1] or match[2]}\u203a", text)
    if "[" in text or "<<" in text:
        text = _BRACKETED.sub(lambda match: f"({match[1] or match[2]})", text)
    if "<" in text:
        text = _ELEMENT.sub("\u2039\\1\u203a", text)
    return "\n".join(map(_without_roles, text.split("\n")))


def _needs_a_look(text: str) -> bool:
    return any(
        pattern.search(text)
        for pattern in (
            _NO_WIDTH,
            _TAGS,
            re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e-\u202e\u2066-\u2069\ud800-\udfff]"),
        )
    )


def _visible(line: str) -> str:
    line = _TAGS.sub("[hidden characters]", line)
    line = _NO_WIDTH.sub("", line)
    return _SHOWN.sub(lambda match: f"\\u{ord(match.group()):04x}", line.rstrip("\r\x0c"))


def _without_roles(line: str) -> str:
    if ":" in line:
        line = _SPEAKER.sub(r"\g<head>(\g<who>\g<what>):", line)
    if "##" in line:
        line = _HEADING.sub(r"\g<head>(\g<marks>)", line)
    if any(mark in line for mark in ("---", "===", "###", "***", "<<<", ">>>", "~~~", "___", "```", "+++")):
        line = _BORDER.sub(_without_border, line)
    return line


def _without_border(match: re.Match[str]) -> str:
    return f"{match['left'][0]} {match['said'].strip()} {match['right'][:1]}".rstrip()
