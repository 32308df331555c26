"""A composed config: overrides become a composed config, or every reason why they do not.

This room owns that what Hydra refuses is told as diagnostics. Composition itself, and the words for
what is wrong, stand in the frontend.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kerasgen.diagnostics import CompileError
from kerasgen.frontend.compose.composition import Composition, compose
from kerasgen.frontend.compose.config_folders import ConfigPlace, Folders
from kerasgen.registry import NOBODY, Trust


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
    try:
        return replace(compose(overrides, config_dir), trust=trust)
    except Exception as error:
        # Imported only now: a config that is in order needs no words for what is wrong.
        from kerasgen.frontend.refusals.culprits import REFUSALS, diagnose, diagnose_error

        if not isinstance(error, REFUSALS):
            raise
        raise CompileError(diagnose(overrides, config_dir) or diagnose_error(error)) from None
