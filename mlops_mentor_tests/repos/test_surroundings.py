"""Whatever surrounds git - configuration, hooks, variables, addresses - nothing of it runs or is obeyed."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from mlops_mentor.errors import RepoError
from mlops_mentor.repos import git
from mlops_mentor.repos.mirror import Limits, update_mirror
from mlops_mentor.repos.refs import remote_refs
from mlops_mentor.roster.addresses import Address, AddressError, parse_address
from mlops_mentor.schemas import GROUP_TABLES
from mlops_mentor_tests.repos import chain
from mlops_mentor_tests.repos.sources import Source, clean_environment, mirrored, plain_git


def evil_configuration(canary: Path) -> str:
    command = f"touch {canary}; true"
    return (
        f"[core]\n\thooksPath = {canary.parent}/hooks\n\tfsmonitor = {command}\n\tpager = {command}\n"
        f"\teditor = {command}\n\tattributesFile = {canary.parent}/attributes\n"
        f"\tsshCommand = {command}\n\tgitProxy = {command}\n"
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
