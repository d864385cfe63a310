"""Group 2 of the sample class: an average project by three people who mostly push to main.

Belongs here: this group's history. Its report has odd marks and numbers that are not so, and a script of it a token.
"""

from mlops_mentor.sample import content
from mlops_mentor.sample.history import MAIN, History, Person, regular
from mlops_mentor.sample.worklog import WorkLog, moment

FREJA = Person("Freja Sample", "s990201@student.dtu.dk")
GUSTAV = Person("Gustav Eksempel", "gustav.eksempel@example.com")
HANNE = Person("hanne-p", "hanne-p@users.noreply.github.com")

_LETTERS = "Q7mXa2KcZ9tWbR4fVn8LsJd3HyGpE6uTqB5wCkPx"
_SCRIPT = b"scripts/fetch_reviews.sh"


def committed_token() -> str:
    """What looks like a token of GitHub and is none: nobody issued it.

    Made of parts, so that no scanner of this project's own code takes it for a secret that was committed here.
    """
    return "".join(("gh", "p_", *(_LETTERS[number * 29 % len(_LETTERS)] for number in range(3, 39))))


def average_history() -> History:
    """About twenty-five commits, two pull requests, and gaps of days between them."""
    log = WorkLog("reviewmood", "group-02")
    log.start(FREJA, "06 13:02")
    log.add_report("main", FREJA, "06 13:30", "report from the course")
    log.work(
        "main",
        (FREJA, "06 14:11", "add requirements", "requirements.txt@1"),
        (FREJA, "07 10:20", "dataset", "src/reviewmood/data.py@1"),
        (GUSTAV, "07 11:45", "model", "src/reviewmood/model.py@1"),
        (HANNE, "08 09:37", "Add title", "README.md@1"),
        (FREJA, "08 15:03", "training script", "src/reviewmood/train.py@1"),
        (HANNE, "09 10:12", "test labels", "tests/test_data.py"),
    )
    log.pull(
        1,
        (GUSTAV, "09 13:22", "workflow", ".github/workflows/tests.yaml@1"),
        (GUSTAV, "09 13:58", "tests may not fail silently", ".github/workflows/tests.yaml@2"),
    )
    log.merge(1, GUSTAV, "09 14:02", "ci", "CI")
    _last_week(log)
    return log.history


def _last_week(log: WorkLog) -> None:
    log.work(
        "main",
        (GUSTAV, "14 10:31", "three classes not two", "src/reviewmood/model.py@2"),
        (FREJA, "14 13:40", "validation loss", "src/reviewmood/train.py@2"),
        (FREJA, "15 09:55", "drop duplicates", "src/reviewmood/data.py@2"),
        (GUSTAV, "16 11:26", "dockerfile", "dockerfiles/train.dockerfile@1"),
        (GUSTAV, "16 11:51", "fix dockerfile", "dockerfiles/train.dockerfile@2"),
    )
    log.pull(
        2,
        (HANNE, "20 10:08", "Add plot of the stars", "src/reviewmood/visualize.py"),
        (HANNE, "20 10:40", "matplotlib and wandb in requirements", "requirements.txt@2"),
    )
    log.merge(2, FREJA, "20 13:17", "plots", "Plots")
    log.work("main", (FREJA, "21 14:29", "wandb", "src/reviewmood/train.py@3"))
    script = content.text("reviewmood", "scripts/fetch_reviews.sh").replace("@token@", committed_token())
    log.history.commit(MAIN, FREJA, moment("21 14:41"), "script for the data", {_SCRIPT: regular(script)})
    log.work(
        "main",
        (HANNE, "22 13:50", "How to run", "README.md@2"),
        (HANNE, "22 15:34", "Report", "=reports/README.md"),
        (GUSTAV, "23 10:44", "not used", "-tasks.py"),
    )
