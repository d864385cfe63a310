"""Pushing the export: one commit that has all of it, or none.

Belongs here: the whole loop of looking, comparing and committing, which is done again from the start after any
failure. Whether a commit whose reply was lost has arrived is seen by looking: then nothing is left to do.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout
from huggingface_hub import CommitOperationAdd, HfApi

from mlops_mentor.errors import PublishError
from mlops_mentor.publish.hub.attempts import Attempts, Patience
from mlops_mentor.publish.hub.client import connected
from mlops_mentor.publish.hub.content import Content, read_content
from mlops_mentor.publish.hub.remote import Remote, look, look_or_make, operations, refuse_public
from mlops_mentor.publish.hub.tags import tag_head
from mlops_mentor.publish.hub.target import HubTarget

_NOTHING = "Nothing was pushed."


@dataclass(frozen=True)
class Pushed:
    """What a push did. `commit` and `tag` are None where nothing had changed and so nothing was made.

    `num_files` are those of the export, `num_attempts` how often it was tried (1: no failure).
    """

    commit: str | None
    was_changed: bool
    num_files: int
    num_attempts: int
    url: str
    tag: str | None = None


def push_folder(folder: Path, target: HubTarget, *, tag: str, lock: Path, patience: Patience | None = None) -> Pushed:
    """Make the dataset hold the export in `folder`, in one commit; without one where it does already.

    Files of the dataset that are not ours stay. The commit gets the tag, with the start of its name behind it where the
    tag is taken. `lock` is the file by which pushes of this machine wait for each other.

    Raises:
        PublishError: there is no export, the dataset is public and must not be, or the Hub does not take it. The
            dataset is whole in any case.
    """
    patience = patience or Patience()
    with one_at_a_time(lock, patience), connected(target) as api:
        push = Push(api, folder, target, Attempts(target, patience), patience)
        remote = push.content_to_main()
        made = push.attempts.of(lambda: tag_head(api, target, remote.commit, tag, is_needed=push.has_sent))
        return push.pushed(remote, made)


@contextmanager
def one_at_a_time(lock: Path, patience: Patience) -> Iterator[None]:
    """Wait for another push of this machine to end.

    Raises:
        PublishError: it does not end.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    held = FileLock(lock, timeout=patience.max_s)
    try:
        held.acquire()
    except Timeout:
        raise PublishError("Another push is under way on this machine, and does not end. Push again later.") from None
    try:
        yield
    finally:
        held.release()


class Push:
    """One push under way. `has_sent`: a commit was sent, so that what is seen at main may be of this push."""

    def __init__(self, api: HfApi, folder: Path, target: HubTarget, attempts: Attempts, patience: Patience) -> None:
        self.attempts = attempts
        self.has_sent = False
        self._api = api
        self._folder = folder
        self._target = target
        self._patience = patience
        self._num_files = 0

    def content_to_main(self) -> Remote:
        """The dataset once it holds the export.

        Raises:
            PublishError: as for `push_folder`.
        """
        return self.attempts.of(self._once)

    def pushed(self, remote: Remote, tag: str | None) -> Pushed:
        """What has been done."""
        commit = remote.commit if self.has_sent else None
        return Pushed(commit, self.has_sent, self._num_files, self.attempts.num_failures + 1, self._target.url, tag)

    def _once(self) -> Remote:
        content = read_content(self._folder, sleep=self._patience.sleep)
        self._num_files = len(content.files)
        remote = look_or_make(self._api, self._target)
        refuse_public(remote, self._target, self._done)
        if remote.is_current(content):
            return remote
        return self._verified(self._commit(remote, content), content)

    def _commit(self, remote: Remote, content: Content) -> str:
        changes = operations(remote, content)
        additions = [change for change in changes if isinstance(change, CommitOperationAdd)]
        # What is uploaded ahead of a commit nobody sees; in the meantime the dataset may have been made public.
        self._api.preupload_lfs_files(self._target.repo, additions, repo_type="dataset", free_memory=False)
        now = look_or_make(self._api, self._target)
        refuse_public(now, self._target, self._done)
        self.has_sent = True
        return self._api.create_commit(
            self._target.repo,
            changes,
            commit_message=f"Export of {len(content.files)} files",
            repo_type="dataset",
            parent_commit=remote.commit,
        ).oid

    def _verified(self, commit: str, content: Content) -> Remote:
        remote = look(self._api, self._target, commit)
        if remote is None:
            raise PublishError(
                f"{self._target.repo} was deleted, or taken from the token's sight, while it was pushed to."
            )
        refuse_public(remote, self._target, f"It became so during this push: commit {commit[:8]} is seen by everybody.")
        if missing := remote.missing(content):
            # As with a .gitignore there, by which files are left out without a word.
            raise PublishError(
                f"{self._target.repo} left out {missing[0]} of commit {commit[:8]}. "
                "Delete .gitignore and the like from the dataset, then push again."
            )
        return remote

    @property
    def _done(self) -> str:
        return "A commit of this push may have arrived." if self.has_sent else _NOTHING
