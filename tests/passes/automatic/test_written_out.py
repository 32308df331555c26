"""What `prepare: auto` stands for, column by column."""

import pytest

from kerasgen.ir.data import ColumnDef
from kerasgen.passes.automatic.column_steps import MOST_KEPT, MOST_PLACES, End, TrainingColumn
from kerasgen.passes.automatic.written_out import write_out

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
        (TrainingColumn(type="sequence", longest=9), ColumnDef(), ["NumberSequence"]),
        (TrainingColumn(type="labels", words=("a", "b")), ColumnDef(), ["MultiHot"]),
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


def test_inputs_that_have_a_name_keep_it():
    columns = {"n": NUMBER, "w": WORDS, "t": TrainingColumn(type="text")}
    found = write_out(columns, {}, {"wide": ("w",), "deep": ("n", "w"), "words": ("t",)})
    assert found.features == {
        "wide": ["w_places"],
        "deep": ["n_scaled", "w_places"],
        "words": ["t_tokens"],
    }
    assert [facts["kind"] for facts in found.inputs.values()] == ["numbers", "numbers", "tokens"]


def test_a_category_that_shares_an_input_has_places_however_many():
    many = TrainingColumn(type="category", words=tuple(f"w{n}" for n in range(MOST_PLACES + 1)))
    found = write_out({"n": NUMBER, "c": many}, {}, {"both": ("n", "c"), "one": ("c",)})
    assert found.features == {"both": ["n_scaled", "c_places"], "one": ["c_places"]}


def test_a_text_cannot_share_an_input():
    found = write_out({"n": NUMBER, "t": TrainingColumn(type="text")}, {}, {"both": ("n", "t")})
    assert found.apart == {"t": "both"}


def test_a_column_that_is_prepared_by_hand_has_no_automatic_steps():
    hand = {"w": End(column="w", kind="index", words=9), "ratio": None}
    found = write_out({"n": NUMBER, "w": WORDS}, {}, None, hand)
    assert list(found.prepare) == ["n_scaled"]
    assert found.features == {"numbers": ["n_scaled", "ratio"], "w": ["w"]}
    assert found.inputs["w"] == {"kind": "index", "words": 9}


def test_a_written_step_stands_in_the_place_of_one_of_its_name():
    many = TrainingColumn(type="category", words=tuple(f"w{n}" for n in range(MOST_PLACES + 1)))
    found = write_out({"n": NUMBER, "c": many}, {}, None, {"c_index": None, "n_scaled": None})
    assert found.features == {"input": ["n_scaled", "c_index"]}


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        (TrainingColumn(type="number", missing=True, rows=0), "no value"),
        (TrainingColumn(type="number", rows=9, low=1.0, high=1.0), "a single value"),
        (TrainingColumn(type="category", rows=9, words=("a",)), "a single value"),
        (TrainingColumn(type="date", missing=True, rows=0), "no value"),
        (
            TrainingColumn(type="category", rows=100, words=tuple(map(str, range(99)))),
            "nearly all different",
        ),
    ],
)
def test_a_column_that_tells_nothing_is_left_out(column, reason):
    found = write_out({"n": NUMBER, "c": column}, {})
    assert reason in found.left_out["c"]
    assert found.features == {"input": ["n_scaled"]}


def test_names_are_a_category_where_that_is_said():
    names = TrainingColumn(type="category", rows=100, words=tuple(map(str, range(99))))
    _, found = _steps(names, ColumnDef(encode="embedding"))
    assert found.inputs == {"c": {"kind": "index", "words": 100}}


def test_of_very_many_words_the_most_frequent_are_kept():
    words = tuple(f"w{n}" for n in range(MOST_KEPT + 5))
    _, found = _steps(TrainingColumn(type="category", rows=10_000, words=words))
    (step,) = found.prepare.values()
    assert step["vocabulary"] == list(words[:MOST_KEPT])


def test_words_may_be_encoded_by_each_target():
    said = {"w": ColumnDef(encode="target")}
    found = write_out({"w": WORDS}, said, targets={"price": None, "kind": 3})
    assert found.prepare["w_by_price"] == {"class": "TargetEncoding", "of": "price", "from": "w"}
    assert found.prepare["w_by_kind"]["classes"] == 3
    assert found.features == {"input": ["w_by_price_scaled", "w_by_kind_scaled"]}


def test_a_sequence_is_as_long_as_is_said_or_as_the_longest():
    column = TrainingColumn(type="sequence", longest=9)
    for said, length in ((ColumnDef(), 9), (ColumnDef(length=4), 4)):
        _, found = _steps(column, said)
        assert found.prepare["c_steps"]["length"] == length
        assert found.inputs == {"c": {"kind": "steps"}}


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("größe", "grosse_scaled"),
        ("Café", "Cafe_scaled"),
        ("年齢", "scaled"),
        ("2 år", "column_2_ar_scaled"),
    ],
)
def test_a_step_has_a_name_of_plain_letters_whatever_its_column_is_called(name, step):
    found = write_out({name: NUMBER}, {name: ColumnDef()})
    assert list(found.prepare) == [step]
    assert found.prepare[step]["from"] == name


def test_an_input_of_its_own_has_a_name_of_plain_letters():
    found = write_out({"kritík": TrainingColumn(type="text")}, {"kritík": ColumnDef()})
    assert list(found.features) == ["kritik"]
