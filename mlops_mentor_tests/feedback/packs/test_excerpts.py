"""Cutting files to a budget: at declarations, in order, and never more than there is room for."""

import ast

from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_mentor.evidence.code.python_file import read_python_file
from mlops_mentor.feedback.packs.choose import Choice
from mlops_mentor.feedback.packs.declarations import cut, parts_of, signature_lines
from mlops_mentor.feedback.packs.excerpts import MAX_LINE, Piece, fill, share
from mlops_mentor.feedback.packs.pack import Cleaned
from mlops_mentor.feedback.packs.shelf import OwnFile

CODE = '''"""What it is for."""

import os


# Why it is so.
@cache
def first(
    a: int,
    b: int,
) -> int:
    """
    The first line.

    And more.
    """
    total = a
    total += b
    return total


class Box:
    """A box."""

    size = 3

    def __init__(self):
        self.content = []

    async def load(self):
        """Loads."""
        for each in self.content:
            yield each


if __name__ == "__main__":
    first(1, 2)
'''


def python_piece(text: str, path: str = "a.py", *, weight: int = 1, is_brief: bool = False) -> Piece:
    file = read_python_file(path, "b" * 40, text, ast.parse(text), is_test=False)
    lines = tuple(text.rstrip("\n").split("\n"))
    return Piece(Choice(OwnFile(path, "b" * 40, "python", lines, file), weight, is_brief), path, lambda: Cleaned(lines))


def text_piece(text: str, path: str = "a.yaml", weight: int = 1) -> Piece:
    lines = tuple(text.split("\n"))
    return Piece(Choice(OwnFile(path, "b" * 40, "config", lines), weight), path, lambda: Cleaned(lines))


def lines_at(numbers: list[int], text: str = CODE) -> str:
    lines = text.split("\n")
    return "\n".join(lines[number - 1] for number in numbers)


def test_signatures_come_with_decorators_and_the_first_line_of_the_docstring() -> None:
    piece = python_piece(CODE)
    assert piece.choice.file.python is not None

    text = lines_at(signature_lines(piece.choice.file.python))

    assert text.split("\n") == [
        "@cache",
        "def first(",
        "    a: int,",
        "    b: int,",
        ") -> int:",
        '    """',
        "    The first line.",
        "class Box:",
        '    """A box."""',
        "    def __init__(self):",
        "    async def load(self):",
        '        """Loads."""',
    ]


def test_a_file_that_has_room_is_shown_as_it_stands() -> None:
    piece = python_piece(CODE)

    assert piece.fit(piece.cost) == list(range(1, len(CODE.rstrip("\n").split("\n")) + 1))


def test_where_room_is_short_signatures_stay_and_whole_declarations_go() -> None:
    piece = python_piece(CODE)

    text = lines_at(piece.fit(piece.cost - 90))

    assert "def first(" in text and "class Box:" in text and "async def load(self):" in text
    assert ("total = a" in text) == ("return total" in text)
    assert not ("self.content = []" in text and "yield each" in text)


def test_of_a_long_function_whole_statements_are_shown_from_its_beginning() -> None:
    body = "".join(f"    if x == {n}:\n        y = {n}\n" for n in range(100))
    piece = python_piece(f"def long(x):\n{body}")

    numbers = piece.fit(1000)

    assert numbers == list(range(1, numbers[-1] + 1))
    assert 10 < len(numbers) < 60 and len(numbers) % 2 == 1


def test_yaml_is_cut_where_a_key_begins() -> None:
    job = "    steps:\n" + "      - run: something or other\n" * 6
    piece = text_piece("on: push\njobs:\n" + "".join(f"  job{n}:\n{job}" for n in range(6)))

    numbers = piece.fit(piece.frame + 700)
    text = piece.cleaned.lines[numbers[-1]]

    assert text.startswith("  job") and numbers == list(range(1, len(numbers) + 1))


def test_every_section_of_settings_keeps_its_heading() -> None:
    text = "\n".join(f"[tool.part{n}]\n" + "\n".join(f"key{i} = 'a value of it'" for i in range(9)) for n in range(8))
    piece = text_piece(text, "pyproject.toml")

    shown = [piece.cleaned.lines[number - 1] for number in piece.fit(900)]

    assert [line for line in shown if line.startswith("[")] == [f"[tool.part{n}]" for n in range(8)]
    assert "key8 = 'a value of it'" in shown


def test_comments_in_a_block_of_code_are_no_headings_of_prose() -> None:
    text = "# Title\n\n```sh\n# install\npip\n```\n\n# Use\n" + "word " * 40
    piece = text_piece(text, "README.md")

    assert [part.brief for part in piece.parts] == [(1,), (8,)]


def test_very_long_lines_are_cut() -> None:
    piece = text_piece("x" * 5000, "page.html")

    ((_, text),) = piece.excerpt(piece.fit(1000)).lines
    assert len(text) == MAX_LINE and text.endswith("…")


def test_no_file_takes_all_of_the_room() -> None:
    large = "\n".join(f"def f{n}():\n    return {n}" for n in range(400))
    pieces = [python_piece(large, "a.py", weight=4), *(text_piece("word\n" * 40, f"{n}.yaml") for n in range(5))]

    filled = fill(pieces, 5000)

    assert [piece.choice.file.path for piece, _ in filled] == ["a.py", *(f"{n}.yaml" for n in range(5))]
    assert len(filled[0][1]) > 50


def test_small_files_are_shown_whole_where_large_ones_had_to_give_way() -> None:
    pieces = [text_piece(("key:\n" + "    word\n" * 9) * 80, f"{n}.yaml") for n in range(30)] + [
        text_piece("tiny", "z.yaml")
    ]

    filled = fill(pieces, 6000)

    assert 4 < len(filled) < 20
    assert filled[-1][0].choice.file.path == "z.yaml"


@given(
    st.lists(st.tuples(st.integers(1, 5000), st.integers(1, 4)), max_size=30),
    st.integers(0, 20_000),
    st.integers(1, 900),
)
def test_shares_fit_the_room_and_nobody_starves(items: list[tuple[int, int]], room: int, least: int) -> None:
    costs, weights = [cost for cost, _ in items], [weight for _, weight in items]

    shares = share(costs, weights, room, [least] * len(items))

    assert sum(shares) <= room
    assert all(
        given_to == 0 or min(cost, least) <= given_to <= cost for cost, given_to in zip(costs, shares, strict=True)
    )
    if sum(costs) <= room:
        assert shares == costs


NAMES = st.sampled_from(["a", "load", "Model", "x1"])


@st.composite
def code(draw: st.DrawFn, depth: int = 0) -> str:
    """Python with functions, classes, comments, docstrings and blank lines."""
    pad = "    " * depth
    parts = []
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(["plain", "def", "class", "comment", "blank", "if"]))
        name = draw(NAMES)
        doc = draw(st.sampled_from(["", f'{pad}    """Doc."""\n', f'{pad}    """\n{pad}    Doc.\n{pad}    """\n']))
        if kind == "plain":
            parts.append(f"{pad}{name} = [\n{pad}    1,\n{pad}]\n" if draw(st.booleans()) else f"{pad}{name} = 1\n")
        elif kind in ("def", "class") and depth < 2:
            head = f"{pad}@{name}\n" * draw(st.integers(0, 1))
            head += f"{pad}def {name}(\n{pad}    a,\n{pad}):\n" if kind == "def" else f"{pad}class {name}:\n"
            parts.append(head + doc + draw(code(depth + 1)))
        elif kind == "if" and depth < 2:
            parts.append(f"{pad}if {name}:\n" + draw(code(depth + 1)))
        elif kind == "comment":
            parts.append(f"{pad}# why\n")
        else:
            parts.append("\n")
    return "".join(parts) + f"{pad}pass\n"


@settings(max_examples=150, deadline=None)
@given(code(), st.integers(0, 2000), st.booleans())
def test_whatever_the_code_lines_ascend_and_fit(text: str, room: int, is_brief: bool) -> None:
    piece = python_piece(text, is_brief=is_brief)

    numbers = piece.fit(room)

    assert numbers == sorted(set(numbers))
    assert all(1 <= number <= len(piece.choice.file.lines) for number in numbers)
    assert not numbers or piece.frame + sum(map(piece.cost_of, numbers)) <= room
    assert [text for _, text in piece.excerpt(numbers).lines] == [piece.cleaned.lines[n - 1] for n in numbers]


@settings(max_examples=100, deadline=None)
@given(code(), st.integers(0, 1500))
def test_a_declaration_in_full_has_its_signature_too(text: str, room: int) -> None:
    file = read_python_file("a.py", "b" * 40, text, ast.parse(text), is_test=False)
    parts = parts_of(file)

    shown = set(cut(parts, room, lambda number: 10))

    assert 10 * len(shown) <= room
    whole = [part for part in parts if shown.issuperset(part.whole)]
    assert all(shown.issuperset(part.brief) for part in whole)
    covered = {number for part in parts for number in part.whole}
    assert {node.lineno for node in ast.walk(ast.parse(text)) if isinstance(node, ast.stmt)} <= covered


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="ab \n[]#-:", max_size=400), st.sampled_from(["a.toml", "R.md", "w.yaml"]), st.integers(0, 600))
def test_whatever_the_text_lines_ascend_and_fit(text: str, path: str, room: int) -> None:
    piece = text_piece(text, path)

    numbers = piece.fit(room)

    assert numbers == sorted(set(numbers))
    assert not numbers or piece.frame + sum(map(piece.cost_of, numbers)) <= room
