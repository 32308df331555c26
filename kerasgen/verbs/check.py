"""Checking: a whole compilation without training.

This room owns what `kerasgen check` finds out about a config. It must not write anything, and reads
the data only where it is asked to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kerasgen.diagnostics import CompileError, Diagnostic, Severity
from kerasgen.frontend.compose.config_folders import ConfigPlace, Folders
from kerasgen.registry import NOBODY, Trust
from kerasgen.session.composed_config import compose_config
from kerasgen.session.early_checks import check_settings
from kerasgen.session.session import Session
from kerasgen.session.states import Aim, Presumed

if TYPE_CHECKING:
    from kerasgen.ir.program import Program
    from kerasgen.passes.compiled import CompiledProgram


LEFT = (
    "the layers, their shapes and what hangs on them follow from the data: `--open-data` checks "
    "them, too",
)
"""What is not looked at where the data says what is learned from, and stays closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOutcome:
    """What a check found.

    Attributes:
        compiled: the compiled program; None if there are errors, or where it follows from data that
            was not opened.
        diagnostics: errors and warnings.
        silenced: number of warnings that the config silences.
        unchecked: what was not looked at, in words.
    """

    compiled: CompiledProgram | None
    diagnostics: tuple[Diagnostic, ...]
    silenced: int = 0
    unchecked: tuple[str, ...] = ()

    @property
    def valid(self) -> bool:
        """Whether there are no errors."""
        return all(found.severity is not Severity.ERROR for found in self.diagnostics)

    @property
    def parameters(self) -> int | None:
        """How many weights the model has; None where it was not compiled."""
        return None if self.compiled is None else self.compiled.cost.parameters

    @property
    def shapes(self) -> dict[str, tuple[int | None, ...] | list[tuple[int | None, ...]]]:
        """Layer to the shape of its output, or of each of them; empty where it was not compiled."""
        if self.compiled is None:
            return {}
        found = {layer.name: list(layer.shapes) for layer in self.compiled.cost.layers}
        return {name: each[0] if len(each) == 1 else each for name, each in found.items()}

    def __str__(self) -> str:
        """The outcome for a person, with its diagnostics before it."""
        from kerasgen.diagnostics.render import render_text

        told = [render_text(self.diagnostics)] if self.diagnostics else []
        return "\n\n".join([*told, *([self.text()] if self.text() else [])])

    def report(self) -> dict[str, Any]:
        """The outcome as JSON data: the keys of `emit.text.report`, and `unchecked`."""
        from kerasgen.emit.text.report import check_report, phase_rows

        compiled = self.compiled
        if compiled is None:
            return {**check_report(self.diagnostics), "unchecked": list(self.unchecked)}
        found = check_report(
            self.diagnostics,
            graph=compiled.graph,
            specs=compiled.specs,
            cost=compiled.cost,
            outputs=compiled.outputs,
            objective=compiled.objective,
        )
        return {**found, "phases": phase_rows(compiled.phases), "unchecked": []}

    def text(self) -> str:
        """The outcome for a person: layers, outputs, totals, or what was not looked at."""
        from kerasgen.emit.text.model_views import outputs_text
        from kerasgen.emit.text.summary import layer_table, totals_text

        compiled = self.compiled
        if compiled is None:
            return f"not checked: {'; '.join(self.unchecked)}" if self.unchecked else ""
        return "\n\n".join(
            (
                layer_table(compiled.cost, compiled.graph, compiled.specs),
                outputs_text(compiled.outputs, compiled.objective),
                totals_text(compiled.cost, compiled.phases),
            )
        )


def check_config(
    overrides: Sequence[str],
    config_dir: Folders | ConfigPlace = None,
    *,
    open_data: bool = False,
    light: bool = False,
    trust: Trust = NOBODY,
) -> CheckOutcome:
    """Takes a config through the whole compilation.

    Args:
        overrides: Hydra overrides.
        config_dir: folders of configs that come before the shipped ones.
        open_data: whether the data is opened, split and prepared, for facts that the config does
            not declare, to verify those that it does, and for the warnings that need the rows.
        light: whether a lighter backend than the config's may do, where it gives the same report
            and the data stays closed. With the compiled model nothing can be computed then.
        trust: modules whose parts the config may name.

    Returns:
        The compiled program with its warnings, or the errors. Of a model that is left to the data
        (`layers: auto`) what is certain without it, unless the data is opened.

    Raises:
        EngineDoubtError: the light backend refused the program; see `session`.
        SweepAskedError: the config asks for a sweep; its jobs are to be checked.
    """
    try:
        composition = compose_config(overrides, config_dir, trust)
        check_settings(composition)
        if not open_data:
            session = Session(composition, Aim(data="closed", engine="light" if light else "own"))
            outlined = session.outlined
            if isinstance(outlined, Presumed):
                return _left_to_data(session, outlined.program)
            if session.data.unsettled:
                return _left_to_data(session, outlined.outline.program)
            compiled = session.compiled
            return _outcome(compiled.program, compiled.findings.found)
        session = Session(composition)
        program, sink = session.compiled.program, session.findings.sink()
        from kerasgen.run.steps import preprocess

        parts, _ = preprocess(session.opened.data, program, session.engine, sink)
        return _outcome(program, sink.diagnostics, parts.silenced)
    except CompileError as error:
        return CheckOutcome(compiled=None, diagnostics=error.diagnostics)


def _left_to_data(session: Session, program: Program | None) -> CheckOutcome:
    """What a check finds of a config of which much follows from data that is not opened.

    Args:
        session: the config.
        program: the program, with stand-ins where something is left to the data; None where it
            cannot be read with them.

    Raises:
        CompileError: a constructor refuses what stands beside the model.
        EngineDoubtError: a light engine refused it.
    """
    sink = session.outlined.findings.sink()
    if program is not None:
        started = session.started
        sink.add(started.found)
        from kerasgen.compiler import try_objects  # NumPy takes its time

        with started.doubting():
            try_objects(program, session.engine, sink)
    return CheckOutcome(compiled=None, diagnostics=tuple(sink.diagnostics), unchecked=LEFT)


def _outcome(
    compiled: CompiledProgram, found: Sequence[Diagnostic], silenced: int = 0
) -> CheckOutcome:
    return CheckOutcome(
        compiled=compiled,
        diagnostics=tuple(found),
        silenced=len(compiled.silenced) + silenced,
    )
