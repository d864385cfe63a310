"""Servers on 127.0.0.1 for tests: one that serves repositories with git's own program, and some that misbehave."""

import socket
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from mlops_mentor.roster.addresses import Address
from mlops_mentor_tests.repos.sources import clean_environment


@dataclass
class Server:
    """Where it listens, and the request lines that it has seen."""

    port: int
    seen: list[str] = field(default_factory=list)

    def address(self, path: str = "/group/project") -> Address:
        return Address(f"http://127.0.0.1:{self.port}{path}", "http")


@contextmanager
def git_server(
    root: Path,
    *,
    redirects: dict[str, str] | None = None,
    doorkeeper: Callable[[str | None], bool] = lambda authorization: True,
    break_off: int = 0,
) -> Iterator[Server]:
    """Serve the repositories below `root`, partial clones allowed; `redirects` (301) by the beginning of a path.

    `doorkeeper` says whether a request with that `Authorization` header is let in (else 401); the first `break_off`
    requests get a 503.
    """
    # Filters are the server's choice; nothing else of this is needed.
    configuration = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "uploadpack.allowFilter",
        "GIT_CONFIG_VALUE_0": "true",
    }

    class Handler(_Handler):
        def answer(self, body: bytes) -> None:
            path, _, query = self.path.partition("?")
            if len(self.seen) <= break_off:
                self.reply(503, [])
                return
            if not doorkeeper(self.headers.get("Authorization")):
                self.reply(401, [("WWW-Authenticate", 'Basic realm="GitHub"')])
                return
            for old, new in (redirects or {}).items():
                if path.startswith(old):
                    self.reply(301, [("Location", f"http://127.0.0.1:{server.port}{new}{self.path.removeprefix(old)}")])
                    return
            environment = clean_environment(
                GIT_PROJECT_ROOT=str(root), GIT_HTTP_EXPORT_ALL="1", REQUEST_METHOD=self.command, PATH_INFO=path,
                QUERY_STRING=query, CONTENT_TYPE=self.headers.get("Content-Type", ""), REMOTE_ADDR="127.0.0.1",
                CONTENT_LENGTH=str(len(body)), HTTP_CONTENT_ENCODING=self.headers.get("Content-Encoding", ""),
                GIT_PROTOCOL=self.headers.get("Git-Protocol", ""), **configuration,
            )  # fmt: skip
            done = subprocess.run(
                ["git", "http-backend"], input=body, capture_output=True, env=environment, check=False
            )
            head, _, content = done.stdout.partition(b"\r\n\r\n")
            headers = [
                (name, value) for name, _, value in (line.partition(": ") for line in head.decode().split("\r\n"))
            ]
            status = next((int(value.split()[0]) for name, value in headers if name == "Status"), 200)
            self.reply(status, [(name, value) for name, value in headers if name != "Status"], content)

    with _served(Handler) as server:
        yield server


@contextmanager
def answering(status: int, *headers: tuple[str, str], content: bytes = b"") -> Iterator[Server]:
    """Answer every request with one status."""

    class Handler(_Handler):
        def answer(self, body: bytes) -> None:
            self.reply(status, headers, content)

    with _served(Handler) as server:
        yield server


@contextmanager
def silent() -> Iterator[Server]:
    """Accept connections and never answer."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        # The kernel accepts into the backlog; nobody has to take the connection from there.
        yield Server(listening.getsockname()[1])


class _Handler(BaseHTTPRequestHandler):
    seen: list[str]

    def do_GET(self) -> None:
        self.seen.append(f"{self.command} {self.path}")
        self.answer(self._body())

    do_POST = do_GET  # noqa: N815

    def answer(self, body: bytes) -> None:
        raise NotImplementedError

    def reply(self, status: int, headers: Iterable[tuple[str, str]], content: bytes = b"") -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        return body

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def _served(handler: type[_Handler]) -> Iterator[Server]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as listening:
        server = Server(listening.server_port)
        handler.seen = server.seen
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            listening.shutdown()
            thread.join()
