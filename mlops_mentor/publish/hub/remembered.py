"""Old commits that are to be gone, remembered on this machine until they are.

Belongs here: one small file beside the exported folder, which backups keep. Once history is cut, the Hub names the
old commits no more, though it may still hand them out: who erases again after an interruption has to know what to
look for.
"""

import json
import re
from collections.abc import Iterable
from pathlib import Path

from mlops_mentor.storage.whole_files import replace_whole

_COMMIT = re.compile(r"[0-9a-f]{40,64}")


def remembered_file(folder: Path) -> Path:
    """Where they stand, of the dataset that `folder` is pushed to."""
    return folder.with_name(f"{folder.name}.erasing.json")


def load_commits(file: Path, repo: str) -> set[str]:
    """The commits of that dataset; none where nothing can be read."""
    try:
        stored = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return set()
    commits = stored.get(repo) if isinstance(stored, dict) else None
    return {each for each in commits if _COMMIT.fullmatch(str(each))} if isinstance(commits, list) else set()


def keep_commits(file: Path, repo: str, commits: Iterable[str]) -> None:
    """Remember these commits of the dataset, and of no other one; forget all where there are none."""
    known = sorted(commits)
    if not known:
        file.unlink(missing_ok=True)
        return
    replace_whole(file, json.dumps({repo: known}).encode())
