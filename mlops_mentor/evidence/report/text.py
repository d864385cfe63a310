"""Lines of a text that somebody committed, whatever its encoding.

Belongs here: from bytes to lines. What the lines say is for the callers.
"""

# No hand writes a longer report; images put into it as text are all that is larger.
MAX_BYTES = 2 * 2**20
# What follows so many lines is no report either: blank lines by the million are cheap to write.
MAX_LINES = 60_000
# Markup stands at the head of a line: so much of it is looked at.
MAX_HEAD = 400
_HEAD_BYTES = 8000
_POINTER = (b"version https://git-lfs.github.com/spec/", b"version https://hawser.github.com/spec/")


def is_pointer(content: bytes) -> bool:
    """A stand-in of Git LFS, not the text itself."""
    return content.startswith(_POINTER) and len(content) <= 1024


def lines_of(content: bytes) -> list[str] | None:
    """The text's first `MAX_LINES` lines, as an editor numbers them; None for what is no text, or too large."""
    if len(content) > MAX_BYTES:
        return None
    text = _decoded(content)
    return None if text is None else text.replace("\r\n", "\n").replace("\r", "\n").split("\n")[:MAX_LINES]


def _decoded(content: bytes) -> str | None:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace").removeprefix("\ufeff")
    head = content[:_HEAD_BYTES]
    if b"\0" in head:
        return _wide(content, head)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _wide(content: bytes, head: bytes) -> str | None:
    """UTF-16 without its mark: nearly every second byte is a zero."""
    for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        half = head[first::2]
        if len(half) > 8 and half.count(0) > 0.8 * len(half):
            return content.decode(encoding, "replace")
    return None
