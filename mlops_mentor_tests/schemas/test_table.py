"""Tables: what fits a schema, and that everything which does not is named."""

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_mentor.errors import LakeError
from mlops_mentor.schemas import TABLES, Column, Table, empty, problems, validate
from mlops_mentor.schemas.table import GROUP_ID, TEXT_LIST, count

MakeFrame = Callable[..., pl.DataFrame]
TABLE = Table(
    "things",
    "Things.",
    (
        GROUP_ID,
        count("size", "How big."),
        Column("share", pl.Float64, "Of all.", minimum=0, maximum=1),
        Column("kind", pl.String, "What.", is_required=True, values=("a", "b")),
        Column("tags", TEXT_LIST, "More."),
    ),
    key=("group_id", "size"),
    version="1",
)
GOOD: dict[str, Any] = {"group_id": "1", "size": 1, "share": 0.5, "kind": "a", "tags": ["x"]}


def _frame(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([GOOD | row for row in rows], schema=TABLE.schema)


def test_a_frame_that_fits_is_returned_as_it_is() -> None:
    frame = _frame({}, {"size": None, "share": None, "tags": None})
    assert validate(TABLE, frame).equals(frame)
    assert problems(TABLE, frame) == []


def test_bounds_themselves_fit() -> None:
    assert problems(TABLE, _frame({"size": 0, "share": 0.0}, {"share": 1.0})) == []


def test_columns_in_another_order_do_not_fit() -> None:
    shuffled = _frame({}).select("tags", "kind", "share", "size", "group_id")
    with pytest.raises(LakeError, match="table things: columns are in another order"):
        validate(TABLE, shuffled)


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([{"group_id": None}], "group_id: 1 values are missing"),
        ([{"kind": None}, {"size": 2, "kind": None}], "kind: 2 values are missing"),
        ([{"size": -1}], "size: below 0"),
        ([{"share": -0.1}], "share: below 0"),
        ([{"share": 1.1}], "share: above 1"),
        ([{"share": float("nan")}], "share: above 1"),
        ([{"kind": "c"}], "kind: not one of a, b"),
        ([{}, {}], "group_id, size: values occur more than once"),
    ],
)
def test_a_value_that_does_not_fit_names_its_column(rows: list[dict[str, Any]], problem: str) -> None:
    assert problems(TABLE, _frame(*rows)) == [problem]


def test_every_problem_is_named_at_once() -> None:
    with pytest.raises(LakeError) as error:
        validate(TABLE, _frame({"size": -1, "share": 2.0, "kind": "c", "group_id": None}))
    assert str(error.value) == (
        "table things: group_id: 1 values are missing; size: below 0; share: above 1; kind: not one of a, b"
    )


def test_every_problem_of_the_columns_is_named_at_once() -> None:
    wrong = _frame({}).drop("share").with_columns(pl.col("size").cast(pl.String), more=pl.lit(1))
    found = problems(TABLE, wrong)
    assert [text.split(":")[0] for text in found] == ["share", "more", "size"]
    assert "String" in found[2]
    assert "Int64" in found[2]


@pytest.mark.parametrize(("num_rows", "fits"), [(0, False), (1, True), (2, False)])
def test_a_table_of_one_row_has_one_row(num_rows: int, fits: bool) -> None:
    table = Table("one", "One.", (GROUP_ID,), key=(), version="1", is_one_row=True)
    frame = pl.DataFrame({"group_id": ["1"] * num_rows}, schema=table.schema)
    assert (problems(table, frame) == []) is fits


def test_a_table_without_a_key_may_repeat_itself() -> None:
    table = Table("bag", "Bag.", (GROUP_ID,), key=(), version="1")
    assert problems(table, pl.DataFrame({"group_id": ["1", "1"]})) == []


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "group_id": st.sampled_from(["1", "2", None]),
                "size": st.sampled_from([-1, 0, 3, None]),
                "share": st.sampled_from([-0.5, 0.0, 1.0, 1.5, None]),
                "kind": st.sampled_from(["a", "b", "c", None]),
                "tags": st.just([]),
            }
        ),
        max_size=4,
    )
)
@settings(derandomize=True, deadline=None)
def test_a_frame_fits_exactly_when_every_row_does(rows: list[dict[str, Any]]) -> None:
    is_good = all(
        row["group_id"] is not None
        and (row["size"] is None or row["size"] >= 0)
        and (row["share"] is None or 0 <= row["share"] <= 1)
        and row["kind"] in ("a", "b")
        for row in rows
    )
    keys = [(row["group_id"], row["size"]) for row in rows]
    fits = problems(TABLE, pl.DataFrame(rows, schema=TABLE.schema)) == []
    assert fits == (is_good and len(set(keys)) == len(keys))


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_table_is_declared_soundly(table: Table, make_frame: MakeFrame) -> None:
    names = table.schema.names()
    assert len(names) == len(table.columns), "a name occurs twice"
    assert set(table.key) <= set(names)
    assert all(column.is_required for column in table.columns if column.name in table.key)
    assert all(column.description.endswith(".") for column in table.columns)
    assert not table.is_by_group or "group_id" in names
    assert empty(table).schema == table.schema
    assert make_frame(table, {}).height == 1


def test_names_of_tables_are_unique() -> None:
    assert len({table.name for table in TABLES}) == len(TABLES)
