"""What a config says of the jobs of a sweep: how many at a time, and what each may take.

This room owns the reading of `hydra.launcher`. What the limits mean stands in `sweep.schedule`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from omegaconf import DictConfig

from kerasgen.diagnostics import Sink, describe
from kerasgen.frontend.compose.hydra_settings import place_of_setting
from kerasgen.frontend.parse.backend import bytes_of
from kerasgen.sweep.executors.cores import usable_cores
from kerasgen.sweep.schedule import JobLimits


def read_limits(said: Mapping[str, Any], config: DictConfig) -> JobLimits:
    """The limits of a sweep's jobs.

    Args:
        said: the settings of the launcher.
        config: the config of the sweep, for the places of its settings.

    Raises:
        CompileError: KG204, a setting has a value that it cannot have.
    """
    sink = Sink()

    def refuse(key: str, expected: str) -> None:
        sink.report_at(
            "KG204",
            f"`{key}` is {describe(said[key])}, expected {expected}",
            place_of_setting(config, f"hydra.launcher.{key}"),
        )

    jobs = said.get("n_jobs", 1)
    if jobs == "auto":
        jobs = max(1, len(usable_cores()))
    if not isinstance(jobs, int) or isinstance(jobs, bool) or jobs < 1:
        refuse("n_jobs", "a positive integer or `auto`")
    timeout = said.get("timeout")
    if timeout is not None and (
        not isinstance(timeout, int | float) or isinstance(timeout, bool) or not timeout > 0
    ):
        refuse("timeout", "seconds above 0, or null")
    memory = said.get("memory")
    most = None if memory is None else bytes_of(memory)
    if memory is not None and most is None:
        refuse("memory", "bytes, a size such as `4GB`, or null")
    fail_fast = said.get("fail_fast", False)
    if not isinstance(fail_fast, bool):
        refuse("fail_fast", "true or false")
    sink.stop_on_errors()
    return JobLimits(n_jobs=jobs, timeout=timeout, memory=most, fail_fast=fail_fast)
