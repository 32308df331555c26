"""Fitted steps as a value: kept in files, read again, applied to other rows."""

import json

import numpy as np
import pytest

from kerasgen.data.fitted_preparation import (
    ARRAYS,
    COLUMNS,
    STEPS,
    FittedPreparation,
    UnreadPreparationError,
    read_columns,
    read_fitted,
    write_columns,
    write_fitted,
)
from kerasgen.data.kept_preparation import KeptPreparation, apply_fitted
from kerasgen.data.opened import open_data
from kerasgen.data.preparation import prepare_data
from kerasgen.diagnostics import Sink
from kerasgen.ir.schema import Column, Schema

PREPARE = """
word: {class: StringLookup, from: word, output_mode: one_hot}
size: {class: Normalization, from: size}
level: {class: Discretization, from: size, num_bins: 4, output_mode: one_hot}
root: {class: ops.square, from: size}
all: {class: Normalization}
"""


@pytest.fixture
def fitted(define, started, tmp_path):
    rng = np.random.default_rng(3)
    rows = [
        f"{rng.choice(['red', 'green', 'éclair'])};{rng.normal():.3f};{rng.integers(3)}"
        for _ in range(60)
    ]
    (tmp_path / "table.csv").write_text("\n".join(["word;size;kind", *rows]), encoding="utf-8")
    steps = ", ".join(PREPARE.strip().splitlines())
    definition = define(
        f"{{source: {{class: Csv, path: {tmp_path / 'table.csv'}, delimiter: ';'}}, "
        "features: [word, size, level, root], target: kind, task: classification, "
        f"split: {{test: 0.3}}, prepare: {{{steps}}}}}"
    )
    opened = open_data(definition, Sink())
    parts = opened.parts
    return definition, opened, parts, prepare_data(opened, parts, definition, started, Sink())


def test_what_was_learned_comes_back_from_its_files(fitted, tmp_path):
    value = fitted[-1].fitted
    write_fitted(value, tmp_path)
    assert read_fitted(tmp_path) == value
    assert {step: set(learned) for step, learned in value.learned.items()} == {
        "word_1": {"vocabulary"},
        "size_1": {"mean", "variance"},
        "level": {"bin_boundaries"},
        "root": set(),
        "all": {"mean", "variance"},
    }


def _kept(fitted, opened, definition, started) -> KeptPreparation:
    return KeptPreparation(
        fitted=fitted, schema=opened.schema, definition=definition, started=started
    )


def test_steps_that_were_read_give_the_same_numbers(fitted, started, tmp_path):
    definition, opened, parts, prepared = fitted
    write_fitted(prepared.fitted, tmp_path)
    read = read_fitted(tmp_path)
    test = {name: column[parts.test] for name, column in opened.columns.items()}
    again = apply_fitted(_kept(read, opened, definition, started), test)
    np.testing.assert_array_equal(again["input"], prepared.test.x["input"])
    assert again["input"].dtype == prepared.test.x["input"].dtype


def test_rows_without_a_target_are_prepared(fitted, started):
    definition, opened, parts, prepared = fitted
    test = {n: c[parts.test] for n, c in opened.columns.items() if n != "kind"}
    again = apply_fitted(_kept(prepared.fitted, opened, definition, started), test)
    np.testing.assert_array_equal(again["input"], prepared.test.x["input"])


def test_what_the_columns_are_comes_back_from_its_file(fitted, tmp_path):
    opened = fitted[1]
    write_columns(opened.schema, tmp_path)
    assert read_columns(tmp_path) == opened.schema


def test_the_files_hold_no_code(fitted, tmp_path):
    write_fitted(fitted[-1].fitted, tmp_path)
    assert sorted(path.name for path in tmp_path.glob("[sl]*.*")) == [ARRAYS, STEPS]
    with np.load(tmp_path / ARRAYS, allow_pickle=False) as archive:
        assert all(not archive[name].dtype.hasobject for name in archive.files)


def test_objects_of_python_are_not_kept(tmp_path):
    odd = FittedPreparation(learned={"own": {"weight 0": np.array([object()])}})
    with pytest.raises(ValueError, match="`own` has learned objects"):
        write_fitted(odd, tmp_path)


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ({"version": 0, "steps": {}}, "is not of version 1"),
        ([], "is not of version 1"),
        ({"version": 1, "steps": {"a": ["mean"]}}, "lists no steps"),
        ({"version": 1, "steps": {"a": {"mean": "array_9"}}}, "holds no `array_9.npy`"),
    ],
)
def test_files_of_another_form_are_refused(tmp_path, tree, message):
    write_fitted(FittedPreparation(learned={}), tmp_path)
    (tmp_path / STEPS).write_text(json.dumps(tree), encoding="utf-8")
    with pytest.raises(UnreadPreparationError, match=message):
        read_fitted(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dtype": ["float32"]}, "holds a word here"),
        ({"type": "banana"}, "not 'banana'"),
        ({"type": {}}, "holds a word here"),
        ({"missing": "x" * 1_000_000}, "holds a number here"),
        ({"roles": 7}, "holds a list here"),
        ({"shape": [1.5]}, "holds a shape here"),
    ],
)
def test_columns_of_another_form_are_refused(tmp_path, change, message):
    schema = Schema(
        columns={"a": Column(name="a", type="number", roles=("feature",), dtype="float32")},
        complete=True,
        features={"input": ("a",)},
    )
    write_columns(schema, tmp_path)
    assert read_columns(tmp_path) == schema
    tree = json.loads((tmp_path / COLUMNS).read_text(encoding="utf-8"))
    tree["columns"]["a"] |= change
    (tmp_path / COLUMNS).write_text(json.dumps(tree), encoding="utf-8")
    with pytest.raises(UnreadPreparationError, match=message) as caught:
        read_columns(tmp_path)
    assert len(str(caught.value)) < 400


def test_values_are_equal_where_their_arrays_are():
    def value(number):
        return FittedPreparation(learned={"a": {"mean": np.float32([number])}})

    assert value(1) == value(1)
    assert value(1) != value(2)
    assert value(1) != FittedPreparation(learned={"a": {}})
