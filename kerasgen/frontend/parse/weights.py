"""Parsing of weights: of classes, by their names or indices, and of rows, by a column.

This room owns the forms in which weights are written, under `data.weights` and under
`fit.class_weight`. It must not know the classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from kerasgen.diagnostics import Sink, describe, did_you_mean
from kerasgen.frontend.grammar import join
from kerasgen.frontend.sections import check_value
from kerasgen.ir.data import DataDef, WeightsDef
from kerasgen.ir.program import FitDef
from kerasgen.ir.values import Tree

BALANCED = "balanced"
BALANCES = (BALANCED, "oversample", "undersample")
"""What evens classes out: weights, rows that are repeated, rows that are left out."""


def parse_weights(section: Tree, sink: Sink) -> WeightsDef | None:
    """Parses `data.weights`: a column, `{class: balanced}`, or weights by class."""
    if section is None:
        return None
    if isinstance(section, str):
        return WeightsDef(column=section)
    if not isinstance(section, Mapping) or not section:
        sink.report(
            "KG204",
            f"`data.weights` is {describe(section)}, expected a column, or weights by class",
            key="data.weights",
            help="write `weights: {class: balanced}`, or the name of a column",
        )
        return None
    word = section.get("class")
    if not isinstance(word, str):
        return WeightsDef(classes=weights_by_class(section, "data.weights", sink))
    if word not in BALANCES or len(section) > 1:
        known = ", ".join(f"`{balance}`" for balance in BALANCES)
        sink.report(
            "KG205",
            f"`class` is {describe(word)}, expected one of {known}, and nothing beside it",
            key="data.weights.class",
            help=did_you_mean(word, BALANCES),
        )
        return None
    return WeightsDef(balance=word)  # type: ignore[arg-type]  # it is one of them


def parse_class_weight(
    value: Tree, path: str, sink: Sink
) -> Mapping[int | str, float] | Literal["balanced"] | None:
    """Parses `fit.class_weight`: weights by class, or `balanced`."""
    if value is None:
        return None
    if value == BALANCED:
        return "balanced"
    if not isinstance(value, Mapping):
        sink.report(
            "KG204",
            f"`class_weight` is {describe(value)}, expected a mapping from class "
            "index to weight, or `balanced`",
            key=path,
            help="write `balanced` for weights that even out the classes"
            if value in ("auto", "balance")
            else None,
        )
        return None
    return weights_by_class(value, path, sink)


def weights_by_class(section: Mapping[str, Tree], path: str, sink: Sink) -> dict[int | str, float]:
    """Class index or name to weight."""
    weights: dict[int | str, float] = {}
    for key, weight in section.items():
        known = check_value(weight, float, join(path, key), Sink())
        if not known or not isinstance(weight, int | float):
            sink.report(
                "KG204",
                f"class `{key}` has {describe(weight)}, expected a number",
                key=join(path, key),
            )
        else:
            weights[int(key) if str(key).isdigit() else str(key)] = float(weight)
    return weights


def with_weights_of_data(fit: FitDef, data: DataDef, sink: Sink) -> FitDef:
    """The fit group with the weights of classes that the data group says."""
    weights = data.weights
    if weights is None:
        return fit
    if fit.class_weight is not None:
        sink.report(
            "KG204",
            "`data.weights` and `fit.class_weight` both say how much rows count",
            key="fit.class_weight",
            help="leave one of the two out",
        )
    if weights.balance == BALANCED:
        return replace(fit, class_weight="balanced")
    return fit if weights.classes is None else replace(fit, class_weight=weights.classes)
