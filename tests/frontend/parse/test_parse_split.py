"""What a split says, and which of its keys exclude each other."""

import pytest

from kerasgen.diagnostics import Sink
from kerasgen.frontend.parse.split import divided_by_time, parse_split
from kerasgen.ir.data import SplitDef


def test_a_fold_is_a_number_of_several() -> None:
    split = parse_split({"fold": "2 / 5", "test": 0.3}, Sink())

    assert split is not None
    assert (split.fold, split.fold_numbers) == ("2/5", (2, 5))
    assert split.parts == ("training", "test")


@pytest.mark.parametrize(
    ("section", "key"),
    [
        ({"fold": 0.4}, "fold"),
        ({"fold": "6/5"}, "fold"),
        ({"fold": "0/5"}, "fold"),
        ({"fold": "1/1"}, "fold"),
        ({"fold": "1/5", "test": "given"}, "fold"),
        ({"test": 1.5}, "test"),
        ({"group": "a", "time": "b"}, "group"),
        ({"group": "a", "shuffle": False}, "group"),
        ({"time": "a", "stratify": True}, "stratify"),
        ({"by": 3}, "by"),
    ],
)
def test_what_cannot_be_is_told_at_its_key(section, key) -> None:
    sink = Sink()

    assert parse_split(section, sink) is None
    (found,) = sink.errors
    assert (found.code, found.location.key) == ("KG204", f"data.split.{key}")


def test_the_time_of_the_data_divides_rows_that_are_samples() -> None:
    sink = Sink()
    assert divided_by_time(SplitDef(test=0.2), "day", sink).time == "day"
    assert divided_by_time(SplitDef(time="day"), "day", sink).time == "day"
    assert sink.errors == []

    divided_by_time(SplitDef(time="hour"), "day", sink)
    divided_by_time(SplitDef(group="shop"), "day", sink)
    keys = [found.location.key for found in sink.errors]
    assert keys == ["data.split.time", "data.split.group"]
