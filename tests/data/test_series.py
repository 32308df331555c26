"""The rows of a forecast: put in order, told where they are not, divided, without a leak."""

import numpy as np
import pytest
import yaml

from kerasgen.data.model_facts import model_ends
from kerasgen.data.opened import open_data
from kerasgen.data.preparation import prepare_data
from kerasgen.diagnostics import CompileError, Sink
from kerasgen.frontend.parse.data import parse_data


@pytest.fixture
def write(tmp_path):
    """Writes columns as arrays; gives the group of a forecast over them."""

    def group(arrays, **keys):
        path = tmp_path / "series.npz"
        np.savez(path, **arrays)
        return {
            "source": {"class": "Arrays", "path": str(path)},
            "time": "day",
            "features": "all",
            "target": "sold",
            "task": "forecasting",
            "windows": {"length": 4, "horizon": 2},
            "prepare": "auto",
            "split": {"test": 4, "validation": 3},
            **keys,
        }

    return group


def _days(count, first="2020-01-01"):
    return (np.datetime64(first) + np.arange(count)).astype("str")


def _opened(group):
    sink = Sink()
    definition = parse_data(group, sink)
    assert definition is not None, sink.diagnostics
    return open_data(definition, sink), sink


def _refused(group):
    with pytest.raises(CompileError) as caught:
        _opened(group)
    return [(one.code, one.message, one.location.key) for one in caught.value.diagnostics]


def _prepared(group, started):
    opened, sink = _opened(group)
    return prepare_data(opened, opened.parts, opened.definition, started, sink)


SOLD = np.arange(30, dtype="float32") ** 1.5


def test_rows_stand_in_the_order_of_their_times_whatever_it_was(write):
    shuffled = np.random.default_rng(0).permutation(30)
    straight, _ = _opened(write({"day": _days(30), "sold": SOLD}))
    mixed, sink = _opened(write({"day": _days(30)[shuffled], "sold": SOLD[shuffled]}))
    assert np.array_equal(mixed.columns["sold"], straight.columns["sold"])
    assert mixed.order.tolist() == np.argsort(shuffled).tolist()
    (told,) = sink.diagnostics
    assert (told.code, told.location.key) == ("KG548", "data.time")


def test_the_shape_of_a_sample_is_a_fact(write):
    opened, _ = _opened(write({"day": _days(30), "sold": SOLD, "rain": SOLD[::-1].copy()}))
    assert opened.facts["shape"] == [4, 2]
    assert opened.facts["target_shape"] == [2]
    assert opened.facts["inputs"] == {"input": {"kind": "sequence"}}
    opened, _ = _opened(
        write({"day": _days(30), "sold": SOLD, "rain": SOLD + 1}, target=["sold", "rain"])
    )
    assert opened.facts["target_shape"] == [2, 2]


def test_a_gap_is_told_with_its_row_and_passed_over(write):
    days = np.delete(_days(31), 10)
    opened, sink = _opened(write({"day": days, "sold": SOLD}))
    (told,) = sink.diagnostics
    assert told.code == "KG547"
    assert told.message == (
        "`day` has 1 gap: behind `2020-01-10` in row 10 follows `2020-01-12`, expected 1 day later"
    )
    assert len(opened.parts.starts["training"]) == 23 - 5


def test_months_are_unequally_long_and_no_gap(write):
    months = (np.datetime64("2020-01", "M") + np.arange(30)).astype("str")
    _, sink = _opened(write({"day": months, "sold": SOLD}))
    assert not sink.diagnostics


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("", 5), "the time `day` has no value in row 6"),
        (
            ("soon", 5),
            'the time `day` is "soon" in row 6, expected a number, or a date as ISO 8601 writes it',
        ),
        (("2020-01-02", 5), "the time `2020-01-02` stands twice, in row 2 and row 6"),
    ],
)
def test_times_that_order_nothing_are_told_with_their_rows(write, change, message):
    days = _days(30)
    days[change[1]] = change[0]
    assert _refused(write({"day": days, "sold": SOLD})) == [("KG545", message, "data.time")]


def test_a_whole_number_that_is_a_time_twice_is_told_without_a_point(write):
    seconds = np.arange(30, dtype="float64")
    seconds[5] = 2
    ((code, message, _),) = _refused(write({"day": seconds, "sold": SOLD}))
    assert (code, message) == ("KG545", "the time `2` stands twice, in row 3 and row 6")


def test_columns_that_are_not_there_are_told(write):
    found = _refused(write({"day": _days(30), "sold": SOLD}, time="days", series="shop"))
    assert found == [
        ("KG504", "there is no column `days`", "data.time"),
        ("KG504", "there is no column `shop`", "data.series"),
    ]


def test_a_series_that_is_too_short_is_told_by_its_name(write):
    shop = np.array(["north"] * 30 + ["south"] * 12)
    columns = {
        "day": np.concatenate([_days(30), _days(12)]),
        "shop": shop,
        "sold": np.arange(42, dtype="float32"),
    }
    assert _refused(write(columns, series="shop")) == [
        (
            "KG546",
            "the series `south` of `shop` is too short: of its 12 rows no window of 4 and 2 rows "
            "is in the training part",
            "data.windows",
        )
    ]
    assert _refused(write(columns, series="shop", split={"test": 13}))[0][1] == (
        "the series `south` of `shop` is too short: `test` asks for 13 rows, and 12 are there to "
        "share with training"
    )


def test_several_series_have_their_windows_side_by_side(write):
    shop = np.array(["north", "south"] * 30)
    columns = {"day": np.repeat(_days(30), 2), "shop": shop, "sold": np.arange(60.0)}
    opened, sink = _opened(write(columns, series="shop"))
    assert not sink.diagnostics
    assert opened.columns["shop"].tolist() == ["north"] * 30 + ["south"] * 30
    assert opened.schema.columns["shop"].roles == ("series",)
    assert opened.schema.columns["day"].roles == ("time",)
    assert {part: len(starts) for part, starts in opened.parts.starts.items()} == {
        "training": 2 * 18,
        "validation": 2 * 2,
        "test": 2 * 3,
    }


def test_the_calendar_goes_in_where_parts_of_the_time_are_asked_for(write):
    opened, _ = _opened(
        write(
            {"day": _days(30), "sold": SOLD},
            columns={"day": {"type": "date", "parts": ["weekday"]}},
        )
    )
    assert [entry.name for entry in opened.definition.prepare] == [
        *("day_parts", "day_scaled", "sold_scaled")
    ]


def test_what_was_written_is_read_as_the_same_group(write):
    group = write({"day": _days(30), "sold": SOLD, "rain": SOLD + 1}, target=["sold", "rain"])
    opened, _ = _opened(group)
    again, _ = _opened(yaml.safe_load(yaml.safe_dump({**group, **opened.written}, sort_keys=False)))
    assert again.definition.prepare == opened.definition.prepare
    assert again.definition.features == opened.definition.features
    assert again.fingerprint == opened.fingerprint


def test_windows_are_the_rows_that_a_person_would_take(write, started):
    found = _prepared(write({"day": _days(30), "sold": SOLD}), started)
    training = SOLD[:23].astype("float64")
    scaled = (SOLD - training.mean()) / training.std()
    assert found.test.x["input"].shape == (3, 4, 1)
    for number, begin in enumerate((22, 23, 24)):
        wanted = scaled[begin : begin + 4]
        assert found.test.x["input"][number, :, 0] == pytest.approx(wanted, rel=1e-5)
        assert found.test.y[""][number].tolist() == SOLD[begin + 4 : begin + 6].tolist()
    assert len(found.training.y[""]) == 23 - 5


def test_windows_are_no_copy_of_the_rows(write, started):
    found = _prepared(write({"day": _days(30), "sold": SOLD}), started)
    assert np.shares_memory(found.validation.x["input"], found.test.x["input"])


@pytest.mark.parametrize("series", [False, True])
def test_what_is_tested_changes_nothing_in_training(write, started, series):
    shop = np.array(["north", "south"]).repeat(30)
    columns = {"day": np.tile(_days(30), 2), "shop": shop, "sold": np.tile(SOLD, 2)}
    columns = columns if series else {n: c[:30] for n, c in columns.items() if n != "shop"}
    keys = {"series": "shop"} if series else {}
    before = _prepared(write(columns, **keys), started)
    changed = columns["sold"].copy()
    changed[26:30] = 1e6
    changed[-4:] = -1e6
    after = _prepared(write({**columns, "sold": changed}, **keys), started)
    assert np.array_equal(before.training.x["input"], after.training.x["input"])
    assert np.array_equal(before.training.y[""], after.training.y[""])
    assert np.array_equal(before.validation.y[""], after.validation.y[""])
    assert before.fitted == after.fitted
    assert not np.array_equal(before.test.y[""], after.test.y[""])


def test_several_targets_stand_side_by_side_in_each_step(write, started):
    columns = {"day": _days(30), "sold": SOLD, "rain": SOLD + 1}
    found = _prepared(write(columns, target=["sold", "rain"]), started)
    assert found.training.y[""].shape == (18, 2, 2)
    assert found.training.y[""][0].tolist() == np.stack([SOLD, SOLD + 1], axis=-1)[4:6].tolist()


def test_targets_by_name_are_outputs_of_their_own(write, started):
    columns = {"day": _days(30), "sold": SOLD, "rain": SOLD + 1}
    keys = {"target": {"a": "sold", "b": "rain"}, "task": "auto"}
    found = _prepared(write(columns, **keys), started)
    assert found.training.y["b"].tolist() == (found.training.y["a"] + 1).tolist()


def test_the_place_of_the_past_is_told_to_the_model(write):
    columns = {"day": _days(30), "rain": SOLD + 1, "sold": SOLD}
    said = {"day": {"type": "date", "parts": ["weekday", "month"]}}
    opened, _ = _opened(write(columns, columns=said))
    (facts,) = model_ends(opened).outputs.values()
    assert facts["past"] == {"input": "input", "step": 3, "places": [3]}
    opened, _ = _opened(write(columns, target=["sold", "rain"]))
    (facts,) = model_ends(opened).outputs.values()
    assert facts["past"]["places"] == [1, 0]
    assert facts["mean"] == pytest.approx([SOLD[:23].mean(), SOLD[:23].mean() + 1])
    other = {"sold": {"type": "number", "scale": "minmax"}}
    opened, _ = _opened(write(columns, columns=other))
    assert "past" not in next(iter(model_ends(opened).outputs.values()))
