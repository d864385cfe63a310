"""Which of several files a reader would open first.

Belongs here: an order by paths alone, for places that show the same.
"""

import re
from pathlib import PurePosixPath

# What stands beside the project itself: it runs it, measures it, serves it.
_BEHIND = re.compile(
    r"^(scripts?|tools?|evaluat\w*|eval|profil\w*|apis?|app|backend|frontend|examples?|notebooks?|tests?)$"
)
# What nobody uses any more, or never was the project.
_PUT_AWAY = re.compile(
    r"^(\..{1,100}|(\w{0,60}_)?(trash|old|deprecated|legacy|backups?|unused)(_\w{0,60})?"
    r"|_?archived?|exercises?|sandbox|scratch|playground)$"
)
_PUT_AWAY_RANK, _BEHIND_RANK = 20, 10


def rank(path: str, first: str = "train", then: str = "model") -> int:
    """The lower, the sooner: what is called `first`, `then`, the rest, each in `src` before elsewhere; what stands
    beside the project; what was put away or hidden.
    """
    pure = PurePosixPath(path.lower())
    names = [*pure.parts[:-1], pure.stem]
    if is_put_away(path):
        return _PUT_AWAY_RANK
    if any(map(_BEHIND.match, names)) or _is_of(pure.stem, "evaluate", "profile", "profiling"):
        return _BEHIND_RANK
    order = 0 if _is_of(pure.stem, first) else 1 if _is_of(pure.stem, then) else 2
    return 2 * order + ("src" not in pure.parts[:-1])


def _is_of(stem: str, *names: str) -> bool:
    return stem.startswith(names)


def is_put_away(path: str) -> bool:
    """Whether it lies in a hidden folder, or in one of what is not used any more; so by its own name too."""
    pure = PurePosixPath(path.lower())
    return any(map(_PUT_AWAY.match, [*pure.parts[:-1], pure.stem]))
