"""Which engines and layouts come to the same with a config, and where those that do not part.

This room owns the cases, their processes, and the report. What one measures stands in
`measured_case`, what counts as the same in `differences`.

Decisions:
- A process has one engine, so each case is a process of its own, one after the other: two would
  need twice the memory.
- A case that an engine refuses is told, and is no difference.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from kerasgen.emit.text.alignment import aligned
from kerasgen.foreign.printable import shown
from kerasgen.process.exit_codes import REFUSED
from kerasgen.registry import Trust
from kerasgen.verbs.engine_parity.differences import Differences, differences, read_case
from kerasgen.verbs.engine_parity.measured_case import WEIGHTS, Question

_HEAD = ("engine", "layout", "forward", "gradients", "training", "weights", "first to differ")

MODULE = "kerasgen.verbs.engine_parity.measured_case"

LAYOUTS = ("channels_last", "channels_first")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be compared.

    Attributes:
        overrides: the config.
        config_dirs: folders of configs.
        trust: whose code may run for it.
        engines: the engines; the first is compared with.
        layouts: the layouts.
        rows: rows of the batch.
        steps: steps of training.
        tolerance: what counts as no difference.
    """

    overrides: tuple[str, ...]
    config_dirs: tuple[str, ...]
    trust: Trust
    engines: tuple[str, ...]
    layouts: tuple[str, ...] = LAYOUTS
    rows: int = 32
    steps: int = 3
    tolerance: float = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOutcome:
    """What became of a case.

    Attributes:
        engine: its engine.
        layout: its layout.
        found: how far it is from the first one; None for the first, and for one that was refused.
        refused: what its process said, where it came to no end.
        code: the exit code of its process.
    """

    engine: str
    layout: str
    found: Differences | None = None
    refused: str = ""
    code: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Parity:
    """A comparison of engines.

    Attributes:
        outcomes: the cases, in order.
        tolerance: what counts as no difference.
        drawing: layers that draw at random, so that engines differ there.
    """

    outcomes: tuple[CaseOutcome, ...]
    tolerance: float
    drawing: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        """Whether all that were measured come to the same."""
        found = [each.found for each in self.outcomes if each.found is not None]
        return all(each.largest <= self.tolerance for each in found)

    def report(self) -> dict[str, Any]:
        """The comparison as plain data."""
        return {
            "same": self.same,
            "tolerance": self.tolerance,
            "drawing": list(self.drawing),
            "cases": [asdict(each) for each in self.outcomes],
        }

    def text(self) -> str:
        """The comparison as a table."""
        head = (
            "engine",
            "layout",
            "forward",
            "gradients",
            "training",
            "weights",
            "first to differ",
        )
        rows = [head, *(_row(each, number) for number, each in enumerate(self.outcomes))]
        lines = aligned(rows, right=(2, 3, 4, 5))
        if self.drawing:
            names = ", ".join(f"`{name}`" for name in self.drawing)
            lines += ["", f"layers that draw in training, on each engine anew: {names}"]
        word = "the same" if self.same else "not the same"
        lines += ["", f"{word}, within {self.tolerance:.0e}"]
        return "\n".join(lines)


def _row(each: CaseOutcome, number: int) -> tuple[str, ...]:
    if each.found is None:
        told = shown(each.refused) if each.refused else "compared with"
        return each.engine, each.layout, "", "", "", "", told
    found = each.found
    figures = (found.forward, found.gradients, found.training, found.weights)
    first = found.layer or (f"gradient of {found.weight}" if found.weight else "")
    return each.engine, each.layout, *(f"{value:.0e}" for value in figures), first


def compare_engines(asked: Asked, say: Callable[[str], None]) -> Parity:
    """Runs a config on each engine in each layout, and compares them with the first.

    Args:
        asked: what is to be compared.
        say: gets a line before each case.

    Returns:
        The comparison. Where the first case is refused, it has that one alone.
    """
    outcomes: list[CaseOutcome] = []
    drawing: tuple[str, ...] = ()
    with tempfile.TemporaryDirectory(prefix="kerasgen-parity-") as place:
        first = None
        for engine in asked.engines:
            for layout in asked.layouts:
                say(f"{engine}, {layout}")
                folder = Path(place) / f"{engine}-{layout}"
                folder.mkdir()
                weights = "" if first is None else str(first / WEIGHTS)
                outcome = _run_case(asked, engine, layout, folder, weights)
                if first is None and not outcome.refused:
                    first, reference = folder, read_case(folder)
                    drawing = reference.drawing
                elif not outcome.refused:
                    found = differences(reference, read_case(folder), asked.tolerance)
                    outcome = replace(outcome, found=found)
                outcomes.append(outcome)
                if first is None:
                    return Parity(outcomes=tuple(outcomes), tolerance=asked.tolerance)
    return Parity(outcomes=tuple(outcomes), tolerance=asked.tolerance, drawing=drawing)


def _run_case(asked: Asked, engine: str, layout: str, folder: Path, weights: str) -> CaseOutcome:
    question = Question(
        overrides=(*asked.overrides, *_engine_words(engine, layout)),
        config_dirs=asked.config_dirs,
        modules=tuple(asked.trust.modules),
        trusted_folder=asked.trust.folder,
        connections=asked.trust.connections,
        folder=str(folder),
        weights=weights,
        rows=asked.rows,
        steps=asked.steps,
    )
    done = subprocess.run(
        [sys.executable, "-P", "-m", MODULE],
        input=json.dumps(asdict(question)),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return CaseOutcome(engine=engine, layout=layout)
    told = done.stderr.strip() or f"its process ended with {done.returncode}"
    whole = told if done.returncode == REFUSED and not weights else _first_line(told)
    return CaseOutcome(engine=engine, layout=layout, refused=whole, code=done.returncode)


def _engine_words(engine: str, layout: str) -> Sequence[str]:
    return (f"backend={engine}", f"backend.image_data_format={layout}")


def _first_line(told: str) -> str:
    """The first mistake that a process has told, else its last line."""
    lines = told.splitlines()
    errors = [line for line in lines if line.startswith("error[")]
    return (errors or lines[-1:])[0]
