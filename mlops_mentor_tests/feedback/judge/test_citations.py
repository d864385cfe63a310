"""Citations: true ones are found where they stand, and nothing else holds."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_mentor.feedback.judge.answer import GivenCitation
from mlops_mentor.feedback.judge.citations import Dropped, Verifier
from mlops_mentor.feedback.judgement import Citation
from mlops_mentor.feedback.packs.pack import Source

TRAIN = '''\
import torch
import dvc

from project.data import corrupt_mnist
from project.model import MyAwesomeModel


def train(lr: float = 1e-3, batch_size: int = 32) -> None:
    """Train a model on MNIST."""
    model = MyAwesomeModel()
    train_set, _ = corrupt_mnist()

    loader = torch.utils.data.DataLoader(train_set, batch_size=batch_size)
    for epoch in range(10):
        for i, (img, target) in enumerate(loader):
            optimizer.zero_grad()
            loss.backward()
            print(f"Epoch {epoch}, iter {i}, loss: {loss.item()}")
    return None


def evaluate(checkpoint: str) -> None:
    model = MyAwesomeModel()
    key = "[secret]"
    # [line withheld: it addresses a reviewer]
    return None
'''
API = "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get('/predict')\ndef predict(text: str) -> dict:\n"
FILES = {
    "src/project/train.py": TRAIN,
    "src/project/api.py": API,
    "README.md": "# Grünt \u2013 our \u201cproject\u201d\n\nWe don\u2019t re-train: see the naïve model\u2026\n",
    "docs/README.md": "# Documentation of the whole project\n",
}


def read(path: str) -> Source | None:
    text = FILES.get(path)
    return Source(path, f"blob of {path}", tuple(text.split("\n"))) if text is not None else None


def verify(path: str, first: int, last: int, quote: str) -> Citation | Dropped:
    verifier = Verifier(read, list(FILES), [*FILES, "vendored/api.py"])
    return verifier.verify(GivenCitation(path=path, start_line=first, end_line=last, quote=quote))


def lines(path: str, first: int, last: int, quote: str) -> tuple[int, int, bool] | str:
    """Where a quote stands and whether it was moved, or why it does not hold."""
    found = verify(path, first, last, quote)
    return found.reason if isinstance(found, Dropped) else (found.start_line, found.end_line, found.is_moved)


TRAIN_PY = "src/project/train.py"
NOT_THERE = "the quote does not stand in this file"
TOO_SHORT = "the quote is too short to tell where it is from"
NO_FILE = "no such file of the group's own"


@pytest.mark.parametrize(
    ("kind", "first", "last", "quote", "expected"),
    [
        ("true", 14, 14, "    for epoch in range(10):", (14, 14, False)),
        ("true, part of a line", 13, 13, "torch.utils.data.DataLoader(train_set", (13, 13, False)),
        ("true, in a range", 8, 18, "optimizer.zero_grad()", (16, 16, False)),
        ("moved by one", 15, 15, "for epoch in range(10):", (14, 14, True)),
        ("moved far", 900, 901, "for epoch in range(10):", (14, 14, True)),
        ("lines that make no sense", -4, -9, "for epoch in range(10):", (14, 14, True)),
        ("whitespace", 14, 14, "for   epoch\tin range( 10 ) :", (14, 14, False)),
        ("several lines", 16, 17, "            optimizer.zero_grad()\n            loss.backward()", (16, 17, False)),
        ("several lines, joined", 16, 17, "optimizer.zero_grad() loss.backward()", (16, 17, False)),
        ("several lines over a blank one", 11, 13, "train_set, _ = corrupt_mnist()\nloader = torch", (11, 13, False)),
        ("numbers of the pack", 16, 17, "16| optimizer.zero_grad()\n17| loss.backward()", (16, 17, False)),
        ("numbers, padded", 16, 17, "  16 | optimizer.zero_grad()\n  17 | loss.backward()", (16, 17, False)),
        ("numbers, joined", 16, 17, "16| optimizer.zero_grad() 17| loss.backward()", (16, 17, False)),
        ("fenced", 14, 14, "```python\n    for epoch in range(10):\n```", (14, 14, False)),
        ("in marks", 14, 14, "`for epoch in range(10):`", (14, 14, False)),
        ("cut at its end", 18, 18, 'print(f"Epoch {epoch}, iter...', (18, 18, False)),
        ("cut at its beginning", 18, 18, "... iter {i}, loss: {loss.item()}", (18, 18, False)),
        ("a short line that stands once", 2, 2, "import dvc", (2, 2, False)),
        ("near-duplicate, first", 9, 11, "model = MyAwesomeModel()", (10, 10, False)),
        ("near-duplicate, second", 23, 23, "model = MyAwesomeModel()", (23, 23, False)),
        ("near-duplicate, nearer to the second", 20, 21, "model = MyAwesomeModel()", (23, 23, True)),
        ("near-duplicate, in the range though another is nearer", 11, 24, "model = MyAwesomeModel()", (23, 23, False)),
        ("paraphrased", 14, 14, "for epoch in range(num_epochs):", NOT_THERE),
        ("invented", 12, 12, 'wandb.init(project="mnist")', NOT_THERE),
        ("another file's", 3, 3, "app = FastAPI()", NOT_THERE),
        ("left out in its middle", 8, 10, "def train(...): model = MyAwesomeModel()", NOT_THERE),
        ("lines in another order", 16, 17, "loss.backward()\noptimizer.zero_grad()", NOT_THERE),
        ("another case", 14, 14, "FOR EPOCH IN RANGE(10):", NOT_THERE),
        ("one word", 5, 5, "MyAwesomeModel", TOO_SHORT),
        ("one long word, torn apart", 5, 5, "My Awesome Model", TOO_SHORT),
        ("two short words", 1, 1, "import", TOO_SHORT),
        ("a short line that stands twice, where it is said to", 19, 19, "return None", (19, 19, False)),
        ("a short line that stands twice, elsewhere", 18, 18, "return None", TOO_SHORT),
        ("a short line, in part", 2, 2, "ort dvc", TOO_SHORT),
        ("what was replaced", 24, 24, "[secret]", TOO_SHORT),
        ("hardly more than what was replaced", 24, 24, 'key = "[secret]"', TOO_SHORT),
        ("a line that was withheld", 25, 25, "# [line withheld: it addresses a reviewer]", TOO_SHORT),
        ("nothing but blanks", 14, 14, "  \n ", "no path or no quote"),
        ("nothing that counts", 14, 14, "```\n```", NOT_THERE),
    ],
)
def test_a_planted_citation_is_judged_rightly(
    kind: str, first: int, last: int, quote: str, expected: tuple[int, int, bool] | str
) -> None:
    assert lines(TRAIN_PY, first, last, quote) == expected, kind


@pytest.mark.parametrize(
    "quote",
    [
        '# Grünt - our "project"',
        unicodedata.normalize("NFD", "# Grünt \u2013 our \u201cproject\u201d"),
        "We don't re\u2011train: see the naïve model...",
        "We don\u2019t re-\u200btrain: see the na\u00efve model",
    ],
)
def test_typography_and_ways_of_writing_a_letter_do_no_harm(quote: str) -> None:
    found = verify("README.md", 1, 3, quote)
    assert isinstance(found, Citation)
    assert found.quote in FILES["README.md"]


@pytest.mark.parametrize(
    ("named", "path"),
    [
        ("src/project/api.py", "src/project/api.py"),
        ("./src/project/api.py", "src/project/api.py"),
        ("/src/project/api.py", "src/project/api.py"),
        ("src\\project\\api.py", "src/project/api.py"),
        ("`src/project/api.py`", "src/project/api.py"),
        ("src/project/api.py:3", "src/project/api.py"),
        ("src/project/api.py#L3-L4", "src/project/api.py"),
        ("our-repo/src/project/api.py", "src/project/api.py"),
        ("project/api.py", "src/project/api.py"),
        ("API.py", "src/project/api.py"),
    ],
)
def test_a_path_may_be_written_in_other_ways(named: str, path: str) -> None:
    found = verify(named, 1, 1, "from fastapi import FastAPI")
    assert isinstance(found, Citation)
    assert (found.path, found.blob_id) == (path, f"blob of {path}")


def test_a_path_is_never_taken_for_another_file_of_the_commit() -> None:
    # It is a file, though none of the group's own; the only one that was shown and is called so is another.
    assert lines("vendored/api.py", 1, 1, "from fastapi import FastAPI") == NO_FILE
    assert lines("pi.py", 1, 1, "from fastapi import FastAPI") == NO_FILE
    assert lines("../../etc/passwd", 1, 1, "from fastapi import FastAPI") == NO_FILE


def test_a_file_that_is_not_the_groups_own_is_not_taken_for_the_one_that_ends_so() -> None:
    quote = GivenCitation(path="api.py", start_line=1, end_line=1, quote="from fastapi import FastAPI")
    assert isinstance(Verifier(read, list(FILES), list(FILES)).verify(quote), Citation)
    assert isinstance(Verifier(read, list(FILES), [*FILES, "api.py"]).verify(quote), Dropped)


def test_a_name_that_two_files_have_is_that_of_none() -> None:
    assert lines("readme.md", 1, 1, "# Documentation of the whole project") == NO_FILE
    assert lines("README.md", 1, 1, "# Documentation of the whole project") == NOT_THERE


def test_the_quote_that_is_kept_is_the_files_own_text() -> None:
    found = verify(TRAIN_PY, 16, 17, "16| optimizer . zero_grad() loss.backward()...")
    assert isinstance(found, Citation)
    assert found.quote == "optimizer.zero_grad()\nloss.backward()"


def test_a_quote_of_a_line_without_end_is_short_and_shows_what_was_meant() -> None:
    source = Source("data.json", "blob", ("{" + '"some key": "välue", ' * 50_000 + '"the end": "is here"}',))
    verifier = Verifier(lambda path: source, ["data.json"])
    found = verifier.verify(GivenCitation(path="data.json", start_line=1, end_line=1, quote='"the end": "is here"'))
    assert isinstance(found, Citation)
    assert found.quote == '"the end": "is here"'


def test_a_long_quote_is_kept_in_part() -> None:
    found = verify(TRAIN_PY, 1, 20, TRAIN.split("    return None", maxsplit=1)[0])
    assert isinstance(found, Citation)
    assert (found.start_line, found.end_line, len(found.quote)) == (1, 18, 300)
    assert TRAIN.startswith(found.quote)


def test_a_line_that_no_file_has_is_a_short_number_in_the_reason() -> None:
    assert str(verify("x.py", 10**400, 1, "some quote of nothing")) == f"x.py:10000000: {NO_FILE}"
    assert str(verify("x.py", -7, 1, "some quote of nothing")) == f"x.py:1: {NO_FILE}"


def test_a_reason_is_one_line_of_bounded_length_without_links() -> None:
    words = str(verify("a\nb https://example.org/x " + "c" * 900, 3, 3, "some quote of nothing"))
    assert "\n" not in words
    assert "example.org" not in words
    assert len(words) < 300
    assert words.endswith(f":3: {NO_FILE}")


@pytest.mark.parametrize(
    ("line", "quote"),
    [
        ("ab " * 400_000, "ab " * 2000 + "b a"),
        ("a" * 1_000_000, "a" * 7999 + "b"),
        ("b" + "a" * 1_000_000, "a" * 4000 + "b" + "a" * 3000),
        ("é " * 300_000, "é " * 3000 + "e"),
        ("1| " * 400_000, "1| " * 2600),
    ],
)
def test_a_hostile_file_and_quote_take_no_long_time(line: str, quote: str) -> None:
    source = Source("a.txt", "blob", (line, *["x y"] * 100_000))
    began = time.process_time()
    verifier = Verifier(lambda path: source, ["a.txt"])
    for first in (1, 50_000, 100_000):
        verifier.verify(GivenCitation(path="a.txt", start_line=first, end_line=first, quote=quote))
    assert time.process_time() - began < 5


LINE = st.text(st.characters(codec="utf-8", exclude_characters="\nQ", exclude_categories=["Cs"]), max_size=40)


@given(st.lists(LINE, min_size=1, max_size=30), st.data())
def test_lines_in_a_row_of_any_file_hold_unless_they_say_too_little(content: list[str], data: st.DataObject) -> None:
    first = data.draw(st.integers(1, len(content)))
    last = data.draw(st.integers(first, len(content)))
    source = Source("a.py", "blob", ("first line of this file", *content))
    quote = "\n".join(source.lines[: last + 1])
    found = Verifier(lambda path: source, ["a.py"]).verify(
        GivenCitation(path="a.py", start_line=1, end_line=last + 1, quote=quote)
    )
    assert isinstance(found, Citation)
    assert found.start_line == 1
    assert not found.is_moved
    part = "\n".join(source.lines[first : last + 1])
    if any(each.isalnum() for each in part):
        other = Verifier(lambda path: source, ["a.py"]).verify(
            GivenCitation(path="a.py", start_line=first + 1, end_line=last + 1, quote=part)
        )
        assert isinstance(other, Citation) or other.reason == TOO_SHORT


@given(st.lists(st.text("abc xyz().=", min_size=3, max_size=30), min_size=1, max_size=20), st.data())
def test_any_character_that_is_changed_undoes_a_quote(content: list[str], data: st.DataObject) -> None:
    source = Source("a.py", "blob", ("first line of this file", *content))
    quote = "\n".join(source.lines)
    at = data.draw(st.sampled_from([at for at, each in enumerate(quote) if not each.isspace()]))
    changed = quote[:at] + "Q" + quote[at + 1 :]
    found = Verifier(lambda path: source, ["a.py"]).verify(
        GivenCitation(path="a.py", start_line=1, end_line=1, quote=changed)
    )
    assert isinstance(found, Dropped)
    assert found.reason == NOT_THERE
