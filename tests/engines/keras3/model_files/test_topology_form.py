"""Damage to the form of a model is found before anybody reads the model."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from kerasgen.diagnostics import CompileError, Diagnostic, Sink
from kerasgen.engines.keras3.model_files.containers import open_model_file
from kerasgen.engines.keras3.model_files.topology_form import require_form

SEEDS = Path(__file__).parent / "seeds"


def faults(topology: Any, folder: Path) -> list[Diagnostic]:
    (folder / "model.json").write_text(json.dumps(topology))
    sink = Sink()
    try:
        require_form(open_model_file(folder / "model.json", sink), sink)
    except CompileError as error:
        return list(error.diagnostics)
    return []


def seed(name: str) -> Any:
    return json.loads((SEEDS / f"{name}.json").read_text())


def set_at(tree: Any, path: str, value: Any) -> Any:
    made = copy.deepcopy(tree)
    *above, last = [int(key) if key.isdigit() else key for key in path.split("/")]
    holder = made
    for key in above:
        holder = holder[key]
    holder[last] = value
    return made


@pytest.mark.parametrize("path", sorted(SEEDS.glob("*.json")), ids=lambda path: path.stem)
def test_what_keras_wrote_is_well_formed(path: Path) -> None:
    sink = Sink()
    require_form(open_model_file(path, sink), sink)
    assert sink.diagnostics == []


@pytest.mark.parametrize(
    ("name", "path", "value", "words", "key"),
    [
        ("k208_mlp", "config", {}, "`layers` must be a list", "config.layers"),
        ("k208_mlp", "config/0", 3, "a layer must be a mapping", "config.0"),
        ("k208_mlp", "config/1/class_name", [], "`class_name` must be a string", "class_name"),
        ("k208_mlp", "config/1/config", None, "must be a mapping, not nothing", "config.1.config"),
        ("k208_mlp", "config/1/config/name", 7, "the name of a layer", "config.1.config.name"),
        ("k208_mlp", "config/0/config/batch_input_shape", [None, -1], "axis cannot be", "1"),
        ("k208_mlp", "config/0/config/batch_input_shape", [True, 2], "axis cannot be", "0"),
        ("k208_mlp", "config/0/config/trainable", "yes", "must be true or false", "trainable"),
        ("k231_states", "config/layers/1/name", "input_4", "two layers `input_4`", "layers.1"),
        ("k231_states", "config/layers/1/inbound_nodes", [], "is never called", "inbound_nodes"),
        ("k231_states", "config/layers/1/inbound_nodes/0", [["x", 0, 0, {}]], "no layer `x`", "0"),
        ("k231_states", "config/layers/1/inbound_nodes/0/0/1", 9, "no call of the number 9", "0"),
        ("k231_states", "config/output_layers/0/2", 10**9, "no output of the", "output_layers"),
        ("k231_states", "config/output_layers", [], "must be a tensor", "output_layers"),
        ("k231_states", "config/output_layers", [3], "must be a tensor", "output_layers"),
        ("k231_states", "config/input_layers", [["lstm_6", 0, 0]], "is no input", "input_layers"),
        (
            "k231_states", "config/layers/1/inbound_nodes/0/0/0", "dense_23",
            "on some way, what it gives itself", "inbound_nodes.0",
        ),
        ("k3_branches", "config/layers/2/inbound_nodes/0", [1], "a list `args`", "inbound_nodes.0"),
        (
            "k3_branches", "config/layers/2/inbound_nodes/0/args/0/config", "x",
            "which layer gives it", "inbound_nodes.0",
        ),
        ("k3_branches", "config/layers/2/config/dtype/config", {}, "name of a policy", "name"),
        (
            "k3_branches", "config/layers/2/inbound_nodes/0/kwargs",
            {"key": {"class_name": "__slice__", "config": 3}}, "the `config` of `__slice__`",
            "kwargs.key.config",
        ),
        (
            "k3_branches", "config/layers/2/config/kernel_initializer/config", "",
            "the `config` of `GlorotUniform`", "kernel_initializer.config",
        ),
    ],
)  # fmt: skip
def test_a_fault_in_the_form_is_told_at_its_place(
    name: str, path: str, value: Any, words: str, key: str, tmp_path: Path
) -> None:
    found = faults(set_at(seed(name), path, value), tmp_path)
    told = [item for item in found if words in item.message]
    assert told, [item.message for item in found]
    assert {item.code for item in found} == {"KG608"}
    place = told[0].location
    assert place is not None
    assert place.key.endswith(key)
    assert place.line == 1


def test_the_smallest_damage_is_told(tmp_path: Path) -> None:
    assert len(faults({"class_name": "Sequential", "config": {}}, tmp_path)) == 1


def test_a_file_with_a_thousand_faults_is_not_told_a_thousand_times(tmp_path: Path) -> None:
    layers = [3] * 1000
    topology = {"class_name": "Sequential", "config": {"name": "m", "layers": layers}}
    assert len(faults(topology, tmp_path)) == 20


def test_a_chain_of_ten_thousand_calls_is_checked_at_once(tmp_path: Path) -> None:
    layers = [
        {
            "name": f"d{i}", "class_name": "Dense", "config": {"name": f"d{i}", "units": 1},
            "inbound_nodes": [[[f"d{i - 1}", 0, 0, {}]]],
        }
        for i in range(1, 10_000)
    ]  # fmt: skip
    start = {"name": "d0", "class_name": "InputLayer", "config": {"name": "d0"}}
    config = {
        "name": "m",
        "layers": [start | {"inbound_nodes": []}, *reversed(layers)],
        "input_layers": [["d0", 0, 0]],
        "output_layers": [["d9999", 0, 0]],
    }
    assert faults({"class_name": "Model", "config": config}, tmp_path) == []
