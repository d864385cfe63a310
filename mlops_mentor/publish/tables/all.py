"""All published tables of a class, as they go to the privacy gate."""

from collections.abc import Callable

import polars as pl

from mlops_mentor.publish.tables.evidence import evidence_frame
from mlops_mentor.publish.tables.feedback import feedback_frame
from mlops_mentor.publish.tables.history import history_frame
from mlops_mentor.publish.tables.leaderboard import leaderboard_frame
from mlops_mentor.publish.tables.source import Source
from mlops_mentor.publish.tables.statistics import statistics_frame
from mlops_mentor.schemas.published import PUBLISHED

_MAKERS: dict[str, Callable[[Source], pl.DataFrame]] = {
    "leaderboard": leaderboard_frame,
    "history": history_frame,
    "statistics": statistics_frame,
    "evidence": evidence_frame,
    "feedback": feedback_frame,
}


def published_frames(source: Source) -> dict[str, pl.DataFrame]:
    """By name, each published table, before the gate has seen it.

    Raises:
        LakeError: the class's leaderboard was never made, or cannot be read.
        SchemaError: a table is not what is declared.
    """
    return {published.name: _MAKERS[published.name](source) for published in PUBLISHED}
