"""Rows that stand in two parts are found by what the source has, before anything is prepared."""

import numpy as np
import pytest

import kerasgen.data.shared_rows
from kerasgen.data.large_arrays import ArraySpace
from kerasgen.data.shared_rows import find_shared
from kerasgen.data.split import PartRows
from kerasgen.ir.schema import Column, Schema

MEMORY = ArraySpace()
RANDOM = np.random.default_rng(0)


def schema(*features, others=()):
    columns = {name: Column(name=name, roles=("feature",)) for name in features}
    columns |= {name: Column(name=name, roles=("target",)) for name in others}
    return Schema(columns=columns, complete=True, features={"input": features})


def parts(count, test):
    rows = np.arange(count)
    return PartRows(training=rows[:-test], validation=None, test=rows[-test:])


def table(count=100):
    return {
        "amount": RANDOM.normal(size=count),
        "word": RANDOM.choice(["red", "green", "blue"], count),
        "whole": RANDOM.integers(0, 1000, count),
        "picture": RANDOM.integers(0, 255, (count, 2, 2, 1), dtype="uint8"),
        "label": np.arange(count) % 2,
    }


def test_a_planted_duplicate_is_found_with_its_place_whatever_the_columns_hold() -> None:
    columns = table()
    for name in ("amount", "word", "whole", "picture"):
        columns[name][95] = columns[name][17]
    names = ("amount", "word", "whole", "picture")
    found = find_shared(columns, schema(*names, others=("label",)), parts(100, 20), MEMORY)

    assert found["test"].rows == 1
    assert found["test"].first == (96, 18)
    assert (found["test"].share, found["test"].crowded) == (0.05, False)


def test_rows_that_differ_in_one_column_are_two() -> None:
    for odd in ("amount", "word", "whole", "picture"):
        columns = table()
        for name in ("amount", "word", "whole", "picture"):
            if name != odd:
                columns[name][95] = columns[name][17]
        columns["word"][17], columns["word"][95] = "red", "red" if odd != "word" else "blue"
        assert (
            find_shared(
                columns, schema("amount", "word", "whole", "picture"), parts(100, 20), MEMORY
            )
            == {}
        )


def test_the_target_does_not_count_and_zeros_are_equal_whatever_their_sign() -> None:
    columns = {"amount": np.array([0.0, 3.0, 1.0, -0.0]), "label": np.array([0, 1, 1, 1])}
    found = find_shared(columns, schema("amount", others=("label",)), parts(4, 1), MEMORY)

    assert found["test"].first == (4, 1)


def test_as_many_are_found_as_polars_joins(dataset) -> None:
    polars = pytest.importorskip("polars")
    frame = polars.read_csv(dataset("penguins.csv")).select("species", "island").fill_null("")
    columns = {name: frame[name].to_numpy().astype("U") for name in frame.columns}
    cut = parts(len(frame), 60)
    test, training = frame[cut.test.tolist()], frame[cut.training.tolist()]
    found = find_shared(columns, schema(*columns), cut, MEMORY)

    assert found["test"].rows == len(test.join(training.unique(), on=frame.columns, how="semi"))
    assert found["test"].crowded


def test_hashes_in_a_file_a_few_at_a_time_find_the_same_rows(tmp_path, monkeypatch) -> None:
    count = 200_000
    columns = {"amount": RANDOM.integers(0, 500_000, count).astype("float32")}
    columns["word"] = np.where(columns["amount"] < 9, "few", "many")
    cut = parts(count, 70_000)
    at_once = find_shared(columns, schema("amount", "word"), cut, MEMORY)["test"]
    monkeypatch.setattr(kerasgen.data.shared_rows, "_AT_ONCE", 30_000)
    space = ArraySpace(limit=1000, folder=tmp_path)
    by_shares = find_shared(columns, schema("amount", "word"), cut, space)["test"]

    known = set(columns["amount"][cut.training].tolist())
    expected = [row for row in cut.test.tolist() if columns["amount"][row] in known]
    assert at_once == by_shares
    assert (at_once.rows, at_once.first[0]) == (len(expected), expected[0] + 1)
    assert columns["amount"][at_once.first[1] - 1] == columns["amount"][expected[0]]
