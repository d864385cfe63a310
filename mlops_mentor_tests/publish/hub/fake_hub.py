"""A Hub on 127.0.0.1 with what a push and an erasure ask of it, and faults to order.

    with FakeHub() as hub:
        hub.fault("POST .*/commit/", "cut", when="after")  # the commit is made, its reply is lost
        push_folder(folder, HubTarget("dtu/course", SecretStr(WRITER), hub.endpoint), ...)
        assert hub.datasets["dtu/course"].files() == ...

It knows datasets only, one branch to write to, and as much of the real one's answers as `huggingface_hub` reads. With
`is_lfs` tables are stored beside git; with `keeps_old` it hands out old commits after their history was squashed.
"""

import base64
import hashlib
import json
import random
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import unquote, urlsplit

WRITER, READER = "hf_writerMadeUp123", "hf_readerMadeUp456"
_REPO = r"/api/datasets/([^/]+/[^/]+)"
_KINDS = ("503", "502 after", "cut", "cut after", "429", "500")


@dataclass
class Commit:
    sha: str
    parent: str | None
    title: str
    files: dict[str, bytes]


@dataclass
class Dataset:
    """`branches` and `tags` by name; every commit that can still be had, by name."""

    is_private: bool
    branches: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    commits: dict[str, Commit] = field(default_factory=dict)
    stored: dict[str, bytes] = field(default_factory=dict)

    def add(self, files: dict[str, bytes], title: str, parent: str | None = None) -> str:
        sha = hashlib.sha1(repr((parent, title, sorted(files), len(self.commits))).encode()).hexdigest()
        self.commits[sha] = Commit(sha, parent, title, files)
        self.branches["main"] = sha
        return sha

    def at(self, revision: str) -> Commit:
        return self.commits[self.branches.get(revision) or self.tags.get(revision) or revision]

    def files(self, revision: str = "main") -> dict[str, bytes]:
        """What people would see, without the Hub's own file."""
        return {path: content for path, content in self.at(revision).files.items() if path != ".gitattributes"}

    def history(self, revision: str = "main") -> list[Commit]:
        found, sha = [], self.at(revision).sha
        while sha:
            found.append(self.commits[sha])
            sha = self.commits[sha].parent or ""
        return found


@dataclass
class Fault:
    pattern: str
    kind: str
    when: str
    times: int
    headers: dict[str, str]


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    body: bytes
    token: str

    def json(self) -> Any:
        return json.loads(self.body)


class RefusedError(Exception):
    def __init__(self, status: int, message: str, code: str = "") -> None:
        super().__init__(message)
        self.status, self.message, self.code = status, message, code


class FakeHub:
    """Serves while it is entered; `log` has method and path of every request."""

    def __init__(self, *, is_lfs: bool = False, keeps_old: bool = False) -> None:
        self.is_lfs, self.keeps_old = is_lfs, keeps_old
        self.datasets: dict[str, Dataset] = {}
        self.log: list[str] = []
        self.before: Callable[[str], None] = lambda line: None
        self.rate, self.random = 0.0, random.Random(0)
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._http.daemon_threads = True
        self._http.hub = self  # type: ignore[attr-defined]
        self.endpoint = f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    def fault(self, pattern: str, kind: str, *, when: str = "before", times: int = 1, **headers: str) -> None:
        """Answer requests that match (method and path) with a status, or `cut` the connection."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._faults.append(Fault(pattern, kind, when, times, named))

    def make(self, repo: str, *, is_private: bool = True) -> Dataset:
        self.datasets[repo] = Dataset(is_private)
        self.datasets[repo].add({".gitattributes": b""}, "initial commit")
        return self.datasets[repo]

    def fault_for(self, line: str) -> Fault | None:
        for fault in self._faults:
            if fault.times and re.match(fault.pattern, line):
                fault.times -= 1
                return fault
        if self.rate and self.random.random() < self.rate:
            kind, _, when = self.random.choice(_KINDS).partition(" ")
            return Fault("", kind, when or "before", 0, {"Retry-After": "1"} if kind == "429" else {})
        return None

    def answer(self, request: Request) -> Any:
        """What the Hub says: JSON, or bytes of a file."""
        with self._lock:
            if request.token not in ("", WRITER, READER):
                raise RefusedError(401, "Invalid credentials in Authorization header")
            is_open = request.method in ("GET", "HEAD") or request.path.startswith(("/_lfs/", "/api/validate-yaml"))
            if not is_open and request.token != WRITER:
                raise RefusedError(403, "you must use a write token")
            for pattern, work in _ROUTES:
                if found := re.fullmatch(pattern, f"{request.method} {request.path}"):
                    try:
                        return work(self, request, *map(unquote, found.groups()))
                    except KeyError:
                        raise RefusedError(404, "Invalid rev id", "RevisionNotFound") from None
            raise RefusedError(404, f"no such route: {request.path}")

    def dataset(self, repo: str) -> Dataset:
        if repo not in self.datasets:
            raise RefusedError(404, "Repository not found", "RepoNotFound")
        return self.datasets[repo]

    def entry(self, path: str, content: bytes) -> dict[str, Any]:
        if self.is_lfs and path.endswith(".parquet"):
            sha = hashlib.sha256(content).hexdigest()
            lfs = {"sha256": sha, "size": len(content), "pointerSize": 130}
            return {"rfilename": path, "size": len(content), "blobId": _git_name(sha.encode()), "lfs": lfs}
        return {"rfilename": path, "size": len(content), "blobId": _git_name(content)}


def _git_name(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def _create(hub: FakeHub, request: Request) -> Any:
    body = request.json()
    repo = f"{body['organization']}/{body['name']}"
    if body["organization"] != "dtu":
        raise RefusedError(403, f"You don't have the rights to create a dataset under {body['organization']}")
    if repo in hub.datasets:
        raise RefusedError(409, "You already created this dataset repo")
    hub.make(repo, is_private=body.get("visibility") == "private")
    return {"url": f"{hub.endpoint}/datasets/{repo}"}


def _delete(hub: FakeHub, request: Request) -> Any:
    body = request.json()
    repo = f"{body['organization']}/{body['name']}"
    hub.dataset(repo)
    del hub.datasets[repo]
    return {}


def _info(hub: FakeHub, request: Request, repo: str, revision: str = "main") -> Any:
    dataset = hub.dataset(repo)
    commit = dataset.at(revision)
    siblings = [hub.entry(path, content) for path, content in commit.files.items()]
    return {"id": repo, "sha": commit.sha, "private": dataset.is_private, "siblings": siblings, "tags": []}


def _refs(hub: FakeHub, request: Request, repo: str) -> Any:
    dataset = hub.dataset(repo)

    def named(kind: str, refs: dict[str, str]) -> list[dict[str, str]]:
        return [{"name": name, "ref": f"refs/{kind}/{name}", "targetCommit": sha} for name, sha in refs.items()]

    return {
        "branches": named("heads", dataset.branches), "tags": named("tags", dataset.tags),
        "converts": [], "pullRequests": [],
    }  # fmt: skip


def _commits(hub: FakeHub, request: Request, repo: str, revision: str) -> Any:
    return [
        {"id": each.sha, "title": each.title, "message": "", "date": "2027-01-05T12:00:00.000Z", "authors": []}
        for each in hub.dataset(repo).history(revision)
    ]


def _preupload(hub: FakeHub, request: Request, repo: str, revision: str) -> Any:
    files = hub.dataset(repo).at(revision).files
    ignored = files.get(".gitignore", b"").decode().split()
    answers = []
    for file in request.json()["files"]:
        old = hub.entry(file["path"], files[file["path"]]) if file["path"] in files else {}
        mode = "lfs" if hub.is_lfs and file["path"].endswith(".parquet") else "regular"
        oid = old.get("lfs", {}).get("sha256") or old.get("blobId")
        is_ignored = file["path"].rpartition(".")[2] in ignored
        answers.append({"path": file["path"], "uploadMode": mode, "oid": oid, "shouldIgnore": is_ignored})
    return {"files": answers}


def _commit(hub: FakeHub, request: Request, repo: str) -> Any:
    dataset = hub.dataset(repo)
    head, *changes = [json.loads(line) for line in request.body.splitlines()]
    if head["value"].get("parentCommit", dataset.branches["main"]) != dataset.branches["main"]:
        raise RefusedError(412, "A commit has happened since. Please refresh and try again.")
    files = dict(dataset.at("main").files)
    for change in changes:
        value = change["value"]
        if change["key"] == "file":
            files[value["path"]] = base64.b64decode(value["content"])
        elif change["key"] == "lfsFile":
            files[value["path"]] = dataset.stored[value["oid"]]
        else:
            del files[value["path"]]
    sha = dataset.add(files, head["value"]["summary"], dataset.branches["main"])
    return {"success": True, "commitOid": sha, "commitUrl": f"{hub.endpoint}/datasets/{repo}/commit/{sha}"}


def _tag(hub: FakeHub, request: Request, repo: str, revision: str) -> Any:
    dataset, name = hub.dataset(repo), request.json()["tag"]
    if name in dataset.tags:
        raise RefusedError(409, "Tag reference exists already")
    dataset.tags[name] = dataset.at(revision).sha
    return {}


def _delete_tag(hub: FakeHub, request: Request, repo: str, name: str) -> Any:
    del hub.dataset(repo).tags[name]
    return {}


def _delete_branch(hub: FakeHub, request: Request, repo: str, name: str) -> Any:
    del hub.dataset(repo).branches[name]
    return {}


def _squash(hub: FakeHub, request: Request, repo: str) -> Any:
    dataset = hub.dataset(repo)
    files = dataset.at("main").files
    kept = {sha for name in (*dataset.tags, *dataset.branches) if name != "main" for sha in _line(dataset, name)}
    head = dataset.add(files, request.json()["message"])
    if not hub.keeps_old:
        dataset.commits = {sha: commit for sha, commit in dataset.commits.items() if sha in kept | {head}}
    return {}


def _line(dataset: Dataset, name: str) -> list[str]:
    return [commit.sha for commit in dataset.history(name)]


def _lfs_batch(hub: FakeHub, request: Request, repo: str) -> Any:
    stored, objects = hub.dataset(repo).stored, []
    for wanted in request.json()["objects"]:
        upload = {"upload": {"href": f"{hub.endpoint}/_lfs/{repo}/{wanted['oid']}"}}
        objects.append(wanted | ({} if wanted["oid"] in stored else {"actions": upload}))
    return {"transfer": "basic", "objects": objects}


def _lfs_put(hub: FakeHub, request: Request, repo: str, sha: str) -> Any:
    assert hashlib.sha256(request.body).hexdigest() == sha
    hub.dataset(repo).stored[sha] = request.body
    return {}


def _lfs_files(hub: FakeHub, request: Request, repo: str) -> Any:
    return [
        {"fileOid": sha, "filename": "x", "oid": sha, "pushedAt": "2027-01-05T12:00:00.000Z", "size": len(content)}
        for sha, content in hub.dataset(repo).stored.items()
    ]


def _lfs_delete(hub: FakeHub, request: Request, repo: str) -> Any:
    for sha in request.json()["deletions"]["sha"]:
        hub.dataset(repo).stored.pop(sha, None)
    return {}


def _resolve(hub: FakeHub, request: Request, repo: str, revision: str, path: str) -> Any:
    dataset = hub.dataset(repo)
    content = dataset.at(revision).files.get(path)
    is_stored = hub.is_lfs and path.endswith(".parquet")
    if content is None or (is_stored and hashlib.sha256(content).hexdigest() not in dataset.stored):
        raise RefusedError(404, "Entry not found", "EntryNotFound")
    return content


_ROUTES: list[tuple[str, Callable[..., Any]]] = [
    ("POST /api/validate-yaml", lambda hub, request: {"errors": [], "warnings": []}),
    ("POST /api/repos/create", _create),
    ("DELETE /api/repos/delete", _delete),
    (f"GET {_REPO}", _info),
    (f"GET {_REPO}/revision/([^/]+)", _info),
    (f"GET {_REPO}/refs", _refs),
    (f"GET {_REPO}/commits/([^/]+)", _commits),
    (f"POST {_REPO}/preupload/([^/]+)", _preupload),
    (f"POST {_REPO}/commit/main", _commit),
    (f"POST {_REPO}/tag/([^/]+)", _tag),
    (f"DELETE {_REPO}/tag/([^/]+)", _delete_tag),
    (f"DELETE {_REPO}/branch/([^/]+)", _delete_branch),
    (f"POST {_REPO}/super-squash/main", _squash),
    (f"GET {_REPO}/lfs-files", _lfs_files),
    (f"POST {_REPO}/lfs-files/batch", _lfs_delete),
    (r"POST /datasets/([^/]+/[^/]+)\.git/info/lfs/objects/batch", _lfs_batch),
    (r"PUT /_lfs/([^/]+/[^/]+)/([0-9a-f]+)", _lfs_put),
    (r"(?:GET|HEAD) /datasets/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", _resolve),
]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Else each answer waits for the client to acknowledge its headers.
    disable_nagle_algorithm = True

    def _serve(self) -> None:
        hub: FakeHub = self.server.hub  # type: ignore[attr-defined]
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        request = Request(self.command, urlsplit(self.path).path, self._body(), token)
        line = f"{request.method} {request.path}"
        hub.log.append(line)
        hub.before(line)
        fault = hub.fault_for(line)
        if fault is not None and fault.when == "before":
            self._fail(fault)
            return
        try:
            status, said, headers = 200, hub.answer(request), {}
        except RefusedError as refused:
            status, said = refused.status, {"error": refused.message}
            headers = {"X-Error-Message": refused.message, "X-Error-Code": refused.code}
        if fault is not None:
            self._fail(fault)
            return
        self._send(status, said if isinstance(said, bytes) else json.dumps(said).encode(), headers)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _fail(self, fault: Fault) -> None:
        if fault.kind == "cut":
            self.close_connection = True
            return
        self._send(int(fault.kind), json.dumps({"error": f"faulty with {fault.kind}"}).encode(), fault.headers)

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("ETag", '"x"')
        self.send_header("X-Repo-Commit", "0" * 40)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""
