"""Sections of prose and of settings: where a file that is no Python may be cut, and what stands for each part.

Belongs here: headings of Markdown and of TOML and INI files. Cutting itself is for `declarations`.
"""

import re
from collections.abc import Sequence

from mlops_mentor.feedback.packs.declarations import Part

_HEADINGS = (
    (re.compile(r"(?i)(\.(md|markdown)$|(^|/)readme$)"), re.compile(r"#{1,6}[ \t]+\S")),
    (re.compile(r"(?i)\.(toml|ini|cfg)$"), re.compile(r"\[{1,2}[^\[\]]{1,200}\]{1,2}[ \t]*(#|;|$)")),
)


def sections_of(path: str, lines: Sequence[str]) -> list[Part]:
    """Parts from heading to heading, each with its heading as what stands for it; none where the file has no headings.

    What stands above the first is a part of its own.
    """
    pattern = next((heading for of_path, heading in _HEADINGS if of_path.search(path)), None)
    if pattern is None:
        return []
    is_code = False
    starts = []
    for number, line in enumerate(lines, start=1):
        if line.startswith("```"):
            is_code = not is_code
        elif not is_code and pattern.match(line):
            starts.append(number)
    if not starts:
        return []
    parts = [Part(range(1, starts[0]))] if starts[0] > 1 else []
    ends = [*starts[1:], len(lines) + 1]
    for begin, end in zip(starts, ends, strict=True):
        statements = tuple(range(number, number + 1) for number in range(begin, end))
        parts.append(Part(range(begin, end), (begin,), statements))
    return parts
