"""Planted secrets and identities: none gets out, wherever it stands and however it is written."""

# ruff: noqa: E501, RUF001

import base64
import logging
import unicodedata
from collections import Counter
from urllib.parse import quote

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_mentor.publish.privacy import gate, scanner
from mlops_mentor.publish.privacy.gate import pass_gate
from mlops_mentor.publish.privacy.inspection import Inspection, strings
from mlops_mentor.publish.privacy.redaction import Redacted, Redaction
from mlops_mentor.schemas.published import PUBLISHED_EVIDENCE, PUBLISHED_FEEDBACK
from mlops_mentor_tests.publish.privacy.a_class import KNOWN, SHA, URL, frame, frames

GITHUB = "ghp_" + "a1B2c3D4e5" * 3 + "F6g7H8"
HUGGING = "hf_" + "aBcDeFgHiJ" * 3 + "KlMn"
OPENAI = "sk-proj-" + "Zx9Yw8Vu7T" * 3
AMAZON = "AKIA" + "QWERTY2345ASDFGH"
WANDB = "0123456789abcdef0123" + "fedcba98765432100123"
KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA1234\nabcdEFGH5678\n-----END RSA PRIVATE KEY-----"
FULLWIDTH = "Ａｄａ Ｌｏｖｅｌａｃｅ"

# What is planted, and what of it may not be read in anything that comes out, whatever is removed between its letters.
PLANTED = {
    "full name": ("Ada Lovelace", "lovelace"),
    "name without its letters": ("Soeren Kjaer Moeller", "moeller"),
    "name in capitals, turned": ("MØLLER, SØREN", "møller"),
    "name decomposed": (unicodedata.normalize("NFD", "Søren Kjær Møller"), "møller"),
    "e-mail": ("ada@home.dk", "home.dk"),
    "e-mail of a machine": ("skm@lab.local", "lab.local"),
    "login": ("ada1815x", "1815"),
    "account": ("https://wandb.ai/soerenkm/runs", "soerenkm"),
    "study number": ("s123456", "123456"),
    "study number of nobody known": ("S987654", "987654"),
    "bare study number": ("hand-in 123456", "123456"),
    "personal number": ("010203-1234", "010203"),
    "phone": ("+45 12 34 56 78", "34 56"),
    "home directory": ("/home/adalove/run.py", "adalove"),
    "home on Windows": ("C:\\Users\\adalove\\run.py", "adalove"),
    "hugging face": (HUGGING, HUGGING[3:]),
    "openai": (OPENAI, OPENAI[8:]),
    "github": (GITHUB, GITHUB[4:]),
    "amazon": (AMAZON, AMAZON[4:]),
    "wandb": (f"WANDB_API_KEY={WANDB}", WANDB),
    "password in an address": ("postgres://me:hunter2hunter@db/x", "hunter2"),
    "password assigned": ('password = "Tr0ub4dor&3x"', "tr0ub4dor"),
    "private key": (KEY, "miieowibaak"),
    "repository": (URL, "leaf_disease"),
    "repository by ssh": ("git@github.com:ada1815x/leaf_disease_scan.git", "leaf_disease"),
    "owner and name": ("mlops-org-27/mlops", "mlops-org-27"),
    "pages": ("https://ada1815x.github.io/docs", "1815"),
    "repository's name": ("leaf_disease_scan", "leaf_disease"),
    "another page of the owner": ("https://github.com/mlops-org-27/scan-of-leaves", "mlops-org-27"),
    "TA": ("Tobias Ravnkilde", "ravnkilde"),
    "TA by first name": ("ask Tobias", "tobias"),
    "somebody of another group": ("Grace Hopper", "hopper"),
    "somebody who is not published": ("Linus Blumenthal", "blumenthal"),
    "commit": (SHA, SHA[:12]),
    "short commit": (f"About commit `{SHA[:12]}`", SHA[:12]),
    "zero width": ("Ada\u200b Love\u200blace s1234\u200d56", "lace"),
    "full width": (FULLWIDTH, FULLWIDTH),
    "other alphabets": ("Аdа Lоvеlасе", "lоvеlасе"),
    "ligatures and soft hyphens": ("Lin\u00adus Blumen\u00adthal", "blumen"),
    "emphasis": ("Ada **Lovelace**", "lovelace"),
    "emphasis within": ("A*d*a Love**lace**", "lace"),
    "escapes": ("s12\\_3456 and ada1815x\\@home.dk", "3456"),
    "underlines": ("__Ada__ __Lovelace__", "lovelace"),
    "code": ("`Ada` `Lovelace`", "lovelace"),
    "table": ("| Ada | Lovelace |\n|---|---|", "lovelace"),
    "lines": ("Ada\n    Lovelace", "lovelace"),
    "elements": ("Ada <b>Lovelace</b>", "lovelace"),
    "entities": ("Ada&nbsp;Lovelace &#115;123456", "lovelace"),
    "percent": ("Ada%20Lovelace", "lovelace"),
    "percent twice": ("Ada%2520Lovelace", "lovelace"),
    "percent in an address": ("https://x.example/?to=ada%40home.dk", "home.dk"),
    "camel": ("AdaLovelaceNet", "lovelace"),
    "file name": ("ada_lovelace-final.v2.ipynb", "lovelace"),
    "dots": ("ada.lovelace", "lovelace"),
    "link": (f"[code]({URL}/blob/{SHA}/a.py#L3)", "leaf_disease"),
    "reference": (f"[code][1]\n\n[1]: {URL}/blob/main/a.py", "leaf_disease"),
    "image": ("![plot](https://tracker.example/pixel.png)", "tracker"),
    "image's element": ("<img src=https://tracker.example/pixel.png>", "tracker"),
}  # fmt: skip

PLACES = {
    "prose": "The group says: {} and so on.",
    "alone": "{}",
    "block": "### What is good\n\n- Tests: fine.\n  - `a.py:3`\n    ```text\n    x = 1  # {}\n    ```\n",
    "span": "- `train.py:3`: `{}`",
    "cell": "| who | what |\n|---|---|\n| {} | 3 |\n",
    "quote": "> {}\n",
    "heading": "# {}\n\ntext",
}
COLUMNS = [("evidence", "reason"), ("evidence", "remedy"), ("evidence", "title"), ("evidence", "item"),
           ("evidence", "expects"), ("evidence", "module"), ("feedback", "text"), ("feedback", "title"),
           ("feedback", "area")]  # fmt: skip


def _written(gated: gate.Gated) -> str:
    """Everything that comes out, in one text of small letters."""
    columns = [(table, name) for table, each in gated.frames.items() for name in each.columns]
    return "\n".join(text for table, name in columns for _, text in strings(gated.frames[table], name)).lower()


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("planted", PLANTED)
def test_nothing_planted_in_a_text_gets_out(planted: str, place: str) -> None:
    written, must_not_be_read = PLANTED[planted]
    gated = pass_gate(frames(feedback={"text": PLACES[place].format(written)}), KNOWN, show_addresses=False)
    assert must_not_be_read.lower() not in _written(gated)
    # Redacted, and the rest is there: nothing was withheld for it.
    assert gated.withheld == ()
    assert gated.frames["feedback"].height == 1
    assert sum(gated.num_redacted.values()) >= 1


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_all_planted_together_get_out_nowhere(
    table: str, column: str, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    text = "\n\n".join(f"{number}. {written}" for number, (written, _) in enumerate(PLANTED.values()))
    gated = pass_gate(frames(**{table: {column: text}}), KNOWN, show_addresses=False)
    shown = capsys.readouterr()
    everything = "\n".join([_written(gated), repr(gated), str(gated), repr(KNOWN), caplog.text, shown.out, shown.err])
    assert [name for name, (_, rest) in PLANTED.items() if rest.lower() in everything.lower()] == []
    assert gated.withheld == ()


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("notebooks/ada_lovelace.ipynb", "notebooks/[member A].ipynb"),
        ("src/s123456/train.py", "src/[member A]/train.py"),
        ("src/Lovelace-2/train.py", "src/[member A]-2/train.py"),
        ("people/hopper_grace/cv.pdf", "people/[person]/cv.pdf"),
        ("s999999/a.py", "[study number]/a.py"),
        ("src/leaf_disease_scan/model.py", "src/[repository]/model.py"),
        ("Søren Kjær Møller/a.py", "[member B]/a.py"),
        ("S%C3%B8ren%20M%C3%B8ller/a.py", "[member B]/a.py"),
        ("logs/ada@home.dk.txt", "logs/[member A].txt"),
        ("src/model.py", "src/model.py"),
        (".github/workflows/tests.yaml", ".github/workflows/tests.yaml"),
    ],
)
def test_nothing_planted_in_a_path_gets_out(path: str, shown: str) -> None:
    gated = pass_gate(frames(evidence={"path": path}), KNOWN, show_addresses=False)
    assert gated.frames["evidence"]["path"].to_list() == [shown]


# Without a redaction the inspection has to see what is planted by itself. Definitions of links and elements of HTML are
# removed for what they do in a browser, which no inspection has to know.
@pytest.mark.parametrize("planted", sorted(PLANTED.keys() - {"image's element", "another page of the owner"}))
def test_what_a_blind_redaction_lets_through_is_withheld(planted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "Redaction", _Blind)
    written, must_not_be_read = PLANTED[planted]
    gated = pass_gate(frames(feedback={"text": f"See: {written} there"}), KNOWN, show_addresses=False)
    assert gated.frames["feedback"].height == 0
    assert must_not_be_read.lower() not in f"{_written(gated)}{gated.withheld}".lower()


@pytest.mark.parametrize("planted", PLANTED)
def test_what_a_blind_inspection_would_let_through_is_redacted(planted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Inspection, "kinds", lambda *_args, **_more: [])
    monkeypatch.setattr(scanner, "is_there", lambda: False)
    written, must_not_be_read = PLANTED[planted]
    gated = pass_gate(frames(feedback={"text": f"See: {written} there"}), KNOWN, show_addresses=False)
    assert must_not_be_read.lower() not in _written(gated)
    assert not gated.is_scanned


def test_strings_are_found_whatever_they_are_nested_in() -> None:
    inner = pl.Struct({"text": pl.String, "lines": pl.List(pl.String)})
    value = [[{"text": "one", "lines": ["two", None, "three"]}, {"text": None, "lines": []}], []]
    nested = pl.DataFrame(
        {
            "group": ["7", "8"],
            "value": value,
            "kind": ["four", "five"],
            "bytes": [b"six", None],
            "pair": [["7", "8"]] * 2,
        },
        schema={
            "group": pl.String,
            "value": pl.List(inner),
            "kind": pl.Categorical,
            "bytes": pl.Binary,
            "pair": pl.Array(pl.String, 2),
        },
    )
    assert strings(nested, "value") == [("7", "one"), ("7", "three"), ("7", "two")]
    assert strings(nested, "kind") == [("7", "four"), ("8", "five")]
    assert strings(nested, "bytes") == [("7", "six")]
    assert len(strings(nested, "pair")) == 4


@pytest.mark.skipif(not scanner.is_there(), reason="betterleaks has no wheel for this Python")
def test_a_secret_that_only_the_scanner_knows_is_redacted_and_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    stripe = "whsec_" + base64.b64encode(b"a made up webhook secret, 32 byt").decode()
    text = f"twilio\n\nSK{'0a1b2c3d4e5f6071' * 2}  # gitleaks:allow\n\nsecret: {stripe}"
    gated = pass_gate(frames(feedback={"text": text}), KNOWN, show_addresses=False)
    assert "0a1b2c3d" not in _written(gated)
    monkeypatch.setattr(gate, "Redaction", _Blind)
    blind = pass_gate(frames(feedback={"text": text}), KNOWN, show_addresses=False)
    assert blind.frames["feedback"].height == 0


def test_text_of_everyday_stays_as_it_is() -> None:
    text = (
        "Data from 2024-01-05 with 1234567 rows, 99.5 % in 0.123456 s; `@app.post` of FastAPI, `torch.optim.Adam`, "
        "Hugging Face, Weights & Biases, grace period, `s3://bucket/key`, `uses: actions/checkout@v4`, "
        "https://github.com/pytorch/pytorch and https://docs.astral.sh/ruff/, user@example.com, `/home/runner/work`, "
        "mlops, ![plot](figures/loss.png), `password: str`, love, space, `tests/test_lovely.py`, 10.5281/zenodo.123456, "
        "exam-project, sha256:" + "ab12" * 16 + ", `WANDB_API_KEY=${{ secrets.WANDB_API_KEY }}`"
    )
    gated = pass_gate(frames(feedback={"text": text}), KNOWN, show_addresses=False)
    assert gated.frames["feedback"]["text"].to_list() == [text]
    assert gated.withheld == ()


_IDENTITIES = st.sampled_from(
    ["Ada Lovelace", "Lovelace, Ada", "ada@home.dk", "ada1815x", "s123456", "Søren Møller", "Soeren Moeller",
     "Grace Hopper", "cobolqueen9", "leaf_disease_scan", "Tobias Ravnkilde", URL, "mlops-org-27/mlops", GITHUB,
     "010203-1234", quote("Søren Kjær Møller")]
)  # fmt: skip
_AROUND = st.text(alphabet="ab eX.,;:!?()[]{}*_`|#>~\\/&%\n\u200b\u00e9-+'\"<=", max_size=40)


@settings(max_examples=300, deadline=None)
@given(_AROUND, _IDENTITIES, _AROUND)
def test_an_identity_never_survives_wherever_it_stands(before: str, identity: str, after: str) -> None:
    text = f"{before} {identity} {after}"
    redacted = REDACTION.redact("7", text).text
    assert identity.lower() not in redacted.lower()
    # Nor is the group withheld for it.
    assert INSPECTION.kinds(redacted, "7") == []


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80))
def test_whatever_a_text_is_the_gate_ends_and_its_answer_passes_again(text: str) -> None:
    once = REDACTION.redact("7", text).text
    assert INSPECTION.kinds(REDACTION.redact("7", once).text, "7") == []


@pytest.mark.parametrize(
    "part", ["a@", "[", "![](", "s1", "ada ", "\\", "<", "%2", "&#", "x/y/", "`", "a.", "_", "0", "g:"]
)
def test_a_long_hostile_text_takes_no_longer_than_its_length(part: str) -> None:
    text = part * (10_000 // len(part))
    gated = pass_gate({"feedback": frame(PUBLISHED_FEEDBACK, {"text": text})}, KNOWN, show_addresses=False)
    assert gated.frames["feedback"].height == 1


def test_a_list_of_texts_is_redacted_too() -> None:
    series = gate._redacted_column(
        pl.DataFrame({"group": ["7"], "said": [["by Ada Lovelace", None, "fine"]]}),
        "said",
        REDACTION,
        Counter(),
        is_path=False,
    )
    assert series.to_list() == [["by [member A]", None, "fine"]]


def test_each_group_reads_of_its_own_people_as_members_and_of_others_as_persons() -> None:
    given_rows = [{"group": each, "item": "1", "reason": "Ada Lovelace and Grace Hopper"} for each in ("7", "8")]
    gated = pass_gate({"evidence": frame(PUBLISHED_EVIDENCE, *given_rows)}, KNOWN, show_addresses=False)
    assert gated.frames["evidence"]["reason"].to_list() == ["[member A] and [person]", "[person] and [member A]"]


class _Blind(Redaction):
    def redact(self, group: str, text: str, *, is_path: bool = False) -> Redacted:
        return Redacted(text)


REDACTION = Redaction(KNOWN, show_addresses=False)
INSPECTION = Inspection(KNOWN, show_addresses=False)
