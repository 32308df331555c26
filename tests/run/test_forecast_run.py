"""A run of a forecast: what its record says beside the metrics, and that it can be repeated."""

import csv
import json

import numpy as np
import pytest

from kerasgen.diagnostics import CompileError
from kerasgen.frontend.compose.composition import compose
from kerasgen.process.exit_codes import DONE
from kerasgen.run.experiment import run_experiment
from kerasgen.verbs.evaluate import evaluate_run
from kerasgen.verbs.load import load_run
from kerasgen.verbs.predict import Question, predict_rows


@pytest.fixture(scope="module")
def forecast(engine, tmp_path_factory):
    """A run over two shops and two targets; gives its folder."""
    pytest.importorskip("polars")
    folder = tmp_path_factory.mktemp("forecast")
    random = np.random.default_rng(0)
    lines = ["day,shop,sold,returned"]
    for number in range(120):
        day = np.datetime64("2020-01-01") + number // 2
        sold = 50 + 10 * np.sin(number / 2 * np.pi * 2 / 7) + random.normal()
        lines.append(f"{day},{('north', 'south')[number % 2]},{sold:.2f},{random.integers(1, 9)}")
    data = folder / "sales.csv"
    data.write_text("\n".join(lines) + "\n")
    overrides = [
        *(f"backend={engine}", "data=series", "model=series", "model.parameters.reader=gru"),
        f"data.source.path='{data}'",
        *("data.time=day", "data.series=shop", "data.target=[sold,returned]"),
        "data.windows={length: 7, horizon: 3}",
        *("data.split={test: 9, validation: 6}", "fit.epochs=2", "fit.verbose=0"),
    ]
    assert run_experiment(compose(overrides), folder / "run") == DONE
    return folder / "run"


def _record(folder):
    return json.loads((folder / "record.json").read_text())


def test_the_record_says_what_naive_forecasts_score(forecast):
    record = _record(forecast)
    assert {"naive", "seasonal_naive"} <= record["baselines"]["test"].keys()
    for scores in record["baselines"]["test"].values():
        assert scores.keys() >= {"mean_absolute_error", "root_mean_squared_error"}
    assert record["metrics"]["test"]["mean_absolute_scaled_error"] > 0
    assert record["data"]["samples"] == {"training": 2 * 36, "validation": 2 * 4, "test": 2 * 7}


def test_the_forecasts_are_drawn(forecast):
    assert (forecast / "forecast.png").read_bytes().startswith(b"\x89PNG")
    assert "forecast.png" in _record(forecast)["files"]


def test_predictions_say_which_rows_of_the_source_they_are(forecast):
    with np.load(forecast / "predictions.npz") as arrays:
        assert arrays["rows"].shape == (14, 3)
        assert arrays["predicted"].shape == arrays["true"].shape == (14, 3, 2)
        lines = (forecast.parent / "sales.csv").read_text().splitlines()[1:]
        for rows, true in zip(arrays["rows"], arrays["true"], strict=True):
            wanted = [[float(cell) for cell in lines[row].split(",")[2:]] for row in rows]
            assert true.tolist() == pytest.approx(np.array(wanted), rel=1e-6)


def test_a_run_forecasts_what_follows_new_rows(forecast, tmp_path):
    lines = (forecast.parent / "sales.csv").read_text().splitlines()
    new = tmp_path / "new.csv"
    newest = lines[-20:]
    new.write_text("\n".join([lines[0], *reversed(newest)]) + "\n")
    told: list[str] = []
    counted = predict_rows(forecast, Question(rows=str(new)), told.append)
    rows = list(csv.DictReader("".join(told).splitlines()))
    assert counted.rows == 20
    assert [(row["shop"], row["day"]) for row in rows] == [
        (shop, day)
        for shop in ("north", "south")
        for day in ("2020-03-01", "2020-03-02", "2020-03-03")
    ]
    run = load_run(forecast)
    cells = [line.split(",") for line in newest]
    columns = {name: [row[i] for row in cells] for i, name in enumerate(lines[0].split(","))}
    columns |= {name: [float(cell) for cell in columns[name]] for name in ("sold", "returned")}
    found = run.predict(columns)
    for name in ("predicted_sold", "predicted_returned"):
        assert found[name].tolist() == pytest.approx([float(row[name]) for row in rows], rel=1e-5)


def test_a_forecast_is_what_the_model_says_of_the_newest_window(forecast):
    with np.load(forecast / "predictions.npz") as arrays:
        wanted = arrays["predicted"][6]  # the newest test window of the first shop
    lines = (forecast.parent / "sales.csv").read_text().splitlines()
    cells = [line.split(",") for line in lines[1:]]
    cells = [row for row in cells if row[1] == "north"][:-3]
    columns = {name: [row[i] for row in cells] for i, name in enumerate(lines[0].split(","))}
    columns |= {name: [float(cell) for cell in columns[name]] for name in ("sold", "returned")}
    found = load_run(forecast).predict(columns)
    assert found["predicted_sold"].tolist() == pytest.approx(wanted[:, 0].tolist(), rel=1e-5)
    assert found["predicted_returned"].tolist() == pytest.approx(wanted[:, 1].tolist(), rel=1e-5)


def test_too_few_new_rows_are_told_by_their_series(forecast, tmp_path):
    lines = (forecast.parent / "sales.csv").read_text().splitlines()
    new = tmp_path / "new.csv"
    new.write_text("\n".join([lines[0], *lines[-6:]]) + "\n")
    with pytest.raises(CompileError) as caught:
        predict_rows(forecast, Question(rows=str(new)), print)
    (found,) = caught.value.diagnostics
    assert found.code == "KG546"
    assert found.message.startswith(
        "the series `north` of `shop` and 1 further series is too short"
    )


def test_other_series_are_measured_with_all_their_windows(forecast, tmp_path):
    lines = (forecast.parent / "sales.csv").read_text().splitlines()
    other = tmp_path / "other.csv"
    other.write_text("\n".join([lines[0], *lines[:0:-1][:32]]) + "\n")  # 16 rows of each shop
    found = evaluate_run(forecast, [f"data.source.path='{other}'"])
    record, scaled = _record(forecast), "mean_absolute_scaled_error"
    assert (found.part, found.rows) == ("data", 14)  # those of the test part, by hand
    wanted = {name: v for name, v in record["metrics"]["test"].items() if name != scaled}
    assert {n: v for n, v in found.metrics.items() if n != scaled} == pytest.approx(wanted)
    assert found.baselines == {
        name: pytest.approx(record["baselines"]["test"][name])
        for name in ("naive", "seasonal_naive")
    }
    assert [one.code for one in found.warnings] == ["KG548"]
    cells = np.array([line.split(",")[2:] for line in lines[-32:]], dtype="float64")
    shops = cells.reshape(16, 2, 2)
    step = np.abs(shops[7:] - shops[:-7]).mean()
    assert found.metrics[scaled] == pytest.approx(found.metrics["mean_absolute_error"] / step)


def test_the_test_part_is_measured_again_beside_its_baselines(forecast):
    found, record = evaluate_run(forecast), _record(forecast)
    assert found.metrics == record["metrics"]["test"]
    assert found.baselines.keys() == {"naive", "seasonal_naive"}
    assert found.baselines.items() <= record["baselines"]["test"].items()


def test_other_series_that_are_shorter_than_a_window_are_told(forecast, tmp_path):
    lines = (forecast.parent / "sales.csv").read_text().splitlines()
    other = tmp_path / "other.csv"
    other.write_text("\n".join([lines[0], *lines[-18:]]) + "\n")
    with pytest.raises(CompileError) as caught:
        evaluate_run(forecast, [f"data.source.path='{other}'"])
    (found,) = caught.value.diagnostics
    assert found.code == "KG546"
    assert found.message == (
        "the series `north` of `shop` and 1 further series is too short: 9 rows, and a window is "
        "of 7 and 3"
    )
