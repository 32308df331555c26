import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hydra.types import RunMode

from kerasgen.frontend.compose.composition import make_loader, resolve
from kerasgen.frontend.compose.frozen_config import (
    FrozenConfig,
    freeze,
    pack,
    thaw,
    thaw_for_hydra,
    unpack,
)
from kerasgen.frontend.compose.references import plain_node
from kerasgen.registry import NOBODY

Configs = Callable[[Mapping[str, str]], str]


def frozen(*overrides: str, folder: str | None = None) -> FrozenConfig:
    loader = make_loader(folder)
    config = loader.load_configuration("config", list(overrides), RunMode.RUN)
    before = plain_node(config)
    found = freeze(config, loader)
    assert plain_node(config) == before
    return found


def test_what_is_thawed_is_what_was_composed() -> None:
    words = ("model=convnet", "fit.epochs=${data.classes}", "model.layers[Dropout].rate=0.3")
    composition = thaw(frozen(*words), NOBODY)
    config, sink = resolve(composition)
    assert config["fit"]["epochs"] == 10
    assert config["selectors"] == ["model.layers[Dropout].rate=0.3"]
    assert sink.source_map.locate("fit.epochs").override == "fit.epochs=${data.classes}"
    assert composition.overrides == words
    assert composition.choices["model"] == "convnet"


def test_files_are_not_read_again(configs: Configs) -> None:
    folder = configs({"fit/mine.yaml": "epochs: 7\n"})
    found = frozen("fit=mine", folder=folder)
    Path(folder, "fit", "mine.yaml").write_text("epochs: [")
    config, sink = resolve(thaw(found, NOBODY))
    assert config["fit"]["epochs"] == 7
    place = sink.source_map.locate("fit.epochs")
    assert place.file is not None
    assert place.file.endswith("fit/mine.yaml")
    assert (place.line, place.column) == (1, 9)


def test_hydra_gets_its_config_as_its_loader_gave_it() -> None:
    words = ["seed=3", "+hydra.job.env_set={PATH: b}", "model.layers[Dropout].rate=0.3"]
    loader = make_loader()
    config = loader.load_configuration("config", words, RunMode.RUN)
    assert plain_node(thaw_for_hydra(freeze(config, loader))) == plain_node(config)


def test_the_identity_is_that_of_the_values() -> None:
    assert frozen("seed=0").content_hash() == frozen().content_hash()
    assert frozen("seed=1").content_hash() != frozen().content_hash()
    selected = "model.layers[Dropout].rate=0.3"
    assert frozen(selected).content_hash() != frozen().content_hash()
    moved = replace(frozen(), overrides=("x=1",), folders=("elsewhere",))
    assert moved.content_hash() == frozen().content_hash()


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (1, True),
        (1, 1.0),
        ("1", 1),
        (None, "null"),
        ([1], {0: 1}),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    ],
)
def test_different_values_have_different_identities(one: object, two: object) -> None:
    first, second = FrozenConfig(config={"a": one}), FrozenConfig(config={"a": two})
    assert first.content_hash() != second.content_hash()


def test_the_identity_is_the_same_in_every_process() -> None:
    program = (
        "from kerasgen.frontend.compose.frozen_config import FrozenConfig as F;"
        "print(F(config={'b': {2: 1.5, 'x': 'é'}, 'a': [None]}).content_hash())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    here = FrozenConfig(config={"b": {2: 1.5, "x": "é"}, "a": [None]})
    assert done.stdout.strip() == here.content_hash()


@pytest.mark.parametrize(
    "tree",
    [
        {"a": {1: 0.5, False: None, 2.5: "x"}},
        {"pairs": [1]},
        {"base64": "QQ=="},
        {"a": b"\x00\xff", "b": [{"pairs": {"base64": []}}]},
        {"a": float("inf"), "b": ["\udcff", "${x}"]},
    ],
)
def test_everything_a_config_holds_survives_json(tree: object) -> None:
    assert unpack(json.loads(json.dumps(pack(tree)))) == tree
