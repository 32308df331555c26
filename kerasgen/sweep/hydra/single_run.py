"""One run whose config is composed: its folder, and Hydra's part in it.

This room owns what Hydra does around a single run: folder, working directory, environment, logging,
callbacks. It must not compose anything.
"""

from __future__ import annotations

from hydra._internal.callbacks import Callbacks
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.config_search_path_impl import ConfigSearchPathImpl
from hydra.core.config_loader import ConfigLoader
from hydra.core.utils import JobRuntime, run_job
from hydra.types import HydraContext, RunMode
from omegaconf import DictConfig

from kerasgen.frontend.compose.config_folders import ConfigPlace
from kerasgen.frontend.compose.frozen_config import thaw, thaw_for_hydra
from kerasgen.frontend.compose.hydra_settings import (
    place_of_setting,
    setting_sink,
    written_folder,
)
from kerasgen.process.exit_codes import REFUSED
from kerasgen.process.interruption import held
from kerasgen.sweep.folders import claim, release
from kerasgen.sweep.hydra.task import Task
from kerasgen.sweep.job_spec import JobSpec


def run_composed(config: DictConfig, task: Task, loader: ConfigLoader) -> int:
    """Runs a single job whose config is composed.

    Args:
        config: the config with its `hydra` node.
        task: what the job does.
        loader: the loader that composed it.

    Returns:
        The job's exit code.

    Raises:
        CompileError: its folder cannot be used.
    """
    folder, new = written_folder(config, "hydra.run.dir")
    config.hydra.mode = RunMode.RUN
    name, callbacks = task.place.config_name, Callbacks(config)
    claimed, refused = None, False
    try:
        with held():
            place = place_of_setting(config, "hydra.run.dir")
            claimed = claim(folder, new=new, sink=setting_sink("hydra.run.dir", place))
        config.hydra.run.dir = str(claimed.folder)
        callbacks.on_run_start(config=config, config_name=name)
        done = run_job(
            hydra_context=HydraContext(config_loader=loader, callbacks=callbacks),
            task_function=task,
            config=config,
            job_dir_key="hydra.run.dir",
            job_subdir_key=None,
        )
        callbacks.on_run_end(config=config, config_name=name, job_return=done)
        if task.error is not None:
            raise task.error
        _ = done.return_value  # raises what the task raised, which would be a bug of ours
        refused = task.exit_codes[-1] == REFUSED and not task.keep_rejected
    finally:
        if claimed is not None:
            release(claimed, emptied=refused)
    return task.exit_codes[-1]


def run_frozen(job: JobSpec) -> int:
    """Runs a job of a sweep from its frozen config; nothing is composed.

    Returns:
        The job's exit code.

    Raises:
        CompileError: its folder cannot be used.
    """
    config = thaw_for_hydra(job.frozen)
    JobRuntime.instance().set("name", str(config.hydra.job.name))
    task = Task(
        place=ConfigPlace(config_name=job.config_name),
        argv=list(job.argv),
        keep_rejected=True,
        trust=job.trust,
        composition=thaw(job.frozen, job.trust),
        measured=job.measured,
        asks=job.asks,
    )
    # Hydra wants a loader at hand; this one would find nothing.
    return run_composed(config, task, ConfigLoaderImpl(ConfigSearchPathImpl()))
