"""Running git, hardened. Every git process of the project starts here, through GitPython.

Belongs here: the environment, the options and the limits of a git process. What git is asked for belongs to the
callers. Two kinds of call exist: `read` on a mirror of ours (isolated from all configuration of the machine), and
`transfer` with another repository (the user's own configuration counts, because proxies and credential helpers are
there; the transport is restricted to the one that the caller names).
"""

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from mlops_mentor.errors import GitError, RepoError
from mlops_mentor.repos.login import Login


@contextlib.contextmanager
def _without_git_too() -> Iterator[None]:
    """GitPython fails at import where git is missing, and `doctor` could not say so; this holds it back."""
    before = os.environ.get("GIT_PYTHON_REFRESH")
    os.environ["GIT_PYTHON_REFRESH"] = "quiet"
    try:
        yield
    finally:
        del os.environ["GIT_PYTHON_REFRESH"]
        if before is not None:
            os.environ["GIT_PYTHON_REFRESH"] = before


with _without_git_too():
    import git as gitpython  # noqa: TID251 - the one place that knows GitPython


@dataclass(frozen=True)
class GitResult:
    """What a git process left: bytes of its output, the last lines of its messages, its exit code."""

    stdout: bytes
    stderr: str
    exit_code: int


EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"

# Options of every call. `attr.tree` keeps a hostile .gitattributes from changing diffs in the git versions that read
# it in bare repositories; hooks, pagers, editors, monitors and helpers of the repository's own choice never start.
_SAFE_OPTIONS = (
    "--no-pager",
    "--no-optional-locks",
    "--no-replace-objects",
    "-c", "core.hooksPath=/dev/null",
    "-c", "core.fsmonitor=false",
    "-c", "core.attributesFile=/dev/null",
    "-c", f"attr.tree={EMPTY_TREE}",
    "-c", "gc.auto=0",
    "-c", "maintenance.auto=false",
    "-c", "submodule.recurse=false",
    "-c", "fetch.recurseSubmodules=false",
    "-c", "transfer.bundleURI=false",
    "-c", "advice.detachedHead=false",
)  # fmt: skip

# What a server that breaks off leaves git to say, and the pauses (seconds) before it is asked again.
_BROKE_OFF = re.compile(
    r"returned error: 5\d\d|HTTP 5\d\d|Empty reply from server|transfer closed|early EOF|Connection reset|Recv failure"
    r"|unexpected disconnect|bytes of body are still expected"
)
_PAUSES_S = (0.5, 1.5, 4.0)
# What git says where a web server wants to know who asks, or does not tell strangers what it has.
_SHUT = re.compile(r"could not read (?:Username|Password)|Authentication failed|not found|error: 40[134]")
_REFUSED = "Authentication failed"

# Variables of the caller's environment that would redirect git or start a program; git's own switches are set below.
_DROPPED_PREFIXES = ("GIT_", "SSH_ASKPASS", "GCM_")


def _environment(*, isolated: bool, transports: Sequence[str]) -> dict[str, str]:
    env = {
        "LC_ALL": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "true",
        "SSH_ASKPASS": "true",
        "SSH_ASKPASS_REQUIRE": "never",
        "GCM_INTERACTIVE": "never",
        "GIT_SSH_COMMAND": "ssh -o BatchMode=yes -o StrictHostKeyChecking=accept-new -o ConnectTimeout=15",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALLOW_PROTOCOL": ":".join(transports) or "none",
        "GIT_HTTP_LOW_SPEED_LIMIT": "1000",
        "GIT_HTTP_LOW_SPEED_TIME": "60",
    }
    if isolated:
        env |= {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "HOME": os.devnull}
    return env


def version() -> tuple[int, ...]:
    """The version of the git that is used, such as (2, 39, 5)."""
    return gitpython.Git().version_info


def init_bare(directory: Path) -> None:
    """Make an empty bare repository, from no template, so that it has no hooks either."""
    env = _environment(isolated=True, transports=())
    args = ["init", "--quiet", "--bare", "--template=", str(directory)]
    result = _run(args, cwd=directory.parent, env=env, stdin=None, timeout_s=30.0)
    if result.exit_code != 0:
        raise GitError("init", result.exit_code, result.stderr)


def read(mirror: Path, *args: str, stdin: bytes | None = None, timeout_s: float = 300.0) -> bytes:
    """What `git --git-dir=<mirror> <args>` prints, with no transport allowed and no configuration but ours.

    Raises:
        GitError: git ended with an error.
        RepoError: status `timeout` after `timeout_s` seconds.
    """
    result = read_until_failure(mirror, *args, stdin=stdin, timeout_s=timeout_s)
    if result.exit_code != 0:
        raise GitError(args[0], result.exit_code, result.stderr)
    return result.stdout


def read_until_failure(mirror: Path, *args: str, stdin: bytes | None = None, timeout_s: float = 300.0) -> GitResult:
    """As `read`, but an exit code of git's is part of the result: what was printed before counts too."""
    env = _environment(isolated=True, transports=())
    return _run([f"--git-dir={mirror}", *args], cwd=mirror, env=env, stdin=stdin, timeout_s=timeout_s)


def transfer(
    *args: str,
    transport: str,
    cwd: Path,
    timeout_s: float,
    login: Login | None = None,
    excess: Callable[[], str | None] = lambda: None,
) -> GitResult:
    """Run a git command that talks to another repository over `transport` (`https`, `http`, `ssh` or `file`) alone.

    `login` is shown to its own server, over the web, where the repository does not open without. Where a web server
    breaks off, git is run again a few times. `excess` is asked twice a second; a text that it returns ends the transfer
    with that reason.

    Raises:
        GitError: git ended with an error.
        RepoError: status `timeout` after `timeout_s` seconds, `error` on excess.
    """
    is_web = transport in ("https", "http")
    end = time.monotonic() + timeout_s

    def run(env: dict[str, str]) -> GitResult:
        for pause_s in _PAUSES_S:
            tried = _run(list(args), cwd=cwd, env=env, stdin=None, timeout_s=end - time.monotonic(), excess=excess)
            is_broken = is_web and tried.exit_code != 0 and is_transient(tried.stderr)
            if not is_broken or time.monotonic() + pause_s >= end:
                return tried
            time.sleep(pause_s)
        return _run(list(args), cwd=cwd, env=env, stdin=None, timeout_s=end - time.monotonic(), excess=excess)

    env = _environment(isolated=False, transports=(transport,))
    result = run(env)
    if login is not None and is_web and result.exit_code != 0 and _SHUT.search(result.stderr):
        opened = run({**env, **login.environment})
        # That a token is refused says nothing of the repository.
        if _REFUSED not in opened.stderr:
            result = opened
    # Once more at the end: what comes faster than it is asked for is too large all the same.
    if reason := excess():
        raise RepoError("error", reason)
    if result.exit_code != 0:
        command = next((arg for arg in args if not arg.startswith("-") and "=" not in arg), "")
        raise GitError(command, result.exit_code, result.stderr)
    return result


def is_transient(stderr: str) -> bool:
    """Whether git says that the server, or the way to it, broke off: another attempt may succeed."""
    return _BROKE_OFF.search(stderr) is not None


def _run(
    args: list[str],
    *,
    cwd: Path,
    env: dict[str, str],
    stdin: bytes | None,
    timeout_s: float,
    excess: Callable[[], str | None] | None = None,
) -> GitResult:
    # GitPython puts our environment on top of this process's own, so what must not be inherited is unset by env(1).
    inherited = [name for name in os.environ if name.startswith(_DROPPED_PREFIXES) and name not in env]
    unset = ["env", *(part for name in inherited for part in ("-u", name))] if inherited else []
    # A session of its own, so that the helpers that git starts (git-remote-https, ssh) die with it.
    started = gitpython.Git(str(cwd)).execute(
        [*unset, "git", *_SAFE_OPTIONS, *args],
        istream=cast(BinaryIO, subprocess.DEVNULL if stdin is None else subprocess.PIPE),
        as_process=True,
        env=env,
        start_new_session=True,
    )
    process = cast("subprocess.Popen[bytes]", started.proc)
    deadline = time.monotonic() + timeout_s
    while True:
        remaining = deadline - time.monotonic()
        try:
            stdout, stderr = process.communicate(stdin, timeout=max(0.0, remaining if excess is None else 0.5))
            break
        except subprocess.TimeoutExpired:
            reason = excess() if excess is not None else None
            if reason is not None:
                _kill(process)
                raise RepoError("error", reason) from None
            if time.monotonic() >= deadline:
                _kill(process)
                raise RepoError("timeout", f"no answer within {timeout_s:.0f} s") from None
    lines = stderr.decode("utf-8", "replace").strip().splitlines()
    return GitResult(stdout, "\n".join(lines[-6:]), process.returncode)


def _kill(process: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
