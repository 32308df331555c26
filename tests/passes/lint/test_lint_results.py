"""Lint of the results: a model beside one answer for all rows."""

from kerasgen.diagnostics import Sink
from kerasgen.passes.lint.results import Results, lint_results

ROWS = {"training": 400, "validation": 100, "test": 100}


def told(figures, baselines, rows=ROWS):
    sink = Sink()
    lint_results(Results(figures=figures, baselines=baselines, rows=rows), sink)
    return sink.diagnostics


def test_a_model_that_is_better_in_no_figure_is_told() -> None:
    (found,) = told(
        {"test": {"loss": 0.7, "accuracy": 0.8}},
        {"test": {"class shares": {"loss": 0.5, "accuracy": 0.8}}},
    )
    assert found.code == "KG775"
    assert found.message == (
        "the model is no better on the test part than one answer for all rows (class shares): "
        "loss 0.7 against 0.5, accuracy 0.8 against 0.8"
    )


def test_one_better_figure_is_enough() -> None:
    shares = {"test": {"class shares": {"loss": 0.5, "accuracy": 0.8}}}
    assert told({"test": {"loss": 0.7, "accuracy": 0.81}}, shares) == []
    assert told({"test": {"loss": 0.49, "accuracy": 0.1}}, shares) == []


def test_each_answer_is_compared_by_itself() -> None:
    answers = {
        "test": {
            "mean": {"loss": 4.0, "mae": 2.0},
            "median": {"loss": 4.5, "mae": 1.5},
        }
    }
    (found,) = told({"test": {"loss": 5.0, "mae": 1.9}}, answers) or [None]
    assert found is not None
    assert "(median)" in found.message


def test_validation_stands_in_where_there_is_no_test_part() -> None:
    shares = {"validation": {"class shares": {"loss": 0.5}}}
    rows = {"training": 400, "validation": 100, "test": 0}
    assert [d.code for d in told({"validation": {"loss": 0.6}}, shares, rows)] == ["KG775"]


def test_small_parts_and_figures_of_no_direction_tell_nothing() -> None:
    shares = {"test": {"class shares": {"loss": 0.5}}}
    assert told({"test": {"loss": 0.6}}, shares, {**ROWS, "test": 20}) == []
    assert told({"test": {"loss": float("nan")}}, shares) == []
    assert told({"test": {"oddity": 0.6}}, {"test": {"mean": {"oddity": 0.5}}}) == []
