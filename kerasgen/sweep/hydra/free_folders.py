"""Whether the folders of a sweep are free for its jobs, asked before anything is written there.

This room owns the refusals (KG605). It must not know who runs the jobs.

Decisions:
- Only what has completed is kept from others: what has failed runs again, in its own sweep too.
- A file of a sweep that cannot be read may name jobs, of a newer kerasgen say: it is left alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from kerasgen.diagnostics import Sink
from kerasgen.foreign.printable import cut, shown
from kerasgen.frontend.compose.hydra_settings import place_of_setting
from kerasgen.record.read import is_completed
from kerasgen.sweep.job_source import PlannedJob
from kerasgen.sweep.outcomes import read_fields
from kerasgen.sweep.sweep_file import NAME, read_search, read_sweep, why_damaged

_DIR = "hydra.sweep.dir"

_HELP = f"choose another folder with `{_DIR}=…`, or move that one away"


def require_distinct(jobs: Sequence[PlannedJob], config: DictConfig) -> None:
    """Refuses jobs that have the same folder.

    Raises:
        CompileError: KG605, two have.
    """
    seen: dict[Path, PlannedJob] = {}
    for job in jobs:
        if (other := seen.setdefault(job.folder, job)) is not job:
            raise Sink().fail_at(
                "KG605",
                f"jobs {other.number} and {job.number} have the same folder `{job.folder}`",
                location=place_of_setting(config, "hydra.sweep.subdir"),
                help="let `hydra.sweep.subdir` hold `${hydra.job.num}`",
            )


def require_free(jobs: Sequence[PlannedJob], config: DictConfig) -> None:
    """Refuses the folder of another sweep: its runs would be called by the names of these jobs.

    Raises:
        CompileError: KG605, a folder holds a run that is completed, of another job.
    """
    taken = [
        (job, fields)
        for job in jobs
        if not job.known
        and (fields := read_fields(job.folder)).get("status") == "completed"
        and fields.get("overrides") != list(job.overrides)
    ]
    if taken:
        job, fields = taken[0]
        words = fields.get("overrides")
        own = shown(cut(" ".join(map(str, words)) if isinstance(words, list) else "", 200))
        others = "" if len(taken) == 1 else f" (and {len(taken) - 1} more)"
        raise _refused(
            f"folder `{job.folder}` already holds a run that is completed, of another job: "
            f"`{own}`{others}; it was not started",
            config,
        )


def require_readable(config: DictConfig) -> None:
    """Refuses a folder whose file of a sweep cannot be read: it would be written over.

    Raises:
        CompileError: KG605, there is one.
    """
    folder = Path(str(config.hydra.sweep.dir))
    if (reason := why_damaged(folder)) is not None:
        raise _refused(f"`{folder / NAME}` {reason}; no job was started", config)


def require_search(search: Mapping[str, Any], config: DictConfig) -> None:
    """Refuses the folder of another sweep for a search.

    Args:
        search: `study` and `storage` of the search, as the file of a sweep says them.
        config: the config of the search.

    Raises:
        CompileError: KG605, jobs of another sweep have completed there.
    """
    folder = Path(str(config.hydra.sweep.dir))
    known = read_search(folder)
    if known is not None and all(known.search.get(key) == search[key] for key in search):
        return
    done = [job for job in read_sweep(folder) if is_completed(folder / job.folder)]
    if done:
        what = "a grid" if known is None else "another search"
        jobs = "a job" if len(done) == 1 else f"{len(done)} jobs"
        raise _refused(
            f"`{folder}` is the folder of {what}, with {jobs} completed; no job was started", config
        )


def _refused(message: str, config: DictConfig) -> BaseException:
    return Sink().fail_at("KG605", message, location=place_of_setting(config, _DIR), help=_HELP)
