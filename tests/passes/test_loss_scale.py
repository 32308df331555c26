"""A written scale of the loss has an effect, or is refused."""

import os

import pytest

from kerasgen.diagnostics import CompileError
from kerasgen.frontend.compose.composition import compose
from kerasgen.session.session import Session

FACTOR = "+optimizer.loss_scale_factor=128"
HALF = "backend.dtype_policy=mixed_float16"


def checked(*overrides: str) -> object:
    return Session(compose([f"backend={os.environ['KERAS_BACKEND']}", *overrides])).compiled.program


@pytest.mark.parametrize(
    ("overrides", "key"),
    [
        ((FACTOR, HALF), "optimizer.loss_scale_factor"),
        (
            ("optimizer=lossscaleoptimizer", "+optimizer.inner_optimizer.loss_scale_factor=128"),
            "optimizer.inner_optimizer.loss_scale_factor",
        ),
        (
            (HALF, "fit.phases={a: {epochs: 1}, b: {optimizer: {loss_scale_factor: 2.0}}}"),
            "fit.phases.b.optimizer.loss_scale_factor",
        ),
    ],
    ids=["float16", "around it", "a phase"],
)
def test_a_factor_that_keras_takes_away_is_refused(
    engine: str, overrides: tuple[str, ...], key: str
) -> None:
    with pytest.raises(CompileError) as refused:
        checked(*overrides)
    (found,) = refused.value.diagnostics
    assert (found.code, found.location.key) == ("KG206", key)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "float32"])
def test_a_factor_that_has_an_effect_is_none_of_them(engine: str, policy: str) -> None:
    checked(FACTOR, f"backend.dtype_policy={policy}")
