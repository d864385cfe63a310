"""Facts: what is known of a group beside its files.

Belongs here: the values, and when each is not known. Gathering them is for `checklist.facts`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from mlops_mentor.evidence.report.figures import Figure
from mlops_mentor.repos.unmerged import Unmerged


@dataclass(frozen=True)
class Facts:
    """What is known of a group beside its files; None where it is not known.

    `branches` are names without `refs/heads/`. `areas_of_people` are the numbers of areas in which each person worked.
    `style_per_1000_lines` is that of the table `code_quality`: violations of pep8 in own Python.
    `unmerged` gives branches with code that the snapshot never had, those with the most of it first.
    `past_texts` gives (path, blob id, text) of former versions of text files, newest first where git tells.
    """

    group_size: int | None = None
    num_people: int | None = None
    num_commits: int | None = None
    snapshot_sha: str | None = None
    branches: tuple[str, ...] | None = None
    workflow_runs: pl.DataFrame | None = None
    pull_requests: pl.DataFrame | None = None
    report_images: tuple[Figure, ...] = ()
    areas_of_people: tuple[int, ...] | None = None
    style_per_1000_lines: float | None = None
    unmerged: Callable[[], Sequence[Unmerged]] | None = None
    past_texts: Callable[[], Iterable[tuple[str, str, str]]] | None = None
