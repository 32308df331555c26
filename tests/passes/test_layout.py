"""The layout pass: channels first at the ends, channels last inside, the same numbers."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kerasgen.catalog.entries import Catalog, ClassEntry, Parameter
from kerasgen.ir.graph import Call, LayerDef, ModelGraph
from kerasgen.ir.model import InputDef, TensorRef
from kerasgen.ir.values import ObjectDef, TensorSpec
from kerasgen.ir.walks import output_refs
from kerasgen.passes.layout import channels_first, lay_out, pin_data_format

PROBE = Path(__file__).with_name("layout_probe.py")


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("tensorflow", marks=pytest.mark.slow),
        pytest.param("jax", marks=pytest.mark.slow),
        "torch",
    ],
)
def probed(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What a process on one backend saw."""
    done = subprocess.run(
        [sys.executable, str(PROBE), request.param],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env=os.environ | {"PYTHONPATH": f"{PROBE.parents[2]}{os.pathsep}{PROBE.parents[1]}"},
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_a_channels_first_model_gives_the_same_numbers_on_every_backend(
    probed: dict[str, Any],
) -> None:
    assert len(probed) == 11
    for name, seen in probed.items():
        assert seen["same_weights"], name
        assert seen["difference"] < 1e-5, name
        assert name == "application" or seen["spread"] > 1e-3, name
        assert seen["reloaded"] == 0.0, name


def test_images_go_in_and_come_out_channels_first(probed: dict[str, Any]) -> None:
    assert probed["conv"]["inputs"] == [[3, 6, 8]]
    assert probed["nested"]["inputs"] == [[3, 6, 8], [3, 6, 8]]
    assert probed["volume"]["inputs"] == [[2, 4, 5, 6]]
    assert probed["rows"]["inputs"] == [[16, 3]]
    for name in ("image", "reshape", "pixels"):
        assert probed[name]["output"] == [3, 6, 8]


FAILING = ("average", "max")
"""Pooling that Keras 3.15 cannot call a second time on JAX, whatever the layout."""


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_every_layer_is_the_same_channels_first(backend: str) -> None:
    table = PROBE.with_name("layout_table.py")
    done = subprocess.run(
        [sys.executable, str(table), backend, "json"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": f"{PROBE.parents[2]}{os.pathsep}{PROBE.parents[1]}"},
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert len(found) > 90
    failing = {name for name, row in found.items() if "keras" in row}
    assert failing == ({f"ops.{n}_pool (image)" for n in FAILING} if backend == "jax" else set())
    for name, row in found.items():
        if name in failing:
            continue
        assert row.get("difference", 1.0) < 1e-5, (name, row)
        assert row["spread"] > 1e-3, name


@pytest.fixture
def small() -> Catalog:
    data_format = {"data_format": Parameter(name="data_format")}
    layers = {
        "Conv2D": ClassEntry(name="Conv2D", kind="layer", parameters=data_format),
        "Dense": ClassEntry(name="Dense", kind="layer", parameters={}),
        "TimeDistributed": ClassEntry(name="TimeDistributed", kind="layer", parameters={}),
    }
    return Catalog(version="1", entries={"layer": layers})


def graph_of(outputs: Any, **made: ObjectDef) -> ModelGraph:
    calls, above = [], "picture"
    for name in made:
        calls.append(Call(name=name, layer=name, operands=(TensorRef(name=above),)))
        above = name
    return ModelGraph(
        name="m",
        kind="Functional",
        inputs=(InputDef(name="picture"),),
        layers={name: LayerDef(name=name, definition=one) for name, one in made.items()},
        calls=tuple(calls),
        outputs=outputs,
    )


def specs_of(graph: ModelGraph) -> dict[str, tuple[TensorSpec, ...]]:
    image = (TensorSpec(shape=(None, 6, 8, 3)),)
    return {"picture": image} | {call.name: image for call in graph.calls}


def test_a_layer_is_told_to_work_channels_last_unless_it_says_itself(small: Catalog) -> None:
    graph = graph_of(
        TensorRef(name="c"),
        a=ObjectDef(cls="Conv2D"),
        b=ObjectDef(cls="Conv2D", arguments={"data_format": "channels_first"}),
        c=ObjectDef(cls="TimeDistributed", arguments={"layer": ObjectDef(cls="Conv2D")}),
        d=ObjectDef(cls="Dense"),
    )
    pinned = pin_data_format(graph, small).layers
    made = {name: layer.definition for name, layer in pinned.items()}
    assert isinstance(made["a"], ObjectDef)
    assert made["a"].arguments == {"data_format": "channels_last"}
    assert made["b"] == ObjectDef(cls="Conv2D", arguments={"data_format": "channels_first"})
    assert isinstance(made["c"], ObjectDef)
    inner = made["c"].arguments["layer"]
    assert isinstance(inner, ObjectDef)
    assert inner.arguments == {"data_format": "channels_last"}
    assert made["d"] == ObjectDef(cls="Dense")


def test_outputs_keep_their_names_where_their_ends_move(small: Catalog) -> None:
    graph = graph_of(
        (TensorRef(name="a"), TensorRef(name="b")),
        a=ObjectDef(cls="Dense"),
        b=ObjectDef(cls="Dense"),
    )
    moved = lay_out(graph, specs_of(graph), small)
    assert isinstance(moved.outputs, dict)
    assert list(moved.outputs) == ["a", "b"]
    assert [reference.name for reference in output_refs(moved.outputs)] == [
        "a_channels_first",
        "b_channels_first",
    ]


def test_a_name_that_is_taken_is_not_taken_again(small: Catalog) -> None:
    graph = graph_of(
        TensorRef(name="picture_channels_last"), picture_channels_last=ObjectDef(cls="Dense")
    )
    moved = lay_out(graph, specs_of(graph), small)
    assert [call.name for call in moved.calls] == [
        "picture_channels_last_",
        "picture_channels_last",
        "picture_channels_last_channels_first",
    ]
    assert moved.calls[1].operands == (TensorRef(name="picture_channels_last_"),)


def test_only_what_looks_like_an_image_has_channels_to_move() -> None:
    for shape, moved in [
        ((None, 4), (None, 4)),
        ((None, 16, 3), (None, 16, 3)),
        ((None, 6, 8, 3), (None, 3, 6, 8)),
        ((None, 4, 5, 6, 2), (None, 2, 4, 5, 6)),
    ]:
        assert channels_first(TensorSpec(shape=shape)).shape == moved
