"""What a forecast says beside other data, and what these keys need of each other."""

from typing import Any

import pytest

from kerasgen.diagnostics import Sink
from kerasgen.frontend.parse.data import parse_data
from kerasgen.ir.data import WindowsDef

GROUP: dict[str, Any] = {
    "source": {"class": "Csv", "path": "sales.csv"},
    "time": "month",
    "features": ["sold"],
    "target": "sold",
    "task": "forecasting",
    "windows": {"length": 24, "horizon": 12},
}


def _parsed(**changes: Any):
    sink = Sink()
    group = {key: value for key, value in {**GROUP, **changes}.items() if value is not None}
    return parse_data(group, sink), sink.diagnostics


def test_windows_have_a_stride_of_one_row_and_a_horizon():
    data, _ = _parsed()
    assert data.windows == WindowsDef(length=24, horizon=12)
    assert (data.time, data.series, data.windows.stride, data.windows.season) == (
        *("month", ""),
        *(1, None),
    )


@pytest.mark.parametrize(
    ("known", "columns"),
    [(["price", "sale"], ("price", "sale")), ("price", ("price",)), ([], ()), (None, ())],
)
def test_columns_that_are_known_ahead_are_a_list(known, columns):
    data, _ = _parsed(windows={"length": 24, "horizon": 12, "known": known})
    assert data.windows.known == columns


@pytest.mark.parametrize(
    ("changes", "code", "key", "message"),
    [
        (
            {"windows": {"length": 3, "known": {"price": 1}}},
            *("KG204", "data.windows.known", "`known` is a mapping, expected a list of words"),
        ),
        ({"windows": None}, "KG203", "data.task", "forecasting needs `windows`"),
        ({"windows": {"horizon": 3}}, "KG203", "data.windows", "`windows` has no `length`"),
        (
            {"windows": {"length": 0}},
            *("KG204", "data.windows.length", "`length` is `0`, expected at least `1`"),
        ),
        (
            {"windows": {"length": 3, "step": 1}},
            *("KG107", "data.windows.step", "`data.windows` has no key `step`"),
        ),
        (
            {"time": None},
            *("KG203", "data.time", "forecasting needs `time`, the column that orders the rows"),
        ),
        (
            {"time": ["a"]},
            *("KG204", "data.time", "`data.time` is a list, expected the name of a column"),
        ),
        (
            {"task": "regression"},
            *("KG204", "data.task", "the task is `regression`, and `windows` make a forecast"),
        ),
        (
            {"task": "regression", "windows": None, "series": "shop"},
            *("KG204", "data.series", "`series` is given, and there are no `windows`"),
        ),
        (
            {"split": {"stratify": True}},
            "KG204",
            "data.split.stratify",
            "`stratify` is given, and a forecast takes the newest rows of each series",
        ),
        (
            {"split": {"test": 0.2, "group": "shop"}},
            "KG204",
            "data.split.group",
            "`group` is given, and a forecast takes the newest rows of each series",
        ),
        (
            {"weights": "sold"},
            "KG204",
            "data.weights",
            "`weights` are given, and the windows of a forecast count the same",
        ),
    ],
)
def test_what_does_not_go_together_is_told_where_it_stands(changes, code, key, message):
    data, (found,) = _parsed(**changes)
    assert data is None
    assert (found.code, found.location.key, found.message) == (code, key, message)


def test_windows_say_what_the_task_is():
    data, _ = _parsed(task="auto")
    assert data.task == {"": "forecasting"}


def test_a_list_of_targets_is_one_column_with_a_number_for_each():
    data, _ = _parsed(target=["sold", "price"])
    assert data.target == {"": "targets"}
    assert data.joined == {"targets": ("sold", "price")}
    (step,) = data.prepare
    assert (step.name, step.definition.cls) == ("targets", "ops.stack")
    assert [operand.written for operand in step.takes] == ["sold", "price"]


def test_a_list_of_targets_may_stand_for_each_output():
    target = {"one": ["sold", "price"], "other": "cost"}
    data, _ = _parsed(target=target, task={"one": "forecasting", "other": "forecasting"})
    assert data.target == {"one": "targets_one", "other": "cost"}


def test_a_list_of_targets_is_for_numbers():
    data, (found,) = _parsed(target=["a", "b"], task="classification", windows=None, time=None)
    assert data is None
    assert (found.code, found.location.key) == ("KG204", "data.target")
