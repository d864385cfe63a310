"""Assets that come first: `groups` (the roster), `starter_files`, `starter_shapes` (what nobody wrote themselves)."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
from pydantic import Field

from mlops_mentor.chain.inputs import extensions_of, identities_of
from mlops_mentor.defs.group_step import OWNER
from mlops_mentor.defs.metadata import asset_metadata, table_metadata
from mlops_mentor.defs.partitions import sync_partitions
from mlops_mentor.defs.resources import Mentor
from mlops_mentor.errors import RepoError
from mlops_mentor.evidence.code.starter_shapes import read_starter_shapes
from mlops_mentor.repos.mirror import update_mirror
from mlops_mentor.repos.refs import mirror_refs
from mlops_mentor.repos.starter import (
    read_starter_files,
    starter_addresses,
    starter_files_key,
    starter_mirror,
    starter_shapes_key,
)
from mlops_mentor.roster.roster import groups_frame, groups_from_frame, load_roster, roster_change
from mlops_mentor.schemas import GROUPS, STARTER_FILES, STARTER_SHAPES

_MAX_PREVIEW = 200


class RosterConfig(dg.Config):
    """What the lecturer may say when materializing `groups`."""

    accept_shorter_roster: bool = Field(
        False, description="Remove groups even when more than a fifth of them would go."
    )


@dg.asset(
    name=GROUPS.name,
    description=GROUPS.description,
    metadata=asset_metadata(GROUPS),
    group_name="roster",
    code_version=GROUPS.version,
    owners=[OWNER],
    kinds={"csv"},
    check_specs=[
        dg.AssetCheckSpec("rows_are_good", asset=GROUPS.name, description="Every row of the roster could be used."),
        dg.AssetCheckSpec(
            "extensions_are_good", asset=GROUPS.name, description="Every row of the extensions could be used."
        ),
        dg.AssetCheckSpec(
            "identities_are_good", asset=GROUPS.name, description="Every row of the identities could be used."
        ),
        dg.AssetCheckSpec("nobody_vanished", asset=GROUPS.name, description="No group was kept against the roster."),
    ],
)
def groups(context: dg.AssetExecutionContext, config: RosterConfig, mentor: Mentor) -> Iterator[Any]:
    """The roster, checked; adds and removes the partitions of all other assets."""
    lake, file = mentor.lake(), mentor.settings().roster_file
    roster = load_roster(file)
    known = groups_from_frame(lake.read_or_empty(GROUPS))
    change = roster_change(known, roster, accept_shorter=config.accept_shorter_roster)
    frame = lake.write(GROUPS, groups_frame(change.groups))
    sync_partitions(context.instance, frame["group_id"].to_list())
    yield dg.MaterializeResult(
        metadata={
            "dagster/row_count": frame.height,
            "added": ", ".join(change.added) or "none",
            "removed": ", ".join(change.removed) or "none",
            "preview": table_metadata(frame, ["group_id", "group_size", "repo_url"], max_rows=_MAX_PREVIEW),
        }
    )
    bad_rows = "\n".join(str(problem) for problem in roster.problems)
    yield _check("rows_are_good", bad_rows, "")
    extensions = extensions_of(mentor.settings(), frame["group_id"].to_list())
    yield _check("extensions_are_good", "\n".join(str(problem) for problem in extensions.problems), "")
    identities = identities_of(mentor.settings(), change.groups)
    yield _check("identities_are_good", "\n".join(str(problem) for problem in identities.problems), "")
    yield _check(
        "nobody_vanished",
        ", ".join(change.kept),
        "Not (usable) in the roster, kept as before. Correct the roster, or materialize with accept_shorter_roster.",
    )


@dg.asset(
    name=STARTER_FILES.name,
    description=STARTER_FILES.description,
    metadata=asset_metadata(STARTER_FILES),
    group_name="roster",
    code_version=STARTER_FILES.version,
    owners=[OWNER],
    kinds={"git"},
)
def starter_files(context: dg.AssetExecutionContext, mentor: Mentor) -> dg.MaterializeResult[Any]:
    """Blobs of the starter-code repositories; a repository that cannot be read counts as it was read before."""
    settings, lake = mentor.settings(), mentor.lake()
    mirrors, refs_ids, unread = [], [], []
    for address in starter_addresses(settings.the_course.starter_code, settings.course_file):
        mirror = starter_mirror(settings.mirrors_dir, address)
        try:
            refs_ids.append(update_mirror(address, mirror, mentor.limits()).refs.refs_id)
        except RepoError as error:
            unread.append(f"{address.url}: {error.reason}")
            context.log.warning(f"starter code {address.url}: {error.reason}")
            if not mirror.exists():
                continue
            refs_ids.append(mirror_refs(mirror).refs_id)
        mirrors.append((address.url, mirror))
    frame = read_starter_files(mirrors)
    # Where none could ever be read nothing is stored: an empty table would say that nothing is starter code.
    if mirrors or not unread:
        lake.write(STARTER_FILES, frame, input_key=starter_files_key(refs_ids))
    by_repository = frame.group_by("repo_url", maintain_order=True).len("num_blobs")
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": frame.height,
            "could not be read": "\n".join(unread) or "none",
            "by_repository": table_metadata(by_repository, ["repo_url", "num_blobs"], max_rows=_MAX_PREVIEW),
        }
    )


@dg.asset(
    name=STARTER_SHAPES.name,
    description=STARTER_SHAPES.description,
    metadata=asset_metadata(STARTER_SHAPES),
    group_name="roster",
    code_version=STARTER_SHAPES.version,
    owners=[OWNER],
    kinds={"git"},
    deps=[STARTER_FILES.name],
)
def starter_shapes(mentor: Mentor) -> dg.MaterializeResult[Any]:
    """What the starter code looks like, from the mirrors that `starter_files` has brought up to date."""
    settings = mentor.settings()
    addresses = starter_addresses(settings.the_course.starter_code, settings.course_file)
    mirrors = [starter_mirror(settings.mirrors_dir, address) for address in addresses]
    known = [mirror for mirror in mirrors if mirror.exists()]
    frame = read_starter_shapes(known)
    # Where none could ever be read nothing is stored, as with `starter_files`.
    if known or not mirrors:
        refs_ids = [mirror_refs(mirror).refs_id for mirror in known]
        mentor.lake().write(STARTER_SHAPES, frame, input_key=starter_shapes_key(refs_ids))
    by_kind = frame.group_by("kind", maintain_order=True).len("num_shapes")
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": frame.height,
            "by_kind": table_metadata(by_kind, ["kind", "num_shapes"], max_rows=_MAX_PREVIEW),
        }
    )


def _check(name: str, problem: str, remedy: str) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=GROUPS.name,
        check_name=name,
        passed=not problem,
        metadata={"what": problem, "remedy": remedy} if problem else {},
        description=problem or None,
    )
