import math
from pathlib import Path
from typing import Any

import pytest
import yaml

from kerasgen.diagnostics import Sink, SourceLocation
from kerasgen.emit.text.resolved_config import config_with_origins, config_yaml
from kerasgen.frontend.compose.origins import ConfigFile, SetByOverride, trace_origins

TEXTS = [
    *["1e-3", "1e5", "+1E9", "1.5", ".5e3", "1_000", "12:30:45", "1:30.5", "2024-01-01", "0x1f"],
    *["on", "off", "yes", "no", "y", "true", "null", "~", "", "=", "<<", ".nan", ".inf", "???"],
    *["  lead", "trail  ", "a\nb", "a\n", "\n", "a\r\nb", "a\x85b", "a\u2028b", "a\tb", "\x00"],
    *["a # b", "#", "a: b", "- a", "? a", "!a", "&a", "*a", "%a", "@a", "`a`", "|", ">", "{a}"],
    *["[a]", "a, b", "it's", '"quoted"', "both ' and \"", "\\n", "${data.classes}", "---", "..."],
    *["naïve", "日本語", "😀", "\ufeff", "x" * 400, "many words " * 60],
]
VALUES: list[Any] = [
    *[None, True, False, 0, -7, 10**30, 0.1, 1e-7, 1e16, -2.5e-300, math.inf, -math.inf],
    *[{}, [], [[]], [{}], [1, "???", None], [[1, 2], [3]], [{"a": [1, {"b": "c\nd"}]}, "x"]],
]


def yaml_loaders() -> list[Any]:
    from omegaconf._utils import get_yaml_loader

    return [yaml.SafeLoader, get_yaml_loader()]


def nowhere(key: str) -> SourceLocation:
    return SourceLocation(key=key)


def in_file(key: str) -> SourceLocation:
    return SourceLocation(key=key, file="conf/model/mlp.yaml", line=4)


def same(first: Any, second: Any) -> bool:
    """Equal with the same types; `1 == True` and `1 == 1.0` would hide a difference."""
    return repr(first) == repr(second)


@pytest.mark.parametrize("value", [*TEXTS, *VALUES, math.nan], ids=ascii)
@pytest.mark.parametrize("place", [nowhere, in_file])
def test_every_value_is_read_back_as_it_was(value: Any, place: Any) -> None:
    config = {"a": value, "b": {"c": value}, "d": [value, 1]}
    for text in (config_yaml(config), config_with_origins(config, place)):
        for loader in yaml_loaders():
            assert same(yaml.load(text, Loader=loader), config)


@pytest.mark.parametrize("key", [*TEXTS, 0, 1.5, True, None], ids=ascii)
def test_every_key_is_read_back_as_it_was(key: Any) -> None:
    config = {key: {key: [1]}, "last": 1}
    for text in (config_yaml(config), config_with_origins(config, in_file)):
        assert same(yaml.safe_load(text), config)


def test_the_order_of_the_keys_is_kept() -> None:
    assert list(yaml.safe_load(config_yaml({"z": 1, "a": 2, "m": 3}))) == ["z", "a", "m"]


def test_an_empty_config_is_an_empty_mapping() -> None:
    assert config_yaml({}) == "{}\n"
    assert config_with_origins({}, in_file) == "{}\n"


def test_a_part_that_stands_twice_is_written_twice() -> None:
    part = {"units": 3}
    assert config_yaml({"a": part, "b": part}) == "a:\n  units: 3\nb:\n  units: 3\n"


def test_a_config_is_written_in_blocks_with_plain_lists_on_one_line() -> None:
    config = {
        "layers": {"conv": {"class": "Conv2D", "kernel_size": (3, 3)}},
        "rate": 1e-7,
        "callbacks": [{"class": "EarlyStopping"}, "TerminateOnNaN"],
    }
    assert config_yaml(config) == (
        "layers:\n"
        "  conv:\n"
        "    class: Conv2D\n"
        "    kernel_size: [3, 3]\n"
        "rate: 1.0e-07\n"
        "callbacks:\n"
        "  - class: EarlyStopping\n"
        "  - TerminateOnNaN\n"
    )


def test_each_value_is_followed_by_where_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "mlp.yaml"
    file.write_text(
        "layers:\n"
        "  flatten: Flatten\n"
        "  hidden1: {class: Dense, units: 128}\n"
        "  conv:\n"
        "    class: Conv2D\n"
        "    kernel_size: [3, 3]\n"
    )
    override = SetByOverride(
        key="model.layers.hidden1.units", text="model.layers.hidden1.units=256", value=256
    )
    origins = trace_origins([ConfigFile(path=file, package="model")], [override], Sink())
    config = {
        "model": {
            "layers": {
                "flatten": "Flatten",
                "hidden1": {"class": "Dense", "units": 256},
                "conv": {"class": "Conv2D", "kernel_size": [3, 3]},
            }
        },
        "seed": 0,
    }
    text = config_with_origins(config, origins.locate)
    assert text.replace(str(file), "mlp.yaml") == (
        "model:\n"
        "  layers:\n"
        "    flatten: Flatten       # mlp.yaml:2\n"
        "    hidden1:\n"
        "      class: Dense         # mlp.yaml:3\n"
        "      units: 256           # command line: model.layers.hidden1.units=256\n"
        "    conv:\n"
        "      class: Conv2D        # mlp.yaml:5\n"
        "      kernel_size: [3, 3]  # mlp.yaml:6\n"
        "seed: 0\n"
    )


def test_a_list_whose_values_were_written_apart_stands_on_several_lines() -> None:
    def place(key: str) -> SourceLocation:
        line = {"size.0": 2, "size.1": 9}.get(key, 1)
        return SourceLocation(key=key, file="a.yaml", line=line)

    assert config_with_origins({"size": [3, 5]}, place) == (
        "size:\n  - 3  # a.yaml:2\n  - 5  # a.yaml:9\n"
    )


def test_a_line_that_is_too_long_does_not_push_the_comments_of_the_others_away() -> None:
    lines = config_with_origins({"a": 1, "b": "x" * 100}, in_file).splitlines()
    assert [line.index("  #") for line in lines] == [60, 103]


@pytest.mark.parametrize("text", ["a=\nb: 2", "a=\r\nb: 2", "a=\x00\x07", "a=\u2028b: 2", "a=# x"])
def test_an_override_never_breaks_the_yaml(text: str) -> None:
    config = {"a": [1, 2], "c": {"d": "x"}}
    written = config_with_origins(config, lambda key: SourceLocation(key=key, override=text))
    assert yaml.safe_load(written) == config
    assert len(written.splitlines()) == 3


def test_a_very_long_override_is_cut() -> None:
    def place(key: str) -> SourceLocation:
        return SourceLocation(key=key, override="a=" + "x" * 5000)

    text = config_with_origins({"a": 1}, place)
    assert len(text) < 200
    assert text.endswith("…\n")


def test_a_place_without_a_line_is_told_by_its_file() -> None:
    def place(key: str) -> SourceLocation:
        return SourceLocation(key=key, file="keras.json")

    assert config_with_origins({"a": 1}, place) == "a: 1  # keras.json\n"
