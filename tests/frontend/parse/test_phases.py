"""Parsing of `fit.trainable` and `fit.phases`."""

from typing import Any

import pytest

from kerasgen.diagnostics import Sink
from kerasgen.frontend.parse.phases import parse_patterns, parse_phases
from kerasgen.ir.values import ObjectDef

ADAM = {"class": "Adam", "learning_rate": 0.01, "beta_1": 0.8}


def phases(value: Any, sink: Sink, optimizer: Any = ADAM) -> Any:
    return parse_phases(value, "fit.phases", sink, optimizer=optimizer)


def test_one_pattern_may_stand_alone() -> None:
    sink = Sink()
    assert parse_patterns("head*", "fit.trainable", sink) == ("head*",)
    assert parse_patterns(["a", "b"], "fit.trainable", sink) == ("a", "b")
    assert parse_patterns([], "fit.trainable", sink) == ()
    assert parse_patterns(None, "fit.trainable", sink) is None
    assert sink.diagnostics == []


@pytest.mark.parametrize(
    ("value", "key"),
    [(True, "fit.trainable"), (["a", 3], "fit.trainable.1"), ({}, "fit.trainable")],
)
def test_what_is_no_pattern_is_told(value: Any, key: str) -> None:
    sink = Sink()
    assert parse_patterns(value, "fit.trainable", sink) is None
    (found,) = sink.diagnostics
    assert (found.code, found.location.key) == ("KG204", key)


def test_a_phase_lays_its_optimizer_over_that_of_the_config() -> None:
    sink = Sink()
    found = phases({"fine": {"epochs": 2, "optimizer": {"learning_rate": 1e-5}}}, sink)
    assert sink.diagnostics == []
    assert found["fine"].optimizer == ObjectDef(
        cls="Adam",
        arguments={"learning_rate": 1e-5, "beta_1": 0.8},
        path="fit.phases.fine.optimizer",
    )
    assert (found["fine"].epochs, found["fine"].batch_size) == (2, None)


@pytest.mark.parametrize("value", ["SGD", {"class": "SGD"}])
def test_an_optimizer_of_another_class_begins_from_nothing(value: Any) -> None:
    found = phases({"fine": {"optimizer": value}}, Sink())
    assert found["fine"].optimizer.cls == "SGD"
    assert found["fine"].optimizer.arguments == {}


def test_an_optimizer_that_is_a_word_takes_arguments_in_a_phase() -> None:
    found = phases({"fine": {"optimizer": {"learning_rate": 0.1}}}, Sink(), optimizer="sgd")
    assert found["fine"].optimizer.cls == "sgd"


@pytest.mark.parametrize(
    ("value", "code", "key"),
    [
        ([{"epochs": 1}], "KG204", "fit.phases"),
        ({"fine": {"epoch": 1}}, "KG107", "fit.phases.fine.epoch"),
        ({"fine": {"epochs": 0}}, "KG204", "fit.phases.fine.epochs"),
        ({"fine": 3}, "KG204", "fit.phases.fine"),
        ({"fine tuning": {}}, "KG204", "fit.phases.fine tuning"),
        ({"fine": {"optimizer": {"class": 3}}}, "KG203", "fit.phases.fine.optimizer.class"),
    ],
)
def test_mistakes_in_phases_are_told(value: Any, code: str, key: str) -> None:
    sink = Sink()
    phases(value, sink)
    assert [(d.code, d.location.key) for d in sink.diagnostics] == [(code, key)]


def test_a_rate_beside_the_optimizer_of_a_phase_is_told_its_place() -> None:
    sink = Sink()
    phases({"fine": {"lr": 1e-5}}, sink)
    assert sink.diagnostics[0].help == "write `optimizer: {learning_rate: 1e-05}` in its place"
