"""How many batches one call trains on, and that a training is the same by it."""

import os
from pathlib import Path

import pytest
from short_runs import fields, left, run

from kerasgen.diagnostics import CompileError
from kerasgen.frontend.compose.composition import compose
from kerasgen.session.session import Session
from kerasgen.verbs.resume import resume_run

AUTO = "compile.steps_per_execution=auto"


def settled(*overrides: str) -> object:
    backend = f"backend={os.environ['KERAS_BACKEND']}"
    program = Session(compose([backend, *overrides])).compiled.program
    return program.objective.steps_per_execution


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ((), 8),
        (("fit.steps_per_epoch=6",), 2),
        (("fit.validation_steps=3",), 1),
        (("fit.checkpoint.every=12 steps",), 4),
        (("fit.checkpoint.every=3 steps",), 1),
    ],
    ids=[
        "nothing else",
        "steps an epoch",
        "steps of a validation",
        "checkpoints",
        "odd checkpoints",
    ],
)
def test_auto_is_the_most_that_ends_where_a_state_is_kept(
    engine: str, overrides: tuple[str, ...], expected: int
) -> None:
    assert settled(AUTO, *overrides) == (1 if engine == "torch" else expected)


def test_a_number_that_the_backend_cannot_take_is_refused(engine: str) -> None:
    if engine != "torch":
        assert settled("compile.steps_per_execution=3") == 3
        return
    with pytest.raises(CompileError) as refused:
        settled("compile.steps_per_execution=3")
    (found,) = refused.value.diagnostics
    assert (found.code, found.location.key) == ("KG204", "compile.steps_per_execution")


@pytest.mark.parametrize("name", ["steps_per_epoch", "validation_steps"])
def test_a_number_that_would_overrun_an_epoch_is_refused(engine: str, name: str) -> None:
    if engine == "torch":
        pytest.skip("Keras runs one batch a call on PyTorch")
    assert settled("compile.steps_per_execution=3", f"fit.{name}=6") == 3
    with pytest.raises(CompileError) as refused:
        settled("compile.steps_per_execution=4", f"fit.{name}=6")
    (found,) = refused.value.diagnostics
    assert (found.code, found.location.key) == ("KG204", "compile.steps_per_execution")
    assert "would run 8 batches" in found.notes[0].message


@pytest.mark.parametrize("word", ["0", "often", "true", "2.5"])
def test_another_word_is_refused(engine: str, word: str) -> None:
    with pytest.raises(CompileError) as refused:
        settled(f"compile.steps_per_execution={word}")
    assert [d.code for d in refused.value.diagnostics] == ["KG204"]


@pytest.mark.slow
def test_it_trains_to_the_same_bits_as_single_batches_and_goes_on_to_them(
    engine: str, tmp_path: Path
) -> None:
    every = "fit.checkpoint.every=8 steps"
    assert run(engine, tmp_path / "single", "fit.epochs=2", every) == 0
    assert run(engine, tmp_path / "several", "fit.epochs=1", every, AUTO) == 0
    assert resume_run(tmp_path / "several", ["fit.epochs=2"]) == 0
    assert left(tmp_path / "several") == left(tmp_path / "single")
    assert fields(tmp_path / "several")["status"] == "completed"
