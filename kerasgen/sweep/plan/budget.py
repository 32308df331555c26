"""The time that a sweep may take: how it is written, and which jobs fit into it.

This room owns the rule by which jobs are chosen. It must not know how it is known what they take.

Decisions:
- Settings are chosen whole, with all of their seeds that are left: half a setting has no answer.
- The cheapest setting comes first, so that the most settings are answered; of equals the one that
  was declared first. They begin in that order too: who runs out of time has answered most.
- Where not even one setting fits whole, as many of its seeds are run as fit.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kerasgen.diagnostics import Sink, describe
from kerasgen.frontend.compose.origins import place_of_text
from kerasgen.sweep.plan.estimate import wall_time
from kerasgen.sweep.settings_over_seeds import is_seed

KEY = "hydra.launcher.budget"
"""The setting of a launcher."""

_SHORT = "budget="
"""What is typed in its place."""

_WRITTEN = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([smhd]?)\s*", re.ASCII)

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}

EXPECTED = "seconds above 0, or a time such as `30s`, `15m`, `2h`, `1d`"
"""What a budget is to be."""


def seconds_of(value: object) -> float | None:
    """The seconds that a budget says, None if it says none above 0."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) if 0 < value < float("inf") else None
    written = _WRITTEN.fullmatch(value) if isinstance(value, str) else None
    if written is None:
        return None
    return float(written[1]) * _UNITS[written[2]] or None


def spelled_out(overrides: Sequence[str]) -> list[str]:
    """Overrides in which `budget=2h` is written as the setting that it is short for.

    Raises:
        CompileError: KG204, it says no time.
    """
    found = []
    for text in overrides:
        if not text.startswith(_SHORT):
            found.append(text)
            continue
        value = text.removeprefix(_SHORT)
        if value != "null" and seconds_of(value.strip("\"'")) is None:
            raise Sink().fail_at(
                "KG204",
                f"`budget` is {describe(value)}, expected {EXPECTED}",
                location=place_of_text(text, at=len(_SHORT)),
            )
        found.append(f"{KEY}={value}")
    return found


def refuse_for_one_run(overrides: Sequence[str]) -> None:
    """Refuses a budget that is typed for a single run.

    Raises:
        CompileError: KG126, there is one.
    """
    for text in overrides:
        if text.startswith(f"{KEY}="):
            raise Sink().fail_at(
                "KG126",
                "`budget` does nothing for a single run",
                location=place_of_text(text),
                help="add `-m` for a sweep, whose jobs it orders and cuts",
            )


def chosen_jobs(
    jobs: Sequence[tuple[int, tuple[str, ...], float]], n_jobs: int, seconds: float
) -> list[int]:
    """The numbers of the jobs that fit into a time, in the order in which they are to begin.

    Args:
        jobs: number, overrides and seconds of each job that is to run, in declared order.
        n_jobs: how many run at a time.
        seconds: the time.
    """
    settings: dict[tuple[str, ...], list[tuple[int, float]]] = {}
    for number, overrides, taken in jobs:
        setting = tuple(text for text in overrides if not is_seed(text))
        settings.setdefault(setting, []).append((number, taken))
    ordered = sorted(settings.values(), key=lambda members: sum(taken for _, taken in members))
    chosen: list[tuple[int, float]] = []
    for members in ordered:
        if wall_time([taken for _, taken in [*chosen, *members]], n_jobs) > seconds:
            break
        chosen += members
    if not chosen and ordered:
        for member in ordered[0]:
            if wall_time([taken for _, taken in [*chosen, member]], n_jobs) > seconds:
                break
            chosen.append(member)
    return [number for number, _ in chosen]
