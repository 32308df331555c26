"""Steps that learn: fitted on one batch or several, and made again of what they have learned."""

import numpy as np
import pytest

from kerasgen.catalog.entries import ShapeError
from kerasgen.ir.graph import Call
from kerasgen.ir.model import TensorRef
from kerasgen.ir.values import ObjectDef
from kerasgen.passes.preparation import learned_definition
from kerasgen.runtime.columns import in_batches

RNG = np.random.default_rng(7)
NUMBERS = RNG.normal(3, 5, (900, 4)).astype("float32")
IMAGES = RNG.integers(0, 255, (60, 4, 4, 2)).astype("uint8")
WORDS = RNG.choice(["red", "green", "blue", "éclair", ""], (900, 1), p=[0.4, 0.3, 0.15, 0.1, 0.05])
KEYS = RNG.choice([7, 11, -3, 900], (900, 1), p=[0.4, 0.3, 0.2, 0.1])
LINES = np.array([[f"{a[0]} and {b[0]}!"] for a, b in zip(WORDS, WORDS[::-1], strict=True)])

LAYERS = {
    "normalization": ("Normalization", {}, NUMBERS),
    "normalization of all": ("Normalization", {"axis": None}, NUMBERS),
    "normalization of channels": ("Normalization", {}, IMAGES),
    "inverse normalization": ("Normalization", {"invert": True}, NUMBERS),
    "words": ("StringLookup", {}, WORDS),
    "words as flags": ("StringLookup", {"output_mode": "one_hot", "max_tokens": 3}, WORDS),
    "words masked": ("StringLookup", {"mask_token": "", "num_oov_indices": 2}, WORDS),
    "words weighed": ("StringLookup", {"output_mode": "tf_idf"}, WORDS),
    "keys": ("IntegerLookup", {}, KEYS),
    "keys weighed": ("IntegerLookup", {"output_mode": "tf_idf", "max_tokens": 4}, KEYS),
    "text": ("TextVectorization", {"output_sequence_length": 4}, LINES),
    "text weighed": (
        "TextVectorization",
        {"output_mode": "tf_idf", "max_tokens": 9, "pad_to_max_tokens": True},
        LINES,
    ),
}
BINS = ("Discretization", {"num_bins": 5}, NUMBERS)
CALL = Call(name="step", layer="step", operands=(TensorRef(name="x"),))


@pytest.fixture
def preprocessing(engine):
    from kerasgen.engines.keras3 import preprocessing

    return preprocessing


def _definition(name):
    cls, arguments, values = LAYERS[name]
    return ObjectDef(cls=cls, arguments=arguments), values


def _batches(values, count):
    # The parts differ in length, as a last batch does.
    return [{"x": part} for part in np.array_split(values, count)]


def _applied(step, values):
    return in_batches(lambda x: step.apply({"x": x}), values)


@pytest.mark.parametrize("name", LAYERS)
def test_several_batches_teach_what_one_teaches(preprocessing, catalog, name):
    definition, values = _definition(name)
    one = preprocessing.fit_step(definition, CALL, _batches(values, 1), catalog).learned
    several = preprocessing.fit_step(definition, CALL, iter(_batches(values, 7)), catalog).learned
    assert one.keys() == several.keys() != set()
    for argument, array in one.items():
        if array.dtype.kind == "f":
            np.testing.assert_allclose(several[argument], array, rtol=2e-5, atol=2e-5)
        else:
            np.testing.assert_array_equal(several[argument], array)


def test_boundaries_learned_of_several_batches_are_near_those_of_one(preprocessing, catalog):
    cls, arguments, values = BINS
    definition = ObjectDef(cls=cls, arguments=arguments)
    one = preprocessing.fit_step(definition, CALL, _batches(values, 1), catalog).learned
    several = preprocessing.fit_step(definition, CALL, _batches(values, 4), catalog).learned
    ranks = [
        np.searchsorted(np.sort(values.ravel()), learned["bin_boundaries"]) / values.size
        for learned in (one, several)
    ]
    # Each batch is summed up to within one part in a hundred of its rows.
    np.testing.assert_allclose(*ranks, atol=0.03)


@pytest.mark.parametrize("name", [*LAYERS, "bins"])
def test_a_step_made_of_what_was_learned_gives_the_same_numbers(preprocessing, catalog, name):
    cls, arguments, values = LAYERS.get(name, BINS)
    definition = ObjectDef(cls=cls, arguments=arguments)
    fitted = preprocessing.fit_step(definition, CALL, _batches(values[:50], 1), catalog)
    again = preprocessing.restore_step(definition, CALL, fitted.learned, catalog)
    before, after = _applied(fitted, values), _applied(again, values)
    assert before.dtype == after.dtype
    np.testing.assert_array_equal(before, after)


def test_a_step_that_is_given_what_it_would_learn_learns_nothing(preprocessing, catalog):
    definition = ObjectDef(cls="Normalization", arguments={"mean": 1.0, "variance": 4.0})
    fitted = preprocessing.fit_step(definition, CALL, _batches(NUMBERS, 1), catalog)
    assert fitted.learned == {}
    np.testing.assert_allclose(_applied(fitted, NUMBERS), (NUMBERS - 1) / 2, rtol=1e-6)


def test_rows_that_no_step_can_learn_of_are_refused(preprocessing, catalog):
    with pytest.raises(ShapeError, match=r".+"):
        preprocessing.fit_step(ObjectDef(cls="Normalization"), CALL, [{"x": WORDS}], catalog)


def test_what_was_learned_stands_as_arguments_of_the_step():
    written = learned_definition(
        ObjectDef(cls="Discretization", arguments={"num_bins": 3, "output_mode": "int"}),
        {"bin_boundaries": [0.5, 1.5]},
    )
    assert written.arguments == {"output_mode": "int", "bin_boundaries": (0.5, 1.5)}
