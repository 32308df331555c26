"""Comparing configs that never ran: their words, their layers and what they cost.

This room owns which facts of configs stand beside one another. What is found out about each is the
business of `many_checks`: nothing is trained, and no data is opened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kerasgen.diagnostics import CompileError, Diagnostic, Severity
from kerasgen.frontend.compose.config_folders import ConfigPlace
from kerasgen.ir.canonical import ABSENT
from kerasgen.ir.program import Program
from kerasgen.registry import NOBODY, Trust
from kerasgen.session.composed_config import compose_config
from kerasgen.session.session import Session
from kerasgen.session.states import CLOSED, UNREAD, Parsed
from kerasgen.verbs.compare import config_rows, require_several, rows_report
from kerasgen.verbs.compared_values import ValueRow
from kerasgen.verbs.many_checks import Case, Checked, Manner, check_many

TOTALS = ("parameters", "trainable", "flops", "parameter_bytes", "training_bytes")
"""What a model costs, as the report of a check has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigComparison:
    """Several configs beside one another.

    Attributes:
        names: what each is called.
        config: what differs between them as they are written.
        layers: the layers in which their models differ.
        totals: what their models cost; none for one whose model follows from its data.
        left: what was not looked at, by the name of the config.
    """

    names: tuple[str, ...]
    config: tuple[ValueRow, ...]
    layers: tuple[ValueRow, ...]
    totals: tuple[ValueRow, ...]
    left: Mapping[str, str]

    def report(self) -> dict[str, object]:
        """All of it as plain data; a config that lacks a value is left out beside the others."""
        return {
            "schema": 1,
            "configs": list(self.names),
            "config": rows_report(self.config, self.names),
            "layers": rows_report(self.layers, self.names),
            "totals": rows_report(self.totals, self.names),
            "unchecked": dict(self.left),
        }


def compare_configs(
    configs: Sequence[tuple[str, Sequence[str]]], place: ConfigPlace, trust: Trust = NOBODY
) -> ConfigComparison:
    """Compares configs with the first of them.

    Args:
        configs: what each is called, and its overrides.
        place: where configs are looked for.
        trust: modules whose parts they may name.

    Raises:
        CompileError: KG630, there are not two of them, or one is named twice; another code, one has
            mistakes.
    """
    names = [name for name, _ in configs]
    require_several(names)
    cases = [Case(name=name, overrides=tuple(words)) for name, words in configs]
    checked = check_many(cases, Manner(place=place, trust=trust))
    if errors := [found for made in checked for found in _errors(made)]:
        raise CompileError(errors)
    written = [_written(case, place, trust) for case in cases]
    left = {made.case.name: "; ".join(made.report["unchecked"]) for made in checked}
    return ConfigComparison(
        names=tuple(names),
        config=tuple(config_rows([pair[0] for pair in written], [pair[1] for pair in written])),
        layers=tuple(_layer_rows(checked)),
        totals=tuple(_total_rows(checked)),
        left={name: told for name, told in left.items() if told},
    )


def _errors(made: Checked) -> list[Diagnostic]:
    return [found for found in made.diagnostics if found.severity is Severity.ERROR]


def _written(
    case: Case, place: ConfigPlace, trust: Trust
) -> tuple[Mapping[str, Any], Program | None]:
    """A config as plain data, and as a program if it is one without its data."""
    composition = compose_config(case.overrides, place, trust)
    config = Session(composition, UNREAD).resolved.config
    try:
        found = Session(composition, CLOSED).parsed
    except CompileError:
        return config, None
    return config, found.program if isinstance(found, Parsed) else None


def _layer_rows(checked: Sequence[Checked]) -> list[ValueRow]:
    """The layers that not all models have alike; those of the first first, in their order."""
    models = [{layer["name"]: layer for layer in made.report["layers"]} for made in checked]
    rows = []
    for name in dict.fromkeys(name for model in models for name in model):
        values = tuple(_layer(model[name]) if name in model else ABSENT for model in models)
        if any(value != values[0] for value in values):
            rows.append(ValueRow(key=name, values=values))
    return rows


def _layer(layer: Mapping[str, Any]) -> dict[str, object]:
    return {key: layer[key] for key in ("class", "shapes", "parameters", "trainable", "flops")}


def _total_rows(checked: Sequence[Checked]) -> list[ValueRow]:
    totals = [made.report["totals"] or {} for made in checked]
    return [
        ValueRow(key=name, values=tuple(total.get(name, ABSENT) for total in totals))
        for name in TOTALS
    ]
