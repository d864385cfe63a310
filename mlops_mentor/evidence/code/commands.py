"""Shell commands wherever a repository writes them: workflows, Makefiles, tasks, scripts, Docker files, Cloud Build.

Belongs here: finding them with their lines, and following what a workflow calls (`make test`, `invoke test`).
"""

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from mlops_mentor.evidence.code.documents import Document
from mlops_mentor.evidence.code.own_files import TextFile
from mlops_mentor.evidence.code.python_file import PythonFile
from mlops_mentor.evidence.code.workflow import Workflow

_MAX_LINE = 2000
_MAX_COMMANDS = 20_000

_TARGET = re.compile(r"^(?P<name>[A-Za-z0-9_./-]{1,60})[ \t]{0,4}:(?!=)")
_INSTRUCTION = re.compile(r"^\s{0,8}(RUN|CMD|ENTRYPOINT)\s(?P<rest>.{0,2000})", re.IGNORECASE)
_NOTED = re.compile(r"\s{0,12}(?:gcloud|gsutil|docker|dvc)\s{1,4}[a-z]")
_FENCE = re.compile(r"^[ \t>]{0,12}(`{3,}|~{3,})")
_TREE = re.compile(r"[ \t|]{0,12}(?:[├└│]|\|--|`--)")
_CALLS = re.compile(
    r"(?:^|[\s;&|])(?P<tool>make|just|invoke|inv|task|poe|nox|tox|bash|sh|\./)[ \t]{0,3}(?P<rest>[^;&|\n]{1,200})"
)
_MAX_FOLLOWED = 4
_STARTERS = frozenset(
    {"os.system", "subprocess.run", "subprocess.call", "subprocess.check_call", "subprocess.check_output",
     "subprocess.Popen"}
)  # fmt: skip


@dataclass(frozen=True)
class Command:
    """A line of shell, where it stands, and by what name others call it (a target, a task, a script's path).

    `origin`: `workflow`, `make`, `task`, `script`, `docker`, `cloudbuild`, `compose`, `pre_commit`, or `docs`, which is
    told in prose for people to type.
    """

    text: str
    path: str
    blob_id: str
    line: int | None
    origin: str
    name: str = ""


def all_commands(
    texts: Iterable[TextFile],
    documents: Iterable[Document],
    workflows: Iterable[Workflow],
    python: Iterable[PythonFile],
) -> Iterator[Command]:
    """Every command of a project, by where it stands."""
    yield from workflow_commands(workflows)
    for text in texts:
        name = PurePosixPath(text.path).name.lower()
        read = next((read for pattern, read in _READERS if pattern.search(name)), None)
        if read is None and text.kind == "docker" and not name.endswith((".yml", ".yaml")):
            read = docker_commands
        if read:
            yield from read(text.path, text.blob_id, text.lines)
        if name.endswith(".txt"):
            yield from noted_commands(text.path, text.blob_id, text.lines)
    for file in python:
        yield from task_commands(file)
    for document in documents:
        lowered = document.path.lower()
        if document.children("steps") and not lowered.startswith(".github/"):
            yield from cloudbuild_commands(document)
        elif "compose" in lowered or lowered.endswith("dvc.yaml"):
            yield from other_commands(document, "compose")
        elif ".pre-commit" in lowered:
            yield from other_commands(document, "pre_commit")


def workflow_commands(workflows: Iterable[Workflow]) -> Iterator[Command]:
    """`run` of each step, at its place in the workflow or its local action; `name` is the job's."""
    for workflow in workflows:
        for step in workflow.steps:
            document = step.document(workflow)
            first = _first_line(document.lines, step.line, step.run)
            for offset, text in enumerate(_joined(step.run.split("\n"))):
                if text.strip():
                    line = first + offset if first else step.line
                    yield Command(text[:_MAX_LINE], document.path, document.blob_id, line, "workflow", step.job)


def _first_line(lines: Sequence[str], line: int | None, text: str) -> int | None:
    """The line of a block's first line: it follows the key, or is the key's own."""
    first = text.split("\n", 1)[0].strip()
    if line is None or not first:
        return line
    return next((number for number in range(line, min(line + 4, len(lines) + 1)) if first in lines[number - 1]), line)


def _joined(lines: Sequence[str]) -> Iterator[str]:
    """Lines with those that a backslash continues, which stay as empty ones so that numbers keep."""
    waiting, skipped = "", 0
    for line in lines:
        text = f"{waiting} {line.strip()}" if waiting else line
        if line.rstrip().endswith("\\") and len(text) < _MAX_LINE:
            waiting, skipped = text.rstrip().rstrip("\\"), skipped + 1
            continue
        yield text
        yield from [""] * skipped
        waiting, skipped = "", 0
    if waiting:
        yield waiting


def make_commands(path: str, blob_id: str, lines: Sequence[str]) -> Iterator[Command]:
    """Recipes of a Makefile or justfile."""
    target = ""
    for number, line in _numbered(lines):
        if line[:1] in (" ", "\t"):
            if line.strip():
                yield Command(line.strip().lstrip("@-")[:_MAX_LINE], path, blob_id, number, "make", target)
        elif found := _TARGET.match(line[:200]):
            target = found["name"]


def script_commands(path: str, blob_id: str, lines: Sequence[str]) -> Iterator[Command]:
    """A shell script's lines, comments left out."""
    for number, line in _numbered(lines):
        if line.strip() and not line.lstrip().startswith(("#", "::", "REM ")):
            yield Command(line.strip()[:_MAX_LINE], path, blob_id, number, "script", path)


def docker_commands(path: str, blob_id: str, lines: Sequence[str]) -> Iterator[Command]:
    """RUN, CMD and ENTRYPOINT of a Docker file."""
    for number, line in _numbered(lines):
        if found := _INSTRUCTION.match(line[:_MAX_LINE]):
            yield Command(_unquoted(found["rest"]), path, blob_id, number, "docker")


def _numbered(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    return enumerate(_joined(lines), start=1)


def _unquoted(text: str) -> str:
    """`["python", "train.py"]` as one would type it."""
    return re.sub(r"[\[\]\",]{1,4}", " ", text).strip() if text.lstrip().startswith("[") else text


def task_commands(file: PythonFile) -> Iterator[Command]:
    """What tasks of invoke run (`ctx.run("...")`), and programs that other Python starts; `name` is the function's."""
    for call in file.calls:
        is_task = call.last == "run" and call.name.split(".", 1)[0] in ("ctx", "c", "context", "session")
        is_started = call.name in _STARTERS
        if (is_task or is_started) and (text := " ".join(_fixed(call.node))):
            name = call.scope.rpartition(".")[2].replace("_", "-")
            # The text tells more than the `ctx.run(` above it.
            line = next(_fixed_lines(call.node), call.line)
            for part in text.split("\n"):
                if part.strip():
                    yield Command(part.strip()[:_MAX_LINE], file.path, file.blob_id, line, "task", name)


def _fixed(node: object) -> Iterator[str]:
    """The fixed parts of a call's first argument: a text, a list of texts, an f-string."""
    if not isinstance(node, ast.Call) or not node.args:
        return
    for part in ast.walk(node.args[0]):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value


def _fixed_lines(node: object) -> Iterator[int]:
    if isinstance(node, ast.Call) and node.args:
        yield from (part.lineno for part in ast.walk(node.args[0]) if isinstance(part, ast.Constant))


def cloudbuild_commands(document: Document) -> Iterator[Command]:
    """Steps of Cloud Build: the image's name and its arguments as one line."""
    steps: dict[str, list[tuple[str, int | None]]] = {}
    for entry in document.under("steps"):
        if len(entry.key) >= 3 and entry.key[2] in ("name", "entrypoint", "args", "script"):
            value = entry.value.rpartition("/")[2] if entry.key[2] == "name" else entry.value
            steps.setdefault(entry.key[1], []).append((value, entry.line))
    for number, parts in steps.items():
        text = " ".join(" ".join(value.split()) for value, _ in parts)[:_MAX_LINE]
        yield Command(text, document.path, document.blob_id, _telling(document, parts), "cloudbuild", number)


def _telling(document: Document, parts: Sequence[tuple[str, int | None]]) -> int | None:
    """The line of the arguments where they stand in one, else the step's first."""
    written = [line for _, line in parts if line and "args" in document.lines[line - 1][:400]]
    return next(iter(written), parts[0][1])


def other_commands(document: Document, origin: str) -> Iterator[Command]:
    """Values of `command`, `entrypoint`, `cmd`, `entry` and `args` anywhere in a compose, DVC or pre-commit file."""
    grouped: dict[tuple[str, ...], list[tuple[str, int | None]]] = {}
    for entry in document.entries:
        for depth, key in enumerate(entry.key):
            if key in ("command", "entrypoint", "cmd", "entry", "args"):
                grouped.setdefault(entry.key[: depth + 1], []).append((entry.value, entry.line))
                break
    for parts in grouped.values():
        text = " ".join(" ".join(value.split()) for value, _ in parts)[:_MAX_LINE]
        yield Command(text, document.path, document.blob_id, parts[0][1], origin)


def docs_commands(path: str, blob_id: str, lines: Sequence[str]) -> Iterator[Command]:
    """What stands in fenced blocks of a text, and lines that begin with `$`; trees of folders are none."""
    for number, line in _told(lines):
        text = line.strip().removeprefix("$ ")
        if text and not _TREE.match(text[:40]):
            yield Command(text[:_MAX_LINE], path, blob_id, number, "docs")


def _told(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Lines with their numbers; those of a block are joined where they go on."""
    block: list[str] | None = None
    for number, line in enumerate(lines, start=1):
        if _FENCE.match(line[:40]):
            if block is not None:
                yield from enumerate(_joined(block), start=number - len(block))
            block = [] if block is None else None
        elif block is not None:
            block.append(line)
        elif line.lstrip(" >\t").startswith("$ "):
            yield number, line.lstrip(" >\t")
    if block:
        yield from enumerate(_joined(block), start=len(lines) - len(block) + 1)


def noted_commands(path: str, blob_id: str, lines: Sequence[str]) -> Iterator[Command]:
    """Lines of a plain text that begin with a tool of the cloud, of images or of data: somebody's notes."""
    for number, line in enumerate(lines, start=1):
        if _NOTED.match(line[:40]):
            yield Command(line.strip()[:_MAX_LINE], path, blob_id, number, "docs")


# By the lower-cased name of a file.
_READERS = (
    (re.compile(r"^(gnu)?makefile$|^justfile$|\.mk$"), make_commands),
    (re.compile(r"\.(sh|bash|zsh|ps1|bat|cmd)$"), script_commands),
    (re.compile(r"\.(md|markdown|rst|txt)$"), docs_commands),
)


def with_called(commands: Sequence[Command], origin: str) -> list[Command]:
    """The commands of an origin, and those that they call by name, up to four steps deep.

    What is called keeps its own place; its origin becomes `origin`, because that is what starts it.
    """
    by_name: dict[str, list[Command]] = {}
    for command in commands[:_MAX_COMMANDS]:
        if command.origin in ("make", "task", "script") and command.name:
            by_name.setdefault(command.name.rpartition("/")[2], []).append(command)
    found = {command: None for command in commands[:_MAX_COMMANDS] if command.origin == origin}
    waiting = list(found)
    for _ in range(_MAX_FOLLOWED):
        called = [each for command in waiting for name in _called(command.text) for each in by_name.get(name, ())]
        waiting = [each for each in dict.fromkeys(called) if replace(each, origin=origin) not in found]
        found |= {replace(each, origin=origin): None for each in waiting}
    return list(found)


def _called(text: str) -> Iterator[str]:
    for match in _CALLS.finditer(text):
        words = [word for word in match["rest"].split() if not word.startswith("-") and "=" not in word]
        for word in words[:4]:
            yield (
                word.rpartition("/")[2].replace("_", "-")
                if match["tool"] in ("invoke", "inv")
                else word.rpartition("/")[2]
            )
