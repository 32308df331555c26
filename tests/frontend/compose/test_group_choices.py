"""How the option of a group may be chosen on the command line."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from kerasgen.frontend.compose.composition import compose
from kerasgen.frontend.compose.config_folders import ConfigPlace, config_folder

Writer = Callable[[Mapping[str, str | bytes]], str]

OWN = {"model/mine.yaml": "layers: {scores: Dense}\n", "experiment/a/b.yaml": "seed: 7\n"}


def chosen(*overrides: str, folder: str | None = None, group: str = "model") -> str | None:
    return compose(list(overrides), folder).choices[group]


@pytest.mark.parametrize("sign", ["", "+", "++"])
def test_a_group_that_the_root_config_chooses_takes_any_sign(sign: str) -> None:
    assert chosen(f"{sign}experiment=penguins", group="experiment") == "penguins"
    assert chosen(f"{sign}model=convnet") == "convnet"


def test_the_override_is_kept_as_it_was_written() -> None:
    assert compose(["+experiment=penguins"]).overrides == ("+experiment=penguins",)


def test_a_group_that_the_root_config_does_not_choose_needs_its_plus(configs: Writer) -> None:
    folder = configs({"root.yaml": "defaults:\n  - config\n  - _self_\n", "extra/x.yaml": "a: 1\n"})
    composed = compose(
        ["+extra=x", "+model=convnet"], ConfigPlace(config_dirs=(folder,), config_name="root")
    )
    assert composed.choices["extra"] == "x"
    assert composed.choices["model"] == "convnet"


@pytest.mark.parametrize(
    "value", ["mine.yaml", "mine/model/mine.yaml", "./mine/model/../model/mine.yaml"]
)
def test_a_file_of_a_config_folder_is_the_option(configs: Writer, value: str) -> None:
    folder = configs(OWN)
    assert chosen(f"model={value}", folder=folder) == "mine"


def test_a_file_in_a_folder_of_options_is_one(configs: Writer) -> None:
    folder = configs(OWN)
    word = "+experiment=mine/experiment/a/b.yaml"
    assert chosen(word, folder=folder, group="experiment") == "a/b"


def test_a_shipped_file_is_its_option() -> None:
    assert chosen(f"model={config_folder() / 'model' / 'convnet.yaml'}") == "convnet"


def test_an_option_of_another_group_is_no_option(configs: Writer) -> None:
    folder = configs({**OWN, "data/mine.yaml": "task: regression\n"})
    with pytest.raises(Exception, match="mine/data/mine"):
        chosen(f"model={Path('mine/data/mine.yaml')}", folder=folder)
