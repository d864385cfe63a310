"""The real app in a process of its own, asked over HTTP: Gradio's frame with the pages in it."""

import gzip
import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from mlops_mentor_tests.app.processes import App, environment, serving
from mlops_mentor_tests.pages.exports import Made, write_export

pytestmark = [pytest.mark.loopback, pytest.mark.xdist_group("app")]


def ask(app: App, path: str, method: str = "GET") -> tuple[int, str]:
    """Status and text of an answer."""
    connection = http.client.HTTPConnection(urlsplit(app.url).netloc, timeout=20)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data") / "export"


@pytest.fixture(scope="module")
def app(folder: Path) -> Iterator[App]:
    """Up before there is an export: the tests here are in order."""
    with serving(folder) as app:
        yield app


def test_without_an_export_it_starts_and_picks_it_up_when_it_comes(app: App, folder: Path) -> None:
    status, text = ask(app, "/")
    assert status == 503 and "mlops-mentor run" in text and "Traceback" not in text
    write_export(folder, Made(num_groups=6))
    status, text = ask(app, "/")
    assert status == 200 and text.count("<tr data-place") == 6


def test_pages_are_in_gradios_frame(app: App, folder: Path) -> None:
    write_export(folder, Made(num_groups=6))
    for path, heading in (("/", "glance"), ("/group?group=2", "Group 2"), ("/definitions", "defined")):
        status, text = ask(app, path)
        assert status == 200 and heading in text
        assert text.index('id="mentor-page"') < text.index("<gradio-app")
        assert text.count('id="mentor-page"') == 1


@pytest.mark.parametrize("path", ["/", "/mentor/style.css", "/theme.css"])
def test_pages_and_files_are_compressed_for_browsers_that_take_it(app: App, path: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(app.url).netloc, timeout=20)
    try:
        connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
        answer = connection.getresponse()
        assert answer.getheader("content-encoding") == "gzip" and "Accept-Encoding" in (answer.getheader("vary") or "")
        assert gzip.decompress(answer.read()).decode() == ask(app, path)[1]
    finally:
        connection.close()


def test_the_frame_has_no_functions_analytics_or_footer(app: App) -> None:
    _, text = ask(app, "/definitions")
    config = json.loads(text.partition("window.gradio_config = ")[2].partition(";</script>")[0])
    assert config["dependencies"] == []
    assert config["analytics_enabled"] is False
    assert config["footer_links"] == []
    assert "fonts.googleapis" not in json.dumps(config) + ask(app, "/theme.css")[1]


def test_gradios_api_is_closed(app: App, folder: Path) -> None:
    write_export(folder, Made(num_groups=6))
    for path in ("/config", "/gradio_api/info", "/gradio_api/queue/status", "/?view=api&deep_link=../../x"):
        status, text = ask(app, path)
        assert status == (200 if path.startswith("/?") else 404)
        assert "Traceback" not in text
    assert ask(app, "/gradio_api/upload", "POST")[0] == 405


def test_gradios_files_come_whole_and_again(app: App) -> None:
    _, page = ask(app, "/")
    script = page.partition('src="./assets/')[2].partition('"')[0]
    first, second = ask(app, f"/assets/{script}"), ask(app, f"/assets/{script}")
    assert first == second and first[0] == 200 and len(first[1]) > 10_000
    assert ask(app, "/theme.css")[0] == 200
    assert ask(app, "/assets/nothing.js")[0] == 404


def test_a_new_export_is_shown_without_a_restart(app: App, folder: Path) -> None:
    write_export(folder, Made(num_groups=7))
    assert ask(app, "/")[1].count("<tr data-place") == 7
    assert ask(app, "/group?group=7")[0] == 200


def test_a_port_that_is_taken_is_said_before_gradio_is_imported(app: App, folder: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from mlops_mentor.app.serve import serve_app\n"
        f"try: serve_app(Path('x'), port={urlsplit(app.url).port})\n"
        "except Exception as error: print(type(error).__name__, error, 'gradio' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment(), text=True, capture_output=True, check=True
    )
    assert done.stdout.startswith("PublishError 127.0.0.1:")
    assert done.stdout.rstrip().endswith("Choose another port. False")


def test_importing_the_app_changes_no_environment_and_imports_no_gradio() -> None:
    program = (
        "import os, sys; before = dict(os.environ)\n"
        "import mlops_mentor.app.serve, mlops_mentor.app.serve_space, mlops_mentor.app.space\n"
        "changed = {name for name in os.environ if os.environ[name] != before.get(name)}\n"
        "print(any(name.startswith(('GRADIO', 'HF_', 'DO_NOT')) for name in changed),\n"
        "      'gradio' in sys.modules, 'dagster' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment(), text=True, capture_output=True, check=True
    )
    assert done.stdout.split() == ["False", "False", "False"]


def test_nobody_is_told_of_a_start(app: App) -> None:
    surroundings = Path(f"/proc/{app.process.pid}/task")
    if not surroundings.exists():
        pytest.skip("no /proc")
    # Whoever is connected to is seen among the process's sockets: there is the listening one alone, or ours.
    done = subprocess.run(["cat", f"/proc/{app.process.pid}/net/tcp"], text=True, capture_output=True, check=True)
    inodes = {str(each.readlink())[8:-1] for each in _sockets(app.process.pid)}
    remote = {line.split()[2] for line in done.stdout.splitlines()[1:] if line.split()[9] in inodes}
    assert {address.split(":")[0] for address in remote} <= {"00000000", "0100007F"}


def _sockets(pid: int) -> list[Path]:
    links = Path(f"/proc/{pid}/fd").iterdir()
    return [each for each in links if each.is_symlink() and str(each.readlink()).startswith("socket:")]


def test_ctrl_c_ends_it_well(app: App) -> None:
    began = time.monotonic()
    code, printed = app.interrupt()
    assert code == 0 and printed.rstrip().endswith("ended well")
    assert "Traceback" not in printed
    assert time.monotonic() - began < 10
