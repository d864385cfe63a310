"""Group 1 of the sample class: a strong project by four people who review each other's pull requests.

Belongs here: this group's history. Each member has two identities (GitHub's private address and the university's), so
a count of authors without merging identities finds eight people.
"""

from mlops_mentor.sample.history import History, Person
from mlops_mentor.sample.worklog import WorkLog

ANNA = Person("Anna Sample", "s990101@student.dtu.dk")
ANNA_WEB = Person("annasample", "99000101+annasample@users.noreply.github.com")
BO = Person("Bo Eksempel", "bo-eksempel@users.noreply.github.com")
BO_LAPTOP = Person("Bo Eksempel", "s990102@student.dtu.dk")
CARLA = Person("Carla Prøve", "s990103@student.dtu.dk")
CARLA_WEB = Person("Carla Prøve", "carlap@users.noreply.github.com")
DAN = Person("Dan Test", "s990104@student.dtu.dk")
DAN_CLOUD = Person("dan", "99000104+dantest@users.noreply.github.com")


def strong_history() -> History:
    """About sixty commits in eleven merged pull requests and one that was left open."""
    log = WorkLog("birdcall", "group-01")
    _first_days(log)
    _data_and_model(log)
    _continuous_integration(log)
    _settings_and_data_versions(log)
    _images_and_evaluation(log)
    _serving(log)
    _hand_in(log)
    return log.history


def _first_days(log: WorkLog) -> None:
    log.start(ANNA_WEB, "05 10:31")
    log.add_report("main", ANNA, "05 10:52", "Copy the report template of the course")
    log.pull(
        1,
        (CARLA, "05 13:20", "Use uv for the environment", "pyproject.toml@1 uv.lock@1"),
        (CARLA, "05 13:41", "Describe the project in the README", "README.md@1"),
        (DAN, "05 14:26", "Run ruff before each commit", ".pre-commit-config.yaml"),
        (CARLA, "05 14:55", "Commands for the package's new name", "tasks.py@1"),
        (ANNA, "05 15:12", "Docstring for the package", "src/birdcall/__init__.py@1"),
    )
    log.merge(1, BO, "05 15:38", "environment", "Environment with uv")


def _data_and_model(log: WorkLog) -> None:
    log.pull(
        2,
        (ANNA, "06 09:14", "Load recordings and compute log-mel spectrograms", "src/birdcall/data.py@1"),
        (ANNA, "06 11:02", "Test the preprocessing", "tests/test_data.py@1"),
    )
    log.pull(
        3,
        (BO, "06 10:47", "Small convolutional network", "src/birdcall/model.py@1"),
        (BO, "06 13:33", "Test the network's output shape", "tests/test_model.py@1"),
        (BO_LAPTOP, "07 09:05", "Training loop", "src/birdcall/train.py@1"),
        (BO_LAPTOP, "07 10:58", "Batch normalisation, training was unstable", "src/birdcall/model.py@2"),
        (CARLA, "07 11:40", "Test that training changes the weights", "tests/test_train.py"),
    )
    log.merge(2, DAN_CLOUD, "06 14:20", "preprocessing", "Preprocessing of recordings")
    log.merge(3, ANNA_WEB, "07 13:15", "network", "Network and training loop")
    log.work("main", (DAN, "07 13:44", "How to set up", "README.md@2"))


def _continuous_integration(log: WorkLog) -> None:
    log.pull(
        4,
        (CARLA, "08 09:22", "Run the tests with uv", ".github/workflows/tests.yaml@1"),
        (CARLA, "08 09:58", "Check style on each push", ".github/workflows/linting.yaml"),
        (CARLA_WEB, "08 10:31", "Test on Windows and macOS too", ".github/workflows/tests.yaml@2"),
        (DAN, "08 14:12", "More ruff rules, branch coverage, tools for development", "pyproject.toml@2"),
        (CARLA, "09 08:50", "Cache the environment, runs took six minutes", ".github/workflows/tests.yaml@3"),
    )
    log.merge(4, BO, "09 10:07", "continuous-integration", "Continuous integration")


def _settings_and_data_versions(log: WorkLog) -> None:
    settings = "pyproject.toml@3 configs/train.yaml@1 configs/model/small.yaml configs/optimizer/adamw.yaml@1"
    log.pull(
        5,
        (BO, "12 09:03", "Settings with hydra", settings),
        (BO, "12 10:44", "Train from settings and keep the best checkpoint", "src/birdcall/train.py@2"),
        (
            BO_LAPTOP,
            "12 15:27",
            "Lower learning rate after the sweep",
            "configs/optimizer/adamw.yaml@2 configs/sweep.yaml",
        ),
        (BO_LAPTOP, "13 08:41", "Train for longer", "configs/train.yaml@2"),
    )
    log.pull(
        6,
        (ANNA, "12 11:16", "Data versions in a bucket", ".dvc/config .dvc/.gitignore data.dvc@1"),
        (ANNA, "13 09:30", "Add the recordings from Bornholm", "data.dvc@2"),
    )
    log.merge(6, CARLA_WEB, "13 10:12", "data-versions", "Data versions with DVC")
    log.merge(5, DAN_CLOUD, "13 11:25", "settings", "Settings with hydra")
    log.pull(
        7,
        (ANNA, "14 09:48", "Split by recordist: the same person was in train and test", "src/birdcall/data.py@2"),
        (ANNA, "14 10:20", "Test the split", "tests/test_data.py@2"),
        (DAN, "14 11:37", "Fail early when labels are missing", "src/birdcall/data.py@3 tests/test_data.py@3"),
    )
    log.merge(7, BO, "14 13:02", "split-by-recordist", "Split by recordist")


def _images_and_evaluation(log: WorkLog) -> None:
    log.pull(
        8,
        (CARLA, "14 14:35", "Image for training", "dockerfiles/train.dockerfile@1"),
        (CARLA, "15 09:11", "Install libsndfile, cache dependencies", "dockerfiles/train.dockerfile@2"),
        (CARLA, "15 09:49", "Commands that build the images and train in the cloud", "tasks.py cloud/vertex.yaml"),
    )
    log.pull(
        9,
        (DAN, "15 10:26", "Macro F1 of a checkpoint", "src/birdcall/evaluate.py@1"),
        (DAN, "15 11:08", "Test macro F1", "tests/test_evaluate.py"),
        (BO, "15 13:50", "No gradients in evaluation", "src/birdcall/evaluate.py@2"),
    )
    tracked = (
        "pyproject.toml src/birdcall/train.py configs/train.yaml scripts/time_workers.py reports/workers_timing.csv"
    )
    workflows = ".github/workflows/data.yaml .github/workflows/registry.yaml"
    log.merge(8, ANNA_WEB, "15 14:31", "training-image", "Image for training")
    log.merge(9, CARLA_WEB, "15 15:46", "evaluation", "Evaluation")
    log.work(
        "main",
        (BO, "16 09:17", "Log with loguru", "pyproject.toml@4 src/birdcall/train.py@3"),
        (BO, "16 09:58", "Profile an epoch", "scripts/profile_training.py"),
        (BO, "16 10:39", "Check the input's shape", "src/birdcall/model.py@3 tests/test_model.py@2"),
        (BO, "16 11:20", "Track runs, load with workers", tracked),
        (ANNA, "16 13:05", "Workflows for new data and for registered models", workflows),
    )


def _serving(log: WorkLog) -> None:
    deployed = ".github/workflows/docker.yaml .github/workflows/deploy.yaml cloud/cloudbuild.yaml cloud/monitoring.tf"
    watched = "src/birdcall/api.py src/birdcall/drift.py tests/test_drift.py tests/load/locustfile.py"
    log.pull(
        10,
        (DAN, "19 09:06", "Predict over HTTP", "src/birdcall/api.py@1"),
        (DAN, "19 09:31", "Dependencies of the API", "uv.lock@2"),
        (DAN_CLOUD, "19 13:18", "Load the checkpoint at start, refuse large uploads", "src/birdcall/api.py@2"),
        (DAN, "19 14:45", "Test the API", "tests/test_api.py@1"),
        (ANNA, "20 09:24", "Test that large uploads are refused", "tests/test_api.py@2"),
        (CARLA, "20 10:15", "Image for the API", "dockerfiles/api.dockerfile@1"),
        (CARLA, "20 10:57", "Do not serve as root", "dockerfiles/api.dockerfile@2"),
        (CARLA, "20 11:33", "Build both images after each merge, deploy", deployed),
        (DAN, "20 11:52", "Count predictions, keep them, check for drift", watched),
    )
    log.merge(10, BO, "20 14:09", "api", "Serve predictions")
    log.work(
        "main",
        (BO, "20 15:22", "Version of the package, export to ONNX", "src/birdcall/__init__.py@2 src/birdcall/export.py"),
    )


def _hand_in(log: WorkLog) -> None:
    documentation = "README.md@3 docs/mkdocs.yaml docs/source/index.md .github/workflows/docs.yaml"
    names = ("runs", "sweep", "bucket", "images", "builds", "architecture")
    figures = " ".join(f"*reports/figures/{name}.png" for name in names)
    log.pull(
        11,
        (ANNA, "21 10:04", "First answers in the report", "=reports/README.md@1"),
        (BO, "21 13:47", "How to train and serve, documentation", documentation),
        (DAN, "21 14:30", "A page for recordings", "frontend/app.py"),
        (CARLA, "22 09:38", "The rest of the report and its figures", f"=reports/README.md {figures}"),
        (DAN, "22 11:12", "Results", "README.md@4"),
    )
    log.merge(11, ANNA_WEB, "22 13:26", "report", "Report")
    # An experiment that nobody merged: its commit is the group's work, but not part of main.
    log.pull(12, (BO_LAPTOP, "22 14:03", "Settings of a wider network", "configs/model/wide.yaml"))
