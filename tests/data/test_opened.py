"""Opening a data group: the checks on what a source gives."""

import numpy as np
import pytest

from kerasgen.data.opened import open_data
from kerasgen.data.table import Table
from kerasgen.diagnostics import CompileError, Sink

DIGITS = """
source: {class: ScikitLearn, name: digits}
features: image
target: label
task: classification
"""


def _messages(diagnostics):
    return [(found.code, found.message, found.location.key) for found in diagnostics]


def test_the_digits_open(open_text):
    opened = open_text(DIGITS)
    assert opened.samples == 1797
    assert opened.facts == {
        "samples": 1797,
        "shape": [8, 8, 1],
        "classes": 10,
        "class_names": list("0123456789"),
    }
    assert opened.schema.features == {"input": ("image",)}


def test_an_unknown_source_is_reported_with_the_nearest(refused):
    (found,) = refused("{source: ImageFolders, features: image, task: autoencoding}")
    assert _messages([found]) == [
        ("KG201", "there is no source `ImageFolders`", "data.source.class")
    ]
    assert found.help == "did you mean `ImageFolder`?"


def test_an_unknown_argument_silences_the_missing_one_that_it_was_meant_for(refused):
    found = refused("{source: {class: Csv, paht: a.csv}, features: a, task: autoencoding}")
    assert _messages(found) == [("KG202", "`Csv` has no argument `paht`", "data.source.paht")]


def test_a_missing_argument_is_reported(refused):
    found = refused("{source: Csv, features: a, task: autoencoding}")
    assert _messages(found) == [("KG203", "`Csv` has no `path`", "data.source")]


@pytest.mark.parametrize(
    ("source", "key"),
    [
        ("{class: Csv, path: 3}", "path"),
        ("{class: Csv, path: a, header: 1}", "header"),
        ("{class: Csv, path: a, missing: skip}", "missing"),
        ("{class: Csv, path: a, columns: [1, 2]}", "columns"),
        ("{class: Csv, path: a, columns: a}", "columns"),
        ("{class: ImageFolder, path: a, size: 32}", "size"),
        ("{class: ImageFolder, path: a, size: [3.5, 3]}", "size"),
        ("{class: ImageFolder, path: a, color_mode: bgr}", "color_mode"),
        ("{class: ScikitLearn, name: mnist}", "name"),
        ("{class: KerasDataset, name: mnist, download: 'yes'}", "download"),
    ],
)
def test_an_argument_of_the_wrong_kind_is_located(source, key, refused):
    found = refused(f"{{source: {source}, features: a, task: autoencoding}}")
    assert [(d.code, d.location.key) for d in found] == [("KG204", f"data.source.{key}")]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (DIGITS.replace("features: image", "features: imag"), "data.features"),
        (DIGITS.replace("target: label", "target: labl"), "data.target"),
        (DIGITS.replace("target: label", "target: {digit: labl}"), "data.target.digit"),
        (
            DIGITS.replace("features: image", "features: {a: image, b: imag}"),
            "data.features.b",
        ),
        (
            DIGITS + "prepare: {c: {class: ops.abs, from: imag}}",
            "data.prepare.c.from",
        ),
    ],
)
def test_a_column_that_is_not_there_is_located_with_the_nearest(text, key, refused):
    (found,) = refused(text)
    assert (found.code, found.location.key) == ("KG504", key)
    assert found.help.startswith("did you mean `")


def test_a_step_must_not_take_what_is_made_later(refused):
    text = DIGITS + "prepare: {a: {class: ops.abs, from: b}, b: {class: ops.abs, from: label}}"
    assert _messages(refused(text)) == [
        ("KG302", "`a` takes `b`, which is made later", "data.prepare.a.from")
    ]


def test_a_column_that_a_step_replaces_and_that_is_not_there_is_not_made_later(refused):
    (found,) = refused(DIGITS + "prepare: {imag: {class: ops.abs, from: imag}}")
    assert (found.code, found.location.key) == ("KG504", "data.prepare.imag.from")
    assert found.help == "did you mean `image`?"


def test_a_step_must_not_hide_a_column_of_the_source(refused):
    text = DIGITS + "prepare: {label: {class: ops.mean, axis: [1, 2, 3], from: image}}"
    assert _messages(refused(text)) == [
        (
            "KG305",
            "`label` is a column of the source, and the step does not take it",
            "data.prepare.label",
        )
    ]


def test_all_stands_for_every_column_but_the_targets(open_text):
    opened = open_text(
        "{source: {class: ScikitLearn, name: iris}, features: all, target: target, "
        "task: classification}"
    )
    assert opened.schema.features["input"] == (
        "sepal_length",
        "sepal_width",
        "petal_length",
        "petal_width",
    )
    assert opened.facts["shape"] == [4]


def test_a_column_of_one_number_in_a_row_of_its_own_is_flat(open_text, table):
    opened = open_text(table(x=np.ones((3, 2)), y=[[0], [1], [1]]))
    assert opened.columns["y"].tolist() == [0, 1, 1]


def test_labels_that_were_mapped_are_said_in_the_description(open_text, table):
    opened = open_text(table(x=np.ones((4, 2)), y=[-1, 1, 1, -1]))
    assert opened.columns["y"].tolist() == [0, 1, 1, 0]
    assert opened.description["labels_mapped"] == {"y": ["-1", "1"]}
    assert opened.facts["classes"] == 2


def test_labels_may_be_text(open_text, table):
    opened = open_text(table(x=np.ones((3, 2)), y=["b", "a", "b"]))
    assert opened.columns["y"].tolist() == [1, 0, 1]
    assert opened.facts["class_names"] == ["a", "b"]


def test_a_value_that_is_not_finite_is_located(refused, table):
    found = refused(table(x=[[1.0, 2.0], [np.inf, 1.0], [np.nan, 1.0]], y=[0, 1, 1]))
    assert _messages(found) == [
        (
            "KG506",
            "the column `x` is `inf` in row 2 and 1 further rows, expected finite numbers",
            "data.features",
        )
    ]


def test_a_target_of_a_regression_must_be_finite(refused, table):
    found = refused(table("task: regression", x=np.ones((2, 1)), y=[1.0, np.nan]))
    assert [(d.code, d.location.key) for d in found] == [("KG506", "data.target")]


def test_text_cannot_go_into_a_model(refused, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("size,price\n1,2\nsmall,3\n")
    found = refused(
        f"{{source: {{class: Csv, path: {path}}}, features: size, target: price, task: regression}}"
    )
    assert _messages(found) == [
        (
            "KG509",
            'the column `size` holds text, as "small" in line 3 of `a.csv`, expected numbers',
            "data.features",
        )
    ]
    assert found[0].help == (
        "encode it under `data.prepare`: `size: {class: StringLookup, output_mode: one_hot, "
        "from: size}`"
    )


def test_text_that_a_step_encodes_is_no_mistake(open_text, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("size,price\nbig,2\nsmall,3\n")
    opened = open_text(
        f"{{source: {{class: Csv, path: {path}}}, features: size, target: price, "
        "task: regression, prepare: {size: {class: StringLookup, from: size}}}"
    )
    assert opened.columns["size"].tolist() == ["big", "small"]


def test_a_regression_on_text_is_refused(refused, table):
    found = refused(table("task: regression", x=np.ones((2, 1)), y=["a", "b"]))
    assert [(d.code, d.location.key, d.help) for d in found] == [("KG509", "data.target", None)]


def test_complex_numbers_are_no_features(refused, table):
    found = refused(table(x=np.ones((2, 2), dtype="complex64"), y=[0, 1]))
    assert _messages(found) == [
        ("KG509", "the column `x` holds `complex64`, expected numbers", "data.features")
    ]


def test_truth_values_are_numbers(open_text, table):
    opened = open_text(table(x=[[True, False], [True, True]], y=[True, False]))
    assert opened.columns["x"].tolist() == [[1, 0], [1, 1]]
    assert opened.facts["classes"] == 2


def test_one_class_is_nothing_to_learn(refused, table):
    found = refused(table(x=np.ones((3, 2)), y=["a", "a", "a"]))
    assert _messages(found) == [
        (
            "KG505",
            "the target `y` has the one class `a`, expected two or more",
            "data.target",
        )
    ]


def test_more_classes_than_rows_are_too_few_samples(refused, table):
    text = table("task: classification, facts: {classes: 10}", x=np.ones((3, 2)), y=[0, 1, 2])
    assert [(d.code, d.location.key) for d in refused(text)] == [("KG507", "data.target")]


def test_a_source_without_rows_is_refused(refused, table):
    found = refused(table(x=np.ones((0, 2)), y=np.ones(0, dtype="int64")))
    assert _messages(found) == [("KG503", "the source has no rows", "data.source")]


def test_columns_that_cannot_be_stacked_are_refused(refused, table):
    text = table(x=np.ones((3, 4, 4, 1)), y=[0, 1, 2], z=[1, 2, 3])
    found = refused(text.replace("features: x", "features: [x, z]"))
    assert _messages(found) == [
        (
            "KG401",
            "the columns of the input `input` cannot be stacked, their rows have the shapes "
            "`x` [4, 4, 1], `z` []",
            "data.features",
        )
    ]


def test_a_target_that_a_step_makes_of_a_measure_is_not_taken_for_a_label(open_text):
    opened = open_text(
        "{source: {class: ScikitLearn, name: diabetes}, features: [age, bmi], "
        "target: target, task: classification, "
        "prepare: {target: {class: Discretization, num_bins: 4, from: target}}}"
    )
    assert opened.columns["target"].dtype == np.float32
    assert "classes" not in opened.facts


def test_a_source_of_ones_own_can_be_named(define):
    class Ramp:
        def __init__(self, rows: int) -> None:
            self.rows = rows

        def read(self, wanted, sink):
            values = np.arange(self.rows, dtype="float32")
            return Table(columns={"x": values, "y": values}, names=("x", "y"))

    text = "{source: {class: Ramp, rows: 5}, features: x, target: y, task: regression}"
    opened = open_data(define(text), Sink(), {"Ramp": Ramp})
    assert opened.facts == {"samples": 5, "shape": [1]}


def test_every_source_says_in_the_catalog_what_it_takes():
    from kerasgen.data.sources.source_list import source_entries

    entries = {entry.name: entry for entry in source_entries()}
    names = {
        "ScikitLearn",
        "Arrays",
        "KerasDataset",
        "ImageFolder",
        "Texts",
        "Sounds",
        "HuggingFace",
        "Tfds",
        "Csv",
    }
    assert set(entries) == {*names, "Table"}
    assert entries["Csv"].parameters["path"].required
    assert entries["Csv"].parameters["header"].value == "bool"
    assert all(entry.kind == "source" and entry.summary for entry in entries.values())


def test_opening_stops_at_the_first_stage_with_errors(define):
    sink = Sink()
    with pytest.raises(CompileError):
        open_data(define(DIGITS.replace("image", "imag")), sink)
    assert [found.code for found in sink.diagnostics] == ["KG504"]
