"""The surroundings of the tests themselves."""

import os
import socket
from pathlib import Path

import pytest
import pytest_socket

# pytest-socket warns besides raising.
pytestmark = pytest.mark.filterwarnings("ignore:A test tried to use socket")


def test_a_test_cannot_open_a_connection() -> None:
    with pytest.raises(pytest_socket.SocketBlockedError):
        socket.create_connection(("127.0.0.1", 9), timeout=1)


@pytest.mark.loopback
def test_a_test_marked_loopback_reaches_this_machine_alone() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        # The system accepts what waits in the queue of a listening socket: no thread is needed.
        socket.create_connection(server.getsockname(), timeout=5).close()
    with pytest.raises(pytest_socket.SocketConnectBlockedError):
        socket.create_connection(("192.0.2.1", 9), timeout=1)


def test_a_test_sees_no_setting_and_no_file_of_this_machine(tmp_path: Path) -> None:
    assert [name for name in os.environ if name.startswith(("MENTOR_", "GIT_", "GITHUB_", "OPENAI_"))] == [
        "MENTOR_REVIEWER"
    ]
    assert os.environ["MENTOR_REVIEWER"] == "rules"
    assert Path.cwd() == tmp_path
    assert not list(Path.home().iterdir())
