"""A plan for people and for machines.

This room owns the table of a plan, the lines below it, and the same as JSON data.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from kerasgen.foreign.printable import shown
from kerasgen.passes.cost import human_bytes
from kerasgen.run.page.wording import duration_text, plural
from kerasgen.sweep.outcomes import text_table
from kerasgen.sweep.plan.estimate import Estimate
from kerasgen.sweep.plan.plan import Plan, PlannedRow, State

_STATES: tuple[State, ...] = ("done", "waiting", "cut", "fails", "unknown")


_NAMED = 10
"""Jobs that are named for one reason."""


def plan_text(plan: Plan, command: Sequence[str]) -> str:
    """A plan as a table, what all jobs take together, and the command that starts them.

    Args:
        plan: the plan.
        command: the command line that runs what was planned.
    """
    static = any(row.cost is not None for row in plan.rows)
    head = (
        ("job", "overrides", "state", "parameters", "forward FLOPs", "training memory", "weights")
        if static
        else ("job", "overrides", "state", "seconds", "memory", "disk", "known from")
    )
    rows = [head, *(_cells(row, static=static) for row in plan.rows)]
    counts = [(len(plan.of(state)), state) for state in _STATES]
    told = ", ".join(f"{count} {state}" for count, state in counts if count)
    lines = [text_table(rows), "", f"{plural(len(plan.rows), 'job')}: {told}"]
    lines += _of_failed(plan)
    lines += _of_totals(plan)
    if plan.of("waiting"):
        lines += ["", f"start: {shown(shlex.join(command))}"]
    return "\n".join(lines)


def _cells(row: PlannedRow, *, static: bool) -> tuple[str, ...]:
    start = (str(row.job.number), row.label, row.state)
    cost, found = row.cost, row.estimate
    if static:
        if cost is None:
            return (*start, "", "", "", "")
        flops = "" if cost.flops is None else f"{cost.flops:,}"
        sizes = (human_bytes(cost.training_bytes), human_bytes(cost.disk))
        return (*start, f"{cost.parameters:,}", flops, *sizes)
    if found is None:
        return (*start, "", "", "", "" if row.job.done is None else str(row.job.done))
    weight = found.weight
    device = "" if weight.device is None else f" + {human_bytes(weight.device)} on the device"
    return (
        *start,
        f"{'at most ' if found.at_most else ''}{found.spent.wall:.1f}",
        f"{human_bytes(weight.memory)}{device}",
        human_bytes(weight.disk),
        found.basis,
    )


def _of_failed(plan: Plan) -> list[str]:
    reasons: dict[str, list[str]] = {}
    for row in plan.of("fails"):
        reasons.setdefault(row.reason or "", []).append(str(row.job.number))
    return [
        f"{'job' if len(numbers) == 1 else 'jobs'} {', '.join(numbers[:_NAMED])}"
        f"{f' and {len(numbers) - _NAMED} more' if len(numbers) > _NAMED else ''}"
        f" cannot be planned: {reason}"
        for reason, numbers in reasons.items()
    ]


def _of_totals(plan: Plan) -> list[str]:
    found = plan.totals
    budget = [] if plan.budget is None else [budget_text(plan)]
    if found is None:
        return budget
    begin = [row for row in plan.rows if row.state == "waiting" and row.estimate is not None]
    most = "at most " if any(row.estimate and row.estimate.at_most for row in begin) else "about "
    device = "" if found.device is None else f", {human_bytes(found.device)} on the device"
    at_a_time = f", {plan.n_jobs} at a time" if plan.n_jobs > 1 else ""
    lines = [
        f"{most}{duration_text(round(plan.overhead + found.wall, 1))} for "
        f"{plural(len(begin), 'job')}{at_a_time}, {duration_text(round(found.cpu, 1))} of the "
        f"processor; {human_bytes(found.memory)} of memory{device}; "
        f"{human_bytes(found.disk)} on the disk"
    ]
    lines += budget
    if plan.warm_ups:
        warm = plural(plan.warm_ups, "warm-up")
        lines.append(f"measured by {warm} in {duration_text(round(plan.measuring, 1))}")
    return lines


def budget_text(plan: Plan) -> str:
    """The budget, and how many jobs it is enough for."""
    cut, begin = len(plan.of("cut")), len(plan.order)
    left = f"; {cut} cut, which the same command runs with a larger one" if cut else ""
    return f"budget: {duration_text(plan.budget)}, enough for {plural(begin, 'job')}{left}"


def plan_data(plan: Plan, command: Sequence[str]) -> dict[str, object]:
    """The same as JSON data."""
    found = plan.totals
    return {
        "schema": 1,
        "jobs": [_row_data(row) for row in plan.rows],
        "n_jobs": plan.n_jobs,
        "budget": plan.budget,
        "warm_ups": {"count": plan.warm_ups, "seconds": round(plan.measuring, 3)},
        "totals": None
        if found is None
        else {
            "seconds": round(plan.overhead + found.wall, 3),
            "cpu_seconds": round(found.cpu, 3),
            "overhead_seconds": round(plan.overhead, 3),
            "memory": found.memory,
            "device_memory": found.device,
            "disk": found.disk,
            "most_disk": found.most_disk,
        },
        "command": list(command),
    }


def _row_data(row: PlannedRow) -> dict[str, object]:
    cost = row.cost
    return {
        "job": row.job.number,
        "overrides": list(row.job.overrides),
        "sha256": row.job.frozen.content_hash(),
        "state": row.state,
        "run": None if row.job.done is None else str(row.job.done),
        "reason": row.reason,
        "estimate": None if row.estimate is None else _estimate_data(row.estimate),
        "cost": None
        if cost is None
        else {
            "parameters": cost.parameters,
            "flops": cost.flops,
            "training_bytes": cost.training_bytes,
            "weight_bytes": cost.disk,
        },
    }


def _estimate_data(found: Estimate) -> dict[str, object]:
    weight = found.weight
    return {
        "seconds": round(found.spent.wall, 3),
        "cpu_seconds": round(found.spent.cpu, 3),
        "at_most": found.at_most,
        "memory": weight.memory,
        "device_memory": weight.device,
        "disk": weight.disk,
        "checkpoint": weight.state,
        "known_from": found.basis,
    }
