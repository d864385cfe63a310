"""Pushes: when GitHub received what, from REST's activity feed, made into the table `pushes`.

GraphQL does not have it. The feed is read newest first and no further than to what is known.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Protocol

import anyio
import polars as pl

from mlops_mentor.errors import GitHubError
from mlops_mentor.github.answers import Activity
from mlops_mentor.github.heads import Observation
from mlops_mentor.schemas import PUSHES

_PAGE_SIZE = 100
_MAX_LAG = timedelta(minutes=2)
_LAG_PAUSES_S = (1.0, 3.0)


class PagesClient(Protocol):
    """What of the client is needed here."""

    def pages(
        self, path: str, params: Mapping[str, str | int], model: type[Activity]
    ) -> AsyncIterator[list[Activity]]: ...


async def fetch_pushes(client: PagesClient, seen: Observation, known: pl.DataFrame | None) -> list[Activity]:
    """The feed of a repository, newest first, down to the first page on which everything is `known`.

    Raises:
        GitHubError: it cannot be had; nothing of it is given then, as a feed with a hole says wrong things.
    """
    known_ids = set(known["push_id"]) if known is not None else set()
    for pause_s in (*_LAG_PAUSES_S, None):
        found = await _read_feed(client, seen.full_name, known_ids)
        if not _lags(found, known, seen):
            return found
        if pause_s is not None:
            await anyio.sleep(pause_s)
    # Stored, it would pass for the feed of these heads, and say at the deadline that the last push never came.
    raise GitHubError("error", "GitHub does not list yet what was pushed a moment ago. The next run asks again.")


async def _read_feed(client: PagesClient, name: str, known_ids: set[int]) -> list[Activity]:
    found: list[Activity] = []
    async for page in client.pages(f"/repos/{name}/activity", {"per_page": _PAGE_SIZE}, Activity):
        found += page
        if page and all(item.id in known_ids for item in page):
            break
    return found


def _lags(found: Iterable[Activity], known: pl.DataFrame | None, seen: Observation) -> bool:
    """Whether the feed does not show yet what was pushed a moment ago: GitHub lists it some seconds later."""
    if seen.pushed_at is None or datetime.now(UTC) - seen.pushed_at > _MAX_LAG:
        return False
    ref = seen.refs.head_target
    listed = {item.after for item in found if item.ref == ref}
    if known is not None:
        listed |= set(known.filter(pl.col("ref") == ref)["after"])
    return ref is not None and seen.refs.heads[ref] not in listed


def pushes_frame(group_id: str, found: Iterable[Activity], known: pl.DataFrame | None) -> pl.DataFrame:
    """The group's part of `pushes`, oldest first: what was found, and what was `known` before."""
    rows = {item.id: _row(group_id, item) for item in found}
    fresh = pl.DataFrame(list(rows.values()), schema=PUSHES.schema)
    kept = known.join(fresh, "push_id", "anti") if known is not None else fresh.clear()
    return pl.concat([kept, fresh]).sort("pushed_at", "push_id")


def _row(group_id: str, item: Activity) -> dict[str, object]:
    return {
        "group_id": group_id,
        "push_id": item.id,
        "ref": item.ref,
        "kind": item.activity_type,
        "before": item.before,
        "after": item.after,
        "pushed_at": item.timestamp,
        "actor": item.actor.name if item.actor is not None else None,
        "is_forced": item.activity_type == "force_push",
    }
