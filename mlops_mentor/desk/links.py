"""Paths of the desk's own pages, whatever groups and files are called.

Belongs here: writing paths down. Which page answers them is in `server`.
"""

from urllib.parse import quote, urlencode

from mlops_mentor.feedback.markdown import blob_url


def group_path(group_id: str) -> str:
    """The page of a group."""
    return f"/group/{quote(group_id, safe='')}"


def source_path(
    group_id: str,
    sha: str,
    path: str,
    start_line: int | None = None,
    end_line: int | None = None,
    *,
    is_of_cells: bool = False,
) -> str:
    """The page of lines of a file at a commit; its beginning where no line is named.

    `is_of_cells`: of a notebook they are lines of its code cells.
    """
    start = start_line or 1
    asked = {"sha": sha, "path": path, "start": start, "end": max(end_line or start, start)}
    if is_of_cells and path.endswith(".ipynb"):
        asked["cells"] = 1
    return f"{group_path(group_id)}/source?{urlencode(asked, errors='replace')}#quoted"


def commit_url(repository_url: str, sha: str | None) -> str | None:
    """Where the server shows a commit; None where it has no such page, or no commit is meant."""
    url = blob_url(repository_url, sha) if sha and set(sha) != {"0"} else None
    return f"{url.removesuffix(f'/blob/{sha}')}/commit/{sha}" if url is not None else None
