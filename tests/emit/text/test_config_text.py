"""A model written as a config reads back as the same model, with PyYAML and with OmegaConf."""

from typing import Any

import pytest
import yaml
from omegaconf import OmegaConf

from kerasgen.diagnostics import Sink
from kerasgen.emit.text.config import data_yaml, model_data, write_config
from kerasgen.frontend.expand.expressions import unescaped
from kerasgen.frontend.expand.whole_model import expand_model
from kerasgen.frontend.parse.model import parse_model
from kerasgen.ir.model import Entry, ModelDef
from kerasgen.ir.values import ObjectDef

CONFIGS = [
    "{layers: {flatten: Flatten, out: {class: Dense, units: 3}}}",
    "{class: Functional, layers: {out: {class: Dense, units: 3}}}",
    "{trainable: false, layers: {out: {class: Dense, units: 3}}}",
    "{inputs: {a: {shape: [4]}, b: {shape: [null, 2], dtype: int32, batch_size: 4}},"
    " layers: {sum: {class: Add, from: [a, b]}}, outputs: {x: sum, y: b}}",
    "{inputs: [a, b], layers: {sum: {class: Add, from: [a, b]}, l: Flatten}, outputs: [sum, l]}",
    "{layers: {d: {class: Dense, units: 4}, e: {is: d, with: {training: false}}}}",
    "{layers: {where: {class: ops.where, from: {condition: input, x1: [1, 2.5], x2: 0}}}}",
    "{layers: {lstm: {class: LSTM, units: 2, return_state: true}, out: {class: Add,"
    " from: [lstm.1, lstm.2]}}, outputs: lstm.0}",
    "{layers: {inner: {from: input, layers: {a: {class: Dense, units: 1}}}, out: Flatten}}",
    "{layers: {td: {class: TimeDistributed, layer: {layers: {a: {class: Dense, units: 1}}}}}}",
    "{layers: {d: {class: Dense, units: 1, kernel_initializer: {class: HeNormal, seed: 1}}}}",
]


def parsed(data: Any) -> ModelDef:
    sink = Sink()
    model = parse_model(unescaped(data), "model", sink, name="net")
    sink.stop_on_errors()
    return model


@pytest.mark.parametrize("config", CONFIGS)
def test_what_is_written_reads_back_as_the_same_model(config: str) -> None:
    model = parsed(yaml.safe_load(config))
    text = write_config(model)
    assert parsed(yaml.safe_load(text)) == model
    assert parsed(OmegaConf.to_container(OmegaConf.create(text))) == model


NUMBERS = [1e-05, 1.001e-05, 0.1, 1.0, 1e22, float("inf"), -0.0, 3, -1, True, None]
WORDS = ["relu", "null", "yes", "On", "1e-3", "1_0", "0x1f", "12:30:45", "~", "", " a", "a "]
SIGNS = ["a: b", "a #b", "- a", "[a]", "{a}", "é\u0085\U0001f600", "a\nb", '"', "'", "\\", "!x"]
OTHERS = ["&x", "*x", "%x", "@x", ".5", ".inf", "nan", "=", "<<", "2001-01-01", "cost in $", "5$"]


@pytest.mark.parametrize("value", [*NUMBERS, *WORDS, *SIGNS, *OTHERS])
def test_a_scalar_is_the_same_to_both_readers(value: Any) -> None:
    layer = {"class": "Dense", "units": value, "name": [value, value]}
    text = write_config(parsed({"layers": {"d": layer}}))
    for read in (yaml.safe_load(text), OmegaConf.to_container(OmegaConf.create(text))):
        found = unescaped(read["layers"]["d"])
        assert repr(found["units"]) == repr(value)
        assert repr(found["name"]) == repr([value, value])


@pytest.mark.parametrize("value", ["${seed}", "a ${x.y}", "$width", "$a * 2"])
def test_text_that_looks_like_an_expression_stays_text(value: str) -> None:
    made = ObjectDef(cls="StringLookup", arguments={"vocabulary": (value,)})
    text = write_config(ModelDef(name="net", entries=(Entry(name="d", definition=made),)))
    resolved = OmegaConf.to_container(OmegaConf.create(text), resolve=True)
    found = unescaped(expand_model(resolved, "model", Sink()).section)
    assert found["layers"]["d"]["vocabulary"] == [value]


def test_a_layer_without_arguments_is_a_bare_word() -> None:
    assert model_data(parsed({"layers": {"d": "Flatten"}}))["layers"] == {"d": "Flatten"}


def test_an_entry_stands_on_one_line_where_it_fits() -> None:
    long = {"class": "Dense", "units": 3, "kernel_initializer": {"class": "RandomUniform"}}
    long |= {"activation": "relu", "bias_initializer": "zeros", "from": "input"}
    text = data_yaml({"layers": {"a": {"class": "Dense", "units": 3}, "b": long}})
    lines = text.splitlines()
    assert lines[1] == "  a: {class: Dense, units: 3}"
    assert lines[2:4] == ["  b:", "    class: Dense"]
    assert all(len(line) <= 100 for line in lines)


def test_a_long_list_is_broken_into_lines() -> None:
    words = [f"word{i}" for i in range(60)]
    text = data_yaml({"layers": {"a": {"class": "StringLookup", "vocabulary": words}}})
    assert yaml.safe_load(text)["layers"]["a"]["vocabulary"] == words
    assert all(len(line) <= 100 for line in text.splitlines())
    assert text.count("\n") < 12


def test_a_list_of_long_mappings_is_written_below_one_another() -> None:
    cells = [{"class": "LSTMCell", "units": i, "kernel_initializer": "x" * 40} for i in range(4)]
    text = data_yaml({"layers": {"a": {"class": "RNN", "cell": cells}}})
    assert yaml.safe_load(text)["layers"]["a"]["cell"] == cells


def test_names_that_yaml_takes_for_booleans_are_quoted() -> None:
    model = parsed({"layers": {"on": "Flatten", "no": {"class": "Dense", "units": 1}}})
    assert list(yaml.safe_load(write_config(model))["layers"]) == ["on", "no"]
