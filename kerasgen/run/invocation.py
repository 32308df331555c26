"""How a run was asked for, as its record tells it.

This room owns what of a composed config goes into a record before the config is settled, and which
words are kept out of it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from kerasgen.frontend.compose.composition import Composition, title_of
from kerasgen.frontend.compose.resolvers import secret_values
from kerasgen.record.run_folder import Invocation


def invocation_of(composition: Composition, argv: Sequence[str] | None) -> Invocation:
    """How the run of a composed config was asked for.

    Args:
        composition: the composed config.
        argv: the command line, None for that of this process.
    """
    seed = composition.config.get("seed")
    return Invocation(
        name=str(composition.config.get("name") or title_of(composition) or ""),
        argv=argv,
        overrides=composition.overrides,
        choices=composition.choices,
        config_dirs=list(composition.folders),
        seed=seed if isinstance(seed, int) else None,
        secrets=secret_values(composition.config, os.environ),
    )
