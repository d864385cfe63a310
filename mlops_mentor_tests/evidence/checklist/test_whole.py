"""What is shown of the project as a whole."""

import polars as pl
import pytest

from mlops_mentor.evidence.code.facts import Facts
from mlops_mentor.evidence.finding import Location
from mlops_mentor.evidence.report.figures import Figure
from mlops_mentor.repos.unmerged import Unmerged
from mlops_mentor.schemas import PULL_REQUESTS
from mlops_mentor_tests.evidence.checklist.cases import Case, check

CODE = "def train():\n    return model.fit()\n"
LINE = Location("reports/README.md", 500, "![a](figures/a.png)", "r")
OWN = Figure("architecture", "found", LINE, "reports/figures/a.png", "b", is_starter=False)
MERMAID = "# How\n\n```mermaid\n{}\n  A --> B\n```\n"


def with_figures(*figures: Figure) -> Facts:
    return Facts(report_images=figures)


def with_requests(additions: int, *, state: str = "open", is_bot: bool = False) -> Facts:
    row = dict.fromkeys(PULL_REQUESTS.schema) | {
        "state": state,
        "is_bot": is_bot,
        "is_draft": False,
        "additions": additions,
    }
    return Facts(pull_requests=pl.DataFrame([row], schema=PULL_REQUESTS.schema))


def ahead(num_files: int) -> Facts:
    return Facts(unmerged=lambda: (Unmerged("api", num_files),))


CASES = {
    "nobody sees thoughts": Case("EX-03", {"a.py": CODE}, "not_checkable"),
    "nobody sees understanding": Case("EX-05", {"a.py": CODE}, "not_checkable"),
    "a figure of the question": Case("EX-04", {}, "yes", "reports/figures/a.png", "wired", with_figures(OWN)),
    "a drawing in the answer": Case(
        "EX-04", {}, "yes", "reports/README.md:500", "present", with_figures(Figure("architecture", "drawn", LINE))
    ),
    "a drawing in a page": Case("EX-04", {"docs/a.md": MERMAID.format("flowchart LR")}, "yes", "docs/a.md:3"),
    "a drawing's file": Case("EX-04", {"docs/system.drawio": "<mxfile/>"}, "yes", "docs/system.drawio"),
    "a drawing in code": Case(
        "EX-04", {"d.py": "from diagrams import Diagram\nwith Diagram('a'):\n    pass\n"}, "yes", "d.py:2"
    ),
    "a figure elsewhere": Case(
        "EX-04", {"img/architecture_overview.png": "x"}, "partial", "img/architecture_overview.png"
    ),
    "the course's figure": Case(
        "EX-04",
        {},
        "no",
        facts=with_figures(Figure("architecture", "found", LINE, "reports/figures/overview.png", "b", is_starter=True)),
    ),
    "a missing figure": Case("EX-04", {}, "no", facts=with_figures(Figure("architecture", "missing", LINE, "a.png"))),
    "a figure of another question": Case(
        "EX-04",
        {},
        "no",
        facts=with_figures(Figure("bucket", "found", LINE, "reports/figures/bucket.png", "b", is_starter=False)),
    ),
    "another drawing": Case("EX-04", {"docs/a.md": MERMAID.format("gantt")}, "no"),
    "a figure of results": Case("EX-04", {"reports/figures/loss.png": "x"}, "no"),
    "code": Case("EX-06", {"src/train.py": CODE}, "yes", "src/train.py"),
    "code with a small branch": Case("EX-06", {"a.py": CODE}, "yes", facts=ahead(1)),
    "code with a large branch": Case("EX-06", {"a.py": CODE}, "partial", facts=ahead(9)),
    "code that waits": Case("EX-06", {"a.py": CODE}, "partial", facts=with_requests(1000)),
    "code that was merged": Case("EX-06", {"a.py": CODE}, "yes", facts=with_requests(1000, state="merged")),
    "a bot's request": Case("EX-06", {"a.py": CODE}, "yes", facts=with_requests(1000, is_bot=True)),
    "no code": Case("EX-06", {"README.md": "# A\n", "a.py": "", "src/__init__.py": ""}, "no"),
    "vendored code": Case("EX-06", {".venv/lib/a.py": CODE}, "no"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_whole_is_shown(case: Case) -> None:
    contents = case.contents or {"README.md": "# A\n"}
    check(Case(case.item, contents, case.outcome, case.place, case.strength, case.facts))


def test_breadth_of_members_is_a_hint() -> None:
    from mlops_mentor_tests.evidence.checklist.projects import shown

    finding = shown("EX-05", {"a.py": CODE}, Facts(areas_of_people=(7, 5, 2)))
    assert (finding.outcome, "2 of 3 people" in finding.reason) == ("not_checkable", True)
    more = shown("EX-05", {"a.py": CODE}, Facts(areas_of_people=(7, 5, 2), group_size=2))
    assert (more.outcome, "not yet assigned to the 2 members" in more.reason) == ("not_checkable", True)
