import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hydra.types import RunMode
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from programs import read_program

from kerasgen.diagnostics import CompileError, Diagnostic
from kerasgen.frontend.compose.composition import (
    compose,
    make_loader,
    resolve,
    resolve_groups,
    resolve_shown,
)
from kerasgen.frontend.compose.config_folders import ConfigPlace, config_folder

Configs = Callable[[Mapping[str, str]], str]


def refused(overrides: list[str], folder: str | None = None) -> list[Diagnostic]:
    with pytest.raises(CompileError) as caught:
        resolve(compose(overrides, folder))
    return list(caught.value.diagnostics)


def test_the_shipped_config_resolves_to_plain_data() -> None:
    config, sink = resolve(compose([]))
    assert not sink.diagnostics
    assert config["backend"]["backend"] == "tensorflow"
    assert config["model"]["layers"]["scores"]["units"] == 10


def test_the_folder_of_configs_lies_beside_the_package_in_a_checkout() -> None:
    assert (config_folder() / "config.yaml").is_file()


def test_choices_name_the_groups_of_the_config_alone() -> None:
    choices = compose(["optimizer=sgd"]).choices
    assert choices["optimizer"] == "sgd"
    assert not [group for group in choices if group.startswith("hydra")]


def test_overrides_are_kept_as_written_and_without_those_of_hydra() -> None:
    written = ["fit.epochs=${data.classes}", "hydra.verbose=false", "+fit.x='a, b'"]
    assert compose(written).overrides == ("fit.epochs=${data.classes}", "+fit.x='a, b'")


def test_facts_of_the_data_can_be_referred_to_without_becoming_part_of_the_data_group() -> None:
    config, _ = resolve(compose(["fit.epochs=${data.classes}"]))
    assert config["fit"]["epochs"] == 10
    assert "classes" not in config["data"]


def test_facts_of_opened_data_take_the_place_of_the_declared_ones() -> None:
    composition = compose(["fit.epochs=${data.classes}"])
    config, _ = resolve(composition, {"classes": 3})
    assert config["fit"]["epochs"] == 3
    assert config["data"]["facts"] == {"classes": 3}
    assert resolve(composition)[0]["fit"]["epochs"] == 10


def test_groups_can_be_resolved_without_the_others() -> None:
    groups, _ = resolve_groups(compose(["seed=${nope}"]), ["backend"])
    assert groups["backend"]["floatx"] == "float32"


def test_a_key_that_is_no_text_stops_the_resolution(configs: Configs) -> None:
    folder = configs({"model/mine.yaml": "layers: {on: Dense}\n"})
    (found,) = refused(["model=mine"], folder)
    assert found.code == "KG108"


def test_a_class_given_on_the_command_line_merges_into_the_groups_file() -> None:
    for override in ("optimizer.class=SGD", "optimizer={class: SGD}"):
        config, _ = resolve(compose([override]))
        assert config["optimizer"]["class"] == "SGD"
        assert config["optimizer"]["beta_1"] == 0.9


def test_an_added_layer_comes_last() -> None:
    config, _ = resolve(compose(["+model.layers.noise={class: GaussianNoise, stddev: 0.1}"]))
    assert list(config["model"]["layers"])[-1] == "noise"


def test_a_config_is_resolved_in_place_for_printing_with_the_facts_of_its_data() -> None:
    config = make_loader().load_configuration("config", [], RunMode.RUN)
    resolve_shown(config)
    assert config.model.layers.scores.units == 10
    assert "classes" not in config.data
    assert config.hydra.run.dir.startswith("outputs/")


def test_resolving_for_printing_raises_on_a_reference_to_nothing() -> None:
    config = make_loader().load_configuration("config", ["seed=${nope}"], RunMode.RUN)
    with pytest.raises(OmegaConfBaseException, match="nope"):
        resolve_shown(config)


def test_composing_imports_no_keras_and_no_backend(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from kerasgen.frontend.compose.composition import compose, resolve\n"
        "resolve(compose(['optimizer=sgd']))\n"
        "heavy = {'keras', 'tensorflow', 'jax', 'torch', 'sklearn', 'matplotlib', 'numpy'}\n"
        "print(sorted(heavy & {name.partition('.')[0] for name in sys.modules}))\n"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("model", ["mlp", "table_number"])
def test_a_group_without_an_option_is_told_at_the_defaults_list(
    config_files: Callable[..., str], model: str
) -> None:
    root = f"# mine\ndefaults:\n  - backend: jax\n  - model: {model}\n  - optimizer: adam\n"
    composition = compose(
        [], ConfigPlace(config_dirs=(config_files({"mine.yaml": root}),), config_name="mine")
    )
    with pytest.raises(CompileError) as caught:
        read_program(*resolve(composition))
    first = caught.value.diagnostics[0]
    assert first.message == "the config has no group `data`"
    assert first.location is not None
    assert (first.location.file, first.location.line) == ("conf/mine.yaml", 2)


@pytest.mark.parametrize("word", ["~fit", "~optimizer", "~compile=auto"])
def test_a_group_that_the_command_line_takes_out_is_told_there(word: str) -> None:
    with pytest.raises(CompileError) as caught:
        read_program(*resolve(compose([word])))
    (found,) = caught.value.diagnostics
    assert found.location is not None
    assert (found.code, found.location.override, found.location.column) == ("KG104", word, 2)
    assert found.help == f"leave `{word}` out"


def test_a_group_that_is_taken_out_and_written_anew_is_located_where_it_is_written() -> None:
    composition = compose(["~fit", "+fit.epochs=3"])
    assert composition.source_map.locate("fit.epochs").override == "+fit.epochs=3"


def test_resolving_leaves_the_composition_as_it_was() -> None:
    composition = compose(["data.task=regression"])
    before = OmegaConf.to_yaml(composition.config)
    resolve(composition)
    resolve(composition, {"classes": 3})
    assert OmegaConf.to_yaml(composition.config) == before
    composition = compose(["model.layers.hidden1.units=${nowhere}"])
    before = OmegaConf.to_yaml(composition.config)
    with pytest.raises(CompileError):
        resolve(composition)
    assert OmegaConf.to_yaml(composition.config) == before


def test_a_misspelt_fact_is_told_where_it_is_given(config_files: Configs) -> None:
    folder = config_files({"data/mine.yaml": "defaults: [digits]\nfacts: {Classes: 10}\n"})
    (found,) = refused(["data=mine", "~data.facts.classes"], folder)
    assert found.message == "`${data.classes}` cannot be resolved: the data has no fact `classes`"
    assert found.location is not None
    assert (found.location.file, found.location.line) == ("conf/data/mine.yaml", 2)
    assert found.help == "did you mean `classes`?"
    assert [note.message for note in found.notes] == ["it is needed here"]
