"""An imported model saved with its weights: whole and proven, or not at all."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from kerasgen.catalog.entries import Catalog
from kerasgen.diagnostics import CompileError, Sink
from kerasgen.diagnostics.render import render_text
from kerasgen.importer import Reading
from kerasgen.verbs.import_weights import Saving, require_place, save_imported

KERNEL, BIAS = np.arange(6, dtype="float32").reshape(2, 3), np.ones(3, "float32")


def refusal(action: Callable[[Sink], object]) -> str:
    with pytest.raises(CompileError) as caught:
        action(Sink())
    return render_text(caught.value.diagnostics)


def weights(path: Path, *arrays: np.ndarray) -> Path:
    names = [f"array_{number}" for number in range(len(arrays))]
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [b"dense"]
        group = file.create_group("dense")
        group.attrs["weight_names"] = names
        for name, array in zip(names, arrays, strict=True):
            group[name] = array
    return path


@pytest.fixture
def made(catalog: Catalog, tmp_path: Path) -> Any:
    """An imported model whose file holds no weights."""
    import keras

    from kerasgen.engines.choice import importer

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, name="dense")], name="m")
    (tmp_path / "model.json").write_text(model.to_json())
    return importer().read(Reading(target=str(tmp_path / "model.json")), catalog, Sink())


def test_weights_of_another_file_are_saved_with_the_model(made: Any, tmp_path: Path) -> None:
    import keras

    saving = Saving(path=tmp_path / "new.keras", weights=weights(tmp_path / "w.h5", KERNEL, BIAS))
    said = save_imported(made, saving, Sink())
    assert said == f"{tmp_path / 'new.keras'}: 9 weights, read again and the same"
    loaded = keras.saving.load_model(tmp_path / "new.keras")
    assert loaded.name == "m"
    assert np.array_equal(loaded.get_layer("dense").kernel, KERNEL)
    assert {path.name for path in tmp_path.iterdir()} == {"model.json", "w.h5", "new.keras"}


def test_weights_that_do_not_fit_leave_nothing_written(made: Any, tmp_path: Path) -> None:
    saving = Saving(path=tmp_path / "new.keras", weights=weights(tmp_path / "w.h5", KERNEL.T))
    found = refusal(lambda sink: save_imported(made, saving, sink))
    assert found == (
        "error[KG618]: `dense` (`Dense`) takes a `kernel` of the shape (2, 3), and the file holds "
        "`array_0` of the shape (3, 2) in the group `dense`"
    )
    assert {path.name for path in tmp_path.iterdir()} == {"model.json", "w.h5"}


def test_a_model_without_weights_is_told_where_they_may_be(made: Any, tmp_path: Path) -> None:
    saving = Saving(path=tmp_path / "new.keras")
    found = refusal(lambda sink: save_imported(made, saving, sink))
    assert found == (
        "error[KG619]: `model.json` holds no weights to save\n"
        "  = help: `--weights FILE` names the file that `save_weights` wrote"
    )


def test_a_file_of_weights_that_is_not_there_is_told(made: Any, tmp_path: Path) -> None:
    saving = Saving(path=tmp_path / "new.keras", weights=tmp_path / "gone.h5")
    found = refusal(lambda sink: save_imported(made, saving, sink))
    assert "error[KG608]" in found
    assert "gone.h5" in found


def test_weights_are_taken_from_a_whole_model_of_keras_3(made: Any, tmp_path: Path) -> None:
    first = Saving(path=tmp_path / "one.keras", weights=weights(tmp_path / "w.h5", KERNEL, BIAS))
    save_imported(made, first, Sink())
    again = Saving(path=tmp_path / "two.keras", weights=first.path)
    assert "9 weights" in save_imported(made, again, Sink())


def test_weights_that_lead_to_another_file_are_refused(made: Any, tmp_path: Path) -> None:
    path = weights(tmp_path / "w.h5", KERNEL, BIAS)
    with h5py.File(path, "r+") as file:
        file["dense/away"] = h5py.ExternalLink("/etc/passwd", "/")
    saving = Saving(path=tmp_path / "new.keras", weights=path)
    found = refusal(lambda sink: save_imported(made, saving, sink))
    assert "error[KG608]" in found
    assert "which is a link to something else" in found


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("new.h5", "expected one that ends in `.keras`"),
        ("gone/new.keras", "there is no folder"),
        ("taken.keras", "is there already"),
    ],
)
def test_a_place_that_cannot_be_used_is_told_before_any_work(
    tmp_path: Path, name: str, told: str
) -> None:
    (tmp_path / "taken.keras").write_text("mine")
    found = refusal(lambda sink: require_place(Saving(path=tmp_path / name), sink))
    assert "error[KG605]" in found
    assert told in found
    assert (tmp_path / "taken.keras").read_text() == "mine"


def test_a_place_without_a_name_is_told() -> None:
    found = refusal(lambda sink: require_place(Saving(path=Path(".")), sink))
    assert found == (
        "error[KG605]: `.` is no name for a model of Keras 3, expected one that ends in `.keras`"
    )


def test_what_is_no_file_is_never_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.keras")
    saving = Saving(path=tmp_path / "pipe.keras", replace=True)
    assert "is there already" in refusal(lambda sink: require_place(saving, sink))


def test_a_file_is_replaced_when_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "taken.keras").write_text("mine")
    sink = Sink()
    require_place(Saving(path=tmp_path / "taken.keras", replace=True), sink)
    assert sink.diagnostics == []
    with pytest.raises(CompileError):
        require_place(Saving(path=tmp_path / "taken.keras"), Sink())
