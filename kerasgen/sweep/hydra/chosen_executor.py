"""The executor that a config chooses, with its settings: where the jobs of a sweep are to run.

This room owns what the keys of each launcher mean, and what is told where a cluster, a queue or a
graphics card is not what the config takes it for. How an executor starts a job is its own business.

Decisions:
- All is asked before the first job starts: a package that is not installed, a cluster that does
  not answer, what no machine of it has.
- `memory` is what a job may take, on every launcher. Ray is told too, so that it finds room for it.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerasgen.diagnostics import CompileError
from kerasgen.process.machine_memory import device_memory
from kerasgen.sweep.executors import gpus
from kerasgen.sweep.executors.cores import usable_cores
from kerasgen.sweep.executors.executor import Executor
from kerasgen.sweep.executors.fork import ForkExecutor
from kerasgen.sweep.executors.process import ProcessExecutor
from kerasgen.sweep.executors.ray.cluster import (
    Cluster,
    ClusterError,
    JobResources,
    jobs_at_a_time,
    open_cluster,
)
from kerasgen.sweep.executors.ray.placed_jobs import RayExecutor
from kerasgen.sweep.executors.shares import shares
from kerasgen.sweep.hydra.job_limits import read_limits
from kerasgen.sweep.hydra.launcher_values import LauncherValues
from kerasgen.sweep.schedule import JobLimits

_OF_SLURM = (
    "partition",
    "qos",
    "account",
    "comment",
    "constraint",
    "exclude",
    "gres",
    "mem_per_cpu",
    "mem_per_gpu",
    "cpus_per_gpu",
    "gpus_per_task",
    "additional_parameters",
    "setup",
    "srun_args",
)
"""Keys that go to SLURM as they are, where they are set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """An executor, and what its jobs may take."""

    executor: Executor
    limits: JobLimits


def choose(kind: str, values: LauncherValues, sweep: Path, say: Callable[[str], object]) -> Chosen:
    """Opens the executor of a launcher.

    Args:
        kind: `fork`, `process`, `ray`, `submitit_local` or `submitit_slurm`.
        values: the settings of the launcher.
        sweep: the folder of the sweep.
        say: takes a line for the user.

    Raises:
        CompileError: KG204, a setting has a value that it cannot have; KG603, a package is not
            installed; KG636, a cluster or a graphics card is not there, or not enough.
    """
    if kind == "ray":
        return _on_ray(values, sweep, say)
    if kind.startswith("submitit_"):
        return _in_queue(values, local=kind == "submitit_local")
    return _on_this_machine(values, say, fork=kind == "fork")


def _on_this_machine(values: LauncherValues, say: Callable[[str], object], *, fork: bool) -> Chosen:
    each = values.get("gpus_per_job", 1)
    whole = isinstance(each, int | float) and not isinstance(each, bool) and each > 0
    if not whole or (each > 1 and each != int(each)):
        values.refuse("gpus_per_job", "a part of a card such as `0.5`, or how many a job gets")
        each = 1
    cards = _cards(values)
    room = [] if cards is None else gpus.places(cards, each)
    limits = read_limits(values, lambda: len(room) or len(usable_cores()))
    values.sink.stop_on_errors()
    if room and limits.n_jobs > len(room):
        raise values.fail(
            "KG636",
            f"{limits.n_jobs} jobs at a time do not fit: {len(cards or ())} graphics cards, "
            f"{each:g} for each job, have room for {len(room)}",
            "n_jobs",
            help="set `hydra.launcher.gpus_per_job`, as in `0.5` for two jobs on each card, or "
            "`hydra.launcher.gpus=null` where jobs are to share all of them",
        )
    if values.get("gpus", "auto") == "auto" and limits.n_jobs == 1:
        room = []  # One job after the other, as without a sweep: each sees what there is.
    parts = shares(limits.n_jobs, room or _none_wished(values, limits.n_jobs))
    executor = ForkExecutor(say, parts) if fork else ProcessExecutor(parts)
    return Chosen(executor=executor, limits=limits)


def _none_wished(values: LauncherValues, jobs: int) -> list[dict[str, str]]:
    """What the environment of jobs has that are to see no card; nothing where none was said."""
    return [{"CUDA_VISIBLE_DEVICES": ""}] * jobs if values.get("gpus", "auto") in (0, []) else []


def _cards(values: LauncherValues) -> tuple[str, ...] | None:
    """The cards that jobs share out among them, None where they are left alone."""
    said = values.get("gpus", "auto")
    if said is None:
        return None
    if isinstance(said, list):
        names = [str(name) for name in said]
        good = all(isinstance(name, int | str) and not isinstance(name, bool) for name in said)
        if not good or len(set(names)) != len(names) or not all(map(gpus.is_name, names)):
            values.refuse("gpus", "numbers or names of different cards")
        return tuple(names)
    if said == "auto":
        return gpus.found_cards()
    if not isinstance(said, int) or isinstance(said, bool) or said < 0:
        values.refuse("gpus", "`auto`, how many cards, a list of cards, or null")
        return None
    found = gpus.found_cards() if said else ()
    if said > len(found):
        raise values.fail(
            "KG636", f"{said} graphics cards are not there: {len(found)} can be used", "gpus"
        )
    return found[:said]


def _on_ray(values: LauncherValues, sweep: Path, say: Callable[[str], object]) -> Chosen:
    address = values.text("address")
    wait = values.number("wait", 60.0, least=1)
    wanted = JobResources(
        cpus=values.number("cpus", 1.0) or 0,
        gpus=values.number("gpus", 0.0) or 0,
        memory=values.size("memory"),
        custom=_resources(values),
    )
    if wanted.gpus > 1 and wanted.gpus != int(wanted.gpus):
        values.refuse("gpus", "a part of a card such as `0.5`, or how many a job gets")
    read_limits(values, lambda: 1)
    values.sink.stop_on_errors()

    def opened() -> Cluster:
        cluster = _opened(values, address, wait or 60.0)
        try:
            _room(values, cluster.nodes(), wanted)
        except BaseException:
            cluster.close()
            raise
        return cluster

    if address is None:
        if importlib.util.find_spec("ray") is None:
            raise _not_installed(values, "ray")
        # A Ray of the sweep's own is started for the first job; there may be none to run.
        memory = device_memory("cpu:0")
        here = {
            "CPU": len(usable_cores()) or 1,
            "GPU": len(gpus.found_cards()),
            "memory": 2**60 if memory is None else memory.size,
        }
        room = _room(values, [here], wanted)
        executor = RayExecutor(opened, wanted, sweep, say)
    else:
        cluster = opened()
        room = _room(values, cluster.nodes(), wanted)
        executor = RayExecutor(lambda: cluster, wanted, sweep, say)
    return Chosen(executor=executor, limits=read_limits(values, lambda: room))


def _room(
    values: LauncherValues, nodes: Sequence[Mapping[str, float]], wanted: JobResources
) -> int:
    """How many jobs a cluster has room for."""
    try:
        return jobs_at_a_time(nodes, wanted)
    except ClusterError as error:
        raise values.fail("KG636", str(error)) from error


def _opened(values: LauncherValues, address: str | None, wait: float) -> Cluster:
    try:
        return open_cluster(address, len(usable_cores()) or 1, wait)
    except ImportError as error:
        raise _not_installed(values, "ray", error) from error
    except ClusterError as error:
        token = "set RAY_AUTH_TOKEN, or RAY_AUTH_TOKEN_PATH, to that of the cluster"
        help_text = token if "token" in str(error) else None
        key = None if address is None else "address"
        raise values.fail("KG636", str(error), key, help=help_text) from error


def _resources(values: LauncherValues) -> dict[str, float]:
    said = values.get("resources")
    found: dict[str, float] = {}
    for name, amount in (said or {}).items() if isinstance(said, dict | None) else ():
        good = isinstance(amount, int | float) and not isinstance(amount, bool) and amount > 0
        if not isinstance(name, str) or name in ("CPU", "GPU", "memory") or not good:
            values.refuse("resources", "names of the cluster's own resources with amounts")
            return {}
        found[name] = float(amount)
    if not isinstance(said, dict | None):
        values.refuse("resources", "names of the cluster's own resources with amounts")
    return found


def _in_queue(values: LauncherValues, *, local: bool) -> Chosen:
    folder = values.text("submitit_folder") or ".submitit/%j"
    for key in ("nodes", "tasks_per_node"):
        if values.get(key, 1) not in (1, None):
            values.refuse(key, "1: a job of a sweep is one process")
    parameters: dict[str, Any] = {
        "timeout_min": values.whole("timeout_min", 60, least=1),
        "cpus_per_task": values.whole("cpus_per_task", None, least=1),
        "gpus_per_node": values.whole("gpus_per_node", None),
        "mem_gb": values.number("mem_gb", None),
        "name": values.text("name"),
        "stderr_to_stdout": values.flag("stderr_to_stdout"),
        "signal_delay_s": values.whole("signal_delay_s", 120, least=1),
    }
    timeouts = values.whole("max_num_timeout", 0)
    at_a_time = values.whole("array_parallelism", 256, least=1)
    if not local:
        parameters |= {key: values.get(key) for key in _OF_SLURM}
        parameters |= {"nodes": 1, "tasks_per_node": 1}
    limits = read_limits(values, lambda: len(usable_cores()) if local else at_a_time or 1)
    values.sink.stop_on_errors()
    from kerasgen.sweep.executors.submitit_queue import QueueError, SubmititExecutor

    try:
        executor = SubmititExecutor(
            local=local,
            folder=folder,
            parameters={key: value for key, value in parameters.items() if value is not None},
            most_timeouts=timeouts or 0,
            shares=shares(limits.n_jobs) if local else (),
        )
    except ImportError as error:
        raise _not_installed(values, "submitit", error) from error
    except QueueError as error:
        raise values.fail(
            "KG636",
            str(error),
            help="start the sweep where `sbatch` can be called, or take `hydra/launcher=warm`",
        ) from error
    return Chosen(executor=executor, limits=limits)


def _not_installed(
    values: LauncherValues, package: str, error: ImportError | None = None
) -> CompileError:
    known = error is None or error.name == package
    why = f"the launcher needs the package `{package}`"
    told = why if known else f"{why}, which cannot be imported: {error}"
    return values.fail("KG603", told, help=f"pip install 'kerasgen[{package}]'")
