"""Treatments: whether a frame is what its table declares, and holds what its columns may hold.

Belongs here: everything that can be compared. What people wrote is for `redaction` and `inspection`.
"""

import re
from collections import Counter
from collections.abc import Sequence

import polars as pl

from mlops_mentor.errors import PrivacyError
from mlops_mentor.publish.privacy.inspection import strings
from mlops_mentor.publish.privacy.known import KnownPeople
from mlops_mentor.schemas.published import Published, Treatment

_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def check_table(table: Published, frame: pl.DataFrame, groups: Sequence[str]) -> None:
    """Nothing, where the frame has the columns, types and values that are declared.

    Raises:
        PrivacyError: it has not; the text names table and column, and of undeclared columns how many there are.
    """
    declared = table.table.schema
    if untreated := [name for name in declared if name not in table.treatment_of]:
        raise PrivacyError(f"{table.name}: nothing says how {', '.join(untreated)} is treated. Add it to PUBLISHED.")
    if missing := [name for name in declared if name not in frame.schema]:
        raise PrivacyError(f"{table.name}: {', '.join(missing)} is missing.")
    if undeclared := [name for name in frame.schema if name not in declared]:
        # The name of a column may be somebody's, too.
        raise PrivacyError(f"{table.name}: {len(undeclared)} columns are not declared in PUBLISHED.")
    for name, dtype in declared.items():
        if frame.schema[name] != dtype:
            raise PrivacyError(f"{table.name}.{name}: is of another type than is declared.")
    if frame.columns != list(declared):
        raise PrivacyError(f"{table.name}: columns are in another order than is declared.")
    if frame["group"].null_count():
        raise PrivacyError(f"{table.name}.group: a row is of no group.")
    for name in declared:
        check_column(table, frame, name, groups)


def check_column(table: Published, frame: pl.DataFrame, name: str, groups: Sequence[str]) -> None:
    """Nothing, where the column's values may stand there as far as that can be compared.

    Raises:
        PrivacyError: one may not; the text names table and column.
    """
    treatment = table.treatment_of[name]
    dtype = frame.schema[name]
    where = f"{table.name}.{name}"
    if treatment is Treatment.NUMBER and not _is_number(dtype):
        raise PrivacyError(f"{where}: is declared a number and holds something else.")
    if treatment in (Treatment.TEXT, Treatment.PATH) and dtype not in (pl.String, pl.List(pl.String)):
        raise PrivacyError(f"{where}: holds text in a form that cannot be redacted.")
    if treatment is Treatment.ADDRESS and dtype != pl.String:
        raise PrivacyError(f"{where}: holds addresses in a form that cannot be compared.")
    if treatment is Treatment.GROUP and name != "group":
        raise PrivacyError(f"{where}: groups stand in the column `group`.")
    allowed = _allowed(table, name, groups)
    if allowed is not None and not {value for _, value in strings(frame, name)} <= allowed:
        raise PrivacyError(f"{where}: a value is none of those that may stand there.")


def _allowed(table: Published, name: str, groups: Sequence[str]) -> frozenset[str] | None:
    """All values that the column may have; None where they cannot be told beforehand."""
    treatment = table.treatment_of[name]
    if treatment is Treatment.GROUP:
        return frozenset(groups)
    if treatment is Treatment.WORD:
        if name == "withheld":
            return frozenset(table.table.schema)
        return frozenset(next(each.values for each in table.table.columns if each.name == name))
    return frozenset() if treatment is Treatment.NUMBER else None


def _is_number(dtype: pl.DataType) -> bool:
    if isinstance(dtype, pl.List | pl.Array):
        return _is_number(dtype.inner)  # type: ignore[arg-type]
    if isinstance(dtype, pl.Struct):
        return all(_is_number(field.dtype) for field in dtype.fields)  # type: ignore[arg-type]
    return dtype.is_numeric() or dtype.is_temporal() or dtype in (pl.Boolean, pl.Null)


def with_addresses(
    frame: pl.DataFrame, name: str, known: KnownPeople, counts: Counter[str], *, show_addresses: bool
) -> pl.DataFrame:
    """The frame whose addresses are shown or null: nothing but the group's own address on the web, and ids of commits.

    A repository on this machine has no address that others could follow: it stays null.

    Raises:
        PrivacyError: what stands there is neither of these nor a repository that is not on the web.
    """
    own = {(each.group, each.url) for each in known.repositories}
    on_web = {(each.group, each.url) for each in known.repositories if each.is_on_web}
    values: list[str | None] = []
    for group, value in frame.select("group", name).iter_rows():
        if value is not None and show_addresses and (group, value) not in own and not _SHA.fullmatch(value):
            raise PrivacyError(f"{name}: a value is no address of the group's own repository.")
        is_shown = show_addresses and value is not None and ((group, value) in on_web or _SHA.fullmatch(value))
        values.append(value if is_shown else None)
        if value is not None and not is_shown:
            counts["address"] += 1
    return frame.with_columns(pl.Series(name, values, dtype=pl.String))
