"""What is shown of documentation."""

import pytest

from mlops_mentor.evidence.checklist.items import checklist
from mlops_mentor.evidence.code.facts import Facts
from mlops_mentor_tests.evidence.checklist.cases import Case, check

MANY = "# Guide\n\n" + "every word here tells something\n" * 50
SOME = "# Guide\n\n" + "every word here tells something\n" * 10
CHECKLIST = "".join(f"* [x] {item.texts[0]} (M5)\n" for item in checklist().items)
GH_BLOCK = (
    "on: push\njobs:\n  d:\n    steps:\n      - run: |\n          pip install mkdocs\n          mkdocs gh-deploy\n"
)
MKDOCS = "site_name: a\nnav:\n- Home: index.md\n"
GH_DEPLOY = "on: push\njobs:\n  d:\n    steps:\n      - run: mkdocs gh-deploy --force\n"
PAGES = (
    "name: Docs\non: push\njobs:\n  d:\n    steps:\n      - run: mkdocs build\n      - uses: actions/deploy-pages@v4\n"
)
NO_DOCS = "name: Frontend\non: push\njobs:\n  d:\n    steps:\n      - uses: actions/deploy-pages@v4\n"
PAST = Facts(branches=("main",), past_texts=lambda: [("a.yml", "b", "run: mkdocs gh-deploy\n")])
WITH_BRANCH = Facts(branches=("gh-pages", "main"))

CASES = {
    "pages": Case("EX-01", {"docs/guide.md": MANY}, "yes", "docs/guide.md:1", "present"),
    "pages of mkdocs": Case("EX-01", {"docs/guide.md": MANY, "mkdocs.yml": MKDOCS}, "yes", "docs/guide.md:1", "wired"),
    "published pages": Case(
        "EX-01", {"docs/guide.md": MANY, "mkdocs.yml": MKDOCS}, "yes", strength="executed", facts=WITH_BRANCH
    ),
    "a reference": Case("EX-01", {"docs/api.md": "# API\n\n::: src.model\n", "mkdocs.yml": MKDOCS}, "yes"),
    "a few lines": Case("EX-01", {"docs/guide.md": SOME}, "partial", "docs/guide.md:1"),
    "the README": Case("EX-01", {"README.md": MANY}, "partial", "README.md:1"),
    "a short README": Case("EX-01", {"README.md": "# A\n"}, "no"),
    "code in pages": Case("EX-01", {"docs/guide.md": f"```\n{MANY}\n```\n"}, "no"),
    "a generator's page": Case(
        "EX-01", {"docs/index.rst": ".. A documentation master file, created by\n" + SOME}, "no"
    ),
    "the course's list": Case("EX-01", {"docs/todo.md": CHECKLIST}, "no"),
    "a page of the course": Case(
        "EX-01", {"docs/a.md": "Source: <https://skaftenicki.github.io/dtu_mlops/>\n" + MANY}, "no"
    ),
    "settings alone": Case("EX-01", {"mkdocs.yml": MKDOCS}, "no"),
    "agents' notes": Case("EX-01", {"AGENTS.md": MANY, ".github/agents/a.md": MANY}, "no"),
    "a branch of pages": Case("EX-02", {"mkdocs.yml": MKDOCS}, "yes", "mkdocs.yml", "executed", WITH_BRANCH),
    "a workflow": Case("EX-02", {".github/workflows/d.yml": GH_DEPLOY}, "yes", ".github/workflows/d.yml:5", "wired"),
    "a line of a block": Case("EX-02", {".github/workflows/d.yml": GH_BLOCK}, "yes", ".github/workflows/d.yml:7"),
    "an action": Case("EX-02", {".github/workflows/d.yml": PAGES}, "yes", ".github/workflows/d.yml:7", "wired"),
    "a branch without documentation": Case("EX-02", {"a.py": "f()\n"}, "partial", facts=WITH_BRANCH),
    "a command": Case("EX-02", {"Makefile": "docs:\n\tmkdocs gh-deploy\n"}, "partial", "Makefile:2"),
    "elsewhere": Case("EX-02", {".readthedocs.yaml": "version: 2\n"}, "partial", ".readthedocs.yaml"),
    "prose": Case("EX-02", {"README.md": "```\nmkdocs gh-deploy\n```\n"}, "no", "README.md:2"),
    "pages of something else": Case("EX-02", {".github/workflows/d.yml": NO_DOCS}, "no"),
    "built alone": Case("EX-02", {"Makefile": "docs:\n\tmkdocs build\n"}, "no"),
    "a comment": Case("EX-02", {".github/workflows/d.yml": GH_DEPLOY.replace("mkdocs", "echo # ")}, "no"),
    "removed": Case("EX-02", {"a.py": "f()\n"}, "no", "a.yml:1", facts=PAST),
    "branches that are not known": Case("EX-02", {"a.py": "f()\n"}, "not_available", facts=Facts()),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_documentation_is_shown(case: Case) -> None:
    check(case)
