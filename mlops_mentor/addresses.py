"""Addresses of repositories: what people write into a spreadsheet, made into what git may be given.

Belongs here: parsing and normalising one address. Whether anything answers there is for `repos` to find out.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

# The same repository is served over https there, without a key: what `git@` and `http` addresses of these mean.
_WEB_HOSTS = ("github.com", "gitlab.com", "bitbucket.org")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_REMOTE_HELPER = re.compile(r"^[A-Za-z0-9+.-]*::")
_SCP_LIKE = re.compile(r"^(?:(?P<user>[A-Za-z0-9._-]+)@)(?P<host>[A-Za-z0-9.-]+):(?!//)(?P<path>.+)$")
_BARE_HOST = re.compile(rf"^(?:www\.)?(?:{'|'.join(map(re.escape, _WEB_HOSTS))})/", re.IGNORECASE)


class AddressError(ValueError):
    """An address that must not or cannot be used; the text says why and what to write instead."""


@dataclass(frozen=True)
class Address:
    """Where a repository is (`url`, a plain absolute path for `file`) and the one transport that may reach it."""

    url: str
    transport: str

    @property
    def is_local(self) -> bool:
        return self.transport == "file"


def parse_address(text: str, *, base: Path) -> Address:
    """`text` as it stands in a roster, relative paths being relative to `base`.

    http and `git@` addresses of GitHub, GitLab and Bitbucket become https; credentials, `.git`, a trailing `/`, and
    what a browser appends (`/tree/main`, `?tab=readme`) go.

    Raises:
        AddressError: nothing there, an option (`-...`), a remote helper (`ext::...`), or an unknown scheme.
    """
    text = text.strip().strip('"').strip()
    if not text:
        raise AddressError("the repository is missing. Write its address, such as https://github.com/owner/name")
    if text.startswith("-"):
        raise AddressError(f"{text!r} begins with '-', which git reads as an option. Write the repository's address")
    if _REMOTE_HELPER.match(text):
        raise AddressError(f"{text!r} would start a program (remote helper). Write an https address")
    if any(ord(char) < 32 or char == "\x7f" for char in text):
        raise AddressError(f"{text!r} contains control characters. Type the address anew")
    if _BARE_HOST.match(text):
        text = f"https://{text}"
    if match := _SCP_LIKE.match(text):
        return _ssh(match["user"], match["host"], match["path"])
    if "://" in text:
        return _url(text)
    path = Path(text).expanduser()
    return Address(str(path if path.is_absolute() else (base / path).resolve()), "file")


def _url(text: str) -> Address:
    try:
        parts = urlsplit(text)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError as error:
        raise AddressError(f"{text!r} is not a valid address ({error}). Write it anew") from None
    scheme = parts.scheme.lower()
    if scheme == "file":
        if host not in ("", "localhost"):
            raise AddressError(f"{text!r} names another machine. Write file:///path or a plain path")
        return Address(unquote(parts.path), "file")
    if scheme == "ssh":
        return Address(f"ssh://{parts.netloc}{_tidy(parts.path)}", "ssh") if host else _no_host(text)
    if scheme not in ("http", "https"):
        raise AddressError(f"{text!r}: {scheme}:// is not supported. Write an https address, ssh://, or a path")
    if not host:
        return _no_host(text)
    host = host.removeprefix("www.")
    path = _tidy(parts.path)
    if host in _WEB_HOSTS:
        return Address(f"https://{host}/{_owner_and_name(text, path)}", "https")
    # Only a server on this very machine may speak without encryption; elsewhere http means a forgotten letter.
    transport = "http" if scheme == "http" and host in _LOOPBACK else "https"
    shown = f"[{host}]" if ":" in host else host
    return Address(f"{transport}://{shown}{f':{port}' if port else ''}{path}", transport)


def _ssh(user: str, host: str, path: str) -> Address:
    if host.lower() in _WEB_HOSTS:
        return Address(f"https://{host.lower()}/{_owner_and_name(path, _tidy('/' + path))}", "https")
    return Address(f"ssh://{user}@{host}{_tidy('/' + path.lstrip('/'))}", "ssh")


def _owner_and_name(text: str, path: str) -> str:
    segments = [segment for segment in path.split("/") if segment]
    if len(segments) < 2:
        raise AddressError(f"{text!r} names no repository. Write it as https://host/owner/name")
    # GitLab has groups within groups; its pages begin with `-`.
    segments = segments[: segments.index("-")] if "-" in segments else segments
    pages = ("tree", "blob", "commits", "commit", "pulls", "pull", "issues", "actions", "settings", "src", "wiki")
    cut = next((i for i, segment in enumerate(segments) if i >= 2 and segment in pages), len(segments))
    return "/".join(segments[:cut]).removesuffix(".git")


def _tidy(path: str) -> str:
    return path.rstrip("/").removesuffix(".git").rstrip("/")


def _no_host(text: str) -> Address:
    raise AddressError(f"{text!r} names no host. Write it as https://host/owner/name")
