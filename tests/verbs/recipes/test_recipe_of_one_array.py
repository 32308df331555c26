"""One array alone is learned from itself: its recipe checks, runs, and knows the shape."""

from pathlib import Path

import numpy as np
import pytest

from kerasgen.diagnostics import CompileError
from kerasgen.frontend.compose.composition import compose
from kerasgen.process.exit_codes import DONE
from kerasgen.run.experiment import run_experiment
from kerasgen.verbs.check import check_config
from kerasgen.verbs.init import Recipe, Wish, init

RANDOM = np.random.default_rng(0)

ARRAYS = {
    "rows": RANDOM.normal(size=(60, 6)).astype("float32"),
    "whole": RANDOM.integers(0, 9, (60, 2)),
    "steps": RANDOM.normal(size=(60, 4, 3)),
    "grey": RANDOM.integers(0, 255, (60, 6, 5), dtype="uint8"),
    "colours": RANDOM.integers(0, 255, (60, 6, 5, 3), dtype="uint8"),
}


def begun(folder: Path, name: str, array: np.ndarray) -> Recipe:
    np.save(folder / f"{name}.npy", array)
    return init(Wish(words=(str(folder / f"{name}.npy"),), folder=folder))


@pytest.mark.parametrize("name", list(ARRAYS))
def test_the_recipe_of_an_array_is_accepted_as_it_is(
    name: str, engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    recipe = begun(tmp_path, name, ARRAYS[name])
    assert "stands alone" in recipe.guessed[0]
    overrides = [f"experiment={name}", f"backend={engine}"]
    outcome = check_config(overrides, (str(tmp_path / "conf"),), open_data=True)
    assert not outcome.diagnostics
    assert outcome.compiled is not None
    (output,) = outcome.compiled.outputs
    shape = ARRAYS[name].shape[1:]
    assert output.spec.shape == (None, *shape, *((1,) if name == "grey" else ()))
    assert output.task == "autoencoding"


@pytest.mark.slow
def test_the_recipe_of_an_array_runs(
    tmp_path: Path, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    begun(tmp_path, "grey", ARRAYS["grey"])
    overrides = [
        *("experiment=grey", f"backend={engine}", "fit.epochs=1", "fit.verbose=0"),
        "tracking.plots=false",
    ]
    assert run_experiment(compose(overrides, (str(tmp_path / "conf"),)), tmp_path / "run") == DONE


@pytest.mark.parametrize(
    "array", [np.arange(60.0), np.array(["a", "b"] * 30)], ids=["one number", "words"]
)
def test_an_array_of_which_nothing_is_learned_is_told_with_what_is_typed(
    array: np.ndarray, tmp_path: Path
) -> None:
    with pytest.raises(CompileError) as caught:
        begun(tmp_path, "alone", array)
    (found,) = caught.value.diagnostics
    assert found.code == "KG526"
    assert found.help is not None
    assert "numpy.savez('data.npz', x=x, y=y)" in found.help
    assert not (tmp_path / "conf").exists()
