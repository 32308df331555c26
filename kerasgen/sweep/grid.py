"""The jobs of a grid: products of values, values that go in pairs, and lists of settings.

This room owns the order of jobs and the overrides of each. It must not know Hydra's plugins, nor
whether a job's config is in order.

Decisions:
- Values of paired keys go together, first with first; beside all else a pair is one key.
- A list of settings is the outermost loop. What is typed wins over it, as over any file.
- How many jobs there are is known before one of them is listed.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hydra.core.override_parser.types import Override
from hydra.errors import HydraException

from kerasgen.diagnostics import Sink
from kerasgen.frontend.compose.selectors_through_hydra import as_written
from kerasgen.frontend.compose.sweep_size import JOBS, count_values
from kerasgen.sweep.swept_lists import CODE, SweptLists


@dataclass(frozen=True, slots=True)
class _Axis:
    """What one loop goes through.

    Attributes:
        keys: the keys that it sets, in the words of Hydra.
        values: the overrides of each step, one for each key.
    """

    keys: tuple[str, ...]
    values: Sequence[tuple[str, ...]]


def jobs_of(parsed: Sequence[Override], lists: SweptLists) -> list[list[str]]:
    """The overrides of each job.

    Args:
        parsed: the overrides of the sweep.
        lists: what goes in pairs, and the settings.

    Raises:
        HydraException: a value cannot be swept over.
        CompileError: KG130, a pairing does not fit; KG902, there are too many jobs.
    """
    named = {one.get_key_element(): one for one in parsed}  # The last one counts.
    _check_count(named.values(), lists)
    values = {key: _values(key, one) for key, one in named.items()}
    axes = _axes(values, lists)
    typed = {_bare(key) for key in named}
    found = []
    for setting in lists.settings or ((),):
        own = [text for text in setting if _bare(text.partition("=")[0]) not in typed]
        for steps in itertools.product(*(axis.values for axis in axes)):
            chosen = {
                key: text
                for axis, step in zip(axes, steps, strict=True)
                for key, text in zip(axis.keys, step, strict=True)
            }
            found.append([*own, *(chosen[key] for key in named)])
    return found


def _values(key: str, override: Override) -> list[str]:
    """The overrides with each value of one."""
    if not override.is_sweep_override():
        return [f"{key}={override.get_value_element_as_str()}"]
    if not override.is_discrete_sweep():
        kind = "" if override.value_type is None else override.value_type.name
        # In the words of Hydra's sweeper, which are known where refusals are told.
        raise HydraException(f"BasicSweeper does not support sweep type : {kind}")
    return [f"{key}={value}" for value in override.sweep_string_iterator()]


def _axes(values: dict[str, list[str]], lists: SweptLists) -> list[_Axis]:
    keys = {_bare(key): key for key in values}
    axes: dict[str, _Axis] = {}
    for number, pair in enumerate(lists.paired):
        own = [keys.get(_bare(name)) for name in pair]
        for name, key in zip(pair, own, strict=True):
            if key is None or len(values[key]) < 2:
                raise _refused(lists, number, f"`{name}` is not swept over")
            if key in axes:
                raise _refused(lists, number, f"`{name}` stands in two pairs")
        known = tuple(key for key in own if key is not None)
        counts = [len(values[key]) for key in known]
        if len(set(counts)) > 1:
            told = ", ".join(
                f"`{name}` has {count}" for name, count in zip(pair, counts, strict=True)
            )
            raise _refused(lists, number, f"paired keys have as many values as one another: {told}")
        axis = _Axis(known, list(zip(*(values[key] for key in known), strict=True)))
        axes |= dict.fromkeys(known, axis)
    found: list[_Axis] = []
    for key, own_values in values.items():
        axis = axes.get(key) or _Axis((key,), [(text,) for text in own_values])
        if axis not in found:
            found.append(axis)
    return found


def _check_count(parsed: Iterable[Override], lists: SweptLists) -> None:
    """Refuses too many jobs before one of them is listed."""
    paired = {_bare(name): number for number, pair in enumerate(lists.paired) for name in pair}
    counts: dict[object, int] = {}
    for one in parsed:
        key = _bare(one.get_key_element())
        counts[paired.get(key, key)] = count_values(one)
    jobs = math.prod(counts.values()) * max(1, len(lists.settings))
    if jobs > JOBS:
        raise Sink().fail("KG902", f"the sweep has {jobs:,} jobs, expected at most {JOBS:,}")


def _bare(key: str) -> str:
    """A key as a pair may name it: without a leading `+`, a selector as it was written."""
    return as_written(f"{key}=0").removesuffix("=0").lstrip("+")


def _refused(lists: SweptLists, number: int, message: str) -> BaseException:
    return Sink().fail_at(
        CODE,
        message,
        location=lists.locate(f"hydra.sweeper.paired.{number}"),
        help="pair keys that have equally many values: "
        "`a=1,2 b=3,4 hydra.sweeper.paired=[[a,b]]` makes two jobs",
    )
