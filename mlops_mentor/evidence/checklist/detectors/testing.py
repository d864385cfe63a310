"""Items about tests: of the data, of model and training, of the API, and their coverage.

Belongs here: what a test is about, and whether anything runs it.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import PurePosixPath

from mlops_mentor.evidence.checklist.detectors.registry import Options, Shown, detector, no, partial, yes
from mlops_mentor.evidence.code.commands import workflow_commands
from mlops_mentor.evidence.code.imports import own_names
from mlops_mentor.evidence.code.pipelines import Pipeline
from mlops_mentor.evidence.code.programs import programs
from mlops_mentor.evidence.code.project import Project
from mlops_mentor.evidence.code.unit_tests import UnitTest
from mlops_mentor.evidence.finding import Location

# What runs tests, as `programs` gives it.
RUNS_TESTS = r"(?:pytest|py\.test|unittest|coverage run\b.{0,200}\b(?:pytest|unittest)|(?:tox|nox|hatch test)\b)"
_PATH = re.compile(r"[\w./*-]{1,200}")


@detector("data_tests")
def data_tests(project: Project, options: Options) -> Shown:
    """Tests about the data code."""
    return _tests_about(project, options, "the data")


@detector("model_tests")
def model_tests(project: Project, options: Options) -> Shown:
    """Tests about the model and its training."""
    return _tests_about(project, options, "the model or its training")


def _tests_about(project: Project, options: Options, what: str) -> Shown:
    about, other = re.compile(options["about"]), re.compile(options["not_about"])
    own = own_names(file.path for file in project.own.all_python)
    tests = project.unit_tests
    found = [test for test in tests if _is_about(test, about, other, own)]
    if not found:
        return no(f"None of {len(tests)} tests is about {what}." if tests else "There are no tests of its own.")
    found.sort(key=lambda test: (not uses_own(test, own), not test.is_real))
    real = [test for test in found if test.is_real]
    if not real:
        return partial(f"{_count(found, 'test')} about {what}, {_weakness(found)}.", "present", _places(project, found))
    reason = f"{_count(real, 'test')} about {what} with assertions"
    reads = re.compile(options["reads"])
    if not any(uses_own(test, own) or any(map(reads.fullmatch, test.uses)) for test in real):
        return partial(f"{reason}, none of which uses the group's own code.", "present", _places(project, real))
    return _as_run(project, real, reason)


def _as_run(project: Project, tests: Sequence[UnitTest], reason: str) -> Shown:
    """How strong tests are by what runs them."""
    places = _places(project, tests)
    running = _running(project, tests)
    if any(each.has_succeeded for each in running):
        return yes(f"{reason}; a workflow that runs them has succeeded.", "executed", places)
    if running:
        return yes(f"{reason}; {running[0].name} runs them.", "wired", places)
    commands = [each for each in project.commands if each.origin not in ("workflow", "docs")]
    if any(re.match(RUNS_TESTS, program) for each in commands for program in programs(each.text)):
        return yes(f"{reason}; a command of the project runs them, and no workflow does.", "wired", places)
    if _misplaced(project, re.compile(RUNS_TESTS).match):
        return yes(f"{reason}; the workflow that would run them lies in a subfolder.", "present", places)
    return yes(f"{reason}; nothing in the repository runs them.", "present", places)


def _running(project: Project, tests: Sequence[UnitTest]) -> list[Pipeline]:
    """What runs any of the tests by itself."""
    return [each for each in project.pipelines if each.is_started and any(covers(each, test) for test in tests)]


def _is_about(test: UnitTest, about: re.Pattern[str], other: re.Pattern[str], own: Collection[str]) -> bool:
    """By the file's name, else the function's, else by what of the group's code it uses."""
    if all(name.count(".") == 0 and name in _BUILT_IN for name in test.uses):
        return False
    stem = PurePosixPath(test.file.path).stem.removeprefix("test_")
    for text in (stem, test.name):
        hits = bool(about.search(text)), bool(other.search(text))
        if hits[0] != hits[1]:
            return hits[0]
    return any(about.search(part) for name in test.uses if _is_own(name, own) for part in name.split("."))


_BUILT_IN = frozenset({"print", "len", "isinstance", "range", "str", "int", "float", "list", "dict", "open", "sum"})


def uses_own(test: UnitTest, own: Collection[str]) -> bool:
    """Whether it uses the group's own code."""
    return any(_is_own(name, own) for name in test.uses)


def _is_own(name: str, own: Collection[str]) -> bool:
    first = name.lstrip(".").partition(".")[0].removesuffix("()")
    return (name.startswith(".") or first in own) and first not in ("tests", "test", "conftest")


def covers(pipeline: Pipeline, test: UnitTest) -> bool:
    """Whether a pipeline runs a test: it runs tests, and the paths it names, if any, hold this one."""
    return any(_names_it(program, test.file.path) for _, program in pipeline.programs if re.match(RUNS_TESTS, program))


def _names_it(program: str, path: str) -> bool:
    words = program.split()[1:]
    ignored = [word.partition("=")[2] for word in words if word.startswith("--ignore=")]
    if any(each and _holds(each, path) for each in ignored):
        return False
    named = [word.partition("::")[0] for word in words if not word.startswith("-")]
    paths = [word for word in named if word.endswith(".py") or "/" in word or word in ("tests", "test")]
    paths = [word for word in paths if _PATH.fullmatch(word)]
    return not paths or any(_holds(each, path) for each in paths)


def _holds(named: str, path: str) -> bool:
    """Whether a path on a command line, given from wherever, holds a file."""
    named = named.removeprefix("./").rstrip("/*")
    return not named.strip(".") or f"/{path}/".find(f"/{named}/") >= 0


def _weakness(tests: Sequence[UnitTest]) -> str:
    if not any(test.asserts for test in tests):
        return "without an assertion"
    if all(test.is_skipped for test in tests if test.asserts):
        return "all skipped or without an assertion"
    return "in files that pytest does not collect"


def _places(project: Project, tests: Iterable[UnitTest]) -> list[Location]:
    return [project.at(test.file, test.line) for test in tests]


def _count(found: Sequence[object], what: str) -> str:
    return f"{len(found)} {what}{'' if len(found) == 1 else 's'}"


@detector("api_tests")
def api_tests(project: Project, options: Options) -> Shown:
    """Tests that call the application, and a workflow that runs them."""
    client = re.compile(options["clients"])
    found = [test for test in project.unit_tests if any(map(client.fullmatch, test.uses))]
    if not found:
        return no("No test calls the application.")
    real = [test for test in found if test.is_real]
    if not real:
        return partial(f"{_count(found, 'test')} of the API, {_weakness(found)}.", "present", _places(project, found))
    reason = f"{_count(real, 'test')} of the API with assertions"
    if not _running(project, real):
        lost = _misplaced(project, re.compile(RUNS_TESTS).match)
        why = "the workflow that would run them lies in a subfolder" if lost else "no workflow runs them"
        return partial(f"{reason}; {why}.", "present", _places(project, real), lost[:1])
    return _as_run(project, real, reason)


@detector("coverage")
def coverage(project: Project, options: Options) -> Shown:
    """What measures coverage: workflows, commands, settings of pytest, results."""
    in_settings = [project.at(document, entry.line)
                   for document, entry in project.own_entries(*options["pytest_settings"])]  # fmt: skip
    measuring = sorted(_measuring(project, options, in_settings), key=lambda each: each[1][0] in in_settings)
    results = project.paths(options["results"], tool_output=True)
    results += project.grep(options["table_lines"], options["tables"])
    if done := [each for each in measuring if each[0].has_succeeded]:
        return yes(f"{done[0][0].name} measures coverage, and has succeeded.", "executed", done[0][1], results)
    if own := [each for each in measuring if not each[0].is_starter]:
        return yes(f"{own[0][0].name} measures coverage.", "wired", *(places for _, places in own), results)
    typed = _typed(project, options["commands"])
    if results:
        return yes("Results of coverage are committed.", "executed", results, typed)
    if typed:
        return yes("A command of the project measures coverage.", "wired", typed)
    if in_settings:
        return yes("The settings of pytest measure coverage.", "present", in_settings)
    wanted = re.compile(options["commands"])
    lost = _misplaced(project, wanted.match)
    if lost:
        return partial("A workflow in a subfolder, where GitHub does not run it, measures coverage.", "present", lost)
    if measuring:
        reason = "The template's workflow, as it came, measures the coverage of the group's tests."
        return partial(reason, "wired", measuring[0][1])
    if came := _handed_out(project, options):
        return partial("The template's command, as it came, can measure the coverage of the group's tests.", "present",
                       came)  # fmt: skip
    return _unmeasured(project, options)


def _misplaced(project: Project, is_wanted: Callable[[str], object]) -> list[Location]:
    """Lines of workflows in a subfolder that start such a program."""
    found = workflow_commands(project.misplaced_workflows)
    return [project.of_command(each) for each in found if any(map(is_wanted, programs(each.text)))]


def _measuring(
    project: Project, options: Options, in_settings: Sequence[Location]
) -> Iterator[tuple[Pipeline, list[Location]]]:
    """Workflows that measure coverage, and where; the template's only where the group has tests."""
    has_tests = bool(project.unit_tests)
    for each in project.pipelines:
        places = [project.of_command(command) for command in each.starts(options["commands"])]
        places += [project.of_step(each.workflow, step, "uses")
                   for step in each.uses(options["actions"])]  # fmt: skip
        if in_settings and each.starts(RUNS_TESTS):
            places += in_settings
        if places and (has_tests or not each.is_starter):
            yield each, places


def _handed_out(project: Project, options: Options) -> list[Location]:
    """Where a file of tasks measures coverage in code that was handed out; only where the group has tests."""
    if not project.unit_tests:
        return []
    wanted = re.compile(options["task_lines"])
    tasks = [file for file in project.python if PurePosixPath(file.path).name == "tasks.py"]
    return [project.at(file, number) for file in tasks
            for number, line in enumerate(file.lines, start=1) if wanted.search(line[:2000])]  # fmt: skip


def _typed(project: Project, pattern: str, *, docs: bool = False) -> list[Location]:
    wanted = re.compile(pattern)
    return [project.of_command(each) for each in project.commands
            if each.origin != "workflow" and (each.origin == "docs") is docs
            and any(map(wanted.match, programs(each.text)))]  # fmt: skip


def _unmeasured(project: Project, options: Options) -> Shown:
    settings = [project.at(document, entry.line) for document, entry in project.own_entries(*options["settings"])]
    if settings:
        return partial("There are settings of coverage, and nothing measures it.", "present", settings)
    if told := _typed(project, options["commands"], docs=True):
        return partial("The documentation tells how to measure coverage; no command does.", "present", told)
    return no("Nothing measures coverage.")
