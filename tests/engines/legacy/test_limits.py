"""What is refused of a config for Theano and CNTK, at its line and before anything starts."""

import pytest

from kerasgen.engines.keras3.environment import PACKAGES
from kerasgen.engines.legacy import legacy_engine
from kerasgen.verbs.check import check_config


@pytest.fixture(autouse=True)
def beside(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Keras 3 beside the engine is the one that this process has."""
    monkeypatch.setattr(legacy_engine, "PACKAGES", {engine: PACKAGES[engine]})


def refused(*words: str) -> dict[str, str]:
    """Key to the message of each KG671."""
    found = check_config(["backend=cntk", *words]).diagnostics
    return {
        d.location.key: d.message for d in found if d.code == "KG671" and d.location is not None
    }


@pytest.mark.parametrize(
    ("word", "key", "told"),
    [
        ("+model.layers.norm=UnitNormalization", "model.layers.norm.class", "UnitNormalization"),
        ("optimizer=adafactor", "optimizer", "adafactor"),
        ("optimizer.use_ema=true", "optimizer.use_ema", "use_ema"),
        ("+optimizer.gradient_accumulation_steps=2", "optimizer.gradient_accumulation_steps", ""),
        ("compile.jit_compile=true", "compile.jit_compile", "jit_compile"),
        ("compile.steps_per_execution=4", "compile.steps_per_execution", ""),
        ("compile.loss={class: Tversky}", "compile.loss", "Tversky"),
        ("backend.dtype_policy=mixed_float16", "backend.dtype_policy", "mixed_float16"),
        ("model.layers.hidden1.activation=celu", "model.layers.hidden1.class", "celu"),
    ],
)
def test_what_an_engine_cannot_have_is_told_at_its_line(word: str, key: str, told: str) -> None:
    found = refused(word)
    assert any(each.startswith(key) for each in found), found
    assert told.lower() in "".join(found.values()).lower()
