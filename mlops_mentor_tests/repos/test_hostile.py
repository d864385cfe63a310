"""Nothing that a student commits, or that lies about on the machine, is run, followed or obeyed."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

import mlops_mentor
from mlops_mentor.evidence.quality.programs import installed_programs
from mlops_mentor.sample import SampleClass
from mlops_mentor.sample.hostile_files import CANARY
from mlops_mentor.schemas import CODE_QUALITY, CONTRIBUTORS, FILES, GROUP_TABLES, LINT_HITS, REPO_STATS
from mlops_mentor_tests.repos import chain
from mlops_mentor_tests.repos.sources import LINK, Source, clean_environment
from mlops_mentor_tests.repos.tracing import STRACE, Run, read_trace

PROGRAM = Path(chain.__file__)
LINTERS = ("ruff", "hadolint", "zizmor", "betterleaks")
# Names of ours, whatever a file is called in the repository: what a linter reads, and what it prints.
_COPY = r"(ruff/(code|tests)/\d{5}\.py|docker/\d{5}\.dockerfile|workflows/\d{5}\.yml|texts/\d{5}\.[a-z0-9]{1,10})"
_READ_BY_LINTERS = re.compile(rf"{_COPY}|docker/hadolint\.yaml|ruff/(code|tests)|texts")
_WRITTEN_BY_US = re.compile(rf"{_COPY}|docker/hadolint\.yaml|((ruff|docker|workflows)/)?\.std(out|err)")
# What programs read of the machine: how large it is, and its C library.
_OF_THE_MACHINE = re.compile(
    r"/(proc|sys|dev)/|/etc/ld\.so\.cache$|/(usr/)?lib(32|64)?/(.*/)?(lib[^/]*|ld[^/]*)\.so[^/]*$"
)


@dataclass(frozen=True)
class Watched:
    """A sandbox, its files outside of the data directory before and after, and what strace saw."""

    box: Path
    before: dict[Path, int]
    after: dict[Path, int]
    runs: list[Run]

    def of(self, *names: str) -> list[Run]:
        return [run for run in self.runs if run.name in names]

    def in_private(self, path: str) -> str | None:
        """Where in the private directory of the linters a path is; None outside of it."""
        match = re.match(rf"{re.escape(str(self.box / 'tmp'))}/mentor-\w+(/|$)", path)
        return path[match.end() :] if match else None


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
    run_program(box, *STRACE, *(["-o", str(trace)] if STRACE else []))
    return Watched(box, before, outside(box), read_trace(trace, box / "cwd") if STRACE else [])


def outside(box: Path) -> dict[Path, int]:
    """When what is not in the data directory was changed; of the directory for temporary ones, only what is in it."""
    found = {path: path.lstat().st_mtime_ns for path in box.rglob("*") if box / "data" not in (path, *path.parents)}
    return found | {box / "tmp": 0}


def run_program(box: Path, *wrapper: str) -> None:
    root = Path(mlops_mentor.__file__).parent.parent
    environment = clean_environment(
        HOME=str(box / "home"), TMPDIR=str(box / "tmp"), PYTHONPATH=str(root), PYTHONDONTWRITEBYTECODE="1"
    )
    command = [*wrapper, sys.executable, str(PROGRAM), str(box / "repository"), str(box / "data")]
    subprocess.run(command, check=True, cwd=box / "cwd", env=environment, timeout=300)


def test_nothing_outside_of_the_data_directory_is_left(watched: Watched) -> None:
    assert watched.after == watched.before
    assert (watched.box / "data" / "mentor.duckdb").exists()


needs_strace = pytest.mark.skipif(not STRACE, reason="needs strace")


@needs_strace
def test_no_link_is_followed_and_nothing_is_opened_for_writing_elsewhere(watched: Watched) -> None:
    opened = [each for run in watched.runs for each in run.opened]
    written = {each.path for each in opened if each.is_written}
    data = str(watched.box / "data")
    # With an empty file Python tries whether temporary ones can be made.
    trial = re.compile(re.escape(str(watched.box / "tmp")) + r"/[a-z0-9_]{8}")
    elsewhere = {path for path in written if not path.startswith((f"{data}/", "/dev/")) and not trial.fullmatch(path)}
    private = {path: watched.in_private(path) for path in elsewhere}
    assert [path for path, name in private.items() if name is None or not _WRITTEN_BY_US.fullmatch(name)] == []
    assert any(path.startswith(f"{data}/lake/") for path in written), "strace saw nothing"
    # Targets of the hostile links: /etc/passwd, /etc, /proc/self/environ.
    targets = re.compile(r"/etc/?|/etc/passwd|/proc/(self|\d+)/environ")
    assert [each.path for each in opened if targets.fullmatch(each.path)] == []


@needs_strace
def test_no_program_is_run_but_git_and_four_linters_of_ours(watched: Watched) -> None:
    assert len(watched.of("git")) >= 5, "strace saw nothing"
    python = watched.runs[0]
    assert Path(python.args[0]).name == Path(sys.executable).name
    others = [run for run in watched.runs[1:] if run.name not in ("git", "env", "git-upload-pack")]
    # Dagster asks for the machine's architecture; git starts its own upload-pack through a shell.
    harmless = re.compile(r"file -b |(/bin/)?sh -c git-upload-pack ")
    strange = [run for run in others if not harmless.match(" ".join(run.args))]
    # Those of this installation and no others of the machine, each once.
    programs = installed_programs()
    assert sorted(run.program for run in strange) == sorted(str(getattr(programs, name)) for name in LINTERS)


@needs_strace
def test_no_program_asks_the_network(watched: Watched) -> None:
    assert [line for run in watched.runs for line in run.connected if "AF_UNIX" not in line] == []


@needs_strace
def test_linters_run_in_a_private_directory_without_surroundings(watched: Watched) -> None:
    places = {"ruff": "ruff", "hadolint": "docker", "zizmor": "workflows", "betterleaks": ""}
    for run in watched.of(*LINTERS):
        assert watched.in_private(run.directory) == places[run.name]
        own = {"HOME": run.directory, "TMPDIR": run.directory, "LC_ALL": "C.UTF-8", "NO_COLOR": "1"}
        assert run.environment == {"PATH": os.defpath, **own}, run.name


@needs_strace
def test_linters_are_told_to_heed_nothing_of_the_repository_and_are_given_names_of_ours(watched: Watched) -> None:
    told = {
        "ruff": {"--isolated", "--ignore-noqa", "--no-cache", "--no-respect-gitignore", "--no-fix"},
        "hadolint": {"--config=hadolint.yaml", "--disable-ignore-pragma"},
        "zizmor": {"--offline", "--no-config", "--no-ignores"},
        "betterleaks": {"--redact", "--no-allow-signatures", "--max-archive-depth=0"},
    }
    ours = re.compile(r"check|code|tests|fs|texts|\d{5}\.(yml|dockerfile)")
    for run in watched.of(*LINTERS):
        options = {arg for arg in run.args[1:] if arg.startswith("-")}
        assert told[run.name] <= options, run.name
        assert [arg for arg in run.args[1:] if arg not in options and not ours.fullmatch(arg)] == [], run.name
        # Nothing of a repository is an option but names of its modules, and those are plain words.
        assert [arg for arg in options if arg.startswith("--config=") and "known-first-party" in arg] == [
            arg for arg in options if re.fullmatch(r"--config=lint\.isort\.known-first-party = \[[\w\", ]*\]", arg)
        ]


@needs_strace
def test_linters_open_copies_under_names_of_ours_and_nothing_else(watched: Watched) -> None:
    """Neither a configuration nor a plugin, wherever one may lie, and no file of the repository by its own name."""
    for run in watched.of(*LINTERS):
        there = [each for each in run.opened if each.is_there]
        copies = [name for each in there if (name := watched.in_private(each.path)) is not None]
        assert any(re.fullmatch(_COPY, name) for name in copies), f"{run.name} was given nothing"
        assert [name for name in copies if not _READ_BY_LINTERS.fullmatch(name)] == [], run.name
        others = [each.path for each in there if watched.in_private(each.path) is None]
        assert [path for path in others if not _OF_THE_MACHINE.match(path)] == [], run.name
        assert not any(each.is_written and watched.in_private(each.path) is not None for each in run.opened), run.name
        # What is looked for in vain is looked for in the private directory, where all names are ours.
        missed = [each.path for each in run.opened if not each.is_there and not _OF_THE_MACHINE.match(each.path)]
        assert [path for path in missed if watched.in_private(path) is None] == [], run.name


def test_no_setting_of_the_hostile_group_silences_a_linter(sample: SampleClass, tmp_path: Path) -> None:
    _, lake = chain.run_group(hostile(sample), tmp_path / "data")
    hits = {(row["path"], row["rule"]) for row in lake.read(LINT_HITS, "1").to_dicts()}
    assert {("Dockerfile", "DL3007"), (".github/workflows/quiet.yml", "unpinned-uses")} <= hits
    row = lake.read(CODE_QUALITY, "1").row(0, named=True)
    assert row["security_per_1000_lines"] > 0, "`eval` below `# ruff: noqa`"
    assert not any(text.startswith(("ruff", "Dockerfiles", "secrets")) for text in row["not_available"])


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
