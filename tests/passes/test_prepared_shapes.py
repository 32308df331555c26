"""Shapes of the data's columns under `data.prepare`, with an oracle that knows four steps."""

import pytest
import yaml

from kerasgen.catalog.entries import Catalog, LayerCost, ShapeError, ShapeOracle
from kerasgen.diagnostics import Sink
from kerasgen.frontend.parse.data import parse_data
from kerasgen.ir.model import Constant
from kerasgen.ir.values import TensorSpec
from kerasgen.ir.walks import references_in
from kerasgen.passes.prepared_shapes import shape_preparation, stacked_shape

CATALOG = Catalog(version="", entries={})


class Oracle(ShapeOracle):
    """`Half` halves the width of images, `Hot` makes three numbers of one, ops keep shapes."""

    def __init__(self):
        self.asked = []
        self._shapes = {}

    def enter(self, name, spec):
        self._shapes[name] = spec.shape

    def call(self, call, layer):
        made = layer.definition
        flat = [o for one in call.operands for o in (one if isinstance(one, tuple) else (one,))]
        given = tuple(
            o.value if isinstance(o, Constant) else self._shapes[next(references_in(o)).name]
            for o in flat
        )
        self.asked.append((made.cls, given))
        return (TensorSpec(shape=self._shape(made.cls, given)),)

    def _shape(self, cls, given):
        shape = next(operand for operand in given if isinstance(operand, tuple))
        if cls == "Half":
            if len(shape) != 4:
                raise ShapeError("expected ndim=4")
            return (*shape[:2], shape[2] // 2, shape[3])
        if cls == "Hot":
            return (*shape[:-1], 3)
        if cls == "Wrong":
            raise ShapeError("no such `size`", argument="size", refused=True)
        return shape

    def cost(self, layer):
        return LayerCost(parameters=7, trainable=0, weight_shapes=((7,),), parameter_bytes=28)


def _shaped(data, oracle, sink):
    shaped = shape_preparation(data, CATALOG, oracle, sink)
    assert shaped is not None, sink.diagnostics
    return shaped


def input_shapes(data, oracle, sink):
    return _shaped(data, oracle, sink).inputs


def target_shape(data, oracle):
    (shape,) = _shaped(data, oracle, Sink()).targets.values()
    return shape


@pytest.fixture
def oracle():
    return Oracle()


def _define(text):
    sink = Sink()
    definition = parse_data(yaml.safe_load(text), sink)
    assert definition is not None, sink.diagnostics
    return definition


def _data(features, prepare="{}", facts="{shape: [8, 8, 1]}", target="label"):
    return _define(
        f"{{source: S, features: {features}, target: {target}, task: classification, "
        f"prepare: {prepare}, facts: {facts}}}"
    )


def test_a_declared_shape_goes_through_the_steps_on_inputs(oracle):
    data = _data("image", "{a: Half, b: Half}")
    assert input_shapes(data, oracle, Sink()) == {"input": (8, 2, 1)}


def test_a_made_input_starts_from_the_shape_of_its_source_column(oracle):
    data = _data(
        "{left: left, right: right}",
        "{left: {class: Half, from: image}, right: {class: Half, from: left}}",
    )
    assert input_shapes(data, oracle, Sink()) == {"left": (8, 4, 1), "right": (8, 2, 1)}


def test_a_column_that_replaces_itself_is_followed_once(oracle):
    data = _data("image", "{image: {class: Half, from: image}}")
    assert input_shapes(data, oracle, Sink()) == {"input": (8, 4, 1)}


def test_the_shape_is_unknown_without_facts(oracle):
    assert input_shapes(_data("image", facts="{}"), oracle, Sink()) == {"input": None}


def test_a_shape_of_another_input_says_nothing(oracle):
    facts = "{shape: {other: [8]}}"
    assert input_shapes(_data("image", facts=facts), oracle, Sink()) == {"input": None}


def test_an_encoded_column_widens_a_stacked_input(oracle):
    data = _data("[age, sex]", "{sex: {class: Hot, from: sex}}", "{shape: [2]}")
    assert input_shapes(data, oracle, Sink()) == {"input": (4,)}


def test_an_encoded_column_widens_the_input_of_all_columns(oracle):
    data = _data("all", "{sex: {class: Hot, from: sex}}", "{shape: [9]}")
    assert input_shapes(data, oracle, Sink()) == {"input": (11,)}


@pytest.mark.parametrize("features", ["[age, week, sex]", "all"])
def test_columns_of_several_numbers_are_stacked_with_columns_of_one(features, oracle):
    steps = "{sex: {class: Hot, from: sex}, week: {class: ops.abs, from: week}}"
    data = _data(features, steps, "{shape: [9], column_shape: {week: [7]}}")
    assert input_shapes(data, oracle, Sink()) == {"input": (11,)}


def test_an_encoded_target_does_not_widen_the_input_of_all_columns(oracle):
    data = _data("all", "{label: {class: Hot, from: label}}", "{shape: [9]}")
    assert input_shapes(data, oracle, Sink()) == {"input": (9,)}


def test_a_column_of_one_number_goes_into_a_layer_with_an_axis_and_into_an_op_without(oracle):
    data = _data(
        "x", "{a: {class: Keep, from: x}, b: {class: ops.mod, from: [x, 2]}}", "{shape: [1]}"
    )
    input_shapes(data, oracle, Sink())
    assert oracle.asked == [("Keep", ((None, 1),)), ("ops.mod", ((None,), 2))]


def test_a_target_is_one_number_unless_a_layer_encodes_it(oracle):
    plain = _data("image")
    encoded = _data("image", "{label: {class: Hot, from: label}}")
    assert target_shape(plain, oracle) == ()
    assert target_shape(encoded, oracle) == (3,)


def test_several_labels_a_row_are_as_many_numbers_as_there_are_classes(oracle):
    text = "{{source: S, features: x, target: tags, task: {}, facts: {{shape: [5], classes: 3{}}}}}"
    several, single = (
        _define(text.format("multilabel", "")),
        _define(text.format("classification", "")),
    )
    declared = _define(text.format("multilabel", ", target_shape: [4, 3]"))
    assert target_shape(several, oracle) == (3,)
    assert target_shape(single, oracle) == ()
    assert target_shape(declared, oracle) == (4, 3)


def test_a_shape_that_a_step_cannot_take_is_reported_once(oracle):
    data, sink = _data("image", "{a: Half}", "{shape: [8]}"), Sink()
    input_shapes(data, oracle, sink)
    assert input_shapes(data, oracle, sink) == {"input": None}
    (found,) = sink.diagnostics
    assert (found.code, found.message) == (
        "KG401",
        "`Half` cannot take (None, 8): expected ndim=4",
    )


def test_refused_arguments_are_located_at_the_argument(oracle):
    data, sink = _data("image", "{a: {class: Wrong, size: 3}}"), Sink()
    input_shapes(data, oracle, sink)
    (found,) = sink.diagnostics
    assert (found.code, found.location.key) == ("KG206", "data.prepare.a.size")


@pytest.mark.parametrize(
    ("shapes", "stacked"),
    [
        ([()], (1,)),
        ([(), (), (3,)], (5,)),
        ([(8, 8, 1)], (8, 8, 1)),
        ([(8, 8, 1), (8, 8, 3)], (8, 8, 4)),
        ([(8, 8, 1), ()], None),
        ([(8, 8, 1), (8, 9, 1)], None),
        ([(None,), ()], (None,)),
    ],
)
def test_columns_are_joined_along_their_last_axis(shapes, stacked):
    assert stacked_shape(shapes) == stacked


def test_the_cost_counts_what_the_steps_hold_where_all_shapes_are_known(oracle):
    prepare = "{a: {class: Keep, from: x}, b: Keep}"
    known = _shaped(_data("[x, a]", prepare, "{shape: [2]}"), oracle, Sink())
    assert known.cost.parameters == 14
    assert [layer.name for layer in known.cost.layers] == ["a", "input", "b"]
    assert _shaped(_data("[x, a]", prepare, "{}"), oracle, Sink()).cost is None


def test_a_column_that_a_step_replaces_twice_over_is_told_apart_from_the_source_s(oracle):
    data = _data("all", "{sex: {class: Hot, from: sex}}", "{shape: [9]}")
    specs = _shaped(data, oracle, Sink()).specs
    assert specs["sex"][0].shape == (None,)
    assert specs["sex_1"][0].shape == (None, 3)
    assert specs["all"][0].shape == (None, 8)


def test_a_single_column_that_is_stacked_with_nothing_has_no_stack(oracle):
    shaped = _shaped(
        _data("small", "{small: {class: Half, from: image}, a: Keep}", "{}"), oracle, Sink()
    )
    known = shaped.preparation
    assert known.stacks == {"input": "input"}  # The shape of `image` is not known.

    facts = "{shape: [8, 8, 1]}"
    whole = "{small: {class: Half, from: image}, a: Keep}"
    shaped = _shaped(_data("small", whole, facts), oracle, Sink())
    known = shaped.preparation
    assert known.stacks == {}
    (call,) = (call for call in known.graph.calls if call.name == "a")
    assert [reference.name for reference in references_in(call.operands)] == ["small"]
    assert shaped.inputs == {"input": (8, 4, 1)}
