"""Shapes of the data's columns under `data.prepare`, with an oracle that knows three steps."""

import pytest
import yaml

from kerasgen.catalog.entries import ShapeError
from kerasgen.diagnostics import Sink
from kerasgen.frontend.parse.data import parse_data
from kerasgen.passes.preparation import (
    check_preparation,
    input_shapes,
    source_column,
    stacked_shape,
    target_shape,
)


class Oracle:
    """`Half` halves the width of images, `Hot` makes three numbers of one, ops keep shapes."""

    def __init__(self):
        self.asked = []

    def prepared(self, made, *operands):
        self.asked.append((made.cls, operands))
        shape = next(operand for operand in operands if isinstance(operand, tuple))
        if made.cls == "Half":
            if len(shape) != 4:
                raise ShapeError("expected ndim=4")
            return (*shape[:2], shape[2] // 2, shape[3])
        if made.cls == "Hot":
            return (*shape[:-1], 3)
        if made.cls == "Wrong":
            raise ShapeError("no such `size`", argument="size", refused=True)
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
    assert source_column("right", data) == "image"
    assert input_shapes(data, oracle, Sink()) == {"left": (8, 4, 1), "right": (8, 2, 1)}


def test_a_column_that_replaces_itself_is_followed_once(oracle):
    data = _data("image", "{image: {class: Half, from: image}}")
    assert source_column("image", data) == "image"
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
    assert target_shape(plain, "label", oracle, Sink()) == ()
    assert target_shape(encoded, "label", oracle, Sink()) == (3,)


def test_several_labels_a_row_are_as_many_numbers_as_there_are_classes(oracle):
    text = "{{source: S, features: x, target: tags, task: {}, facts: {{shape: [5], classes: 3{}}}}}"
    several, single = (
        _define(text.format("multilabel", "")),
        _define(text.format("classification", "")),
    )
    declared = _define(text.format("multilabel", ", target_shape: [4, 3]"))
    assert target_shape(several, "tags", oracle, Sink()) == (3,)
    assert target_shape(single, "tags", oracle, Sink()) == ()
    assert target_shape(declared, "tags", oracle, Sink()) == (4, 3)


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


def test_a_column_may_end_in_a_point_and_digits(oracle):
    data = _data("x.1", "{x: {class: ops.abs, from: x.1}}", "{shape: [1]}")
    assert source_column("x", data) == "x.1"
