"""Tags of the dataset: which run pushed which commit.

Belongs here: naming. Deleting them, as they keep what was erased, is for `erase`.
"""

import re

from huggingface_hub import HfApi

from mlops_mentor.publish.hub.target import HubTarget

_NO_TAG = re.compile(r"[^\w.-]+", re.ASCII)
_MAX_LENGTH = 100


def tag_head(api: HfApi, target: HubTarget, commit: str, tag: str, *, is_needed: bool) -> str | None:
    """Give the commit the tag, and say which it got; None where it has one.

    Without `is_needed` any tag will do: it has none only where an earlier push ended between commit and tag. Another
    commit's tag is never moved.
    """
    name = _NO_TAG.sub("-", tag).strip("-.")[:_MAX_LENGTH] or "export"
    commit_of = {each.name: each.target_commit for each in api.list_repo_refs(target.repo, repo_type="dataset").tags}
    if not is_needed and commit in commit_of.values():
        return None
    for free in (name, f"{name}-{commit[:12]}"):
        if commit_of.get(free) == commit:
            return free
        if free not in commit_of:
            api.create_tag(target.repo, tag=free, revision=commit, repo_type="dataset")
            return free
    return None
