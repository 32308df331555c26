"""The rows of the worst predictions: what is a text, what a number, what a word."""

import numpy as np
import pytest

from kerasgen.emit.page.blocks import Cards, Table
from kerasgen.run.page.opened_rows import OpenedRows
from kerasgen.run.page.outcomes import Outcome
from kerasgen.run.page.worst_rows import worst_rows

LONG = "a message that is longer than what stands in a table among numbers and words"


def opened(texts: frozenset[str], **columns: list[object]) -> OpenedRows:
    return OpenedRows(
        columns={name: np.array(column, dtype=object) for name, column in columns.items()},
        places=None,
        shown=tuple(columns),
        ranges={},
        time="",
        series="",
        texts=texts,
    )


@pytest.fixture
def outcome() -> Outcome:
    """Three rows of numbers, the last the worst."""
    true = np.array([1.0, 2.0, 30_000.0])
    return Outcome(
        name="value",
        title="",
        target="price",
        coding="amounts",
        classes=(),
        true=true,
        predicted=true * 1.5,
        rows=np.arange(3),
    )


def test_a_short_text_stands_where_the_long_ones_of_its_column_do(outcome: Outcome) -> None:
    found = worst_rows(outcome, opened(frozenset({"text"}), text=[LONG, "no", "yes"]))
    assert isinstance(found, Cards)
    assert [card.text for card in found.cards] == ["yes", "no", LONG]
    assert all("text" not in card.facts for card in found.cards)


def test_numbers_of_a_table_of_rows_stand_below_one_another(outcome: Outcome) -> None:
    data = opened(frozenset(), cut=["Fair", "Good", "Good"], carat=[0.5, float("nan"), 2.25])
    found = worst_rows(outcome, data)
    assert isinstance(found, Table)
    assert found.head == ("row", "true", "predicted", "off by", "cut", "carat")
    assert found.rows[0] == ("2", "30,000", "45,000", "15,000", "Good", "2.25")
    assert found.numbers == {0, 1, 2, 3, 5}
