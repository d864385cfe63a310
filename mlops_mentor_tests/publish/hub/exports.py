"""Exported folders for tests, small and made up, and how they are pushed."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

from mlops_mentor.publish.hub.attempts import Patience
from mlops_mentor.publish.hub.target import HubTarget
from mlops_mentor_tests.publish.hub.fake_hub import WRITER, FakeHub

REPO = "dtu/course"
TABLES = ("leaderboard", "history", "feedback")


@dataclass
class Clock:
    """Time that passes only while somebody sleeps; `pauses` in seconds."""

    pauses: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def patience(self, *, max_failures: int = 60, max_s: float = 600.0) -> Patience:
        return Patience(max_failures, max_s, sleep=self.sleep, now=lambda: sum(self.pauses))


def target_at(hub: FakeHub, *, repo: str = REPO, token: str = WRITER, is_public: bool = False) -> HubTarget:
    return HubTarget(repo, SecretStr(token), hub.endpoint, is_public)


def write_export(folder: Path, said: str = "first", *, groups: Sequence[str] = ("1", "2")) -> dict[str, bytes]:
    """An export whose tables say something; the files that a dataset is to hold then, by path."""
    for old in folder.glob("*/all-*.parquet"):
        old.unlink()
    tables, files = {}, {}
    for name in TABLES:
        content = b"PAR1" + f"{name} {said} {' '.join(groups)}".encode() + b"PAR1"
        file = f"{name}/all-{hashlib.sha256(content).hexdigest()[:8]}.parquet"
        files[file] = content
        tables[name] = {"file": file, "num_rows": len(groups), "description": name, "columns": {"group": "Its name."}}
    tables["evidence"] = {"file": None, "num_rows": 0, "description": "none", "columns": {}}
    manifest = {
        "course": "Operations", "term": "2027", "time_zone": "Europe/Copenhagen", "project_start": "2027-01-04",
        "deadline": "2027-01-22T12:00:00Z", "as_of": None, "contact": "x", "retention": "x", "licence": "x",
        "groups": list(groups), "parts": {}, "most": 4, "tables": tables,
    }  # fmt: skip
    files["export.json"] = json.dumps(manifest).encode()
    listed = "\n".join(
        f"- config_name: {file.partition('/')[0]}\n  data_files: {file}" for file in files if "/" in file
    )
    files["README.md"] = f"---\nconfigs:\n{listed}\n---\n# Class\n".encode()
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return files
