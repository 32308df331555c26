"""Folding makes a model shorter and changes nothing but names."""

import random
from typing import Any

import pytest
import yaml

from kerasgen.diagnostics import Sink
from kerasgen.emit.text.config import write_config
from kerasgen.frontend.expand.whole_model import expand_model
from kerasgen.frontend.parse.model import parse_model
from kerasgen.ir.model import INPUT, ModelDef, TensorRef
from kerasgen.ir.values import ObjectDef
from kerasgen.passes.fold.blocks import FoldedModel, fold

DEFAULTS: dict[str, Any] = {"strides": 1, "padding": "valid", "use_bias": True, "repeat": 1}
MISSING = object()


def default(cls: str, argument: str) -> Any:
    return DEFAULTS.get(argument, None if argument != "odd" else MISSING)


def parsed(data: Any) -> ModelDef:
    sink = Sink()
    section = expand_model(data, "model", sink).section
    sink.stop_on_errors()
    model = parse_model(section, "model", sink, name="net")
    sink.stop_on_errors()
    return model


def graph(model: ModelDef) -> list[Any]:
    """Entries with places for names, and without arguments that are defaults."""
    names = [item.name for item in model.inputs] or [INPUT]
    places = {name: -1 - i for i, name in enumerate(names)}
    places |= {entry.name: i for i, entry in enumerate(model.entries)}

    def placed(takes: Any) -> Any:
        if isinstance(takes, TensorRef):
            return (places[takes.name], takes.index)
        return tuple(map(placed, takes)) if isinstance(takes, tuple) else takes

    above = TensorRef(name=names[0])
    found = []
    for entry in model.entries:
        assert isinstance(entry.definition, ObjectDef)
        told = {k: v for k, v in entry.definition.arguments.items() if v != DEFAULTS.get(k)}
        found.append(
            (entry.definition.cls, told, placed(above if entry.takes is None else entry.takes))
        )
        above = TensorRef(name=entry.name)
    return found


def folded(config: str | dict[str, Any]) -> tuple[FoldedModel, str]:
    """Folds a config, and holds its expansion against the original."""
    model = parsed(yaml.safe_load(config) if isinstance(config, str) else config)
    found = fold(model, default)
    text = write_config(found)
    again = parsed(yaml.safe_load(text))
    assert graph(again) == graph(model)
    return found, text


def residual(prefix: str, filters: int, strides: int = 1) -> dict[str, Any]:
    conv = {"class": "Conv2D", "filters": filters, "kernel_size": 3, "use_bias": False}
    first = conv | ({"strides": strides} if strides > 1 else {})
    before = f"{prefix}_in"
    return {
        f"{prefix}_in": {"class": "Conv2D", "filters": filters, "kernel_size": 1},
        f"{prefix}_conv1": first,
        f"{prefix}_bn1": "BatchNormalization",
        f"{prefix}_relu": {"class": "Activation", "activation": "relu"},
        f"{prefix}_conv2": conv,
        f"{prefix}_bn2": "BatchNormalization",
        f"{prefix}_add": {"class": "Add", "from": [before, f"{prefix}_bn2"]},
    }


def test_a_model_without_repetition_stays_as_it_is() -> None:
    found, _ = folded("{layers: {a: Flatten, b: {class: Dense, units: 3}, c: Softmax}}")
    assert found.blocks == {}
    assert [entry.name for entry in found.model.entries] == ["a", "b", "c"]


def test_equal_neighbors_become_one_entry_with_repeat() -> None:
    layers = {f"dense{i}": {"class": "Dense", "units": 64} for i in range(5)} | {"out": "Flatten"}
    _, text = folded({"layers": layers})
    assert "dense: {class: Dense, units: 64, repeat: 5}" in text


def test_pieces_that_differ_in_arguments_become_a_block_with_parameters() -> None:
    layers = residual("s1", 16) | residual("s2", 32, 2) | residual("s3", 64, 2)
    found, text = folded({"layers": layers | {"out": "Flatten"}})
    (block,) = found.blocks.values()
    assert set(block.parameters) == {"filters", "strides"}
    assert [e.name for e in block.entries] == ["in", "conv1", "bn1", "relu", "conv2", "bn2", "add"]
    assert len(found.model.entries) == 4
    assert "{class: Conv2D, filters: $filters, kernel_size: 3, use_bias: false}" in text


def test_equal_pieces_in_a_row_become_one_use_with_repeat() -> None:
    layers: dict[str, Any] = {}
    for i in range(4):
        layers |= residual(f"s{i}", 16)
    found, text = folded({"layers": layers | {"out": "Flatten"}})
    assert len(found.model.entries) == 2
    assert "repeat: 4" in text


def test_a_number_that_is_a_multiple_of_another_is_an_expression() -> None:
    layers: dict[str, Any] = {}
    for i, width in enumerate((8, 16, 64, 32)):
        layers[f"b{i}_conv"] = {"class": "Conv2D", "filters": width, "kernel_size": 3}
        layers[f"b{i}_norm"] = "BatchNormalization"
        layers[f"b{i}_wide"] = {"class": "Conv2D", "filters": width * 4, "kernel_size": 1}
        layers[f"b{i}_out"] = {"class": "Activation", "activation": "relu"}
    _, text = folded({"layers": layers | {"out": "Flatten"}})
    assert "filters: $filters * 4" in text


def test_what_the_model_gives_back_keeps_its_name() -> None:
    layers = {f"dense{i}": {"class": "Dense", "units": 64} for i in range(5)}
    found, _ = folded({"layers": layers})
    assert found.model.entries[-1].name == "dense4"


def test_a_piece_of_which_two_tensors_are_taken_is_no_block() -> None:
    layers: dict[str, Any] = {}
    for i in range(3):
        layers |= residual(f"s{i}", 16)
    taps = {"tap": {"class": "Concatenate", "from": ["s0_relu", "s1_relu", "s2_relu"]}}
    found, _ = folded(
        {"layers": layers | taps | {"out": {"class": "Add", "from": ["tap", "s2_add"]}}}
    )
    inner = [e.name for block in found.blocks.values() for e in block.entries]
    assert "relu" not in inner[:-1] or inner[-1] == "relu"


def test_an_argument_whose_default_is_not_known_is_no_parameter() -> None:
    layers: dict[str, Any] = {}
    for i in range(4):
        piece = residual(f"s{i}", 16)
        if i == 2:
            piece["s2_bn1"] = {"class": "BatchNormalization", "odd": 7}
        layers |= piece
    found, _ = folded({"layers": layers | {"out": "Flatten"}})
    assert all("odd" not in block.parameters for block in found.blocks.values())


def test_names_of_copies_never_meet_other_names() -> None:
    layers: dict[str, Any] = {"dense_0": {"class": "Dense", "units": 1}}
    layers |= {f"dense{i}": {"class": "Dense", "units": 64} for i in range(5)} | {"out": "Flatten"}
    _, text = folded({"layers": layers})
    assert text.count("dense_0:") == 1
    assert "dense:" not in text


@pytest.mark.parametrize("seed", range(40))
def test_a_random_model_unfolds_to_itself(seed: int) -> None:
    draw = random.Random(seed)
    pieces = [
        [("Conv2D", {"filters": draw.choice([8, 16]), "kernel_size": 3}), ("ReLU", {})],
        [("Dense", {"units": 4}), ("Dropout", {"rate": 0.5}), ("LayerNormalization", {})],
        [("Dense", {"units": 4})],
    ]
    layers: dict[str, Any] = {}
    names = [INPUT]
    for number in range(draw.randint(4, 14)):
        start = names[-1]
        for cls, arguments in draw.choice(pieces):
            name = f"{draw.choice(['a', 'b', 'stage'])}_{len(names)}"
            changed = {k: v * draw.choice([1, 1, 2]) for k, v in arguments.items()}
            layers[name] = {"class": cls} | changed
            names.append(name)
        if draw.random() < 0.5:
            name = f"add_{number}"
            other = draw.choice(names) if draw.random() < 0.3 else start
            layers[name] = {"class": "Add", "from": [other, names[-1]]}
            names.append(name)
    taken = {n for e in layers.values() if "from" in e for n in e["from"]}
    assert taken <= set(names)
    folded({"layers": layers | {"out": "Flatten"}})
