"""Initializers, regularizers and constraints that do not fit the weights that they stand at."""

from collections.abc import Callable
from typing import Any

import pytest

Build = Callable[..., Any]


def refusal(build_model: Build, layer: str, shape: list[int]) -> tuple[str, str]:
    from kerasgen.diagnostics import CompileError

    with pytest.raises(CompileError) as caught:
        build_model(f"layers: {{it: {layer}}}", {"input": shape})
    (found,) = caught.value.diagnostics
    assert found.code == "KG206"
    assert found.location is not None
    return found.message, found.location.key


@pytest.mark.parametrize(
    ("layer", "key"),
    [
        ("{class: Dense, units: 3, kernel_initializer: {class: Constant, value: [1, 2]}}",
         "model.layers.it.kernel_initializer.value"),
        ("{class: Dense, units: 3, bias_initializer: {class: Orthogonal, gain: 2.0}}",
         "model.layers.it.bias_initializer.gain"),
        ("{class: Dense, units: 3, bias_initializer: identity}",
         "model.layers.it.bias_initializer"),
        ("{class: Dense, units: 3, bias_regularizer: {class: OrthogonalRegularizer, mode: rows}}",
         "model.layers.it.bias_regularizer.mode"),
        ("{class: Dense, units: 3, kernel_constraint: {class: MaxNorm, axis: 7}}",
         "model.layers.it.kernel_constraint.axis"),
    ],
)  # fmt: skip
def test_what_does_not_fit_a_weight_is_found_before_it_has_memory(
    build_model: Build, layer: str, key: str
) -> None:
    message, found = refusal(build_model, layer, [8])
    assert found == key
    assert "has the shape" in message


def test_it_is_found_in_a_graph_and_inside_a_nested_model(build_model: Build) -> None:
    layer = "{class: Dense, units: 3, bias_initializer: identity}"
    nested = f"{{layers: {{one: {layer}, two: {{class: Add, from: [one, one]}}}}}}"
    assert refusal(build_model, nested, [8])[1] == ("model.layers.it.layers.one.bias_initializer")


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        ("{class: Dense, units: 3, kernel_initializer: {class: Constant, value: [1, 2, 3]}}", [8]),
        ("{class: Dense, units: 8, kernel_initializer: identity}", [8]),
        ("{class: Dense, units: 3, kernel_regularizer: OrthogonalRegularizer}", [8]),
        ("{class: Dense, units: 3, kernel_constraint: {class: UnitNorm, axis: 0}}", [8]),
        ("{class: Bidirectional, layer: {class: GRU, units: 3}}", [4, 8]),
        ("{class: BatchNormalization}", [8]),
    ],
)
def test_what_fits_is_taken(build_model: Build, layer: str, shape: list[int]) -> None:
    built = build_model(f"layers: {{it: {layer}}}", {"input": shape})
    assert built.diagnostics == []
