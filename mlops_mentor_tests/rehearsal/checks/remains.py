"""What must not be left behind: temporaries, runs that never end, processes.

Belongs here: looking for it. A killed process cannot clean up after itself; whoever runs next has to, once what it
finds is old.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from mlops_mentor_tests.rehearsal.processes import Product
from mlops_mentor_tests.rehearsal.stored import unfinished_runs

_HOURS_AGO_S = 7200


def temporaries(data: Path) -> list[Path]:
    """Files that a writer has not moved to their place."""
    folders = ("lake", "mirrors", "export", "site", "packs", "answers")
    found = [path for folder in folders for path in (data / folder).rglob(".*") if path.exists()]
    found += [path for path in data.glob(".*") if path.is_file()]
    return [path for path in found if path.name.endswith(".tmp") or ".tmp" in path.name or "tmp" in path.suffix]


def grow_old(paths: list[Path]) -> None:
    """As if two hours had passed."""
    for path in paths:
        moment = path.stat().st_mtime - _HOURS_AGO_S
        os.utime(path, (moment, moment))


def check_remains(product: Product) -> Iterator[str]:
    """After a run that came when what was left had grown old."""
    if left := temporaries(product.data):
        names = sorted(str(path.relative_to(product.data)) for path in left)
        yield f"{len(left)} temporaries are left, such as {names[:3]}"
    if left_runs := unfinished_runs(product.data):
        yield f"{len(left_runs)} runs have not ended: {left_runs[:3]}"
    if processes := product.processes():
        yield f"{len(processes)} processes are left: {sorted(each.kind for each in processes)}"
