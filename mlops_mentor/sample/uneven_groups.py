"""Groups 4 to 7 of the sample class: the ones where who worked, or when, is what a teacher has to see.

Belongs here: the histories of the group where one person did everything, of the one that worked in the last night, of
the one that went on after the deadline, and of the one that never changed the starter code. Their
reports: none, twenty-two ticks and one answer, one elsewhere under another name, and the empty template.
"""

from mlops_mentor.sample.history import MAIN, History, Person, regular
from mlops_mentor.sample.starter import report_files
from mlops_mentor.sample.worklog import WorkLog, moment

LARS = Person("Lars Sample", "s990401@student.dtu.dk")
LARS_WEB = Person("Lars Sample", "99000401+larssample@users.noreply.github.com")
LARS_LAPTOP = Person("Lars Sample", "lars@lars-laptop.local")

NOOR = Person("Noor Sample", "s990501@student.dtu.dk")
OTTO = Person("Otto", "otto.eksempel@example.com")
PIA = Person("Pia Prøve", "s990503@student.dtu.dk")

RUNE = Person("Rune Sample", "s990601@student.dtu.dk")
SIGNE = Person("Signe Eksempel", "s990602@student.dtu.dk")
TOVE = Person("Tove Prøve", "tovep@users.noreply.github.com")

VERA = Person("Vera Sample", "s990701@student.dtu.dk")


def solo_history() -> History:
    """Group 4: four people in the roster, one of them in the history, under three addresses."""
    log = WorkLog("wineprice", "group-04")
    log.start(LARS_WEB, "07 10:12")
    log.work(
        "main",
        (LARS, "07 11:25", "Bags of words", "src/wineprice/data.py@1"),
        (LARS, "08 13:14", "Test bags of words", "tests/test_data.py"),
        (LARS, "09 09:50", "Network", "src/wineprice/model.py@1"),
        (LARS_LAPTOP, "11 16:22", "Training", "src/wineprice/train.py@1"),
        (LARS_WEB, "12 10:03", "Update README.md", "README.md@1"),
        (LARS, "14 11:37", "Logarithm of the price", "src/wineprice/data.py@2"),
        (LARS, "15 14:45", "Dropout", "src/wineprice/model.py@2"),
        (LARS_LAPTOP, "18 15:10", "Makefile instead of invoke", "Makefile -tasks.py"),
        (LARS, "20 10:19", "Less output", "src/wineprice/train.py@2"),
        (LARS_WEB, "22 09:28", "Update README.md", "README.md@2"),
    )
    return log.history


def last_night_history() -> History:
    """Group 5: everything between eight in the evening and six in the morning before the deadline."""
    log = WorkLog("wardrobe", "group-05")
    log.start(NOOR, "22 20:07")
    log.add_report("main", NOOR, "22 20:31", "report template")
    log.work(
        "main",
        (OTTO, "22 21:12", "data", "src/wardrobe/data.py"),
        (NOOR, "22 21:48", "model", "src/wardrobe/model.py@1"),
        (PIA, "22 22:05", "readme", "README.md@1"),
        (OTTO, "22 22:53", "it trains!!", "src/wardrobe/train.py@1"),
        (NOOR, "22 23:40", "better model", "src/wardrobe/model.py@2"),
        (OTTO, "23 00:26", "more epochs", "src/wardrobe/train.py@2"),
        # The files of group 3, byte for byte.
        (NOOR, "23 00:51", "utils", "src/wardrobe/metrics.py src/wardrobe/plots.py src/wardrobe/checkpoints.py"),
        (PIA, "23 01:17", "docker", "dockerfiles/train.dockerfile@1"),
        (PIA, "23 01:33", "fix docker", "dockerfiles/train.dockerfile@2"),
        (NOOR, "23 02:58", "api (not finished)", "src/wardrobe/api.py"),
        (OTTO, "23 03:41", "test", "tests/test_model.py"),
        (OTTO, "23 04:02", "delete template test", "-tests/test_data.py"),
        (PIA, "23 05:46", "readme and report", "README.md@2 =reports/README.md"),
    )
    return log.history


def late_history() -> History:
    """Group 6: good work, the last of it after the deadline at noon of 23 January."""
    log = WorkLog("cleanair", "group-06")
    log.start(SIGNE, "06 10:04")
    log.add_report("main", SIGNE, "06 10:20", "Report of the course")
    log.pull(
        1,
        (SIGNE, "07 09:42", "Read measurements, cut windows", "src/cleanair/data.py@1"),
        (SIGNE, "07 11:15", "Test that windows do not overlap their forecast", "tests/test_data.py"),
        (TOVE, "07 13:29", "What the project is about", "README.md@1"),
    )
    log.merge(1, RUNE, "07 14:06", "windows", "Windows of measurements")
    log.pull(
        2,
        (RUNE, "08 10:33", "Recurrent network", "src/cleanair/model.py@1"),
        (RUNE, "08 13:57", "Training", "src/cleanair/train.py@1"),
        (RUNE, "09 10:11", "Test the shape", "tests/test_model.py"),
    )
    log.merge(2, SIGNE, "09 11:20", "forecaster", "Forecaster")
    log.pull(
        3,
        (TOVE, "13 09:46", "Check style, cache dependencies", ".github/workflows/tests.yaml"),
        (TOVE, "14 13:08", "Container image", "dockerfiles/train.dockerfile@1"),
        (TOVE, "15 10:25", "Do not run as root", "dockerfiles/train.dockerfile@2"),
    )
    log.merge(3, RUNE, "15 13:31", "image", "Image and checks")
    log.work(
        "main",
        (RUNE, "19 11:02", "Predict the change from the last hour", "src/cleanair/model.py@2"),
        (SIGNE, "21 14:16", "Compare with persistence", "src/cleanair/evaluate.py"),
        (TOVE, "23 11:58", "Report, first half", "=docs/hand_in.md@1"),
    )
    _after_the_deadline(log)
    return log.history


def _after_the_deadline(log: WorkLog) -> None:
    log.work(
        "main",
        (TOVE, "23 13:10", "Report, dependencies", "=docs/hand_in.md@2"),
        (RUNE, "23 14:47", "Clip gradients", "src/cleanair/train.py@2"),
        (SIGNE, "23 16:22", "An hour may not occur twice", "src/cleanair/data.py@2"),
        (SIGNE, "24 10:05", "README: comparison", "README.md@2"),
    )
    log.pull(4, (TOVE, "24 11:30", "Report, version control", "=docs/hand_in.md"))
    log.merge(4, TOVE, "24 11:52", "report", "Finish the report")


def untouched_history() -> History:
    """Group 7: the template with another title, and the report as it was handed out."""
    log = WorkLog("untouched", "group-07")
    log.start(VERA, "08 13:15")
    readme = log.history.tree(MAIN)[b"README.md"].content
    titled = regular(readme.replace(b"# untouched", b"# Group 7", 1))
    changes = {b"README.md": titled, **report_files()}
    log.history.commit(MAIN, VERA, moment("08 13:21"), "Update README.md", changes)
    return log.history
