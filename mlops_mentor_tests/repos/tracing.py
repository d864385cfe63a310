"""What strace saw of a program and of all that it started: which programs ran, and what each of them opened.

One file a thread (`-ff`), so that no line is cut in two; `-y` shows real paths, links resolved; `-v` the environment.
"""

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_CALLS = "?open,openat,?openat2,execve,chdir,connect,?fork,?vfork,clone,?clone3"
STRACE = (
    ["strace", "-f", "-ff", "--seccomp-bpf", "-v", "-y", "-s", "9999", "-e", f"trace={_CALLS}"]
    if shutil.which("strace")
    else []
)
_STRING = r'"((?:[^"\\]|\\.)*)"'
_OPENED = re.compile(
    rf"open(?:at2?)?\((?:(?:AT_FDCWD|\d+)<(?P<at>[^>]*)>, )?{_STRING}, (?:\{{flags=)?(?P<flags>[A-Z_|]+)"
    r".* = (?:\d+<(?P<real>.*)>(?:\(deleted\))?|-1 E\w+ .*)$"
)
_WENT_TO = re.compile(rf"chdir\({_STRING}\) += 0$")
_EXECUTED = re.compile(r"execve\(.* = 0$")
_STARTED = re.compile(r"(?:v?fork|clone3?)\(.* = (\d+)(?:<.*>)?$")
_TOKEN = re.compile(rf"{_STRING}|[\[\]]")
_WRITING = re.compile(r"O_(WRONLY|RDWR|CREAT|TRUNC|APPEND)")


@dataclass(frozen=True)
class Opened:
    """A file that was asked for: its real path where it `is_there`, as it was called otherwise."""

    path: str
    flags: str
    is_there: bool

    @property
    def is_written(self) -> bool:
        return self.is_there and _WRITING.search(self.flags) is not None


@dataclass
class Run:
    """One run of a program with its threads: what it was given, and what it did until it ran another."""

    program: str
    args: Sequence[str]
    environment: Mapping[str, str]
    directory: str
    opened: list[Opened] = field(default_factory=list)
    connected: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return Path(self.program).name


def read_trace(prefix: Path, directory: Path) -> list[Run]:
    """The runs in the trace that strace wrote to `prefix`; the first began in `directory`."""
    threads = {
        file.name.rpartition(".")[2]: file.read_text(encoding="utf-8", errors="replace").splitlines()
        for file in prefix.parent.glob(f"{prefix.name}.*")
    }
    started = {match[1] for lines in threads.values() for line in lines if (match := _STARTED.match(line))}
    (root,) = set(threads) - started
    return list(_runs(threads, root, None, str(directory)))


def _runs(threads: Mapping[str, Sequence[str]], thread: str, run: Run | None, directory: str) -> Iterator[Run]:
    for line in threads.get(thread, ()):
        if match := _WENT_TO.match(line):
            directory = _unescaped(match[1])
        elif _EXECUTED.match(line):
            program, args, environment = _execution(line)
            run = Run(program, args, dict(each.split("=", 1) for each in environment), directory)
            yield run
        elif match := _STARTED.match(line):
            yield from _runs(threads, match[1], run, directory)
        elif run is not None and (match := _OPENED.match(line)):
            called = str(Path(match["at"] or directory) / _unescaped(match[2]))
            run.opened.append(Opened(match["real"] or called, match["flags"], match["real"] is not None))
        elif run is not None and line.startswith("connect("):
            run.connected.append(line)


def _execution(line: str) -> tuple[str, list[str], list[str]]:
    """Program, arguments and environment of an `execve`."""
    lists: list[list[str]] = [[]]
    for match in _TOKEN.finditer(line):
        if match[0] == "[":
            lists.append([])
        elif match[0] != "]":
            lists[-1].append(_unescaped(match[1]))
    return lists[0][0], lists[1], lists[2]


def _unescaped(text: str) -> str:
    return text.encode().decode("unicode_escape")
