"""A snapshot without git: files by path, with what `files` would say of them, and a reader of their contents."""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

import polars as pl

from mlops_mentor.evidence.quality.code_quality import Quality, measure_quality
from mlops_mentor.evidence.quality.programs import Programs, installed_programs
from mlops_mentor.schemas import FILES

_KINDS = {".py": "python", ".ipynb": "notebook", ".md": "docs", ".dockerfile": "docker", ".csv": "data"}


def _kind(path: str) -> str:
    name = path.rsplit("/", 1)[-1]
    if path.startswith(".github/workflows/"):
        return "workflow"
    if name.startswith("Dockerfile"):
        return "docker"
    if path.endswith(".py") and ("tests/" in path or name.startswith("test_")):
        return "test"
    return next((kind for suffix, kind in _KINDS.items() if path.endswith(suffix)), "config")


def snapshot(
    contents: Mapping[str, str | bytes], *, starter: Collection[str] = (), missing: Collection[str] = ()
) -> tuple[pl.DataFrame, dict[str, bytes]]:
    """The frame `files`, and contents by blob id; `missing` are paths whose blobs are not in the mirror."""
    rows, blobs = [], {}
    for path, text in contents.items():
        content = text.encode() if isinstance(text, str) else text
        blob_id = hashlib.sha1(content).hexdigest()
        is_available = path not in missing
        if is_available:
            blobs[blob_id] = content
        rows.append(
            {
                "group_id": "1",
                "path": path,
                "bytes": len(content) if is_available else None,
                "kind": _kind(path),
                "lines": content.count(b"\n") + 1 if is_available and b"\0" not in content else None,
                "blob_id": blob_id,
                "mode": "100644",
                "is_available": is_available,
                "is_vendored": path.startswith("vendor/"),
                "is_generated": path.startswith("outputs/") or path.endswith(".lock"),
                "is_starter_code": path in starter,
            }
        )
    return pl.DataFrame(rows, schema=FILES.schema), blobs


def measure(
    contents: Mapping[str, str | bytes],
    *,
    starter: Collection[str] = (),
    missing: Collection[str] = (),
    programs: Programs | None = None,
) -> Quality:
    files, blobs = snapshot(contents, starter=starter, missing=missing)

    def read(blob_ids: Sequence[str], sizes: Sequence[int | None]) -> Iterator[tuple[str, bytes | None]]:
        assert len(blob_ids) == len(sizes)
        yield from ((blob_id, blobs.get(blob_id)) for blob_id in blob_ids)

    return measure_quality("1", files, read, programs or installed_programs())


def slow_program(folder: Path) -> Path:
    """A program that never ends by itself."""
    program = folder / "slow"
    program.write_text("#!/bin/sh\nsleep 600\n", encoding="utf-8")
    program.chmod(0o755)
    return program
