"""One engine with one layout: what a model gives and learns there, written to a file.

    python -m kerasgen.verbs.engine_parity.measured_case < question

This room owns the process of a case. It compares nothing: the case that comes first writes the
weights that the others take.

Decisions:
- Each case opens and prepares the data itself, so that what a preparation makes is compared too.
- Gradients are read from a step of plain SGD with the rate 1, which every engine can make.
- Dropout and noise are silenced: what engines draw differs by nature.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerasgen.process.entry import begin

if TYPE_CHECKING:
    from kerasgen.engine import Trainable
    from kerasgen.ir.program import FitDef
    from kerasgen.ir.training import Array, Arrays, TrainingData
    from kerasgen.passes.compiled import CompiledProgram

WEIGHTS, ARRAYS, FACTS = "weights.npz", "arrays.npz", "facts.json"
"""Files of a case: initial weights, of the first one alone; what was measured; what is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A case.

    Attributes:
        overrides: the config, engine and layout included.
        config_dirs: folders of configs.
        modules: modules that are trusted.
        trusted_folder: the folder in which they may lie.
        connections: whether the config may open connections.
        folder: where the files go.
        weights: the file of weights to begin with; empty for the first case, which writes it.
        rows: rows of the batch.
        steps: steps of training.
    """

    overrides: tuple[str, ...]
    config_dirs: tuple[str, ...]
    modules: tuple[str, ...]
    trusted_folder: str
    connections: bool
    folder: str
    weights: str
    rows: int
    steps: int


def run() -> int:
    """Measures the case that stands on the standard input.

    Raises:
        CompileError: the config is refused on this engine.
    """
    from kerasgen.process.entry import guarded

    said = json.loads(sys.stdin.read())
    question = Question(**{key: _tuple(value) for key, value in said.items()})
    return guarded(lambda: measure(question))


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def measure(question: Question) -> int:
    """Measures a case; gives the exit code.

    Raises:
        CompileError: the config is refused on this engine.
    """
    from kerasgen.diagnostics import Sink
    from kerasgen.engine import EngineDiffersError, EngineLostError
    from kerasgen.process.exit_codes import DONE, FAILED
    from kerasgen.registry import trusted
    from kerasgen.run import steps
    from kerasgen.session.composed_config import compose_config
    from kerasgen.session.session import Session

    trust = trusted(question.modules, question.trusted_folder, connections=question.connections)
    composition = compose_config(question.overrides, list(question.config_dirs), trust)
    session = Session(composition)
    opened, compiled = session.opened.data, session.compiled.program
    parts, _ = steps.preprocess(opened, compiled, session.engine, Sink())
    data = _first_rows(steps.training_data(compiled, parts), question.rows)
    with session.engine.engine.working_on(session.backend.device):
        model, _, _ = steps.define(compiled, session.engine)
        try:
            arrays, facts = _measured(model, compiled, data, question)
        except (EngineDiffersError, EngineLostError) as error:
            print(error, file=sys.stderr)
            return FAILED
    _write(Path(question.folder), arrays, facts)
    return DONE


def _measured(
    model: Trainable, compiled: CompiledProgram, data: TrainingData, question: Question
) -> tuple[dict[str, Array], dict[str, Any]]:
    import numpy as np

    from kerasgen.ir.values import ObjectDef

    drawing = model.silence()
    if question.weights:
        with np.load(question.weights, allow_pickle=False) as archive:
            begun = {name: archive[name] for name in archive.files}
    else:
        begun = model.weight_arrays()
        save_arrays(Path(question.folder) / WEIGHTS, begun)
    model.lay_weight_arrays(begun)
    arrays = {f"input/{n}": a for n, a in enumerate(_listed(data.training.x))}
    model.train_only(compiled.phases[0].layers if compiled.phases else None)
    model.compile(ObjectDef(cls="SGD", arguments={"learning_rate": 1.0}), compiled.objective)
    arrays |= {f"layer/{name}": a for name, a in model.layer_outputs(data.training.x).items()}
    _train(model, data, compiled.program.fit, 1)
    learned = model.weight_arrays()
    arrays |= {f"gradient/{name}": begun[name] - value for name, value in learned.items()}
    model.lay_weight_arrays(begun)
    phase = compiled.phases[0].phase.program if compiled.phases else compiled.program
    model.compile(phase.optimizer, compiled.objective)
    losses = _train(model, data, phase.fit, question.steps)
    arrays["losses"] = np.array(losses)
    arrays |= {f"weight/{name}": value for name, value in model.weight_arrays().items()}
    outputs = _listed(model.call(data.training.x))
    arrays |= {f"output/{number}": array for number, array in enumerate(outputs)}
    return arrays, {"drawing": drawing, "first": _channels_first(compiled, outputs)}


def _channels_first(compiled: CompiledProgram, outputs: list[Array]) -> bool:
    return compiled.program.backend.image_data_format == "channels_first"


def _train(model: Trainable, data: TrainingData, fit: FitDef, steps: int) -> list[float]:
    """Trains on one batch so many times; gives the loss of each."""
    from kerasgen.engine import TrainingListener
    from kerasgen.ir.training import FeedPosition

    losses: list[float] = []
    listener = TrainingListener(
        epoch_ended=lambda number, figures: losses.append(figures["loss"]),
        followers=frozenset(),
        follower_failed=lambda name, error: None,
    )
    plain = replace(
        fit,
        epochs=steps,
        batch_size=len(_listed(data.training.x)[0]),
        shuffle=False,
        steps_per_epoch=None,
        callbacks={},
        checkpoint=None,
        terminate_on_nan=False,
        verbose=0,
    )
    model.fit(data, plain, listener, FeedPosition())
    return losses


def _first_rows(data: TrainingData, rows: int) -> TrainingData:
    """A batch of the first rows, without a validation part and as they lie."""
    part = data.training
    weights = None if part.weights is None else part.weights[:rows]
    few = replace(part, x=_cut(part.x, rows), y=_cut(part.y, rows), weights=weights)
    return replace(data, training=few, validation=None, augmentation=None)


def _cut(arrays: Arrays, rows: int) -> Any:
    if isinstance(arrays, Mapping):
        return {name: array[:rows] for name, array in arrays.items()}
    if isinstance(arrays, list | tuple):
        return type(arrays)(array[:rows] for array in arrays)
    return arrays[:rows]


def _listed(arrays: Arrays) -> list[Array]:
    if isinstance(arrays, Mapping):
        return [arrays[name] for name in sorted(arrays)]
    return list(arrays) if isinstance(arrays, list | tuple) else [arrays]


def save_arrays(file: Path, arrays: Mapping[str, Any]) -> None:
    """Writes arrays by name."""
    import numpy as np

    np.savez(file, **arrays)


def _write(folder: Path, arrays: Mapping[str, Array], facts: Mapping[str, Any]) -> None:
    # Names of layers are no names of files: they are told beside the arrays.
    names = list(arrays)
    save_arrays(folder / ARRAYS, {str(n): arrays[name] for n, name in enumerate(names)})
    told = json.dumps({**facts, "names": names})
    (folder / FACTS).write_text(told, encoding="utf-8")


if __name__ == "__main__":
    begin(run, job=True)
