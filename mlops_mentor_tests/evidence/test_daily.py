from collections.abc import Iterable, Sequence

import polars as pl

from mlops_mentor.evidence.code.facts import Facts
from mlops_mentor.evidence.code.starter import StarterShapes
from mlops_mentor.evidence.daily import standings
from mlops_mentor_tests.evidence.checklist.projects import project_of
from mlops_mentor_tests.evidence.report.reports import TEXT, report

CODE = "import wandb\nwandb.init()\n"


class Reader:
    """The contents of several commits."""

    def __init__(self, *projects: dict[str, str]) -> None:
        self.frames: dict[str, pl.DataFrame] = {}
        self.contents: dict[str, bytes | None] = {}
        for number, contents in enumerate(projects):
            own = project_of(contents).own
            self.frames[str(number)] = own.files
            rows = own.files.select("blob_id", "bytes")
            self.contents |= dict(own.read(rows["blob_id"].to_list(), rows["bytes"].to_list()))

    def __call__(self, ids: Sequence[str], sizes: Sequence[int | None]) -> Iterable[tuple[str, bytes | None]]:
        return [(blob_id, self.contents[blob_id]) for blob_id in ids]


def test_each_commit_is_judged_by_itself() -> None:
    empty = {"README.md": "# Birds\n" * 30}
    code = {**empty, "src/birds/train.py": CODE}
    done = {**code, "reports/README.md": report(dict.fromkeys(range(3, 20), TEXT))}
    reader = Reader(empty, code, done)
    found = dict(standings(reader.frames, reader, StarterShapes.none(), Facts(), {}))
    shown = [found[sha].checklist_shown for sha in ("0", "1", "2")]
    assert shown[0] is not None
    assert shown[1] is not None
    assert shown[0] < shown[1] == shown[2]
    assert [found[sha].report_answered for sha in ("0", "1")] == [0, 0]
    assert found["2"].report_answered == 17 / 31


def test_commits_are_judged_as_if_alone() -> None:
    first, second = {"src/a.py": CODE}, {"src/a.py": "x = 1\n", "src/b.py": CODE}
    both = Reader(first, second)
    alone = Reader(second)
    [(_, expected)] = standings(alone.frames, alone, StarterShapes.none(), Facts(), {})
    assert dict(standings(both.frames, both, StarterShapes.none(), Facts(), {}))["1"] == expected
