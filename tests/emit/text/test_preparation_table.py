"""The table of a preparation: columns, steps, and what the model gets."""

import yaml

from kerasgen.catalog.entries import Catalog, LayerCost, ShapeOracle
from kerasgen.diagnostics import Sink
from kerasgen.emit.text.preparation_table import preparation_table
from kerasgen.frontend.parse.data import parse_data
from kerasgen.ir.values import TensorSpec
from kerasgen.passes.prepared_shapes import shape_preparation


class Oracle(ShapeOracle):
    """Every step makes four numbers, and holds three."""

    def enter(self, name, spec):
        pass

    def call(self, call, layer):
        return (TensorSpec(shape=(None, 4)),)

    def cost(self, layer):
        return LayerCost(parameters=3, trainable=0, weight_shapes=((3,),), parameter_bytes=12)


def _table(facts):
    text = (
        "{source: S, features: [age, sex], target: label, task: classification, "
        f"prepare: {{sex: {{class: Hot, from: [sex, 2]}}}}, facts: {facts}}}"
    )
    sink = Sink()
    data = parse_data(yaml.safe_load(text), sink)
    assert data is not None, sink.diagnostics
    shaped = shape_preparation(data, Catalog(version="", entries={}), Oracle(), sink)
    assert shaped is not None, sink.diagnostics
    return preparation_table(shaped)


def test_every_column_and_step_has_a_line() -> None:
    assert _table("{shape: [2]}") == (
        "column  class        from        shape      parameters\n"
        "sex     column       -           (None,)             -\n"
        "age     column       -           (None,)             -\n"
        "label   column       -           (None,)             -\n"
        "sex_1   Hot          sex, 2      (None, 4)           3\n"
        "input   Concatenate  age, sex_1  (None, 5)           0\n"
        "\n"
        "             from   shape\n"
        "input input  input  (None, 5)\n"
        "target       label  (None,)"
    )


def test_what_the_facts_do_not_tell_is_said_to_be_unknown() -> None:
    lines = _table("{}").splitlines()
    assert "sex_1   Hot          sex, 2      not known   not known" in lines
    assert "input input  input  not known" in lines
