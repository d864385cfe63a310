"""Dockerfiles and workflows: hits with their places."""

import pytest

from mlops_mentor.evidence.quality.dockerfiles import instructions
from mlops_mentor_tests.evidence.quality.snapshot import measure

_GOOD = 'FROM python:3.12-slim\nWORKDIR /app\nCOPY a ./\nRUN pip install --no-cache-dir a==1\nCMD ["a"]\n'


def hits(contents: dict[str, str | bytes]) -> list[tuple[str, int | None]]:
    return measure(contents).lint_hits.select("rule", "line").rows()


def test_a_good_dockerfile_has_no_hit() -> None:
    quality = measure({"Dockerfile": _GOOD})
    assert quality.lint_hits.is_empty()
    assert ("quality.dockerfile", "yes") in [(each.check_id, each.outcome) for each in quality.findings]


@pytest.mark.parametrize(
    ("text", "hit"),
    [
        ('FROM python\nCMD ["a"]\n', ("DL3006", 1)),
        ('FROM python:latest\nCMD ["a"]\n', ("DL3007", 1)),
        ('FROM a:1\nRUN apt-get update && apt-get install -y b\nCMD ["a"]\n', ("DL3009", 2)),
        ('FROM a:1\nWORKDIR /x\nADD a b\nCMD ["a"]\n', ("DL3020", 3)),
        ('FROM a:1\nRUN pip install b==1\nCMD ["a"]\n', ("DL3042", 2)),
        ('FROM a:1\nENV API_KEY=abc\nCMD ["a"]\n', ("DL3064", 2)),
        ("FROM a:1\nWORKDIR /x\n", ("no-command", 1)),
        ('FROM a:1\nWORKDIR /x\nCOPY . .\nRUN uv sync\nCMD ["a"]\n', ("copy-before-install", 3)),
        ("FROM a:1\nFRO M\n", ("DL1000", 2)),
    ],
)
def test_each_rule_is_hit_where_it_is_broken(text: str, hit: tuple[str, int]) -> None:
    assert hit in hits({"docker/Dockerfile.train": text})


def test_pragmas_and_settings_of_the_group_do_not_count() -> None:
    text = '# hadolint ignore=DL3006\nFROM python\nCMD ["a"]\n'
    assert ("DL3006", 2) in hits({"Dockerfile": text, ".hadolint.yaml": "ignored: [DL3006]\n"})


def test_a_stage_may_start_what_the_stage_that_it_builds_on_starts() -> None:
    assert hits({"Dockerfile": 'FROM a:1 AS base\nCMD ["a"]\nFROM base\nWORKDIR /x\n'}) == []


def test_what_another_stage_built_is_not_everything() -> None:
    text = 'FROM a:1 AS b\nFROM a:1\nWORKDIR /x\nCOPY --from=b . .\nRUN uv sync\nCMD ["a"]\n'
    assert hits({"Dockerfile": text}) == []


def test_instructions_are_joined_and_here_documents_left_to_their_own() -> None:
    text = "FROM a\nRUN x \\\n # y\n  && z\nRUN <<EOF\nCOPY . .\nEOF\nCMD a\n"
    assert [(each.name, each.line) for each in instructions(text)] == [("FROM", 1), ("RUN", 2), ("RUN", 5), ("CMD", 8)]


_WORKFLOW = """on: pull_request_target
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
        with:
          ref: ${{ github.event.pull_request.head.sha }}
      - run: echo ${{ github.event.pull_request.title }}
"""


def test_workflows_are_audited_and_unpinned_actions_counted_apart() -> None:
    quality = measure({".github/workflows/a.yml": "# zizmor: ignore[unpinned-uses]\n" + _WORKFLOW})
    found = dict(quality.lint_hits.select("rule", "line").rows())
    assert found["unpinned-uses"] == 7
    assert found["template-injection"] == 10
    assert "dangerous-triggers" in found
    row = quality.code_quality.row(0, named=True)
    assert (row["num_workflows"], row["num_unpinned_actions"]) == (1, 1)
    assert row["num_workflow_hits"] == quality.lint_hits.height - 1


@pytest.mark.parametrize(
    ("text", "hit"),
    [
        ("on: push\njobs:\n  - [\n", ("invalid-yaml", 4)),
        ("just words\n", ("invalid-yaml", None)),
        ("hello: 1\n", ("invalid-workflow", None)),
        ("on: push\njobs: {}\njobs: {}\n", ("repeated-key", 3)),
        (b"\xff\xfe\x00\x00", ("invalid-yaml", None)),
    ],
)
def test_what_is_no_workflow_is_said_and_the_others_are_audited(text: str | bytes, hit: tuple[str, int]) -> None:
    found = hits({".github/workflows/a.yml": text, ".github/workflows/b.yml": _WORKFLOW})
    assert hit in found
    assert ("unpinned-uses", 6) in found


def test_aliases_that_multiply_do_no_harm_and_count_as_not_looked_at() -> None:
    levels = "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 60))
    quality = measure({".github/workflows/a.yml": "a0: &a0 {x: 1}\n" + levels, ".github/workflows/b.yml": _WORKFLOW})
    assert ".github/workflows/b.yml" in quality.lint_hits["path"]
    row = quality.code_quality.row(0, named=True)
    assert row["num_workflow_hits"] is None
    assert "workflows: zizmor cannot read 1 of them" in row["not_available"]


def test_only_workflows_at_the_root_are_workflows() -> None:
    assert measure({"x/.github/workflows/a.yml": _WORKFLOW}).code_quality["num_workflows"].item() == 0


def test_a_compose_file_is_no_dockerfile() -> None:
    assert measure({"docker-compose.yml": "services: {}\n"}).code_quality["num_dockerfiles"].item() == 0
