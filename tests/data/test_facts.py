"""Declared facts are held against the data."""

import numpy as np
import pytest

DIGITS = (
    "{source: {class: ScikitLearn, name: digits}, features: image, target: label, "
    "task: classification, facts: %s}"
)


@pytest.mark.parametrize(
    ("facts", "key", "message"),
    [
        ("{classes: 11}", "classes", "`classes` is declared as `11`, and the data has `10`"),
        (
            "{shape: [8, 8, 3]}",
            "shape",
            "`shape` is declared as `[8, 8, 3]`, and the data has `[8, 8, 1]`",
        ),
        ("{shape: [64]}", "shape", "`shape` is declared as `[64]`, and the data has `[8, 8, 1]`"),
        ("{samples: 5}", "samples", "`samples` is declared as `5`, and the data has `1797`"),
        (
            "{class_names: [a, b]}",
            "class_names",
            "`class_names` is declared as `[a, b]`, and the data has "
            "`[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]`",
        ),
        (
            "{shape: {input: [8, 8]}}",
            "shape.input",
            "`shape.input` is declared as `[8, 8]`, and the data has `[8, 8, 1]`",
        ),
    ],
)
def test_a_fact_that_the_data_contradicts_is_located(facts, key, message, refused):
    (found,) = refused(DIGITS % facts)
    assert (found.code, found.message) == ("KG508", message)
    assert found.location.key == f"data.facts.{key}"


def test_true_facts_pass_and_open_sizes_agree_with_any(open_text):
    opened = open_text(DIGITS % "{classes: 10, shape: [null, 8, 1], samples: 1797}")
    assert opened.facts["shape"] == [8, 8, 1]


def test_facts_that_opened_data_gave_pass_when_it_is_opened_again(open_text, table):
    text = table(x=np.ones((4, 2)), y=[3, 7, 7, 9])
    first = open_text(text)
    again = open_text(text[:-1] + f", facts: {first.facts}}}")
    assert again.facts == first.facts
    assert again.fingerprint == first.fingerprint


def test_a_target_of_several_numbers_a_row_has_its_shape_among_the_facts(open_text, table):
    arrays = {"x": np.zeros((6, 4)), "y": np.zeros((6, 3))}
    assert open_text(table("task: regression", **arrays)).facts["target_shape"] == [3]
    declared = table("task: regression, facts: {target_shape: [3]}", **arrays)
    assert open_text(declared).facts["target_shape"] == [3]
    assert "target_shape" not in open_text(table("task: regression", x=[1, 2], y=[1, 2])).facts


def test_a_fact_of_the_user_is_kept(open_text):
    assert open_text(DIGITS % "{vocabulary: 8000}").facts["vocabulary"] == 8000


def words_of(table, facts=""):
    text = table("task: regression", word=["low", "high", "low", "odd"], y=[1.0, 2.0, 3.0, 4.0])
    prepare = "{index: {class: Categories, vocabulary: [low, high], from: word}}"
    text = text[:-1].replace("features: x", "features: index")
    return f"{text}, prepare: {prepare}{facts}}}"


def test_a_column_of_words_has_the_number_of_them_among_the_facts(open_text, table):
    assert open_text(words_of(table)).facts["vocabulary"] == {"word": 3}
    same = open_text(words_of(table, ", facts: {vocabulary: {word: 3, other: 9}}"))
    assert same.facts["vocabulary"] == {"word": 3, "other": 9}


def test_a_number_of_words_that_the_data_contradicts_is_located(refused, table):
    (found,) = refused(words_of(table, ", facts: {vocabulary: {word: 4}}"))
    assert (found.code, found.location.key) == ("KG508", "data.facts.vocabulary.word")


def test_a_misspelt_fact_is_a_warning(define):
    from kerasgen.data.opened import open_data
    from kerasgen.diagnostics import Sink

    sink = Sink()
    open_data(define(DIGITS % "{clases: 10}"), sink)
    (found,) = sink.diagnostics
    assert (found.severity, found.code, found.help) == (
        "warning",
        "KG107",
        "did you mean `classes`?",
    )


def test_several_targets_have_their_facts_by_name(open_text, table):
    text = table("task: classification", x=np.ones((3, 2)), y=[0, 1, 2], z=["a", "b", "a"])
    opened = open_text(text.replace("target: y", "target: {first: y, second: z}"))
    assert opened.facts["classes"] == {"first": 3, "second": 2}
    assert opened.facts["class_names"]["second"] == ["a", "b"]


def test_the_classes_of_a_made_target_are_taken_as_declared(open_text):
    opened = open_text(
        "{source: {class: ScikitLearn, name: digits}, features: image, "
        "target: {digit: label, odd: odd}, task: classification, "
        "prepare: {odd: {class: ops.mod, from: [label, 2]}}, "
        "facts: {classes: {digit: 10, odd: 2}}}"
    )
    assert opened.facts["classes"] == {"digit": 10, "odd": 2}


def test_inputs_of_different_shapes_have_them_by_name(open_text, table):
    text = table(x=np.ones((3, 4, 4, 1)), y=[0, 1, 2], z=[1, 2, 3])
    opened = open_text(text.replace("features: x", "features: {a: x, b: z}"))
    assert opened.facts["shape"] == {"a": [4, 4, 1], "b": [1]}


def test_the_shape_is_that_of_the_source_before_any_step(open_text):
    opened = open_text(
        "{source: {class: ScikitLearn, name: digits}, features: {left: left}, "
        "target: label, task: classification, "
        "prepare: {left: {class: Cropping2D, cropping: [[0, 0], [0, 4]], from: image}}}"
    )
    assert opened.facts["shape"] == [8, 8, 1]


LISTS = (
    "{source: {class: Arrays, path: %s}, features: {input: [a, b]}, target: y, task: regression, "
    "prepare: {twice: {class: Rescaling, scale: 2, from: b}}, facts: %s}"
)


def _lists(tmp_path, facts="{}"):
    path = tmp_path / "lists.npz"
    np.savez(path, a=np.arange(6.0), b=np.ones((6, 3)), y=np.arange(6.0))
    return LISTS % (path, facts)


def test_columns_of_several_numbers_have_their_shape_where_others_have_one(open_text, tmp_path):
    opened = open_text(_lists(tmp_path))
    assert (opened.facts["shape"], opened.facts["column_shape"]) == ([4], {"b": [3]})
    again = open_text(_lists(tmp_path, opened.facts))
    assert again.facts == opened.facts


@pytest.mark.parametrize(
    ("facts", "code", "key"),
    [
        ("{column_shape: {b: [2]}}", "KG508", "data.facts.column_shape.b"),
        ("{column_shape: {a: [1]}}", "KG508", "data.facts.column_shape.a"),
        ("{column_shape: {c: [3]}}", "KG504", "data.facts.column_shape.c"),
    ],
)
def test_a_shape_that_no_column_has_is_told(facts, code, key, refused, tmp_path):
    (found,) = refused(_lists(tmp_path, facts))
    assert (found.code, found.location.key) == (code, key)
