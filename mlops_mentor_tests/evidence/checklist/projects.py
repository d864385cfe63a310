"""Projects for the tests of detectors: made of texts by path, without git."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from hashlib import sha1

import polars as pl

from mlops_mentor.evidence.checklist.detect import detect
from mlops_mentor.evidence.checklist.items import checklist
from mlops_mentor.evidence.code.facts import Facts
from mlops_mentor.evidence.code.own_files import OwnFiles
from mlops_mentor.evidence.code.project import Project
from mlops_mentor.evidence.code.starter import StarterShapes
from mlops_mentor.evidence.finding import Finding
from mlops_mentor.repos.files import _kinds, count_lines
from mlops_mentor.schemas import FILES

Contents = Mapping[str, str | bytes]


def project_of(
    contents: Contents,
    *,
    starter: Collection[str] = (),
    missing: Collection[str] = (),
    shapes: StarterShapes | None = None,
    report_path: str | None = None,
    facts: Facts | None = None,
) -> Project:
    """A project; `starter` are paths that the course handed out, `missing` those that the mirror lacks."""
    blobs: dict[str, bytes] = {}
    rows = []
    for path, text in sorted(contents.items()):
        content = text.encode() if isinstance(text, str) else text
        blob_id = sha1(content).hexdigest()
        is_available = path not in missing
        if is_available:
            blobs[blob_id] = content
        rows.append(
            {
                "group_id": "1",
                "path": path,
                "bytes": len(content) if is_available else None,
                "kind": kind_of(path),
                "lines": count_lines(content) if is_available else None,
                "blob_id": blob_id,
                "mode": "100644",
                "is_available": is_available,
                "is_vendored": bool(re.search(_kinds().vendored, path.lower())),
                "is_generated": bool(re.search(_kinds().generated, path.lower())),
                "is_starter_code": path in starter,
            }
        )

    def read(blob_ids: Sequence[str], sizes: Sequence[int | None]) -> Iterator[tuple[str, bytes | None]]:
        assert len(blob_ids) == len(sizes)
        yield from ((blob_id, blobs.get(blob_id)) for blob_id in blob_ids)

    own = OwnFiles(pl.DataFrame(rows, schema=FILES.schema), read, shapes or StarterShapes.none(), report_path)
    return Project(own, facts or Facts())


def kind_of(path: str) -> str:
    """What the table `files` would say."""
    return next((kind for kind, pattern in _kinds().kinds if re.search(pattern, path.lower())), "other")


def shown(item_id: str, contents: Contents, facts: Facts | None = None, **options: object) -> Finding:
    """What such a project shows of one item."""
    item = next(item for item in checklist().items if item.id == item_id)
    return detect(project_of(contents, facts=facts, **options), [item])[item_id]  # type: ignore[arg-type]
