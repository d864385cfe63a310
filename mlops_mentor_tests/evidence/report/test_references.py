"""Images and links are found as Markdown shows them, and lead where the files are."""

import pytest

from mlops_mentor.evidence.report.markup import definitions_in, references
from mlops_mentor.evidence.report.targets import Tree
from mlops_mentor_tests.evidence.report.reports import Repo


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("![a](figures/a.png)", [("figures/a.png", True)]),
        ('![a b]( figures/a.png "A title")', [("figures/a.png", True)]),
        ("![a](<figures/a b.png>)", [("figures/a b.png", True)]),
        ("![a](figures/a (1).png)", [("figures/a (1).png", True)]),
        ("![a](figures/a b.png)", [("figures/a b.png", True)]),
        ('<img src="figures/a.png" width=40>', [("figures/a.png", True)]),
        ("<IMG alt='x' SRC='figures/a.png'/>", [("figures/a.png", True)]),
        ("[![a](badge.svg)](ci.yml)", [("ci.yml", False), ("badge.svg", True)]),
        ("![a][fig]", [("figures/fig.png", True)]),
        ("[text][fig]", [("figures/fig.png", False)]),
        ("see https://a.dk/b, or (https://c.dk).", [("https://a.dk/b", False), ("https://c.dk", False)]),
        ("<https://a.dk/b>", [("https://a.dk/b", False)]),
        ('<a href="train.py">x</a>', [("train.py", False)]),
        ("`batch[0](x)`\n```\n[a](b)\n```", []),
        ("```python\nf[0](x)\n```", []),
        ("[ ] ( no link ) [x] y", []),
        ("![never closed](figures/a.png", []),
        ("[a]()", []),
    ],
)
def test_targets_are_read_as_they_are_shown(text: str, expected: list[tuple[str, bool]]) -> None:
    found = references(text.split("\n"), definitions_in(["[fig]: figures/fig.png"]))
    assert [(one.target, one.is_image) for one in found] == expected


def test_a_reference_knows_its_line() -> None:
    assert [one.line for one in references(["![a](b)", "", "x [c](d)"], {})] == [0, 2]


@pytest.mark.parametrize(
    ("target", "status", "path"),
    [
        ("figures/a b.png", "found", "reports/figures/a b.png"),
        ("figures/a%20b.png", "found", "reports/figures/a b.png"),
        ("./figures/a%20b.png?raw=true", "found", "reports/figures/a b.png"),
        ("../src/train.py#L10", "found", "src/train.py"),
        ("/src/train.py", "found", "src/train.py"),
        ("../src", "found", "src"),
        ("figures/é.png", "found", "reports/figures/é.png"),
        ("Figures/A b.PNG", "other_case", "reports/figures/a b.png"),
        ("src/train.py", "misplaced", "src/train.py"),
        ("/figures/a b.png", "misplaced", "reports/figures/a b.png"),
        ("figures\\a b.png", "misplaced", "reports/figures/a b.png"),
        ("figures/none.png", "missing", "reports/figures/none.png"),
        ("../../../etc/passwd", "missing", None),
        ("#question-4", "anchor", None),
        ("data:image/png;base64,AAAA", "embedded", None),
        ("https://github.com/Us/It/blob/main/src/train.py", "found", "src/train.py"),
        ("https://www.github.com/us/it/blob/fix/all/src/train.py", "found", "src/train.py"),
        ("https://github.com/us/it/blob/trunk/none.py", "missing", "none.py"),
        ("https://github.com/us/it/blob/other/none.py", "own_other", None),
        ("https://raw.githubusercontent.com/us/it/main/src/train.py", "found", "src/train.py"),
        ("https://github.com/us/it/actions/workflows/ci.yml", "found", ".github/workflows/ci.yml"),
        ("https://github.com/us/it/actions/workflows/no.yml/badge.svg", "missing", ".github/workflows/no.yml"),
        ("https://github.com/us/it/actions/runs/1", "run", None),
        ("https://github.com/us/it/pulls", "own_other", None),
        ("https://github.com/us/it", "found", ""),
        ("https://github.com/they/it/blob/main/src/train.py", "outside", None),
        ("https://example.com/a.png", "outside", None),
        ("http://[broken", "outside", None),
        ("mailto:x@y.dk", "outside", None),
    ],
)
def test_a_target_leads_to_a_file_of_the_tree_or_nowhere(target: str, status: str, path: str | None) -> None:
    repo = Repo().add("reports/figures/a b.png").add("src/train.py").add("reports/figures/é.png")
    tree = Tree(repo.add(".github/workflows/ci.yml").files, ["us/it"], "trunk")
    found = tree.resolve(target, "reports")
    assert (found.status, found.path) == (status, path)
