from typing import Any

import pytest

from kerasgen.diagnostics import Diagnostic, Sink
from kerasgen.frontend.parse.model import parse_entries, parse_model, parse_object, parse_value
from kerasgen.frontend.parse.tensors import parse_reference, parse_shape
from kerasgen.ir.model import Constant, Entry, InputDef, ModelDef, TensorRef
from kerasgen.ir.values import ObjectDef


def model(section: Any) -> tuple[ModelDef, list[Diagnostic]]:
    sink = Sink()
    return parse_model(section, "model", sink, name="m"), sink.diagnostics


def entries(section: Any) -> tuple[tuple[Entry, ...], list[Diagnostic]]:
    sink = Sink()
    return parse_entries(section, "model.layers", sink), sink.diagnostics


def refused(section: Any) -> Diagnostic:
    (found,) = model(section)[1]
    return found


def key_of(found: Diagnostic) -> str:
    assert found.location is not None
    return found.location.key


def test_a_bare_string_and_a_mapping_with_a_class_are_objects() -> None:
    (bare, full), found = entries({"a": "Flatten", "b": {"class": "Dense", "units": 3}})
    assert not found
    assert bare.definition == ObjectDef(cls="Flatten", path="model.layers.a", bare=True)
    assert full.definition == ObjectDef(cls="Dense", arguments={"units": 3}, path="model.layers.b")


def test_objects_nest_in_arguments_lists_and_mappings() -> None:
    value = {"class": "A", "b": [{"class": "B"}, 1], "c": {"d": {"class": "D"}}}
    parsed = parse_value(value, "x", Sink())
    assert isinstance(parsed, ObjectDef)
    assert parsed.arguments["b"] == (ObjectDef(cls="B", path="x.b.0"), 1)
    assert parsed.arguments["c"] == {"d": ObjectDef(cls="D", path="x.c.d")}


def test_entries_keep_the_order_in_which_they_were_written() -> None:
    parsed, _ = entries({"z": "A", "a": "B", "m": "C"})
    assert [entry.name for entry in parsed] == ["z", "a", "m"]


def test_the_entries_of_a_list_get_the_names_that_keras_would_give() -> None:
    parsed, _ = entries(["Dense", {"class": "Conv2D", "filters": 3}, "Dense", "layers.Dense"])
    assert [entry.name for entry in parsed] == ["dense", "conv2d", "dense_1", "dense_2"]
    assert parsed[2].path == "model.layers.2"


def test_from_holds_names_outputs_numbers_and_lists() -> None:
    (entry,), found = entries({"a": {"class": "Add", "from": ["x", "y.1", 2, ["z"]]}})
    assert not found
    path = "model.layers.a.from"
    assert entry.takes == (
        TensorRef(name="x", path=f"{path}.0"),
        TensorRef(name="y", index=1, path=f"{path}.1"),
        Constant(value=2, path=f"{path}.2"),
        (TensorRef(name="z", path=f"{path}.3.0"),),
    )


def test_from_may_name_the_arguments_of_the_call() -> None:
    (entry,), _ = entries({"a": {"class": "ops.where", "from": {"condition": "c", "x1": 1}}})
    assert entry.takes == {
        "condition": TensorRef(name="c", path="model.layers.a.from.condition"),
        "x1": Constant(value=1, path="model.layers.a.from.x1"),
    }


def test_with_holds_the_plain_arguments_of_the_call() -> None:
    (entry,), _ = entries({"a": {"class": "MultiHeadAttention", "with": {"training": False}}})
    assert entry.call_arguments == {"training": False}
    assert entry.definition == ObjectDef(cls="MultiHeadAttention", path="model.layers.a")


def test_a_shared_layer_names_the_entry_that_makes_it() -> None:
    (entry,), found = entries({"b": {"is": "a", "from": "right"}})
    assert not found
    assert (entry.definition, entry.reuses) == (None, "a")


def test_a_shared_layer_has_no_arguments_of_its_own() -> None:
    _, (found,) = entries({"b": {"is": "a", "units": 3}})
    assert found.code == "KG307"
    assert key_of(found) == "model.layers.b.units"


def test_an_entry_with_layers_is_a_nested_model() -> None:
    section = {"t": {"class": "Sequential", "from": "left", "layers": {"a": "Flatten"}}}
    (entry,), found = entries(section)
    assert not found
    assert isinstance(entry.definition, ModelDef)
    assert (entry.definition.name, entry.definition.kind) == ("t", "Sequential")
    assert entry.definition.entries[0].path == "model.layers.t.layers.a"


def test_a_model_may_be_an_argument() -> None:
    parsed = parse_value({"layers": {"a": "Flatten"}}, "x.layer", Sink())
    assert isinstance(parsed, ModelDef)
    assert parsed.name == "layer"


@pytest.mark.parametrize("kind", ["Functional", "Model"])
def test_both_words_for_a_functional_model_are_understood(kind: str) -> None:
    assert model({"class": kind, "layers": {"a": "Flatten"}})[0].kind == "Functional"


def test_inputs_are_a_mapping_a_list_or_shapes() -> None:
    layers = {"a": "Flatten"}
    full, _ = model({"layers": layers, "inputs": {"x": {"shape": [2, None], "dtype": "int32"}}})
    assert full.inputs == (
        InputDef(name="x", shape=(2, None), dtype="int32", path="model.inputs.x"),
    )
    named, _ = model({"layers": layers, "inputs": ["x", "y"]})
    assert [(i.name, i.shape) for i in named.inputs] == [("x", None), ("y", None)]
    short, _ = model({"layers": layers, "inputs": {"x": [3]}})
    assert short.inputs[0].shape == (3,)


def test_outputs_are_one_name_a_list_or_a_mapping() -> None:
    layers = {"a": "Flatten"}
    assert model({"layers": layers})[0].outputs is None
    one, _ = model({"layers": layers, "outputs": "a.1"})
    assert one.outputs == TensorRef(name="a", index=1, path="model.outputs")
    several, _ = model({"layers": layers, "outputs": ["a", "b"]})
    assert isinstance(several.outputs, tuple)
    named, _ = model({"layers": layers, "outputs": {"left": "a"}})
    assert named.outputs == {"left": TensorRef(name="a", path="model.outputs.left")}


def test_a_reference_with_a_dot_and_no_number_is_a_name() -> None:
    assert parse_reference("a.b", "p") == TensorRef(name="a.b", path="p")


@pytest.mark.parametrize(
    ("section", "code", "key"),
    [
        ("Dense", "KG204", "model"),
        ({}, "KG203", "model.layers"),
        ({"layers": "Dense"}, "KG204", "model.layers"),
        ({"layers": {"a": None}}, "KG204", "model.layers.a"),
        ({"layers": {"a": 3}}, "KG204", "model.layers.a"),
        ({"layers": {"a": {"units": 3}}}, "KG203", "model.layers.a"),
        ({"layers": {"a": {"class": 3}}}, "KG203", "model.layers.a.class"),
        ({"layers": {"a": {"class": "Dense", "from": []}}}, "KG204", "model.layers.a.from"),
        ({"layers": {"a": {"class": "A", "from": [None]}}}, "KG204", "model.layers.a.from.0"),
        ({"layers": {"a": {"class": "A", "with": 3}}}, "KG204", "model.layers.a.with"),
        ({"layers": {"1a": "Dense"}}, "KG305", "model.layers.1a"),
        ({"layers": {"a/b": "Dense"}}, "KG305", "model.layers.a/b"),
        ({"layer": 1, "layers": {"a": "Dense"}}, "KG107", "model.layer"),
        ({"class": "Sequental", "layers": {"a": "Dense"}}, "KG201", "model.class"),
        ({"layers": {"a": "Dense"}, "inputs": 3}, "KG204", "model.inputs"),
        ({"layers": {"a": "Dense"}, "inputs": {"x": 3}}, "KG204", "model.inputs.x"),
        ({"layers": {"a": "Dense"}, "inputs": {"x": {"shap": 3}}}, "KG107", "model.inputs.x.shap"),
        (
            {"layers": {"a": "Dense"}, "inputs": {"x": {"shape": [0]}}},
            "KG204",
            "model.inputs.x.shape",
        ),
        ({"layers": {"a": "Dense"}, "outputs": 3}, "KG204", "model.outputs"),
        ({"layers": {"a": "Dense"}, "outputs": []}, "KG204", "model.outputs"),
    ],
)
def test_a_wrong_form_is_one_diagnostic_at_its_key(section: Any, code: str, key: str) -> None:
    found = refused(section)
    assert (found.code, key_of(found)) == (code, key)


@pytest.mark.parametrize("word", ["_target_", "type", "cls"])
def test_other_words_for_class_get_the_right_one_proposed(word: str) -> None:
    found = refused({"layers": {"a": {word: "Dense"}}})
    assert found.help == f"write `class` in place of `{word}`"


def test_a_misspelt_kind_of_model_gets_the_right_one_proposed() -> None:
    assert (
        refused({"class": "Sequental", "layers": {"a": "A"}}).help == "did you mean `Sequential`?"
    )


def test_every_mistake_of_a_model_is_reported() -> None:
    _, found = model({"layers": {"a": None, "1b": "X", "c": {"units": 1}}, "outputs": 3})
    assert [d.code for d in found] == ["KG204", "KG305", "KG203", "KG204"]


@pytest.mark.parametrize("shape", [[0], [-1], [1.5], ["a"], [True], 3, "3", {"a": 1}])
def test_what_is_no_shape_is_reported(shape: Any) -> None:
    sink = Sink()
    assert parse_shape(shape, "s", sink) is None
    assert sink.diagnostics[0].code == "KG204"


def test_an_object_must_be_a_name_or_a_mapping() -> None:
    for value in ("", None, 3, [1]):
        sink = Sink()
        assert parse_object(value, "optimizer", sink) is None
        assert sink.diagnostics[0].code == "KG204"
