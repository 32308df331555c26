"""What a config says of the jobs of a sweep: how many at a time, and what each may take.

This room owns the reading of the keys that every launcher has. What the limits mean stands in
`sweep.schedule`.
"""

from __future__ import annotations

from collections.abc import Callable

from kerasgen.sweep.hydra.launcher_values import LauncherValues
from kerasgen.sweep.plan.budget import EXPECTED, seconds_of
from kerasgen.sweep.schedule import JobLimits


def read_limits(values: LauncherValues, automatic: Callable[[], int]) -> JobLimits:
    """The limits of a sweep's jobs; what is wrong is reported.

    Args:
        values: the settings of the launcher.
        automatic: how many jobs at a time `auto` means.
    """
    jobs = values.get("n_jobs", 1)
    if jobs == "auto":
        jobs = 1 if values.sink.errors else max(1, automatic())
    if not isinstance(jobs, int) or isinstance(jobs, bool) or jobs < 1:
        values.refuse("n_jobs", "a positive integer or `auto`")
        jobs = 1
    timeout = values.get("timeout")
    if timeout is not None and (
        not isinstance(timeout, int | float) or isinstance(timeout, bool) or not timeout > 0
    ):
        values.refuse("timeout", "seconds above 0, or null")
        timeout = None
    budget = values.get("budget")
    seconds = None if budget is None else seconds_of(budget)
    if budget is not None and seconds is None:
        values.refuse("budget", f"{EXPECTED}, or null")
    return JobLimits(
        n_jobs=jobs,
        timeout=timeout,
        memory=values.size("memory"),
        fail_fast=values.flag("fail_fast"),
        budget=seconds,
    )
