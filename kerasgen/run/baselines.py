"""Trivial answers: what one answer for all rows scores with the losses and metrics of a run.

This room owns which answer that is for the target of each output, of the training part alone, and
the names of the figures, which are Keras's. The formulas stand in `constant_figures`.

Decisions:
- Classes get their shares in the training part: the largest wins, which is what accuracy counts,
  and no other constant has a smaller cross-entropy.
- Amounts get their mean, and in an answer of its own their median; several labels a row get the
  share of each, and in an answer of its own the set that is most frequent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import numpy as np

from kerasgen.ir.program import Loss, uses_of_output
from kerasgen.ir.training import Array, Samples
from kerasgen.ir.values import ObjectDef
from kerasgen.passes.compiled import CompiledProgram
from kerasgen.passes.ends import OutputSpec
from kerasgen.run.constant_figures import Constant, constant_figure
from kerasgen.run.samples import class_indices, outputs_by_name
from kerasgen.runtime.split import PARTS

_MOST_NUMBERS = 2**24
"""Numbers of targets up to which a median, or the most frequent row, is looked for."""


def score_baselines(
    compiled: CompiledProgram,
    parts: Mapping[str, Samples],
    figures: Mapping[str, Mapping[str, float]],
) -> dict[str, dict[str, dict[str, float]]]:
    """What trivial answers score.

    Args:
        compiled: the compiled program.
        parts: name to samples of each part that there is, `training` among them.
        figures: what the model scores on each part, for the names.

    Returns:
        Part to name of the answer to figure to number, as far as formulas are known.
    """
    targets = {name: _targets(compiled, part) for name, part in parts.items()}
    answers = trivial_answers(compiled, targets[PARTS[0]])
    return {
        part: {
            name: scores
            for name, answer in answers.items()
            if (scores := _known(_scores(compiled, targets[part], answer), figures[part]))
        }
        for part in parts
    }


def trivial_answers(
    compiled: CompiledProgram, targets: Mapping[str, Array]
) -> dict[str, dict[str, Array]]:
    """The trivial answers: name to output to one row of probabilities or amounts.

    Args:
        compiled: the compiled program.
        targets: output name to the targets of the training part; class indices as such.
    """
    found = {output.name: _rows(targets[output.name], output) for output in compiled.outputs}
    answers: dict[str, dict[str, Array]] = {}
    for choice in range(max(map(len, found.values()), default=0)):
        chosen = {name: list(rows)[min(choice, len(rows) - 1)] for name, rows in found.items()}
        title = ", ".join(dict.fromkeys(chosen.values()))
        answers[title] = {name: found[name][word] for name, word in chosen.items()}
    return answers


def _targets(compiled: CompiledProgram, samples: Samples) -> dict[str, Array]:
    """Output name to targets, class indices as whole numbers."""
    values = outputs_by_name(samples.y, compiled)
    for output in compiled.outputs:
        if output.fed == "indices":
            indices = class_indices(values[output.name], output)
            assert indices is not None, "class indices are read as such"
            values[output.name] = indices
    return values


def _rows(values: Array, output: OutputSpec) -> dict[str, Array]:
    """The answers for one output, by what they are called."""
    if output.fed == "indices":
        classes = output.spec.shape[-1] or int(values.max()) + 1
        known = values[(values >= 0) & (values < classes)]
        return {"class shares": np.bincount(known, minlength=classes) / max(1, known.size)}
    if output.fed == "binary":
        return {"class shares": values.mean(dtype="float64", keepdims=True)[0]}
    if output.fed == "one_hot":
        places = tuple(range(values.ndim - 1))
        return {"class shares": values.mean(axis=places, dtype="float64")}
    mean = values.mean(axis=0, dtype="float64")
    small = values.size <= _MOST_NUMBERS
    if output.fed == "multi_hot":
        return {"label shares": mean, **({"most frequent labels": _most(values)} if small else {})}
    return {"mean": mean, **({"median": np.median(values, axis=0)} if small else {})}


def _most(values: Array) -> Array:
    rows, counts = np.unique(values, axis=0, return_counts=True)
    return np.asarray(rows[counts.argmax()])


def _scores(
    compiled: CompiledProgram, targets: Mapping[str, Array], answer: Mapping[str, Array]
) -> Iterator[tuple[str, float]]:
    """Names of figures, and what an answer scores, as far as that can be told."""
    alone = len(compiled.outputs) == 1
    logits = {end.output.name: end.logits for end in compiled.view.outputs}
    rows = compiled.program.data.weights
    weighed = rows is not None and rows.column is not None
    weights = compiled.objective.loss_weights or {}
    total: list[float | None] = []
    for output in compiled.outputs:
        constant = Constant(
            targets=_counted(targets[output.name], answer[output.name], output),
            row=answer[output.name],
            indices=output.fed == "indices",
            logits=logits.get(output.name, False),
        )
        for use in uses_of_output(output.name, compiled.objective, alone):
            if weighed and not use.path.startswith("compile.metrics"):
                continue  # the formulas know of no weights
            figure = constant_figure(use.value, constant)
            name = "loss" if use.kind == "loss" else _figure_name(use.value)
            if use.kind == "loss":
                weight = weights.get(output.name, 1.0) if isinstance(weights, Mapping) else 1.0
                total.append(None if figure is None else weight * figure)
            if figure is not None and not (alone and use.kind == "loss"):
                yield (name if alone else f"{output.name}_{name}"), figure
    known = [loss for loss in total if loss is not None]
    if known and len(known) == len(total):
        yield "loss", sum(known)


def _counted(targets: Array, row: Array, output: OutputSpec) -> Array:
    """Targets that have a score."""
    if output.fed != "indices":
        return targets
    return targets[(targets >= 0) & (targets < len(row))]


def _figure_name(metric: Loss) -> str:
    """What Keras calls a metric in its logs."""
    if not isinstance(metric, ObjectDef):
        return metric if metric.islower() else _snake_case(metric)
    name = metric.arguments.get("name")
    return name if isinstance(name, str) else _snake_case(metric.cls)


def _snake_case(name: str) -> str:
    parted = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", parted).lower()


def _known(scores: Iterator[tuple[str, float]], figures: Mapping[str, float]) -> dict[str, float]:
    """Scores under the names by which the model's own figures are called."""
    return {name: score for name, score in scores if name in figures}
