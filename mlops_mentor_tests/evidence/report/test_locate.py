"""The report is found by what it says."""

import pytest

from mlops_mentor.evidence.report.locate import NoReport, Report, find_report
from mlops_mentor.evidence.report.text import MAX_BYTES
from mlops_mentor_tests.evidence.report.reports import Repo, report

FILLED = report({4: "We used uv."})


def found(repo: Repo) -> Report:
    result = find_report(repo.files, repo.read)
    assert isinstance(result, Report)
    return result


def not_found(repo: Repo) -> NoReport:
    result = find_report(repo.files, repo.read)
    assert isinstance(result, NoReport)
    return result


@pytest.mark.parametrize(
    "path", ["reports/README.md", "report/readme.MD", "README.md", "a b/c/hand in.markdown", "notes.txt", "answers"]
)
def test_it_is_found_wherever_it_is_and_whatever_it_is_called(path: str) -> None:
    assert found(Repo().add("docs/index.md", "# Docs\n" * 50).add(path, FILLED)).path == path


def test_the_filled_one_is_preferred_to_an_untouched_template() -> None:
    assert found(Repo().add("reports/README.md", report()).add("deep/er/x.md", FILLED)).path == "deep/er/x.md"


def test_an_untouched_template_alone_has_no_answers() -> None:
    assert found(Repo().add("reports/README.md", report())).content.num_answered == 0


@pytest.mark.parametrize(
    "path",
    [
        "AGENTS.md",
        "CLAUDE.md",
        "sub/agents.md",
        "AGENTS_uv.md",
        ".github/agents/dtu_mlops_agent.md",
        ".github/copilot-instructions.md",
        ".github/prompts/report.md",
        ".cursor/rules/report.md",
        ".claude/skills/report.md",
    ],
)
def test_agents_files_are_never_the_report(path: str) -> None:
    assert not_found(Repo().add(path, FILLED)).outcome == "no"


def test_symbolic_links_vendored_and_generated_files_are_not_read() -> None:
    repo = Repo().add("reports/README.md", FILLED, mode="120000").add("venv/x.md", FILLED, is_vendored=True)
    assert not_found(repo.add("wandb/x.md", FILLED, is_generated=True)).outcome == "no"


@pytest.mark.parametrize(
    ("content", "row", "reason"),
    [
        (None, {}, "not in the mirror"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 90000\n", {}, "Git LFS"),
        (b"x" * 130, {"kind": "lfs_pointer"}, "Git LFS"),
        (b"x" * (MAX_BYTES + 1), {}, "larger than"),
    ],
)
def test_what_cannot_be_read_is_not_available_and_not_absent(
    content: bytes | None, row: dict[str, object], reason: str
) -> None:
    result = not_found(Repo().add("reports/README.md", content, **row))
    assert result.outcome == "not_available"
    assert reason in result.reason
    assert result.path == "reports/README.md"


def test_an_unread_report_beside_an_untouched_template_is_not_available() -> None:
    assert not_found(Repo().add("template.md", report()).add("reports/README.md", None)).outcome == "not_available"


def test_an_answered_report_counts_although_another_file_cannot_be_read() -> None:
    assert found(Repo().add("a.md", FILLED).add("reports/README.md", None)).path == "a.md"


def test_a_missing_file_that_is_hardly_the_report_changes_nothing() -> None:
    assert not_found(Repo().add("docs/index.md", None)).outcome == "no"


def test_a_pdf_is_named_and_not_read() -> None:
    assert "reports/report.pdf was not read" in not_found(Repo().add("reports/report.pdf", b"%PDF" * 90)).reason


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends_change_nothing(encoding: str, ending: str) -> None:
    text = report({4: "We used uv, of course: é."}).replace("\n", ending)
    result = found(Repo().add("reports/README.md", text.encode(encoding)))
    plain = found(Repo().add("reports/README.md", report({4: "We used uv, of course: é."})))
    assert result.content.answers[3].text == "We used uv, of course: é."
    assert result.content.answers[3].line == plain.content.answers[3].line


def test_questions_of_another_course_are_no_report() -> None:
    text = "\n".join(f"### Question {number}\n\nWhat is {number}?\n" for number in range(1, 9))
    assert not_found(Repo().add("exercises.md", text)).outcome == "no"
