"""Comparisons as text for a person.

This room owns the sections and columns of that text.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from kerasgen.emit.text.alignment import aligned
from kerasgen.emit.text.summary import human_count
from kerasgen.foreign.printable import shown
from kerasgen.ir.canonical import ABSENT
from kerasgen.passes.cost import human_bytes
from kerasgen.passes.shapes import shown_shape
from kerasgen.verbs.compare import MetricRow, RunComparison
from kerasgen.verbs.compare_configs import ConfigComparison
from kerasgen.verbs.compared_values import ValueRow, value_text

_SIGNS = {"added": "+", "removed": "-", "changed": "~"}

_NAMES = {"parameter_bytes": "bytes of weights", "training_bytes": "memory to train"}


def runs_text(found: RunComparison) -> str:
    """What differs between runs, and their figures with the best of each marked by `*`."""
    runs = found.runs
    head = ("", *(shown(run.id) for run in runs))
    facts = [
        ("status", *(shown(run.status) for run in runs)),
        ("name", *(shown(run.name or "-") for run in runs)),
        ("seconds", *("-" if run.seconds is None else f"{run.seconds:.1f}" for run in runs)),
        ("epochs", *("-" if run.epochs is None else str(run.epochs) for run in runs)),
    ]
    sections = {
        "run": facts,
        "config": [_cells(row) for row in found.config],
        "metrics": [_figures(row) for row in found.metrics],
        "environment": [_cells(row) for row in found.surroundings],
    }
    return _text(head, sections)


def configs_text(found: ConfigComparison) -> str:
    """What differs between configs and their layers, and what their models cost."""
    sections = {
        "config": [_cells(row) for row in found.config],
        "layers": [
            (f"{_SIGNS[row.change]} {shown(row.key)}", *map(_layer, row.values))
            for row in found.layers
        ],
        "cost": [
            (_NAMES.get(row.key, row.key), *(_cost(row.key, value) for value in row.values))
            for row in found.totals
        ],
    }
    text = _text(("", *map(shown, found.names)), sections)
    notes = [f"{shown(name)}: not checked: {told}" for name, told in found.left.items()]
    return "\n".join([text, *notes])


def _text(head: Sequence[str], sections: Mapping[str, Sequence[Sequence[str]]]) -> str:
    """Sections one below the other, their columns aligned with one another."""
    rows: list[Sequence[str]] = [head]
    for name, inside in sections.items():
        if inside:
            rows += [
                (name, *[""] * (len(head) - 1)),
                *((f"  {row[0]}", *row[1:]) for row in inside),
            ]
        else:
            rows.append((f"{name}: the same", *[""] * (len(head) - 1)))
    return "\n".join(aligned(rows))


def _cells(row: ValueRow) -> tuple[str, ...]:
    return (shown(row.key), *map(value_text, row.values))


def _figures(row: MetricRow) -> tuple[str, ...]:
    return (shown(row.name), *_marked(row))


def _marked(row: MetricRow) -> Iterator[str]:
    for place, value in enumerate(row.values):
        if value is None:
            yield "-"
        else:
            figure = "NaN" if math.isnan(value) else f"{value:.6g}"
            yield f"{figure} *" if place in row.best else figure


def _layer(value: object) -> str:
    if not isinstance(value, Mapping):
        return "-"
    shapes = ", ".join(shown_shape(tuple(shape)) for shape in value["shapes"])
    frozen = "" if value["parameters"] == value["trainable"] else " (frozen in part)"
    return shown(f"{value['class']} {shapes} {value['parameters']:,}{frozen}")


def _cost(name: str, value: object) -> str:
    if value is ABSENT or not isinstance(value, int):
        return "-"
    if name.endswith("bytes"):
        return human_bytes(value)
    return human_count(value) if name == "flops" else f"{value:,}"
