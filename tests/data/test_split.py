"""Rows are divided: disjoint, complete, by the seed alone."""

import random

import numpy as np
import pytest

from kerasgen.data.opened import open_data
from kerasgen.diagnostics import CompileError, Sink

DIGITS = (
    "{source: {class: ScikitLearn, name: digits}, features: image, target: label, "
    "task: classification, split: %s}"
)


@pytest.fixture
def refused_split(define):
    def attempt(text):
        definition, sink = define(text), Sink()
        with pytest.raises(CompileError):
            open_data(definition, sink)
        (found,) = sink.errors
        return found

    return attempt


def _rows(parts):
    found = [rows for rows in (parts.training, parts.validation, parts.test) if rows is not None]
    return np.concatenate(found)


@pytest.mark.parametrize(
    "wish",
    [
        "{}",
        "{test: 0.2}",
        "{test: 100, validation: 50}",
        "{test: 0.2, validation: 0.1, stratify: true}",
        "{test: 0.2, validation: 0.1, shuffle: false}",
        "{validation: 0.5}",
    ],
)
def test_a_split_is_disjoint_complete_and_ascending(wish, split):
    opened, parts = split(DIGITS % wish)
    assert sorted(_rows(parts)) == list(range(opened.samples))
    for rows in (parts.training, parts.validation, parts.test):
        assert rows is None or (np.diff(rows) > 0).all()


def test_parts_that_are_not_asked_for_are_none(split):
    _, parts = split(DIGITS % "{}")
    assert parts.validation is None
    assert parts.test is None


def test_fractions_and_numbers_give_their_sizes(split):
    _, parts = split(DIGITS % "{test: 0.2, validation: 100}")
    assert len(parts.test) == 359
    assert len(parts.validation) == 100


def test_a_fraction_for_validation_is_taken_of_what_is_not_test(split):
    _, parts = split(DIGITS % "{test: 1000, validation: 0.1}")
    assert len(parts.validation) == round(0.1 * 797)


def test_a_tiny_fraction_gives_one_row_at_least(split):
    _, parts = split(DIGITS % "{test: 0.0001}")
    assert len(parts.test) == 1


@pytest.mark.parametrize("stratify", ["true", "false"])
def test_the_seed_alone_decides(stratify, split):
    wish = DIGITS % f"{{test: 0.2, validation: 0.1, stratify: {stratify}}}"
    _, first = split(wish, seed=3)
    np.random.seed(99)
    random.seed(99)
    _, again = split(wish, seed=3)
    _, other = split(wish, seed=4)
    assert np.array_equal(first.test, again.test)
    assert np.array_equal(first.validation, again.validation)
    assert not np.array_equal(first.test, other.test)


def test_the_split_leaves_the_global_generators_alone(split):
    before = np.random.get_state()[1].tolist()
    split(DIGITS % "{test: 0.2, stratify: true}")
    assert np.random.get_state()[1].tolist() == before


def test_the_test_part_does_not_depend_on_the_validation_part(split):
    _, with_one = split(DIGITS % "{test: 0.2, validation: 0.1, stratify: true}")
    _, without = split(DIGITS % "{test: 0.2, stratify: true}")
    assert np.array_equal(with_one.test, without.test)


@pytest.mark.parametrize("seed", [-5, 2**63])
def test_any_integer_is_a_seed(seed, split):
    _, parts = split(DIGITS % "{test: 0.2, stratify: true}", seed=seed)
    assert len(parts.test) == 359


def test_a_stratified_part_keeps_the_shares_of_the_classes(split):
    opened, parts = split(DIGITS % "{test: 0.2, stratify: true}")
    labels = opened.columns["label"]
    expected = np.bincount(labels) * 0.2
    assert np.abs(np.bincount(labels[parts.test]) - expected).max() <= 1


def test_without_shuffling_rows_come_from_the_end(split):
    _, parts = split(DIGITS % "{test: 97, validation: 200, shuffle: false}")
    assert parts.test.tolist() == list(range(1700, 1797))
    assert parts.validation.tolist() == list(range(1500, 1700))


def test_a_given_part_is_taken_as_it_is(split, table):
    text = table(
        "task: classification, split: {test: given, validation: given}",
        x_train=np.ones((4, 1)),
        x_val=np.ones((2, 1)),
        x_test=np.ones((3, 1)),
        y_train=[0, 1, 0, 1],
        y_val=[0, 1],
        y_test=[0, 1, 0],
    )
    _, parts = split(text)
    assert parts.training.tolist() == [0, 1, 2, 3]
    assert parts.validation.tolist() == [4, 5]
    assert parts.test.tolist() == [6, 7, 8]


def test_a_given_validation_part_never_ends_up_in_a_drawn_test_part(split, table):
    text = table(
        "task: classification, split: {test: 0.5, validation: given}",
        x_train=np.ones((6, 1)),
        x_val=np.ones((2, 1)),
        y_train=[0, 1, 0, 1, 0, 1],
        y_val=[0, 1],
    )
    _, parts = split(text)
    assert parts.validation.tolist() == [6, 7]
    assert len(parts.test) == 3


@pytest.mark.parametrize(
    ("wish", "code", "key"),
    [
        ("{test: given}", "KG204", "data.split.test"),
        ("{validation: given}", "KG204", "data.split.validation"),
        ("{test: 1797}", "KG507", "data.split.test"),
        ("{test: 1700, validation: 97}", "KG507", "data.split.validation"),
        ("{test: 0.9999}", "KG507", "data.split.test"),
        ("{test: 5, stratify: true}", "KG507", "data.split.test"),
        ("{test: 0.2, stratify: true, shuffle: false}", "KG204", "data.split.stratify"),
    ],
)
def test_what_cannot_be_done_is_located(wish, code, key, refused_split):
    found = refused_split(DIGITS % wish)
    assert (found.code, found.location.key) == (code, key)


def test_a_regression_cannot_be_stratified(refused_split):
    found = refused_split(
        "{source: {class: ScikitLearn, name: diabetes}, features: all, target: target, "
        "task: regression, split: {test: 0.2, stratify: true}}"
    )
    assert (found.code, found.help) == ("KG204", "write `stratify: false`")


def test_a_class_of_one_row_cannot_be_stratified(refused_split, table):
    text = table(
        "task: classification, split: {test: 2, stratify: true}",
        x=np.ones((5, 1)),
        y=[0, 0, 0, 0, 1],
    )
    found = refused_split(text)
    assert (found.code, found.message) == (
        "KG507",
        "class `1` has one row, which cannot be divided in proportion",
    )


def test_a_class_of_one_row_is_called_by_its_name(refused_split, tmp_path):
    (tmp_path / "t.csv").write_text("x,y\n1,ant\n2,bee\n3,ant\n4,ant\n5,ant\n")
    found = refused_split(
        f"{{source: {{class: Table, path: {tmp_path / 't.csv'}}}, features: all, target: y, "
        "task: classification, split: {test: 2, stratify: true}}"
    )
    assert found.message.startswith("class `bee` has one row")


@pytest.fixture
def visits(tmp_path):
    """A table of 120 visits of 30 patients, a part for each and a date."""
    rng = np.random.default_rng(0)
    words = ["train", "train", "Validation", "TEST"]
    lines = ["dose,patient,part,day,held,ill"]
    for row in range(120):
        patient = row % 30
        day = f"2024-{1 + (row * 7) % 12:02d}-{1 + row % 28:02d}"
        held = str(patient % 5 == 0).lower()
        ill = "yes" if rng.random() < 0.4 else "no"
        lines.append(f"{rng.random():.4f},p{patient},{words[patient % 4]},{day},{held},{ill}")
    (tmp_path / "visits.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    path = tmp_path / "visits.csv"
    return (
        f"{{source: {{class: Table, path: {path}}}, features: all, target: ill, task: auto, "
        "prepare: auto, split: %s}"
    )


@pytest.mark.parametrize("stratify", ["auto", "false"])
def test_no_group_is_in_two_parts(stratify, visits, split):
    wish = f"{{test: 0.2, validation: 0.1, group: patient, stratify: {stratify}}}"
    opened, parts = split(visits % wish)
    patients = opened.columns["patient"]
    found = [set(patients[rows]) for rows in (parts.training, parts.validation, parts.test)]
    assert sum(map(len, found)) == 30
    assert abs(len(parts.test) - 24) <= 4


def test_columns_of_the_split_are_no_features_under_all(visits, open_text):
    opened = open_text(visits % "{test: 0.2, group: patient}")
    assert opened.schema.columns["patient"].roles == ("group",)
    assert "patient" not in [c for names in opened.schema.features.values() for c in names]


def test_a_column_says_in_words_which_part_a_row_is_in(visits, split):
    opened, parts = split(visits % "{by: part, test: given, validation: given}")
    patients = np.char.lstrip(opened.columns["patient"], "p").astype(int) % 4
    assert np.array_equal(parts.test, np.flatnonzero(patients == 3))
    assert np.array_equal(parts.validation, np.flatnonzero(patients == 2))


def test_a_column_of_truths_says_which_rows_are_for_the_test(visits, split):
    opened, parts = split(visits % "{by: held, test: given, validation: 0.1}")
    patients = np.char.lstrip(opened.columns["patient"], "p").astype(int)
    assert np.array_equal(parts.test, np.flatnonzero(patients % 5 == 0))
    assert len(parts.validation) == 10


def test_the_time_of_the_data_is_that_of_the_split(visits, split):
    _, by_data = split(visits.replace("task:", "time: day, task:") % "{test: 20}")
    _, by_split = split(visits % "{time: day, test: 20}")
    assert np.array_equal(by_data.test, by_split.test)


def test_the_newest_rows_are_for_the_test(visits, split):
    opened, parts = split(visits % "{time: day, test: 20, validation: 10}")
    days = opened.columns["day"]
    assert min(days[parts.test]) >= max(days[parts.validation])
    assert min(days[parts.validation]) >= max(days[parts.training])
    assert len(parts.test) == 20


@pytest.mark.parametrize("more", ["", ", group: patient", ", stratify: true", ", shuffle: false"])
def test_every_row_is_tested_in_one_of_the_folds(more, visits, split):
    tests = []
    for number in range(1, 6):
        opened, parts = split(visits % f"{{fold: {number}/5, test: 0.3, validation: 0.1{more}}}")
        assert sorted(_rows(parts)) == list(range(120))
        tests.append(parts.test)
    assert sorted(np.concatenate(tests)) == list(range(120))
    if "group" in more:
        patients = opened.columns["patient"]
        assert sum(len(set(patients[rows])) for rows in tests) == 30


def test_a_fold_in_time_is_trained_on_older_rows_alone(visits, split):
    opened, parts = split(visits % "{fold: 2/3, time: day, validation: 10}")
    days = opened.columns["day"]
    assert min(days[parts.test]) >= max(days[parts.validation])
    assert min(days[parts.validation]) >= max(days[parts.training])
    assert len(_rows(parts)) == 90


def test_the_record_says_which_rows_a_part_has(visits, open_text):
    text = visits % "{test: 0.2, group: patient}"
    first, again = open_text(text), open_text(text)
    other = open_text(visits % "{test: 0.2, time: day}")
    told = first.description["parts"]
    assert told == again.description["parts"]
    assert told["test"]["samples"] == len(first.parts.test)
    assert told["test"]["rows"] != other.description["parts"]["test"]["rows"]


@pytest.mark.parametrize(
    ("wish", "code", "key", "words"),
    [
        ("{by: ill, test: given}", "KG204", "data.split.by", "`ill` is the target"),
        ("{by: day, test: given}", "KG532", "data.split.by", '"2024-01-01" in line 2 of'),
        ("{by: part, test: given}", "KG204", "data.split.by", "`validation` is not `given`"),
        ("{by: part, validation: given, test: 0.1}", "KG204", "data.split.test", "not `given`"),
        ("{by: held, test: given, validation: given}", "KG204", "data.split.validation", "`held`"),
        ("{time: patient, test: 0.2}", "KG532", "data.split.time", '"p0" in line 2 of'),
        ("{group: nobody, test: 0.2}", "KG504", "data.split.group", "no column `nobody`"),
        ("{group: ill, test: 0.2, fold: 1/5}", "KG507", "data.split.group", "2 groups, too few"),
        ("{fold: 1/500}", "KG507", "data.split.fold", "too few for 500 folds"),
    ],
)
def test_a_column_that_cannot_divide_is_told(wish, code, key, words, visits, refused_split):
    found = refused_split(visits % wish)
    assert (found.code, found.location.key) == (code, key)
    assert words in found.message


def test_a_group_in_two_given_parts_is_told(visits, refused_split, tmp_path):
    lines = (tmp_path / "visits.csv").read_text().splitlines()
    lines[1] = lines[1].replace(",train,", ",test,")
    (tmp_path / "visits.csv").write_text("\n".join(lines))
    found = refused_split(visits % "{by: part, test: given, validation: given, group: patient}")
    assert found.code == "KG532"
    assert found.message == (
        "rows of the group `p0` are in the training and in the test part, which are given"
    )


def test_a_row_without_a_group_is_told(visits, refused_split, tmp_path):
    text = (tmp_path / "visits.csv").read_text()
    (tmp_path / "visits.csv").write_text(text.replace(",p7,", ",,", 1))
    found = refused_split(visits % "{group: patient, test: 0.2}")
    assert (found.code, found.message) == (
        "KG506",
        f"the column `patient` has no group in line 9 of `{tmp_path / 'visits.csv'}`",
    )
