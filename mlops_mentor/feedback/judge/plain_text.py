"""A model's text without what a page could load, follow or run.

Belongs here: what is taken out. Pages escape what they show besides; this keeps it out of the tables too, and a group
whose repository tells the model to link somewhere has nothing of it.
"""

import re
import unicodedata

# Bounded, so that no text takes long: a tag or a link that is longer is none.
_SCHEME = r"(?:[a-zA-Z][a-zA-Z0-9+.-]{1,20}:|//|www\.)"
_IMAGE_OR_LINK = re.compile(
    rf"!?\[([^\[\]\n]{{0,300}})\]\([ ]{{0,3}}<?{_SCHEME}(?:[^()\n]|\([^()\n]{{0,100}}\)){{0,2000}}\)"
)
_ADDRESS = re.compile(
    r"<?\b(?:(?:https?|ftp)://|www\.|data:[a-z]{1,20}/|javascript:)[^\s<>`\"')\]]{1,2000}>?", re.IGNORECASE
)
_COMMENT = re.compile(r"<!--.{0,2000}?-->", re.DOTALL)
_TAG = re.compile(
    r"</?(?:a|audio|base|body|button|details|div|embed|form|frame|h[1-6]|head|html|iframe|img|input|link|math|meta|object"
    r"|p|picture|script|source|span|style|summary|svg|table|template|textarea|title|video)\b[^<>]{0,2000}>",
    re.IGNORECASE,
)


def plain(text: str) -> str:
    """The text without images, links (their words stay), addresses, HTML and characters that nobody sees.

    Placeholders such as `<your-bucket>` and line breaks stay; blanks at its ends do not.
    """
    text = "".join(
        each for each in text if each in "\n\t" or unicodedata.category(each) not in {"Cc", "Cf", "Co", "Cs"}
    )
    text = _IMAGE_OR_LINK.sub(r"\1", _COMMENT.sub("", text))
    return _TAG.sub("", _ADDRESS.sub("(address left out)", text)).strip()
