"""What `layers: auto` stands for, where windows of rows are read."""

import pytest

from kerasgen.ir.data import WindowsDef
from kerasgen.passes.automatic.forecaster import series_kinds, write_forecaster

SEQUENCE = {"input": {"kind": "sequence"}}


def test_numbers_in_windows_are_a_sequence():
    inputs = {"numbers": {"kind": "numbers"}, "shop": {"kind": "index", "words": 40}}
    assert series_kinds(inputs, WindowsDef(length=7), {}) == {
        "numbers": {"kind": "sequence"},
        "shop": {"kind": "index", "words": 40},
    }


def test_an_input_with_more_rows_than_the_window_is_known_ahead():
    inputs = {"past": {"kind": "numbers"}, "known": {"kind": "numbers"}}
    rows = {"past": 7, "known": 9}
    found = series_kinds(inputs, WindowsDef(length=7, horizon=2), rows)
    assert found == {
        "past": {"kind": "sequence"},
        "known": {"kind": "sequence", "ahead": {"length": 7, "horizon": 2}},
    }


def test_what_is_known_ahead_goes_in_with_the_window_and_beside_it():
    inputs = {**SEQUENCE, "known": {"kind": "sequence", "ahead": {"length": 7, "horizon": 2}}}
    layers = write_forecaster(inputs, {"": {"horizon": 2}}).layers
    assert layers["known_past"] == {"class": "Cropping1D", "cropping": [0, 2], "from": "known"}
    assert layers["joined"]["from"] == ["input", "known_past"]
    assert layers["known_coming"]["cropping"] == [7, 0]
    assert layers["with_known"]["from"] == ["flat", "known_steps"]
    assert layers["window_with_known"]["from"] == ["window", "known_steps"]
    assert layers["forecast_line"]["from"] == "window_with_known"


def test_a_forecast_ends_in_its_own_units():
    facts = {"horizon": 12, "mean": 50.0, "deviation": 4.0}
    found = write_forecaster(SEQUENCE, {"": facts})
    assert found.outputs == "forecast"
    assert found.layers["forecast"] == {"class": "Rescaling", "scale": 4.0, "offset": 50.0}
    assert found.layers["forecast_steps"]["units"] == 12


def test_the_logarithm_is_undone_at_the_end():
    facts = {"horizon": 2, "mean": 5.0, "deviation": 0.5, "log": True}
    found = write_forecaster(SEQUENCE, {"": facts})
    assert list(found.layers)[-2:] == ["forecast_scaled", "forecast"]
    assert found.layers["forecast"] == {"class": "ops.expm1"}


def test_several_targets_are_a_table_of_steps():
    facts = {"horizon": 3, "targets": 2, "mean": [1.0, 2.0], "deviation": [1.0, 4.0]}
    found = write_forecaster(SEQUENCE, {"": facts})
    assert found.layers["forecast_steps"]["units"] == 6
    assert found.layers["forecast_table"]["target_shape"] == [3, 2]


def test_each_output_has_a_head_by_its_name():
    outputs = {"sold": {"horizon": 2, "mean": 0.0, "deviation": 1.0}, "cost": {"horizon": 4}}
    found = write_forecaster(SEQUENCE, outputs)
    assert found.outputs == ["sold", "cost"]
    assert found.layers["cost"] == {"class": "Identity"}


@pytest.mark.parametrize(
    ("facts", "classes"),
    [
        ({"kind": "index", "words": 40}, ["Embedding", "TimeDistributed"]),
        ({"kind": "tokens", "words": 40}, ["Embedding", "ops.mean"]),
        ({"kind": "image"}, ["TimeDistributed"]),
    ],
)
def test_inputs_become_rows_of_numbers_side_by_side(facts, classes):
    found = write_forecaster({**SEQUENCE, "other": facts}, {"": {"horizon": 1}})
    made = [entry["class"] for entry in found.layers.values()]
    assert made[: len(classes) + 1] == [*classes, "Concatenate"]


def test_a_change_is_added_to_the_last_value_before_the_units_come_back():
    past = {"input": "input", "step": 6, "places": [2]}
    facts = {"horizon": 2, "mean": 5.0, "deviation": 0.5, "past": past}
    layers = write_forecaster(SEQUENCE, {"": facts}).layers
    assert layers["forecast_last"]["cropping"] == [6, 0]
    assert layers["forecast_known"]["from"] == ["forecast_last", 2]
    assert layers["forecast_change"]["from"] == ["forecast_sum", "forecast_known"]
    assert list(layers)[-2:] == ["forecast_change", "forecast"]
