"""Checking: a whole compilation without training, and looks into a model that was not trained.

This room owns what `kerasgen check` and `kerasgen show` find out about a config. It must not
write anything, and reads the data only where it is asked to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from kerasgen.diagnostics import CompileError, Diagnostic, Sink, SourceLocation
from kerasgen.frontend.compose.composition import Composition, compose, resolve
from kerasgen.frontend.compose.config_folders import ConfigPlace, Folders, place_of
from kerasgen.registry import NOBODY, Trust
from kerasgen.session.early_checks import check_settings
from kerasgen.session.planning import compile_declared, complete_plan, plan_run

if TYPE_CHECKING:
    from kerasgen.compiler import CompiledProgram


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedConfig:
    """A resolved config and where its values were written.

    Attributes:
        config: the config as plain data.
        composition: what it was resolved from.
    """

    config: Mapping[str, Any]
    composition: Composition

    def locate(self, key: str) -> SourceLocation:
        """Where the value at a dotted key path was written."""
        return self.composition.source_map.locate(key)


def compose_config(
    overrides: Sequence[str],
    config_dir: Folders | ConfigPlace = None,
    trust: Trust = NOBODY,
) -> Composition:
    """Composes a config.

    Args:
        overrides: Hydra overrides, as on the command line of `run.py`.
        config_dir: folders of configs that come before the shipped ones, or all that is said of
            where configs are.
        trust: whose code may run for it.

    Raises:
        CompileError: it cannot be composed; every reason has its place.
    """
    place = place_of(config_dir)
    try:
        return replace(
            compose(
                overrides,
                place.config_dirs,
                config_name=place.config_name,
                config_path=place.config_path,
            ),
            trust=trust,
        )
    except Exception as error:
        # Imported only now: a config that is in order needs no words for what is wrong.
        from kerasgen.frontend.refusals.culprits import REFUSALS, diagnose, diagnose_error

        if not isinstance(error, REFUSALS):
            raise
        raise CompileError(
            diagnose(
                overrides,
                place.config_dirs,
                config_name=place.config_name,
                config_path=place.config_path,
            )
            or diagnose_error(error)
        ) from None


def resolve_config(overrides: Sequence[str], config_dir: Folders = None) -> ResolvedConfig:
    """Composes and resolves a config, without looking into it.

    Raises:
        CompileError: it cannot be composed or resolved.
    """
    composition = compose_config(overrides, config_dir)
    config, _ = resolve(composition, ungiven="")
    return ResolvedConfig(config=config, composition=composition)


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
        EngineDoubtError: the light backend refused the program; see `planning`.
        SweepAskedError: the config asks for a sweep; its jobs are to be checked.
    """
    try:
        composition = compose_config(overrides, config_dir, trust)
        check_settings(composition)
        if not open_data:
            compiled, sink = compile_declared(composition, light=light)
            return _outcome(compiled, sink)
        plan = plan_run(composition)
        from kerasgen.data.opened import open_data as read

        opened = read(plan.data, plan.sink)
        compiled_now, sink = plan.compiled, plan.sink
        if compiled_now is None:
            compiled_now, _, sink = complete_plan(plan, composition, opened.facts)
        from kerasgen.run.steps import preprocess

        parts, _ = preprocess(opened, compiled_now, plan.catalog, sink)
        return _outcome(compiled_now, sink, parts.silenced)
    except CompileError as error:
        return CheckOutcome(compiled=None, diagnostics=error.diagnostics)


def _outcome(compiled: CompiledProgram, sink: Sink, silenced: int = 0) -> CheckOutcome:
    return CheckOutcome(
        compiled=compiled,
        diagnostics=tuple(sink.diagnostics),
        silenced=len(compiled.silenced) + silenced,
    )
