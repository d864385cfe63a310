"""Redaction: what must not leave the machine is replaced, a person is the same everywhere, code stays code."""

# ruff: noqa: E501

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_mentor.feedback.packs.identities import Identities, Person, identities_of
from mlops_mentor.feedback.packs.redaction import Redactor, secret_places

SOREN = Person("[member A]", ("Søren Kjær Møller", "soerenkm99"), ("soren@mail.dk",), ("soerenkm99",), ("s123456",))
REDACTOR = Redactor(Identities((SOREN,), "dtu-org"), {"conf.py": {1}})


def _redact(line: str, path: str = "src/a.py") -> str:
    return REDACTOR.redact(path, [line]).lines[0]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("WANDB_API_KEY=" + "0123456789" * 4, "WANDB_API_KEY=[secret]"),
        ('wandb.login(key="' + "0123456789" * 4 + '")', 'wandb.login(key="[secret]")'),
        ("x = 'ghp_" + "a1" * 18 + "'", "x = '[secret]'"),
        ("hf_" + "aB3" * 10, "[secret]"),
        ("k = 'sk-ant-" + "a1b2" * 8 + "'", "k = '[secret]'"),
        ("AKIA" + "ABCD1234" * 2, "[secret]"),
        ("eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.SflKxwRJSMeKKF2QT4", "[secret]"),
        ("postgres://me:hunter2@db/x", "postgres://[secret]@db/x"),
        ('password = "hunter2hunter"', 'password = "[secret]"'),
        ("mail other@dtu.dk", "mail [e-mail]"),
        ("mail soren@mail.dk", "mail [member A]"),
        ("s123456 and s999999", "[member A] and [study number]"),
        ("born 010203-1234", "born [personal number]"),
        ("call +45 12 34 56 78", "call [phone number]"),
        ("tlf. 12345678", "tlf. [phone number]"),
        ("/home/soren/x", "/home/[name]/x"),
        ("by Soeren Kjaer Moeller", "by [member A]"),
        ("SØREN MØLLER", "[member A]"),
        ("https://github.com/soerenkm99/x", "https://github.com/[member A]/x"),
        ("https://github.com/dtu-org/x", "https://github.com/[owner]/x"),
    ],
)
def test_secrets_and_people_are_replaced(line: str, shown: str) -> None:
    assert _redact(line) == shown


@pytest.mark.parametrize(
    "line",
    [
        "token = tokenizer.decode(ids)", "uses: actions/checkout@v4.2.2", "y = x @ self.weight", "y = q@k.mT",
        "uses: actions/checkout@" + "0123456789" * 4, "git clone git@github.com:a/b.git", "mask-rcnn-resnet50-fpn-v2",
        'api_key: str = os.environ["API_KEY"]', "password: ${{ secrets.PASSWORD }}", "WORKDIR /home/runner/work",
        "@app.get('/users/{user_id}')", "load_hf_model_from_checkpoint", "soren = 3", "12 34 56 78", "2026-01-12 10:00:00",
    ],
)  # fmt: skip
def test_code_stays_as_it_is(line: str) -> None:
    assert _redact(line) == line


def test_a_first_name_is_replaced_in_comments_and_documents_alone() -> None:
    assert _redact("x = Søren(1)  # ask Søren") == "x = Søren(1)  # ask [member A]"
    assert _redact("Ask Søren.", "README.md") == "Ask [member A]."


def test_a_private_key_goes_with_all_its_lines() -> None:
    lines = ["a", "-----BEGIN RSA PRIVATE KEY-----", "MIIE", "abc", "-----END RSA PRIVATE KEY-----", "b"]
    redacted = REDACTOR.redact("key.txt", lines)
    assert redacted.lines == ("a", "[secret]", "[secret]", "[secret]", "[secret]", "b")
    assert (redacted.num_replaced, redacted.replaced) == (1, frozenset([2, 3, 4, 5]))


def test_a_place_that_a_scanner_found_loses_its_value() -> None:
    assert REDACTOR.redact("conf.py", ["setting = 'plain-words'"]).lines == ("setting = '[secret]'",)
    assert REDACTOR.redact("conf.py", ["abc"]).lines == ("[secret]",)


def test_places_of_low_confidence_are_left_to_the_shapes() -> None:
    frame = pl.DataFrame({"path": ["a", "b"], "line": [3, 4], "confidence": ["high", "low"]})
    assert secret_places(frame) == {"a": frozenset([3])}


def test_people_are_gathered_in_an_order_of_their_own() -> None:
    commits = pl.DataFrame(
        {
            "author_name": ["Bo Berg", "Ada Lund", "dependabot[bot]"],
            "author_email": [
                "bo@x.dk",
                "1+adal@users.noreply.github.com",
                "1+dependabot[bot]@users.noreply.github.com",
            ],
            "committer_name": ["GitHub"] * 3,
            "committer_email": ["noreply@github.com"] * 3,
            "co_authors": [["Bo Berg <bo@home.dk>"], [], []],
        }
    )
    known = identities_of(students=["s1", "s222222"], repo_urls=["https://github.com/Team-X/y"], commits=commits)
    assert known == identities_of(
        students=["s1", "s222222"], repo_urls=["https://github.com/Team-X/y"], commits=commits.reverse()
    )
    assert [person.label for person in known.people] == ["[member A]", "[member B]", "[member C]", "[member D]"]
    assert (known.people[2].logins, known.owner) == (("adal",), "team-x")
    assert known.people[3].emails == ("bo@home.dk", "bo@x.dk")


def test_a_commit_of_nobody_hides_nobody() -> None:
    row = {"author_name": "", "author_email": "", "committer_name": "Ada Lund", "committer_email": " "}
    known = identities_of(
        commits=pl.DataFrame([row | {"co_authors": [""]}], schema_overrides={"co_authors": pl.List(pl.String)})
    )
    assert [person.names for person in known.people] == [("Ada Lund",)]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=60), max_size=8))
def test_as_many_lines_come_out_as_went_in(lines: list[str]) -> None:
    assert len(REDACTOR.redact("a.py", lines).lines) == len(lines)
