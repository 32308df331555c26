"""What a config says to Hydra of the run itself: its folder, its mode, its launchers.

This room owns the reading of such settings, and where they were written. It must not make folders
or start anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hydra.core.config_store import ConfigStore
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from kerasgen.diagnostics import CompileError, Diagnostic, Sink, SourceLocation
from kerasgen.diagnostics.source_map import NOWHERE, Mark, Replacement
from kerasgen.frontend.compose.references import lowered, plain_node

LAUNCHER = "hydra_plugins.kerasgen.ProcessLauncher"
"""The launcher's name among Hydra's plugins, which must all seem to live in `hydra_plugins`."""

GRID_SWEEPER = "hydra_plugins.kerasgen_grid.GridSweeper"
"""The same of the sweeper `basic`."""


_LIMITS = {"n_jobs": 1, "timeout": None, "memory": None, "fail_fast": False, "budget": None}

_HERE = {**_LIMITS, "gpus": "auto", "gpus_per_job": 1}

_QUEUE = {
    "n_jobs": "auto",
    "fail_fast": False,
    "budget": None,
    "submitit_folder": "${hydra.sweep.dir}/.submitit/%j",
    "timeout_min": 60,
    "cpus_per_task": None,
    "gpus_per_node": None,
    "tasks_per_node": 1,
    "mem_gb": None,
    "nodes": 1,
    "name": "${hydra.job.name}",
    "max_num_timeout": 0,
    "signal_delay_s": 120,
    "stderr_to_stdout": False,
}
"""The published plugin's keys and defaults, but for the jobs at a time."""

_LAUNCHERS: dict[str, dict[str, object]] = {
    "warm": {"executor": "fork", **_HERE},
    "process": {"executor": "process", **_HERE},
    "ray": {
        "executor": "ray",
        **_LIMITS,
        "n_jobs": "auto",
        "address": None,
        "wait": 60,
        "cpus": 1,
        "gpus": 0,
        "resources": None,
    },
    "submitit_local": {"executor": "submitit_local", **_QUEUE},
    "submitit_slurm": {
        "executor": "submitit_slurm",
        **_QUEUE,
        "array_parallelism": 256,
        "partition": None,
        "qos": None,
        "account": None,
        "comment": None,
        "constraint": None,
        "exclude": None,
        "gres": None,
        "mem_per_cpu": None,
        "mem_per_gpu": None,
        "cpus_per_gpu": None,
        "gpus_per_task": None,
        "additional_parameters": None,
        "setup": None,
        "srun_args": None,
    },
}
"""Our launchers with the defaults of their keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """What a config says of the run that it asks for.

    Attributes:
        sweeps: whether it is a sweep, although nobody asked for one on the command line.
        folder: the folder of the run, or None where its name cannot be used.
        new: whether it is a new folder each time.
        place: where the folder was written.
        refused: why the folder's name cannot be used.
    """

    sweeps: bool
    folder: Path | None
    new: bool
    place: SourceLocation
    refused: tuple[Diagnostic, ...] = ()


def run_settings(config: DictConfig) -> RunSettings:
    """What a composed config, with its `hydra` node, says of the run that it asks for."""
    folder: Path | None = None
    refused: tuple[Diagnostic, ...] = ()
    new = False
    try:
        folder, new = written_folder(config, "hydra.run.dir")
    except CompileError as error:
        refused = error.diagnostics
    return RunSettings(
        sweeps=config.hydra.mode == RunMode.MULTIRUN,
        folder=folder,
        new=new,
        place=place_of_setting(config, "hydra.run.dir"),
        refused=refused,
    )


def offer_plugins() -> None:
    """Makes our launchers and our sweeper options; Hydra finds a plugin's class by its name.

    Hydra's own plugins have been looked for: one of them is replaced.
    """
    ConfigStore.instance().store(
        group="hydra/sweeper",
        name="basic",
        node={
            "_target_": GRID_SWEEPER,
            "max_batch_size": None,
            "params": None,
            "paired": None,
            "settings": None,
        },
        provider="kerasgen",
    )
    for name, settings in _LAUNCHERS.items():
        ConfigStore.instance().store(
            group="hydra/launcher",
            name=name,
            node={"_target_": LAUNCHER, **settings},
            provider="kerasgen",
        )


def written_folder(config: DictConfig, key: str) -> tuple[Path, bool]:
    """The folder that a config names, and whether it is to be a new one.

    Args:
        config: the composed config with its `hydra` node.
        key: key path of the folder: `hydra.run.dir` or `hydra.sweep.dir`.

    Returns:
        The folder; whether its name holds the time, so that it stands for a new folder each time.

    Raises:
        CompileError: KG105, the name cannot be resolved; KG605, it cannot be used.
    """
    parent, _, last = key.rpartition(".")
    pattern = str(plain_node(OmegaConf.select(config, parent))[last])
    try:
        name = str(OmegaConf.select(config, key, throw_on_missing=True))
    except OmegaConfBaseException as error:
        reason = lowered(str(error).split("\n", 1)[0])
        raise Sink().fail_at(
            "KG105",
            f"`{pattern}` cannot be resolved: {reason}",
            location=place_of_setting(config, key),
        ) from error
    if "${" in name:  # Hydra resolves the name of a job's folder once more
        raise Sink().fail_at(
            "KG605",
            f"`{name}` cannot be the name of a folder: it holds `${{`",
            location=place_of_setting(config, key),
        )
    return Path(name), "${now:" in pattern


def root_of_new(config: DictConfig, key: str) -> Path | None:
    """The folder below which each time a new one is made, None where the name is always the same.

    Args:
        config: the composed config with its `hydra` node.
        key: key path of the folder, as for `written_folder`.
    """
    parent, _, last = key.rpartition(".")
    pattern = str(plain_node(OmegaConf.select(config, parent))[last])
    before, time, _ = pattern.partition("${now:")
    if not time or "${" in before:
        return None
    return Path(before.rpartition("/")[0] or ("/" if before.startswith("/") else "."))


def place_of_setting(config: DictConfig, key: str) -> SourceLocation:
    """Where a setting of Hydra's was written: the override that sets it, or the key alone."""
    for text in reversed(plain_node(config.hydra.overrides.hydra)):  # The last one counts.
        if text.lstrip("+").startswith(f"{key}="):
            at = text.index("=") + 1
            return SourceLocation(
                key=key, override=text, column=at + 1, length=max(1, len(text) - at)
            )
    return SourceLocation(key=key)


def setting_sink(key: str, place: SourceLocation) -> Sink:
    """A sink for what is wrong with one setting of Hydra's.

    Args:
        key: key path under which its mistakes are reported.
        place: where the setting was written; its key path is the one that is shown.
    """
    return Sink(NOWHERE.through(Replacement(marks={key: Mark(key=place, value=place)})))
