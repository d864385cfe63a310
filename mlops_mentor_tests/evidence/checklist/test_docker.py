"""What Docker files show, and what builds them."""

import pytest

from mlops_mentor_tests.evidence.checklist.cases import Case, check
from mlops_mentor_tests.evidence.checklist.projects import shown

WHOLE = '# train\nFROM python:3.12-slim\nCOPY requirements.txt .\nCOPY src src\nCMD ["python", "src/train.py"]\n'
NO_CODE = 'FROM python:3.12-slim\nCOPY requirements.txt pyproject.toml ./\nENTRYPOINT ["bash"]\n'

CASES = {
    "copies code and runs it": Case(
        "W1-12", {"dockerfiles/train.dockerfile": WHOLE}, "yes", "dockerfiles/train.dockerfile:2", "present"
    ),
    "is built by a workflow": Case(
        "W1-12",
        {
            "Dockerfile": WHOLE,
            ".github/workflows/a.yml": "on: push\njobs:\n  b:\n    steps:\n      - run: docker build .\n",
        },
        "yes",
        "Dockerfile:2",
        "wired",
    ),
    "is built by Cloud Build": Case(
        "W1-12",
        {
            "api.dockerfile": WHOLE,
            "cloudbuild.yaml": "steps:\n- name: gcr.io/cloud-builders/docker\n  args: [build, -f, api.dockerfile, .]\n",
        },
        "yes",
        "api.dockerfile:2",
        "wired",
    ),
    "clones its code": Case(
        "W1-12", {"Dockerfile": "FROM a\nRUN apt update && \\\n  git clone x\nCMD x\n"}, "yes", "Dockerfile:1"
    ),
    "brings no code": Case("W1-12", {"Dockerfile": NO_CODE}, "partial", "Dockerfile:1"),
    "runs nothing": Case("W1-12", {"Dockerfile": "FROM a\nCOPY src src\n# CMD python\n"}, "partial", "Dockerfile:1"),
    "takes from another stage alone": Case("W1-12", {"Dockerfile": "FROM a\nCOPY --from=b /x /y\nCMD x\n"}, "partial"),
    "compose alone": Case(
        "W1-12", {"docker-compose.yml": "services:\n  a:\n    image: postgres\n"}, "partial", "docker-compose.yml:3"
    ),
    "nothing": Case("W1-12", {"train.py": "import docker\n"}, "no"),
    "prose": Case("W1-12", {"README.md": "```\ndocker build . -f Dockerfile\n```\n"}, "no"),
    "commented out": Case("W1-12", {"Dockerfile": "# FROM a\n# COPY . .\n# CMD x\n"}, "no"),
    "ignored files": Case("W1-12", {".dockerignore": "data\n"}, "no"),
    "nobody sees what was built": Case("W1-13", {"Dockerfile": WHOLE}, "not_checkable"),
    "a hint": Case("W1-13", {"Makefile": "build:\n\tdocker build . -t a\n"}, "not_checkable", "Makefile:2"),
    "an action": Case(
        "W1-13",
        {".github/workflows/a.yml": "on: push\njobs:\n  b:\n    steps:\n      - uses: docker/build-push-action@v5\n"},
        "not_checkable",
        ".github/workflows/a.yml:5",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_docker_files_show(case: Case) -> None:
    check(case)


def test_a_hint_at_builds_is_not_taken_from_prose() -> None:
    finding = shown("W1-13", {"README.md": "```\ndocker build .\n```\n"})
    assert finding.locations == ()


def test_starter_docker_files_count_in_part_where_something_own_builds_them() -> None:
    contents = {
        "dockerfiles/train.dockerfile": WHOLE,
        "Makefile": "b:\n\tdocker build -f dockerfiles/train.dockerfile .\n",
    }
    finding = shown("W1-12", contents, starter=["dockerfiles/train.dockerfile"])
    assert (finding.outcome, str(finding.locations[0])) == ("partial", "Makefile:2")


def test_starter_docker_files_alone_do_not_count() -> None:
    finding = shown("W1-12", {"dockerfiles/train.dockerfile": WHOLE}, starter=["dockerfiles/train.dockerfile"])
    assert finding.outcome == "no"
