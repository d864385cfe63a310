"""Progress on the terminal: a line while something is done, a step for each group that ends."""

import logging
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

_err = Console(stderr=True, highlight=False)


def progress_display() -> Progress:
    """The progress of a command on the terminal; nothing where there is none."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=_err, transient=True, disable=not _err.is_terminal)


class progress_task:  # noqa: N801 - used as a function in `with`
    """A line of the progress display while something is done; gives what advances it by one."""

    def __init__(self, progress: Progress, description: str, *, total: int | None) -> None:
        self._progress = progress
        self._task = progress.add_task(description, total=total)

    def __enter__(self) -> Any:
        return lambda: self._progress.advance(self._task)

    def __exit__(self, *_: object) -> None:
        self._progress.remove_task(self._task)


class follow(logging.Handler):  # noqa: N801 - used as a function in `with`
    """Call `advance` for every group that ends; `reasons` by group, why those that failed did, as far as it is said."""

    def __init__(self, advance: Any) -> None:
        super().__init__(logging.INFO)
        self._advance = advance
        self.reasons: dict[str, str] = {}
        self._logger = logging.getLogger("mlops_mentor.progress")

    def emit(self, record: logging.LogRecord) -> None:
        said = vars(record)
        if said.get("failed") and said.get("reason"):
            self.reasons[said["group_id"]] = said["reason"]
        self._advance()

    def __enter__(self) -> "follow":
        self._logger.setLevel(logging.INFO)
        self._logger.addHandler(self)
        self._logger.propagate = False
        return self

    def __exit__(self, *_: object) -> None:
        self._logger.removeHandler(self)
        self._logger.propagate = True
