from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from kerasgen.diagnostics import Sink, SourceLocation, SourceMap
from kerasgen.frontend.compose.composition import Composition, compose
from kerasgen.frontend.compose.origins import (
    ConfigFile,
    SetByOverride,
    shown_path,
    trace_origins,
)

Configs = Callable[[Mapping[str, str]], str]


def where(
    composition: Composition, key: str, at: str = "value"
) -> tuple[str | None, int | None, int | None]:
    place = composition.source_map.locate(key, at)  # type: ignore[arg-type]
    return place.file, place.line, place.column


def pointed(place: SourceLocation) -> str:
    """What the place underlines in its override."""
    assert place.override is not None
    assert place.column is not None
    return place.override[place.column - 1 : place.column - 1 + place.length]


def test_a_value_of_a_group_file_is_found_in_that_file(configs: Configs) -> None:
    folder = configs({"model/mine.yaml": "# a comment\nlayers:\n  a: {class: Dense, units: 3}\n"})
    composition = compose(["model=mine"], folder)
    assert where(composition, "model.layers.a.units") == ("mine/model/mine.yaml", 3, 28)
    assert where(composition, "model.layers.a.units", "key") == ("mine/model/mine.yaml", 3, 21)


def test_the_users_folder_comes_before_the_shipped_one(configs: Configs) -> None:
    folder = configs({"optimizer/adam.yaml": "class: Adam\nlearning_rate: 0.5\n"})
    composition = compose([], folder)
    assert composition.config.optimizer.learning_rate == 0.5
    assert where(composition, "optimizer.learning_rate") == ("mine/optimizer/adam.yaml", 2, 16)


def test_a_folder_with_blanks_and_percent_signs_in_its_name_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "my %20 configs" / "model" / "mine.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("layers: {a: Dense}\n")
    composition = compose(["model=mine"], "my %20 configs")
    assert where(composition, "model.layers.a")[0] == "my %20 configs/model/mine.yaml"


def test_an_override_of_a_value_wins_over_the_file() -> None:
    place = compose(["optimizer.learning_rate=0.5"]).source_map.locate("optimizer.learning_rate")
    assert pointed(place) == "0.5"
    assert place.file is None


def test_an_override_of_a_groups_option_leads_to_the_options_file() -> None:
    place = compose(["optimizer=sgd"]).source_map.locate("optimizer.momentum")
    assert place.file is not None
    assert place.file.endswith("conf/optimizer/sgd.yaml")
    assert place.override is None


def test_an_overlay_for_the_whole_config_wins_over_the_groups(configs: Configs) -> None:
    folder = configs(
        {
            "experiment/mine.yaml": "# @package _global_\n"
            "defaults:\n"
            "  - override /optimizer: sgd\n"
            "optimizer:\n"
            "  momentum: 0.9\n"
            "fit: {epochs: 3}\n"
        }
    )
    composition = compose(["experiment=mine"], folder)
    assert where(composition, "optimizer.momentum") == ("mine/experiment/mine.yaml", 5, 13)
    assert where(composition, "fit.epochs") == ("mine/experiment/mine.yaml", 6, 15)
    assert str(where(composition, "optimizer.learning_rate")[0]).endswith("optimizer/sgd.yaml")


def test_an_option_in_a_package_of_its_own_is_found_under_that_package(configs: Configs) -> None:
    folder = configs(
        {
            "block/residual.yaml": "layers:\n  sum: Add\n",
            "model/mine.yaml": "defaults:\n  - /block@blocks.residual: residual\n  - _self_\n"
            "layers: {a: Dense}\n",
        }
    )
    composition = compose(["model=mine"], folder)
    assert where(composition, "model.blocks.residual.layers.sum") == (
        "mine/block/residual.yaml",
        2,
        8,
    )


def test_a_package_in_a_files_header_is_honoured(configs: Configs) -> None:
    folder = configs({"extra/mine.yaml": "# @package fit\nepochs: 7\n"})
    composition = compose(["+extra=mine"], folder)
    assert composition.config.fit.epochs == 7
    assert where(composition, "fit.epochs") == ("mine/extra/mine.yaml", 2, 9)


def test_an_interpolated_value_is_found_where_the_interpolation_stands(configs: Configs) -> None:
    folder = configs({"model/mine.yaml": 'layers:\n  a: {class: Dense, units: "${seed}"}\n'})
    composition = compose(["model=mine"], folder)
    assert where(composition, "model.layers.a.units") == ("mine/model/mine.yaml", 2, 28)


def test_the_elements_of_a_list_have_places_of_their_own(configs: Configs) -> None:
    folder = configs({"model/mine.yaml": "layers:\n  - Flatten\n  - {class: Dense, units: 3}\n"})
    composition = compose(["model=mine"], folder)
    assert where(composition, "model.layers.0") == ("mine/model/mine.yaml", 2, 5)
    assert where(composition, "model.layers.1.units") == ("mine/model/mine.yaml", 3, 27)


def test_a_list_that_replaces_a_list_leaves_no_element_of_it(configs: Configs) -> None:
    folder = configs({"model/mine.yaml": "layers: [Flatten, Dense, Dense]\n"})
    place = compose(["model=mine", "model.layers=[Flatten]"], folder).source_map.locate(
        "model.layers.2"
    )
    assert place.override == "model.layers=[Flatten]"


def test_a_missing_key_is_placed_at_the_entry_around_it(configs: Configs) -> None:
    folder = configs({"model/mine.yaml": "layers:\n  a: {class: Dense}\n"})
    composition = compose(["model=mine"], folder)
    assert where(composition, "model.layers.a.units") == ("mine/model/mine.yaml", 2, 3)


def test_a_key_that_a_whole_group_lacks_is_placed_in_the_groups_file(configs: Configs) -> None:
    folder = configs({"optimizer/mine.yaml": "learning_rate: 0.1\n"})
    composition = compose(["optimizer=mine"], folder)
    assert where(composition, "optimizer.class") == ("mine/optimizer/mine.yaml", None, None)


def test_the_class_of_a_bare_string_is_the_string_itself(configs: Configs) -> None:
    folder = configs({"model/mine.yaml": "layers:\n  a: Dence\n"})
    composition = compose(["model=mine"], folder)
    assert where(composition, "model.layers.a.class") == ("mine/model/mine.yaml", 2, 6)


def test_a_merged_key_does_not_hide_one_of_the_mapping_itself(configs: Configs) -> None:
    text = "layers:\n  a: &a {class: Dense, units: 3}\n  b:\n    units: 4\n    <<: *a\n"
    composition = compose(["model=mine"], configs({"model/mine.yaml": text}))
    assert composition.config.model.layers.b.units == 4
    assert where(composition, "model.layers.b.units") == ("mine/model/mine.yaml", 4, 12)
    assert where(composition, "model.layers.b.class") == ("mine/model/mine.yaml", 2, 17)


def test_a_layer_called_defaults_has_a_place(configs: Configs) -> None:
    folder = configs({"model/mine.yaml": "layers:\n  defaults: {class: Dense, units: 3}\n"})
    composition = compose(["model=mine"], folder)
    assert where(composition, "model.layers.defaults.units") == ("mine/model/mine.yaml", 2, 35)


@pytest.mark.parametrize(
    ("override", "key", "at", "wanted"),
    [
        ("+a.b=3", "a.b", "value", "3"),
        ("+a.b=3", "a.b", "key", "a.b"),
        ("++a='x, y'", "a", "value", "'x, y'"),
        ("a= 3", "a", "value", "3"),
        ("~a.b", "a.b", "key", "a.b"),
        ("a={class: SGD, momentum: 0.9}", "a.momentum", "value", "0.9"),
        ("a={class: SGD, momentum: 0.9}", "a.momentum", "key", "momentum"),
        ("a={class: SGD, momentum: 0.9}", "a.class", "value", "SGD"),
        ("a={b:{units:1},units:2}", "a.units", "value", "2"),
        ("a={b:{units:1},units:2}", "a.b.units", "value", "1"),
        ("a={units:2,b:units}", "a.b", "value", "units"),
        ("a=[1,[2,3],{c:4}]", "a.1.1", "value", "3"),
        ("a=[1,[2,3],{c:4}]", "a.2.c", "value", "4"),
        ("a={b:'x}, y',c:\"it's\"}", "a.c", "value", '"it\'s"'),
        ("a={b: int(3), c: 4}", "a.c", "value", "4"),
        (r"a={b: x\,y, c: 4}", "a.c", "value", "4"),
        ("a=", "a", "value", ""),
    ],
)
def test_an_override_is_underlined_where_the_key_or_the_value_stands(
    override: str, key: str, at: str, wanted: str
) -> None:
    written = SetByOverride(key=override.lstrip("+~").partition("=")[0], text=override)
    place = trace_origins([], [written], Sink()).locate(key, at)  # type: ignore[arg-type]
    assert pointed(place) == wanted


def test_a_deleted_key_is_placed_at_the_override_that_deleted_it() -> None:
    place = compose(["~optimizer.class"]).source_map.locate("optimizer.class", "key")
    assert pointed(place) == "optimizer.class"


def test_a_mapping_override_keeps_the_places_of_what_it_does_not_set() -> None:
    origins = compose(["optimizer={class: SGD}"]).source_map
    assert pointed(origins.locate("optimizer.class")) == "SGD"
    assert str(origins.locate("optimizer.beta_1").file).endswith("optimizer/adam.yaml")


def test_an_override_of_a_setting_of_hydra_has_a_place() -> None:
    place = compose(["hydra.run.dir=here"]).source_map.locate("hydra.run.dir")
    assert pointed(place) == "here"


@pytest.mark.parametrize(
    ("key", "kind"), [("on", "bool"), ("No", "bool"), ("1.5", "float"), ("~", "null")]
)
def test_a_key_that_is_no_text_is_reported_at_its_place(
    tmp_path: Path, key: str, kind: str
) -> None:
    file = tmp_path / "m.yaml"
    file.write_text(f"layers:\n  {key}: Dense\n")
    sink = Sink()
    trace_origins([ConfigFile(path=file, package="model")], [], sink)
    (found,) = sink.diagnostics
    assert found.code == "KG108"
    assert kind in found.message
    assert found.location is not None
    assert (found.location.line, found.location.column) == (2, 3)


def test_a_number_is_a_key_since_class_weights_have_such() -> None:
    sink = Sink()
    origins = compose(["+fit.class_weight={0: 1.0, 1: 2.0}"]).source_map
    assert not sink.diagnostics
    assert pointed(origins.locate("fit.class_weight.1")) == "2.0"


def test_what_was_never_written_has_its_key_only() -> None:
    assert SourceMap().locate("a.b") == SourceLocation(key="a.b")


def test_a_file_outside_the_working_directory_is_shown_by_its_whole_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = tmp_path / "here"
    inside.mkdir()
    monkeypatch.chdir(inside)
    assert shown_path(tmp_path / "m.yaml") == str(tmp_path / "m.yaml")
    assert shown_path(inside / "m.yaml") == "m.yaml"
