"""Which files concern an area of the rubric, in the order in which they are shown, and how much room each may take.

Belongs here: choosing by path and by what code says of itself. Cutting is for `excerpts`; of the report see `answers`.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from mlops_mentor.evidence.code.python_file import PythonFile
from mlops_mentor.evidence.code.ranks import is_put_away, rank
from mlops_mentor.feedback.packs.modules import Modules, is_started
from mlops_mentor.feedback.packs.shelf import OwnFile, Shelf

_SETTINGS = re.compile(
    r"(^|/)(pyproject\.toml|setup\.(cfg|py)|\.?ruff\.toml|\.flake8|tox\.ini|mypy\.ini|\.pylintrc"
    r"|[^/]*requirements[^/]*\.(txt|in)|environment[^/]*\.ya?ml|pipfile)$"
)
_README = re.compile(r"(^|/)readme[^/]*$")
_EXPERIMENTS = re.compile(
    r"(^|/)(conf|confs|configs?|configurations?|hparams|params)(/([^/]+/)*[^/]+)?\.(ya?ml|toml|json)$"
)
_TEST_SETTINGS = re.compile(r"(^|/)(pytest\.ini|tox\.ini|setup\.cfg|\.coveragerc|pyproject\.toml|noxfile\.py)$")
_RUNS_TESTS = re.compile(r"\b(pytest|unittest|tox|nox|coverage|codecov)\b")
_WORKFLOW = re.compile(r"(^|/)\.github/(workflows|actions)/.{1,200}\.ya?ml$")
_PROJECT_COMMANDS = re.compile(r"(^|/)(makefile|justfile|taskfile\.ya?ml|(tasks|noxfile|dodo|fabfile)\.py)$")
# Of `ci_cd`, by path: the more it says of automation, the sooner and the more.
_AUTOMATION: Sequence[tuple[re.Pattern[str], int]] = tuple(
    (re.compile(pattern), weight)
    for pattern, weight in (
        (r"^\.github/workflows/[^/]+\.ya?ml$", 4),
        (r"(^|/)(dockerfile|containerfile)([._-][^/]*)?$|\.(dockerfile|containerfile)$", 4),
        (r"(^|/)(\.github/(workflows|actions)/.{1,200}|\.gitlab-ci|azure-pipelines[^/]*|\.circleci/config)\.ya?ml$", 2),
        (r"(^|/)(docker-)?compose([._-][^/]*)?\.ya?ml$|(^|/)jenkinsfile$", 3),
        (r"(^|/)[^/]{0,60}cloud-?build[^/]{0,60}\.ya?ml$", 3),
        (r"(^|/)\.pre-commit-config\.ya?ml$", 2),
        (r"(^|/)(makefile|justfile|taskfile\.ya?ml|(tasks|noxfile|dodo|fabfile)\.py)$", 2),
        (r"(^|/)dvc\.ya?ml$|(^|/)\.dvc/config$", 2),
        (r"(^|/)[^/]{0,60}(vertex|deploy|service|k8s|kube|helm|skaffold|app|fly)[^/]{0,60}\.(ya?ml|sh|toml)$", 2),
        (r"(^|/)(k8s|kubernetes|deploy\w{0,20}|infra\w{0,20}|terraform|helm)/([^/]+/)*[^/]+\.(ya?ml|tf|sh|py)$", 1),
        (r"(^|/)procfile$|\.tf$|\.(sh|bash)$", 1),
        (r"(^|/)([^/]*requirements[^/]*\.(txt|in)|pyproject\.toml|environment[^/]*\.ya?ml|pipfile)$", 1),
        (r"(^|/)(\.dockerignore|\.?codecov\.ya?ml|\.github/dependabot\.ya?ml|renovate\.json)$", 1),
    )
)
# Of files that are started, so many are shown before all others.
_MAX_ENTRY_POINTS = 6
_MAX_SETTINGS = 2
# `rank` gives so much to what stands beside the project: scripts, an API, a frontend.
_BESIDE = 10


@dataclass(frozen=True)
class Choice:
    """A file that concerns an area; `weight` is its claim on room where there is too little. `is_brief`: signatures
    alone."""

    file: OwnFile
    weight: int
    is_brief: bool = False


def chosen(area: str, shelf: Shelf) -> list[Choice]:
    """Files that concern an area other than the report, those first that say most of it; each once.

    An area that is not known is treated as `code_quality`.
    """
    choose = _CHOOSERS.get(area, _of_quality)
    found: dict[str, Choice] = {}
    for choice in choose(shelf):
        if choice.file.python is None or choice.file.python.error or choice.file.python.tree.body:
            found.setdefault(choice.file.path, choice)
    return list(found.values())


def _of_quality(shelf: Shelf) -> Iterable[Choice]:
    entries, others = _by_importance(shelf)
    yield from (Choice(file, 4 if rank(file.path) < _BESIDE else 2) for file in entries)
    yield from _matching(shelf, _SETTINGS, 1, most=_MAX_SETTINGS)
    yield from _matching(shelf, _README, 2, most=1)
    yield from _matching(shelf, _EXPERIMENTS, 1, most=_MAX_SETTINGS)
    yield from (Choice(file, 1 if is_aside(file.path, shelf) else 4 if rank(file.path) < _BESIDE else 2)
                for file in others)  # fmt: skip
    yield from _matching(shelf, _SETTINGS, 1)
    yield from _matching(shelf, _EXPERIMENTS, 1)
    notebooks = [file for file in shelf.files.values() if file.kind == "notebook"]
    yield from (Choice(file, 1) for file in sorted(notebooks, key=_largest))


def _of_testing(shelf: Shelf) -> Iterable[Choice]:
    tests = [file for file in shelf.files.values() if file.kind == "test"]
    yield from (Choice(file, 4) for file in sorted(tests, key=_conftest_first))
    yield from _matching(shelf, _TEST_SETTINGS, 1)
    runners = [file for file in shelf.files.values() if _is_runner(file)]
    yield from (Choice(file, 1) for file in sorted(runners, key=lambda file: file.path))
    tested = tested_paths(shelf)
    entries, others = _by_importance(shelf)
    under_test = sorted([*entries, *others], key=lambda file: (is_aside(file.path, shelf), file.path not in tested))
    yield from (Choice(file, 1, is_brief=True) for file in under_test if file.python and file.python.definitions)


def _of_automation(shelf: Shelf) -> Iterable[Choice]:
    for pattern, weight in _AUTOMATION:
        yield from _matching(shelf, pattern, weight)


_CHOOSERS: Mapping[str, Callable[[Shelf], Iterable[Choice]]] = {
    "code_quality": _of_quality,
    "unit_testing": _of_testing,
    "ci_cd": _of_automation,
}


def tested_paths(shelf: Shelf) -> frozenset[str]:
    """Paths of own modules that a test imports, itself or through another test's file."""
    modules = Modules(shelf.own.all_python)
    tests = [file for file in shelf.own.all_python if file.is_test]
    found = {path for file in tests for path in modules.imported(file)}
    return frozenset(found - {file.path for file in tests})


def is_aside(path: str, shelf: Shelf) -> bool:
    """Whether a module was put away, or lies in a folder called as a package that is declared: a copy of that."""
    return is_put_away(path) or not shelf.declared.isdisjoint(path.lower().replace("-", "_").split("/")[:-1])


def _by_importance(shelf: Shelf) -> tuple[list[OwnFile], list[OwnFile]]:
    """(entry points, other modules): those near to entry points first, large before small, what is aside last."""
    files = [file for file in shelf.files.values() if file.kind == "python"]
    parsed = [file.python for file in files if file.python]
    started = [file for file in files if file.python and is_started(file.python) and not is_aside(file.path, shelf)]
    entries = sorted(started, key=lambda file: (rank(file.path), file.path.count("/"), file.path))[:_MAX_ENTRY_POINTS]
    near = Modules(parsed).distances([file.python for file in entries if file.python])
    known = {file.path for file in entries}

    def key(file: OwnFile) -> tuple[bool, int, int, str]:
        # What lies three steps away may be somebody else's library.
        return is_aside(file.path, shelf), max(1, min(near.get(file.path, 3), 3)), *_largest(file)

    return entries, sorted((file for file in files if file.path not in known), key=key)


def _matching(shelf: Shelf, pattern: re.Pattern[str], weight: int, most: int | None = None) -> Iterable[Choice]:
    """Files whose path matches, nearest to the root first."""
    found = [file for file in shelf.files.values() if pattern.search(file.path.lower())]
    found.sort(key=lambda file: (file.path.count("/"), file.path))
    return (Choice(file, weight) for file in found[:most])


def _is_runner(file: OwnFile) -> bool:
    path = file.path.lower()
    is_candidate = _WORKFLOW.search(path) or _PROJECT_COMMANDS.search(path)
    return bool(is_candidate) and any(_RUNS_TESTS.search(line[:2000]) for line in file.lines)


def _conftest_first(file: OwnFile) -> tuple[bool, bool, int, str]:
    python: PythonFile | None = file.python
    has_tests = python is not None and any(
        each.name.rpartition(".")[2].startswith("test") for each in python.definitions
    )
    return not file.path.endswith("conftest.py"), not has_tests, *_largest(file)


def _largest(file: OwnFile) -> tuple[int, str]:
    return -file.num_bytes, file.path
