"""Group 3 of the sample class: every pull request becomes one commit on main.

Belongs here: this group's history. Main hides most of the work: the commits themselves are in `refs/pull/N/head`, the
co-authors in trailers, and one of the authors is a bot, one co-author an AI assistant. The report's
boxes are blank, and its figures are not as the course asks.
"""

from mlops_mentor.sample.history import History, Person, pull_ref
from mlops_mentor.sample.starter import report_files
from mlops_mentor.sample.worklog import WorkLog, moment

IDA = Person("Ida Sample", "s990301@student.dtu.dk")
JENS = Person("Jens Eksempel", "jens-e@users.noreply.github.com")
SOFUS = Person("Sofus Prøve", "s990303@student.dtu.dk")
THEA = Person("Thea Test", "99000304+theatest@users.noreply.github.com")
DEPENDABOT = Person("dependabot[bot]", "49699333+dependabot[bot]@users.noreply.github.com")
CLAUDE = Person("Claude", "noreply@anthropic.com")


def squashing_history() -> History:
    """Nine squash-merged pull requests over about thirty commits."""
    log = WorkLog("potholes", "group-03")
    log.start(IDA, "06 09:20")
    _data(log)
    _model(log)
    _serving(log)
    _last_days(log)
    return log.history


def _data(log: WorkLog) -> None:
    log.pull(
        1,
        (IDA, "06 10:05", "readme", "README.md@1"),
        (THEA, "06 11:16", "start a log", "docs/log.md@1"),
    )
    log.add_report("#1", IDA, "06 11:40", "report of the course")
    log.work("#1", (IDA, "06 13:09", "dataset over photos", "src/potholes/data.py@1"))
    log.squash(1, IDA, "06 15:00", "Project skeleton", [THEA])
    log.pull(
        2,
        (SOFUS, "07 10:32", "read the annotation export", "src/potholes/data.py@2"),
        (IDA, "07 11:14", "test on 3.12 and on pull requests", ".github/workflows/tests.yaml@1"),
        (SOFUS, "07 11:50", "test for skipped photos", "tests/test_data.py"),
        (THEA, "07 14:08", "log", "docs/log.md@2"),
        (SOFUS, "09 09:13", "log why shares", "docs/log.md@3"),
    )
    log.squash(2, SOFUS, "09 11:42", "Annotations as damaged share", [THEA])


def _model(log: WorkLog) -> None:
    log.pull(
        3,
        (JENS, "09 13:05", "resnet", "src/potholes/model.py@1"),
        (JENS, "09 15:31", "settings", "configs/base.yaml@1"),
        (JENS, "12 09:27", "train from settings", "src/potholes/train.py@1"),
        (IDA, "12 10:54", "freeze the backbone", "src/potholes/model.py@2"),
        (JENS, "12 13:36", "log", "docs/log.md@4"),
    )
    log.squash(3, JENS, "12 15:10", "Model and training", [IDA, CLAUDE])
    log.pull(4, (DEPENDABOT, "13 05:02", "Bump actions/checkout from 4 to 5", ".github/workflows/tests.yaml@2"))
    log.squash(4, DEPENDABOT, "13 09:18", "Bump actions/checkout from 4 to 5")
    log.pull(
        5,
        (JENS, "14 09:40", "larger batches", "configs/base.yaml@2"),
        (JENS, "14 10:22", "print the loss", "src/potholes/train.py@2"),
        (THEA, "14 11:03", "log", "docs/log.md@5"),
    )
    log.squash(5, JENS, "14 13:25", "Faster training", [THEA])


def _serving(log: WorkLog) -> None:
    modules = "src/potholes/metrics.py src/potholes/plots.py src/potholes/checkpoints.py tests/test_metrics.py"
    log.pull(
        6,
        (THEA, "15 10:11", "api", "src/potholes/api.py@1"),
        (THEA, "15 11:48", "health endpoint", "src/potholes/api.py@2"),
        (THEA, "15 14:20", "test health", "tests/test_api.py"),
        (JENS, "15 15:02", "scores, figures, checkpoints", modules),
        (SOFUS, "16 09:35", "dockerfile", "dockerfiles/api.dockerfile"),
        (SOFUS, "16 10:47", "log", "docs/log.md@6"),
    )
    log.squash(6, THEA, "16 13:30", "API in a container", [SOFUS], "Closes #14.")
    log.pull(
        7,
        (IDA, "19 10:16", "weekly updates", ".github/dependabot.yaml"),
        (IDA, "19 10:29", "no invoke", "-tasks.py"),
        (IDA, "19 10:41", "lint, cache", ".pre-commit-config.yaml .github/workflows/tests.yaml"),
    )
    log.squash(7, IDA, "19 11:02", "Let dependabot update the actions")


def _last_days(log: WorkLog) -> None:
    log.pull(
        8,
        (SOFUS, "20 09:08", "augmentation", "src/potholes/data.py@3"),
        (SOFUS, "20 14:51", "log", "docs/log.md@7"),
    )
    log.squash(8, SOFUS, "20 15:20", "Augmentation", [JENS])
    log.pull(
        9,
        (THEA, "22 10:33", "how to train and serve", "README.md@2"),
        (IDA, "22 11:45", "no placeholder for the training image", "-dockerfiles/train.dockerfile"),
        (THEA, "22 12:20", "report", "=reports/README.md *reports/figures/loss.gif reports/figures/architecture.svg"),
    )
    # A figure of the course under another name; `runs.png` is in the report and was forgotten.
    example = {b"reports/figures/our_bucket.png": report_files()[b"reports/figures/bucket.png"]}
    log.history.commit(pull_ref(9), SOFUS, moment("22 12:51"), "bucket", example)
    log.squash(9, THEA, "22 13:14", "README for the hand-in", [IDA])
