"""Nothing that a student commits, or that lies about on the machine, is run, followed or obeyed."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

import mlops_mentor
from mlops_mentor.addresses import Address, AddressError, parse_address
from mlops_mentor.errors import RepoError
from mlops_mentor.freshness import GROUP_TABLES
from mlops_mentor.repos import git
from mlops_mentor.repos.mirror import Limits, update_mirror
from mlops_mentor.repos.refs import remote_refs
from mlops_mentor.sample import SampleClass
from mlops_mentor.sample.hostile_files import CANARY
from mlops_mentor_tests.repos import chain
from mlops_mentor_tests.repos.sources import LINK, Source, clean_environment, mirrored, plain_git

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
    result, lake = chain.run_group(hostile(sample), tmp_path / "data")
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
    files = lake.read_groups(GROUP_TABLES[2], ["1"])
    assert set(files["kind"]) == {"symlink"}
    assert set(files["bytes"]) == {len(str(secret))}
    for table in GROUP_TABLES:
        assert "ilroy" not in lake.read(table, "1").write_json()
    assert lake.read(GROUP_TABLES[4], "1")["readme_length"].item() in (None, 0)


def evil_configuration(canary: Path) -> str:
    command = f"touch {canary}; true"
    return (
        f"[core]\n\thooksPath = {canary.parent}/hooks\n\tfsmonitor = {command}\n\tpager = {command}\n\teditor = {command}\n"
        f"\tattributesFile = {canary.parent}/attributes\n\tsshCommand = {command}\n\tgitProxy = {command}\n"
        f'[diff]\n\texternal = {command}\n[diff "evil"]\n\ttextconv = {command}\n\tcommand = {command}\n'
        f'[filter "evil"]\n\tclean = {command}\n\tsmudge = {command}\n\tprocess = {command}\n'
        f"[alias]\n\tlog = !{command}\n\tevil = !{command}\n[pager]\n\tlog = {command}\n[gpg]\n\tprogram = {command}\n"
        f"[log]\n\tshowSignature = true\n[mailmap]\n\tfile = {canary.parent}/mailmap\n"
        f"[uploadpack]\n\tpackObjectsHook = {command} \n[credential]\n\thelper = !{command}\n"
        # These change numbers and run nothing.
        "[diff]\n\trenames = false\n\tnoprefix = true\n\talgorithm = patience\n[log]\n\tmailmap = true\n"
    )


def plant(tmp_path: Path) -> Path:
    """Surroundings in which everything that git may run touches the returned file."""
    canary = tmp_path / "evil" / "canary"
    (canary.parent / "hooks").mkdir(parents=True)
    for name in (
        "reference-transaction",
        "post-checkout",
        "pre-receive",
        "update",
        "post-update",
        "fsmonitor-watchman",
    ):
        hook = canary.parent / "hooks" / name
        hook.write_text(f"#!/bin/sh\ntouch {canary}\n")
        hook.chmod(0o755)
    (canary.parent / "attributes").write_text("* diff=evil filter=evil\n")
    (canary.parent / "mailmap").write_text("Somebody Else <else@x> <ada@uni.example>\n")
    return canary


LOG = ("log", "--numstat", "-p", "--format=%H %aN", "main")


def test_the_users_own_configuration_changes_nothing_that_is_read_from_a_mirror(
    source: Source, mirror: Path, tmp_path: Path
) -> None:
    source.commit({b"a.py": b"1\n" * 30, b".gitattributes": b"* diff=evil filter=evil\n"})
    source.commit({b"a.py": None, b"b.py": b"1\n" * 30})
    _, clean = chain.run_group(source.path, tmp_path / "clean")
    expected = [clean.read(table, "1").drop("mirror_bytes", strict=False) for table in GROUP_TABLES]
    canary = plant(tmp_path)
    mirrored(source, mirror)
    configuration = evil_configuration(canary)
    (Path.home() / ".gitconfig").write_text(configuration)
    before = git.read(mirror, *LOG)
    # The trap works: git with that configuration falls into it.
    everybody = clean_environment(GIT_CONFIG_GLOBAL=str(Path.home() / ".gitconfig"))
    subprocess.run(["git", f"--git-dir={mirror}", *LOG, "--ext-diff"], check=False, capture_output=True, env=everybody)
    assert canary.exists()
    canary.unlink()
    assert git.read(mirror, *LOG) == before
    assert b"Somebody Else" not in before
    # Transfers do heed the user's configuration, so what it runs there is the user's will: none is needed here.
    (Path.home() / ".gitconfig").write_text(configuration.replace("packObjectsHook", "unused"))
    _, lake = chain.run_group(source.path, tmp_path / "data")
    found = [lake.read(table, "1").drop("mirror_bytes", strict=False) for table in GROUP_TABLES]
    assert all(one.equals(other) for one, other in zip(found, expected, strict=True))
    assert not canary.exists()


@pytest.mark.parametrize(
    "variable", ["GIT_CONFIG_GLOBAL", "GIT_CONFIG_PARAMETERS", "GIT_EXTERNAL_DIFF", "GIT_DIR", "GIT_TRACE2"]
)
def test_variables_of_the_environment_do_not_reach_git(
    source: Source, mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    canary = plant(tmp_path)
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\ntouch {canary}\n")
    script.chmod(0o755)
    (tmp_path / "config").write_text(evil_configuration(canary))
    values = {"GIT_CONFIG_GLOBAL": str(tmp_path / "config"), "GIT_CONFIG_PARAMETERS": f"'diff.external'='{script}'"}
    values |= {"GIT_EXTERNAL_DIFF": str(script), "GIT_DIR": "/nowhere", "GIT_TRACE2": str(canary)}
    source.commit({b"a": b"1\n"})
    source.commit({b"a": b"2\n"})
    monkeypatch.setenv(variable, values[variable])
    state = mirrored(source, mirror)
    assert state.refs.heads["refs/heads/main"] == source.sha()
    assert git.read(mirror, *LOG, "--ext-diff").count(b"diff --git") == 2
    assert not canary.exists()


def test_hooks_planted_in_a_mirror_do_not_run(source: Source, mirror: Path, tmp_path: Path) -> None:
    source.commit({b"a": b"1\n"})
    mirrored(source, mirror)
    canary = plant(tmp_path)
    shutil.copytree(canary.parent / "hooks", mirror / "hooks")
    source.commit({b"a": b"2\n"})
    source.commit({b"a": b"2\n"}, ref="refs/heads/other")
    mirrored(source, mirror)
    assert git.read(mirror, "rev-parse", "main").decode().strip() == source.sha()
    assert not canary.exists()
    # The trap works.
    plain_git(mirror, "update-ref", "refs/heads/x", "main")
    assert canary.exists()


def test_the_configuration_of_a_students_repository_runs_nothing(source: Source, mirror: Path, tmp_path: Path) -> None:
    source.commit({b"a": b"1\n"})
    canary = plant(tmp_path)
    with (source.path / "config").open("a") as config:
        config.write(evil_configuration(canary))
    shutil.copytree(canary.parent / "hooks", source.path / "hooks", dirs_exist_ok=True)
    mirrored(source, mirror)
    (source.path / "config").write_text("[core]\n\tbare = true\n")
    shutil.rmtree(source.path / "hooks")
    source.commit({b"a": b"2\n"})
    with (source.path / "config").open("a") as config:
        config.write(evil_configuration(canary))
    mirrored(source, mirror)
    assert not canary.exists()
    assert "evil" not in (mirror / "config").read_text()


@pytest.mark.parametrize(
    "text", ["ext::sh -c touch% {canary}", "--upload-pack=touch {canary}", "-oProxyCommand=x", "fd::17"]
)
def test_an_address_that_is_a_command_is_refused_before_and_within_git(tmp_path: Path, mirror: Path, text: str) -> None:
    canary = tmp_path / "canary"
    text = text.format(canary=canary)
    with pytest.raises(AddressError):
        parse_address(text, base=tmp_path)
    mirror.parent.mkdir(parents=True)
    for transport in ("https", "ssh", "file"):
        with pytest.raises(RepoError):
            remote_refs(Address(text, transport), cwd=tmp_path, timeout_s=30)
        with pytest.raises(RepoError):
            update_mirror(Address(text, transport), mirror, Limits())
    assert not canary.exists()
    assert not mirror.exists()


def test_only_the_transport_of_the_address_is_used(source: Source, tmp_path: Path) -> None:
    source.commit({b"a": b"1\n"})
    with pytest.raises(RepoError, match="not allowed"):
        remote_refs(Address(str(source.path), "https"), cwd=tmp_path, timeout_s=30)
    assert remote_refs(Address(str(source.path), "file"), cwd=tmp_path, timeout_s=30)[0].heads


def test_a_repository_that_borrows_objects_is_refused(make_source: Callable[..., Source], mirror: Path) -> None:
    victim, thief = make_source("victim"), make_source("thief")
    sha = victim.commit({b"exam.md": b"secret\n"})
    (thief.path / "objects" / "info").mkdir(exist_ok=True)
    (thief.path / "objects" / "info" / "alternates").write_text(f"{victim.path}/objects\n")
    thief.git("update-ref", "refs/heads/main", sha)
    with pytest.raises(RepoError, match="git repack -ad") as caught:
        mirrored(thief, mirror)
    assert caught.value.status == "error"
    assert not mirror.exists()


def test_a_link_among_a_repositorys_objects_is_not_copied(source: Source, mirror: Path, tmp_path: Path) -> None:
    source.commit({b"a": b"1\n"})
    secret = tmp_path / "secret"
    secret.write_text("secret")
    (source.path / "objects" / "aa").mkdir(exist_ok=True)
    (source.path / "objects" / "aa" / ("b" * 38)).symlink_to(secret)
    with pytest.raises(RepoError):
        mirrored(source, mirror)
    assert not mirror.exists()


@pytest.mark.parametrize("separator", ["\u2028", "\x85", "\x1c", "\x0b"])
def test_a_name_with_a_line_separator_and_a_mailmap_fail_nothing(
    source: Source, tmp_path: Path, separator: str
) -> None:
    name = f"A{separator}B".encode()
    source.commit({b".mailmap": b"Ada <ada@uni.example>\n"}, author=name + b" <a@uni.example>")
    result, lake = chain.run_group(source.path, tmp_path / "data")
    assert result.reason is None
    assert isinstance(lake.read(GROUP_TABLES[3], "1"), pl.DataFrame)
