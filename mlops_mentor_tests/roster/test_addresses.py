"""Addresses: what people write, and what git may be given."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_mentor.roster.addresses import Address, AddressError, parse_address

BASE = Path("/srv/course")
GITHUB = Address("https://github.com/owner/name", "https")
_TEXTS = st.text(max_size=60) | st.from_regex(r"(https?|ssh|git|ext)?:?/{0,2}[a-z@.:/\-\[\]]{0,30}", fullmatch=True)


@pytest.mark.parametrize(
    "text",
    [
        "https://github.com/owner/name",
        "https://github.com/owner/name/",
        "https://github.com/owner/name.git",
        "https://github.com/owner/name.git/",
        "  https://github.com/owner/name \t",
        '"https://github.com/owner/name"',
        "http://github.com/owner/name",
        "HTTPS://GitHub.com/owner/name",
        "https://www.github.com/owner/name",
        "www.github.com/owner/name",
        "github.com/owner/name",
        "git@github.com:owner/name.git",
        "git@GitHub.com:owner/name/",
        "https://github.com/owner/name/tree/main",
        "https://github.com/owner/name/tree/main/src",
        "https://github.com/owner/name/blob/main/README.md",
        "https://github.com/owner/name/pulls",
        "https://github.com/owner/name?tab=readme-ov-file#usage",
        "https://github.com:443/owner/name",
        "https://ada:secret@github.com/owner/name.git",
        "ada:secret@github.com/owner/name.git",
        "git@github.com/owner/name.git",
    ],
)
def test_every_way_to_write_a_github_repository_is_one_address(text: str) -> None:
    assert parse_address(text, base=BASE) == GITHUB


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("ssh://git@github.com/owner/name.git", "ssh://git@github.com/owner/name"),
        ("ssh://git@github.com:22/owner/name", "ssh://git@github.com:22/owner/name"),
    ],
)
def test_whoever_writes_ssh_gets_ssh_for_private_repositories_of_github_too(text: str, url: str) -> None:
    assert parse_address(text, base=BASE) == Address(url, "ssh")


@pytest.mark.parametrize("page", ["releases", "branches", "graphs/contributors", "compare/main...dev", "projects"])
def test_whatever_page_of_github_a_browser_shows_leads_to_the_repository(page: str) -> None:
    assert parse_address(f"https://github.com/owner/name/{page}", base=BASE) == GITHUB


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://gitlab.com/a/b/c/-/tree/main", "https://gitlab.com/a/b/c"),
        ("git@gitlab.com:a/b/c.git", "https://gitlab.com/a/b/c"),
        ("https://gitlab.com/a/issues/tree/main", "https://gitlab.com/a/issues"),
        ("https://bitbucket.org/owner/name/src/main/", "https://bitbucket.org/owner/name"),
        ("https://github.com/tree/issues", "https://github.com/tree/issues"),
    ],
)
def test_pages_within_a_repository_lead_to_the_repository(text: str, url: str) -> None:
    assert parse_address(text, base=BASE) == Address(url, "https")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://git.uni.example:8443/a/b.git", Address("https://git.uni.example:8443/a/b", "https")),
        ("https://ada:secret@git.uni.example/a/b", Address("https://git.uni.example/a/b", "https")),
        ("http://git.uni.example/a/b", Address("https://git.uni.example/a/b", "https")),
        ("http://127.0.0.1:8000/a/b.git", Address("http://127.0.0.1:8000/a/b", "http")),
        ("http://[::1]:8000/a/b", Address("http://[::1]:8000/a/b", "http")),
        ("git@git.uni.example:a/b.git", Address("git@git.uni.example:a/b", "ssh")),
        ("git@Git.Uni.Example:b.git/", Address("git@git.uni.example:b", "ssh")),
        ("ada@git.uni.example:~bo/b", Address("ada@git.uni.example:~bo/b", "ssh")),
        ("git@git.uni.example:.git", Address("git@git.uni.example:.git", "ssh")),
        ("git@git.uni.example:/srv/a/b.git", Address("ssh://git@git.uni.example/srv/a/b", "ssh")),
        ("ssh://git@git.uni.example:2222/a/b.git", Address("ssh://git@git.uni.example:2222/a/b", "ssh")),
        ("ssh://ada:secret@[::1]:2222/a/b", Address("ssh://ada@[::1]:2222/a/b", "ssh")),
        ("ssh://git.uni.example/a/b", Address("ssh://git.uni.example/a/b", "ssh")),
    ],
)
def test_other_servers_are_reached_by_the_one_transport_that_the_address_names(text: str, address: Address) -> None:
    assert parse_address(text, base=BASE) == address


def test_credentials_go_from_an_ssh_address_too() -> None:
    assert "secret" not in parse_address("ssh://ada:secret@git.uni.example/a/b", base=BASE).url


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("repositories/one", "/srv/course/repositories/one"),
        ("../one/", "/srv/one"),
        ("/data/one", "/data/one"),
        ("file:///data/one%20two", "/data/one two"),
        ("file://localhost/data/one", "/data/one"),
    ],
)
def test_a_path_becomes_absolute_beside_the_roster(text: str, path: str) -> None:
    address = parse_address(text, base=BASE)
    assert address == Address(path, "file")
    assert address.is_local


def test_a_path_may_begin_at_home() -> None:
    assert parse_address("~/one", base=BASE).url == str(Path.home() / "one")


def test_what_is_served_over_a_network_is_not_local() -> None:
    assert not GITHUB.is_local


@pytest.mark.parametrize(
    ("text", "why", "remedy"),
    [
        ("", "missing", "https://github.com/owner/name"),
        (' "" ', "missing", "https://github.com/owner/name"),
        ("--upload-pack=touch /tmp/x", "git reads as an option", "Write the repository's address"),
        ("-oProxyCommand=x", "git reads as an option", "Write the repository's address"),
        ("ext::sh -c id", "would start a program", "Write an https address"),
        ("fd::17", "would start a program", "Write an https address"),
        ("::https://github.com/owner/name", "would start a program", "Write an https address"),
        ("https://github.com/owner/na\nme", "control characters", "Type the address anew"),
        ("git://github.com/owner/name", "git:// is not supported", "Write an https address"),
        ("ftp://github.com/owner/name", "ftp:// is not supported", "Write an https address"),
        ("https://github.com/owner", "names no repository", "https://host/owner/name"),
        ("https://github.com", "names no repository", "https://host/owner/name"),
        ("git@github.com:owner", "names no repository", "https://host/owner/name"),
        ("https://gitlab.com/owner/-/issues", "names no repository", "https://host/owner/name"),
        ("https:///owner/name", "names no host", "https://host/owner/name"),
        ("ssh:///owner/name", "names no host", "https://host/owner/name"),
        ("https://github.com:port/owner/name", "not a valid address", "Write it anew"),
        ("https://[::1/owner/name", "not a valid address", "Write it anew"),
        ("file://server/share/one", "names another machine", "file:///path"),
    ],
)
def test_what_must_not_be_used_is_refused_with_a_remedy(text: str, why: str, remedy: str) -> None:
    with pytest.raises(AddressError) as error:
        parse_address(text, base=BASE)
    assert why in str(error.value)
    assert remedy in str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        "https://ada:secret@github.com/owner",
        "https://github.com/owner?access_token=secret",
        "https://github.com/ada:secret@x",
        "ftp://ada:secret@uni.example/a/b",
        "file://ada:secret@uni.example/a/b",
        "https://ada:secret@uni.example:port/a/b",
        "https://ada:secret%40uni.example/a/b",
        "https://ada:se/secret@uni.example/a/b",
        "https://ada:1/secret@uni.example/a/b",
        "https://ada:secret@uni\u2100.example/a/b",
        "ssh://ada%3Asecret@uni.example/a/b",
        "ada:secret@uni.example:a/b",
        "ada:se/secret@uni.example/a/b",
        "ada:secret@uni.example/a\n/b",
    ],
)
def test_a_refusal_does_not_repeat_credentials(text: str) -> None:
    with pytest.raises(AddressError) as error:
        parse_address(text, base=BASE)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        "ssh://-oProxyCommand=x/a/b",
        "git@-oProxyCommand=x:a/b",
        "git@-oProxyCommand=x:/a/b",
        "ssh://-x@uni.example/a/b",
        "ssh://%2Dx/a/b",
    ],
)
def test_a_host_that_is_an_option_is_refused(text: str) -> None:
    with pytest.raises(AddressError):
        parse_address(text, base=BASE)


@pytest.mark.parametrize("text", ["~nobody-of-this-name/one", "file://", "file:///data/one%00two"])
def test_a_path_that_cannot_be_one_is_refused(text: str) -> None:
    with pytest.raises(AddressError):
        parse_address(text, base=BASE)


@given(_TEXTS)
@settings(derandomize=True)
def test_whatever_is_written_gives_a_safe_address_or_a_refusal(text: str) -> None:
    try:
        address = parse_address(text, base=BASE)
    except AddressError:
        return
    safe = {"file": "/", "https": "https://", "http": "http://", "ssh": r"ssh://|\w[\w.+-]*@[\w:][\w.:-]*:[^/]"}
    assert re.match(safe[address.transport], address.url)
