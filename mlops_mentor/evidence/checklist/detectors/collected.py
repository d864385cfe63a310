"""What an API keeps of its inputs and predictions.

Belongs here: writes that a route reaches. What is made of them is for `drift`.
"""

import ast
import re

from mlops_mentor.evidence.checklist.detectors.endpoints import Endpoints, calls_in, texts_in
from mlops_mentor.evidence.checklist.detectors.registry import Options, Shown, detector, no, partial, yes
from mlops_mentor.evidence.code.project import Project
from mlops_mentor.evidence.code.python_file import Call, Definition, PythonFile
from mlops_mentor.evidence.finding import Location

_LOG_CALL = re.compile(r"(?i)(?:.{0,200}\.)?(?:logging|loguru|[\w.()]{0,60}log(?:ger)?(?:\(\))?)"
                       r"\.(?:info|warning|log|log_struct|log_text)")  # fmt: skip
_RESULT = re.compile(r"(?i)pred|output|label|result|score|prob|answer|class")
_MEMORY = {"StringIO", "BytesIO", "NamedTemporaryFile", "TemporaryFile", "SpooledTemporaryFile", "TemporaryDirectory",
           "mkdtemp", "mkstemp"}  # fmt: skip
_INSERT = re.compile(r"(?i)\binsert\s{1,9}(or \w{1,10} )?into\b")


@detector("collected_predictions")
def collected_predictions(project: Project, options: Options) -> Shown:
    """Routes that keep inputs and predictions, or functions that do and that routes call."""
    endpoints = Endpoints(project)
    if not endpoints.routes:
        return no("No API that could collect anything.")
    words, others = re.compile(options["names"]), re.compile(options["other_names"])
    writes, logs = [], []
    for file, definition in endpoints.reached():
        memory = _in_memory(definition)
        kept = [call for call in calls_in(file, definition)
                if _is_write(call, options) and not memory & set(_names_in(call.node))]  # fmt: skip
        if kept and not others.search(definition.name) and _is_about(file, definition, kept, words):
            writes += [project.at(file, call.line) for call in kept]
        logs += [project.at(file, call.line) for call in calls_in(file, definition) if _logs_result(call)]
    tasks = [project.at(file, call.line) for file, call in project.calls(r".*\.add_task", endpoints.files)
             if words.search(_first_name(call))]  # fmt: skip
    if writes:
        return yes("The API keeps inputs and predictions.", "wired", _ordered(writes), tasks)
    if logs:
        return partial("The API writes predictions to its log only.", "wired", logs)
    return no("The API keeps neither inputs nor predictions.")


def _is_write(call: Call, options: Options) -> bool:
    """Something that stays: a line added to a file, an object in a bucket, a row in a database."""
    if call.name in ("open", "io.open") or call.name.endswith(".open"):
        mode = _mode(call)
        # Bytes are mostly what was uploaded, on its way to the model.
        return bool(mode) and mode[0] in "aw" and "b" not in mode
    if call.last in ("execute", "executemany"):
        return any(_INSERT.search(text[:500]) for text in call.strings) or _INSERT.search(_source(call)) is not None
    return re.fullmatch(options["writes"], call.name) is not None


def _in_memory(definition: Definition) -> set[str]:
    """Names of what goes away again: `buffer = StringIO()`."""
    found: set[str] = set()
    for node in ast.walk(definition.node):
        pairs = [(each, node.value) for each in node.targets] if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.With | ast.AsyncWith):
            pairs = [(each.optional_vars, each.context_expr) for each in node.items if each.optional_vars]
        for target, value in pairs:
            if isinstance(value, ast.Call) and isinstance(target, ast.Name):
                made = _names_in(value.func)
                found |= {target.id} if set(made) & _MEMORY else set()
    return found


def _mode(call: Call) -> str:
    value = call.keyword("mode")
    if value is None and isinstance(call.node, ast.Call):
        position = 1 if call.name in ("open", "io.open") else 0
        value = call.node.args[position] if len(call.node.args) > position else None
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else ""


def _source(call: Call) -> str:
    """Names of what is given first: `INSERT_QUERY` tells as much as its text."""
    return _first_name(call).replace("_", " ").replace("insert ", "insert into ", 1)


def _first_name(call: Call) -> str:
    first = call.node.args[0] if isinstance(call.node, ast.Call) and call.node.args else None
    if isinstance(first, ast.Name):
        return first.id
    return first.attr if isinstance(first, ast.Attribute) else ""


def _is_about(file: PythonFile, definition: Definition, kept: list[Call], words: re.Pattern[str]) -> bool:
    """Its name, its texts, or what is given to the write tell of predictions."""
    said = [definition.name, *texts_in(file, definition)]
    given = [name for call in kept for name in _names_in(call.node)]
    return any(words.search(each[:500]) for each in [*said, *given])


def _names_in(node: ast.AST) -> list[str]:
    return [each.id if isinstance(each, ast.Name) else each.attr for each in ast.walk(node)
            if isinstance(each, ast.Name | ast.Attribute)]  # fmt: skip


def _logs_result(call: Call) -> bool:
    if not _LOG_CALL.fullmatch(call.name) or not isinstance(call.node, ast.Call):
        return False
    given = [*call.node.args, *(each.value for each in call.node.keywords)]
    return any(_RESULT.search(name) for value in given for name in _names_in(value))


def _ordered(places: list[Location]) -> list[Location]:
    return list(dict.fromkeys(places))
