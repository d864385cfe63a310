"""What the browser gets, in a frame that is not Gradio's."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, StreamingResponse
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from mlops_mentor.app.content import Content
from mlops_mentor.app.delivery import Delivery
from mlops_mentor.pages.published import PublishedFolder
from mlops_mentor_tests.pages.exports import Made, write_export

_FRAME = "<html><head><meta charset=utf-8></head><body><gradio-app></gradio-app></body></html>"


class Frame:
    """Answers like Gradio's, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Request] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        self.asked.append(request)
        response = (
            HTMLResponse(_FRAME) if scope["path"] == "/" else StreamingResponse(_parts(), media_type="text/plain")
        )
        # A server of before this version of ASGI: a stream waits for the browser to leave.
        await response({**scope, "asgi": {"version": "3.0", "spec_version": "2.0"}}, receive, send)


async def _parts() -> AsyncIterator[str]:
    yield "fi"
    await asyncio.sleep(0.001)
    yield "le"


@pytest.fixture
def frame() -> Frame:
    return Frame()


@pytest.fixture
def client(tmp_path: Path, frame: Frame) -> Iterator[TestClient]:
    write_export(tmp_path, Made(num_groups=4))
    app = Delivery(frame, Content(PublishedFolder(tmp_path), advice="Run it."))
    yield TestClient(app)


def test_a_page_comes_whole_with_the_first_answer(client: TestClient) -> None:
    answer = client.get("/group?group=3")
    assert answer.status_code == 200
    head, _, body = answer.text.partition("</head>")
    assert "<title>Group 3 · " in head and "mentor/style.css?v=" in head and "mentor/table.js?v=" in head
    assert body.index('<div id="mentor-page"') < body.index("<h1>Group 3") < body.index("<gradio-app>")


def test_a_group_in_a_deep_link_may_have_any_name(tmp_path: Path, frame: Frame) -> None:
    names = ("a b", "a+b", "æøå", "50%", "a&group=1", "<b>")
    write_export(tmp_path / "other", Made(names=names))
    client = TestClient(Delivery(frame, Content(PublishedFolder(tmp_path / "other"), advice="")))
    for name in names:
        assert client.get("/group", params={"group": name}).status_code == 200
    assert client.get("/group?group=%ff%fe").status_code == 404


def test_a_page_may_load_and_send_nothing_elsewhere(client: TestClient) -> None:
    policy = client.get("/").headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy and "*" not in policy


@pytest.mark.parametrize(
    "path",
    ["/config", "/gradio_api/info", "/gradio_api/upload", "/gradio_api/file=/etc/passwd", "/login", "/docs",
     "/openapi.json", "/mentor/../serve.py", "/mentor/", "/nothing"],
)  # fmt: skip
def test_nothing_else_of_gradio_is_reached(client: TestClient, frame: Frame, path: str) -> None:
    assert client.get(path).status_code == 404
    assert frame.asked == []


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_can_be_written(client: TestClient, frame: Frame, method: str) -> None:
    for path in ("/", "/group", "/gradio_api/upload", "/assets/index.js", "/gradio_api/run/predict"):
        assert client.request(method, path).status_code == 405
    assert frame.asked == []


def test_the_frame_sees_neither_query_nor_cookies(client: TestClient, frame: Frame) -> None:
    client.get("/group?group=2&deep_link=x", headers={"Cookie": "a=b"})
    client.get("/assets/index.js?v=1", headers={"Cookie": "a=b"})
    assert [(str(each.query_params), each.cookies) for each in frame.asked] == [("", {})] * 2


def test_browsers_keep_files_and_ask_again_for_pages(client: TestClient) -> None:
    page = client.get("/")
    assert page.headers["cache-control"] == "no-cache"
    style = page.text.partition('href="mentor/style.css')[2].partition('"')[0]
    for path in (f"/mentor/style.css{style}", "/assets/index-abc.js"):
        assert "immutable" in client.get(path).headers["cache-control"]


def test_gradio_is_asked_once_for_all_viewers(client: TestClient, frame: Frame) -> None:
    for path in ("/", "/group?group=2", "/definitions", "/assets/a.js", "/assets/a.js", "/"):
        answer = client.get(path, headers={"Accept-Encoding": "br", "Range": "bytes=0-1"})
        assert answer.status_code == 200
        assert answer.text == "file" or "gradio-app" in answer.text
    assert [each.url.path for each in frame.asked] == ["/", "/assets/a.js"]
    # Its page holds the address that the browser knows it by.
    client.get("/", headers={"Host": "class.example"})
    assert [each.url.hostname for each in frame.asked] == ["testserver", "testserver", "class.example"]


def test_gradio_is_asked_for_a_file_once_as_it_is_and_once_compressed(client: TestClient, frame: Frame) -> None:
    for accepted in ("gzip, br", "identity", "br", "gzip"):
        assert client.get("/assets/a.js", headers={"Accept-Encoding": accepted}).text == "file"
    assert [each.headers.get("accept-encoding") for each in frame.asked] == ["gzip", None]


def test_made_up_host_names_and_files_fill_no_memory(client: TestClient) -> None:
    delivery = client.app
    assert isinstance(delivery, Delivery)
    for number in range(600):
        client.get("/", headers={"Host": f"h{number}.example"})
        client.get(f"/assets/{number}.js")
    assert len(delivery._frame._frames) <= 16
    assert len(delivery._frame._files) <= 500


def test_a_frame_that_is_not_gradios_page_is_an_error(tmp_path: Path) -> None:
    """Rather than a page without content."""
    client = TestClient(Delivery(PlainTextResponse("other"), Content(PublishedFolder(tmp_path), advice="")))
    with pytest.raises(RuntimeError, match="no <gradio-app>"):
        client.get("/")


def test_a_head_has_no_body(client: TestClient) -> None:
    answer = client.head("/")
    assert (answer.status_code, answer.content) == (200, b"")


def test_a_class_that_is_not_there_yet_is_asked_for_again(tmp_path: Path, frame: Frame) -> None:
    client = TestClient(Delivery(frame, Content(PublishedFolder(tmp_path / "none"), advice="Run it.")))
    answer = client.get("/")
    assert (answer.status_code, answer.headers["refresh"]) == (503, "5")
    assert "Run it." in answer.text


def test_an_open_page_can_ask_whether_it_is_out_of_date(client: TestClient, tmp_path: Path) -> None:
    version = client.get("/mentor/version").text
    assert version and f'data-version="{version}"' in client.get("/").text
    write_export(tmp_path, Made(num_groups=4, offset=1))
    assert client.get("/mentor/version").text not in {"", version}
