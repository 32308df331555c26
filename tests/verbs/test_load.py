"""A run that is opened from Python, in a process that has Keras already."""

from pathlib import Path
from typing import Any

import pytest

import kerasgen
from kerasgen.diagnostics import CompileError
from kerasgen.engines.keras3 import environment
from kerasgen.frontend.compose.composition import compose
from kerasgen.process.exit_codes import DONE
from kerasgen.run.experiment import run_experiment


def test_a_run_of_another_backend_is_told_with_what_to_do(
    engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "t.csv").write_text("x,y\n" + "".join(f"{n},{n % 2}\n" for n in range(40)))
    overrides = [
        *(f"backend={engine}", "data=table", "model=table", f"data.source.path={tmp_path}/t.csv"),
        *("data.target=y", "fit.epochs=1", "fit.verbose=0", "tracking.plots=false"),
    ]
    assert run_experiment(compose(overrides), tmp_path / "run") == DONE
    found = environment.observed_settings()

    def told(**other: Any) -> tuple[str, str, str, str | None]:
        with monkeypatch.context() as patch:
            patch.setattr(environment, "observed_settings", lambda: {**found, **other})
            with pytest.raises(CompileError) as caught:
                kerasgen.load(tmp_path / "run")
        (one,) = caught.value.diagnostics
        assert one.location is not None
        return one.code, one.message, one.location.key, one.help

    code, message, key, hint = told(backend="other")
    assert (code, key) == ("KG604", "backend.backend")
    assert message.endswith(f"backend is 'other', not '{engine}'")
    assert hint is not None
    assert hint.endswith(f"or set `KERAS_BACKEND={engine}` before Keras is imported")
    code, _, key, hint = told(floatx="float16")
    assert (code, key) == ("KG604", "backend.floatx")
    assert hint is not None
    assert "KERAS_BACKEND" not in hint
