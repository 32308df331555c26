"""The settings of a sweep's jobs in full: what a job does not name, the config of its run tells.

This room owns which config answers for a job. It must not know how settings are shown.

Decisions:
- Jobs whose overrides differ in numbers alone have the same values elsewhere, so that one config
  answers for all of them, for those that have not begun as well. A config of a thousand keys takes
  longer to read than a record: of very many kinds the first are asked.
- What a config leaves to Keras, or takes from another key, is not known.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from kerasgen.diagnostics import Sink
from kerasgen.record.runs import RunEntry, read_config
from kerasgen.sweep.report.setting_values import SettingValue, named_values
from kerasgen.sweep.swept_runs import SweptRun

MOST_NAMES = 500
"""Names of settings that are told apart."""

SEED = "seed"

_MOST_READ = 100
"""Configs that are read."""

_MOST_JOBS = 10_000
"""Jobs above which nothing is asked that they do not name."""

_MOST_WHOLE = 10**15
"""The size from which a whole number has more digits than one of an override may have."""

_Kind = frozenset[tuple[str, str]]
"""The names of a job's settings, with those of their values that are texts."""


def settings_of(found: Sequence[SweptRun]) -> list[Mapping[str, SettingValue]]:
    """The settings of each job: those that it names, and those that others name.

    Args:
        found: the jobs of a sweep with their runs.
    """
    named = [named_values(each.job.overrides) for each in found]
    counts = Counter(name for own in named for name in own if name != SEED)
    open_names = [n for n, count in counts.most_common(MOST_NAMES) if count < len(named)]
    if not open_names or len(found) > _MOST_JOBS:
        return list(named)
    told = config_values(named, [each.run for each in found], open_names)
    return [{**others, **own} for own, others in zip(named, told, strict=True)]


def config_values(
    named: Sequence[Mapping[str, SettingValue]],
    runs: Sequence[RunEntry | None],
    names: Sequence[str],
) -> list[Mapping[str, SettingValue]]:
    """What the configs of jobs have at some keys, as far as that is known.

    Args:
        named: the settings that each job names.
        runs: the run of each, None where it did not begin.
        names: the keys.
    """
    kinds = list(map(_kind, named))
    told: dict[_Kind, Mapping[str, SettingValue]] = {}
    read = 0
    for run, kind in zip(runs, kinds, strict=True):
        if run is None or kind in told or read == _MOST_READ:
            continue
        read += 1
        config = read_config(run, Sink())
        if found := {n: v for n in names if (v := _own_value(run, config, n)) is not None}:
            told[kind] = found
    return [told.get(kind, {}) for kind in kinds]


def _kind(own: Mapping[str, SettingValue]) -> _Kind:
    return frozenset((n, value if isinstance(value, str) else "") for n, value in own.items())


def _own_value(run: RunEntry, config: Mapping[str, object], name: str) -> SettingValue | None:
    """An option of a group, or a plain value; None where that is not known."""
    choices = run.fields.get("choices")
    option = choices.get(name) if isinstance(choices, Mapping) else None
    if isinstance(option, str):
        return option
    found: object = config
    for step in name.split("."):
        if not isinstance(found, Mapping) or step not in found:
            return None
        found = found[step]
    return _plain(found)


def _plain(value: object) -> SettingValue | None:
    """A value as an override would have set it."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    if isinstance(value, str):
        return None if "${" in value else value
    if isinstance(value, int) and abs(value) < _MOST_WHOLE:
        return value
    return value if isinstance(value, float) and math.isfinite(value) else None
