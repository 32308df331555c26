"""Which inputs of a forecast are known ahead, and which cannot be."""

import pytest

from kerasgen.diagnostics import Sink
from kerasgen.frontend.parse.data import parse_data
from kerasgen.passes.known_ahead import ahead_columns, check_known_ahead, window_rows


def _data(**changes):
    group = {
        "source": {"class": "Csv", "path": "sales.csv"},
        "time": "day",
        "features": {"past": ["sold"], "known": ["price_scaled", "parts"]},
        "prepare": {
            "price_scaled": {"class": "Rescaling", "scale": 0.5, "from": "price"},
            "parts": {"class": "DateParts", "parts": ["month"], "from": "day"},
        },
        "target": "sold",
        "task": "forecasting",
        "windows": {"length": 24, "horizon": 12, "known": ["price", "day"]},
    }
    sink = Sink()
    data = parse_data({**group, **changes}, sink)
    assert data is not None, sink.diagnostics
    return data


def _told(data):
    sink = Sink()
    check_known_ahead(data, sink)
    return [(one.code, one.message) for one in sink.diagnostics]


def test_an_input_of_known_columns_has_the_rows_of_the_horizon_too():
    assert window_rows(_data()) == {"past": 24, "known": 36}
    assert _told(_data()) == []


def test_what_is_made_of_known_columns_alone_is_known():
    prepare = {
        "cost": {"class": "ops.multiply", "from": ["price", "sold"]},
        "price": {"class": "Rescaling", "scale": 0.5, "from": "price"},
    }
    features = {"past": ["sold", "cost"], "known": ["price"]}
    data = _data(prepare=prepare, features=features, windows={"length": 3, "known": ["price"]})
    assert ahead_columns(data) == {"price"}
    assert window_rows(data) == {"past": 3, "known": 4}


def test_a_known_column_into_which_something_else_is_mixed_is_known_no_more():
    prepare = {"price": {"class": "ops.multiply", "from": ["price", "sold"]}}
    data = _data(prepare=prepare, features=["price"], windows={"length": 3, "known": ["price"]})
    assert ahead_columns(data) == set()


def test_without_known_columns_all_windows_are_of_one_length():
    data = _data(windows={"length": 24, "horizon": 12})
    assert window_rows(data) == {"past": 24, "known": 24}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"windows": {"length": 3, "known": ["sold", "price", "day"]}},
            "`sold` is forecast: it is not known ahead",
        ),
        (
            {"windows": {"length": 3, "known": ["price", "day", "rain"]}},
            "`rain` is known ahead, and goes into no input",
        ),
        (
            {"features": {"input": ["price_scaled", "sold", "parts"]}},
            "the input `input` stacks `price_scaled`, which is known ahead, with `sold`, which is "
            "not",
        ),
    ],
)
def test_what_cannot_be_known_ahead_is_told(changes, message):
    assert _told(_data(**changes)) == [("KG541", message)]
