"""Addresses of repositories: what people write into a spreadsheet, made into what git may be given.

Belongs here: parsing and normalising one address. Whether anything answers there is for `repos` to find out.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

# The same repository is served over https there, without a key: what `git@` and `http` addresses of these mean.
_WEB_HOSTS = ("github.com", "gitlab.com", "bitbucket.org")
LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")
_REMOTE_HELPER = re.compile(r"^[A-Za-z0-9+.-]*::")
_SCP_LIKE = re.compile(r"^(?P<user>[^/:@]+)@(?P<host>[^/:@]+):(?!//)(?P<path>.+)$")
_BARE_HOST = re.compile(rf"^(?:[^/@]*@)?(?:www\.)?(?:{'|'.join(map(re.escape, _WEB_HOSTS))})/", re.IGNORECASE)
_LOGIN_WITHOUT_SCHEME = re.compile(r"^[^@]*:.*@")
# What ssh may be given: nothing that begins with `-` (an option) or hides another character behind `%`.
_SSH_USER = re.compile(r"\w[\w.+-]*")
_SSH_HOST = re.compile(r"[\w:][\w.:-]*")
# GitLab has groups within groups; none, and no repository, may have a name that begins a page.
_GITLAB_PAGES = ("-", "tree", "blob", "raw", "commits", "wikis")


class AddressError(ValueError):
    """An address that must not or cannot be used; the text says why and what to write instead, never a password.

    It is put into the sentences of others: no full stop ends it.
    """


@dataclass(frozen=True)
class Address:
    """Where a repository is and the one transport that may reach it.

    `url` is a plain absolute path for `file`, and may be `user@host:path` for `ssh`.
    """

    url: str
    transport: str

    @property
    def is_local(self) -> bool:
        return self.transport == "file"


def parse_address(text: str, *, base: Path) -> Address:
    """`text` as it stands in a roster, relative paths being relative to `base`.

    http and `git@` addresses of GitHub, GitLab and Bitbucket become https, `ssh://` ones stay what they say, and so do
    `git@` ones of other hosts, whose path may begin at the login's home; passwords and tokens, `.git`, a trailing `/`,
    and what a browser appends (`/tree/main`, `?tab=readme`) go.

    Raises:
        AddressError: nothing there, an option (`-...`), a remote helper (`ext::...`), or an unknown scheme.
    """
    text = text.strip().strip('"').strip()
    _refuse_dangers(text)
    if _BARE_HOST.match(text):
        text = f"https://{text}"
    if "://" in text:
        return _url(text)
    if match := _SCP_LIKE.match(text):
        return _scp_like(match["user"], match["host"], match["path"])
    if not text.startswith(("/", ".", "~")) and _LOGIN_WITHOUT_SCHEME.match(text):
        raise AddressError(
            f"{without_login(text)!r} stands behind a login with a password. Write it as https://host/owner/name"
        )
    try:
        return Address(str(_absolute(Path(text).expanduser(), base)), "file")
    except (OSError, RuntimeError):
        raise AddressError(f"{text!r} leads nowhere (no such home directory?). Write the whole path") from None


def without_login(text: str) -> str:
    """What of an address may be shown: no login before the host, and no query, in which tokens stand too."""
    return re.sub(r"(?s)[?#].*", "", re.sub(r"(?s)^([^@]*?://)?.*@", r"\1", unquote(text)))


def _refuse_dangers(text: str) -> None:
    shown = repr(without_login(text))
    if not text:
        raise AddressError("the repository is missing. Write its address, such as https://github.com/owner/name")
    if text.startswith("-"):
        raise AddressError(f"{shown} begins with '-', which git reads as an option. Write the repository's address")
    if _REMOTE_HELPER.match(text):
        raise AddressError(f"{shown} would start a program (remote helper). Write an https address")
    if _has_control_characters(text):
        raise AddressError(f"{shown} contains control characters. Type the address anew")


def _url(text: str) -> Address:
    try:
        parts = urlsplit(text)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        # Python's reason may quote the login.
        raise AddressError("what is written there is not a valid address. Write it anew") from None
    scheme = parts.scheme.lower()
    if scheme == "file":
        return _file_url(text, host, unquote(parts.path))
    if scheme not in ("http", "https", "ssh"):
        shown = without_login(text)
        raise AddressError(f"{shown!r}: {scheme}:// is not supported. Write an https address, ssh://, or a path")
    if not host:
        raise AddressError(f"{without_login(text)!r} names no host. Write it as https://host/owner/name")
    if port is not None and "@" not in parts.netloc and "@" in parts.path + parts.query + parts.fragment:
        # `https://ada:1/2@host/...`: a password with a `/` in it reads as a port.
        raise AddressError("the login cannot be told from the host. Write the address without it")
    path = _tidy(parts.path)
    return _ssh(parts.username, host, port, path) if scheme == "ssh" else _web(scheme, host, port, path)


def _file_url(text: str, host: str, path: str) -> Address:
    if host not in ("", "localhost"):
        raise AddressError(f"{without_login(text)!r} names another machine. Write file:///path or a plain path")
    if not path or _has_control_characters(path):
        raise AddressError(f"{without_login(text)!r} names no path. Write file:///path or a plain path")
    return Address(path, "file")


def _web(scheme: str, host: str, port: int | None, path: str) -> Address:
    host = host.removeprefix("www.")
    if host in _WEB_HOSTS:
        return Address(f"https://{host}/{_owner_and_name(host, path)}", "https")
    # Only a server on this very machine may speak without encryption; elsewhere http means a forgotten letter.
    transport = "http" if scheme == "http" and host in LOOPBACK_HOSTS else "https"
    return Address(f"{transport}://{_host_and_port(host, port)}{path}", transport)


def _scp_like(user: str, host: str, path: str) -> Address:
    if host.lower() in _WEB_HOSTS:
        return _web("https", host.lower(), None, _tidy("/" + path.lstrip("/")))
    if path.startswith("/"):
        return _ssh(user, host, None, _tidy("/" + path.lstrip("/")))
    # `ssh://host/path` would begin at the server's root, and not every server knows `ssh://host/~/path`.
    _refuse_odd_login(user, host)
    return Address(f"{user}@{host.lower()}:{_tidy(path) or path}", "ssh")


def _ssh(user: str | None, host: str, port: int | None, path: str) -> Address:
    _refuse_odd_login(user, host)
    login = f"{user}@" if user is not None else ""
    return Address(f"ssh://{login}{_host_and_port(host, port)}{path}", "ssh")


def _refuse_odd_login(user: str | None, host: str) -> None:
    if not _SSH_HOST.fullmatch(host) or (user is not None and not _SSH_USER.fullmatch(user)):
        raise AddressError("the host or the user is no name that ssh may be given. Write it as ssh://user@host/path")


def _host_and_port(host: str, port: int | None) -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"{shown}:{port}" if port else shown


def _owner_and_name(host: str, path: str) -> str:
    segments = [segment for segment in path.split("/") if segment]
    end = 2
    if host == "gitlab.com":
        end = next((i for i, segment in enumerate(segments) if i and segment in _GITLAB_PAGES), len(segments))
    if min(end, len(segments)) < 2:
        raise AddressError(f"{without_login(host + path)!r} names no repository. Write it as https://host/owner/name")
    return "/".join(segments[:end]).removesuffix(".git")


def _absolute(path: Path, base: Path) -> Path:
    return path if path.is_absolute() else (base / path).resolve()


def _tidy(path: str) -> str:
    return path.rstrip("/").removesuffix(".git").rstrip("/")


def _has_control_characters(text: str) -> bool:
    return any(ord(char) < 32 or char == "\x7f" for char in text)
