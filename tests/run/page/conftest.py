"""Records of all kinds, written by hand, and one run that was trained."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kerasgen.record.file_names import (
    DATA,
    DIAGNOSTICS,
    HISTORY,
    OVERRIDES,
    PREDICTIONS,
    PREPARE,
    SUMMARY,
)

MakeRun = Callable[..., Path]
WriteRun = Callable[..., Path]

HISTORY_TEXT = "epoch,seconds,loss,val_loss\n1,0.5,1.5,1.6\n2,0.5,1.0,1.2\n3,0.5,0.7,1.3\n"


def columns_of(names: Sequence[str], target: str = "label") -> dict[str, Any]:
    """The columns of a target with these classes, as a run keeps them."""
    return {
        "version": 1,
        "columns": {
            "x": {"type": "number", "roles": ["feature"], "shape": [], "dtype": "float32"},
            target: {
                "type": "category",
                "roles": ["target"],
                "shape": [],
                "dtype": "int64",
                "vocabulary": list(names),
            },
        },
        "complete": True,
        "features": {"input": ["x"]},
        "target": {"": target},
    }


@pytest.fixture
def write_run(make_run: MakeRun) -> WriteRun:
    """Writes a record with what is named: arrays, classes, a history, a coding."""

    def write(
        place: str,
        /,
        *,
        arrays: Mapping[str, np.ndarray] | None = None,
        coding: str | Mapping[str, str] = "indices",
        classes: Sequence[str] | None = None,
        history: str = HISTORY_TEXT,
        diagnostics: Sequence[Mapping[str, Any]] = (),
        config: str = "data: {task: classification}\n",
        **fields: Any,
    ) -> Path:
        codings = {"scores": coding} if isinstance(coding, str) else coding
        labels = {name: {"coding": each, "places": 0} for name, each in codings.items()}
        folder = make_run(
            place, config=config, **{"objective": {"labels": labels}, "epochs": 3, **fields}
        )
        if history:
            (folder / HISTORY).write_text(history)
        (folder / DIAGNOSTICS).write_text(json.dumps(list(diagnostics)))
        (folder / OVERRIDES).write_text("- fit.epochs=3\n")
        (folder / SUMMARY).write_text('Model: "m"\n')
        (folder / DATA).write_text(json.dumps({"source": {"class": "Csv"}, "samples": 9}))
        if classes is not None:
            (folder / PREPARE).mkdir(exist_ok=True)
            (folder / PREPARE / "columns.json").write_text(json.dumps(columns_of(classes)))
        if arrays is not None:
            np.savez_compressed(folder / PREDICTIONS, **dict(arrays))
        return folder

    return write
