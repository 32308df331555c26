"""Source maps as plain data: there and back, and nothing but what was written."""

import copy
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from kerasgen.diagnostics import SourceLocation, SourceMap
from kerasgen.diagnostics.source_map import Expansion, Mark, Original, Remark, Replacement
from kerasgen.diagnostics.source_map_data import from_plain, to_plain
from kerasgen.foreign.regular_files import TOO_MUCH, ForeignFileError
from kerasgen.frontend.compose.composition import compose, resolve
from kerasgen.frontend.expand.whole_model import expand_config
from kerasgen.frontend.select.apply import select_config

PLACE = SourceLocation(file="m.yaml", line=3, column=5, length=4)
TYPED = SourceLocation(key="model.layers.a.x", override="a=1", column=3)
USE = Remark(message="`a` uses the block `b`", key="model.layers.a", at="key")
WHOLE = SourceMap(
    marks={
        "model": Mark(key=PLACE, value=PLACE),
        "seed": Mark(key=TYPED, value=SourceLocation(override="seed=1", column=6)),
    },
    defaults=SourceLocation(file="config.yaml", line=1),
    references={"seed": (Remark(message="from there", key="model"),)},
    steps=(
        Expansion(
            entries={"model.layers.a_b": Original(key="model.blocks.b", remarks=(USE,))},
            values={"model.layers.a_b.units": (USE, USE)},
            copied=False,
        ),
        Replacement(marks={"model.layers.a.x": Mark(key=TYPED, value=TYPED)}),
    ),
)


@pytest.mark.parametrize("source_map", [SourceMap(), WHOLE], ids=["empty", "whole"])
def test_a_map_comes_back_through_json_as_it_was(source_map: SourceMap) -> None:
    assert from_plain(json.loads(json.dumps(to_plain(source_map)))) == source_map


@pytest.mark.parametrize("model", ["resnet8", "transformer", "mlp"])
def test_the_map_of_a_shipped_config_comes_back_and_says_the_same(model: str) -> None:
    chosen = "model.layers[Dense].use_bias=false"
    config, sink = resolve(compose([f"model={model}", "data=cifar10", chosen]))
    expanded = expand_config(config, sink)
    selected = select_config(expanded.config, sink.over(expanded.source_map))
    text = json.dumps(to_plain(selected.source_map))
    again = from_plain(json.loads(text))
    assert again == selected.source_map
    for name in selected.config["model"]["layers"]:
        key = f"model.layers.{name}.class"
        assert again.locate(key) == selected.source_map.locate(key)
        assert again.explain(key) == selected.source_map.explain(key)


def test_a_file_that_many_keys_name_is_written_once(config_files: Callable[..., str]) -> None:
    layers = "".join(f"  layer_{index}: Flatten\n" for index in range(200))
    folder = config_files({"model/mine.yaml": f"layers:\n{layers}"})
    text = json.dumps(to_plain(compose(["model=mine"], folder).source_map))
    assert text.count("conf/model/mine.yaml") == 1


def changed(change: Callable[[Any], object]) -> Any:
    data = copy.deepcopy(json.loads(json.dumps(to_plain(WHOLE))))
    change(data)
    return data


HOSTILE: Mapping[str, Any] = {
    "nothing": None,
    "a list": [],
    "a text": "version",
    "an empty mapping": {},
    "another version": changed(lambda d: d.update(version=2)),
    "true for a version": changed(lambda d: d.update(version=True)),
    "an unknown key": changed(lambda d: d.update(more=1)),
    "a missing key": changed(lambda d: d.pop("steps")),
    "sources that are no list": changed(lambda d: d.update(sources={})),
    "a source of one item": changed(lambda d: d["sources"].append(["m.yaml"])),
    "a source that is a number": changed(lambda d: d["sources"].append([3, None])),
    "a source that is called and is not there": changed(
        lambda d: d["marks"].update(model=[[99, 1, 1, 1]])
    ),
    "a source that is called from behind": changed(
        lambda d: d["marks"].update(model=[[-1, 1, 1, 1]])
    ),
    "line 0": changed(lambda d: d["marks"].update(model=[[0, 0, 1, 1]])),
    "a line of any size": changed(lambda d: d["marks"].update(model=[[0, 10**30, 1, 1]])),
    "half a line": changed(lambda d: d["marks"].update(model=[[0, 1.5, 1, 1]])),
    "true for a line": changed(lambda d: d["marks"].update(model=[[0, True, 1, 1]])),
    "a length that is null": changed(lambda d: d["marks"].update(model=[[0, 1, 1, None]])),
    "a mark without a place": changed(lambda d: d["marks"].update(model=[])),
    "a mark with three places": changed(lambda d: d["marks"].update(model=[[0, 1, 1, 1]] * 3)),
    "marks that are a list": changed(lambda d: d.update(marks=[1])),
    "a mark of a number": changed(lambda d: d.update(marks={3: [[0, 1, 1, 1]]})),
    "a remark of two items": changed(lambda d: d["remarks"].append(["told", "seed"])),
    "a remark that points nowhere": changed(lambda d: d["remarks"].append(["told", "seed", "x"])),
    "a remark that is called and is not there": changed(lambda d: d["references"].update(seed=[7])),
    "an entry without a key": changed(lambda d: d["steps"][0]["entries"].update(a=[])),
    "an entry of a number": changed(lambda d: d["steps"][0]["entries"].update(a=[3])),
    "a copy of neither kind": changed(lambda d: d["steps"][0].update(copied=1)),
    "a step of no kind": changed(lambda d: d["steps"].append({})),
    "a step of both kinds": changed(lambda d: d["steps"][0].update(marks={})),
    "defaults that are a mapping": changed(lambda d: d.update(defaults={})),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_source_map_is_refused(data: Any) -> None:
    with pytest.raises(ForeignFileError, match="is no source map: "):
        from_plain(data)


TOO_LARGE: Mapping[str, Any] = {
    "steps": changed(lambda d: d.update(steps=d["steps"] * 8)),
    "a key path": changed(lambda d: d["marks"].update({"a." * 6000: [[0, 1, 1, 1]]})),
    "a way back": changed(lambda d: d["steps"][0]["entries"].update(a=["b." * 6000])),
    "an override": changed(lambda d: d["sources"].append([None, "x" * 1_000_001])),
    "remarks on one value": changed(lambda d: d["references"].update(seed=[0] * 500_001)),
    "remarks on all values": changed(
        lambda d: d["references"].update({f"k{index}": [0] * 999 for index in range(600)})
    ),
}


@pytest.mark.parametrize("data", TOO_LARGE.values(), ids=TOO_LARGE)
def test_more_than_a_map_may_hold_is_refused(data: Any) -> None:
    with pytest.raises(ForeignFileError) as caught:
        from_plain(data)
    assert caught.value.code == TOO_MUCH
