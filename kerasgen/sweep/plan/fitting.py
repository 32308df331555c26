"""What cannot fit: more memory, disk or time than there is, told before anything starts.

This room owns the comparison, and the words for it. What there is, is asked of the machine; what is
needed, a plan says.

Decisions:
- A job that may end early is not refused for its time: what is known is the most that it takes.
- Memory that jobs share is counted once, and what others use is not taken off what the machine has.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from kerasgen.diagnostics import Diagnostic, Sink, SourceLocation
from kerasgen.passes.cost import human_bytes
from kerasgen.process.machine_memory import Memory
from kerasgen.sweep.plan.plan import Plan, PlannedRow
from kerasgen.sweep.schedule import JobLimits

_NAMED = 3
"""Jobs that are named at a diagnostic."""


def misfits(
    plan: Plan,
    limits: JobLimits,
    memory: Memory | None,
    folder: Path,
    place: Callable[[str], SourceLocation],
) -> tuple[Diagnostic, ...]:
    """What of a plan cannot fit.

    Args:
        plan: the plan.
        limits: what jobs may take.
        memory: what there is for jobs, None where nobody can say.
        folder: the folder of the sweep, which need not be there yet.
        place: where a setting of Hydra's was written.
    """
    sink = Sink()
    rows = [row for row in plan.rows if row.state == "waiting" and row.estimate is not None]
    _check_limits(rows, limits, place, sink)
    found = plan.totals
    if found is not None and memory is not None and found.memory > memory.size:
        sink.report_at(
            "KG903",
            f"{plan.n_jobs} at a time take about {human_bytes(found.memory)} of memory, "
            f"{memory.owner} has {human_bytes(memory.size)}",
            place("hydra.launcher.n_jobs"),
            help="run fewer at a time (`hydra.launcher.n_jobs`), or make the models smaller",
        )
    free = free_space(folder)
    if found is not None and free is not None and found.most_disk > free:
        sink.report_at(
            "KG903",
            f"the jobs take about {human_bytes(found.most_disk)} of the disk, "
            f"and {human_bytes(free)} are free at `{folder}`",
            place("hydra.sweep.dir"),
            help="leave out what is not needed, as with `tracking.model=false`, or name another "
            "folder with `hydra.sweep.dir`",
        )
    return tuple(sink.diagnostics)


def _check_limits(
    rows: Sequence[PlannedRow],
    limits: JobLimits,
    place: Callable[[str], SourceLocation],
    sink: Sink,
) -> None:
    memory, timeout = limits.memory, limits.timeout
    if memory is not None:
        large = [row for row in rows if row.estimate and row.estimate.weight.memory > memory]
        if large:
            most = max(row.estimate.weight.memory for row in large if row.estimate)
            sink.report_at(
                "KG903",
                f"{_jobs(large)} up to {human_bytes(most)} of memory, and may take "
                f"{human_bytes(memory)}",
                place("hydra.launcher.memory"),
                help="each would be ended by the sweep; allow more, or make models smaller",
            )
    if timeout is not None:
        long = [
            row
            for row in rows
            if row.estimate and not row.estimate.at_most and row.estimate.spent.wall > timeout
        ]
        if long:
            longest = max(row.estimate.spent.wall for row in long if row.estimate)
            sink.report_at(
                "KG903",
                f"{_jobs(long)} up to {longest:,.0f} s, and may take {timeout:g} s",
                place("hydra.launcher.timeout"),
                help="each would be ended by the sweep; allow more, or train fewer epochs",
            )


def _jobs(rows: Sequence[PlannedRow]) -> str:
    named = ", ".join(f"`{row.label}`" for row in rows[:_NAMED] if row.label)
    more = f" and {len(rows) - _NAMED} more" if len(rows) > _NAMED else ""
    if not named:
        return "the job takes" if len(rows) == 1 else f"{len(rows)} jobs take"
    verb = "takes" if len(rows) == 1 else "take"
    return f"{named}{more} {verb}"


def free_space(folder: Path) -> int | None:
    """The free bytes where a folder is or will be, None where nobody can say."""
    for place in (folder.absolute(), *folder.absolute().parents):
        try:
            return shutil.disk_usage(place).free
        except FileNotFoundError:
            continue
        except OSError:
            return None
    return None
