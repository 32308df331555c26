"""The graph that is made of `data.prepare`: names, stacks and ends; what its entries may be."""

import pytest
import yaml

from kerasgen.catalog.entries import Catalog
from kerasgen.diagnostics import Sink
from kerasgen.frontend.parse.data import parse_data
from kerasgen.ir.model import TensorRef
from kerasgen.ir.walks import references_in
from kerasgen.passes.columns import infer_schema
from kerasgen.passes.preparation import check_preparation, wire_preparation

CATALOG = Catalog(version="", entries={})


def _data(features, prepare="{}", target="label", facts="{}"):
    sink = Sink()
    text = (
        f"{{source: S, features: {features}, target: {target}, task: classification, "
        f"prepare: {prepare}, facts: {facts}}}"
    )
    definition = parse_data(yaml.safe_load(text), sink)
    assert definition is not None, sink.diagnostics
    return definition


def _wired(data, names=None):
    sink = Sink()
    preparation = wire_preparation(data, infer_schema(data, names), CATALOG, sink)
    assert preparation is not None, sink.diagnostics
    return preparation


def _calls(preparation):
    return {
        call.name: [reference.name for reference in references_in(call.operands)]
        for call in preparation.graph.calls
    }


def test_a_step_takes_the_source_s_column_and_gives_the_one_of_its_name():
    preparation = _wired(_data("word", "{word: {class: A, from: word}, w: {class: B, from: word}}"))
    assert [item.name for item in preparation.graph.inputs] == ["word", "label"]
    assert _calls(preparation) == {"word_1": ["word"], "w": ["word_1"], "input": ["word_1"]}
    assert preparation.steps["word_1"].name == "word"
    assert preparation.stacks == {"input": "input"}


def test_a_step_without_from_has_a_layer_of_its_own_for_every_input():
    preparation = _wired(
        _data("{left: a, right: b}", "{scale: A, turn: B}", facts="{shape: [8, 8, 1]}")
    )
    assert _calls(preparation) == {
        "scale_left": ["a"],
        "scale_right": ["b"],
        "turn_left": ["scale_left"],
        "turn_right": ["scale_right"],
    }
    assert preparation.inputs["right"].name == "turn_right"
    assert len(preparation.graph.layers) == 4


def test_columns_are_stacked_in_the_order_of_the_source_once_they_are_known():
    data = _data("all", "{b: {class: A, from: b}}")
    assert _calls(_wired(data, ("a", "b", "label", "c")))["input"] == ["a", "b_1", "c"]


def test_columns_that_go_in_as_they_are_stand_together_as_long_as_they_are_not_known():
    data = _data("[a, b, c, d]", "{c: {class: A, from: c}}", facts="{shape: [4]}")
    assert _calls(_wired(data))["input"] == ["a … b", "c_1", "d"]


def test_without_steps_there_is_a_graph_too():
    preparation = _wired(_data("image", facts="{shape: [8, 8, 1]}"))
    assert preparation.graph.calls == ()
    assert preparation.inputs == {"input": TensorRef(name="image", path="data.source")}
    assert preparation.targets == {"": TensorRef(name="label", path="data.source")}


def test_a_step_that_nothing_takes_is_carried_out():
    preparation = _wired(_data("image", "{unused: {class: A, from: image}}"))
    assert preparation.graph.outputs["unused"].name == "unused"


def test_an_input_and_a_target_of_one_name_come_out_apart():
    preparation = _wired(_data("{digit: image}", target="{digit: label}"))
    assert list(preparation.graph.outputs) == ["digit", "target digit"]


@pytest.mark.parametrize(
    ("prepare", "key"),
    [
        ("{a: Half, b: {is: a, from: image}}", "data.prepare.b"),
        ("{a: {from: image, layers: {x: Half}}}", "data.prepare.a"),
        ("{a: {class: ops.mod, from: {x1: label, x2: 2}}}", "data.prepare.a.from"),
        ("{a: {class: Add, from: [[image, image]]}}", "data.prepare.a.from"),
        ("{a: {class: ops.abs, from: 3}}", "data.prepare.a.from"),
        ("{label: Hot}", "data.prepare.label"),
    ],
)
def test_forms_that_only_a_model_can_have_are_refused(prepare, key):
    sink = Sink()
    check_preparation(_data("image", prepare), sink)
    assert [(found.code, found.location.key) for found in sink.diagnostics] == [("KG307", key)]


def test_a_step_on_inputs_named_like_a_target_is_suspected():
    sink = Sink()
    prepare = "{label: {class: CategoryEncoding, num_tokens: 10}}"
    check_preparation(_data("image", prepare), sink)
    assert [(found.code, found.help) for found in sink.diagnostics] == [
        ("KG307", "write `from: label`, or give the step another name")
    ]
