"""HTML comments in a report, which its readers do not see.

Belongs here: blanking them, line by line. What is left is for `split` and for the checklist's boxes.
"""

from collections.abc import Sequence


def without_comments(lines: Sequence[tuple[int, str]]) -> list[tuple[int, str]]:
    """Closed HTML comments become blanks; one that is never closed stays as it is."""
    text = "\n".join(line for _, line in lines)
    if "<!--" not in text:
        return list(lines)
    parts, position = [], 0
    while (opened := text.find("<!--", position)) >= 0 and (closed := text.find("-->", opened + 4)) >= 0:
        parts += [text[position:opened], "\n" * text.count("\n", opened, closed)]
        position = closed + 3
    parts.append(text[position:])
    return [(number, line) for (number, _), line in zip(lines, "".join(parts).split("\n"), strict=True)]
