"""What the published tables are made from, and the form in which they leave.

Belongs here: what several of them need. Each table has a module of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from mlops_mentor.course import Course
from mlops_mentor.feedback.rubric import Rubric
from mlops_mentor.publish.tables.small_counts import persons_frame
from mlops_mentor.schemas import COMMITS, LEADERBOARD, REPO_STATS, validate
from mlops_mentor.schemas.published import Published
from mlops_mentor.storage.lake import Lake


@dataclass(frozen=True)
class Source:
    """The lake with what its rows mean; `names` are public names by group_id, in the roster's order.

    A group that is not in `names` is left out of everything.
    """

    lake: Lake
    course: Course
    rubric: Rubric
    names: Mapping[str, str]

    @property
    def fewest(self) -> int:
        """Numbers behind which fewer persons stand are withheld."""
        return self.course.publish.fewest_persons

    @cached_property
    def leaderboard(self) -> pl.DataFrame:
        """The groups' rows of the table `leaderboard`.

        Raises:
            LakeError: it was never made, or cannot be read.
        """
        return self.lake.read(LEADERBOARD).filter(pl.col("group_id").is_in(list(self.names)))

    @cached_property
    def stats(self) -> pl.DataFrame:
        return self.lake.read_groups(REPO_STATS, self.names)

    @cached_property
    def commits(self) -> pl.DataFrame:
        return self.lake.read_groups(COMMITS, self.names)

    @cached_property
    def persons(self) -> pl.DataFrame:
        """By `group_id`, whether too few persons stand behind its numbers: see `small_counts`."""
        return persons_frame(self.stats, self.fewest)

    def finish(self, published: Published, frame: pl.DataFrame, *order: str) -> pl.DataFrame:
        """`frame`, which has `group_id`, with public names instead: columns and types as declared, groups in order.

        Within a group rows are in the order of the columns `order`, else as they were. Columns that `frame` lacks are
        null.

        Raises:
            SchemaError: the result is not what is declared.
        """
        places = {group_id: place for place, group_id in enumerate(self.names)}
        renamed = (
            frame.filter(pl.col("group_id").is_in(list(self.names)))
            .with_columns(
                group=pl.col("group_id").replace_strict(dict(self.names), return_dtype=pl.String),
                _place=pl.col("group_id").replace_strict(places, return_dtype=pl.Int64),
            )
            .sort("_place", *order, maintain_order=True)
        )
        lacking = [
            pl.lit(None, dtype=dtype).alias(name)
            for name, dtype in published.table.schema.items()
            if name not in renamed.columns
        ]
        shaped = renamed.with_columns(lacking).select(
            pl.col(name).cast(dtype) for name, dtype in published.table.schema.items()
        )
        return validate(published.table, shaped)
