"""Answers of GitHub's REST API on disk, with their ETags, so that asking again for what has not changed is free.

Belongs here: one SQLite file, as hishel's storage and githubkit's cache strategy. Several processes may use it at once,
and whatever is wrong with it costs requests at most and never an answer. What is asked is decided by hishel: githubkit
tells it to ask GitHub each time. No header of a request is stored, so no token is.

hishel's own storage is not used: it keeps outdated answers beside new ones, and with two of them and a weak ETag, which
GitHub's are, it asks twice; it stores what is no JSON; it tidies up in processes that live for five minutes alone.
"""

import asyncio
import contextlib
import json
import logging
import sqlite3
import time
import uuid
import zlib
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NoReturn, TypeVar
from urllib.parse import parse_qs, urlsplit

import httpx
from githubkit.cache import BaseCacheStrategy
from githubkit.exception import CacheUnsupportedError
from hishel import AsyncBaseStorage, Entry, EntryMeta, Headers, Request, Response
from pydantic_core import from_json

log = logging.getLogger(__name__)
T = TypeVar("T")

_DAY_S = 24 * 3600
# Since an answer was last of use: a term, with some weeks before the next look at it.
_KEPT_S = 60 * _DAY_S
# For other processes, which write for milliseconds; well within the time that one call may take.
_BUSY_S = 3.0
_KEPT_HEADERS = ("etag", "last-modified", "link", "content-type", "content-encoding")
_GITHUB_PAGE_SIZE = 30
_SCHEMA = """
CREATE TABLE IF NOT EXISTS answers_1 (
    id BLOB PRIMARY KEY, used_at INTEGER NOT NULL, checksum INTEGER NOT NULL, url TEXT NOT NULL, headers TEXT NOT NULL,
    body BLOB NOT NULL
)
"""


class AnswerCacheStrategy(BaseCacheStrategy):
    """githubkit's way to the file; each client has its own."""

    def __init__(self, file: Path) -> None:
        self._file = file

    async def get_async_hishel_storage(self) -> AsyncBaseStorage:
        return AnswerCache(self._file)

    # What only other ways of asking need.

    def get_cache_storage(self) -> NoReturn:
        raise CacheUnsupportedError("only answers are kept")

    async def get_async_cache_storage(self) -> NoReturn:
        raise CacheUnsupportedError("only answers are kept")

    def get_hishel_storage(self) -> NoReturn:
        raise CacheUnsupportedError("GitHub is asked asynchronously alone")


class AnswerCache(AsyncBaseStorage):
    """One answer an address; only whole answers 200 with an ETag and a body that is JSON."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._connection: sqlite3.Connection | None = None
        self._is_off = False
        # SQLite's own thread: a file that another process locks must not stop the clock of the other requests, and
        # what a deadline cancels ends in its order.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="answer-cache")

    async def create_entry(self, request: Request, response: Response, key: str, id_: uuid.UUID | None = None) -> Entry:
        if response.status_code == 200 and "etag" in response.headers:
            # All of it before any of it is stored: a body that is cut raises here.
            body = await response.aread()
            if _is_worth_keeping(request.url, response.headers, body):
                row = _row(request.url, response.headers, body)
                await self._do(lambda connection: _insert(connection, _id(key), row))
        return Entry(_id(key), request, EntryMeta(), response, key.encode())

    async def get_entries(self, key: str) -> list[Entry]:
        row = await self._do(lambda connection: _select(connection, _id(key)))
        if row is None:
            return []
        url, headers, body = row
        response = Response(200, Headers(headers), _stream(body))
        return [Entry(_id(key), Request("GET", url), EntryMeta(), response, key.encode())]

    async def update_entry(self, id: uuid.UUID, new_entry: Entry | Callable[[Entry], Entry]) -> Entry | None:  # noqa: A002
        # GitHub has said that the answer still holds. Nothing else of it changes, and who asks has the new headers.
        await self._do(lambda connection: _touch(connection, id))
        return None

    async def remove_entry(self, id: uuid.UUID) -> None:  # noqa: A002 - hishel's name
        await self._do(lambda connection: _delete(connection, id))

    async def close(self) -> None:
        self._is_off = True
        await asyncio.get_running_loop().run_in_executor(self._thread, self._disconnect)
        self._thread.shutdown(wait=False)

    async def _do(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        if self._is_off:
            return None
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._guarded, work)

    def _guarded(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        # Once more, as requests may have queued up behind the one that found the file locked.
        if self._is_off:
            return None
        try:
            return work(self._connected())
        except (sqlite3.Error, OSError) as error:
            self._is_off = True
            self._disconnect()
            if is_damaged(error):
                _set_aside(self._file)
            log.warning("GitHub's answers in %s cannot be used (%s); going on without them", self._file, error)
            return None

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            try:
                self._connection = _open(self._file)
            except sqlite3.DatabaseError as error:
                if not is_damaged(error):
                    raise
                log.warning("GitHub's answers in %s are damaged (%s); beginning anew", self._file, error)
                _set_aside(self._file)
                self._connection = _open(self._file)
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None


def is_damaged(error: Exception) -> bool:
    """Whether the file is no database any more; its being locked or read-only has classes of its own in SQLite."""
    return type(error) is sqlite3.DatabaseError


def _open(file: Path) -> sqlite3.Connection:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Private repositories may be in it.
    file.touch(mode=0o600)
    connection = sqlite3.connect(file, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        _switch_to_wal(connection)
        # What a power cut takes is asked again.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(_SCHEMA)
        connection.execute("DELETE FROM answers_1 WHERE used_at < ?", (int(time.time()) - _KEPT_S,))
    except BaseException:
        connection.close()
        raise
    return connection


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    # SQLite does not wait here, as it does elsewhere, for another process that is switching.
    deadline = time.monotonic() + _BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def _set_aside(file: Path) -> None:
    with contextlib.suppress(OSError):
        file.replace(file.with_name(f"{file.name}.damaged"))
    # SQLite would play what is left of the old log into a new file.
    for suffix in ("-wal", "-shm"):
        with contextlib.suppress(OSError):
            file.with_name(f"{file.name}{suffix}").unlink()


def _id(key: str) -> uuid.UUID:
    # hishel's keys are SHA-256 in hex; its ids are UUIDs.
    return uuid.UUID(key[:32])


async def _stream(body: bytes) -> AsyncIterator[bytes]:
    yield body


_Row = tuple[int, str, str, bytes]


def _row(url: str, headers: Mapping[str, str], body: bytes) -> _Row:
    kept = json.dumps({name: headers[name] for name in _KEPT_HEADERS if name in headers})
    return _checksum(url, kept, body), url, kept, body


def _checksum(url: str, headers: str, body: bytes) -> int:
    # SQLite does not notice a byte that changed on disk, and GitHub would go on saying that nothing has changed.
    return zlib.crc32(body, zlib.crc32(f"{url}\n{headers}".encode()))


def _insert(connection: sqlite3.Connection, id_: uuid.UUID, row: _Row) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO answers_1 (id, used_at, checksum, url, headers, body) VALUES (?, ?, ?, ?, ?, ?)",
        (id_.bytes, int(time.time()), *row),
    )


def _select(connection: sqlite3.Connection, id_: uuid.UUID) -> tuple[str, dict[str, str], bytes] | None:
    query = "SELECT checksum, url, headers, body FROM answers_1 WHERE id = ?"
    # As bytes: a text that is no UTF-8 any more would be an error of another kind.
    connection.text_factory = bytes
    found = connection.execute(query, (id_.bytes,)).fetchone()
    if found is None:
        return None
    checksum, url, headers, body = found
    try:
        row = url.decode(), headers.decode(), bytes(body)
        is_whole = checksum == _checksum(*row)
    except (AttributeError, TypeError, ValueError):
        is_whole = False
    return (row[0], json.loads(row[1]), row[2]) if is_whole else None


def _touch(connection: sqlite3.Connection, id_: uuid.UUID) -> None:
    now = int(time.time())
    # By the day: what is unchanged is read without writing.
    connection.execute("UPDATE answers_1 SET used_at = ? WHERE id = ? AND used_at < ?", (now, id_.bytes, now - _DAY_S))


def _delete(connection: sqlite3.Connection, id_: uuid.UUID) -> None:
    connection.execute("DELETE FROM answers_1 WHERE id = ?", (id_.bytes,))


def _is_worth_keeping(url: str, headers: Mapping[str, str], body: bytes) -> bool:
    try:
        # httpx undoes the compression.
        answer = from_json(httpx.Response(200, headers=dict(headers), content=body).content)
    except (ValueError, httpx.DecodingError):
        return False
    if not isinstance(answer, list) or 'rel="next"' in headers.get("link", ""):
        return True
    # The last page, and full: when one more item follows, this page stays as it is and its kept `Link` would go on
    # saying that it is the last.
    sizes = parse_qs(urlsplit(url).query).get("per_page", [])
    size = int(sizes[0]) if sizes and sizes[0].isdigit() else _GITHUB_PAGE_SIZE
    return len(answer) < size
