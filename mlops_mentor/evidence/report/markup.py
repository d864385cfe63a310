"""Images and links in Markdown and HTML, in one pass over the text.

Belongs here: finding targets. Where they lead is for `targets`. A full parser is not used: students' text between the
tags of others is what it reads worst, and its worst cases are slow.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import unescape
from itertools import islice

# Nobody links more from an answer, and no path is longer.
MAX_REFERENCES = 300
_MAX_TARGET = 2000
# Of what may be one, so many are looked at: each costs the length of a target.
_MAX_TRIED = 1000
_MAX_BRACKETS = 50_000
_IMG = re.compile(r"<img\b[^<>]{0,4000}>", re.IGNORECASE)
_ANCHOR = re.compile(r"<a\s[^<>]{0,4000}>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""(?<![\w-])(?:src|href)\s{0,9}=\s{0,9}(?:"([^"]*)"|'([^']*)'|([^\s>"']+))""", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://[^\s<>()\[\]\"'`|]{3,2000}", re.IGNORECASE)
_FENCE = re.compile(r"[ \t>]{0,12}(`{3,}|~{3,})")
_CODE = re.compile(r"`[^`\n]{0,4000}`")
_DEFINITION = re.compile(r" {0,3}\[([^\[\]]{1,200})\]:[ \t]{0,9}<?([^\s<>]{1,2000})>?")


@dataclass(frozen=True)
class Reference:
    """What is shown or linked: the target as written, and the line of the text (from 0) where it stands."""

    target: str
    line: int
    is_image: bool


def references(lines: Sequence[str], definitions: dict[str, str]) -> list[Reference]:
    """Images and links of an answer, in their order. Code holds images, as the course counts them, but no links.

    `definitions` are the targets of `[name]: target`, by name.
    """
    text = "\n".join(lines)
    plain = "\n".join(_without_code(lines))
    found = {
        (start, target, is_image)
        for part in (_bracketed(text, True, definitions), _bracketed(plain, False, definitions), _tags(text, plain))
        for start, target, is_image in part
    }
    known = {target for _, target, _ in found}
    for match in islice(_ADDRESS.finditer(plain), _MAX_TRIED):
        address = match[0].rstrip(".,;:!?*_")
        if address not in known:
            found.add((match.start(), address, False))
    ends = [match.start() for match in re.finditer("\n", text)]
    ordered = sorted(found)[:MAX_REFERENCES]
    return [Reference(target, bisect_right(ends, start - 1), is_image) for start, target, is_image in ordered]


def definitions_in(lines: Sequence[str]) -> dict[str, str]:
    """Targets of `[name]: target`, by lower-cased name."""
    found: dict[str, str] = {}
    for line in lines:
        if match := _DEFINITION.match(line[:_MAX_TARGET]):
            found.setdefault(match[1].casefold().strip(), match[2])
    return found


def _without_code(lines: Sequence[str]) -> list[str]:
    """The same lengths, with blanks where code stands."""
    plain, is_code = [], False
    for line in lines:
        is_fence = bool(_FENCE.match(line[:40]))
        is_code ^= is_fence
        if is_code or is_fence:
            plain.append(" " * len(line))
        else:
            plain.append(_CODE.sub(lambda match: " " * len(match[0]), line))
    return plain


def _bracketed(text: str, is_image: bool, definitions: dict[str, str]) -> Iterator[tuple[int, str, bool]]:
    """`![..](target)` or `[..](target)`, and `[..][name]`: brackets are matched with a stack."""
    opened: list[int] = []
    num_tried = 0
    for match in islice(re.finditer(r"[\[\]]", text), _MAX_BRACKETS):
        position = match.start()
        if match[0] == "[":
            opened.append(position)
            continue
        if not opened:
            continue
        start = opened.pop()
        is_shown = start > 0 and text[start - 1] == "!"
        if is_shown != is_image:
            continue
        following = text[position + 1 : position + 2]
        if following not in ("(", "["):
            continue
        num_tried += 1
        if num_tried > _MAX_TRIED:
            return
        target = _target(text, position + 2) if following == "(" else None
        end = text.find("]", position + 2, position + 202)
        if following == "[" and end > 0:
            name = text[position + 2 : end] or text[start + 1 : position][:200]
            target = definitions.get(name.casefold().strip())
        if target:
            yield start, target, is_image


def _target(text: str, start: int) -> str | None:
    """What stands between the parentheses, without the title."""
    part = text[start : start + _MAX_TARGET].lstrip(" \t\n")
    if part.startswith("<"):
        end = part.find(">")
        return part[1:end] if end > 0 else None
    depth = 0
    for i, char in enumerate(part):
        if char == "(":
            depth += 1
        elif char == ")":
            if depth == 0:
                return _without_title(part[:i])
            depth -= 1
        elif char == "\n" and part[i : i + 2] == "\n\n":
            return None
    return None


def _without_title(target: str) -> str | None:
    # Blanks belong to no target, but people write them: only what stands in quotation marks is a title.
    return re.split(r"\s[\"']", target, maxsplit=1)[0].strip() or None


def _tags(text: str, plain: str) -> Iterator[tuple[int, str, bool]]:
    for pattern, source, is_image in ((_IMG, text, True), (_ANCHOR, plain, False)):
        for match in islice(pattern.finditer(source), _MAX_TRIED):
            if attribute := _ATTRIBUTE.search(match[0]):
                target = unescape(attribute[1] or attribute[2] or attribute[3] or "").strip()
                if target:
                    yield match.start(), target[:_MAX_TARGET], is_image
