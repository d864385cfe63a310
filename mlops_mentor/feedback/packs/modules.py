"""Own modules: which imports which, and how far each is from where the project is started.

Belongs here: following imports by name between own files. Nothing is run.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from mlops_mentor.evidence.code.python_file import PythonFile


class Modules:
    """Own Python files by what they import of each other; equal names count alike."""

    def __init__(self, files: Sequence[PythonFile]) -> None:
        self.files = files

    def imported(self, file: PythonFile) -> frozenset[str]:
        """Paths of own files that a file imports, itself left out."""
        names = {each.name.lstrip(".") for each in file.imports}
        names |= {name.rpartition(".")[0] for name in names}
        return frozenset(path for name in names - {""} for path in self._by_name.get(name, ())) - {file.path}

    def distances(self, starts: Iterable[PythonFile]) -> Mapping[str, int]:
        """Steps from the nearest of `starts` to each file that they lead to; they themselves have 0."""
        waiting = list(starts)
        found = {file.path: 0 for file in waiting}
        while waiting:
            following = []
            for file in waiting:
                for path in sorted(self.imported(file)):
                    if path not in found:
                        found[path] = found[file.path] + 1
                        following.append(self._by_path[path])
            waiting = following
        return found

    @cached_property
    def _by_path(self) -> Mapping[str, PythonFile]:
        return {file.path: file for file in self.files}

    @cached_property
    def _by_name(self) -> Mapping[str, Sequence[str]]:
        found: dict[str, list[str]] = {}
        for file in self.files:
            parts = file.path.removesuffix("/__init__.py").removesuffix(".py").split("/")
            for start in range(len(parts)):
                found.setdefault(".".join(parts[start:]), []).append(file.path)
        return found


def is_started(file: PythonFile) -> bool:
    """Whether the file can be started itself, or holds an application that a server starts."""
    if any(text.value == "__main__" for text in file.texts):
        return True
    return any(call.name in ("fastapi.FastAPI", "typer.Typer", "flask.Flask") for call in file.calls)
