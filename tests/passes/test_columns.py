"""The schema that a config tells of its data: columns, their roles, types and shapes."""

import json

import pytest
import yaml
from call_counts import counted

from kerasgen.diagnostics import Sink
from kerasgen.frontend.parse.data import parse_data
from kerasgen.ir.schema import schema_of, schema_tree
from kerasgen.passes.columns import infer_schema, source_column

NAMES = ("age", "sex", "note", "label")


def _data(features, prepare="{}", rest="target: label, task: classification", facts="{}"):
    sink = Sink()
    text = f"{{source: S, features: {features}, prepare: {prepare}, {rest}, facts: {facts}}}"
    definition = parse_data(yaml.safe_load(text), sink)
    assert definition is not None, sink.diagnostics
    return definition


def _roles(schema):
    return {name: column.roles for name, column in schema.columns.items()}


def test_columns_are_features_targets_or_ignored():
    schema = infer_schema(_data("[age, sex]"), NAMES)
    assert _roles(schema) == {
        "age": ("feature",),
        "sex": ("feature",),
        "note": ("ignored",),
        "label": ("target",),
    }
    assert schema.read == ("age", "sex", "label")


def test_a_column_has_the_role_of_what_steps_make_of_it():
    schema = infer_schema(
        _data("hot", "{half: {class: A, from: sex}, hot: {class: B, from: [half, age]}}"), NAMES
    )
    assert _roles(schema)["sex"] == _roles(schema)["age"] == ("feature",)


def test_a_column_may_have_two_roles():
    rest = "target: age, task: regression"
    assert _roles(infer_schema(_data("age", rest=rest)))["age"] == ("feature", "target")


def test_a_column_that_steps_take_for_nothing_is_read_and_has_no_role():
    schema = infer_schema(_data("age", "{unused: {class: A, from: note}}"), NAMES)
    assert _roles(schema)["note"] == ()
    assert schema.read == ("age", "note", "label")


def test_all_stands_for_the_columns_that_are_no_target_once_they_are_known():
    data = _data("[all, extra]", "{extra: {class: A, from: age}}")
    assert infer_schema(data).features == {"input": ("all", "extra")}
    assert infer_schema(data).read is None
    known = infer_schema(data, NAMES)
    assert known.features == {"input": ("age", "sex", "note", "extra")}
    assert known.complete
    assert known.read == NAMES


def test_a_column_that_is_called_all_is_itself():
    assert infer_schema(_data("all"), ("all", "label")).features == {"input": ("all",)}


@pytest.mark.parametrize(
    ("task", "prepare", "type_"),
    [
        ("classification", "{}", "category"),
        ("multilabel", "{}", "labels"),
        ("regression", "{}", "number"),
        ("classification", "{label: {class: CategoryEncoding, from: label}}", "category"),
        ("classification", "{label: {class: Discretization, from: label}}", None),
    ],
)
def test_a_target_is_what_its_task_says_unless_a_step_makes_it(task, prepare, type_):
    schema = infer_schema(_data("age", prepare, f"target: label, task: {task}"))
    assert schema.columns["label"].type == type_
    assert schema.class_indices == ({"label": ""} if type_ == "category" else {})


@pytest.mark.parametrize(
    ("features", "facts", "shapes"),
    [
        ("age", "{shape: [1]}", {"age": (), "label": ()}),
        ("age", "{shape: [8, 8, 1]}", {"age": (8, 8, 1), "label": ()}),
        ("[age, sex]", "{shape: [2]}", {"age": (), "sex": (), "label": ()}),
        ("[age, sex]", "{shape: [5]}", {"age": None, "sex": None, "label": ()}),
        ("age", "{target_shape: [3]}", {"age": None, "label": (3,)}),
    ],
)
def test_shapes_come_from_the_facts(features, facts, shapes):
    schema = infer_schema(_data(features, facts=facts))
    assert {name: column.shape for name, column in schema.columns.items()} == shapes


def test_the_source_s_column_is_found_behind_the_steps():
    data = _data("right", "{left: {class: A, from: x.1}, right: {class: A, from: left}}")
    assert source_column("right", data) == "x.1"
    assert source_column("note", data) == "note"


def test_a_column_that_replaces_itself_is_followed_once():
    data = _data("age", "{age: {class: A, from: age}}")
    assert source_column("age", data) == "age"
    assert list(infer_schema(data).columns) == ["label", "age"]


@pytest.mark.parametrize("names", [None, NAMES])
def test_a_schema_comes_back_from_json(names):
    schema = infer_schema(_data("[age, sex]", facts="{shape: [2]}"), names)
    assert schema_of(json.loads(json.dumps(schema_tree(schema)))) == schema


@pytest.mark.parametrize("key", ["columns", "features", "target"])
def test_a_schema_of_another_form_is_refused(key):
    tree = schema_tree(infer_schema(_data("age"))) | {key: 3}
    with pytest.raises(TypeError):
        schema_of(tree)


def test_each_step_is_looked_at_as_often_in_a_wide_table_as_in_a_narrow_one():
    looks = []
    for width in (10, 100):
        steps = ", ".join(f"s{n}: {{of: c{n}, class: Impute}}" for n in range(width))
        features = f"[{', '.join(f's{n}' for n in range(width))}]"
        data = _data(features, f"{{{steps}}}", facts=f"{{shape: [{width}]}}")
        with counted(["kerasgen.passes.columns.taken_columns"]) as counts:
            schema = infer_schema(data)
        assert len(schema.columns) == width + 1
        looks.append(counts["taken_columns"] / width)
    assert looks[1] <= looks[0]
