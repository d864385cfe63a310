"""The rows of a group: `code_quality`, and the places behind it in `lint_hits` and `committed_secrets`.

Belongs here: putting the parts together. What each number means stands in `schemas.quality`.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import polars as pl

from mlops_mentor.evidence.code.declared import Declared, read_declared
from mlops_mentor.evidence.code.imports import Hygiene, compare, own_names
from mlops_mentor.evidence.code.notebooks import Notebook, read_notebook
from mlops_mentor.evidence.code.sources import LOCK_PATH, Source, Sources, read_sources
from mlops_mentor.evidence.code.syntax import Function, Import, Module, Parse, parse, read_module
from mlops_mentor.evidence.finding import Finding
from mlops_mentor.evidence.quality.committed_secrets import Secret, Secrets, find_secrets
from mlops_mentor.evidence.quality.dockerfiles import lint_dockerfiles
from mlops_mentor.evidence.quality.hits import Hit, Linted, as_findings
from mlops_mentor.evidence.quality.programs import ProgramError, Programs, rules
from mlops_mentor.evidence.quality.ruff_check import RuffResult, check
from mlops_mentor.evidence.quality.workflows import UNPINNED, lint_workflows
from mlops_mentor.repos.blobs import ReadBlobs
from mlops_mentor.schemas.quality import CODE_QUALITY, COMMITTED_SECRETS, LINT_HITS, RUFF_FAMILIES

_MAX_LISTED = 50
_MAX_BROKEN = 20


@dataclass(frozen=True)
class Quality:
    """The group's parts of the three tables, and what its Dockerfiles, workflows and secrets say as findings."""

    code_quality: pl.DataFrame
    lint_hits: pl.DataFrame
    committed_secrets: pl.DataFrame
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class _Python:
    """The group's own modules that are Python, those that are not with their errors, and what ruff says."""

    sound: tuple[Module, ...]
    broken: tuple[str, ...]
    ruff: RuffResult | None
    reasons: tuple[str, ...]


def measure_quality(
    group_id: str, files: pl.DataFrame, read: ReadBlobs, programs: Programs, parsed: Parse = parse
) -> Quality:
    """How the code of a snapshot stands, given its `files`. Never raises for what the files hold.

    `read` gives blobs by id and size, as `partial(read_blobs, mirror)` does; what it raises is raised. `parsed` gives
    the trees of Python.
    """
    python = read_sources(files, "python", read)
    modules = [read_module(source, parsed) for source in python.found]
    own = own_names(files.filter(pl.col("kind").is_in(["python", "test"]))["path"])
    notebooks = read_sources(files, "notebook", read)
    with tempfile.TemporaryDirectory(prefix="mentor-") as name:
        directory = Path(name)
        checked = _check(modules, own, directory, programs)
        docker = read_sources(files, "docker", read)
        workflows = read_sources(files, "workflow", read)
        docker_hits = lint_dockerfiles(docker, directory, programs)
        workflow_hits = lint_workflows(workflows, directory, programs)
        texts = read_sources(files, "text", read)
        secrets = find_secrets(texts, directory, programs)
    dependencies = read_sources(files, "dependencies", read)
    reasons = (*python.reasons, *notebooks.reasons, *dependencies.reasons, *checked.reasons, *docker_hits.reasons,
               *workflow_hits.reasons, *secrets.reasons)  # fmt: skip
    if files["is_starter_code"].null_count():
        reasons = (*reasons, "starter code is included: its repositories could not be read")
    declared = read_declared(dependencies.found)
    reasons = (*reasons, *(f"dependencies: {path}: {error}" for path, error in declared.broken))
    notes = [read_notebook(source) for source in notebooks.found]
    hygiene = compare(modules, _notebook_imports(notes, parsed), declared, own)
    if hygiene.unused is None:
        reasons = (*reasons, "unused_dependencies: what is declared is the dump of an environment")
    numbers = {
        **_size_numbers(checked, len([each for each in modules if not each.source.is_starter])),
        **_ruff_numbers(checked),
        **_function_numbers(checked),
        **_test_numbers(checked.sound),
        **_notebook_numbers(notes, checked.sound),
        **_dependency_numbers(files, declared, hygiene),
        **_lint_numbers(docker_hits, workflow_hits),
        "num_secrets": _num_secrets(secrets),
        "not_available": list(dict.fromkeys(reasons)),
    }
    row = {**dict.fromkeys(CODE_QUALITY.schema), **numbers, "group_id": group_id}
    return Quality(
        pl.DataFrame([row], schema=CODE_QUALITY.schema),
        _rows(LINT_HITS.schema, group_id, [*docker_hits.hits, *workflow_hits.hits]),
        _rows(COMMITTED_SECRETS.schema, group_id, secrets.found),
        _findings(docker, docker_hits, workflows, workflow_hits, secrets),
    )


def _rows(schema: pl.Schema, group_id: str, found: Sequence[Hit] | Sequence[Secret]) -> pl.DataFrame:
    rows = [{"group_id": group_id, **asdict(each)} for each in found]
    return pl.DataFrame(rows, schema=schema)


def _check(modules: Sequence[Module], own: frozenset[str], directory: Path, programs: Programs) -> _Python:
    mine = [module for module in modules if not module.source.is_starter]
    reasons: list[str] = []
    try:
        ruff = check(mine, own, directory, programs)
    except ProgramError as error:
        ruff, reasons = None, [f"ruff: {error}"]
    sound, broken, newer = [], [], 0
    for module in mine:
        place = module.source.path
        if ruff is not None and module.error and module.text and place not in ruff.broken:
            # Valid for a newer Python than this one, whose parser is at hand.
            newer += 1
        elif ruff is not None and place in ruff.broken:
            line, message = ruff.broken[place]
            broken.append(f"{place}:{line}: {message}")
        elif module.error:
            broken.append(f"{place}:{module.error_line or 1}: {module.error}")
        else:
            sound.append(module)
    if newer:
        reasons.append(f"functions: {newer} files need a newer Python than this one to be read")
    return _Python(tuple(sound), tuple(broken), ruff, tuple(reasons))


def _size_numbers(python: _Python, num_files: int) -> dict[str, object]:
    lengths = sorted((module.lines, module.source.path) for module in python.sound if module.lines)
    return {
        "num_own_python_files": num_files,
        "num_broken_python_files": len(python.broken),
        "broken_python_files": [text[:300] for text in python.broken[:_MAX_BROKEN]],
        "lines_own_python": sum(lines for lines, _ in lengths),
        "median_file_lines": float(median([lines for lines, _ in lengths])) if lengths else None,
        "max_file_lines": lengths[-1][0] if lengths else None,
        "longest_file": lengths[-1][1] if lengths else None,
    }


def _ruff_numbers(python: _Python) -> dict[str, object]:
    numbers: dict[str, object] = {"most_broken_rules": []}
    if python.ruff is None:
        return numbers
    lines = sum(module.lines for module in python.sound)
    total = sum(python.ruff.by_family.values())
    numbers["num_violations"] = total
    if lines:
        numbers["violations_per_1000_lines"] = 1000 * total / lines
        for name in RUFF_FAMILIES:
            numbers[f"{name}_per_1000_lines"] = 1000 * python.ruff.by_family.get(name, 0) / lines
    most = sorted(python.ruff.by_rule.items(), key=lambda each: (-each[1], each[0]))[:5]
    numbers["most_broken_rules"] = [f"{rule}: {times}" for rule, times in most]
    return numbers


def _function_numbers(python: _Python) -> dict[str, object]:
    modules = [module for module in python.sound if not module.is_test]
    functions = [(module.source.path, each) for module in modules for each in module.functions]
    outer = [each for _, each in functions if not each.is_nested]
    num_modules = [module.is_documented for module in modules if module.is_documented is not None]
    num_documentable = len(outer) + len(num_modules) + sum(module.num_classes for module in modules)
    num_documented = sum(each.is_documented for each in outer) + sum(num_modules)
    num_documented += sum(module.num_documented_classes for module in modules)
    lengths = [each.length for _, each in functions]
    longest = max(functions, key=lambda each: (each[1].length, each[0], -each[1].line), default=None)
    return {
        "num_functions": len(functions),
        "share_functions_typed": _ratio(sum(each.is_typed for _, each in functions), len(functions)),
        "num_documentable": num_documentable,
        "share_documented": _ratio(num_documented, num_documentable),
        "median_function_lines": float(median(lengths)) if lengths else None,
        "max_function_lines": longest[1].length if longest else None,
        "longest_function": _place(*longest) if longest else None,
        **_complexity_numbers(python, {module.source.path for module in modules}),
    }


def _place(path: str, function: Function) -> str:
    return f"{path}:{function.line} {function.name}"


def _complexity_numbers(python: _Python, paths: set[str]) -> dict[str, object]:
    if python.ruff is None:
        return {}
    found = [each for each in python.ruff.complexities if each.path in paths]
    if not found:
        return {"num_complex_functions": 0}
    highest = max(found, key=lambda each: (each.number, each.path, -each.line))
    return {
        "median_complexity": float(median([each.number for each in found])),
        "max_complexity": highest.number,
        "most_complex_function": f"{highest.path}:{highest.line} {highest.name}",
        "num_complex_functions": sum(each.number > rules()["ruff"]["max_complexity"] for each in found),
    }


def _test_numbers(modules: Sequence[Module]) -> dict[str, object]:
    tests = [module for module in modules if module.is_test]
    return {
        "num_test_files": sum(module.num_tests > 0 for module in tests),
        "num_tests": sum(module.num_tests for module in tests),
        "num_test_classes": sum(module.num_test_classes for module in tests),
        "num_parametrized_tests": sum(module.num_parametrized_tests for module in tests),
        "num_assertions": sum(module.num_assertions for module in tests),
        "num_tests_without_assertion": sum(len(module.tests_without_assertion) for module in tests),
    }


def _notebook_numbers(notebooks: Sequence[Notebook], modules: Sequence[Module]) -> dict[str, object]:
    lines = sum(notebook.code_lines for notebook in notebooks)
    return {
        "num_notebooks": len(notebooks),
        "num_broken_notebooks": sum(notebook.error is not None for notebook in notebooks),
        "lines_notebook_code": lines,
        "share_code_in_notebooks": _ratio(lines, lines + sum(module.code_lines for module in modules)),
        "num_cells_with_outputs": sum(notebook.num_cells_with_outputs for notebook in notebooks),
    }


def _dependency_numbers(files: pl.DataFrame, declared: Declared, hygiene: Hygiene) -> dict[str, object]:
    names = {dependency.name for dependency in declared.dependencies}
    pinned = {dependency.name for dependency in declared.dependencies if dependency.is_pinned}
    is_lock = ~pl.col("is_vendored") & pl.col("path").str.contains(LOCK_PATH.pattern)
    return {
        "dependency_files": list(declared.files)[:_MAX_LISTED],
        "num_declared": len(names),
        "share_pinned": _ratio(len(pinned), len(names)),
        "has_lock_file": bool(declared.compiled) or bool(files.select(is_lock.any()).item()),
        **_hygiene_lists(hygiene),
    }


def _hygiene_lists(hygiene: Hygiene) -> dict[str, object]:
    undeclared = [f"{each.distribution} ({each.path}:{each.line})" for each in hygiene.undeclared]
    return {
        "undeclared_imports": undeclared[:_MAX_LISTED],
        "unused_dependencies": list(hygiene.unused or ())[:_MAX_LISTED],
    }


def _notebook_imports(notebooks: Sequence[Notebook], parsed: Parse) -> list[Import]:
    sources = [
        Source(notebook.path, "notebook", "", content=notebook.code.encode("utf-8", "replace"))
        for notebook in notebooks
    ]
    return [each for source in sources for each in read_module(source, parsed).imports]


def _lint_numbers(docker: Linted, workflows: Linted) -> dict[str, object]:
    num_unpinned = sum(hit.rule == UNPINNED for hit in workflows.hits)
    numbers: dict[str, object] = {"num_dockerfiles": docker.num_files, "num_workflows": workflows.num_files}
    if docker.is_complete:
        numbers["num_dockerfile_hits"] = len(docker.hits)
    if workflows.is_complete:
        numbers["num_workflow_hits"] = len(workflows.hits) - num_unpinned
        numbers["num_unpinned_actions"] = num_unpinned
    return numbers


def _num_secrets(secrets: Secrets) -> int | None:
    if not secrets.num_files and not secrets.is_complete:
        return None
    return sum(each.confidence != "low" for each in secrets.found)


def _findings(
    docker: Sources, docker_hits: Linted, workflows: Sources, workflow_hits: Linted, secrets: Secrets
) -> tuple[Finding, ...]:
    def texts(sources: Sources) -> dict[str, str]:
        return {source.path: source.text for source in sources.found}

    return (
        *as_findings("Dockerfile", docker_hits, texts(docker), "quality.dockerfile"),
        *as_findings("workflow", workflow_hits, texts(workflows), "quality.workflow"),
        secrets.finding(),
    )


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
