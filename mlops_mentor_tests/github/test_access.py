"""Which GitHub is asked at which addresses, and which repositories are there."""

from pathlib import Path

import pytest

from mlops_mentor.github.access import github_access, repo_name
from mlops_mentor.roster.addresses import Address, parse_address
from mlops_mentor.settings import Settings

PUBLIC = "https://github.com"
GHES = "https://git.uni.example"
PORT = "https://git.uni.example:8443"


@pytest.mark.parametrize(
    ("text", "server", "expected"),
    [
        ("https://github.com/class/group-1", PUBLIC, "class/group-1"),
        ("https://github.com/class/group-1.git", PUBLIC, "class/group-1"),
        ("https://github.com/class/group-1/tree/main", PUBLIC, "class/group-1"),
        ("https://GitHub.com/Class/Group-1", PUBLIC, "Class/Group-1"),
        ("git@github.com:class/group-1.git", PUBLIC, "class/group-1"),
        ("ssh://git@github.com/class/group-1.git", PUBLIC, "class/group-1"),
        ("ssh://git@github.com:22/class/group-1.git", PUBLIC, "class/group-1"),
        ("https://git.uni.example/class/group-1", GHES, "class/group-1"),
        ("https://git.uni.example:443/class/group-1", GHES, "class/group-1"),
        ("git@git.uni.example:class/group-1.git", GHES, "class/group-1"),
        ("git@git.uni.example:/class/group-1.git", GHES, "class/group-1"),
        ("https://git.uni.example:8443/class/group-1", PORT, "class/group-1"),
        # The port of the pages says nothing of ssh's.
        ("git@git.uni.example:class/group-1", PORT, "class/group-1"),
        ("ssh://git@git.uni.example:7999/class/group-1", PORT, "class/group-1"),
        ("http://127.0.0.1:8417/class/group-1", "http://127.0.0.1:8417", "class/group-1"),
        ("https://git.uni.example/class/gr%C3%B8n", GHES, "class/grøn"),
    ],
)
def test_a_repository_on_that_github_has_an_owner_and_a_name(text: str, server: str, expected: str) -> None:
    assert repo_name(parse_address(text, base=Path("/")), server) == expected


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("https://gitlab.com/class/group-1", PUBLIC),
        ("https://github.com.evil.example/class/group-1", PUBLIC),
        ("https://git.uni.example/class/group-1", PUBLIC),
        ("https://github.com/class/group-1", GHES),
        ("git@github.com:class/group-1", GHES),
        ("git@other.example:class/group-1", GHES),
        ("ssh://git@other.example/class/group-1", GHES),
        ("https://git.uni.example/class/group-1", PORT),
        ("https://git.uni.example:8443/class/group-1", GHES),
        ("https://git.uni.example/course/class/group-1", GHES),
        ("https://git.uni.example/class%2Fgroup-1/x", GHES),
        ("git@git.uni.example:course/class/group-1", GHES),
        ("https://git.uni.example/group-1", GHES),
        ("/srv/git/class/group-1", PUBLIC),
        ("/class/group-1", PUBLIC),
        ("file:///class/group-1", PUBLIC),
    ],
)
def test_a_repository_elsewhere_has_none(text: str, server: str) -> None:
    assert repo_name(parse_address(text, base=Path("/")), server) is None


def test_a_path_that_looks_like_githubs_is_not_on_github() -> None:
    assert repo_name(Address("git@github.com:class/group-1", "file"), PUBLIC) is None


def settings(**more: str) -> Settings:
    return Settings(github_token="ghp_x", data_dir="course", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "api_url", "graphql_url"),
    [
        ({}, "https://api.github.com", "https://api.github.com/graphql"),
        ({"github_server_url": GHES}, f"{GHES}/api/v3", f"{GHES}/api/graphql"),
        ({"github_server_url": f"{PORT}/"}, f"{PORT}/api/v3", f"{PORT}/api/graphql"),
        # As GitHub Actions sets them.
        (
            {"github_server_url": GHES, "github_api_url": "https://api.x", "github_graphql_url": "https://api.x/g"},
            "https://api.x",
            "https://api.x/g",
        ),
        ({"github_api_url": "http://127.0.0.1:1"}, "http://127.0.0.1:1", "http://127.0.0.1:1/graphql"),
    ],
)
def test_the_apis_follow_from_the_server_unless_they_are_given(
    given: dict[str, str], api_url: str, graphql_url: str
) -> None:
    access = github_access(settings(**given))
    assert access is not None
    assert (access.api_url, access.graphql_url) == (api_url, graphql_url)


def test_answers_are_kept_below_the_data_directory(tmp_path: Path) -> None:
    access = github_access(settings())
    assert access is not None
    assert access.cache_file == tmp_path / "course" / "github" / "answers.db"
    assert "ghp_x" not in repr(access)


def test_without_a_token_github_is_not_asked() -> None:
    assert github_access(Settings()) is None
