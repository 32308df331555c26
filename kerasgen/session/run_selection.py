"""Choosing and ordering recorded runs by what they hold.

This room owns the small language of filters (`status=failed`, `optimizer.class=SGD`,
`test_accuracy>0.9`) and of orders (`-test_accuracy`), and what a name in them means. It must not
know how runs are read or shown.

A name is looked for, in this order: `id`, `status` and `tag`; a metric (`metrics.test.accuracy`,
`test.accuracy`, `test_accuracy`, or `accuracy` for the first part that has it, test before
validation before training); a field of the record (`git.dirty`, `hardware.cores`); the option
chosen of a config group (`optimizer=sgd`) together with the value in the config
(`optimizer.learning_rate`). A mapping stands for its `class`, or for its key of the same name
(`backend=jax` is `backend.backend=jax`); a list stands for each of its items.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from kerasgen.diagnostics import CompileError, Sink, SourceLocation, did_you_mean
from kerasgen.passes.lint.directions import direction
from kerasgen.record.files import number
from kerasgen.record.runs import PARTS, RunEntry, read_config
from kerasgen.record.status import CLOSED, KILLED, OPEN

TAG = "tag"
"""How the tags of a run are called in a filter; a run may have none, and still knows the name."""

_FILTER = re.compile(r"\s*([^=!<>\s]+)\s*(!=|>=|<=|==?|>|<)\s*(.*?)\s*", re.DOTALL)

_ORDERS: dict[str, Callable[[RunEntry], float | str | None]] = {
    "id": lambda run: run.id,
    "name": lambda run: run.name.casefold() or None,
    "status": lambda run: run.status,
    "backend": lambda run: run.backend,
    "started": lambda run: run.started.timestamp() if run.started else None,
    "seconds": lambda run: run.seconds,
    "epochs": lambda run: run.epochs,
    "parameters": lambda run: number(run.fields.get("parameters")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """One condition on a run.

    Attributes:
        key: what is compared, a name as the module says.
        operator: one of `=`, `!=`, `>`, `>=`, `<`, `<=`.
        wanted: what it is compared with, as written.
        text: the whole condition as written.
    """

    key: str
    operator: str
    wanted: str
    text: str


def parse_filters(texts: Sequence[str], sink: Sink) -> list[Filter]:
    """Reads conditions.

    Args:
        texts: conditions as written on the command line.
        sink: gets each that is none (KG607).

    Raises:
        CompileError: one of them cannot be read.
    """
    filters = []
    for text in texts:
        if (match := _FILTER.fullmatch(text)) is None:
            sink.report_at(
                "KG607",
                f"filter `{text}` has no name, comparison and value",
                location=_place(text, text),
                help="write it as in `status=failed`, `optimizer.class!=SGD` "
                "or `test_accuracy>0.9`",
            )
            continue
        key, operator, wanted = match.groups()
        operator = "=" if operator == "==" else operator
        filters.append(Filter(key=key, operator=operator, wanted=wanted, text=text))
    sink.stop_on_errors()
    return filters


def choose_runs(runs: Sequence[RunEntry], filters: Sequence[Filter], sink: Sink) -> list[RunEntry]:
    """The runs that fulfill all filters, in their order.

    A run without a value fulfills `!=` alone.

    Args:
        runs: the runs.
        filters: the conditions.
        sink: gets configs that cannot be read, a name that no run knows (KG107), and an order
            between numbers and a text (KG607).

    Raises:
        CompileError: a filter has a name that no run knows, or an order that none can have.
    """
    configs: dict[str, Mapping[str, Any]] = {}

    def config_of(run: RunEntry) -> Mapping[str, Any]:
        if run.id not in configs:
            configs[run.id] = read_config(run, sink)
        return configs[run.id]

    chosen = list(runs)
    for condition in filters:
        _require_status(condition, sink)
        values = {run.id: _values(run, condition.key, config_of) for run in runs}
        if runs and condition.key != TAG and not any(values.values()):
            known = {name for run in runs for name in _names(run, config_of(run))}
            raise _unknown(condition.key, condition.text, f"value `{condition.key}`", known, sink)
        _require_order([v for found in values.values() for v in found], condition, sink)
        chosen = [run for run in chosen if _fulfills(values[run.id], condition)]
    return chosen


def _require_status(condition: Filter, sink: Sink) -> None:
    """Refuses a state that no record can have: the answer would always be the same."""
    known = (*OPEN, *CLOSED, KILLED)
    if condition.key != "status" or condition.wanted in known:
        return
    raise sink.fail_at(
        "KG607",
        f"no run can have the status `{condition.wanted}`",
        location=_place(condition.text, condition.wanted),
        help=did_you_mean(condition.wanted, known),
    )


def _require_order(values: Sequence[Any], condition: Filter, sink: Sink) -> None:
    """Refuses an order between numbers alone and a text: no run would ever fulfill it."""
    ordered = condition.operator not in ("=", "!=")
    numbers = [value for value in values if value is not None]
    if not ordered or not numbers or _as_number(condition.wanted) is not None:
        return
    if all(_as_number(value) is not None for value in numbers):
        raise sink.fail_at(
            "KG607",
            f"`{condition.key}` is a number in every run, and `{condition.wanted}` is none",
            location=_place(condition.text, condition.wanted),
        )


_NAMED = "a name is a column of `kerasgen runs`, a metric, or a key of a config"


def sort_runs(
    runs: Sequence[RunEntry], order: str, sink: Sink, *, among: Sequence[RunEntry] | None = None
) -> list[RunEntry]:
    """The runs in an order; equal ones stay as they stood, those without a value come last.

    Args:
        runs: the runs.
        order: a name, after a minus for the largest first: `started`, `seconds`, `name`,
            `epochs`, `parameters`, `status`, `backend`, `id` or a metric.
        sink: gets a name that no run knows (KG107).
        among: the runs whose metrics are known names, None for those that are sorted.

    Raises:
        CompileError: no run has such a metric.
    """
    name = order.removeprefix("-")
    known = runs if among is None else among
    if name not in _ORDERS and known and all(metric(run, name) is None for run in known):
        options = {*_ORDERS, *(option for run in known for option in metric_names([run]))}
        raise _unknown(name, order, f"metric `{name}`", options, sink)
    valued: list[tuple[Any, RunEntry]] = []  # values of one order are of one type
    last = []
    for run in runs:
        value = _ORDERS[name](run) if name in _ORDERS else metric(run, name)
        if value is None or value != value:
            last.append(run)
        else:
            valued.append((value, run))
    valued.sort(key=itemgetter(0), reverse=order.startswith("-"))
    return [run for _, run in valued] + last


def named_values(
    runs: Sequence[RunEntry], names: Sequence[str], sink: Sink, *, among: Sequence[RunEntry]
) -> list[list[list[Any]]]:
    """What names stand for in runs, name by name and run by run; empty for nothing.

    Args:
        runs: the runs.
        names: the names, as filters take them; `run` and `tags` are the id and the tags.
        sink: gets configs that cannot be read, and names that no run knows (KG107).
        among: the runs that may know a name.

    Raises:
        CompileError: no run knows a name.
    """
    configs: dict[str, Mapping[str, Any]] = {}

    def config_of(run: RunEntry) -> Mapping[str, Any]:
        if run.id not in configs:
            configs[run.id] = read_config(run, sink)
        return configs[run.id]

    found = []
    for name in names:
        key = {"run": "id", "tags": TAG}.get(name, name)
        values = {run.id: _values(run, key, config_of) for run in among}
        if among and key not in (TAG, *_ORDERS) and not any(values.values()):
            known = {each for run in among for each in _names(run, config_of(run))}
            raise _unknown(name, name, f"value `{name}`", known, sink)
        found.append([values[run.id] for run in runs])
    return found


def best_run(runs: Sequence[RunEntry], word: str, order: str, sink: Sink) -> RunEntry:
    """The run with the best figure of a metric; of equal ones the first.

    NaN and infinity are never best.

    Args:
        runs: the runs, at least one.
        word: the whole word in which the metric stands.
        order: the metric as `sort_runs` takes it. A sign says which end of the order is the best:
            `-` the largest, `+` the smallest. Without one its name does.
        sink: gets a name that no run knows (KG107), and one that does not say which way it gets
            better (KG607).

    Raises:
        CompileError: there is no such metric, or no best of it.
    """
    name = order.lstrip("+-")
    if not name:
        known = did_you_mean("", metric_names(runs), listed=30)
        raise sink.fail_at("KG107", f"`{word}` names no metric", _place(word, word), help=known)
    valued = [(value, run) for run in runs if (value := metric(run, name)) is not None]
    if not valued:
        options = set(metric_names(runs))
        raise _unknown(name, word, f"metric `{name}`", options, sink)
    way = {"-": "max", "+": "min"}.get(order[:1], direction(_plain_name(runs, name)))
    if way is None:
        head = word.removesuffix(order)
        raise sink.fail_at(
            "KG607",
            f"nothing says whether a small or a large `{name}` is good",
            location=_place(word, name),
            help=f"write `{head}-{name}` for the largest, or `{head}+{name}` for the smallest",
        )
    finite = [pair for pair in valued if math.isfinite(pair[0])]
    if not finite:
        raise sink.fail_at(
            "KG607",
            f"`{name}` is no finite number in any run",
            location=_place(word, name),
        )
    # Of equal ones both give the first.
    return (max if way == "max" else min)(finite, key=itemgetter(0))[1]


def _plain_name(runs: Sequence[RunEntry], name: str) -> str:
    """The name of a metric without the part of the data, which some run knows."""
    name = name.removeprefix("metrics.")
    for part in dict.fromkeys((*PARTS, *(part for run in runs for part in run.metrics))):
        if name.startswith((f"{part}.", f"{part}_")):
            return name[len(part) + 1 :]
    return name


def metric(run: RunEntry, name: str) -> float | None:
    """A metric of a run by one of its names, None if it has none such."""
    name = name.removeprefix("metrics.")
    for part in (*PARTS, *run.metrics):
        rest = name[len(part) + 1 :]
        if name[: len(part) + 1] in (f"{part}.", f"{part}_") and rest in run.metrics.get(part, {}):
            return run.metrics[part][rest]
    for part in PARTS:
        if name in run.metrics.get(part, {}):
            return run.metrics[part][name]
    return None


def metric_names(runs: Sequence[RunEntry]) -> list[str]:
    """The metrics of some runs as `part_metric`: test first, the loss first within a part."""
    names = dict.fromkeys(
        (part, name) for run in runs for part, figures in run.metrics.items() for name in figures
    )

    def place(pair: tuple[str, str]) -> tuple[int, bool]:
        part, name = pair
        return PARTS.index(part) if part in PARTS else len(PARTS), name != "loss"

    return [f"{part}_{name}" for part, name in sorted(names, key=place)]


def _values(
    run: RunEntry, key: str, config_of: Callable[[RunEntry], Mapping[str, Any]]
) -> list[Any]:
    """What a name stands for in a run; empty for nothing."""
    if key == TAG:
        return list(run.tags)
    if key in ("id", "status"):
        return [run.id if key == "id" else run.status]
    if (figure := metric(run, key)) is not None:
        return [figure]
    if values := _reached(run.fields, key):
        return values
    choices = run.fields.get("choices")
    option = choices.get(key) if isinstance(choices, dict) else None
    return [option for option in [option] if option is not None] + _reached(config_of(run), key)


def _reached(holder: Any, key: str) -> list[Any]:
    """The plain values at a dotted path of a record or a config."""
    steps = key.split(".")
    for step in steps:
        if isinstance(holder, Mapping) and step in holder:
            holder = holder[step]
        elif isinstance(holder, list) and step.isdecimal() and int(step) < len(holder):
            holder = holder[int(step)]
        else:
            return []
    if isinstance(holder, Mapping):
        holder = [holder[name] for name in (steps[-1], "class") if name in holder]
    items = holder if isinstance(holder, list) else [holder]
    return [item for item in items if not isinstance(item, Mapping | list)]


def _names(run: RunEntry, config: Mapping[str, Any]) -> Iterator[str]:
    """All names that a run knows, for the nearest to a misspelt one."""
    yield from ("id", "status", TAG, *metric_names([run]))
    for tree in (run.fields, run.fields.get("choices"), config):
        yield from _paths(tree, "")


def _paths(tree: Any, prefix: str) -> Iterator[str]:
    for name, value in tree.items() if isinstance(tree, Mapping) else ():
        yield f"{prefix}{name}"
        yield from _paths(value, f"{prefix}{name}.")


def _fulfills(values: Sequence[Any], condition: Filter) -> bool:
    if condition.operator == "!=":
        return not any(_equals(value, condition.wanted) for value in values)
    if condition.operator == "=":
        return any(_equals(value, condition.wanted) for value in values)
    return any(_stands(value, condition.operator, condition.wanted) for value in values)


def _equals(value: Any, wanted: str) -> bool:
    if value is None or isinstance(value, bool):
        return wanted.lower() in (("null", "none") if value is None else (str(value).lower(),))
    left, right = _as_number(value), _as_number(wanted)
    if left is not None and right is not None:
        return left == right or (math.isnan(left) and math.isnan(right))
    return str(value) == wanted


def _stands(value: Any, operator: str, wanted: str) -> bool:
    """Whether an order holds: between two numbers, or between two texts."""
    left: float | str | None = _as_number(value)
    right: float | str | None = _as_number(wanted)
    if left is None and right is None and isinstance(value, str):
        left, right = value, wanted
    if left is None or right is None or isinstance(left, str) != isinstance(right, str):
        return False
    # mypy cannot tell that both are of one type by now.
    below, equal = left < right, left == right  # type: ignore[operator]
    above = left > right  # type: ignore[operator]
    return {"<": below, "<=": below or equal, ">": above, ">=": above or equal}[operator]


def _as_number(value: Any) -> float | None:
    """A number, also one that YAML reads as text, as `1e-3`."""
    if not isinstance(value, str):
        return number(value)
    try:
        return float(value)
    except ValueError:
        return None


def _unknown(name: str, text: str, wanted: str, known: set[str], sink: Sink) -> CompileError:
    """The error for a name in a condition that no run has."""
    return sink.fail_at(
        "KG107",
        f"no run has a {wanted}",
        location=_place(text, name),
        help=did_you_mean(name, known, listed=30, otherwise=_NAMED),
    )


def _place(text: str, part: str) -> SourceLocation:
    return SourceLocation(override=text, column=text.index(part) + 1, length=max(len(part), 1))
