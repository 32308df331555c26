import copy
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from programs import read_program

from kerasgen.diagnostics import CompileError, Diagnostic, Sink, SourceLocation
from kerasgen.frontend.compose.composition import compose, resolve
from kerasgen.frontend.compose.selector_syntax import (
    MOST_SELECTORS,
    is_selector,
    read_selector,
    read_selectors,
)
from kerasgen.frontend.expand.whole_model import expand_config
from kerasgen.frontend.refusals.culprits import diagnose
from kerasgen.frontend.select.apply import apply_selectors, select_config

Configs = Callable[[Mapping[str, str | bytes]], str]

MODEL: dict[str, Any] = {
    "layers": {
        "conv1": {"class": "Conv2D", "filters": 8, "kernel_size": [3, 3]},
        "conv2": {"class": "Conv2D", "filters": 16, "kernel_size": 3},
        "conv_drop": "Dropout",
        "encoder": {
            "layers": {
                "conv1": {"class": "keras.layers.Conv2D", "filters": 4},
                "hidden": {"class": "Dense", "units": 5, "kernel_initializer": "HeNormal"},
            }
        },
        "wrapped": {
            "class": "TimeDistributed",
            "layer": {"class": "Sequential", "layers": {"inner": {"class": "Dense", "units": 7}}},
        },
        "both": {"class": "Bidirectional", "layer": {"class": "LSTM", "units": 3}},
        "drop": {"class": "layers.Dropout", "rate": 0.5, "seed": 1},
        "out": {"class": "Dense", "units": 10},
    }
}


def selected(*texts: str, model: Mapping[str, Any] = MODEL) -> tuple[dict[str, Any], Sink]:
    """The layers after selectors, and the sink that says what was wrong."""
    sink = Sink()
    read = [read_selector(text, sink) for text in texts]
    section, _ = apply_selectors(model, [one for one in read if one is not None], sink)
    return section["layers"], sink


def changed(*texts: str, model: Mapping[str, Any] = MODEL) -> dict[str, Any]:
    layers, sink = selected(*texts, model=model)
    assert sink.diagnostics == []
    return layers


def refused(*texts: str, model: Mapping[str, Any] = MODEL) -> Diagnostic:
    _, sink = selected(*texts, model=model)
    (found,) = sink.diagnostics
    return found


def underlined(place: SourceLocation | None) -> str:
    assert place is not None
    assert place.override is not None
    assert place.column is not None
    return place.override[place.column - 1 : place.column - 1 + place.length]


def compiled(*overrides: str, folder: str | None = None) -> tuple[dict[str, Any], Sink]:
    """The model of a config after expansion and selection."""
    config, sink = resolve(compose(list(overrides), folder))
    expanded = expand_config(config, sink)
    selected = select_config(expanded.config, sink.over(expanded.source_map))
    sink.stop_on_errors()
    return selected.config["model"], sink.over(selected.source_map)


# Which arguments are selectors.


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("model.layers[Dropout].rate=0.3", True),
        ("~model.layers[Dropout]", True),
        ("modle.layers[Dropout].rate=0.3", True),
        ("model.layers[0].units=3", False),
        ("model.layers=[Flatten]", False),
        ("optimizer=sgd", False),
        ("~model.layers.drop1", False),
    ],
)
def test_a_selector_is_an_override_with_a_bracket_in_its_key(text: str, answer: bool) -> None:
    assert is_selector(text) is answer


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("modle.layers[Dense].units=3", "modle.layers[", "begins with `model.layers[`"),
        ("model.layers[Dense.units=3", "[", "not closed"),
        ("model.layers[].units=3", "[]", "nothing between"),
        ("model.layers[a,b].units=3", ",", "can stand in no name"),
        ("model.layers[Dense]=3", "=3", "no argument behind `]`"),
        ("model.layers[Dense].units", "", "expected one of `=`"),
        ("model.layers[Dense].units%=2", "%=2", "expected one of `=`"),
        ("model.layers[Dense].units=[1", "[1", "the value cannot be read"),
        ("model.layers[Dense].units='${'", "'${'", "the value cannot be read"),
        ("model.layers[Dense].repeat=3", "repeat", "has had its effect"),
        ("+model.layers[Dense].units*=2", "+", "`+` goes with `=` alone"),
        ("~+model.layers[Dense].units", "~+", "cannot begin with"),
        ("~model.layers[Dense].units=3", "=3", "behind what is to be taken out"),
    ],
)
def test_a_selector_that_cannot_be_read_is_underlined_where(
    text: str, place: str, words: str
) -> None:
    sink = Sink()
    assert read_selector(text, sink) is None
    (found,) = sink.diagnostics
    assert found.code == "KG111"
    assert words in found.message
    assert underlined(found.location) == place


def test_a_sweep_outside_of_one_says_how_to_make_one() -> None:
    (found,) = diagnose(["model.layers[Dense].units=1,2"])
    assert found.code == "KG102"
    assert found.help is not None
    assert "-m" in found.help
    assert diagnose(["model.layers[Dense].units=1,2"], multirun=True) == []


def test_selectors_and_overrides_that_cannot_be_read_are_told_together() -> None:
    found = diagnose(["model.layers[Dense.units=1", "optimizer=sdg", "nam=x"])
    assert sorted(one.code for one in found) == ["KG103", "KG104", "KG111"]


# Which entries a pattern means.


def test_a_class_means_every_entry_of_it_with_and_without_its_module() -> None:
    for pattern in ("Dropout", "layers.Dropout", "keras.layers.Dropout"):
        layers = changed(f"model.layers[{pattern}].rate=0.3")
        assert layers["conv_drop"] == {"class": "Dropout", "rate": 0.3}
        assert layers["drop"] == {"class": "layers.Dropout", "rate": 0.3, "seed": 1}


def test_a_glob_means_names_in_nested_models_too() -> None:
    layers = changed("model.layers[conv?].filters*=2")
    assert layers["conv1"]["filters"] == 16
    assert layers["conv2"]["filters"] == 32
    assert layers["encoder"]["layers"]["conv1"]["filters"] == 8


def test_a_dotted_name_reaches_into_one_nested_model() -> None:
    layers = changed("model.layers[encoder.conv*].filters=1")
    assert layers["encoder"]["layers"]["conv1"]["filters"] == 1
    assert layers["conv1"]["filters"] == 8


def test_a_model_in_an_argument_is_reached() -> None:
    layers = changed("model.layers[Dense].units=1", "model.layers[wrapped.*].units+=1")
    assert layers["wrapped"]["layer"]["layers"]["inner"]["units"] == 2


def test_a_range_of_characters_may_stand_in_a_pattern() -> None:
    layers = changed("model.layers[conv[2-9]].filters=1")
    assert [layers[name]["filters"] for name in ("conv1", "conv2")] == [8, 1]


def test_a_class_goes_before_a_name() -> None:
    model = {"layers": {"Dense": "Flatten", "out": {"class": "Dense"}}}
    layers = changed("model.layers[Dense].units=3", model=model)
    assert layers == {"Dense": "Flatten", "out": {"class": "Dense", "units": 3}}


def test_entries_of_a_list_are_found_by_class_and_by_the_name_that_keras_gives() -> None:
    model = {"layers": ["Flatten", {"class": "Dense", "units": 4}, {"class": "Dense", "units": 5}]}
    layers = changed("model.layers[Dense].units*=2", "model.layers[dense_1].units=3", model=model)
    assert [entry["units"] for entry in layers[1:]] == [8, 3]  # type: ignore[misc]


def test_a_wildcard_passes_over_an_entry_that_calls_a_layer_again() -> None:
    model = {"layers": {"tower": {"class": "Dense", "units": 2}, "tower2": {"is": "tower"}}}
    assert changed("model.layers[tower*].units=3", model=model)["tower2"] == {"is": "tower"}


@pytest.mark.parametrize(
    ("pattern", "hint"),
    [
        ("Dropuot", "did you mean `Dropout`?"),
        ("conv_dorp", "did you mean `conv_drop`?"),
        ("encodr*", "did you mean `encoder`?"),
        ("zzz*", "the entries are `conv1`"),
        ("LSTM", "write `model.layers[Bidirectional].layer.…`"),
    ],
)
def test_a_pattern_that_matches_nothing_is_an_error_with_a_suggestion(
    pattern: str, hint: str
) -> None:
    found = refused(f"model.layers[{pattern}].rate=0.3")
    assert found.code == "KG110"
    assert found.help is not None
    assert hint in found.help
    assert underlined(found.location) == pattern


# What is done.


def test_the_model_that_is_selected_from_stays_as_it_is() -> None:
    before = copy.deepcopy(MODEL)
    changed("model.layers[Dense].kernel_initializer=zeros", "~model.layers[Dropout]")
    assert before == MODEL


def test_selectors_are_applied_in_their_order() -> None:
    layers = changed("model.layers[conv1].filters=3", "model.layers[Conv2D].filters*=2")
    assert layers["conv1"]["filters"] == 6


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("units*=2", 20),
        ("units*=1.5", 15),
        ("units*=0.25", 2.5),
        ("units/=2", 5),
        ("units/=4", 2.5),
        ("units+=1", 11),
        ("units-=0.5", 9.5),
    ],
)
def test_an_integer_stays_one_where_the_result_is_exact(text: str, value: float) -> None:
    result = changed(f"model.layers[out].{text}")["out"]["units"]
    assert (result, type(result)) == (value, type(value))


def test_a_float_stays_one() -> None:
    assert changed("model.layers[drop].rate*=2")["drop"]["rate"] == pytest.approx(1.0)
    assert isinstance(changed("model.layers[drop].rate*=2")["drop"]["rate"], float)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'a, b'", "a, b"),
        ("[1,2]", [1, 2]),
        ("{class: HeNormal, seed: 1}", {"class": "HeNormal", "seed": 1}),
        ("null", None),
        ("true", True),
        ("1e-3", 0.001),
        ("", ""),
    ],
)
def test_a_value_is_read_as_hydra_reads_it(text: str, value: Any) -> None:
    assert changed(f"model.layers[out].name={text}")["out"]["name"] == value


def test_a_value_replaces_what_was_there_and_merges_nothing() -> None:
    first = "model.layers[out].kernel_initializer={class: HeNormal, seed: 1}"
    layers = changed(first, "model.layers[out].kernel_initializer={class: Zeros}")
    assert layers["out"]["kernel_initializer"] == {"class": "Zeros"}


def test_a_nested_argument_of_a_bare_class_makes_it_an_object() -> None:
    layers = changed("model.layers[hidden].kernel_initializer.seed=3")
    made = layers["encoder"]["layers"]["hidden"]["kernel_initializer"]
    assert made == {"class": "HeNormal", "seed": 3}


def test_an_element_of_a_list_and_a_call_argument_can_be_set() -> None:
    layers = changed("model.layers[conv1].kernel_size.0=5", "model.layers[drop].with.training=true")
    assert layers["conv1"]["kernel_size"] == [5, 3]
    assert layers["drop"]["with"] == {"training": True}


def test_a_plus_says_nothing() -> None:
    assert changed("+model.layers[out].use_bias=false")["out"]["use_bias"] is False
    assert changed("++model.layers[out].units=3")["out"]["units"] == 3
    assert changed("+model.layers[out].units=3")["out"]["units"] == 3


def test_a_class_that_does_not_write_what_is_to_be_computed_is_refused() -> None:
    found = refused("model.layers[Dropout].rate*=2")
    assert found.code == "KG103"
    assert found.message == "`conv_drop` writes no `rate`"
    assert underlined(found.location) == "rate"


def test_a_glob_passes_over_entries_that_do_not_write_what_is_to_be_computed() -> None:
    assert changed("model.layers[conv*].filters*=2")["conv_drop"] == "Dropout"


def test_a_glob_without_one_entry_that_writes_it_is_refused() -> None:
    found = refused("model.layers[conv*].filtres*=2")
    assert found.code == "KG110"
    assert found.help == "did you mean `filters`?"


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("model.layers[out].units*=two", "KG204", "two"),
        ("model.layers[out].units*=true", "KG204", "true"),
        ("model.layers[out].class*=2", "KG204", "class"),
        ("model.layers[out].units/=0", "KG308", "units"),
        ("model.layers[conv1].kernel_initializer.seed=3", "KG110", "kernel_initializer.seed"),
        ("model.layers[Conv2D].kernel_initializer.seed=3", "KG103", "kernel_initializer.seed"),
        ("model.layers[conv1].kernel_size.7=3", "KG110", "kernel_size.7"),
        ("model.layers[conv1].filters.x=3", "KG110", "filters.x"),
        ("~model.layers[Dense].rate", "KG110", "rate"),
    ],
)
def test_what_cannot_be_done_is_underlined(text: str, code: str, place: str) -> None:
    found = refused(text)
    assert found.code == code
    assert underlined(found.location) == place


def test_a_tilde_takes_an_argument_out_where_it_is_written() -> None:
    layers = changed("~model.layers[Dropout].seed")
    assert layers["drop"] == {"class": "layers.Dropout", "rate": 0.5}
    assert layers["conv_drop"] == "Dropout"


def test_a_tilde_takes_entries_out_with_those_that_call_them_again() -> None:
    model = {"layers": {"a": {"class": "Dropout", "rate": 0.1}, "b": {"is": "a"}, "c": "Flatten"}}
    layers = changed("~model.layers[Dropout]", model=model)
    assert [entry for entry in layers.values() if entry == "Flatten" or entry["if"]] == ["Flatten"]


def test_entries_that_were_taken_out_match_nothing_more() -> None:
    found = refused("~model.layers[Dropout]", "model.layers[Dropout].rate=0.3")
    assert found.code == "KG110"


# Inside one entry.


def test_a_selector_may_look_into_one_model_alone() -> None:
    for words in ("model.layers.encoder[Conv2D]", "model.layers.encoder[conv?]"):
        layers = changed(f"{words}.filters*=2")
        assert layers["encoder"]["layers"]["conv1"]["filters"] == 8
        assert layers["conv1"]["filters"] == 8
        assert layers["conv2"]["filters"] == 16
    layers = changed("model.layers.wrapped.layer[Dense].units=3")
    assert layers["wrapped"]["layer"]["layers"]["inner"]["units"] == 3
    assert layers["out"]["units"] == 10


FACTORY = {"layers": {"base": {"class": "applications.MobileNet", "weights": None}, "out": "Dense"}}


@pytest.mark.parametrize(
    ("texts", "trained"),
    [
        (["[Conv2D].trainable=false"], {"Conv2D": False}),
        (["[layers.Conv2D].trainable=false"], {"Conv2D": False}),
        (["[a*].trainable=false", "[ab].trainable=true"], {"a*": False, "ab": True}),
        (["[a*].trainable=false", "[b].trainable=true", "[a*].trainable=true"],
         {"b": True, "a*": True}),
    ],
)  # fmt: skip
def test_the_layers_of_a_factory_are_frozen_by_rules(
    texts: list[str], trained: dict[str, bool]
) -> None:
    layers = changed(*(f"model.layers.base{text}" for text in texts), model=FACTORY)
    assert list(layers["base"]["trainable"].items()) == list(trained.items())


@pytest.mark.parametrize(
    ("written", "trained"),
    [
        (True, {"x": True}),
        (False, {"*": False, "x": True}),
        (["a*", "B"], {"*": False, "a*": True, "B": True, "x": True}),
        ({"a*": False}, {"a*": False, "x": True}),
    ],
)
def test_a_rule_comes_behind_what_the_entry_says(written: Any, trained: dict[str, bool]) -> None:
    entry = {"class": "keras.applications.MobileNet", "trainable": written}
    layers = changed("model.layers.base[x].trainable=true", model={"layers": {"base": entry}})
    assert list(layers["base"]["trainable"].items()) == list(trained.items())


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("model.layers.base[Conv2D].rate=3", "KG111", "rate"),
        ("~model.layers.base[Conv2D]", "KG111", "Conv2D"),
        ("model.layers.base[Conv2D].trainable=3", "KG204", "3"),
        ("model.layers.bse[Conv2D].trainable=false", "KG110", "bse"),
        ("model.layers.out[Conv2D].trainable=false", "KG110", "out"),
    ],
)
def test_what_cannot_be_done_inside_an_entry_is_underlined(
    text: str, code: str, place: str
) -> None:
    found = refused(text, model=FACTORY)
    assert (found.code, underlined(found.location)) == (code, place)


# From the command line to the program.


def test_who_took_an_entry_that_is_out_takes_its_input() -> None:
    section, _ = compiled("model=convnet", "~model.layers[Dropout]")
    assert "Dropout" not in str(section)
    assert list(section["layers"])[-2:] == ["flatten", "scores"]


def test_a_plain_dollar_in_a_value_is_an_expression_without_parameters() -> None:
    with pytest.raises(CompileError) as caught:
        read_program(*resolve(compose(["model.layers[hidden*].units='$width'"])))
    (found,) = caught.value.diagnostics
    assert found.code == "KG309"
    assert underlined(found.location) == "'$width'"


def test_blocks_are_expanded_before_a_selector_is_applied(configs: Configs) -> None:
    text = """\
blocks:
  twice:
    parameters: {units: 4}
    layers:
      hidden: {class: Dense, units: $units}
      drop: {class: Dropout, rate: 0.5}
layers:
  flatten: Flatten
  stage: {block: twice, units: 8, repeat: 2}
  scores: {class: Dense, units: 10}
"""
    folder = configs({"model/mine.yaml": text})
    section, _ = compiled("model=mine", "model.layers[stage_1_*].units*=2", folder=folder)
    units = {
        name: entry.get("units") for name, entry in section["layers"].items() if name != "flatten"
    }
    assert units["stage_0_hidden"] == 8
    assert units["stage_1_hidden"] == 16
    section, _ = compiled("model=mine", "~model.layers[stage_*_drop]", folder=folder)
    assert list(section["layers"]) == ["flatten", "stage_0_hidden", "stage_1_hidden", "scores"]


def test_a_value_may_refer_to_the_config() -> None:
    section, _ = compiled(
        "model.layers[hidden1].units=${data.classes}",
        "model.layers[hidden2].kernel_initializer={class: HeNormal, seed: '${seed}'}",
        "model.layers[drop1].name='${data.task}'",
        r"model.layers[scores].units=$\{data.classes\}",  # as a sweeper of Hydra's writes it
    )
    assert section["layers"]["hidden1"]["units"] == 10
    assert section["layers"]["hidden2"]["kernel_initializer"] == {"class": "HeNormal", "seed": 0}
    assert section["layers"]["drop1"]["name"] == "classification"
    assert section["layers"]["scores"]["units"] == 10


def test_a_reference_to_nothing_is_told_at_the_selector() -> None:
    with pytest.raises(CompileError) as caught:
        resolve(compose(["model.layers[Dense].units=${data.clases}"]))
    (found,) = caught.value.diagnostics
    assert found.code == "KG105"
    assert found.location is not None
    assert found.location.override == "model.layers[Dense].units=${data.clases}"


def test_overrides_hold_selectors_as_written_in_their_order() -> None:
    written = [
        "seed=1",
        "model.layers[conv*].filters*=2",
        "optimizer=sgd",
        "~model.layers[Dropout]",
    ]
    composition = compose(["model=convnet", *written])
    assert composition.overrides == ("model=convnet", *written)
    assert [selector.text for selector in composition.selectors] == [written[1], written[3]]
    assert "selectors" not in composition.config


def test_what_a_selector_set_is_found_at_the_selector() -> None:
    text = "model.layers[hidden*].kernel_initializer={class: HeNormal, seed: 1}"
    _, sink = compiled(text)
    path = "model.layers.hidden2.kernel_initializer"
    assert underlined(sink.locate(f"{path}.seed", "value")) == "1"
    assert underlined(sink.locate(f"{path}.seed", "key")) == "seed"
    assert underlined(sink.locate(path, "key")) == "kernel_initializer"
    assert sink.locate("model.layers.hidden2.units", "value").file is not None


def test_one_mistake_of_a_selector_is_told_once() -> None:
    config, sink = resolve(compose(["model.layers[Dense].class=[1]"]))
    with pytest.raises(CompileError) as caught:
        read_program(config, sink)
    (found,) = caught.value.diagnostics
    assert underlined(found.location) == "[1]"
    assert found.location is not None
    assert found.location.key == "model.layers.hidden1.class"


def test_a_config_file_may_hold_selectors_before_those_of_the_command_line(
    configs: Configs,
) -> None:
    text = '# @package _global_\nselectors:\n  - "model.layers[hidden1].units=7"\n'
    folder = configs({"experiment/mine.yaml": text})
    section, _ = compiled("experiment=mine", "model.layers[hidden1].units*=2", folder=folder)
    assert section["layers"]["hidden1"]["units"] == 14


@pytest.mark.parametrize(
    ("item", "code", "column"),
    [
        ('"model.layers[Dense.units=7"', "KG111", 18),
        ('"model.layers[Dens].units=7"', "KG110", 19),
        ("model.layers[Dens].units=7", "KG110", 18),
        ("7", "KG204", 5),
    ],
)
def test_a_selector_of_a_file_is_told_at_its_line(
    configs: Configs, item: str, code: str, column: int
) -> None:
    text = f"# @package _global_\nselectors:\n  - {item}\n"
    folder = configs({"experiment/mine.yaml": text})
    with pytest.raises(CompileError) as caught:
        compiled("experiment=mine", folder=folder)
    (found,) = caught.value.diagnostics
    assert found.code == code
    assert found.location is not None
    place = found.location
    assert (place.file, place.line, place.column) == ("mine/experiment/mine.yaml", 3, column)


def test_selectors_that_are_no_list_are_refused(configs: Configs) -> None:
    folder = configs({"experiment/mine.yaml": "# @package _global_\nselectors: {a: 1}\n"})
    with pytest.raises(CompileError) as caught:
        compiled("experiment=mine", "model.layers[Dense].units=3", folder=folder)
    assert [found.code for found in caught.value.diagnostics] == ["KG204"]


def test_a_config_without_selectors_keeps_its_model() -> None:
    config, sink = resolve(compose([]))
    assert "selectors" not in config
    assert select_config(config, sink).config["model"] is config["model"]


def test_a_later_selector_replaces_the_places_of_an_earlier_one() -> None:
    first = "model.layers[hidden1].kernel_initializer={class: HeNormal, seed: 1}"
    _, sink = compiled(first, "model.layers[Dense].kernel_initializer={class: Zeros}")
    place = sink.locate("model.layers.hidden1.kernel_initializer.seed", "value")
    assert underlined(place) == "kernel_initializer"
    assert place.override == "model.layers[Dense].kernel_initializer={class: Zeros}"


def test_selectors_are_counted() -> None:
    sink = Sink()
    listed = ["model.layers[*].trainable=true"] * (MOST_SELECTORS + 1)
    assert read_selectors(listed, sink) == ()
    assert [d.code for d in sink.diagnostics] == ["KG902"]
    assert len(read_selectors(listed[1:], Sink())) == MOST_SELECTORS
