"""Erasing what was pushed earlier: a later commit hides it only, the history keeps it.

Belongs here: making the history one commit, deleting what keeps the old ones alive, and looking whether they are gone.
What must not be there any more has to be left out of the export before.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from pathlib import Path

from huggingface_hub import GitRefs, HfApi
from huggingface_hub.errors import HfHubHTTPError, RevisionNotFoundError

from mlops_mentor.publish.hub.attempts import Attempts, Patience
from mlops_mentor.publish.hub.client import connected
from mlops_mentor.publish.hub.content import read_content
from mlops_mentor.publish.hub.push import Push, one_at_a_time
from mlops_mentor.publish.hub.remembered import keep_commits, load_commits, remembered_file
from mlops_mentor.publish.hub.remnants import remnants
from mlops_mentor.publish.hub.remote import Remote, look
from mlops_mentor.publish.hub.tags import tag_head
from mlops_mentor.publish.hub.target import HubTarget

MAIN = "main"
_NEVER_KNOWN = (
    "Copies that others have downloaded, and caches of the Hub's, cannot be seen from here.",
    "Files of the dataset that are not of an export stay as they are.",
)


@dataclass(frozen=True)
class Erased:
    """What erasing did. `commit` is the one that is left; None where there was no dataset.

    `still_reachable`: what of the old is still there, in words, the remedy with it. `not_verified`: what nobody can
    say from here.
    """

    commit: str | None
    num_old_commits: int = 0
    num_refs_deleted: int = 0
    num_stored_files_deleted: int = 0
    was_made_anew: bool = False
    still_reachable: tuple[str, ...] = ()
    not_verified: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether nothing old was found afterwards."""
        return not self.still_reachable


def erase_from_hub(
    folder: Path,
    target: HubTarget,
    *,
    tag: str,
    lock: Path,
    may_make_anew: bool = False,
    patience: Patience | None = None,
) -> Erased:
    """Make the dataset hold the export in `folder` and no earlier one: no old commit, branch, tag or stored file.

    Branches and tags of others are deleted too, as they keep old commits. Where old commits can be seen in spite of
    that, the dataset is deleted and made anew with `may_make_anew`, whereby it loses its settings and discussions;
    else the result says so. Whoever is interrupted, or finds something left, calls it again: old commits are remembered
    beside `folder` until they are gone.

    Raises:
        PublishError: as for `push_folder`, or the token may not delete.
    """
    patience = patience or Patience()
    with one_at_a_time(lock, patience), connected(target) as api:
        erasure = _Erasure(api, folder, target, patience, remembered_file(folder))
        before = erasure.attempts.of(lambda: look(api, target))
        if before is None:
            return Erased(None)
        done = erasure.in_place()
        if done.still_reachable and may_make_anew:
            done = erasure.anew(done, before)
        if done.commit is not None:
            commit = done.commit
            erasure.attempts.of(lambda: tag_head(api, target, commit, tag, is_needed=True))
        return done


class _Erasure:
    """One erasure under way; `_old` are the commits that are to be gone."""

    def __init__(self, api: HfApi, folder: Path, target: HubTarget, patience: Patience, remembered: Path) -> None:
        self.attempts = Attempts(target, patience)
        self._api = api
        self._folder = folder
        self._target = target
        self._patience = patience
        self._remembered = remembered
        self._old = load_commits(remembered, target.repo)
        self._refs_deleted: set[str] = set()
        self._files_deleted: set[str] = set()

    def in_place(self) -> Erased:
        """Erase within the dataset that there is."""
        of = self.attempts.of
        self._note_commits()
        # First, for what is stored is kept by what main holds.
        self._push(self._target)
        self._note_commits()
        self._delete_refs()
        of(self._squash)
        head = of(self._head)
        self._old.discard(head.commit)
        of(lambda: self._delete_stored(head))
        return self._seen(was_made_anew=False)

    def anew(self, done: Erased, before: Remote) -> Erased:
        """Delete the dataset and make it again; as private or public as it was."""
        api, repo = self._api, self._target.repo
        self.attempts.of(lambda: api.delete_repo(repo, repo_type="dataset", missing_ok=True))
        if done.commit is not None:
            self._old.add(done.commit)
        made = self._push(replace(self._target, is_public=before.is_public))
        self._old.discard(made.commit)
        return self._seen(was_made_anew=True)

    def _push(self, target: HubTarget) -> Remote:
        return Push(self._api, self._folder, target, self.attempts, self._patience).content_to_main()

    def _head(self) -> Remote:
        head = look(self._api, self._target)
        if head is None:
            raise ValueError("the dataset is gone")
        return head

    def _seen(self, *, was_made_anew: bool) -> Erased:
        # Deleting stored files may have made another commit of main's.
        head = self.attempts.of(self._head)
        left = remnants(self._api, self._target, self.attempts, head, frozenset(self._old))
        keep_commits(self._remembered, self._target.repo, self._old if left else ())
        return Erased(
            head.commit,
            num_old_commits=len(self._old),
            num_refs_deleted=len(self._refs_deleted),
            num_stored_files_deleted=len(self._files_deleted),
            was_made_anew=was_made_anew,
            still_reachable=left,
            not_verified=_NEVER_KNOWN,
        )

    def _refs(self) -> GitRefs:
        return self._api.list_repo_refs(self._target.repo, repo_type="dataset", include_pull_requests=True)

    def _note_commits(self) -> None:
        refs = self.attempts.of(self._refs)
        every = (*refs.branches, *refs.tags, *refs.converts, *(refs.pull_requests or ()))
        seen: set[str] = set()
        # Main first: most tags are of commits in its history, and need no asking.
        for ref in sorted(every, key=lambda ref: ref.ref != f"refs/heads/{MAIN}"):
            if ref.target_commit not in seen:
                seen |= self.attempts.of(partial(self._history, ref.target_commit))
        self._old |= seen
        keep_commits(self._remembered, self._target.repo, self._old)

    def _history(self, commit: str) -> set[str]:
        commits = self._api.list_repo_commits(self._target.repo, repo_type="dataset", revision=commit)
        return {each.commit_id for each in commits}

    def _delete_refs(self) -> None:
        refs, repo = self.attempts.of(self._refs), self._target.repo
        for tag in refs.tags:
            self._delete_ref(tag.ref, partial(self._api.delete_tag, repo, tag=tag.name, repo_type="dataset"))
        for branch in refs.branches:
            if branch.name != MAIN:
                delete = partial(self._api.delete_branch, repo, branch=branch.name, repo_type="dataset")
                self._delete_ref(branch.ref, delete)

    def _delete_ref(self, ref: str, delete: Callable[[], None]) -> None:
        def work() -> None:
            # Gone already, where the reply to an earlier try was lost.
            with suppress(RevisionNotFoundError):
                delete()

        self.attempts.of(work)
        self._refs_deleted.add(ref)

    def _squash(self) -> None:
        history = self._api.list_repo_commits(self._target.repo, repo_type="dataset")
        if len(history) > 1:
            self._api.super_squash_history(
                self._target.repo, repo_type="dataset", commit_message="Export, without what was before"
            )

    def _delete_stored(self, head: Remote) -> None:
        # What is to stay is known twice: deleting is for good.
        ours = read_content(self._folder, sleep=self._patience.sleep).files.values()
        kept = {file.sha256 for file in head.files.values()} | {sha256(content).hexdigest() for content in ours}
        try:
            stored = list(self._api.list_lfs_files(self._target.repo, repo_type="dataset"))
        except HfHubHTTPError as error:
            if error.response.status_code in (404, 501):
                # A Hub that does not tell what it stores: looking at the old commits shows what is left.
                return
            raise
        old = [file for file in stored if file.file_oid not in kept]
        self._files_deleted.update(file.file_oid for file in old)
        if old:
            self._api.permanently_delete_lfs_files(self._target.repo, old, repo_type="dataset")
