"""The fast check: what can be said of a config without starting an engine.

This room owns what `kerasgen check --fast` finds out and what it says that it has left out. It
imports neither Keras nor NumPy; where the cache has no catalog, a child process makes one. Parts of
one's own are known to nobody before their module was imported, so that trusted modules, and
installed packages where a name is unknown, cost the start of the config's engine after all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kerasgen.diagnostics import CompileError, Diagnostic, Severity
from kerasgen.frontend.compose.config_folders import ConfigPlace, Folders
from kerasgen.passes.outline import UNCHECKED
from kerasgen.registry import NOBODY, Trust
from kerasgen.session.composed_config import compose_config
from kerasgen.session.early_checks import check_settings
from kerasgen.session.session import Session
from kerasgen.session.states import Aim, Presumed

_FACTS = "what depends on facts of the data that the config does not declare"


@dataclass(frozen=True, slots=True, kw_only=True)
class FastOutcome:
    """What a fast check found.

    Attributes:
        diagnostics: errors and warnings.
        unchecked: what was not looked at, in words.
    """

    diagnostics: tuple[Diagnostic, ...]
    unchecked: tuple[str, ...] = UNCHECKED

    @property
    def valid(self) -> bool:
        """Whether there are no errors."""
        return all(found.severity is not Severity.ERROR for found in self.diagnostics)

    def report(self) -> dict[str, Any]:
        """The outcome as JSON data: the keys of `emit.text.report`, and `unchecked`."""
        from kerasgen.emit.text.report import check_report

        return {**check_report(self.diagnostics), "unchecked": list(self.unchecked)}


def check_fast(
    overrides: Sequence[str],
    config_dir: Folders | ConfigPlace = None,
    *,
    trust: Trust = NOBODY,
) -> FastOutcome:
    """Checks a config without starting an engine.

    Args:
        overrides: Hydra overrides.
        config_dir: folders of configs that come before the shipped ones.
        trust: modules whose parts the config may name; the engine is started for them.

    Returns:
        Everything that was found, also where the config cannot be composed.

    Raises:
        SweepAskedError: the config asks for a sweep; its jobs are to be checked.
    """
    try:
        composition = compose_config(overrides, config_dir, trust)
        check_settings(composition)
        outlined = Session(composition, Aim(data="closed", engine="none")).outlined
    except CompileError as error:
        return FastOutcome(diagnostics=error.diagnostics)
    unchecked = (_FACTS, *UNCHECKED) if isinstance(outlined, Presumed) else UNCHECKED
    return FastOutcome(diagnostics=outlined.findings.found, unchecked=unchecked)
