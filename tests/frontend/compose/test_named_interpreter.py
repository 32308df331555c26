"""The interpreter of Theano or CNTK is a program that is run: the user's word, and no file's."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from kerasgen.diagnostics import CompileError, Diagnostic
from kerasgen.frontend.compose.config_folders import ConfigPlace
from kerasgen.frontend.compose.named_interpreter import without_interpreter
from kerasgen.session.composed_config import compose_config

Configs = Callable[[Mapping[str, str | bytes]], str]
GLOBAL = "# @package _global_\n"
THEANO = GLOBAL + "defaults: [override /backend: theano]\n"


def refused(folder: str | None, *overrides: str) -> Diagnostic:
    with pytest.raises(CompileError) as error:
        compose_config(overrides, folder)
    (found,) = error.value.diagnostics
    return found


def named(overrides: list[str], place: str | ConfigPlace | None = None) -> object:
    config = compose_config(overrides, place).config
    return OmegaConf.select(config, "backend.runtime.python")


@pytest.mark.parametrize(
    "text",
    [
        "backend: {runtime: {python: ./python}}",
        "backend: {runtime: {python: python3}}",
        "backend: {runtime: {python: '${name}'}}",
        "backend: {runtime: {python: '${data.facts.nothing}'}}",
        "backend: {runtime: '${evil}'}\nevil: {python: ./python}",
    ],
)
def test_a_file_names_none(configs: Configs, text: str) -> None:
    folder = configs({"experiment/bad.yaml": f"{THEANO}{text}\n"})
    found = refused(folder, "experiment=bad")
    assert found.code == "KG121"
    assert found.location is not None
    assert str(found.location.file).endswith("experiment/bad.yaml")
    assert found.location.line == 3


def test_an_option_of_the_group_names_none(configs: Configs) -> None:
    text = "backend: theano\nruntime:\n  python: /bin/true\n"
    found = refused(configs({"backend/mine.yaml": text}), "backend=mine")
    assert (found.code, found.location and found.location.line) == ("KG121", 3)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("backend.runtime.python", "evil,worse"),
        ("+backend.runtime.python", "evil,worse"),
        ("backend.runtime", "'{python: evil},{python: worse}'"),
        ("backend", "'{runtime: {python: evil}},jax'"),
    ],
)
def test_a_file_sweeps_over_none(configs: Configs, key: str, value: str) -> None:
    text = f"{THEANO}hydra: {{sweeper: {{params: {{{key}: {value}}}}}}}\n"
    assert refused(configs({"experiment/bad.yaml": text}), "experiment=bad").code == "KG112"


def test_a_file_may_sweep_over_engines_and_threads(configs: Configs) -> None:
    params = "{backend: 'jax,theano', backend.runtime.threads: '1,2'}"
    text = f"{THEANO}hydra: {{sweeper: {{params: {params}}}}}\n"
    found = compose_config(["experiment=good"], configs({"experiment/good.yaml": text}))
    assert found.choices["experiment"] == "good"


def test_what_is_typed_is_taken() -> None:
    assert named(["backend=theano", "backend.runtime.python=/opt/python"]) == "/opt/python"
    typed = ["backend=theano", "backend.runtime={python: /opt/python}"]
    assert named(typed) == "/opt/python"


def test_what_is_typed_holds_no_interpolation() -> None:
    assert refused(None, "backend=theano", "backend.runtime.python='${name}'").code == "KG121"


def test_a_root_config_that_is_named_is_the_users_word(configs: Configs) -> None:
    text = (
        "defaults: [config, override backend: theano, _self_]\n"
        "backend: {runtime: {python: /opt/python}}\n"
    )
    place = ConfigPlace(config_name="own", config_dirs=(configs({"own.yaml": text}),))
    assert named([], place) == "/opt/python"


def test_a_file_beside_a_root_config_of_ones_own_names_none(configs: Configs) -> None:
    folder = configs(
        {
            "own.yaml": "defaults: [config, override backend: theano, _self_]\n",
            "experiment/bad.yaml": f"{THEANO}backend: {{runtime: {{python: evil}}}}\n",
        }
    )
    with pytest.raises(CompileError) as error:
        compose_config(["experiment=bad"], ConfigPlace(config_name="own", config_dirs=(folder,)))
    assert [found.code for found in error.value.diagnostics] == ["KG121"]


def test_an_engine_without_such_settings_composes(tmp_path: Path) -> None:
    assert named(["backend=jax"]) is None


@pytest.mark.parametrize("config", [{}, {"backend": "jax"}, {"backend": {"runtime": "x"}}])
def test_plain_data_that_names_none_stays_as_it_is(config: dict[str, object]) -> None:
    assert without_interpreter(config) == config
