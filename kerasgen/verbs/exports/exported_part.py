"""What of a run a file holds, and how far the answers of the file are from those of the run.

This room owns the two parts that a file may hold: the whole model file of a run, which begins with
steps of its data, or the trained model alone. Which one is written it does not decide.

Decisions:
- Answers of another number or another shape differ without end; so do a number and none.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from kerasgen.diagnostics import Sink
from kerasgen.engine import Model
from kerasgen.engine.exporter import AskedFile
from kerasgen.foreign.regular_files import ForeignFileError
from kerasgen.ir.training import Arrays
from kerasgen.passes.compiled import CompiledProgram
from kerasgen.record.file_names import RECORD
from kerasgen.record.read import read_known_record
from kerasgen.runtime.training import largest_difference
from kerasgen.runtime.values import Array
from kerasgen.verbs.exports.compared_rows import ComparedRows, FileInput, as_taken


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldSteps:
    """What the record of a run says of the steps that its model file holds.

    Attributes:
        inputs: what the model file takes.
        inside: the steps that it holds.
        beside: the steps that it does not hold.
    """

    inputs: tuple[FileInput, ...]
    inside: tuple[str, ...]
    beside: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedPart:
    """What of a run is written.

    Attributes:
        model: it, loaded.
        rows: rows in the form in which it takes them.
        inputs: what it takes.
        held: the steps that it holds; None for the trained model alone.
    """

    model: Model = field(repr=False)
    rows: ComparedRows
    inputs: tuple[FileInput, ...]
    held: HeldSteps | None = None

    @property
    def called(self) -> str:
        """What it is, in words."""
        return "the trained model" if self.held is None else "the model with its preparation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """How a file that was written compares with its run.

    Attributes:
        differences: rows of a batch to the largest difference.
        refused: rows of a batch to what the runtime said of it.
        finite: whether all that the run predicts are finite numbers.
    """

    differences: Mapping[int, float]
    refused: Mapping[int, str]
    finite: bool = True

    @property
    def largest(self) -> float:
        """The largest difference of all."""
        return max(self.differences.values(), default=math.inf)


def held_steps(folder: Path) -> HeldSteps | None:
    """The steps that the model file of a run holds; None for none.

    Raises:
        CompileError: KG606, the record says nothing of them that can be read.
    """
    told = read_known_record(folder).get("model")
    held = told.get("preparation") if isinstance(told, Mapping) else None
    if not isinstance(held, Mapping) or "trained" not in held:
        return None
    try:
        return HeldSteps(
            inputs=tuple(_file_input(name, one) for name, one in held["inputs"].items()),
            inside=tuple(map(str, held.get("inside", ()))),
            beside=tuple(map(str, held.get("beside", ()))),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        fault = ForeignFileError("does not say what the model file takes")
        raise Sink().fail_file("KG606", folder / RECORD, fault) from None


def _file_input(name: str, told: Mapping[str, object]) -> FileInput:
    source = "step" if "step" in told else "column"
    shape = told["shape"]
    if not isinstance(shape, list) or not all(n is None or type(n) is int for n in shape):
        raise TypeError
    dtype = str(told["dtype"])
    if dtype not in ("string", "bfloat16"):
        np.dtype(dtype)
    return FileInput(
        name=name,
        source=str(told[source]),
        is_step=source == "step",
        shape=tuple(shape),
        dtype=dtype,
    )


def trained_inputs(compiled: CompiledProgram) -> tuple[FileInput, ...]:
    """What a trained model takes without the steps of the data."""
    return tuple(
        FileInput(name=name, shape=tuple(spec.shape[1:]), dtype=spec.dtype)
        for name, spec in compiled.inputs.items()
    )


def compare_answers(
    part: ExportedPart, batches: Sequence[tuple[int, Mapping[str, Array]]], asked: AskedFile
) -> Compared:
    """Compares what a file answers with what the run does.

    Args:
        part: what of the run the file holds.
        batches: number of rows and input name to rows.
        asked: what the file made of them.
    """
    differences: dict[int, float] = {}
    refused: dict[int, str] = {}
    finite = True
    words = iter(asked.refused)
    for (size, batch), answer in zip(batches, asked.answers, strict=True):
        if answer is None:
            refused.setdefault(size, next(words))
            continue
        expected = flat(part.model.call(as_taken(batch, whole=part.held is not None)))
        differences[size] = max(differences.get(size, 0.0), _difference(expected, answer))
        finite = finite and all(np.isfinite(values).all() for values in expected)
    return Compared(differences=differences, refused=refused, finite=finite)


def flat(outputs: Arrays) -> list[Array]:
    """Outputs in their order: of a mapping by name."""
    if isinstance(outputs, Mapping):
        return [np.asarray(outputs[name]) for name in sorted(outputs)]
    parts = outputs if isinstance(outputs, list | tuple) else [outputs]
    return [np.asarray(part) for part in parts]


def _difference(expected: Sequence[Array], found: Sequence[Array]) -> float:
    """The largest difference of some outputs; infinite where they are not alike at all."""
    if [one.shape for one in expected] != [other.shape for other in found]:
        return math.inf
    pairs = zip(expected, found, strict=True)
    return max(largest_difference(one, other) for one, other in pairs)
