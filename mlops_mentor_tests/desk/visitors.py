"""A desk as a browser meets it, for tests: what browsers send of themselves, forms read out of pages and sent."""

from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

from httpx2 import Response
from starlette.testclient import TestClient

from mlops_mentor.desk.server import build_desk
from mlops_mentor.settings import Settings

HOME = "http://127.0.0.1:7861"
# What a browser says of a form that a page of the desk sends, given the desk's `Referrer-Policy`.
OWN_FORM = {"origin": "null", "sec-fetch-site": "same-origin"}


class Form:
    """A form of a page: where it goes, its fields as they stand, and its buttons."""

    def __init__(self, action: str) -> None:
        self.action = action
        self.fields: list[tuple[str, str]] = []
        self.buttons: list[str] = []

    def __getitem__(self, name: str) -> str:
        return next(value for known, value in self.fields if known == name)

    def with_values(self, changes: Mapping[str, str]) -> dict[str, list[str]]:
        """What is sent: fields, and those of `changes` in their place."""
        sent: dict[str, list[str]] = {}
        for name, value in self.fields:
            sent.setdefault(name, []).append(value)
        return sent | {name: [value] for name, value in changes.items()}


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self._text: str | None = None
        self._name = ""
        self._form: Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(given["action"])
            self.forms.append(self._form)
        if self._form is None:
            return
        name = given.get("name", "")
        if tag == "input" and (given.get("type") != "checkbox" or "checked" in given):
            self._form.fields.append((name, given.get("value", "")))
        elif tag == "textarea":
            self._text, self._name = "", name
        elif tag == "select":
            self._name = name
            self._form.fields.append((name, ""))
        elif tag == "option" and "selected" in given:
            self._form.fields = [
                (known, given["value"] if known == self._name else value) for known, value in self._form.fields
            ]
        elif tag == "button" and name:
            self._form.buttons.append(given.get("value", ""))

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._text is not None and self._form is not None:
            # As HTML has it: the first line break belongs to the tag.
            self._form.fields.append((self._name, self._text.removeprefix("\n")))
            self._text = None
        elif tag == "form":
            self._form = None


def forms_in(page: str) -> list[Form]:
    """The forms of a page, in its order."""
    found = _Forms()
    found.feed(page)
    return found.forms


class Visitor:
    """A browser at the desk. `who` is the name that it keeps, None where nobody has said."""

    def __init__(self, settings: Settings, *, who: str | None = "Ada", app: Any = None) -> None:
        self.app = app or build_desk(settings)
        self.client = TestClient(self.app, base_url=HOME, follow_redirects=False, raise_server_exceptions=False)
        if who is not None:
            self.client.cookies.set("mentor_desk_who", who)

    def get(self, path: str, **options: Any) -> Response:
        return self.client.get(path, **options)

    def forms(self, path: str, action: str = "") -> list[Form]:
        """The forms of a page that go to `action`, or to anywhere."""
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return [form for form in forms_in(answer.text) if not action or urlsplit(form.action).path == action]

    def form(self, path: str, action: str) -> Form:
        found = self.forms(path, action)
        assert len(found) == 1, f"{len(found)} forms of {path} go to {action}"
        return found[0]

    def send(self, form: Form, headers: Mapping[str, str] = OWN_FORM, /, **changes: str) -> Response:
        """Send a form as a page of the desk does."""
        return self.client.post(urljoin(HOME, form.action), data=form.with_values(changes), headers=dict(headers))

    def follow(self, answer: Response) -> Response:
        """The page to which an answer sends the browser."""
        assert answer.status_code == 303, answer.text
        return self.get(answer.headers["location"])
