"""Markdown out of texts that others wrote: of students, of models, of TAs.

Belongs here: escaping. What comes out has no link, image, heading, list or HTML but those that the page itself makes.
"""

import re
from urllib.parse import quote

# Punctuation that means something within a line. The others do at its beginning alone.
_MARKUP = re.compile(r"([\\`*_\[\]<>&|~$#])")
_AT_BEGINNING = re.compile(r"^(\d{1,9})([.)])|^([-+=:])")
# Readers make links of bare addresses, escaped or not, and GitHub calls people: as code they are left alone.
_ADDRESS = re.compile(r"(?i)((?<!\S)\S{0,400}?(?:://|www\.|@)\S*)")
_CODE = re.compile(r"(?<!`)`([^`]+)`(?!`)")
_TICKS = re.compile("`+")
_REPOSITORY = re.compile(r"https://[\w.-]+(?::\d{1,5})?(?:/[\w.~-]+){2,}", re.ASCII)
_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def plain(text: str) -> str:
    """One line of text that reads as it is written; what cannot be seen becomes a blank."""
    parts = _ADDRESS.split(_one_line(text))
    escaped = "".join(code(part) if number % 2 else _MARKUP.sub(r"\\\1", part) for number, part in enumerate(parts))
    return _AT_BEGINNING.sub(lambda match: f"{match[1]}\\{match[2]}" if match[1] else f"\\{match[3]}", escaped)


def prose(text: str) -> str:
    """The same, but what stands between single backticks is code: rules and models name commands and files so."""
    parts = _CODE.split(_one_line(text))
    # Only the first may begin a line, but to escape more does no harm.
    return "".join(code(part) if number % 2 else _kept_blanks(part) for number, part in enumerate(parts))


def code(text: str) -> str:
    """One line as a code span, whatever backticks are in it; nothing for nothing."""
    line = _one_line(text)
    if not line:
        return ""
    ticks = "`" * (_longest(line) + 1)
    # A blank at either end goes away again, and without it backticks would join.
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{ticks}{pad}{line}{pad}{ticks}"


def code_block(text: str, indent: str = "") -> str:
    """Lines as a fenced block, whatever backticks are in them; every line stands behind `indent`."""
    lines = [_visible(line).rstrip() for line in text.splitlines()]
    ticks = "`" * max(3, _longest("\n".join(lines)) + 1)
    return "\n".join(f"{indent}{line}".rstrip() for line in (f"{ticks}text", *lines, ticks))


def cited(path: str, start_line: int, end_line: int, blob_url: str | None) -> str:
    """`path:line` as code; a link to it where the repository's pages have it and no bracket stands in the way."""
    lines = f"{start_line}" if end_line <= start_line else f"{start_line}-{end_line}"
    shown = code(f"{path}:{lines}")
    # With a bracket in it the whole may read as the definition of a link, and be gone.
    if blob_url is None or "]" in path:
        return shown
    anchor = f"#L{start_line}" if end_line <= start_line else f"#L{start_line}-L{end_line}"
    # The whole path is encoded, brackets too: nothing in it can end the link.
    return f"[{shown}]({blob_url}/{quote(path, safe='/', errors='replace')}{anchor})"


def blob_url(repository_url: str, sha: str) -> str | None:
    """Where the server shows files of a commit; None for what is no plain https address."""
    if not _REPOSITORY.fullmatch(repository_url) or not _SHA.fullmatch(sha):
        return None
    is_gitlab = repository_url.startswith("https://gitlab.")
    return f"{repository_url}{'/-' if is_gitlab else ''}/blob/{sha}"


def _one_line(text: str) -> str:
    return " ".join(_visible(text).split())


def _visible(text: str) -> str:
    """Marks that turn the direction of writing, have no width or control a terminal become blanks."""
    shown = "".join(char if char.isprintable() else " " for char in text)
    return shown.encode("utf-8", "replace").decode("utf-8")


def _kept_blanks(text: str) -> str:
    before = " " if text.startswith(" ") else ""
    after = " " if text.endswith(" ") and text.strip() else ""
    return f"{before}{plain(text)}{after}"


def _longest(text: str) -> int:
    return max((len(ticks) for ticks in _TICKS.findall(text)), default=0)
