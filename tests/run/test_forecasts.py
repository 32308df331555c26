"""Forecasts beside those that need no model, and what is drawn of them."""

import numpy as np
import pytest

from kerasgen.diagnostics.source_map import NOWHERE
from kerasgen.ir.data import WindowsDef
from kerasgen.run.forecast_plot import draw_forecasts, forecast_panels
from kerasgen.run.forecasts import (
    SeriesRows,
    naive_errors,
    naive_forecasts,
    no_better,
    scaled_errors,
)
from kerasgen.runtime.series import newest_of_series, window_starts

LENGTH, HORIZON, SEASON = 6, 4, 3


def _rows(values, sizes=(), **keys):
    ends = np.cumsum(sizes or [len(values)])
    parts = newest_of_series(ends, {"test": 8, "validation": 5})
    return SeriesRows(
        **{
            "times": np.concatenate([np.arange(size) for size in np.diff([0, *ends])]),
            "ends": ends,
            "names": tuple(f"shop {number}" for number in range(len(ends))) if sizes else ("",),
            "targets": {"": values},
            "parts": parts,
            "starts": window_starts(parts, ends, LENGTH, HORIZON),
            "windows": WindowsDef(length=LENGTH, horizon=HORIZON),
            "season": SEASON,
            **keys,
        }
    )


def test_the_naive_forecasts_are_the_last_value_and_that_of_a_season_ago():
    values = np.arange(40, dtype="float32") ** 2
    found = naive_forecasts(_rows(values), "test", "")
    for number, start in enumerate(range(26, 31)):
        first = start + LENGTH
        assert found["naive"][number].tolist() == [values[first - 1]] * HORIZON
        wanted = [values[first - 3], values[first - 2], values[first - 1], values[first - 3]]
        assert found["seasonal_naive"][number].tolist() == wanted


def test_a_series_that_repeats_itself_has_no_seasonal_error():
    found = naive_errors(_rows(np.tile([1.0, 5.0, 9.0], 20)))
    assert found["test"]["seasonal_naive"]["mean_absolute_error"] == 0.0
    assert found["test"]["naive"]["mean_absolute_error"] > 0.0


def test_errors_are_those_of_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    values = np.random.default_rng(0).normal(size=60)
    rows = _rows(values)
    true, said = values[rows.aims("test")], naive_forecasts(rows, "test", "")["naive"]
    found = naive_errors(rows)["test"]["naive"]
    assert found["mean_absolute_error"] == pytest.approx(metrics.mean_absolute_error(true, said))
    assert found["root_mean_squared_error"] == pytest.approx(
        metrics.mean_squared_error(true.ravel(), said.ravel()) ** 0.5
    )


def test_a_season_that_no_row_reaches_back_to_has_no_forecast():
    assert list(naive_forecasts(_rows(np.arange(40.0), season=39), "test", "")) == ["naive"]
    assert list(naive_forecasts(_rows(np.arange(40.0), season=None), "test", "")) == ["naive"]


def test_the_scaled_error_counts_in_steps_of_the_training_rows():
    rows = _rows(np.arange(40.0) * 2)  # a season later each value is 6 higher
    assert scaled_errors(rows, {"mean_absolute_error": 3.0}) == {"mean_absolute_scaled_error": 0.5}
    assert scaled_errors(rows, {"loss": 3.0}) == {}
    constant = _rows(np.ones(40))
    assert scaled_errors(constant, {"mean_absolute_error": 3.0}) == {}


def test_no_step_of_a_scaled_error_leads_from_one_series_to_the_next():
    values = np.concatenate([np.arange(30.0), 1000 + np.arange(30.0)])
    rows = _rows(values, sizes=(30, 30))
    assert scaled_errors(rows, {"mean_absolute_error": 3.0}) == {"mean_absolute_scaled_error": 1.0}


def test_a_model_that_is_no_better_is_told():
    baselines = {"test": {"naive": {"mean_absolute_error": 2.0}}}
    (told,) = no_better(baselines, {"test": {"mean_absolute_error": 2.5}}, NOWHERE)
    assert told.code == "KG549"
    assert "no better than the naive forecast" in told.message
    assert no_better(baselines, {"test": {"mean_absolute_error": 1.5}}, NOWHERE) == ()


def test_the_forecasts_that_are_drawn_stand_side_by_side(tmp_path):
    values = np.concatenate([np.arange(40.0), np.arange(40.0) + 7])
    rows = _rows(values, sizes=(40, 40))
    predicted = values[rows.aims("test")]
    panels = forecast_panels(rows, "", predicted, ("",))
    assert [panel.title for panel in panels] == ["shop 0", "shop 1"]
    for panel in panels:
        assert [times.tolist() for times, _ in panel.forecasts] == [
            [32, 33, 34, 35],
            [36, 37, 38, 39],
        ]
        assert panel.borders == {"validation": 27, "test": 32}
        for times, said in panel.forecasts:
            assert said.tolist() == panel.true[np.isin(panel.times, times)].tolist()
    draw_forecasts(tmp_path / "forecast.png", panels)
    assert (tmp_path / "forecast.png").read_bytes().startswith(b"\x89PNG")


def test_each_target_has_a_panel():
    values = np.stack([np.arange(40.0), np.arange(40.0) * 2], axis=-1)
    rows = _rows(values)
    panels = forecast_panels(rows, "", values[rows.aims("test")], ("sold", "rain"))
    assert [panel.title for panel in panels] == ["sold", "rain"]
    assert panels[1].true[-1] == 78.0
