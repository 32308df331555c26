"""One job of a sweep as a value: all that its process needs, and nothing that it must look up.

This room owns what a job is and how it travels to the process that runs it: as JSON, so that any
executor on any machine can take it. It must not know who starts jobs, nor what a run does.

Decisions:
- The config goes along as it was composed when the sweep began. Whoever edits a file meanwhile
  changes the next sweep and not this one, and no process composes it again.
- What the clock and Hydra answer in a config is settled here, with the number and the folder of
  the job in force: they are the sweep's to say.
"""

from __future__ import annotations

import copy
import dataclasses
import json
from dataclasses import dataclass, replace
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict, read_write

from kerasgen.diagnostics.diagnostic import read_diagnostic
from kerasgen.diagnostics.source_map_data import from_plain, to_plain
from kerasgen.frontend.compose.frozen_config import (
    FrozenConfig,
    answer_in,
    asks,
    pack,
    settings_of_hydra,
    thaw_for_hydra,
    unpack,
)
from kerasgen.frontend.compose.references import plain_node
from kerasgen.frontend.grammar import SELECTORS
from kerasgen.registry import Trust
from kerasgen.run.warm_up import Bound


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSpec:
    """One job of a sweep.

    Attributes:
        number: its number in the sweep, from 0.
        folder: the folder of its run.
        frozen: its config.
        config_name: name of the root config.
        trust: whose code may run for it.
        argv: the command line by which the job alone can be run again.
        measured: how long it is trained where it is only to be measured; None for in earnest.
        asks: the figure with which it asks at the end of each epoch whether it goes on, None where
            it does not.
    """

    number: int
    folder: Path
    frozen: FrozenConfig
    config_name: str
    trust: Trust
    argv: tuple[str, ...]
    measured: Bound | None = None
    asks: str | None = None

    def to_json(self) -> bytes:
        """The job as UTF-8 text of JSON."""
        frozen = self.frozen
        said = {
            "number": self.number,
            "folder": str(self.folder),
            "config_name": self.config_name,
            "trust": dataclasses.asdict(self.trust),
            "argv": self.argv,
            "measured": None if self.measured is None else dataclasses.asdict(self.measured),
            "asks": self.asks,
            "config": pack(dict(frozen.config)),
            "selectors": frozen.selectors,
            "hydra": pack(dict(frozen.hydra)),
            "source_map": to_plain(frozen.source_map),
            "overrides": frozen.overrides,
            "choices": dict(frozen.choices),
            "folders": frozen.folders,
            "diagnostics": [dataclasses.asdict(found) for found in frozen.diagnostics],
        }
        # A lone surrogate (an argument that was not UTF-8) is written as an escape.
        return json.dumps(said, ensure_ascii=True).encode()


def read_job_spec(content: bytes) -> JobSpec:
    """The job that `JobSpec.to_json` has written.

    Raises:
        ValueError: it has not.
    """
    said = json.loads(content)
    config, hydra = unpack(said["config"]), unpack(said["hydra"])
    assert isinstance(config, dict)
    assert isinstance(hydra, dict)
    trust = said["trust"]
    return JobSpec(
        number=said["number"],
        folder=Path(said["folder"]),
        config_name=said["config_name"],
        trust=Trust(
            modules=tuple(trust["modules"]),
            folder=trust["folder"],
            connections=trust["connections"],
        ),
        argv=tuple(said["argv"]),
        measured=None if said["measured"] is None else Bound(**said["measured"]),
        asks=said["asks"],
        frozen=FrozenConfig(
            config={str(key): value for key, value in config.items()},
            selectors=tuple((text, key) for text, key in said["selectors"]),
            hydra={str(key): value for key, value in hydra.items()},
            source_map=from_plain(said["source_map"]),
            overrides=tuple(said["overrides"]),
            choices=said["choices"],
            folders=tuple(said["folders"]),
            diagnostics=tuple(read_diagnostic(found) for found in said["diagnostics"]),
        ),
    )


def moved(job: JobSpec, folder: Path) -> JobSpec:
    """A job with another folder: where it runs on a machine that does not see its own."""
    hydra = copy.deepcopy(dict(job.frozen.hydra))
    run, runtime = hydra["run"], hydra["runtime"]
    assert isinstance(run, dict)
    assert isinstance(runtime, dict)
    run["dir"] = runtime["output_dir"] = str(folder)
    return replace(job, folder=folder, frozen=replace(job.frozen, hydra=hydra))


def settled(frozen: FrozenConfig, sweep: DictConfig, number: int, folder: Path) -> FrozenConfig:
    """A job's config with its number and folder, and with all that Hydra and the clock answer.

    Args:
        frozen: the config as composed.
        sweep: the config of the sweep; what the clock has answered there, it answers here too.
        number: number of the job.
        folder: its folder.
    """
    if not asks(frozen):
        return replace(frozen, hydra=_placed(frozen, str(sweep.hydra.sweep.dir), number, folder))
    config = thaw_for_hydra(frozen)
    OmegaConf.copy_cache(from_config=sweep, to_config=config)
    with read_write(config.hydra), open_dict(config.hydra):
        config.hydra.mode = RunMode.RUN
        config.hydra.sweep.dir = sweep.hydra.sweep.dir
        config.hydra.run.dir = str(folder)
        config.hydra.runtime.output_dir = str(folder.absolute())
        config.hydra.job.num, config.hydra.job.id = number, str(number)
    HydraConfig.instance().set_config(config)
    answer_in(config)
    task = {key: value for key, value in plain_node(config).items() if key not in _NOT_OF_THE_TASK}
    return replace(frozen, config=task, hydra=settings_of_hydra(config))


def _placed(frozen: FrozenConfig, sweep: str, number: int, folder: Path) -> dict[str, object]:
    """Hydra's settings with the number and the folder of a job, as Hydra itself would have them."""
    placed: dict[str, dict[str, object]] = {
        "sweep": {"dir": sweep},
        "run": {"dir": str(folder)},
        "runtime": {"output_dir": str(folder.absolute())},
        "job": {"num": number, "id": str(number)},
    }
    settings = {**frozen.hydra, "mode": RunMode.RUN.name}
    for section, values in placed.items():
        known = settings[section]
        assert isinstance(known, dict)
        settings[section] = {**known, **values}
    return settings


_NOT_OF_THE_TASK = ("hydra", SELECTORS)
