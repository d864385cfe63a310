"""The published class from a dataset of the Hub: what a Space shows.

Belongs here: looking for a new commit now and then, reading it, keeping the last good one. Nothing stays on the disk
of the Space: what has been erased from the dataset is gone from it with the next commit.
"""

import logging
import tempfile
import threading
from pathlib import Path
from typing import Protocol

from mlops_mentor.errors import PublishError
from mlops_mentor.pages.published import PublishedClass, PublishedFolder
from mlops_mentor.publish.manifest import MANIFEST

_log = logging.getLogger(__name__)
# The manifest, and tables by config.
_WANTED = (MANIFEST, "*.parquet")
_TIMEOUT_S = 20.0


class Hub(Protocol):
    """What is asked of the Hub. Both raise whatever its client does."""

    def head(self, dataset: str) -> str:
        """The commit that the dataset is at."""

    def download(self, dataset: str, commit: str, folder: Path) -> None:
        """Put the files of an export at a commit into a folder."""


class HuggingFace:
    """The Hub itself, asked with `HF_TOKEN` at `HF_ENDPOINT`, which its client reads from the environment."""

    def head(self, dataset: str) -> str:
        from huggingface_hub import HfApi

        commit = HfApi().dataset_info(dataset, timeout=_TIMEOUT_S).sha
        if commit is None:
            raise PublishError(f"the dataset {dataset} has no commit")
        return commit

    def download(self, dataset: str, commit: str, folder: Path) -> None:
        from huggingface_hub import snapshot_download

        snapshot_download(dataset, repo_type="dataset", revision=commit, local_dir=folder, allow_patterns=[*_WANTED])


class HubSource:
    """The newest export of a dataset that could be read whole. Any number of threads may ask."""

    def __init__(self, dataset: str, *, hub: Hub | None = None) -> None:
        self._dataset = dataset
        self._hub = hub or HuggingFace()
        self._commit: str | None = None
        self._class: PublishedClass | None = None

    def current(self) -> PublishedClass:
        """The class as `refresh` last read it.

        Raises:
            PublishError: it never could be read.
        """
        if self._class is None:
            raise PublishError(f"the dataset {self._dataset} could not be read yet")
        return self._class

    def refresh(self) -> bool:
        """Read the dataset if it has a new commit; whether it is up to date. What goes wrong is logged."""
        try:
            commit = self._hub.head(self._dataset)
            if commit != self._commit:
                with tempfile.TemporaryDirectory(prefix="export-") as folder:
                    self._hub.download(self._dataset, commit, Path(folder))
                    # In memory from here on.
                    self._class = PublishedFolder(Path(folder)).current()
                self._commit = commit
        except Exception as error:  # noqa: BLE001  # the client raises what its transport does; the last good one stays
            _log.warning("The dataset %s was not read: %s", self._dataset, error)
            return False
        return True

    def refresh_for_ever(self, every_s: float, stop: threading.Event) -> None:
        """Look every so many seconds until `stop` is set, sooner after a failure."""
        while True:
            is_up_to_date = self.refresh()
            if stop.wait(every_s if is_up_to_date else min(every_s, 30.0)):
                return
