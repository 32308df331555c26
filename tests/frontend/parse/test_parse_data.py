from typing import Any

import pytest

from kerasgen.diagnostics import Diagnostic, Sink, Suggestion
from kerasgen.frontend.parse.data import parse_data
from kerasgen.ir.data import DataDef, SplitDef
from kerasgen.ir.values import ObjectDef

DIGITS: dict[str, Any] = {
    "source": {"class": "ScikitLearn", "name": "digits"},
    "features": "image",
    "target": "label",
    "task": "classification",
}


def parse(**changes: Any) -> tuple[DataDef | None, list[Diagnostic]]:
    sink = Sink()
    section = {key: value for key, value in {**DIGITS, **changes}.items() if value is not ...}
    return parse_data(section, sink), sink.diagnostics


def test_one_column_in_and_one_out_need_no_names() -> None:
    data, found = parse()
    assert not found
    assert data is not None
    assert data.source == ObjectDef(
        cls="ScikitLearn", arguments={"name": "digits"}, path="data.source"
    )
    assert data.features == {"input": ("image",)}
    assert data.target == {"": "label"}
    assert data.task == {"": "classification"}


def test_several_inputs_and_outputs_have_names() -> None:
    data, found = parse(
        features={"left": "a", "right": ["b", "c"]},
        target={"digit": "label", "odd": "odd"},
        task={"digit": "classification", "odd": "regression"},
    )
    assert not found
    assert data is not None
    assert data.features == {"left": ("a",), "right": ("b", "c")}
    assert data.target == {"digit": "label", "odd": "odd"}
    assert data.task == {"digit": "classification", "odd": "regression"}


def test_one_task_serves_all_outputs() -> None:
    data, _ = parse(target={"a": "x", "b": "y"}, task="regression")
    assert data is not None
    assert data.task == {"a": "regression", "b": "regression"}


def test_an_autoencoder_has_no_target() -> None:
    data, found = parse(target=None, task="autoencoding")
    assert not found
    assert data is not None
    assert data.target == {}


def test_preparation_steps_are_entries_in_order() -> None:
    data, _ = parse(prepare={"b": "Flatten", "a": {"class": "Rescaling", "scale": 0.5}})
    assert data is not None
    assert [entry.name for entry in data.prepare] == ["b", "a"]


def test_a_split_is_read_into_its_record() -> None:
    data, _ = parse(split={"test": "given", "validation": 0.1, "stratify": True})
    assert data is not None
    assert data.split == SplitDef(test="given", validation=0.1, stratify=True)


@pytest.mark.parametrize(
    ("changes", "code", "key"),
    [
        ({"source": ...}, "KG203", "data.source"),
        ({"features": ...}, "KG203", "data.features"),
        ({"source": 3}, "KG204", "data.source"),
        ({"features": 3}, "KG204", "data.features"),
        ({"features": {"a": [1]}}, "KG204", "data.features.a"),
        ({"target": ["a", "b"]}, "KG204", "data.target"),
        ({"task": "clasification"}, "KG205", "data.task"),
        ({"task": None}, "KG205", "data.task"),
        ({"task": {"nope": "regression"}}, "KG107", "data.task.nope"),
        ({"task": "autoencoding"}, "KG307", "data.target"),
        ({"target": None}, "KG203", "data.target"),
        ({"split": {"tets": 0.1}}, "KG107", "data.split.tets"),
        ({"split": {"test": "all"}}, "KG204", "data.split.test"),
        ({"split": {"test": -0.1}}, "KG204", "data.split.test"),
        ({"split": {"test": 1.0}}, "KG204", "data.split.test"),
        ({"facts": 3}, "KG204", "data.facts"),
        ({"prepare": 3}, "KG204", "data.prepare"),
        ({"sorce": 3}, "KG107", "data.sorce"),
    ],
)
def test_a_wrong_form_is_one_diagnostic_at_its_key(
    changes: dict[str, Any], code: str, key: str
) -> None:
    data, (found,) = parse(**changes)
    assert data is None
    assert found.location is not None
    assert (found.code, found.location.key) == (code, key)


def test_a_misspelt_task_gets_the_right_one_proposed() -> None:
    assert parse(task="clasification")[1][0].help == "did you mean `classification`?"


def test_the_group_must_be_a_mapping() -> None:
    sink = Sink()
    assert parse_data("digits", sink) is None
    assert sink.diagnostics[0].message.endswith("expected a mapping")


@pytest.mark.parametrize(
    ("word", "task"),
    [
        ("binary", "classification"),
        ("multi-class", "classification"),
        ("classification_binary", "classification"),
        ("Semantic Segmentation", "segmentation"),
        ("multi_label", "multilabel"),
        ("timeseries", "forecasting"),
        ("autoencoder", "autoencoding"),
    ],
)
def test_a_task_under_another_name_leads_to_what_to_write(word: str, task: str) -> None:
    _, found = parse(task=word)
    (one,) = found
    assert one.code == "KG205"
    assert isinstance(one.help, Suggestion)
    assert one.help.replacement == task


@pytest.mark.parametrize("word", ["detection", "clustering", "ranking"])
def test_a_task_that_there_is_not_leads_nowhere(word: str) -> None:
    _, found = parse(task=word)
    (one,) = found
    assert not isinstance(one.help, Suggestion)
