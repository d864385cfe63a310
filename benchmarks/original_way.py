"""What the system before asked of GitHub for one group, asked again: a replay, for its time and its requests.

Belongs here: only what it asks and clones, as it was measured: requests one after another, none of them conditional,
and a full clone for each of its three packings. What it made of the answers is not repeated, nor is its packing, so
that its real time is longer.
"""

import os
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

_NUM_CLONES = 3
_PAGE = 30


@dataclass(frozen=True)
class Replayed:
    """What one group took."""

    num_requests: int
    asking_s: float
    cloning_s: float


def replay(api_url: str, token: str, repository: str, clone_url: str) -> Replayed:
    """Ask for `owner/name` as the system before did, then clone it as often.

    Raises:
        httpx.HTTPError: the server does not answer.
    """
    began = time.monotonic()
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}
    with httpx.Client(base_url=api_url, headers=headers, timeout=60, trust_env=False, follow_redirects=True) as client:
        asked = _Asked(client, f"/repos/{repository}")
        _ask(asked)
    asking_s = time.monotonic() - began
    began = time.monotonic()
    for _ in range(_NUM_CLONES):
        with tempfile.TemporaryDirectory(prefix="mentor-original-") as folder:
            # Where the server lacks a file it cannot be checked out, and was cloned all the same.
            subprocess.run(
                ["git", "clone", "--quiet", clone_url, str(Path(folder) / "clone")],
                env=os.environ | {"GIT_TERMINAL_PROMPT": "0", "GIT_LFS_SKIP_SMUDGE": "1"},
                stderr=subprocess.DEVNULL, check=False,
            )  # fmt: skip
    return Replayed(asked.num_requests, asking_s, time.monotonic() - began)


class _Asked:
    """Requests below one address, counted."""

    def __init__(self, client: httpx.Client, base: str) -> None:
        self._client, self._base, self.num_requests = client, base, 0

    def one(self, path: str, **parameters: Any) -> httpx.Response:
        self.num_requests += 1
        return self._client.get(self._base + path, params=parameters)

    def all(self, path: str, **parameters: Any) -> list[Any]:
        """Every page."""
        found: list[Any] = []
        for page in range(1, 1000):
            answer = self.one(path, per_page=_PAGE, page=page, **parameters)
            rows = answer.json() if answer.status_code == 200 else []
            found += rows
            if len(rows) < _PAGE:
                break
        return found


def _ask(asked: _Asked) -> None:
    branch = asked.one("").json().get("default_branch") or "main"
    asked.one("/contributors")
    pulls = asked.all("/pulls", state="all")
    asked.all("/commits", sha=branch)
    for pull in pulls:
        if pull.get("merged_at"):
            asked.one(f"/pulls/{pull['number']}/commits")
    asked.one(f"/git/trees/{branch}", recursive="1")
    asked.one("/readme")
    asked.one("/actions/runs", branch=branch)
    asked.one("/contents/reports/README.md")
    asked.one("/commits", sha=branch, per_page=1)
