"""Filters and orders of runs: what a name means, what a comparison means, what is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kerasgen.diagnostics import CompileError, Diagnostic, Sink
from kerasgen.diagnostics.render import render_text
from kerasgen.record.runs import RunEntry, read_runs
from kerasgen.record.versions import SCHEMA
from kerasgen.session.run_selection import (
    choose_runs,
    metric,
    metric_names,
    parse_filters,
    sort_runs,
)

MakeRun = Callable[..., Path]

CONFIG = """\
optimizer: {class: SGD, learning_rate: 1e-3, nesterov: false}
fit: {epochs: 10, class_weight: null}
model:
  layers:
    hidden: {class: Dense, units: 64}
"""


@pytest.fixture
def runs(tmp_path: Path, make_run: MakeRun) -> list[RunEntry]:
    make_run(
        "sgd",
        config=CONFIG,
        name="first",
        backend={"backend": "jax"},
        choices={"optimizer": "sgd", "model": "mlp"},
        metrics={
            "training": {"loss": 0.2},
            "test": {"loss": 0.5, "accuracy": 0.9, "top_5": 0.99},
        },
        seconds=10,
        git={"dirty": True},
        devices=["cpu:0", "gpu:0"],
        started="2024-05-03T12:00:00+00:00",
    )
    make_run(
        "adam",
        config="optimizer: {class: Adam, learning_rate: 0.01}\n",
        name="Second",
        backend={"backend": "torch"},
        choices={"optimizer": "adam", "model": "mlp"},
        metrics={"test": {"loss": "NaN", "accuracy": 0.1}},
        seconds=2,
        error=None,
        started="2024-05-02T12:00:00+00:00",
    )
    make_run(
        "bad",
        status="rejected",
        choices={"optimizer": "adam"},
        started="2024-05-01T12:00:00+00:00",
    )
    return read_runs(tmp_path, Sink())


def chosen(runs: list[RunEntry], *filters: str) -> list[str]:
    sink = Sink()
    found = choose_runs(runs, parse_filters(filters, sink), sink)
    assert sink.diagnostics == []
    return [run.id for run in found]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("status=rejected", ["bad"]),
        ("status!=rejected", ["sgd", "adam"]),
        ("id=sgd", ["sgd"]),
        ("name=first", ["sgd"]),
        ("backend=jax", ["sgd"]),
        ("backend.backend=torch", ["adam"]),
        ("optimizer=adam", ["adam", "bad"]),
        ("optimizer=Adam", ["adam"]),
        ("optimizer.class=SGD", ["sgd"]),
        ("optimizer.learning_rate=0.001", ["sgd"]),
        ("optimizer.learning_rate=1e-3", ["sgd"]),
        ("optimizer.learning_rate > 0.005", ["adam"]),
        ("optimizer.nesterov=False", ["sgd"]),
        ("fit.class_weight=null", ["sgd"]),
        ("model=mlp", ["sgd", "adam"]),
        ("model.layers.hidden=Dense", ["sgd"]),
        ("model.layers.hidden.units>=64", ["sgd"]),
        ("metrics.test.accuracy>0.5", ["sgd"]),
        ("test.accuracy>0.5", ["sgd"]),
        ("test_accuracy<=0.1", ["adam"]),
        ("accuracy<0.5", ["adam"]),
        ("test_top_5>0.9", ["sgd"]),
        ("training_loss=0.2", ["sgd"]),
        ("loss>0", ["sgd"]),
        ("test_loss=nan", ["adam"]),
        ("seconds<=2", ["adam"]),
        ("git.dirty=true", ["sgd"]),
        ("devices=gpu:0", ["sgd"]),
        ("devices.1=gpu:0", ["sgd"]),
        ("started>2024-05-02T00", ["sgd", "adam"]),
        (f"schema=={SCHEMA}", ["sgd", "adam", "bad"]),
    ],
)
def test_a_filter_chooses(runs: list[RunEntry], condition: str, expected: list[str]) -> None:
    assert chosen(runs, condition) == expected


def test_all_filters_must_be_fulfilled(runs: list[RunEntry]) -> None:
    assert chosen(runs, "optimizer=adam", "status=completed") == ["adam"]


def test_no_filter_chooses_all_and_no_run_fulfills_none(runs: list[RunEntry]) -> None:
    assert chosen(runs) == ["sgd", "adam", "bad"]
    assert chosen([], "whatever=1") == []


def test_a_value_may_hold_signs_of_comparison(tmp_path: Path, make_run: MakeRun) -> None:
    make_run("odd", name="a>b = c")
    assert chosen(read_runs(tmp_path, Sink()), "name=a>b = c") == ["odd"]


def refused(action: Callable[[Sink], Any]) -> list[Diagnostic]:
    with pytest.raises(CompileError) as caught:
        action(Sink())
    return list(caught.value.diagnostics)


@pytest.mark.parametrize("text", ["", "status", "=failed", "!x", "two words=3", ">0.9"])
def test_a_filter_that_is_none_is_reported(text: str) -> None:
    (diagnostic,) = refused(lambda sink: parse_filters([text], sink))
    assert diagnostic.code == "KG607"


def test_every_wrong_filter_is_reported_at_once() -> None:
    found = refused(lambda sink: parse_filters(["a", "b=1", "c"], sink))
    assert [diagnostic.code for diagnostic in found] == ["KG607", "KG607"]


def test_a_filter_on_an_unknown_name_proposes_the_nearest(runs: list[RunEntry]) -> None:
    def choose(sink: Sink) -> None:
        choose_runs(runs, parse_filters(["optimizer.learning_rat=3"], sink), sink)

    assert render_text(refused(choose)) == (
        "error[KG107]: no run has a value `optimizer.learning_rat`\n"
        "  --> command line\n"
        "   |\n"
        "   | optimizer.learning_rat=3\n"
        "   | ^^^^^^^^^^^^^^^^^^^^^^\n"
        "  = help: did you mean `optimizer.learning_rate`?"
    )


def test_an_order_between_numbers_and_a_text_is_refused(runs: list[RunEntry]) -> None:
    def choose(sink: Sink) -> None:
        choose_runs(runs, parse_filters(["test_accuracy>o.9"], sink), sink)

    assert render_text(refused(choose)) == (
        "error[KG607]: `test_accuracy` is a number in every run, and `o.9` is none\n"
        "  --> command line\n"
        "   |\n"
        "   | test_accuracy>o.9\n"
        "   |               ^^^"
    )


def test_a_mapping_is_no_value_to_compare(runs: list[RunEntry]) -> None:
    (diagnostic,) = refused(lambda sink: choose_runs(runs, parse_filters(["fit=3"], sink), sink))
    assert diagnostic.code == "KG107"


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("started", ["bad", "adam", "sgd"]),
        ("-started", ["sgd", "adam", "bad"]),
        ("seconds", ["adam", "sgd", "bad"]),
        ("-seconds", ["sgd", "adam", "bad"]),
        ("name", ["sgd", "adam", "bad"]),
        ("-name", ["adam", "sgd", "bad"]),
        ("test_accuracy", ["adam", "sgd", "bad"]),
        ("-test_accuracy", ["sgd", "adam", "bad"]),
        ("-metrics.test.accuracy", ["sgd", "adam", "bad"]),
        ("test_loss", ["sgd", "adam", "bad"]),
        ("-test_loss", ["sgd", "adam", "bad"]),
        ("backend", ["sgd", "adam", "bad"]),
        ("status", ["sgd", "adam", "bad"]),
        ("-epochs", ["sgd", "adam", "bad"]),
        ("id", ["adam", "bad", "sgd"]),
    ],
)
def test_runs_are_sorted_and_those_without_a_value_come_last(
    runs: list[RunEntry], order: str, expected: list[str]
) -> None:
    assert [run.id for run in sort_runs(runs, order, Sink())] == expected


def test_sorting_by_an_unknown_metric_proposes_the_nearest(runs: list[RunEntry]) -> None:
    (diagnostic,) = refused(lambda sink: sort_runs(runs, "-test_acuracy", sink))
    assert diagnostic.message == "no run has a metric `test_acuracy`"
    assert diagnostic.help == "did you mean `test_accuracy`?"
    assert diagnostic.location is not None
    assert diagnostic.location.column == 2


def test_sorting_by_what_is_near_to_nothing_lists_what_there_is(runs: list[RunEntry]) -> None:
    (diagnostic,) = refused(lambda sink: sort_runs(runs, "-nope", sink))
    assert "`seconds`" in (diagnostic.help or "")
    assert "`test_accuracy`" in (diagnostic.help or "")


def test_a_metric_of_runs_that_were_filtered_out_is_known(runs: list[RunEntry]) -> None:
    bad = [run for run in runs if run.id == "bad"]
    assert sort_runs(bad, "test_accuracy", Sink(), among=runs) == bad
    assert sort_runs([], "test_accuracy", Sink()) == []


def test_a_metric_without_its_part_is_that_of_the_first_part(runs: list[RunEntry]) -> None:
    assert metric(runs[0], "loss") == 0.5
    assert metric(runs[0], "training.loss") == 0.2
    assert metric(runs[0], "validation_loss") is None


def test_metrics_are_named_test_first_and_the_loss_first(runs: list[RunEntry]) -> None:
    assert metric_names(runs) == ["test_loss", "test_accuracy", "test_top_5", "training_loss"]


def test_a_status_that_no_record_has_is_refused(runs: list[RunEntry]) -> None:
    with pytest.raises(CompileError) as caught:
        chosen(runs, "status=complete")
    (found,) = caught.value.diagnostics
    assert (found.code, found.message) == ("KG607", "no run can have the status `complete`")
    assert found.help == "did you mean `completed`?"
