from collections.abc import Callable, Mapping

import pytest
from omegaconf import OmegaConf

from kerasgen.diagnostics import CompileError, Diagnostic, Sink
from kerasgen.frontend.compose.composition import compose, resolve, resolve_groups
from kerasgen.frontend.compose.references import deepest_key, lowered, plain_node, report_unresolved

Configs = Callable[[Mapping[str, str]], str]


def refused(overrides: list[str], folder: str | None = None) -> list[Diagnostic]:
    with pytest.raises(CompileError) as caught:
        resolve(compose(overrides, folder))
    return list(caught.value.diagnostics)


def test_every_interpolation_that_leads_nowhere_is_reported() -> None:
    found = refused(["seed=${nope}", "fit.epochs=${data.clases}"])
    assert {d.code for d in found} == {"KG105"}
    assert {d.location.key for d in found if d.location} == {"seed", "fit.epochs"}


def test_a_misspelt_reference_gets_the_right_one_proposed() -> None:
    (found,) = refused(["fit.epochs=${data.clases}"])
    assert found.help == "did you mean `${data.classes}`?"


def test_a_reference_to_an_unknown_fact_says_which_there_are() -> None:
    (found,) = refused(["fit.epochs=${data.weather}"])
    assert found.help is not None
    assert found.help == (
        "facts of the data, under `data.facts`, are `classes`, `class_names`, `shape`, "
        "`target_shape`, `column_shape`, `samples`, `inputs`, `vocabulary`"
    )


def test_a_shape_that_is_one_for_all_inputs_is_told_as_one() -> None:
    (found,) = refused(["fit.epochs=${data.shape.numbers}"])
    assert found.message == "`${data.shape.numbers}` cannot be resolved: `data.shape` is a list"
    assert found.help == "it is one for all: write `${data.shape}`"


def test_a_shape_of_an_input_that_is_not_there_names_those_that_are() -> None:
    facts = "+data.facts={classes: 10, shape: {image: [8, 8, 1], note: [2]}}"
    (found,) = refused(["~data.facts", facts, "fit.epochs=${data.shape.weather}"])
    assert found.help == "it is told of `image`, `note`"
    (near,) = refused(["~data.facts", facts, "fit.epochs=${data.shape.imag}"])
    assert near.help == "did you mean `${data.shape.image}`?"


def test_values_that_refer_to_each_other_are_reported() -> None:
    found = refused(["seed=${name}", "name=${seed}"])
    assert [d.message for d in found] == [
        "`${name}` refers to itself",
        "`${seed}` refers to itself",
    ]


def test_a_value_that_must_be_given_is_reported_at_its_line(configs: Configs) -> None:
    folder = configs({"model/mine.yaml": "layers:\n  a:\n    class: Dense\n    units: ???\n"})
    (found,) = refused(["model=mine"], folder)
    assert found.code == "KG106"
    assert found.location is not None
    assert (found.location.file, found.location.line) == ("mine/model/mine.yaml", 4)


def test_a_fact_that_must_be_given_is_reported_as_such() -> None:
    found = refused(["data.facts.classes=???"])
    assert {(d.code, d.location.key) for d in found if d.location} == {
        ("KG106", "data.facts.classes"),
        ("KG105", "model.layers.scores.units"),
    }


def test_a_group_alone_is_looked_through_on_request() -> None:
    with pytest.raises(CompileError) as caught:
        resolve_groups(compose(["seed=${nope}", "backend.device=${nope}"]), ["backend"])
    (found,) = caught.value.diagnostics
    assert found.location is not None
    assert found.location.key == "backend.device"


def test_a_key_with_a_dot_in_its_name_can_be_reported() -> None:
    sink = Sink()
    report_unresolved(OmegaConf.create({"a": {"b.c": "${nope}"}, "d": ["${nope}"]}), sink)
    assert [d.location.key for d in sink.diagnostics if d.location] == ["a.b.c", "d.0"]


def test_values_may_be_missing_below_a_key_that_is_excepted() -> None:
    config = OmegaConf.create({"data": {"path": "???"}, "seed": "???"})
    sink = Sink()
    report_unresolved(config, sink, ungiven="data.")
    assert [d.location.key for d in sink.diagnostics if d.location] == ["seed"]


def test_a_node_as_written_keeps_its_interpolations() -> None:
    assert plain_node(OmegaConf.create({"a": "${b}", "b": 1})) == {"a": "${b}", "b": 1}


@pytest.mark.parametrize(
    ("key", "parent", "missing"),
    [
        ("optimizer.momentm", "optimizer", "momentm"),
        ("optimzer.momentum", "", "optimzer"),
        ("model.layers.flatten.x", "model.layers.flatten", "x"),
        ("optimizer.class", "optimizer", "class"),
    ],
)
def test_a_key_path_is_followed_as_far_as_it_leads(key: str, parent: str, missing: str) -> None:
    config = compose([]).config
    assert deepest_key(config, key)[:2] == (parent, missing)


def test_names_keep_their_case_at_the_beginning_of_a_message() -> None:
    assert lowered("Key not found") == "key not found"
    assert lowered("BasicSweeper does not") == "BasicSweeper does not"
    assert lowered("A.b is not there") == "A.b is not there"


def test_a_reference_to_what_cannot_be_resolved_is_reported_itself() -> None:
    sink = Sink()
    config = OmegaConf.create({"data": {"features": "${model}"}, "model": {"units": "${nope}"}})
    report_unresolved(config, sink, below="data")
    assert [d.location.key for d in sink.diagnostics if d.location] == ["data.features"]


def test_without_data_a_fact_is_led_to_where_it_is_written() -> None:
    (found,) = refused(["data=none"])
    assert found.help == "without data, facts are given by hand: write `data.facts.classes=10`"
