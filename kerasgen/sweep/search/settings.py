"""What a config says of a search: `hydra.sweeper` below `hydra/sweeper=optuna`.

This room owns its keys and the reading of them. Its keys are those of the published plugin, and a
few more. It must not import Optuna.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kerasgen.diagnostics import Sink, describe, did_you_mean
from kerasgen.foreign.passwords import is_address_with_password
from kerasgen.sweep.search.objectives import Objective, read_objectives
from kerasgen.sweep.search.plugins import Chosen, read_chosen
from kerasgen.sweep.search.space import Conditions, Scalar

KEY = "hydra.sweeper"

KEYS = (
    "sampler", "pruner", "objective", "direction", "storage", "study_name", "n_trials", "n_jobs",
    "max_failure_rate", "params", "custom_search_space", "conditions", "max_jobs",
    "max_time", "target",
)  # fmt: skip
"""The keys of the sweeper."""

_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchSettings:
    """What is asked of a search.

    Attributes:
        sampler: draws the settings.
        pruner: ends runs that are not worth going on with.
        objectives: what is to become best, empty for the main metric of the validation part.
        storage: the address of a database, None for a journal in the folder of the sweep.
        study_name: the name of the study there, None for one that goes by what is searched.
        n_trials: settings that are tried.
        n_jobs: jobs at a time, None for those of the launcher.
        max_failure_rate: the share of `n_trials` that may fail, None for all.
        custom_search_space: the function that adds to the space.
        conditions: when parameters count.
        max_jobs: jobs after which no setting is begun, None for no limit.
        max_time: seconds after which no job is begun, None for no limit.
        target: the figure of the objective at which the search has found enough.
    """

    sampler: Chosen
    pruner: Chosen
    objectives: tuple[Objective, ...] = ()
    storage: str | None = None
    study_name: str | None = None
    n_trials: int = 20
    n_jobs: int | None = None
    max_failure_rate: float | None = None
    custom_search_space: str | None = None
    conditions: Conditions = field(default_factory=dict)
    max_jobs: int | None = None
    max_time: float | None = None
    target: float | None = None

    @property
    def prunes(self) -> bool:
        """Whether runs may be ended before their time."""
        return self.pruner.name != "NopPruner"


def read_settings(
    said: Mapping[str, Any], sink: Sink, figures: Callable[[], Sequence[str]] = tuple
) -> SearchSettings:
    """The settings of a search.

    Args:
        said: what stands below `hydra.sweeper`.
        sink: gets what cannot be (KG660, and KG520 for a password).
        figures: tells which figures a run has on each part of the data.

    Raises:
        CompileError: something cannot be.
    """
    for name in said:
        if name not in KEYS and not str(name).startswith("_"):
            told = did_you_mean(str(name), KEYS, listed=0)
            sink.report("KG660", f"a search has no `{name}`", key=f"{KEY}.{name}", help=told)
    sampler = read_chosen(said.get("sampler"), "sampler", "tpe", sink)
    pruner = read_chosen(said.get("pruner"), "pruner", "none", sink)
    objectives = read_objectives(said.get("objective"), said.get("direction"), sink, figures)
    if len(objectives) > 1:
        _refuse_for_several(said, pruner, sink)
    if pruner is not None and pruner.name != "NopPruner":
        for objective in objectives:
            if objective.epoch_figure is None:
                sink.report(
                    "KG660",
                    f"`{objective.metric}` is measured when a run has ended, and a pruner looks "
                    "at figures of epochs",
                    key=f"{KEY}.objective",
                    help="search for `val_…` or a figure of the training, or leave the pruner out",
                )
    storage = _text(said, "storage", sink)
    if storage is not None and is_address_with_password(storage):
        _refuse_password(sink)
    read = SearchSettings(
        sampler=sampler or Chosen(name="TPESampler"),
        pruner=pruner or Chosen(name="NopPruner"),
        objectives=objectives,
        storage=storage,
        study_name=_text(said, "study_name", sink),
        n_trials=_count(said, "n_trials", sink) or 20,
        n_jobs=_count(said, "n_jobs", sink),
        max_failure_rate=_number(said, "max_failure_rate", sink, most=1.0),
        custom_search_space=_text(said, "custom_search_space", sink),
        conditions=_conditions(said.get("conditions"), sink),
        max_jobs=_count(said, "max_jobs", sink),
        max_time=_seconds(said.get("max_time"), sink),
        target=_number(said, "target", sink),
    )
    sink.stop_on_errors()
    return read


def _refuse_for_several(said: Mapping[str, Any], pruner: Chosen | None, sink: Sink) -> None:
    if pruner is not None and pruner.name != "NopPruner":
        sink.report(
            "KG660",
            f"the pruner `{pruner.word}` compares runs by one figure, and the search has several "
            "objectives",
            key=f"{KEY}.pruner",
            help="leave the pruner out (`hydra/sweeper/pruner=none`), or name one objective",
        )
    if said.get("target") is not None:
        sink.report("KG660", "several objectives have no `target`", key=f"{KEY}.target",
                    help="leave it out, or name one objective")  # fmt: skip


def _refuse_password(sink: Sink) -> None:
    from kerasgen.diagnostics import SourceLocation

    sink.report_at(
        "KG520",
        "the address in `storage` holds a password, and a config is recorded and shown",
        location=SourceLocation(key=f"{KEY}.storage"),
        help="leave it out, and name the variable of the environment that holds the address: "
        "`hydra.sweeper.storage='${oc.env:NAME}'`",
    )


def _text(said: Mapping[str, Any], name: str, sink: Sink) -> str | None:
    value = said.get(name)
    if value is None or (isinstance(value, str) and value.strip()):
        return value
    sink.report("KG660", f"`{name}` is {describe(value)}, expected text", key=f"{KEY}.{name}")
    return None


def _count(said: Mapping[str, Any], name: str, sink: Sink) -> int | None:
    value = said.get(name)
    if value is None or (type(value) is int and value > 0):
        return value
    sink.report("KG660", f"`{name}` is {describe(value)}, expected a positive integer",
                key=f"{KEY}.{name}")  # fmt: skip
    return None


def _number(
    said: Mapping[str, Any], name: str, sink: Sink, *, most: float | None = None
) -> float | None:
    value = said.get(name)
    if value is None:
        return None
    right = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if right and (most is None or 0 <= value <= most):
        return float(value)
    expected = "a number" if most is None else f"a number from 0 to {most:g}"
    sink.report("KG660", f"`{name}` is {describe(value)}, expected {expected}",
                key=f"{KEY}.{name}")  # fmt: skip
    return None


def _seconds(value: object, sink: Sink) -> float | None:
    """A span of time: seconds, or as in `90s`, `30m`, `2h`."""
    if value is None:
        return None
    found = re.fullmatch(r"\s*(\d+(?:\.\d*)?)\s*(s|m|min|h|d)\s*", value) \
        if isinstance(value, str) else None  # fmt: skip
    if found is not None and float(found[1]) > 0:
        return float(found[1]) * _UNITS[found[2]]
    if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
        return float(value)
    sink.report("KG660", f"`max_time` is {describe(value)}, expected seconds, or as in `30m`",
                key=f"{KEY}.max_time")  # fmt: skip
    return None


def _conditions(said: object, sink: Sink) -> Conditions:
    """The conditions: parameter to others, each with the value or values for which it counts."""
    if said is None:
        return {}
    key = f"{KEY}.conditions"
    example = "as in `conditions: {optimizer.momentum: {optimizer: sgd}}`"
    if not isinstance(said, Mapping):
        sink.report("KG660", f"`conditions` is {describe(said)}, expected a mapping", key=key,
                    help=example)  # fmt: skip
        return {}
    found: dict[str, dict[str, Sequence[Scalar]]] = {}
    for name, others in said.items():
        if not isinstance(others, Mapping) or not others:
            told = f"the condition of `{name}` is {describe(others)}, expected a mapping"
            sink.report("KG660", told, key=f"{key}.{name}", help=example)
            continue
        found[str(name)] = {
            str(other): list(wanted) if isinstance(wanted, list | tuple) else [wanted]
            for other, wanted in others.items()
        }
    return found
