"""The shape of an input is held against what the data gives, and how it is mended is told."""

import pytest

from kerasgen.diagnostics import Sink
from kerasgen.ir.data import DataDef
from kerasgen.ir.model import InputDef
from kerasgen.ir.values import ObjectDef
from kerasgen.passes.input_specs import infer_inputs


def _told(declared, facts, given):
    data = DataDef(
        source=ObjectDef(cls="Table"),
        features={"numbers": ("age", "city")},
        target={"": "bought"},
        task={"": "classification"},
        facts={"shape": facts},
    )
    item = InputDef(name="numbers", shape=declared, path="model.inputs.numbers")
    sink = Sink()
    specs = infer_inputs((item,), data, {"numbers": given}, "float32", sink)
    return specs, [(d.code, d.message, d.help) for d in sink.diagnostics]


@pytest.mark.parametrize("facts", [(2,), {"numbers": (2,), "note": ()}])
def test_the_shape_of_the_columns_is_told_to_be_that_before_the_preparation(facts):
    specs, ((code, message, hint),) = _told((2,), facts, (5,))
    assert (specs, code) == ({}, "KG402")
    assert message == "the input `numbers` takes (None, 2), and the data gives (None, 5)"
    assert hint is not None
    assert hint.startswith("that is `data.shape`, the shape of the columns before `data.prepare`")


def test_another_shape_is_told_without_a_guess():
    _, ((_, _, hint),) = _told((3,), (2,), (5,))
    assert hint is None


def test_an_input_without_a_shape_takes_what_comes_out_of_the_preparation():
    specs, told = _told(None, (2,), (5,))
    assert (specs["numbers"].shape, told) == ((None, 5), [])
