"""What follows the rows that are known, with times of its own."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from kerasgen.diagnostics import CompileError, Sink
from kerasgen.ir.data import DataDef, WindowsDef
from kerasgen.ir.values import ObjectDef, TensorSpec
from kerasgen.verbs.answers.row_places import RowPlaces
from kerasgen.verbs.forecast import KnownRows, forecast


class LastValues:
    """A model that repeats the last row of each window, and says which windows it was asked."""

    def __init__(self, horizon, targets=None):
        self.horizon, self.targets = horizon, targets

    def predict(self, x, batch_size):
        self.asked = x
        last = x[:, -1, : self.targets or 1]
        repeated = np.repeat(last[:, np.newaxis], self.horizon, axis=1)
        return repeated if self.targets else repeated[..., 0]


def _compiled(*, series="", joined=(), length=3, horizon=2, known=()):
    data = DataDef(
        source=ObjectDef(cls="Table"),
        features={"input": ("sold",)},
        target={"": "targets" if joined else "sold"},
        task={"": "forecasting"},
        time="day",
        series=series,
        windows=WindowsDef(length=length, horizon=horizon, known=known),
        joined={"targets": joined} if joined else {},
    )
    return SimpleNamespace(
        program=SimpleNamespace(
            data=data,
            fit=SimpleNamespace(batch_size=32),
            backend=SimpleNamespace(image_data_format="channels_last"),
        ),
        graph=SimpleNamespace(inputs=(SimpleNamespace(name="input"),)),
        specs={"input": (TensorSpec(shape=(None, length, None)),)},
        outputs=(SimpleNamespace(name="forecast"),),
    )


def _known(times, values, series=None):
    x = {"input": np.asarray(values, dtype="float32").reshape(len(times), -1)}
    return KnownRows(
        x=x,
        times=np.array(times),
        series=None if series is None else np.array(series),
        numbers=np.arange(len(times)) + 1,
    )


def test_the_newest_rows_of_the_series_go_in_whatever_their_order():
    model = LastValues(2)
    known = _known(["2020-01-03", "2020-01-01", "2020-01-04", "2020-01-02"], [3, 1, 4, 2])
    found = forecast(_compiled(), model, known, RowPlaces(sink=Sink()))
    assert model.asked[:, :, 0].tolist() == [[2, 3, 4]]
    assert found["day"].tolist() == ["2020-01-05", "2020-01-06"]
    assert found["predicted"].tolist() == [4, 4]


def test_each_series_has_its_steps():
    known = _known([1, 2, 3, 11, 12, 13, 14], [1, 2, 3, 5, 6, 7, 8], [*"aaa", *"bbbb"])
    found = forecast(_compiled(series="shop"), LastValues(2), known, RowPlaces(sink=Sink()))
    assert {name: column.tolist() for name, column in found.items()} == {
        "shop": ["a", "a", "b", "b"],
        "day": [4, 5, 15, 16],
        "predicted": [3, 3, 8, 8],
    }


def test_each_target_has_a_column():
    known = _known([1, 2, 3], [[1, 10], [2, 20], [3, 30]])
    found = forecast(
        _compiled(joined=("sold", "rain")), LastValues(2, 2), known, RowPlaces(sink=Sink())
    )
    assert found["predicted_sold"].tolist() == [3, 3]
    assert found["predicted_rain"].tolist() == [30, 30]


def test_rows_to_come_say_the_times_and_no_window_of_the_past_has_them():
    model = LastValues(2)
    known = _known([5, 1, 9, 4, 3, 2], [0, 1, 0, 4, 3, 2])
    coming = np.array([True, False, True, False, False, False])
    found = forecast(
        _compiled(known=("price",)), model, replace(known, coming=coming), RowPlaces(sink=Sink())
    )
    assert model.asked[:, :, 0].tolist() == [[2, 3, 4]]
    assert found["day"].tolist() == [5, 9]
    assert found["predicted"].tolist() == [4, 4]


@pytest.mark.parametrize(
    ("coming", "message"),
    [
        ([0, 0, 0, 0, 1], "the series has 1 row to come, and the model forecasts 2"),
        (
            [0, 0, 1, 0, 1],
            "the row of `3` of the series has no value but what is known ahead, and newer rows "
            "have",
        ),
    ],
)
def test_rows_of_the_horizon_that_are_not_there_are_told(coming, message):
    known = replace(_known([1, 2, 3, 4, 5], [1, 2, 3, 4, 5]), coming=np.array(coming, dtype=bool))
    with pytest.raises(CompileError) as caught:
        forecast(_compiled(known=("price",)), LastValues(2), known, RowPlaces(sink=Sink()))
    (found,) = caught.value.diagnostics
    assert (found.code, found.message) == ("KG541", message)


@pytest.mark.parametrize(
    ("known", "code", "message"),
    [
        (
            _known([1, 2], [1, 2]),
            "KG546",
            "the series is too short: 2 rows, and the model looks at 3",
        ),
        (
            _known([1, 2, 2, 3], [1, 2, 3, 4]),
            "KG545",
            "the time `2` stands twice in a series, in row 2 and row 3",
        ),
        (
            _known(["2020-01", "soon", "2020-03"], [1, 2, 3]),
            *("KG545", 'the time `day` is "soon" in row 2'),
        ),
        (
            _known(["2020-01", "", "2020-03"], [1, 2, 3]),
            *("KG545", "the time `day` has no value in row 2"),
        ),
    ],
)
def test_rows_that_say_nothing_of_what_follows_are_refused(known, code, message):
    with pytest.raises(CompileError) as caught:
        forecast(_compiled(), LastValues(2), known, RowPlaces(sink=Sink()))
    (found,) = caught.value.diagnostics
    assert (found.code, found.message) == (code, message)


def test_a_single_row_does_not_say_when_the_next_one_follows():
    with pytest.raises(CompileError, match="of a single row"):
        forecast(_compiled(length=1), LastValues(2), _known([1], [1]), RowPlaces(sink=Sink()))
