"""Checking: a whole compilation without training.

This room owns what `kerasgen check` finds out about a config. It must not write anything, and reads
the data only where it is asked to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kerasgen.diagnostics import CompileError, Diagnostic
from kerasgen.frontend.compose.config_folders import ConfigPlace, Folders
from kerasgen.registry import NOBODY, Trust
from kerasgen.session.composed_config import compose_config
from kerasgen.session.early_checks import check_settings
from kerasgen.session.session import Session
from kerasgen.session.states import Aim

if TYPE_CHECKING:
    from kerasgen.passes.compiled import CompiledProgram


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOutcome:
    """What a check found.

    Attributes:
        compiled: the compiled program, or None if there are errors.
        diagnostics: errors and warnings.
        silenced: number of warnings that the config silences.
    """

    compiled: CompiledProgram | None
    diagnostics: tuple[Diagnostic, ...]
    silenced: int = 0

    def report(self) -> dict[str, Any]:
        """The outcome as JSON data; see `emit.text.report` for its keys."""
        from kerasgen.emit.text.report import check_report

        compiled = self.compiled
        if compiled is None:
            return check_report(self.diagnostics)
        return check_report(
            self.diagnostics,
            graph=compiled.graph,
            specs=compiled.specs,
            cost=compiled.cost,
            outputs=compiled.outputs,
            objective=compiled.objective,
        )

    def text(self) -> str:
        """The outcome for a person: layers, outputs, totals; empty if there are errors."""
        from kerasgen.emit.text.model_views import outputs_text
        from kerasgen.emit.text.summary import layer_table, totals_text

        compiled = self.compiled
        if compiled is None:
            return ""
        return "\n\n".join(
            (
                layer_table(compiled.cost, compiled.graph, compiled.specs),
                outputs_text(compiled.outputs, compiled.objective),
                totals_text(compiled.cost),
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
        The compiled program with its warnings, or the errors.

    Raises:
        EngineDoubtError: the light backend refused the program; see `session`.
        SweepAskedError: the config asks for a sweep; its jobs are to be checked.
    """
    try:
        composition = compose_config(overrides, config_dir, trust)
        check_settings(composition)
        if not open_data:
            session = Session(composition, Aim(data="closed", engine="light" if light else "own"))
            compiled = session.compiled
            return _outcome(compiled.program, compiled.findings.found)
        session = Session(composition)
        program, sink = session.compiled.program, session.findings.sink()
        from kerasgen.run.steps import preprocess

        parts, _ = preprocess(session.opened.data, program, session.engine, sink)
        return _outcome(program, sink.diagnostics, parts.silenced)
    except CompileError as error:
        return CheckOutcome(compiled=None, diagnostics=error.diagnostics)


def _outcome(
    compiled: CompiledProgram, found: Sequence[Diagnostic], silenced: int = 0
) -> CheckOutcome:
    return CheckOutcome(
        compiled=compiled,
        diagnostics=tuple(found),
        silenced=len(compiled.silenced) + silenced,
    )
