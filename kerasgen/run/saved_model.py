"""The last step of a run: the trained model as a file, with the steps of its data that it can hold.

This room owns what is saved and how it is held against the model in memory: the trained model on
prepared samples, and the file as a whole on rows as they lie. Which steps a file holds says
`passes.held_preparation`; the engine makes it.

Decisions:
- A file that does not give on raw rows what the model gives on prepared ones holds no step: it is
  saved as the model alone, and the record says why.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from kerasgen.data.fitted_preparation import write_columns, write_fitted
from kerasgen.data.kept_preparation import KeptPreparation, apply_fitted, fitted_columns
from kerasgen.data.opened import OpenedData
from kerasgen.engine import Model, StartedEngine, Trainable
from kerasgen.ir.training import Array, Samples
from kerasgen.ir.values import TensorSpec
from kerasgen.passes.compiled import CompiledProgram
from kerasgen.passes.held_preparation import (
    HeldPreparation,
    RawInput,
    RawInputs,
    TrainedInput,
    hold_preparation,
    rows_of_tensors,
)
from kerasgen.passes.known_ahead import window_rows
from kerasgen.record.file_names import MODEL, PREPARE
from kerasgen.run.samples import model_inputs, outputs_by_name
from kerasgen.run.steps import PreparedParts
from kerasgen.runtime.training import largest_difference

RELOAD_TOLERANCE = 1e-5
"""Largest relative difference between predictions before saving and after reloading."""

RAW_TOLERANCE = 1e-4
"""Largest relative difference between predictions for prepared rows and for raw ones, whose steps
are computed in one graph."""

SAMPLE_ROWS = 256
"""Rows on which the reloaded model is compared, at the least."""

RAW_ROWS = 64
"""Rows on which the file as a whole is compared; a batch where its size is fixed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedModel:
    """A trained model, with what it was trained on.

    Attributes:
        compiled: its program.
        model: the model.
        opened: the data as it was found.
        parts: the data as the model takes it.
        predicted: what the model predicted of the test part, or None without one.
    """

    compiled: CompiledProgram
    model: Trainable
    opened: OpenedData
    parts: PreparedParts
    predicted: Mapping[str, Array] | None


def save(trained: TrainedModel, started: StartedEngine, folder: Path) -> tuple[dict[str, Any], str]:
    """Step 8: saves the model, loads the file, and compares the predictions of both.

    Args:
        trained: the model.
        started: loads the file.
        folder: the folder of the run.

    Returns:
        What the record says of the file, and the step's line.

    Raises:
        ValueError: the reloaded model predicts something else.
    """
    path, compiled = folder / MODEL, trained.compiled
    reloaded, held = _saved(trained, started, path)
    size = compiled.program.fit.batch_size
    rows = size * math.ceil(SAMPLE_ROWS / size)  # whole batches, as they were predicted before
    samples = _first(trained.parts.test or trained.parts.training, rows)
    before = (
        outputs_by_name(trained.model.predict(samples.x, size), compiled)
        if trained.predicted is None
        else {name: values[:rows] for name, values in trained.predicted.items()}
    )
    after = outputs_by_name(reloaded.predict(samples.x, size), compiled)
    difference = max(largest_difference(before[name], after[name]) for name in before)
    if difference > RELOAD_TOLERANCE:
        path.unlink()
        raise ValueError(f"the reloaded model predicts something else: differs by {difference:.3g}")
    facts = {"bytes": path.stat().st_size, "reload_difference": difference, **held}
    text = f"{MODEL}, reloaded: largest difference {difference:.3g}"
    said = held.get("preparation", {})
    if "because" in said:
        text += f"; holds no step: {said['because']}"
    return facts, f"{text}; holds {', '.join(said['inside'])}" if said.get("inside") else text


def keep_preparation(trained: TrainedModel, folder: Path) -> None:
    """Writes what the steps have learned, and of which columns, beside the model.

    Raises:
        OSError: a file cannot be written.
    """
    place = folder / PREPARE
    place.mkdir(exist_ok=True)
    write_fitted(trained.parts.fitted, place)
    write_columns(trained.opened.schema, place)


def _saved(
    trained: TrainedModel, started: StartedEngine, path: Path
) -> tuple[Model, dict[str, Any]]:
    """Saves the model, with steps where that works; gives it back loaded, and what the file holds.

    Raises:
        OSError: the file cannot be written.
    """
    compiled, engine = trained.compiled, started.engine
    if not compiled.program.data.prepare:
        trained.model.save(path)
        return engine.load(path), {}
    kept = _kept(trained, started)
    wired = kept.wired()
    told: dict[str, Any] = {"inside": [], "beside": [*wired.steps]}
    backend = compiled.program.backend.backend
    held = hold_preparation(wired, kept.schema, kept.definition, backend, started.catalog)
    if held is not None:
        try:
            return _saved_with(trained, kept, held, path)
        except OSError:
            raise
        except Exception as error:  # Keras may refuse a step in ways of its own.
            told["because"] = " ".join(str(error).split())[:300]
    trained.model.save(path)
    return engine.load(path), {"preparation": told}


def _saved_with(
    trained: TrainedModel, kept: KeptPreparation, held: HeldPreparation, path: Path
) -> tuple[Model, dict[str, Any]]:
    """Saves the model with steps before it, and compares what the file gives for raw rows.

    Raises:
        ValueError: it gives something else.
        Exception: Keras refuses a step.
    """
    compiled, opened = trained.compiled, trained.opened
    rows, steps = _compared_rows(trained), window_rows(kept.definition)
    columns = {name: column[rows.reshape(-1)] for name, column in opened.columns.items()}
    sizes = rows_of_tensors(held, steps)
    tensors = {
        name: _as_samples(values, rows, sizes.get(name))
        for name, values in fitted_columns(kept, columns, held.takes).items()
    }
    raw = _raw_inputs(compiled, held, tensors, trained.parts.fitted.learned)
    trained.model.save(path, raw)
    loaded = kept.started.engine.load(path)
    given = {
        name: tensors[one.tensor].reshape(-1, *one.spec.shape[1:])
        for name, one in raw.inputs.items()
    }
    prepared = {
        name: _as_samples(values, rows, steps.get(name))
        for name, values in apply_fitted(kept, columns).items()
    }
    before = trained.model.call(model_inputs(compiled, prepared))
    pairs = outputs_by_name(before, compiled)
    after = outputs_by_name(loaded.call(_as_declared(given, raw)), compiled)
    difference = max(largest_difference(pairs[name], after[name]) for name in pairs)
    if difference > RAW_TOLERANCE:
        raise ValueError(f"for raw rows it gives something else: differs by {difference:.3g}")
    told = {
        "trained": compiled.graph.name,
        "inputs": {name: _told(one, held) for name, one in raw.inputs.items()},
        "inside": list(held.steps),
        "beside": list(held.beside),
        "difference": difference,
    }
    return loaded.inner(compiled.graph.name), {"preparation": told}


def _compared_rows(trained: TrainedModel) -> Array:
    """The rows on which the file is compared; of a forecast windows of them, `(windows, rows)`."""
    compiled, parts = trained.compiled, trained.opened.parts
    sizes = [item.batch_size for item in compiled.graph.inputs if item.batch_size]
    count = sizes[0] if sizes else RAW_ROWS
    if parts.starts is None:
        return (parts.training if parts.test is None else parts.test)[:count]
    starts = parts.starts["training" if parts.test is None else "test"][:count]
    longest = max(window_rows(compiled.program.data).values())
    return np.asarray(starts[:, np.newaxis] + np.arange(longest))


def _as_samples(values: Array, rows: Array, count: int | None) -> Array:
    """Rows as samples: themselves, or the first rows of each window."""
    if rows.ndim == 1:
        return values
    return values.reshape(*rows.shape, *values.shape[1:])[:, :count]


def _as_declared(given: Mapping[str, Array], raw: RawInputs) -> dict[str, Array]:
    return {
        name: array if array.dtype.kind == "U" else array.astype(raw.inputs[name].spec.dtype)
        for name, array in given.items()
    }


def _kept(trained: TrainedModel, started: StartedEngine) -> KeptPreparation:
    return KeptPreparation(
        fitted=trained.parts.fitted,
        schema=trained.opened.schema,
        definition=trained.compiled.program.data,
        started=started,
    )


def _raw_inputs(
    compiled: CompiledProgram,
    held: HeldPreparation,
    tensors: Mapping[str, Array],
    learned: Mapping[str, Mapping[str, Array]],
) -> RawInputs:
    """What the file takes, by what some rows are."""
    batches = [item.batch_size for item in compiled.graph.inputs if item.batch_size]
    batch = batches[0] if batches else None
    backend, steps = compiled.program.backend, window_rows(compiled.program.data)
    sizes = rows_of_tensors(held, steps)
    inputs: dict[str, RawInput] = {}
    for name, values in tensors.items():
        title = name.replace("/", "_")  # Keras has no layer of such a name.
        while title in inputs or title == compiled.graph.name:
            title += "_raw"
        inputs[title] = RawInput(
            tensor=name,
            spec=TensorSpec(
                shape=(batch, *(values.shape[1:] or (1,))),
                dtype=_input_dtype(values, backend.backend),
            ),
            single=values.ndim == 1,
            rows=sizes.get(name),
        )
    first = backend.image_data_format == "channels_first"
    ends = {
        item.name: TrainedInput(
            spec=spec, first=first and len(spec.shape) >= 4, rows=steps.get(item.name)
        )
        for item in compiled.graph.inputs
        for spec in compiled.specs[item.name][:1]
    }
    return RawInputs(
        model=compiled.graph.name,
        held=held,
        inputs=inputs,
        ends=ends,
        learned=learned,
        rows=sizes,
    )


def _input_dtype(values: Array, backend: str) -> str:
    """The element type in which a column comes in: numbers that may be missing are float32."""
    if values.dtype.kind == "U":
        return "string"
    if values.dtype.kind == "f" or (backend == "jax" and values.dtype.itemsize > 4):
        return "float32"
    return "uint8" if values.dtype == np.bool_ else str(values.dtype)


def _told(one: RawInput, held: HeldPreparation) -> dict[str, Any]:
    source = "step" if one.tensor in held.preparation.steps else "column"
    return {source: one.tensor, "shape": list(one.spec.shape[1:]), "dtype": one.spec.dtype}


def _first(samples: Samples, rows: int) -> Samples:
    x = samples.x
    cut = [a[:rows] for a in x] if isinstance(x, list) else x[:rows]  # type: ignore[index]
    return replace(samples, x=cut)
