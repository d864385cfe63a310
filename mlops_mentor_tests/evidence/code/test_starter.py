"""What was handed out is known again: filled in, reformatted, of a former year; what a group wrote is its own."""

import ast
from pathlib import Path

import polars as pl
import pytest

from mlops_mentor.evidence.code.placeholders import ANYTHING, NAME, VERSION, fits, neutral_texts
from mlops_mentor.evidence.code.shapes import Definition, definition_tokens, digest
from mlops_mentor.evidence.code.starter import StarterShapes
from mlops_mentor.evidence.code.starter_shapes import load_shapes, read_starter_shapes
from mlops_mentor.repos.starter import starter_shapes_key
from mlops_mentor.schemas import STARTER_SHAPES, validate
from mlops_mentor.storage.lake import Lake
from mlops_mentor_tests.repos.sources import Source

_ROOT = b"{{ cookiecutter.repo_name }}/"
_PACKAGE = _ROOT + b"src/{{ cookiecutter.project_name }}/"
_DATA = '''
from pathlib import Path
import typer

class MyDataset:
    """My dataset."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def save(self, folder: Path) -> None:
        """Save."""
        for number, row in enumerate(self.rows(folder, strict=True)):
            row.save(folder / f"{number}.pt", compress=True, protocol=4)

def load(path):
    from {{ cookiecutter.project_name }}.model import Model
    print("{{cookiecutter.project_name}} is loading")
    return Model(path)

if __name__ == "__main__":
    typer.run(load)
'''
_TASKS = """
PROJECT_NAME = "{{ cookiecutter.project_name }}"
{% if cookiecutter.deps_manager == "pip" %}
def install(ctx):
    ctx.run("pip install .")
{% else %}
def install(ctx):
    ctx.run("uv sync")
{% endif %}
"""
_PROJECT = """[project]
name = {{ cookiecutter.project_name|tojson }}
authors = [{ name = {{ cookiecutter.author_name|tojson }} }]
{% if cookiecutter.open_source_license != 'No license file' %}license = { file = "LICENSE" }{% endif %}
requires-python = ">={{ cookiecutter.python_version }}"
dependencies = ["torch>=2", "typer>=0.15"]

[tool.ruff]
line-length = 120
}
"""
_FORMER = "# {{cookiecutter.project_name}}\n\n{{cookiecutter.description}}\n\nHow the folders of a project lie.\n"
_LICENSE = "Copyright (c) {% now 'utc', '%Y' %}, {{ cookiecutter.author_name }}\nAll rights reserved.\n"


@pytest.fixture(scope="module")
def frame(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    template = Source(tmp_path_factory.mktemp("starter") / "template")
    template.commit({_ROOT + b"README.md": _FORMER.encode(), b"hooks/post_gen_project.py": b"x ="})
    template.commit(
        {
            _ROOT + b"README.md": None,
            _ROOT + b"README_uv.md": b"# {{cookiecutter.project_name}}\n\nA folder for everything there is.\n",
            _ROOT + b"pyproject_uv.toml": _PROJECT.encode(),
            _ROOT + b"LICENSE": _LICENSE.encode(),
            _ROOT + b"tasks_uv.py": _TASKS.encode(),
            _PACKAGE + b"data.py": _DATA.encode(),
            _PACKAGE + b"{{ cookiecutter.project_name }}.py": b"class {{ cookiecutter.project_name }}Model:\n  x = 1\n",
        }
    )
    plain = Source(tmp_path_factory.mktemp("starter") / "plain")
    plain.commit(
        {
            b"src/project_name/train.py": b"from project_name.data import load\ndef train():\n    load('here')\n",
            b"dockerfiles/train.dockerfile": b"FROM python:3.12-slim\nCOPY src src/\nRUN pip install .\n",
        }
    )
    return validate(STARTER_SHAPES, read_starter_shapes([template.path, plain.path]))


@pytest.fixture(scope="module")
def shapes(frame: pl.DataFrame) -> StarterShapes:
    return StarterShapes.from_frame(frame)


def _filled(text: str, name: str = "birdcall") -> str:
    for placeholder in ("{{ cookiecutter.project_name }}", "{{cookiecutter.project_name}}"):
        text = text.replace(placeholder, name)
    return text


def _left(shapes: StarterShapes, text: str) -> list[str]:
    tree = shapes.without_starter(ast.parse(text))
    return [node.name for node in ast.walk(tree) if isinstance(node, Definition)]


def _first(text: str) -> Definition:
    node = ast.parse(text).body[0]
    assert isinstance(node, Definition)
    return node


@pytest.mark.parametrize("name", ["birdcall", "a", "bird_call_2"])
def test_a_template_that_was_filled_in_has_nothing_of_its_own(shapes: StarterShapes, name: str) -> None:
    tree = ast.parse(_filled(_DATA, name))
    assert shapes.without_starter(tree).body == []
    assert len(tree.body) == 5


def test_formatting_docstrings_and_relative_imports_change_nothing(shapes: StarterShapes) -> None:
    text = (
        _filled(_DATA).replace('"""Save."""', '"""What we say of it."""  # and here').replace("from birdcall", "from ")
    )
    text = text.replace("compress=True, protocol=4)", "\n compress = True ,\n protocol = 0x4 , )")
    assert shapes.without_starter(ast.parse(text)).body == []


def test_what_was_edited_stays_with_the_lines_that_it_has(shapes: StarterShapes) -> None:
    text = _filled(_DATA).replace("return Model(path)", "return Model(path).eval()")
    tree = ast.parse(text)
    left = shapes.without_starter(tree)
    assert _left(shapes, text) == ["load"]
    assert [node.lineno for node in left.body if isinstance(node, Definition)] == [16]
    assert _left(StarterShapes.none(), text) == ["MyDataset", "load", "__init__", "save"]


def test_methods_that_were_handed_out_go_from_a_class_with_own_ones(shapes: StarterShapes) -> None:
    text = _filled(_DATA).replace("self.path = path", "self.path = path.resolve()")
    assert _left(shapes, text) == ["MyDataset", "__init__"]
    only = "class Own(Base):\n" + "\n".join(_DATA.splitlines()[10:14]).replace('"""Save."""', "")
    left = shapes.without_starter(ast.parse(only)).body[0]
    assert isinstance(left, ast.ClassDef)
    assert [type(node) for node in left.body] == [ast.Pass]
    assert left.body[0].lineno == 2


def test_a_short_method_is_everybodys(shapes: StarterShapes) -> None:
    text = "class Mine:\n    def __init__(self, path: Path) -> None:\n        self.path = path\n"
    assert _left(shapes, text) == ["Mine", "__init__"]


def test_every_branch_of_a_template_counts(shapes: StarterShapes) -> None:
    for command in ("pip install .", "uv sync"):
        assert shapes.is_starter_definition(_first(f"def install(ctx):\n    ctx.run('{command}')"))
    assert not shapes.is_starter_definition(_first("def install(ctx):\n    ctx.run('poetry install')"))


def test_a_name_may_hold_a_placeholder(shapes: StarterShapes) -> None:
    assert shapes.is_starter_definition(_first("class birdcallModel:\n    x = 1"))
    assert not shapes.is_starter_definition(_first("class birdcallModel:\n    x = 2"))


def test_a_plain_starter_repository_may_be_renamed(shapes: StarterShapes) -> None:
    text = "from birdcall.data import load\ndef train():\n    load('here')\n"
    assert shapes.without_starter(ast.parse(text)).body == []
    assert shapes.is_starter_text("dockerfiles/train.dockerfile", "FROM python:3.12-slim\nCOPY src src/\n")
    assert not shapes.is_starter_text("train.dockerfile", "FROM python:3.12-slim\n")


def test_a_module_of_own_statements_keeps_all_of_them(shapes: StarterShapes) -> None:
    tree = ast.parse("import typer\nfrom pathlib import Path\napp = typer.Typer()\n")
    assert len(shapes.without_starter(tree).body) == 3
    assert shapes.without_starter(ast.parse("from pathlib import Path\nimport typer")).body == []


def _rendered(license_line: str = 'license = { file = "LICENSE" }') -> str:
    text = _PROJECT.replace("{{ cookiecutter.project_name|tojson }}", '"birdcall"')
    text = text.replace("{{ cookiecutter.author_name|tojson }}", '"Ada \\"A\\" Lovelace, and others"')
    text = text.replace("{{ cookiecutter.python_version }}", "3.13")
    return "\n".join(license_line if line.startswith("{%") else line for line in text.split("\n"))


@pytest.mark.parametrize("line", ['license = { file = "LICENSE" }', ""])
def test_a_text_that_was_filled_in_has_no_own_line(shapes: StarterShapes, line: str) -> None:
    for path in ("pyproject.toml", "PyProject.toml", "code/pyproject.toml"):
        assert shapes.is_starter_text(path, _rendered(line))
    assert shapes.is_starter_text("pyproject.toml", _rendered(line).replace("\n", "\r\n"))
    assert not shapes.is_starter_text("other.toml", _rendered(line))


def test_own_lines_of_a_template_s_file_are_those_that_were_added(shapes: StarterShapes) -> None:
    text = _rendered() + '\n[tool.mypy]\nstrict = true\nname = "pytorch"\n'
    assert shapes.own_lines("pyproject.toml", text) == [12, 13, 14]


def test_a_file_that_shares_its_name_alone_is_own(shapes: StarterShapes) -> None:
    text = "[build-system]\nrequires = ['hatchling']\n}\n[tool.black]\nfast = true\n[project]\nversion = '1'\n"
    assert shapes.own_lines("pyproject.toml", text) == [1, 2, 3, 4, 5, 6, 7]


def test_a_template_of_a_former_year_is_known(shapes: StarterShapes) -> None:
    text = "# Birdcall\n\nWe tell birds by their calls.\n\nHow the folders of a project lie.\n"
    assert shapes.own_lines("README.md", text) == []
    assert shapes.own_lines("README.md", text + "How to train it.\n") == [6]
    assert shapes.is_starter_text("README.md", "# birdcall\n\nA folder for everything there is.\n")
    assert shapes.is_starter_text("LICENSE", "Copyright (c) 2027, Ada Lovelace, Bo Holm\nAll rights reserved.")


def test_without_shapes_everything_is_own() -> None:
    none = StarterShapes.none()
    assert none.own_lines("README.md", "# a\n\n b") == [1, 3]
    assert none.is_starter_text("README.md", " \n\t\n")
    assert StarterShapes.from_frame(pl.DataFrame(schema=STARTER_SHAPES.schema)) == none


@pytest.mark.parametrize(
    "text",
    [
        "x = 1\n" + "if a:\n    pass\n" + "elif a:\n    pass\n" * 300,
        "def load(path):\n    return " + "+".join(["1"] * 900),
        "def load(path):\n    return " + hex(16**9000),
        "def load(path):\n    return '\\ud800\\x1f'",
        "def load(path):\n    return " + ",".join(["1"] * 200_000),
        "\n".join(f"{' ' * depth}class MyDataset:" for depth in range(90)) + "\n" + " " * 90 + "pass",
    ],
)
def test_hostile_python_is_own_and_stops_nothing(shapes: StarterShapes, text: str) -> None:
    tree = ast.parse(text)
    left = shapes.without_starter(tree)
    assert len(left.body) == len(tree.body)


def test_hostile_texts_stop_nothing(shapes: StarterShapes) -> None:
    for text in ("x" * 5_000_000, "authors = [{ name = " * 300_000, "a\n" * 200_000, NAME * 1000, "\0\ud800"):
        assert shapes.own_lines("pyproject.toml", text)


def test_an_f_string_has_one_shape_however_it_is_divided() -> None:
    divided = ast.JoinedStr([ast.Constant("a"), ast.Constant(""), ast.Constant("b")])
    whole = ast.JoinedStr([ast.Constant("ab")])
    of = [definition_tokens(ast.ClassDef("A", [], [], [ast.Expr(value)], [])) for value in (divided, whole)]
    assert of[0] == of[1]


def test_a_digest_is_the_same_in_every_version_of_python() -> None:
    text = "@task(1)\nasync def f(a: int, /, *b, c=None, **d) -> str:\n    return f'{a!r:>{c}} {b}' 'x', 2.5, {**d}\n"
    tokens = definition_tokens(_first(text))
    assert tokens is not None
    assert digest(tokens) == "be623d8e64dfeb29c58a5be4"


def test_a_placeholder_is_filled_in_with_what_it_is_for() -> None:
    assert neutral_texts(
        "{{ cookiecutter.python_version }} {{cookiecutter.repo_name}} {{ cookiecutter.author_name }}"
    ) == [f"{VERSION} {NAME} {ANYTHING}"]
    assert neutral_texts("${{ matrix.python-version }}") == ["${{ matrix.python-version }}"]
    assert fits(f"a {NAME}/{NAME}", "a b/c")
    assert not fits(f"a {NAME}/{NAME}", "a b;c")
    assert not fits(f"python:{VERSION}-slim", "python:-slim")
    assert fits(f"{ANYTHING}, {ANYTHING}", "a, b, c")
    assert not fits(f"ab{NAME}ba", "aba")


def test_conditions_are_rendered_with_each_branch() -> None:
    text = "{% if cookiecutter.a %}1{% if cookiecutter.b %}2{% endif %}{% elif c %}3{% else %}4{% endif %}5"
    assert neutral_texts(text) == ["12345", "125", "35"]


def test_shapes_are_made_ready_once(lake: Lake, frame: pl.DataFrame) -> None:
    key = starter_shapes_key(["refs"])
    lake.write(STARTER_SHAPES, frame, input_key=key)
    assert load_shapes(lake, key) is load_shapes(lake, key)
    assert load_shapes(lake, key) is not load_shapes(lake, starter_shapes_key(["others"]))


def test_the_same_history_gives_the_same_rows(tmp_path: Path) -> None:
    source = Source(tmp_path / "template")
    source.commit({_ROOT + b"LICENSE": _LICENSE.encode(), _ROOT + b"empty.md": b"", _ROOT + b"a.bin": b"\0"})
    assert read_starter_shapes([source.path]).equals(read_starter_shapes([source.path, source.path]))
    assert read_starter_shapes([]).is_empty()
