"""What `prepare: auto` stands for, column by column."""

import pytest

from kerasgen.ir.data import ColumnDef
from kerasgen.passes.automatic_preparation import MOST_PLACES, TrainingColumn, write_out

NUMBER = TrainingColumn(type="number", low=2.0, high=6.0)
WORDS = TrainingColumn(type="category", words=("b", "a"))


def _steps(column, said=None):
    found = write_out({"c": column}, {"c": said or ColumnDef()})
    return {name: step["class"] for name, step in found.prepare.items()}, found


@pytest.mark.parametrize(
    ("column", "said", "classes"),
    [
        (NUMBER, ColumnDef(), ["Normalization"]),
        (NUMBER, ColumnDef(scale="none"), []),
        (NUMBER, ColumnDef(scale="log"), ["LogScale", "Normalization"]),
        (NUMBER, ColumnDef(scale="minmax"), ["Rescaling"]),
        (NUMBER, ColumnDef(missing="median"), ["Impute", "Normalization"]),
        (NUMBER, ColumnDef(missing=0), ["Impute", "Normalization"]),
        (NUMBER, ColumnDef(missing="indicator"), ["Impute", "IsMissing", "Normalization"]),
        (NUMBER, ColumnDef(missing="error"), ["Normalization"]),
        (WORDS, ColumnDef(), ["Categories"]),
        (WORDS, ColumnDef(type="ordinal", order=("a", "b")), ["Categories"]),
        (TrainingColumn(type="ordinal"), ColumnDef(order=("a", "b")), ["Ordinal"]),
        (TrainingColumn(type="date"), ColumnDef(), ["DateParts", "Normalization"]),
        (
            TrainingColumn(type="date", missing=True),
            ColumnDef(),
            ["DateParts", "Impute", "Normalization"],
        ),
        (TrainingColumn(type="text"), ColumnDef(), ["Tokens"]),
        (TrainingColumn(type="image", high=255.0), ColumnDef(), ["Rescaling"]),
        (TrainingColumn(type="image", high=1.0), ColumnDef(), []),
        (TrainingColumn(type="sequence"), ColumnDef(), []),
    ],
)
def test_a_column_gets_the_steps_of_its_type(column, said, classes):
    steps, _ = _steps(column, said)
    assert list(steps.values()) == classes


def test_a_number_between_bounds_is_brought_to_0_and_1():
    _, found = _steps(NUMBER, ColumnDef(scale="minmax"))
    (step,) = found.prepare.values()
    assert [2 * step["scale"] + step["offset"], 6 * step["scale"] + step["offset"]] == [0, 1]


def test_a_category_of_many_words_goes_in_alone_as_an_index():
    many = TrainingColumn(type="category", words=tuple(f"w{n}" for n in range(MOST_PLACES + 1)))
    _, found = _steps(many)
    assert found.features == {"c": ["c_index"]}
    assert found.inputs == {"c": {"kind": "index", "words": MOST_PLACES + 2}}
    _, written = _steps(WORDS, ColumnDef(encode="embedding"))
    assert written.inputs == {"c": {"kind": "index", "words": 3}}


def test_numbers_and_places_are_stacked_beside_what_goes_in_alone():
    found = write_out({"n": NUMBER, "w": WORDS, "t": TrainingColumn(type="text")}, {})
    assert found.features == {"numbers": ["n_scaled", "w_places"], "t": ["t_tokens"]}
    assert [facts["kind"] for facts in found.inputs.values()] == ["numbers", "tokens"]


def test_a_step_takes_no_name_of_a_column():
    found = write_out({"n": NUMBER, "n_scaled": NUMBER}, {})
    assert list(found.prepare) == ["n_scaled_2", "n_scaled_scaled"]
