"""Command lines: W1-11."""

import pytest

from mlops_mentor_tests.evidence.checklist.projects import shown

TYPER = "import typer\n\n\ndef train(lr: float):\n    pass\n\n\nif __name__ == '__main__':\n    typer.run(train)\n"
TASKS = "from invoke import task\n\n\n@task\ndef train(ctx):\n    ctx.run('python train.py')\n"


@pytest.mark.parametrize(
    ("contents", "outcome", "strength", "place"),
    [
        pytest.param({"src/train.py": TYPER}, "yes", "wired", "src/train.py:9", id="typer"),
        pytest.param({"a.py": "import argparse\nargparse.ArgumentParser()\n"}, "yes", "present", "a.py:2",
                     id="argparse"),
        pytest.param({"a.py": "import click\n\n\n@click.command()\ndef f():\n    pass\n"}, "yes", "present", "a.py:4",
                     id="click"),
        pytest.param({"tasks.py": TASKS}, "yes", "wired", "tasks.py:5", id="tasks"),
        pytest.param({"Makefile": "train:\n\tpython train.py\n\techo done\n"}, "yes", "wired", "Makefile:2", id="make"),
        pytest.param({"pyproject.toml": "[project.scripts]\nbirds = 'birds:main'\n"}, "yes", "wired",
                     "pyproject.toml:2", id="scripts of the package"),
        pytest.param({"a.py": "import sys\nprint(sys.argv[1])\n"}, "partial", "present", "a.py:2", id="sys.argv"),
        pytest.param({"requirements.txt": "typer\n"}, "no", None, None, id="declared"),
        pytest.param({"a.py": "import typer\n# typer.run(main)\nx = 'sys.argv'\n"}, "no", None, None, id="a comment"),
        pytest.param({"docs/Makefile": "html:\n\tsphinx-build\n"}, "no", None, None, id="made by a generator"),
        pytest.param({"reports/report.py": TYPER}, "no", None, None, id="the course's own script"),
        pytest.param({"tests/test_a.py": "import argparse\nargparse.ArgumentParser()\n"}, "no", None, None,
                     id="a test"),
    ],
)  # fmt: skip
def test_a_command_line_is_called_or_a_project_command(
    contents: dict[str, str], outcome: str, strength: str | None, place: str | None
) -> None:
    found = shown("W1-11", contents)
    assert (found.outcome, found.strength) == (outcome, strength)
    assert next(iter(map(str, found.locations)), None) == place


def test_the_templates_commands_are_none() -> None:
    assert shown("W1-11", {"tasks.py": TASKS}, starter=["tasks.py"]).outcome == "no"
