"""What is left of erased exports: looking for old commits and files as somebody would who knows their names.

Belongs here: looking, after the work of `erase`. It changes nothing.
"""

from functools import partial

from huggingface_hub import HfApi, hf_hub_url
from huggingface_hub.errors import HfHubHTTPError, RevisionNotFoundError

from mlops_mentor.publish.hub.attempts import Attempts
from mlops_mentor.publish.hub.remote import Remote, look
from mlops_mentor.publish.hub.target import HubTarget

_MAX_COMMITS = 500
_GONE = (403, 404, 410)


def remnants(
    api: HfApi, target: HubTarget, attempts: Attempts, head: Remote, old_commits: frozenset[str]
) -> tuple[str, ...]:
    """What of the old can still be got at, in sentences, with the remedy; empty where nothing was found.

    Raises:
        PublishError: the Hub does not answer.
    """
    refs = attempts.of(lambda: _other_refs(api, target, head.commit))
    found = [f"{ref} still holds an old commit." for ref in refs]
    seen = sorted(old_commits)[:_MAX_COMMITS]
    readable = [commit for commit in seen if _can_read(api, target, attempts, commit, head)]
    if readable:
        found.append(
            f"{len(readable)} of {len(seen)} old commits can still be read by whoever may read the dataset and knows "
            f"their names, such as {readable[0]}."
        )
    if len(seen) < len(old_commits):
        found.append(f"Of {len(old_commits)} old commits only {len(seen)} were looked at.")
    if found:
        found.append("Wait for the Hub to sweep and erase again, let the dataset be made anew, or ask its support.")
    return tuple(found)


def _other_refs(api: HfApi, target: HubTarget, commit: str) -> list[str]:
    refs = api.list_repo_refs(target.repo, repo_type="dataset", include_pull_requests=True)
    every = (*refs.branches, *refs.tags, *refs.converts, *(refs.pull_requests or ()))
    return [ref.ref for ref in every if ref.target_commit != commit]


def _can_read(api: HfApi, target: HubTarget, attempts: Attempts, commit: str, head: Remote) -> bool:
    old = attempts.of(lambda: _at(api, target, commit))
    if old is None:
        return False
    differing = [path for path, file in old.files.items() if head.files.get(path) != file]
    return any(attempts.of(partial(_resolves, api, target, commit, path)) for path in differing)


def _at(api: HfApi, target: HubTarget, commit: str) -> Remote | None:
    try:
        return look(api, target, commit)
    except RevisionNotFoundError:
        return None


def _resolves(api: HfApi, target: HubTarget, commit: str, path: str) -> bool:
    url = hf_hub_url(target.repo, path, repo_type="dataset", revision=commit, endpoint=target.endpoint)
    try:
        api.get_hf_file_metadata(url=url)
    except HfHubHTTPError as error:
        if error.response.status_code in _GONE:
            return False
        raise
    return True
