"""Mirrors of repositories on servers: filtered clones, redirects, and every way in which a server says no."""

import base64
from pathlib import Path

import pytest
from pydantic import SecretStr

from mlops_mentor.errors import RepoError
from mlops_mentor.repos import git
from mlops_mentor.repos.blobs import read_blobs
from mlops_mentor.repos.login import Login
from mlops_mentor.repos.mirror import Limits, update_mirror
from mlops_mentor.repos.refs import mirror_refs
from mlops_mentor.roster.addresses import Address
from mlops_mentor_tests.repos.plain import (
    assert_commits_agree,
    commits_of,
    files_of,
    plain_commits_one_by_one,
    plain_files,
)
from mlops_mentor_tests.repos.servers import answering, git_server, silent
from mlops_mentor_tests.repos.sources import MAIN, Source, plain_git

pytestmark = pytest.mark.loopback

SMALL_BLOBS = Limits(git_timeout_s=60, max_blob_bytes=1000)
PAGE = b"<html>\nPlease log in.\n</html>\n"
BIG = b"".join(b"row %d\n" % number for number in range(500))


@pytest.fixture
def hosted(tmp_path: Path) -> Source:
    source = Source(tmp_path / "hosted" / "group" / "project.git")
    source.commit({b"README.md": b"# Title\n", b"data.csv": BIG})
    source.commit({b"train.py": b"1\n"})
    source.commit({b"pull.py": b"1\n"}, ref="refs/pull/1/head")
    return source


def num_objects(mirror: Path) -> str:
    return plain_git(mirror, "count-objects", "--verbose").decode()


def test_a_clone_over_http_leaves_big_blobs_out_and_never_asks_for_them(
    hosted: Source, mirror: Path, tmp_path: Path
) -> None:
    with git_server(tmp_path / "hosted") as server:
        state = update_mirror(server.address("/group/project.git"), mirror, SMALL_BLOBS)
        num_requests, objects = len(server.seen), num_objects(mirror)
        commits, files = commits_of(state, mirror), files_of(state, mirror)
        blob_id = hosted.sha("main:data.csv")
        assert dict(read_blobs(mirror, [blob_id])) == {blob_id: None}
        assert len(server.seen) == num_requests > 0
    assert num_objects(mirror) == objects
    assert state.renamed_to is None
    rows = files.rows_by_key("path", named=True, unique=True)
    assert {path: row["is_available"] for path, row in rows.items()} == {
        "README.md": True,
        "data.csv": False,
        "train.py": True,
    }
    assert commits.select("num_files_changed", "lines_added", "is_on_default").rows() == [
        (1, 1, False), (1, 1, True), (2, None, True),
    ]  # fmt: skip


def test_a_filtered_mirror_is_followed_and_stays_without_a_promisor(
    hosted: Source, mirror: Path, tmp_path: Path
) -> None:
    with git_server(tmp_path / "hosted") as server:
        address = server.address("/group/project.git")
        update_mirror(address, mirror, SMALL_BLOBS)
        hosted.commit({b"data.csv": BIG + b"more\n", b"small.py": b"1\n2\n"})
        hosted.commit({b"data.csv": b"small now\n", b"copy.csv": BIG})
        state = update_mirror(address, mirror, SMALL_BLOBS)
        table = commits_of(state, mirror)
    assert state.refs.heads[MAIN] == hosted.sha()
    tip, pulls = state.refs.heads[MAIN], state.refs.pull_request_shas
    assert_commits_agree(table, plain_commits_one_by_one(mirror, tip, pulls))
    assert table["lines_added"].null_count() == 3
    config = plain_git(mirror, "config", "--local", "--list").decode()
    assert {line.partition(".")[0] for line in config.split()} == {"core"}, config


def test_blobs_within_the_limit_are_all_there(hosted: Source, mirror: Path, tmp_path: Path) -> None:
    with git_server(tmp_path / "hosted") as server:
        state = update_mirror(server.address("/group/project.git"), mirror, Limits())
    expected = {path.decode(): row["lines"] for path, row in plain_files(hosted.path, MAIN).items()}
    assert dict(files_of(state, mirror).select("path", "lines").iter_rows()) == expected
    assert expected["data.csv"] == 500


def test_an_unchanged_repository_costs_one_question(hosted: Source, mirror: Path, tmp_path: Path) -> None:
    with git_server(tmp_path / "hosted") as server:
        address = server.address("/group/project.git")
        update_mirror(address, mirror, SMALL_BLOBS)
        server.seen.clear()
        update_mirror(address, mirror, SMALL_BLOBS)
        assert [line for line in server.seen if "POST" in line] == ["POST /group/project.git/git-upload-pack"]


def test_a_renamed_repository_is_read_and_its_new_address_told(hosted: Source, mirror: Path, tmp_path: Path) -> None:
    with git_server(tmp_path / "hosted", redirects={"/old/name": "/group/project.git"}) as server:
        state = update_mirror(server.address("/old/name"), mirror, SMALL_BLOBS)
        assert state.renamed_to == f"http://127.0.0.1:{server.port}/group/project"
        assert state.refs.heads[MAIN] == hosted.sha()
        hosted.commit({b"a": b"1\n"})
        assert update_mirror(server.address("/old/name"), mirror, SMALL_BLOBS).refs.heads[MAIN] == hosted.sha()


def test_an_empty_repository_on_a_server_has_no_heads(mirror: Path, tmp_path: Path) -> None:
    Source(tmp_path / "hosted" / "empty.git")
    with git_server(tmp_path / "hosted") as server:
        state = update_mirror(server.address("/empty.git"), mirror, SMALL_BLOBS)
    assert state.refs.heads == {}


def test_a_repository_that_is_gone_is_not_found_and_keeps_the_mirror(
    hosted: Source, mirror: Path, tmp_path: Path
) -> None:
    with git_server(tmp_path / "hosted") as server:
        update_mirror(server.address("/group/project.git"), mirror, SMALL_BLOBS)
        hosted.path.rename(tmp_path / "gone")
        with pytest.raises(RepoError, match="Correct the roster") as caught:
            update_mirror(server.address("/group/project.git"), mirror, SMALL_BLOBS)
    assert caught.value.status == "not_found"
    assert plain_git(mirror, "rev-parse", MAIN)


@pytest.mark.parametrize(
    ("code", "headers", "status"),
    [
        (401, [("WWW-Authenticate", 'Basic realm="x"')], "no_access"),
        (403, [], "no_access"),
        (404, [], "not_found"),
        (410, [], "not_found"),
        (500, [], "error"),
        (503, [], "error"),
    ],
)
def test_what_a_server_answers_becomes_a_status(
    mirror: Path, code: int, headers: list[tuple[str, str]], status: str
) -> None:
    with answering(code, *headers) as server, pytest.raises(RepoError) as caught:
        update_mirror(server.address(), mirror, Limits(ask_timeout_s=20))
    assert (caught.value.status, mirror.exists()) == (status, False)
    assert server.address().url in caught.value.reason, "the reason does not say which address"


def test_a_page_for_people_in_place_of_a_repository_is_no_empty_repository(mirror: Path) -> None:
    with answering(200, ("Content-Type", "text/html"), content=PAGE) as server, pytest.raises(RepoError):
        update_mirror(server.address(), mirror, Limits(ask_timeout_s=20))
    assert not mirror.exists()


def test_an_empty_page_in_place_of_a_repository_does_not_empty_its_mirror(
    hosted: Source, mirror: Path, tmp_path: Path
) -> None:
    with git_server(tmp_path / "hosted") as server:
        update_mirror(server.address("/group/project.git"), mirror, SMALL_BLOBS)
    with answering(200, ("Content-Type", "text/html")) as server, pytest.raises(RepoError):
        update_mirror(server.address("/group/project.git"), mirror, SMALL_BLOBS)


def test_a_server_that_redirects_for_ever_is_an_error(mirror: Path) -> None:
    with answering(301, ("Location", "/again/info/refs?service=git-upload-pack")) as server:
        with pytest.raises(RepoError) as caught:
            update_mirror(server.address(), mirror, Limits(ask_timeout_s=20))
        assert len(server.seen) < 50
    assert caught.value.status == "error"


def test_a_redirect_to_another_transport_is_refused(hosted: Source, mirror: Path) -> None:
    with answering(301, ("Location", f"file://{hosted.path}/info/refs?service=git-upload-pack")) as server:  # noqa: SIM117
        with pytest.raises(RepoError):
            update_mirror(server.address(), mirror, Limits(ask_timeout_s=20))
    assert not mirror.exists()


def test_a_server_that_never_answers_is_a_timeout(mirror: Path) -> None:
    with silent() as server, pytest.raises(RepoError) as caught:
        update_mirror(server.address(), mirror, Limits(ask_timeout_s=0.5))
    assert caught.value.status == "timeout"


def test_a_port_where_nobody_listens_cannot_be_reached(mirror: Path) -> None:
    with silent() as server:
        port = server.port
    with pytest.raises(RepoError, match="cannot be reached") as caught:
        update_mirror(Address(f"http://127.0.0.1:{port}/a", "http"), mirror, Limits(ask_timeout_s=20))
    assert caught.value.status == "error"


TOKEN = SecretStr("secret-token")
SHOWN = f"Basic {base64.b64encode(b'x-access-token:secret-token').decode()}"


def test_a_private_repository_opens_with_the_token(hosted: Source, mirror: Path, tmp_path: Path) -> None:
    with git_server(tmp_path / "hosted", doorkeeper=lambda shown: shown == SHOWN) as server:
        login = Login(f"http://127.0.0.1:{server.port}", TOKEN)
        state = update_mirror(server.address(), mirror, Limits(login=login))
    assert state.refs.heads["refs/heads/main"] == hosted.sha()
    assert b"secret" not in b"".join(file.read_bytes() for file in mirror.rglob("*") if file.is_file())


def test_a_public_repository_is_read_although_the_token_is_refused(
    hosted: Source, mirror: Path, tmp_path: Path
) -> None:
    with git_server(tmp_path / "hosted", doorkeeper=lambda shown: shown is None) as server:
        login = Login(f"http://127.0.0.1:{server.port}", TOKEN)
        state = update_mirror(server.address(), mirror, Limits(login=login))
    assert state.refs.heads["refs/heads/main"] == hosted.sha()


def test_a_token_is_shown_to_its_own_server_alone(hosted: Source, mirror: Path, tmp_path: Path) -> None:
    shown: list[str | None] = []

    def refuse(authorization: str | None) -> bool:
        shown.append(authorization)
        return False

    with git_server(tmp_path / "hosted", doorkeeper=refuse) as server, pytest.raises(RepoError) as caught:
        login = Login(f"http://127.0.0.1:{server.port + 1}", TOKEN)
        update_mirror(server.address(), mirror, Limits(login=login))
    assert shown
    assert SHOWN not in shown
    assert caught.value.status == "no_access"
    assert "secret" not in caught.value.reason


@pytest.mark.usefixtures("no_pauses")
def test_a_server_that_breaks_off_is_asked_again(hosted: Source, mirror: Path, tmp_path: Path) -> None:
    with git_server(tmp_path / "hosted", break_off=2) as server:
        state = update_mirror(server.address(), mirror, Limits())
    assert state.refs.heads["refs/heads/main"] == hosted.sha()


@pytest.mark.usefixtures("no_pauses")
def test_a_server_that_breaks_off_for_good_is_told_and_leaves_the_mirror(
    hosted: Source, mirror: Path, tmp_path: Path
) -> None:
    with git_server(tmp_path / "hosted") as server:
        update_mirror(server.address(), mirror, Limits())
    before = mirror_refs(mirror)
    with git_server(tmp_path / "hosted", break_off=1000) as server, pytest.raises(RepoError) as caught:
        update_mirror(server.address(), mirror, Limits())
    assert caught.value.status == "error"
    assert "The next run tries again" in caught.value.reason
    assert mirror_refs(mirror) == before


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git, "_PAUSES_S", (0.0, 0.0, 0.0))
