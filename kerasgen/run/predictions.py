"""What a trained model leaves to look at: predictions beside the truth, and plots.

This room owns the choice of what is drawn for which task. How a plot looks stands in `plots`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kerasgen.ir.training import Array
from kerasgen.passes.compiled import CompiledProgram
from kerasgen.passes.ends import OutputSpec
from kerasgen.passes.objective import last_activation
from kerasgen.record import file_names
from kerasgen.run.samples import class_indices, outputs_by_name
from kerasgen.run.steps import PreparedParts

MOST_CLASSES = 100
"""Classes above which a confusion matrix shows nothing any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """What learning curves show.

    Attributes:
        history: the figures of the finished epochs.
        kept: the epoch, from 1, whose weights were kept, where that is not the last one.
    """

    history: Sequence[Mapping[str, float]]
    kept: int | None = None


def prediction_arrays(
    compiled: CompiledProgram, predicted: Mapping[str, Array], parts: PreparedParts
) -> dict[str, Array]:
    """The arrays of `predictions.npz`: rows of the source, and for each output both sides.

    `rows` are row numbers in the source; `predicted` and `true` hold the only output, or
    `predicted_NAME` and `true_NAME` each of several.
    """
    arrays: dict[str, Array] = {}
    if parts.test_rows is not None:
        arrays["rows"] = parts.test_rows
    true = _true(compiled, parts)
    outputs = {output.name: output for output in compiled.outputs}
    for name, values in predicted.items():
        suffix = f"_{name}" if len(predicted) > 1 else ""
        output = outputs[name]
        arrays[f"predicted{suffix}"] = values
        # Labels as the data has them, in whatever form losses and metrics got them.
        arrays[f"true{suffix}"] = (
            true[name].argmax(axis=-1).astype("int32") if output.encoded else true[name]
        )
    return arrays


def draw_plots(
    compiled: CompiledProgram,
    predicted: Mapping[str, Array] | None,
    parts: PreparedParts,
    facts: Mapping[str, Any],
    curves: Curves,
    folder: Path,
) -> list[str]:
    """Draws the learning curves, and for each output of the test part what suits its task.

    Returns:
        The names of the layout.
    """
    from kerasgen.run.forecast_plot import draw_forecasts, forecast_panels
    from kerasgen.run.plots import (
        draw_confusion_matrix,
        draw_learning_curves,
        draw_predicted_vs_true,
    )

    drawn = []
    if curves.history:
        path = folder / file_names.LEARNING_CURVES
        draw_learning_curves(path, curves.history, kept=curves.kept)
        drawn.append(file_names.LEARNING_CURVES)
    if predicted is None:
        return drawn
    true = _true(compiled, parts)
    for output in compiled.outputs:
        values = predicted[output.name]
        several = len(compiled.outputs) > 1
        labels = class_indices(true[output.name], output)
        if labels is not None and labels.ndim == 1 + output.labels.places:
            names = _class_names(output, values, facts)
            if len(names) <= MOST_CLASSES:
                path = _named(folder, file_names.CONFUSION_MATRIX, output.name if several else "")
                wanted, given = labels.reshape(-1), _chosen(values, output, compiled)
                counted = (wanted >= 0) & (wanted < len(names))  # `ignore_class` lies beyond
                draw_confusion_matrix(path, wanted[counted], given[counted], names)
                drawn.append(path.name)
        elif output.task == "forecasting" and parts.series is not None:
            key = output.name if output.name in parts.series.targets else ""
            data = compiled.program.data
            targets = data.joined.get(data.target[key], ("",))
            path = _named(folder, file_names.FORECAST, output.name if several else "")
            draw_forecasts(path, forecast_panels(parts.series, key, values, targets))
            drawn.append(path.name)
        elif output.task == "regression":
            path = _named(folder, file_names.PREDICTED_VS_TRUE, output.name if several else "")
            draw_predicted_vs_true(path, true[output.name].reshape(-1), values.reshape(-1))
            drawn.append(path.name)
    return drawn


def _true(compiled: CompiledProgram, parts: PreparedParts) -> dict[str, Array]:
    assert parts.test is not None
    return outputs_by_name(parts.test.y, compiled)


def _named(folder: Path, name: str, output: str) -> Path:
    path = folder / name
    return path.with_stem(f"{path.stem}_{output}") if output else path


def _chosen(scores: Array, output: OutputSpec, compiled: CompiledProgram) -> Array:
    """The classes that the scores speak for, of all places one after the other."""
    if scores.shape[-1] > 1:
        return np.asarray(scores.argmax(axis=-1)).reshape(-1)
    # Without an activation the score is a logit, which turns at 0.
    turn = 0.0 if last_activation(output, compiled.graph) == "linear" else 0.5
    return np.asarray(scores > turn, dtype=int).reshape(-1)


def _class_names(output: OutputSpec, scores: Array, facts: Mapping[str, Any]) -> list[str]:
    known = facts.get("class_names")
    if isinstance(known, Mapping):
        known = known.get(output.name, known.get(""))
    if isinstance(known, Sequence) and not isinstance(known, str):
        return [str(name) for name in known]
    return [str(index) for index in np.arange(max(2, scores.shape[-1]))]
