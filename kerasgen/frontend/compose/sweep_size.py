"""How many jobs a sweep has, without listing them.

This room owns the limit and the count, for sweeps of the command line and of config files alike.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, RangeSweep
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from kerasgen.diagnostics import Sink

JOBS = 100_000
"""Jobs of a sweep; Hydra lists all of them before the first begins."""

_LISTING = (".BasicSweeper", ".GridSweeper")
"""The sweepers that list their jobs; others draw from a range."""


def lists_its_jobs(target: object) -> bool:
    """Whether a sweeper, by the name of its class, knows its jobs before the first of them."""
    # Not by the class: Hydra's plugins are imported a second time.
    return str(target).endswith(_LISTING)


def parameters_of(config: DictConfig) -> Mapping[str, Any]:
    """The sweeps of a config itself, as they are handed to the sweeper that lists all jobs."""
    sweeper = config.hydra._get_node("sweeper")
    if not isinstance(sweeper, DictConfig) or sweeper._is_none() or sweeper._is_interpolation():
        return {}
    plain = OmegaConf.to_container(sweeper, resolve=False)
    assert isinstance(plain, dict)
    parameters = plain.get("params")
    listing = lists_its_jobs(plain.get("_target_"))
    return {str(k): v for k, v in parameters.items()} if listing and parameters else {}


def check_jobs(config: DictConfig, overrides: Sequence[str]) -> None:
    """Checks how many jobs a sweep has: those of the config itself times those of the command line.

    Args:
        config: the composed config with its `hydra` node.
        overrides: the overrides, selectors as carriers.

    Raises:
        CompileError: KG902, there are too many.
    """
    own = math.prod(count_jobs(key, value) for key, value in parameters_of(config).items())
    parse = OverridesParser.create().parse_override
    jobs = own * math.prod(count_values(parse(text)) for text in overrides)
    if own > 1 and jobs > JOBS:
        raise Sink().fail(
            "KG902",
            f"the sweep has {jobs:,} jobs, expected at most {JOBS:,}",
            help=f"`hydra.sweeper.params` alone has {own:,}: sweep over fewer values",
        )


def count_jobs(key: str, value: Any) -> int:
    """How many values a parameter of a sweeper has; 1 for what cannot be read, which fails later.

    Args:
        key: the key that is swept over.
        value: the sweep as written.
    """
    try:
        return count_values(OverridesParser.create().parse_override(f"x={value}"))
    except (HydraException, OmegaConfBaseException, ValueError):
        return 1


def count_values(override: Any) -> int:
    """How many values a sweep over one key has, without listing a range; 1 for no sweep."""
    written = override._value
    if isinstance(written, RangeSweep):
        if not written.step:
            return 1  # it cannot be listed at all, which is told where it is tried
        found = written.range()
        if isinstance(found, range):
            # Not `len`, which takes no number of more than 63 bits.
            return max(0, -((found.start - found.stop) // found.step))
        steps = (float(found.stop) - float(found.start)) / float(found.step)
        return max(0, math.ceil(steps)) if math.isfinite(steps) else JOBS + 1
    return len(written.list) if isinstance(written, ChoiceSweep) else 1
