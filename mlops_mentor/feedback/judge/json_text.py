"""The JSON object in a model's text.

Belongs here: finding it. A fence, prose and thoughts may stand around it; a second object is a second answer, and
nobody can say which one counts.
"""

import json
import re
from collections.abc import Sequence
from typing import Any

# Longer than any answer; and what follows so many braces that begin no object is no answer either.
_MAX_CHARACTERS = 400_000
_MAX_BRACES = 200
# A brace that begins an object, and not one in prose.
_OBJECT = re.compile(r'\{\s*(?:"|\})')
_THOUGHTS_BEGIN, _THOUGHTS_END = "<think>", "</think>"

NO_OBJECT = "It is no JSON object: answer with one JSON object and nothing else."
_TWO_OBJECTS = "It holds more than one JSON object: answer with exactly one."
_TWICE = "The same key stands twice in an object."
_CUT = "It ends before its JSON object does: be shorter."


class _BrokenError(ValueError):
    """Its text is a sentence."""


def read_object(text: str) -> dict[str, Any] | str:
    """The only JSON object in a text; why there is none, as a sentence, where there is none or more than one."""
    text = text[:_MAX_CHARACTERS].strip().removeprefix("\ufeff").strip()
    if text.startswith(_THOUGHTS_BEGIN) and _THOUGHTS_END in text:
        text = text.split(_THOUGHTS_END, 1)[1]
    try:
        found = _objects(text)
    except _BrokenError as error:
        return str(error)
    if len(found) > 1:
        return _TWO_OBJECTS
    return found[0] if found else NO_OBJECT


def _objects(text: str) -> list[dict[str, Any]]:
    """Objects that stand beside each other, two at most; what stands within one is part of it."""
    decoder = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_number)
    found: list[dict[str, Any]] = []
    end = 0
    for _ in range(_MAX_BRACES):
        begin = _OBJECT.search(text, end)
        if begin is None or len(found) > 1:
            break
        try:
            content, end = decoder.raw_decode(text, begin.start())
        except _BrokenError:
            raise
        except json.JSONDecodeError as error:
            # What stands within a broken object is no answer, so that nothing after it is looked at.
            is_cut = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated")
            raise _BrokenError(_CUT if is_cut else f"It is no valid JSON: {error.msg}.") from None
        except (ValueError, RecursionError):
            raise _BrokenError(NO_OBJECT) from None
        # `{}` in prose says nothing.
        found += [content] if content else []
    return found


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        raise _BrokenError(_TWICE)
    return content


def _no_number(name: str) -> Any:
    raise _BrokenError("NaN and Infinity are no numbers of JSON.")
