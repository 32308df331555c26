"""Blocks and nested models as boxes: what is closed, and what crosses their borders."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kerasgen.emit.picture.folding import (
    MOST_BOXES,
    Closed,
    Sketch,
    folded,
    folded_to_read,
)
from kerasgen.emit.picture.mermaid import to_mermaid
from kerasgen.emit.picture.scene import draw_scene
from kerasgen.emit.picture.svg import to_svg
from kerasgen.ir.graph import ModelGraph
from kerasgen.ir.model import TensorRef
from kerasgen.ir.walks import output_refs, references_in
from kerasgen.registry import NOBODY
from kerasgen.session.composed_config import compose_config
from kerasgen.session.session import Session
from kerasgen.session.states import Aim

Write = Callable[..., str]

SHIPPED = {
    "resnet50": "data=cifar10",
    "resnet20": "data=cifar10",
    "googlenet": "data=cifar10",
    "densenet121": "data=cifar10",
    "mobilenet_v2": "data=cifar10",
    "unet": "data=cifar10",
    "vit_tiny": "data=cifar10",
    "wavenet": "data=none",
}

TWICE = """
blocks:
  pair:
    parameters: {units: 4}
    layers:
      first: {class: Dense, units: $units}
      second: {class: Dense, units: $units}
"""


def sketch_of(*overrides: str, folder: str | None = None) -> Sketch:
    composition = compose_config(overrides, (folder,) if folder else (), NOBODY)
    outlined = Session(composition, Aim(data="closed", engine="none")).outlined
    graph = outlined.outline.graph
    parameters = {call.name: 10 for call in graph.calls}
    source_map = outlined.findings.source_map
    return Sketch(graph=graph, specs={}, parameters=parameters, source_map=source_map)


def model(write: Write, text: str) -> Sketch:
    folder = write({"model/own.yaml": text})
    return sketch_of("model=own", "data=digits", folder=folder)


def dangling(graph: ModelGraph) -> Iterator[TensorRef]:
    """References to a tensor that is no input and that no call before makes."""
    known = {item.name for item in graph.inputs}
    for call in graph.calls:
        found = [*references_in(call.operands), *references_in(call.keyword_operands)]
        yield from (reference for reference in found if reference.name not in known)
        known.add(call.name)
        definition = graph.layers[call.layer].definition
        if isinstance(definition, ModelGraph):
            yield from dangling(definition)
    yield from (end for end in output_refs(graph.outputs) if end.name not in known)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_model_is_a_picture_that_can_be_read(name: str) -> None:
    whole = sketch_of(f"model={name}", SHIPPED[name])
    drawn = folded_to_read(whole)
    assert len(drawn.graph.calls) <= MOST_BOXES
    assert not list(dangling(drawn.graph))


@pytest.mark.parametrize("name", SHIPPED)
def test_closed_and_open_boxes_hold_every_layer_of_a_model_once(name: str) -> None:
    whole = sketch_of(f"model={name}", SHIPPED[name])
    closed = folded(whole, 0)
    parts = [closed.closed.get(call.name) for call in closed.graph.calls]
    assert sum(part.layers or 0 if part else 1 for part in parts) == len(whole.graph.calls)
    assert sum(part.parameters or 0 if part else 10 for part in parts) == 10 * len(
        whole.graph.calls
    )


@pytest.mark.parametrize("name", SHIPPED)
def test_a_model_with_all_levels_open_is_the_model(name: str) -> None:
    whole = sketch_of(f"model={name}", SHIPPED[name])
    drawn = folded(whole, sys.maxsize)
    assert (drawn.graph, dict(drawn.closed)) == (whole.graph, {})


def test_each_level_opens_what_the_one_before_left_closed() -> None:
    whole = sketch_of("model=resnet50", "data=cifar10")
    boxes = [folded(whole, depth) for depth in range(3)]
    assert [len(drawn.graph.calls) for drawn in boxes] == [12, 24, 176]
    assert boxes[0].closed["stage1"] == Closed(
        label="3 x block bottleneck", layers=32, parameters=320
    )
    assert boxes[1].closed["stage1_0"].label == "block bottleneck"


def test_what_a_closed_box_holds_can_be_drawn_alone() -> None:
    drawn = folded(sketch_of("model=resnet50", "data=cifar10"), 0)
    (stage,) = [call for call in drawn.graph.calls if call.name == "stage2"]
    inside = drawn.inside(stage)
    assert [call.name for call in inside.graph.calls] == [f"stage2_{n}" for n in range(4)]
    assert [item.name for item in inside.graph.inputs] == ["stage1_2_out"]
    assert set(inside.closed) >= {"stage2_0", "stage2_3"}
    (first,) = [call for call in inside.graph.calls if call.name == "stage2_0"]
    assert "stage2_0_conv1" in inside.inside(first).graph.layers


def test_a_repeated_layer_is_one_box(config_files: Write) -> None:
    text = "layers:\n  flat: Flatten\n  deep: {class: Dense, units: 4, repeat: 5}\n  out: Flatten\n"
    drawn = folded(model(config_files, text), 0)
    assert [call.name for call in drawn.graph.calls] == ["flat", "deep", "out"]
    assert drawn.closed["deep"].label == "5 x Dense"


def test_a_block_that_is_used_once_is_one_box_of_its_own_name(config_files: Write) -> None:
    text = f"{TWICE}layers:\n  flat: Flatten\n  both: {{block: pair, repeat: 1}}\n"
    drawn = folded(model(config_files, text), 0)
    assert drawn.closed["both"] == Closed(label="block pair", layers=2, parameters=20)


def test_a_block_that_is_used_again_is_one_more_call_of_the_same_box(config_files: Write) -> None:
    text = (
        f"{TWICE}layers:\n  flat: Flatten\n  a: {{block: pair, units: 64}}\n"
        "  b: {is: a, from: flat}\n  sum: {class: Add, from: [a, b]}\n"
    )
    drawn = folded(model(config_files, text), 0)
    assert [(call.name, call.layer) for call in drawn.graph.calls] == [
        ("flat", "flat"),
        ("a", "a"),
        ("b", "a"),
        ("sum", "sum"),
    ]
    scene = draw_scene(drawn.graph, drawn.specs, drawn.closed)
    kinds = {box.name: box.kind for box in scene.boxes}
    assert (kinds["a"], kinds["b"]) == ("part", "again")


def test_a_block_whose_layer_is_called_from_elsewhere_stays_open(config_files: Write) -> None:
    text = (
        f"{TWICE}layers:\n  flat: Flatten\n  a: {{block: pair, units: 64}}\n"
        "  again: {is: a_first, from: flat}\n  sum: {class: Add, from: [a, again]}\n"
    )
    assert not folded(model(config_files, text), 0).closed


def test_layers_whose_names_only_look_like_those_of_a_block_stay_as_they_are(
    config_files: Write,
) -> None:
    text = "layers:\n  a_0: Flatten\n  a_1: {class: Dense, units: 3}\n  a_1_b: Flatten\n"
    drawn = folded(model(config_files, text), 0)
    assert [call.name for call in drawn.graph.calls] == ["a_0", "a_1", "a_1_b"]


def test_a_nested_model_is_a_frame_or_a_box(config_files: Write) -> None:
    text = (
        "layers:\n  flat: Flatten\n  inner:\n    layers:\n"
        "      one: {class: Dense, units: 3}\n      two: {class: Dense, units: 3}\n"
    )
    whole = model(config_files, text)
    closed, opened = folded(whole, 0), folded(whole, 1)
    assert closed.closed["inner"].layers == 2
    assert not draw_scene(closed.graph, closed.specs, closed.closed).frames
    assert len(draw_scene(opened.graph, opened.specs, opened.closed).frames) == 1
    assert "subgraph" not in to_mermaid(closed.graph, closed.specs, closed.closed)
    assert "subgraph" in to_mermaid(opened.graph, opened.specs, opened.closed)


def test_a_ready_model_is_a_box_that_says_how_large_it_is(config_files: Write) -> None:
    text = "layers:\n  base: {class: applications.ResNet50, weights: null, include_top: false}\n"
    drawn = folded_to_read(model(config_files, text))
    assert drawn.closed["base"].counts == "10 parameters"
    assert not drawn.can_be_opened


def test_a_closed_box_is_told_in_every_form_of_picture() -> None:
    drawn = folded(sketch_of("model=resnet20", "data=cifar10"), 0)
    told = "3 x block basic", "21 layers, 210 parameters"
    for text in (
        to_svg(drawn.graph, drawn.specs, drawn.closed),
        to_mermaid(drawn.graph, drawn.specs, drawn.closed),
    ):
        assert all(words in text for words in told)


def test_show_opens_as_many_levels_as_it_is_told(
    tmp_path: Path, engine: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from kerasgen.cli import main

    words = ["show", "model=resnet20", "data=cifar10", f"backend={engine}", "--graph"]
    assert main([*words, str(tmp_path / "a.svg")]) == 0
    assert capsys.readouterr().out.endswith("72 layers, blocks closed: `--depth N` opens them\n")
    assert main([*words, str(tmp_path / "b.svg"), "--depth", "all"]) == 0
    assert capsys.readouterr().out.endswith("72 layers\n")
    assert "stage1_0_conv1" not in (tmp_path / "a.svg").read_text()
    assert "stage1_0_conv1" in (tmp_path / "b.svg").read_text()


@pytest.mark.parametrize("words", [["--depth", "-1"], ["--depth", "two"], ["--depth", ""]])
def test_a_depth_that_is_no_number_of_levels_is_refused(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    from kerasgen.cli import main

    with pytest.raises(SystemExit):
        main(["show", "model=mlp", "--mermaid", *words])
    assert "--depth" in capsys.readouterr().err


def test_a_depth_without_a_graph_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    from kerasgen.cli import main

    assert main(["show", "model=mlp", "--shapes", "--depth", "1"]) == 2
    assert "error[KG126]" in capsys.readouterr().err
