"""Nothing that a student commits, or that lies about on the machine, is run, followed or obeyed."""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

import mlops_mentor
from mlops_mentor.freshness import GROUP_TABLES
from mlops_mentor.sample import SampleClass
from mlops_mentor.sample.hostile_files import CANARY
from mlops_mentor.schemas import CONTRIBUTORS, FILES, REPO_STATS
from mlops_mentor_tests.repos import chain
from mlops_mentor_tests.repos.sources import LINK, Source, clean_environment

PROGRAM = Path(chain.__file__)
_OPENED = re.compile(r'^\d+ +(?:\[[^]]*\] )?open(?:at)?\((?:AT_FDCWD, )?"([^"]*)", ([A-Z_|]+)[^=]*= (-?\d+)')
_EXECUTED = re.compile(r'^\d+ +execve\("([^"]*/)([^/"]+)", \[(.*)\], .* = 0$')
_STRACE = (
    ["strace", "-f", "--seccomp-bpf", "-e", "trace=open,openat,execve", "-s", "400"] if shutil.which("strace") else []
)
_WRITES = re.compile(r"O_(WRONLY|RDWR|CREAT|TRUNC|APPEND)")


@dataclass(frozen=True)
class Watched:
    """A sandbox, its files outside of the data directory before and after, and what strace saw."""

    box: Path
    before: dict[Path, int]
    after: dict[Path, int]
    trace: list[str]


def canaries() -> list[Path]:
    return sorted(Path(CANARY).parent.glob(Path(CANARY).name + "*"))


def hostile(sample: SampleClass) -> Path:
    return sample.repositories / "group-10"


def test_the_hostile_group_gets_every_table_and_nothing_of_it_runs(sample: SampleClass, tmp_path: Path) -> None:
    assert canaries() == []
    result, _ = chain.run_group(hostile(sample), tmp_path / "data")
    assert (result.failed_table, result.reason) == (None, None)
    assert [part.table for part in result.finished] == list(GROUP_TABLES)
    assert canaries() == []


@pytest.fixture(scope="module")
def watched(sample: SampleClass, tmp_path_factory: pytest.TempPathFactory) -> Watched:
    """The chain of the hostile group as a program of its own, in a sandbox, under strace where there is one."""
    box = tmp_path_factory.mktemp("box")
    for name in ("home", "tmp", "cwd", "data"):
        (box / name).mkdir()
    shutil.copytree(hostile(sample), box / "repository")
    trace = tmp_path_factory.mktemp("trace") / "trace"
    before = outside(box)
    run_program(box, *_STRACE, *(["-o", str(trace)] if _STRACE else []))
    lines = trace.read_text(encoding="utf-8", errors="replace").splitlines() if _STRACE else []
    return Watched(box, before, outside(box), lines)


def outside(box: Path) -> dict[Path, int]:
    """When what is not in the data directory was changed."""
    return {path: path.lstat().st_mtime_ns for path in box.rglob("*") if box / "data" not in (path, *path.parents)}


def run_program(box: Path, *wrapper: str) -> None:
    root = Path(mlops_mentor.__file__).parent.parent
    environment = clean_environment(
        HOME=str(box / "home"), TMPDIR=str(box / "tmp"), PYTHONPATH=str(root), PYTHONDONTWRITEBYTECODE="1"
    )
    command = [*wrapper, sys.executable, str(PROGRAM), str(box / "repository"), str(box / "data")]
    subprocess.run(command, check=True, cwd=box / "cwd", env=environment, timeout=300)


def test_nothing_outside_of_the_data_directory_is_written(watched: Watched) -> None:
    assert watched.after == watched.before
    assert (watched.box / "data" / "mentor.duckdb").exists()


needs_strace = pytest.mark.skipif(not _STRACE, reason="needs strace")


@needs_strace
def test_no_link_is_followed_and_nothing_is_opened_for_writing_elsewhere(watched: Watched) -> None:
    opened = [(match[1], match[2]) for line in watched.trace if (match := _OPENED.match(line)) and int(match[3]) >= 0]
    written = {path for path, flags in opened if _WRITES.search(flags)}
    data = str(watched.box / "data")
    assert {path for path in written if not path.startswith((data, "/dev/"))} == set()
    assert any(path.startswith(f"{data}/lake/") for path in written), "strace saw nothing"
    # Targets of the hostile links: /etc/passwd, /etc, /proc/self/environ.
    assert not {path for path, _ in opened if path in ("/etc/passwd", "/etc", "/proc/self/environ")}


@needs_strace
def test_no_program_but_git_is_run(watched: Watched) -> None:
    executed = [match.groups() for line in watched.trace if (match := _EXECUTED.match(line))]
    assert sum(name == "git" for _, name, _ in executed) >= 5, "strace saw nothing"
    others = {(name, arguments) for _, name, arguments in executed if name not in ("git", "env", "git-upload-pack")}
    # Python itself; dagster asks for the machine's architecture; git starts its own upload-pack through a shell.
    harmless = re.compile(
        rf"^(\S*{Path(sys.executable).name}\"|\"file\", \"-b\"|\"(/bin/)?sh\", \"-c\", \"git-upload-pack )"
    )
    assert [arguments for _, arguments in others if not harmless.match(arguments)] == []


def test_what_a_link_points_at_stands_in_no_table(source: Source, tmp_path: Path) -> None:
    secret = tmp_path / "secret.md"
    secret.write_text("# The secret\n\nfrom: Kilroy <kilroy@secret.example>\n" * 3)
    names = [
        b"README.md",
        b".mailmap",
        b".gitattributes",
        b".gitmodules",
        b"requirements.txt",
        b"src/x.py",
        b".git-blame",
    ]
    source.commit({name: (LINK, str(secret).encode()) for name in names})
    result, lake = chain.run_group(source.path, tmp_path / "data")
    assert result.reason is None
    files = lake.read_groups(FILES, ["1"])
    assert set(files["kind"]) == {"symlink"}
    assert set(files["bytes"]) == {len(str(secret))}
    for table in GROUP_TABLES:
        assert "ilroy" not in lake.read(table, "1").write_json()
    assert lake.read(REPO_STATS, "1")["readme_length"].item() in (None, 0)


@pytest.mark.parametrize("separator", ["\u2028", "\x85", "\x1c", "\x0b"])
def test_a_name_with_a_line_separator_and_a_mailmap_fail_nothing(
    source: Source, tmp_path: Path, separator: str
) -> None:
    name = f"A{separator}B".encode()
    source.commit({b".mailmap": b"Ada <ada@uni.example>\n"}, author=name + b" <a@uni.example>")
    result, lake = chain.run_group(source.path, tmp_path / "data")
    assert result.reason is None
    assert isinstance(lake.read(CONTRIBUTORS, "1"), pl.DataFrame)
