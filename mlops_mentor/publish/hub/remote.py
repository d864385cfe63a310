"""The dataset on the Hub as it is: its head, its files, who may see it, its tags.

Belongs here: looking, making the dataset when it is missing, and what would have to change. Changing it is for `push`
and `erase`. Every function asks once and may raise the client's errors: `attempts` tries again.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from mlops_mentor.errors import PublishError
from mlops_mentor.publish.hub.content import Content
from mlops_mentor.publish.hub.target import HubTarget

Operation = CommitOperationAdd | CommitOperationDelete


@dataclass(frozen=True)
class RemoteFile:
    """A file by its content: the hash that git gives it, or the SHA-256 where it is stored beside git."""

    blob_id: str | None
    sha256: str | None

    def holds(self, content: bytes) -> bool:
        """Whether the file has that very content."""
        if self.sha256 is not None:
            return hashlib.sha256(content).hexdigest() == self.sha256
        # Git's name for a content; nothing is protected by it.
        return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest() == self.blob_id


@dataclass(frozen=True)
class Remote:
    """A revision of the dataset: its commit, its files by path, and whether everybody may see the dataset."""

    commit: str
    is_public: bool
    files: Mapping[str, RemoteFile]

    def missing(self, content: Content) -> list[str]:
        """Files of the export that are not there, or hold something else."""
        return [
            path
            for path, wanted in content.files.items()
            if path not in self.files or not self.files[path].holds(wanted)
        ]

    def stale(self, content: Content) -> list[str]:
        """Tables' files of earlier exports that are still there."""
        return sorted(filter(content.is_stale, self.files))

    def is_current(self, content: Content) -> bool:
        """Whether there is nothing to push."""
        return not self.missing(content) and not self.stale(content)


def look(api: HfApi, target: HubTarget, revision: str | None = None) -> Remote | None:
    """The dataset at a revision, else at main; None where the token sees no such dataset."""
    try:
        info = api.dataset_info(target.repo, revision=revision, files_metadata=True)
    except RepositoryNotFoundError as error:
        if error.response.status_code == 401:
            # Who shows a good token is told 404.
            raise
        return None
    if info.sha is None:
        raise ValueError("the dataset has no head")
    files = {
        sibling.rfilename: RemoteFile(sibling.blob_id, sibling.lfs.sha256 if sibling.lfs is not None else None)
        for sibling in info.siblings or ()
    }
    return Remote(info.sha, info.private is not True, files)


def look_or_make(api: HfApi, target: HubTarget) -> Remote:
    """The dataset at main, made when it is not there: private, unless the target is public."""
    remote = look(api, target)
    if remote is None:
        try:
            api.create_repo(target.repo, repo_type="dataset", private=not target.is_public)
        except HfHubHTTPError as error:
            # Somebody was faster. Who sees it, the next look says.
            if error.response.status_code != 409:
                raise
        remote = look(api, target)
    if remote is None:
        raise PublishError(
            f"{target.repo} is there, and the token in HF_TOKEN does not see it. "
            "Give the token access, or correct MENTOR_HF_REPO."
        )
    return remote


def refuse_public(remote: Remote, target: HubTarget, done: str) -> None:
    """Raise where everybody would see what only the course may; `done` says what was written by then.

    Raises:
        PublishError: the dataset is public and must not be.
    """
    if remote.is_public and not target.is_public:
        raise PublishError(
            f"{target.repo} is public, and MENTOR_HF_PUBLIC does not allow that. Make the dataset private in its "
            f"settings, or set MENTOR_HF_PUBLIC=true if the class agreed. {done}"
        )


def operations(remote: Remote, content: Content) -> list[Operation]:
    """What turns the dataset's files of ours into those of the export, and nothing else."""
    return [
        *(CommitOperationAdd(path, content.files[path]) for path in remote.missing(content)),
        *(CommitOperationDelete(path, is_folder=False) for path in remote.stale(content)),
    ]
