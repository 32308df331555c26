"""A run of a forecast with columns that are known ahead: what its file takes, and its answers."""

import csv
import json

import keras
import numpy as np
import pytest

from kerasgen.diagnostics import CompileError
from kerasgen.frontend.compose.composition import compose
from kerasgen.process.exit_codes import DONE
from kerasgen.run.experiment import run_experiment
from kerasgen.verbs.predict import Question, predict_rows

LENGTH, HORIZON = 7, 3


@pytest.fixture(scope="module")
def forecast(engine, tmp_path_factory):
    """A run over two shops, whose sales follow the price and the sale of the same day."""
    pytest.importorskip("polars")
    folder = tmp_path_factory.mktemp("known")
    random = np.random.default_rng(0)
    lines = ["day,shop,sold,price,sale"]
    for number in range(240):
        day, sale = np.datetime64("2020-01-01") + number // 2, int(random.random() < 0.2)
        price = round(random.uniform(1, 3), 3)
        sold = 50 + 20 * sale - 5 * price + random.normal() * 0.3
        lines.append(f"{day},{('north', 'south')[number % 2]},{sold:.2f},{price},{sale}")
    data = folder / "sales.csv"
    data.write_text("\n".join(lines) + "\n")
    overrides = [
        *(f"backend={engine}", "data=series", "model=series", f"data.source.path='{data}'"),
        *("data.time=day", "data.series=shop", "data.target=sold", "data.columns.sale=number"),
        f"data.windows={{length: {LENGTH}, horizon: {HORIZON}, known: [price, sale, day]}}",
        "data.columns.day={type: date, parts: [weekday]}",
        *("data.split={test: 9, validation: 6}", "fit.epochs=25", "fit.batch_size=8"),
        *("optimizer.learning_rate=0.01", "tracking.plots=false", "fit.verbose=0"),
    ]
    assert run_experiment(compose(overrides), folder / "run") == DONE
    return folder / "run"


def _lines(forecast):
    return (forecast.parent / "sales.csv").read_text().splitlines()


def _windows_of(forecast, shop, title, size):
    """The raw windows of a column in the test part of a shop, by hand."""
    with (forecast.parent / "sales.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["shop"] == shop]
    starts = range(len(rows) - 9 - LENGTH, len(rows) - LENGTH - HORIZON + 1)
    return [[float(row[title]) for row in rows[start : start + size]] for start in starts]


@pytest.mark.slow
def test_what_is_known_ahead_tells_what_no_past_does(forecast):
    record = json.loads((forecast / "record.json").read_text())
    error = record["metrics"]["test"]["mean_absolute_error"]
    assert error < 0.3 * record["baselines"]["test"]["naive"]["mean_absolute_error"]


@pytest.mark.slow
def test_the_file_takes_raw_windows_and_gives_own_units(forecast):
    held = json.loads((forecast / "record.json").read_text())["model"]["preparation"]
    assert held["inputs"]["sold"]["shape"] == [LENGTH]
    assert held["inputs"]["price"]["shape"] == [LENGTH + HORIZON]
    assert held["inside"] == ["day_scaled", "sold_scaled", "price_scaled", "sale_scaled"]
    assert held["beside"] == ["day_parts"]
    whole = LENGTH + HORIZON
    sizes = {"sold": LENGTH, "price": whole, "sale": whole}
    fed = {
        title: np.array(
            [
                *_windows_of(forecast, "north", title, size),
                *_windows_of(forecast, "south", title, size),
            ],
            dtype="float32",
        )
        for title, size in sizes.items()
    }
    # 2020-01-01 is a Wednesday; each shop has a row a day, and the first test window is of day 104.
    days = (np.arange(104, 111)[:, np.newaxis] + np.arange(whole) + 2) % 7 + 1
    fed["day_parts"] = np.tile(days, (2, 1))[..., np.newaxis].astype("float32")
    model = keras.saving.load_model(forecast / "model.keras")
    with np.load(forecast / "predictions.npz") as arrays:
        assert np.asarray(model.predict(fed, verbose=0)) == pytest.approx(
            arrays["predicted"], rel=1e-4
        )


def _asked(forecast, path, *, empty):
    """The whole table, without what is sold in some of its last rows."""
    lines = _lines(forecast)
    for row in range(len(lines) - empty, len(lines)):
        day, shop, _, price, sale = lines[row].split(",")
        lines[row] = f"{day},{shop},,{price},{sale}"
    path.write_text("\n".join([lines[0], *lines[:0:-1]]) + "\n")
    return Question(rows=str(path))


@pytest.mark.slow
def test_rows_of_the_horizon_are_answered_for_with_what_is_known_of_them(forecast, tmp_path):
    told: list[str] = []
    predict_rows(forecast, _asked(forecast, tmp_path / "new.csv", empty=6), told.append)
    rows = list(csv.DictReader("".join(told).splitlines()))
    assert [(row["shop"], row["day"]) for row in rows] == [
        (shop, day)
        for shop in ("north", "south")
        for day in ("2020-04-27", "2020-04-28", "2020-04-29")
    ]
    with np.load(forecast / "predictions.npz") as arrays:  # the newest window of each shop
        wanted = arrays["predicted"][[6, 13]].reshape(-1)
    assert [float(row["predicted"]) for row in rows] == pytest.approx(wanted, rel=1e-5)


@pytest.mark.slow
def test_without_the_rows_of_the_horizon_there_is_no_answer(forecast, tmp_path):
    with pytest.raises(CompileError) as caught:
        predict_rows(forecast, _asked(forecast, tmp_path / "new.csv", empty=4), print)
    (found,) = caught.value.diagnostics
    assert found.code == "KG541"
    assert found.message == (
        "the series `north` of `shop` has 2 rows to come, and the model forecasts 3"
    )
