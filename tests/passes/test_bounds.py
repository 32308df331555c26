"""Numbers that no argument can mean."""

import math

import pytest

from kerasgen.catalog.entries import Kind
from kerasgen.diagnostics import Sink
from kerasgen.ir.values import Value
from kerasgen.passes.bounds import check_bounds


def messages(value: Value, name: str, kind: Kind) -> list[str]:
    sink = Sink()
    check_bounds(value, name, kind, "it", sink)
    assert {d.code for d in sink.diagnostics} <= {"KG204"}
    return [d.message for d in sink.diagnostics]


@pytest.mark.parametrize(
    ("value", "name", "kind", "expected"),
    [
        (-0.1, "learning_rate", "optimizer", "expected at least 0"),
        (5, "beta_1", "optimizer", "expected a number from 0 to 1"),
        (-1, "initial_learning_rate", "schedule", "expected at least 0"),
        (7.0, "momentum", "layer", "expected a number from 0 to 1"),
        (10**9, "power_iterations", "layer", "expected a number from 1 to 1000"),
        (-1, "seed", "initializer", "expected a number from 0 to 2147483647"),
        (-1, "patience", "callback", "expected at least 0"),
        (math.nan, "stddev", "layer", "expected a number"),
        (math.nan, "min_delta", "callback", "expected a number"),
        (math.inf, "max_value", "layer", "expected a finite number"),
        (-math.inf, "scale", "layer", "expected a finite number"),
        (10**30, "units", "layer", "expected at most 9223372036854775807"),
        (-(10**30), "axis", "layer", "expected at most 9223372036854775807"),
    ],
)
def test_a_number_out_of_bounds_is_refused(
    value: float, name: str, kind: Kind, expected: str
) -> None:
    (message,) = messages(value, name, kind)
    assert message.startswith(f"`{name}` is `{value}"[:20])
    assert message.endswith(expected)


@pytest.mark.parametrize(
    ("value", "name", "kind"),
    [
        (0.0, "learning_rate", "optimizer"),
        (1.0, "beta_1", "optimizer"),
        (-1, "axis", "layer"),
        (2**63 - 1, "units", "layer"),
        (math.inf, "initial_value_threshold", "callback"),
        (math.nan, "nan", "op"),
        (-math.inf, "constant_values", "op"),
        (True, "momentum", "layer"),
        (None, "seed", "layer"),
        ("adam", "learning_rate", "optimizer"),
    ],
)
def test_a_number_that_can_be_meant_is_taken(value: Value, name: str, kind: Kind) -> None:
    assert messages(value, name, kind) == []


def test_numbers_in_lists_and_mappings_have_places_of_their_own() -> None:
    sink = Sink()
    check_bounds((1.0, math.nan, {"a": math.inf}), "values", "schedule", "it", sink)
    keys = [d.location.key for d in sink.diagnostics if d.location]
    assert keys == ["it.1", "it.2.a"]


@pytest.mark.parametrize("value", ["28,28", "abc", ("8", "8"), (8.0, 8), (True, 1)])
def test_text_is_no_shape(value: Value) -> None:
    (message,) = messages(value, "target_shape", "layer")
    assert message.endswith("expected a list of integers")


@pytest.mark.parametrize("value", [(28, 28), (-1, 3), (None, 3), 10])
def test_sizes_are_a_shape(value: Value) -> None:
    assert messages(value, "target_shape", "layer") == []
