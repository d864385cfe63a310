"""A class that is made up: two groups that are published, one that is not, a TA, and frames that say anything.

Every name, number, address and key here belongs to nobody.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from mlops_mentor.feedback.packs.identities import Identities, Person
from mlops_mentor.feedback.packs.names import common_words
from mlops_mentor.publish.privacy.known import KnownPeople, Someone
from mlops_mentor.publish.privacy.repositories import repositories_of
from mlops_mentor.roster.addresses import Address
from mlops_mentor.roster.roster import Group
from mlops_mentor.schemas.published import PUBLISHED, Published, Treatment

ADA = Person("[member A]", ("Ada Lovelace", "adalove"), ("ada@home.dk",), ("ada1815x",), ("s123456",))
SOREN = Person("[member B]", ("Søren Kjær Møller",), ("skm@lab.local",), ("soerenkm",), ("s123457",))
GRACE = Person("[member A]", ("Grace Brewster Hopper",), ("grace@navy.org",), ("cobolqueen9",), ("s654321",))
LINUS = Person("[member A]", ("Linus Blumenthal",), (), ("lblumenthal77",), ("s777777",))
TEACHER = "Tobias Ravnkilde"
SHA = "9f1c2d3e4b5a69788796a5b4c3d2e1f0a9b8c7d6"
URL = "https://github.com/ada1815x/leaf_disease_scan"
OTHER_URL = "https://github.com/mlops-org-27/mlops"
PINNED = "0123456789abcdef0123456789abcdef01234567"


def group(group_id: str, url: str) -> Group:
    """A group of the roster."""
    return Group(group_id, Address(url, "https"), (), 2)


KNOWN = KnownPeople(
    ("7", "8"),
    {"7": Identities((ADA, SOREN)), "8": Identities((GRACE,), "mlops-org-27")},
    (Someone("7", ADA), Someone("7", SOREN), Someone("8", GRACE), Someone(None, LINUS)),
    (TEACHER,),
    repositories_of(
        [group("7", URL), group("8", OTHER_URL), group("9", "https://github.com/lblumenthal77/exam-project")],
        {"7": "7", "8": "8"},
        common_words(),
    ),
    frozenset([SHA]),
)


def _value(table: Published, name: str, dtype: Any) -> Any:
    values = next(column.values for column in table.table.columns if column.name == name)
    if table.treatment_of[name] is Treatment.ADDRESS:
        return None
    if values:
        return values[0]
    if isinstance(dtype, pl.List):
        return []
    of_type = {pl.String: "x", pl.Int64: 3, pl.Float64: 0.5, pl.Boolean: True, pl.Date: date(2027, 1, 5)}
    return datetime(2027, 1, 20, tzinfo=UTC) if isinstance(dtype, pl.Datetime) else of_type[dtype]


def frame(table: Published, *rows: Mapping[str, Any]) -> pl.DataFrame:
    """Rows of a published table; what is not given is harmless, and `group` is 7."""
    default = {name: _value(table, name, dtype) for name, dtype in table.table.schema.items()} | {"group": "7"}
    return pl.DataFrame([default | dict(row) for row in rows or ({},)], schema=table.table.schema)


def frames(**rows: Mapping[str, Any]) -> dict[str, pl.DataFrame]:
    """All published tables, with a row of group 7 each; `rows` by table."""
    return {table.name: frame(table, rows.get(table.name, {})) for table in PUBLISHED}
