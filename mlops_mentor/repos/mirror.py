"""Mirrors: a bare copy of each repository under the data directory, cloned once and fetched from then on.

Belongs here: bringing a mirror up to date within its limits, and saying why that failed. What a mirror holds is read
elsewhere. A mirror has no configuration of its own beyond what `git init` writes, so nothing in it can name a hook, a
filter, a remote or a promisor; what a fetch needs is given with the command.
"""

import contextlib
import glob
import os
import re
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from mlops_mentor.errors import GitError, RepoError
from mlops_mentor.repos import git
from mlops_mentor.repos.counted import all_counted, carry_commit, forget_counted, put_counted
from mlops_mentor.repos.failures import classified
from mlops_mentor.repos.login import Login
from mlops_mentor.repos.refs import Refs, mirror_refs, remote_refs
from mlops_mentor.roster.addresses import Address

_REFSPECS = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*", "+refs/pull/*/head:refs/pull/*/head")

_NO_SUCH_COMMIT = re.compile(r"not our ref|unadvertised object|couldn't find remote ref")
_OBJECT_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True)
class Limits:
    """Seconds and bytes that reading one repository may cost; larger blobs are not fetched from servers.

    `login` opens private repositories on its server.
    """

    git_timeout_s: float = 600.0
    ask_timeout_s: float = 30.0
    max_repo_bytes: int = 4_000_000_000
    max_blob_bytes: int = 4 * 2**20
    login: Login | None = None


@dataclass(frozen=True)
class MirrorState:
    """A mirror that is up to date: its heads, its bytes on disk, where the server says it has moved to."""

    refs: Refs
    num_bytes: int
    renamed_to: str | None


def update_mirror(
    address: Address, mirror: Path, limits: Limits, seen: tuple[Refs, str | None] | None = None
) -> MirrorState:
    """Clone `address` into `mirror`, or fetch what is new there.

    `seen` is what `remote_refs` would answer, where somebody has just asked the server by other means.

    Raises:
        RepoError: with the status and the reason for which it cannot be read; an existing mirror stays as it was.
    """
    mirror.parent.mkdir(parents=True, exist_ok=True)
    with classified(address), _lock(mirror, limits):
        _sweep(mirror)
        if address.is_local and not Path(address.url).exists():
            raise RepoError(
                "not_found", f"{address.url} does not exist. Correct the roster, or put the repository there."
            )
        if address.is_local and not mirror.exists():
            # Everything is in the copy, so that there is no need to ask first.
            _replace(mirror, lambda fresh: _clone_path(address, fresh, limits))
            return _state(mirror, None, limits)
        remote, renamed_to = seen or remote_refs(
            address, cwd=mirror.parent, timeout_s=limits.ask_timeout_s, login=limits.login
        )
        own = _own_refs(mirror)
        if own is None:
            _remake(address, mirror, remote, limits)
        elif remote.refs_id != own.refs_id:
            if own.heads and not remote.heads:
                raise RepoError("error", f"{address.url} lists no branch where there were {own.num_heads}. Look there.")
            _refresh(address, mirror, remote, limits)
        return _state(mirror, renamed_to, limits)


def fetch_commit(address: Address, mirror: Path, sha: str, limits: Limits) -> bool:
    """Get a commit that no head names any more, with its history; False when `address` does not have it either.

    Nothing names it in the mirror: it is kept because mirrors are never pruned, and for good once a ref is made.

    Raises:
        RepoError: as `update_mirror`.
    """
    with classified(address), _lock(mirror, limits):
        try:
            return _fetch_commit(address, mirror, sha, limits)
        finally:
            _sweep(mirror)


def _lock(mirror: Path, limits: Limits) -> FileLock:
    return FileLock(mirror.with_name(f".{mirror.name}.lock"), timeout=limits.git_timeout_s)


def _own_refs(mirror: Path) -> Refs | None:
    """The mirror's heads; None where there is none, or it is damaged and must be made anew."""
    try:
        return mirror_refs(mirror) if mirror.exists() else None
    except (GitError, OSError):
        return None


def _refresh(address: Address, mirror: Path, remote: Refs, limits: Limits) -> None:
    try:
        _fetch(address, mirror, limits)
        _point_head(mirror, remote)
    except GitError as error:
        if git.is_transient(error.stderr):
            raise
        # A source that lacks blobs, a lock left by a killed process, a damaged mirror: a fresh copy mends them all,
        # and what cannot be mended is reported by that second attempt.
        _remake(address, mirror, remote, limits)
    finally:
        _sweep(mirror)


def _sweep(mirror: Path) -> None:
    """Delete what a killed fetch or clone has left; the lock is ours, so nobody is at work on it."""
    _put_back(mirror)
    for leftover in (mirror / "objects").glob("pack/tmp_*"):
        leftover.unlink(missing_ok=True)
    for leftover in mirror.parent.glob(f".{glob.escape(mirror.name)}.*.tmp*"):
        shutil.rmtree(leftover, ignore_errors=True)


def _put_back(mirror: Path) -> None:
    """Undo a `_replace` that ended between its two renames: the old copy may be the last one anywhere."""
    if mirror.exists():
        return
    old = list(mirror.parent.glob(f".{glob.escape(mirror.name)}.*.tmp.old"))
    if old:
        max(old, key=lambda path: path.stat().st_mtime_ns).rename(mirror)


def _clone(address: Address, fresh: Path, remote: Refs, limits: Limits) -> None:
    if address.is_local:
        _clone_path(address, fresh, limits)
    else:
        _clone_server(address, fresh, remote, limits)


def _clone_path(address: Address, fresh: Path, limits: Limits) -> None:
    """Objects are linked or copied as they are: that works where the source is itself a partial clone."""
    git.transfer(
        "clone", "--mirror", "--local", "--quiet", "--template=", "--", address.url, str(fresh),
        transport="file", cwd=fresh.parent, timeout_s=limits.git_timeout_s, excess=_excess(fresh, limits),
    )  # fmt: skip
    if (fresh / "objects" / "info" / "alternates").exists():
        raise RepoError(
            "error", f"{address.url} borrows objects from another repository. Run `git repack -ad` there, then again."
        )
    # The clone notes its origin; nothing here needs it, and a promisor there would fetch behind our back.
    config = fresh / "config"
    config.write_text(_bare_config(config.read_text(encoding="utf-8", errors="replace")))
    # All refs of the folder were copied; what counted is for us to note, and not for a student.
    forget_counted(fresh)


def _clone_server(address: Address, fresh: Path, remote: Refs, limits: Limits) -> None:
    git.init_bare(fresh)
    if remote.heads:
        _fetch(address, fresh, limits)
    _point_head(fresh, remote)


def _fetch_commit(address: Address, mirror: Path, sha: str, limits: Limits) -> bool:
    if not _OBJECT_ID.fullmatch(sha):
        return False
    try:
        _fetch(address, mirror, limits, sha)
    except GitError as error:
        if _NO_SUCH_COMMIT.search(error.stderr.casefold()):
            return False
        raise
    return True


def _fetch(address: Address, mirror: Path, limits: Limits, sha: str | None = None) -> None:
    """Bring all heads up to date, those that are gone removed; or get the commit `sha` alone."""
    wanted = ("--prune", "origin", *_REFSPECS) if sha is None else ("origin", sha)
    promisor: tuple[str, ...] = ()
    filtering: tuple[str, ...] = ()
    if not address.is_local:
        limit = f"blob:limit={limits.max_blob_bytes}"
        # The promisor is named for this command alone: reading the mirror must never fetch a missing blob.
        promisor = ("-c", "remote.origin.promisor=true", "-c", f"remote.origin.partialclonefilter={limit}")
        filtering = (f"--filter={limit}",)
    git.transfer(
        f"--git-dir={mirror}", "-c", f"remote.origin.url={address.url}", *promisor,
        "fetch", "--quiet", "--no-tags", "--force", "--no-write-fetch-head", "--no-recurse-submodules",
        "--no-auto-maintenance", *filtering, *wanted,
        transport=address.transport, cwd=mirror, timeout_s=limits.git_timeout_s, login=limits.login,
        excess=_excess(mirror, limits),
    )  # fmt: skip


def _point_head(mirror: Path, remote: Refs) -> None:
    if remote.head_target:
        git.read(mirror, "symbolic-ref", "HEAD", remote.head_target)
    elif remote.default_ref:
        git.read(mirror, "update-ref", "--no-deref", "HEAD", remote.heads[remote.default_ref])


def _remake(address: Address, mirror: Path, remote: Refs, limits: Limits) -> None:
    """Clone anew into the mirror's place; the snapshots that counted come along, or the old mirror stays."""
    refs = all_counted(mirror) if mirror.exists() else {}

    def fill(fresh: Path) -> None:
        _clone(address, fresh, remote, limits)
        for ref, sha in refs.items():
            try:
                _carry_over(address, mirror, fresh, sha, limits)
                put_counted(fresh, {ref: sha})
            except GitError as error:
                reason = (
                    f"{mirror} is damaged, and {sha} in it, which counted ({ref}), cannot be carried over into a new "
                    f"copy. Mend it with git, or move it away to do without that commit (git: {error.stderr[-200:]})."
                )
                raise RepoError("error", reason) from error

    _replace(mirror, fill)


def _carry_over(address: Address, mirror: Path, fresh: Path, sha: str, limits: Limits) -> None:
    """Get a commit into `fresh`: from the old mirror, else from where it was fetched.

    Raises:
        GitError: neither has it.
    """
    try:
        carry_commit(mirror, fresh, sha)
    except (GitError, OSError) as error:
        if not _fetch_commit(address, fresh, sha, limits):
            raise GitError("fetch", 1, f"neither the old copy nor {address.url} has it") from error


def _replace(mirror: Path, fill: Callable[[Path], None]) -> None:
    """Put a directory that `fill` made in the mirror's place: whoever looks sees the old one or the new one."""
    fresh = mirror.with_name(f".{mirror.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    old = fresh.with_name(f"{fresh.name}.old")
    try:
        fill(fresh)
        if mirror.exists():
            mirror.rename(old)
        fresh.rename(mirror)
    finally:
        _put_back(mirror)
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def _state(mirror: Path, renamed_to: str | None, limits: Limits) -> MirrorState:
    num_bytes = _num_bytes(mirror)
    if reason := _too_large(num_bytes, limits):
        raise RepoError("error", reason)
    return MirrorState(mirror_refs(mirror), num_bytes, renamed_to)


def _excess(mirror: Path, limits: Limits) -> Callable[[], str | None]:
    return lambda: _too_large(_num_bytes(mirror), limits)


def _too_large(num_bytes: int, limits: Limits) -> str | None:
    if num_bytes <= limits.max_repo_bytes:
        return None
    limit_mb = limits.max_repo_bytes / 1e6
    return f"larger than {limit_mb:.0f} MB. Raise MENTOR_MAX_REPO_MB, or ask the group to shrink it."


def _num_bytes(directory: Path) -> int:
    total = 0
    for folder, _, names in os.walk(directory):
        for name in names:
            with contextlib.suppress(OSError):
                total += (Path(folder) / name).lstat().st_size
    return total


def _bare_config(cloned: str) -> str:
    """A configuration that says only how the mirror is stored, whatever the clone noted about its origin."""
    object_format = re.search(r"^\s*objectformat\s*=\s*(\w+)", cloned, re.IGNORECASE | re.MULTILINE)
    extensions = f"[extensions]\n\tobjectformat = {object_format[1]}\n" if object_format else ""
    return f"[core]\n\trepositoryformatversion = {1 if extensions else 0}\n\tbare = true\n{extensions}"
