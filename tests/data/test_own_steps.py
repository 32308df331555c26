"""Steps of our own: what they make of columns, and what is said of them elsewhere."""

import numpy as np
import pytest

from kerasgen.catalog.entries import ShapeError
from kerasgen.data.own_steps import fit_own, restore_own
from kerasgen.ir.values import ObjectDef
from kerasgen.passes.step_shapes import OWN_LEARNED, own_shape
from kerasgen.runtime.step_list import STEPS

AGES = np.array([20, np.nan, 40, 40], dtype="float32")
CITIES = np.array(["Rome", "Bonn", "", "Rome"])

CASES = [
    ("Impute", {}, AGES, [20, 100 / 3, 40, 40]),
    ("Impute", {"strategy": "median"}, AGES, [20, 40, 40, 40]),
    ("Impute", {"strategy": "mode"}, AGES, [20, 40, 40, 40]),
    ("Impute", {"fill": -1.0}, AGES, [20, -1, 40, 40]),
    ("IsMissing", {}, AGES, [0, 1, 0, 0]),
    ("LogScale", {}, np.array([0, np.e - 1, 1 - np.e]), [0, 1, -1]),
    ("Categories", {}, CITIES, [1, 2, 0, 1]),
    ("Categories", {"rare": 2}, CITIES, [1, 0, 0, 1]),
    (
        "Categories",
        {"vocabulary": ("Bonn",), "output": "one_hot"},
        CITIES,
        [[1, 0], [0, 1], [1, 0], [1, 0]],
    ),
    ("DateParts", {}, np.array(["2024-02", "2023-12-31"]), [[2024, 2, 4], [2023, 12, 7]]),
    ("DateParts", {"parts": ("hour",)}, np.array(["2024-02-01T13:05:00", ""]), [[13], [np.nan]]),
    (
        "Tokens",
        {"length": 3},
        np.array(["Free! free tickets", "don't"]),
        [[2, 3, 2], [4, 0, 0]],
    ),
    ("Tokens", {"length": 2, "rare": 2}, np.array(["a b b", "a c"]), [[2, 3], [2, 1]]),
    (
        "MultiHot",
        {"vocabulary": ("a", "b", "c"), "separator": ";"},
        np.array(["b; a", "", "d;c"]),
        [[1, 1, 0], [0, 0, 0], [0, 0, 1]],
    ),
    (
        "NumberSequence",
        {"length": 3, "mean": 1.0, "deviation": 2.0},
        np.array(["[1, 3]", "", "5 7 9 11"]),
        [[[0, 1], [1, 1], [0, 0]], [[0, 0]] * 3, [[2, 1], [3, 1], [4, 1]]],
    ),
    (
        "NumberSequence",
        {"length": 3, "mean": 1.0, "deviation": 2.0},
        np.array([[1.0, 3.0], [5.0, 7.5]]),
        [[[0, 1], [1, 1], [0, 0]], [[2, 1], [3.25, 1], [0, 0]]],
    ),
    ("Ordinal", {"order": ("low", "mid", "high")}, np.array(["mid", "high", "low"]), [0.5, 1, 0]),
]


@pytest.mark.parametrize(("name", "arguments", "column", "made"), CASES)
def test_a_step_makes_of_a_column(name, arguments, column, made):
    step = fit_own(ObjectDef(cls=name, arguments=arguments), {"column": column})
    assert np.allclose(step.apply({"column": column}), made, equal_nan=True)


@pytest.mark.parametrize(("name", "arguments", "column", "made"), CASES)
def test_a_step_is_made_again_of_what_it_has_learned(name, arguments, column, made):
    definition = ObjectDef(cls=name, arguments=arguments)
    learned = fit_own(definition, {"column": column}).learned
    assert np.allclose(restore_own(definition, learned).apply({"column": column[:1]}), made[:1])


@pytest.mark.parametrize(("name", "arguments", "column", "made"), CASES)
def test_the_shape_of_a_step_is_known_without_it(name, arguments, column, made):
    definition = ObjectDef(cls=name, arguments=arguments)
    assert own_shape(definition, [()]) == np.shape(made)[1:]


@pytest.mark.parametrize("name", STEPS)
def test_what_a_step_learns_is_known_without_it(name):
    assert OWN_LEARNED.get(name, ()) == getattr(STEPS[name], "LEARNED", ())


def test_an_unknown_word_is_refused_where_it_must_not_be():
    definition = ObjectDef(
        cls="Categories", arguments={"vocabulary": ("Rome",), "unknown": "error"}
    )
    with pytest.raises(ShapeError, match='"Bonn" in row 2'):
        fit_own(definition, {"c": CITIES}).apply({"c": CITIES})


def test_a_column_without_any_number_cannot_be_filled():
    with pytest.raises(ShapeError, match="all its numbers are missing"):
        fit_own(ObjectDef(cls="Impute"), {"c": np.full(3, np.nan)})


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("Impute", {"strategy": "max"}, "no way to fill"),
        ("Categories", {"output": "onehot"}, "`output` is"),
        ("Categories", {"vocabulary": ("a", "a")}, "stands twice"),
        ("Categories", {"vocabulary": "red"}, "expected a list"),
        ("Categories", {"most": 0}, "`most` is 0"),
        ("Ordinal", {"order": ("a", "a")}, "stands twice"),
        ("DateParts", {"parts": ("yeer",)}, "no part `yeer`"),
        ("Tokens", {"tokens": 1}, "at the least"),
        ("Tokens", {"length": 0}, "at the least"),
        ("MultiHot", {"separator": ""}, "`separator` is empty"),
        ("NumberSequence", {"length": 0}, "`length` is below 1"),
        ("TargetEncoding", {"of": "y", "smooth": 0.0}, "`smooth` is above 0"),
    ],
)
def test_a_step_refuses_its_arguments(name, arguments, words):
    with pytest.raises(ShapeError, match=words) as caught:
        fit_own(ObjectDef(cls=name, arguments=arguments), {"c": CITIES})
    assert caught.value.refused


@pytest.mark.parametrize("name", ["Impute", "IsMissing", "LogScale"])
def test_words_are_no_numbers(name):
    definition = ObjectDef(cls=name)
    with pytest.raises(ShapeError, match="holds words"):
        fit_own(definition, {"c": CITIES}).apply({"c": CITIES})


def test_a_number_is_the_same_word_whatever_stands_beside_it():
    vocabulary = {"vocabulary": ("1", "2", "3")}
    step = fit_own(ObjectDef(cls="Categories", arguments=vocabulary), {"c": np.ones(1)})
    assert step.apply({"c": np.array([1.0, 2.0])}).tolist() == [1, 2]
    assert step.apply({"c": np.array([1.0, 2.0, 2.5, np.nan])}).tolist() == [1, 2, 0, 0]


def test_the_parts_of_a_date_are_known_without_the_step():
    from kerasgen.frontend.parse.columns import DATE_PARTS as WRITTEN
    from kerasgen.passes.step_shapes import USUAL_PARTS as KNOWN
    from kerasgen.runtime.date_steps import DATE_PARTS, USUAL_PARTS

    assert tuple(DATE_PARTS) == WRITTEN
    assert USUAL_PARTS == KNOWN


def test_labels_are_learned_in_the_order_of_how_often_they_come():
    cells = np.array(["b c", "c", "a c", "b"])
    step = fit_own(ObjectDef(cls="MultiHot", arguments={"separator": " ", "rare": 2}), {"c": cells})
    assert step.learned["vocabulary"].tolist() == ["c", "b"]


def test_a_sequence_is_scaled_by_all_its_numbers_and_as_long_as_the_longest():
    cells = np.array(["1 2 3", "4"])
    step = fit_own(ObjectDef(cls="NumberSequence"), {"c": cells})
    made = step.apply({"c": cells})
    assert made.shape == (2, 3, 2)
    numbers = made[..., 0][made[..., 1] == 1]
    assert np.allclose([numbers.mean(), numbers.std()], [0, 1], atol=1e-6)


def test_a_cell_that_is_no_list_of_numbers_is_refused():
    cells = np.array(["1 2", "3 x"])
    with pytest.raises(ShapeError, match='"3 x" in row 2'):
        fit_own(ObjectDef(cls="NumberSequence"), {"c": cells})


WORDS = np.random.default_rng(0).choice(["a", "b", "c", "d"], 60)
AIMS = np.random.default_rng(1).normal(size=60)
KINDS = np.random.default_rng(2).integers(0, 3, 60)


def _encoding(**arguments):
    return ObjectDef(cls="TargetEncoding", arguments={"of": "y", **arguments})


def test_words_are_encoded_by_a_number_as_scikit_learn_does():
    from sklearn.preprocessing import TargetEncoder

    step = fit_own(_encoding(smooth=4.0), {"c": WORDS}, AIMS)
    asked = np.array(["a", "b", "c", "d", "strange"])
    plain = TargetEncoder(smooth=4.0, target_type="continuous").fit(WORDS[:, None], AIMS)
    assert np.allclose(step.apply({"c": asked}), plain.transform(asked[:, None])[:, 0])


def test_words_are_encoded_by_the_share_of_each_class_as_scikit_learn_does():
    from sklearn.preprocessing import TargetEncoder

    step = fit_own(_encoding(classes=3), {"c": WORDS}, KINDS)
    plain = TargetEncoder(smooth=10.0, target_type="multiclass").fit(WORDS[:, None], KINDS)
    assert np.allclose(step.apply({"c": WORDS}), plain.transform(WORDS[:, None]))
    assert own_shape(_encoding(classes=3), [()]) == (3,)


def test_a_row_that_is_learned_from_is_not_told_its_own_target():
    step = fit_own(_encoding(folds=5), {"c": WORDS}, AIMS)
    for row in (0, 7):
        others = np.arange(60) % 5 != row % 5
        alike = others & np.equal(WORDS, WORDS[row])
        mean = AIMS[others].mean()
        wanted = (AIMS[alike].sum() + 10 * mean) / (alike.sum() + 10)
        assert step.of_training[row] == pytest.approx(wanted)
    changed = AIMS.copy()
    changed[7] += 1000
    again = fit_own(_encoding(folds=5), {"c": WORDS}, changed)
    assert again.of_training[7] == pytest.approx(step.of_training[7])


def test_an_encoding_is_made_again_of_what_it_has_learned():
    step = fit_own(_encoding(), {"c": WORDS}, AIMS)
    again = restore_own(_encoding(), step.learned)
    assert np.array_equal(again.apply({"c": WORDS}), step.apply({"c": WORDS}))


def test_words_are_encoded_by_one_number_a_row_alone():
    with pytest.raises(ShapeError, match="a number or a class"):
        fit_own(_encoding(), {"c": WORDS}, np.ones((60, 2)))
