"""A pack as the text that a model reads: the group's files between fences, then what was measured.

Belongs here: the form of that text. Nothing of the group's stands outside of a fence; what a fence looks like is not
known to whoever wrote the files, because it holds the boundary.
"""

from collections.abc import Iterator

from mlops_mentor.feedback.packs.pack import Excerpt, Pack
from mlops_mentor.feedback.packs.quoting import one_line, quoted

_MAX_PATHS = 60


def render(pack: Pack, boundary: str) -> str:
    """The user's message up to the question, which the caller appends; `boundary` is `PackStore.boundary`'s."""
    parts: list[str] = []
    for number, excerpt in enumerate(pack.excerpts, start=1):
        parts += _fenced(f"file {number}", _header(excerpt), _numbered(excerpt), boundary)
    shown = [excerpt.path for excerpt in pack.excerpts]
    parts += _left_out(pack, boundary)
    parts.append(f"Of the files that concern this, {len(shown)} of {pack.num_files} are shown in part or in full"
                 f"{_share(pack)}. Lines whose numbers are missing were left out for want of room.")  # fmt: skip
    if pack.num_withheld:
        parts.append(f"{pack.num_withheld} of the lines shown were withheld: they address whoever reviews.")
    parts.append("")
    parts.append("What was measured and found by programs of the course, not written by the group:")
    parts += [f"- {_plain(fact, boundary)}" for fact in pack.facts] or ["- Nothing."]
    return "\n".join(parts) + "\n"


def _share(pack: Pack) -> str:
    return f", {100 * pack.num_lines_shown / pack.num_lines:.0f} % of their lines" if pack.num_lines else ""


def _header(excerpt: Excerpt) -> str:
    return f"{quoted(excerpt.path)} ({excerpt.num_lines} lines, {len(excerpt.lines)} shown)"


def _fenced(name: str, header: str, lines: Iterator[str], boundary: str) -> list[str]:
    """The lines between fences; whatever looks like the boundary in them is replaced."""
    inside = [_plain(line, boundary) for line in lines]
    return [f"<<<{boundary} {name}: {_plain(header, boundary)}", *inside, f"{boundary} end of {name}>>>", ""]


def _numbered(excerpt: Excerpt) -> Iterator[str]:
    width = len(str(max((number for number, _ in excerpt.lines), default=0)))
    return (f"{number:>{width}}| {text}" for number, text in excerpt.lines)


def _left_out(pack: Pack, boundary: str) -> list[str]:
    if not pack.left_out:
        return []
    listed = [f"- {each}" for each in pack.left_out[:_MAX_PATHS]]
    if more := len(pack.left_out) - _MAX_PATHS:
        listed += [f"- and {more} more"] if more > 0 else []
    return _fenced("list", "what is not shown, and why", iter(listed), boundary)


def _plain(text: str, boundary: str) -> str:
    return one_line(text).replace(boundary, "[boundary]")
