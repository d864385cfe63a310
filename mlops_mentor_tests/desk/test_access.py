"""Who may come in, and what every answer carries."""

import re
import socket
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from starlette.testclient import TestClient

from mlops_mentor.desk import home_page
from mlops_mentor.desk.access import SESSION_S, Attempts, Sessions, is_own_form
from mlops_mentor.desk.desk import local_place, usable_who
from mlops_mentor.desk.guard import Quiet
from mlops_mentor.desk.server import build_desk, serve_desk
from mlops_mentor.errors import ConfigError
from mlops_mentor.settings import Settings
from mlops_mentor_tests.desk.visitors import HOME, OWN_FORM, Visitor
from mlops_mentor_tests.feedback.classes import COURSE

SESSIONS = Sessions(None)
PASSWORD = "correct horse battery"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "course.yaml").write_text(COURSE)
    return Settings(data_dir=tmp_path, reviewer="rules")


@pytest.fixture
def guarded(settings: Settings) -> Settings:
    return settings.model_copy(update={"desk_password": SecretStr(PASSWORD)})


def log_in(visitor: Visitor, password: str = PASSWORD, path: str = "/login") -> int:
    return visitor.send(visitor.form(path, "/login"), password=password).status_code


def test_without_a_password_it_listens_to_this_machine_alone(settings: Settings) -> None:
    with pytest.raises(ConfigError, match="MENTOR_DESK_PASSWORD"):
        serve_desk(settings, host="192.0.2.1", port=0)


@pytest.mark.loopback
def test_a_port_that_is_taken_is_told_with_a_remedy(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(ConfigError, match="--port"):
        serve_desk(settings, port=taken.getsockname()[1])


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "evil.example:7861", "", "localhost.evil.example"]
)
def test_a_name_that_only_leads_here_reads_nothing(settings: Settings, host: str) -> None:
    answer = Visitor(settings).get("/who", headers={"host": host})
    assert answer.status_code == 421
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("host", ["127.0.0.1:7861", "localhost:7861", "127.0.0.1", "LOCALHOST"])
def test_this_machine_may_be_called_by_each_of_its_names(settings: Settings, host: str) -> None:
    assert Visitor(settings).get("/who", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example", "sec-fetch-site": "cross-site"},
        {"origin": "null", "sec-fetch-site": "cross-site"},
        # The web app on its own port is the same site, and another origin.
        {"origin": "http://127.0.0.1:7860", "sec-fetch-site": "same-site"},
        {"origin": "http://127.0.0.1:7860"},
        {"origin": "null"},
        {"origin": "http://[broken"},
        {"origin": "null", "sec-fetch-site": "none"},
        {},
    ],
)
def test_a_form_of_another_site_is_refused_whatever_it_knows(settings: Settings, headers: Mapping[str, str]) -> None:
    visitor = Visitor(settings)
    answer = visitor.send(visitor.form("/who", "/who"), headers, who="Eve")
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("headers", [OWN_FORM, {"origin": HOME}, {"origin": HOME, "sec-fetch-site": "same-origin"}])
def test_a_form_of_the_desk_is_taken(settings: Settings, headers: Mapping[str, str]) -> None:
    visitor = Visitor(settings)
    assert visitor.send(visitor.form("/who", "/who"), headers, who="Bo").status_code == 303


def test_a_form_without_its_token_saves_nothing_and_loses_nothing(settings: Settings) -> None:
    visitor, other = Visitor(settings, who=None), Visitor(settings, who=None)
    form = visitor.form("/who", "/who")
    for token in ("", "x", "é", other.form("/who", "/who")["token"]):
        answer = visitor.send(form, token=token, next="/agreement")
        assert answer.status_code == 409
        assert "mentor_desk_who" not in answer.headers.get("set-cookie", "")
        assert 'value="/agreement"' in answer.text


def test_a_forged_session_is_replaced(settings: Settings) -> None:
    visitor = Visitor(settings)
    visitor.client.cookies.set("mentor_desk_session", "c2Vzc2lvbg==.0000")
    assert "mentor_desk_session" in visitor.get("/who").headers["set-cookie"]


@pytest.mark.parametrize(
    "path", ["/", "/who", "/release", "/group/1", "/group/1/source", "/identities", "/agreement", "/x"]
)
def test_with_a_password_every_page_needs_it(guarded: Settings, path: str) -> None:
    answer = Visitor(guarded).get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login?next=")


@pytest.mark.parametrize("path", ["/release", "/group/1/area/code_quality", "/who", "/logout", "/group/1/identity"])
def test_with_a_password_no_form_is_taken_without_it(guarded: Settings, path: str) -> None:
    answer = Visitor(guarded).client.post(path, data={"who": "Eve"}, headers=OWN_FORM)
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


def test_the_password_opens_the_desk_and_leads_where_one_wanted_to_go(guarded: Settings) -> None:
    visitor = Visitor(guarded, who=None)
    wanted = visitor.get("/who?next=/agreement").headers["location"]
    answer = visitor.send(visitor.form(wanted, "/login"), password=PASSWORD, who="Bo")
    assert answer.headers["location"] == "/who?next=/agreement"
    page = visitor.follow(answer)
    assert page.status_code == 200
    assert "Bo" in page.text


@pytest.mark.parametrize(
    "place", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/a\nb"]
)
def test_no_login_leads_out_of_the_desk(guarded: Settings, place: str) -> None:
    visitor = Visitor(guarded)
    answer = visitor.send(visitor.form("/login", "/login"), password=PASSWORD, next=place)
    assert answer.headers["location"] == "/"


def test_a_wrong_password_opens_nothing(guarded: Settings) -> None:
    visitor = Visitor(guarded)
    assert log_in(visitor, "wrong") == 403
    assert visitor.get("/who").status_code == 303


def test_wrong_passwords_cost_pauses_in_which_the_right_one_is_refused_too(guarded: Settings) -> None:
    visitor = Visitor(guarded)
    assert [log_in(visitor, "wrong") for _ in range(3)] == [403] * 3
    answer = visitor.send(visitor.form("/login", "/login"), password=PASSWORD)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1


def test_pauses_grow_and_end_with_the_right_password() -> None:
    attempts, now, pauses = Attempts(), 1_000.0, []
    assert [attempts.begin("192.0.2.1", now) for _ in range(3)] == [0, 0, 0]
    for _ in range(12):
        pauses.append(attempts.begin("192.0.2.1", now))
        now += pauses[-1]
        assert attempts.begin("192.0.2.1", now) == 0
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    attempts.succeed("192.0.2.1")
    assert attempts.begin("192.0.2.1", now) == 0


def test_another_address_waits_for_nobody_but_one_network_is_one_client() -> None:
    attempts = Attempts()
    for number in range(3):
        attempts.begin(f"2001:db8::{number}", 0.0)
    assert attempts.begin("2001:db8::99", 0.0) > 0
    assert attempts.begin("192.0.2.1", 0.0) == 0


def test_what_strangers_make_it_remember_is_bounded() -> None:
    attempts = Attempts()
    for number in range(5_000):
        attempts.begin(f"10.0.{number // 250}.{number % 250}", 0.0)
    assert len(attempts._wrong) <= 1_000


def test_cookies_are_for_the_desk_alone_and_secure_where_it_is_not_loopback(guarded: Settings) -> None:
    def cookie(host: str) -> str:
        visitor = Visitor(guarded)
        form = visitor.form("/login", "/login")
        headers = OWN_FORM | {"host": host}
        return visitor.send(form, headers, password=PASSWORD).headers["set-cookie"].lower()

    assert all(word in cookie("127.0.0.1:7861") for word in ("httponly", "samesite=strict"))
    assert "secure" not in cookie("127.0.0.1:7861")
    assert "secure" in cookie("desk.uni.example")


def test_a_session_ends_and_another_password_ends_all() -> None:
    sessions = Sessions(PASSWORD)
    cookie = sessions.begin(1_000.0)
    assert sessions.session_in(cookie, 1_000.0 + SESSION_S - 1) is not None
    assert sessions.session_in(cookie, 1_000.0 + SESSION_S) is None
    assert Sessions(PASSWORD).session_in(cookie, 1_001.0) is not None
    assert Sessions(PASSWORD + "!").session_in(cookie, 1_001.0) is None


def test_what_was_signed_for_one_purpose_serves_no_other() -> None:
    sessions = Sessions(None)
    notice = sessions.sign("notice", f"x.{int(time.time()) + 10_000}")
    assert sessions.signed("notice", notice) is not None
    assert sessions.session_in(notice, time.time()) is None
    assert sessions.signed("notice", notice[:-1] + ("0" if notice[-1] != "0" else "1")) is None


def test_logging_out_ends_the_session_in_this_browser(guarded: Settings) -> None:
    visitor = Visitor(guarded)
    log_in(visitor)
    visitor.send(visitor.forms("/who", "/logout")[0])
    assert visitor.get("/who").status_code == 303


@pytest.mark.parametrize("path", ["/who", "/assets/desk.css", "/nothing", "/login", "/group/1/source?sha=x"])
def test_every_answer_carries_the_headers(settings: Settings, path: str) -> None:
    headers = Visitor(settings).get(path).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:")
    assert all(each in policy for each in ("form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"))
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"


def test_refusals_and_our_own_mistakes_carry_them_too(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the words of a student")

    refused = Visitor(settings).get("/who", headers={"host": "evil.example"})
    monkeypatch.setattr("mlops_mentor.desk.agreement_page.reviews_of", fail)
    failed = Visitor(settings).get("/agreement")
    assert failed.status_code == 500
    assert "words of a student" not in failed.text
    for answer in (refused, failed):
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE"])
def test_other_methods_are_refused(settings: Settings, method: str) -> None:
    assert Visitor(settings).client.request(method, "/who", headers=OWN_FORM).status_code == 405


def test_too_much_is_refused_whatever_its_length_is_said_to_be(settings: Settings) -> None:
    visitor = Visitor(settings)
    form = visitor.form("/who", "/who")
    assert visitor.send(form, who="x" * 600_000).status_code == 413
    headers = OWN_FORM | {"content-type": "application/x-www-form-urlencoded"}
    pieces = (b"who=" + b"x" * 100_000 for _ in range(8))
    assert visitor.client.post("/who", content=pieces, headers=headers).status_code == 413
    assert visitor.send(form, who="x" * 200_000).status_code == 400


def test_only_usable_names_are_kept(settings: Settings) -> None:
    visitor = Visitor(settings, who=None)
    form = visitor.form("/who", "/who")
    for name in ("", "   ", "x" * 61, "\x00"):
        assert visitor.send(form, who=name).status_code == 422
    visitor.send(form, who="Bo <script>\u202e")
    assert "Bo &lt;script&gt;</strong>" in visitor.get("/who").text


def test_a_name_with_letters_of_any_language_comes_back(settings: Settings) -> None:
    visitor = Visitor(settings, who=None)
    visitor.send(visitor.form("/who", "/who"), who="Søren Å")
    assert "Søren Å" in visitor.get("/who").text


def test_a_notice_is_shown_once_and_cannot_be_made_up(settings: Settings) -> None:
    visitor = Visitor(settings, who=None)
    page = visitor.follow(visitor.send(visitor.form("/who", "/who"), who="Bo", next="/who"))
    assert "You write as Bo." in page.text
    assert "You write as Bo." not in visitor.get("/who").text
    visitor.client.cookies.set("mentor_desk_notice", "Pay here")
    assert "Pay here" not in visitor.get("/who").text


def test_headers_that_say_nothing_are_not_believed() -> None:
    assert not is_own_form({"host": "127.0.0.1"})
    assert not is_own_form({"host": "127.0.0.1", "origin": "ftp://127.0.0.1"})


@given(st.text())
def test_whatever_a_cookie_holds_it_is_a_session_only_if_the_desk_made_it(cookie: str) -> None:
    assert SESSIONS.session_in(cookie, 0.0) is None
    assert SESSIONS.signed("notice", SESSIONS.sign("notice", cookie)) == (cookie or None)


@given(st.text())
def test_whatever_is_asked_for_the_place_is_one_of_the_desk(place: str) -> None:
    assert re.fullmatch(r"/(?![/\\])[^\r\n]*", local_place(place))
    assert re.fullmatch(r"/(?![/\\])[^\r\n]*", local_place("/" + place))


@given(st.text())
def test_whatever_is_typed_a_name_is_one_line_that_can_be_seen(text: str) -> None:
    name = usable_who(text)
    assert name is None or (name.isprintable() and name == name.strip() and 0 < len(name) <= 60)


def test_a_desk_can_be_built_twice(settings: Settings) -> None:
    assert build_desk(settings) is not build_desk(settings)


def test_a_mistake_of_ours_is_logged_by_its_place_and_not_in_its_words(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        # The log has lines of ours, and this is one.
        raise RuntimeError(f"about s{123456}")

    monkeypatch.setattr(home_page, "today", broken)
    # What gets out of it is what the server would log.
    desk = TestClient(Quiet(build_desk(settings)), base_url=HOME)
    answer = desk.get("/")
    assert answer.status_code == 500
    assert "A mistake in the desk itself" in answer.text
    assert "home_page.py" in caplog.text
    assert "s123456" not in caplog.text + answer.text
