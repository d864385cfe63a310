"""Small counts: numbers behind which so few persons stand that they single one out.

Belongs here: the rule, and nothing of what is published besides.

Members of a group know each other; the class must not see from numbers that one of the four did nothing, or all. With
`fewest` = `publish.fewest_persons` of `course.yaml` (3 when not given; 1 withholds nothing):

1. A group is *small* where somebody committed, and fewer than `fewest` persons did, or all members but 1 to
   `fewest` - 1 did; so is every group of two, as each knows the other. Outsiders do not stand in for members.
2. Of a small group everything that counts persons, or what single persons did, is withheld, and always together:
   contributors, balance, active days, when they worked, commits by day, reviews. If the hours were shown where three
   of four committed, the very fact that the number three is hidden would tell it.
3. Reviews are withheld, too, where 1 to `fewest` - 1 accounts gave them.
4. Days are withheld for all of a group's days or for none: whoever knows all days but one, and how many commits there
   are in all, knows that one as well.
5. `progress` is published without `balance` for every group, by the weights of the other parts: with the whole and four
   parts the fifth could be computed. For every group, because numbers that are made in two ways cannot be compared.
6. `balance` by day is not published: on a group's first days one or two persons stand behind it, and those days follow
   from the later ones and the commits in between.
7. Items and checks of the evidence that are about persons lose what they say of them: see `evidence`.

What stays are numbers of the group's work as a whole: files, lines, commits in all. Of a group of one they are one
person's, and no rule changes that; such a group can be left out (`unpublished.csv`). Nor does a rule for one export
keep anybody from comparing two: a group that was small yesterday and is not today was joined by its last members in
between. Where repositories are shown, whoever wants can count.
"""

from collections.abc import Mapping

import polars as pl

from mlops_mentor.course import Course, ProgressWeights
from mlops_mentor.metrics.progress import weighted_mean
from mlops_mentor.schemas.metrics import BALANCE_COLUMNS, PROGRESS_PARTS
from mlops_mentor.schemas.published import Published

IS_SMALL = pl.col("is_small")
HAS_FEW_REVIEWERS = pl.col("has_few_reviewers")

_PAIR = 2
_NULL = "Null where it would single out a person (see `withheld`)."
_WORDS = {
    "progress": "Mean of the parts but `balance`, with the weights of the course, times 100; parts that are not known "
    "are left out. It informs and never grades. (`balance` does not go into it: it could be computed from the others.)",
}


def persons_frame(stats: pl.DataFrame, fewest: int) -> pl.DataFrame:
    """By `group_id`: `is_small`, `has_few_reviewers` (never null), from the groups' rows of `repo_stats`."""
    active = pl.col("num_contributors").fill_null(0)
    silent = pl.max_horizontal(pl.col("num_silent_members").fill_null(0), pl.col("group_size") - active, 0)
    members = pl.when(silent > 0).then(pl.col("group_size") - silent).otherwise(active)
    is_pair = pl.lit(hides(fewest)) & (pl.col("group_size") <= _PAIR)
    is_few = is_pair | active.is_between(1, fewest - 1) | members.is_between(1, fewest - 1)
    return stats.select(
        "group_id",
        is_small=(active > 0) & (is_few | silent.is_between(1, fewest - 1)),
        has_few_reviewers=pl.col("num_reviewers").fill_null(0).is_between(1, fewest - 1),
    )


def withhold(frame: pl.DataFrame, persons: pl.DataFrame, where: Mapping[str, pl.Expr]) -> pl.DataFrame:
    """`frame`, which has `group_id`, with the column `withheld`: null and named in it is each column of `where` that
    holds something where its condition is true. `persons` is what `persons_frame` gave.
    """
    known = frame.join(persons, "group_id", "left", maintain_order="left").with_columns(
        IS_SMALL.fill_null(value=False), HAS_FEW_REVIEWERS.fill_null(value=False)
    )
    is_hidden = {name: condition & pl.col(name).is_not_null() for name, condition in where.items()}
    named = [pl.when(hidden).then(pl.lit(name)) for name, hidden in is_hidden.items()]
    return known.with_columns(
        *(pl.when(~hidden).then(name).alias(name) for name, hidden in is_hidden.items()),
        withheld=pl.concat_list(named).list.drop_nulls(),
    ).drop("is_small", "has_few_reviewers")


def hides(fewest: int) -> bool:
    """Whether anything is withheld at all."""
    return fewest > 1


def public_weights(course: Course) -> dict[str, float]:
    """By part, its weight in the published `progress`."""
    weights: dict[str, float] = course.progress.model_dump()
    return {name: weight for name, weight in weights.items() if name != "balance" or not _hides_balance(course)}


def public_progress(frame: pl.DataFrame, course: Course) -> pl.DataFrame:
    """`frame`, which has the parts of the progress measure, with `progress` made of those that are published."""
    if not _hides_balance(course):
        return frame
    weights: ProgressWeights = course.progress
    rows = frame.select(PROGRESS_PARTS).iter_rows(named=True)
    means = [weighted_mean(row | {"balance": None}, weights) for row in rows]
    return frame.with_columns(progress=pl.Series(means, dtype=pl.Float64))


def definitions(published: Published, fewest: int) -> dict[str, str]:
    """By column of a published table, what it is: as declared, where it is not otherwise here."""
    words = {column.name: column.description for column in published.table.columns}
    if published.name == "leaderboard":
        words["last_commit_on"] = f"{words['last_commit_on']} The deadline's day at the latest."
    if not hides(fewest):
        return words
    words |= {name: text for name, text in _WORDS.items() if name in words}
    if published.name == "leaderboard":
        words["balance"] = next(each.description for each in BALANCE_COLUMNS if each.name == "equality_commits")
    if published.name == "evidence":
        words["reason"] += " Where it would single out a person, that is said instead."
    for name in _HIDDEN.get(published.name, ()):
        words[name] = f"{words[name]} {_NULL}"
    if published.name == "history":
        words["balance"] = "Not published by day: on a group's first days too few persons stand behind it."
    return words


# By table, the columns that its module may withhold.
_HIDDEN = {
    "leaderboard": ("num_contributors", "balance", "num_active_days", "share_merged_prs_reviewed"),
    "history": ("num_commits",),
    "statistics": ("num_prs_reviewed", "activity_from", "activity"),
}


def _hides_balance(course: Course) -> bool:
    return hides(course.publish.fewest_persons)
