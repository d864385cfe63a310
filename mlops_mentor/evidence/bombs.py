"""Bombs: small files that grow or nest without bound in a program that reads them.

Belongs here: YAML whose aliases multiply, and brackets nested by the hundred. Nothing is built while it is looked at:
YAML is read as a stream of events, and only sizes are kept.
"""

import re
from typing import Any

import yaml

_OPENING = re.compile(r"[\[({][\[({\s]*")
# Above it readers in Python and C give up, or worse; nobody nests so deep by hand.
_MAX_DEPTH = 400
_MAX_EXPANDED = 10_000_000
_MAX_YAML_CHARACTERS = 256 * 2**10
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def is_bomb(path: str, text: str) -> bool:
    """Whether reading the text as what its name says would take memory or a stack without bound."""
    lowered = path.lower()
    if lowered.endswith((".yml", ".yaml")) and text.count("*") > 3 and text.count("&") > 1:  # noqa: SIM102
        if expanded_size(text) > _MAX_EXPANDED:
            return True
    return bool(lowered.endswith((".yml", ".yaml", ".json", ".toml", ".py", ".ipynb")) and _is_deep(text))


def _is_deep(text: str) -> bool:
    if sum(text.count(bracket) for bracket in "[({") < _MAX_DEPTH:
        return False
    runs = (match.group() for match in _OPENING.finditer(text) if len(match.group()) >= _MAX_DEPTH)
    return any(sum(run.count(bracket) for bracket in "[({") >= _MAX_DEPTH for run in runs)


def expanded_size(text: str) -> int:
    """Nodes that the YAML has when every alias is written out; of a broken text those up to where it breaks.

    Stops counting when it is known to be too many.
    """
    sizes: dict[str, int] = {}
    # One entry a collection that is open: its anchor, and the nodes in it so far.
    open_nodes: list[tuple[str | None, int]] = [(None, 0)]
    try:
        for event in yaml.parse(text[:_MAX_YAML_CHARACTERS], Loader=_LOADER):
            if isinstance(event, yaml.CollectionStartEvent):
                open_nodes.append((event.anchor, 1))
                continue
            if isinstance(event, yaml.AliasEvent):
                added, anchor = sizes.get(event.anchor or "", 1), None
            elif isinstance(event, yaml.ScalarEvent):
                added, anchor = 1, event.anchor
            elif isinstance(event, yaml.CollectionEndEvent):
                anchor, added = open_nodes.pop()
            else:
                continue
            if anchor is not None:
                sizes[anchor] = added
            outer, number = open_nodes[-1]
            open_nodes[-1] = (outer, number + added)
            if added > _MAX_EXPANDED:
                return added
    except (yaml.YAMLError, ValueError, RecursionError, MemoryError, IndexError):
        pass
    return sum(number for _, number in open_nodes)
