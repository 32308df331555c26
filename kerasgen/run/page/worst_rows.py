"""The predictions of a run that are furthest from the truth, as cards.

This room owns how far a prediction is off, and what is said of it. What a row of the data looks
like stands in `opened_rows`.

Decisions:
- Of classes the worst are those whose true class was given the least probability; only wrong ones
  are shown. Of numbers, windows and images the mean absolute error tells.
"""

from __future__ import annotations

import re

import numpy as np

from kerasgen.emit.page.blocks import Card, Cards, Image, Table
from kerasgen.ir.training import Array
from kerasgen.run.page.class_scores import label_probabilities
from kerasgen.run.page.classes import class_probabilities
from kerasgen.run.page.opened_rows import OpenedRows, png_of
from kerasgen.run.page.outcomes import Outcome
from kerasgen.run.page.wording import figure_text, moment_text, plural

MOST_CARDS = 12
"""Predictions that are shown."""

_NUMBER = re.compile(r"-?[\d,]+(\.\d+)?(e[+-]\d+)?%?|-?inf|nan", re.ASCII)
"""A number as a page tells it."""


def worst_rows(outcome: Outcome, data: OpenedRows | None) -> Cards | Table | None:
    """The worst predictions, rows of a table where they have nothing to see; None without any.

    Args:
        outcome: what was predicted.
        data: the opened data; None where it is not there.
    """
    if outcome.coding in ("indices", "one_hot", "binary"):
        cards = _classes(outcome, data) if outcome.true.ndim == 1 else []
    elif outcome.coding == "multi_hot":
        cards = _labels(outcome, data) if outcome.true.ndim == 2 else []
    else:
        cards = _amounts(outcome, data)
    if not cards:
        return None
    if any(card.images or card.svg is not None or card.text for card in cards):
        return Cards(cards=tuple(cards))
    names = list(dict.fromkeys(name for card in cards for name in card.facts))
    rows = tuple(
        (card.title.removeprefix("row "), *(card.facts.get(name, "") for name in names))
        for card in cards
    )
    numbers = (n for n, cells in enumerate(zip(*rows, strict=True)) if all(map(_is_number, cells)))
    return Table(head=("row", *names), rows=rows, numbers=frozenset(numbers), sortable=True)


def _is_number(cell: str) -> bool:
    return not cell or _NUMBER.fullmatch(cell) is not None


def _classes(outcome: Outcome, data: OpenedRows | None) -> list[Card]:
    found = class_probabilities(outcome)
    inside = (outcome.true >= 0) & (outcome.true < found.shape[-1])
    true = np.where(inside, outcome.true, 0)
    given = np.nan_to_num(found[np.arange(len(true)), true])
    told = np.nan_to_num(found, nan=-1.0).argmax(axis=-1)
    wrong = np.flatnonzero((told != true) & inside)
    order = wrong[np.argsort(given[wrong], kind="stable")][:MOST_CARDS]
    cards = []
    for place in order.tolist():
        facts = {
            "true": outcome.classes[int(true[place])],
            "predicted": f"{outcome.classes[int(told[place])]} "
            f"({float(found[place, told[place]]):.1%})",
            "true class got": f"{float(given[place]):.1%}",
        }
        cards.append(_card(place, facts, outcome, data))
    return cards


def _labels(outcome: Outcome, data: OpenedRows | None) -> list[Card]:
    given = label_probabilities(outcome.predicted)
    off = np.abs(given - outcome.true).sum(axis=-1)
    order = np.argsort(-off, kind="stable")[:MOST_CARDS]
    cards = []
    for place in order.tolist():
        sets = (outcome.true[place], given[place] > 0.5)
        true, told = (
            ", ".join(outcome.classes[n] for n in np.flatnonzero(each)[:10].tolist()) or "none"
            for each in sets
        )
        if true != told:
            cards.append(_card(place, {"true": true, "predicted": told}, outcome, data))
    return cards


def _amounts(outcome: Outcome, data: OpenedRows | None) -> list[Card]:
    true = outcome.true.astype("float64")
    gap = np.abs(outcome.predicted.astype("float64") - true).reshape(len(true), -1)
    off = np.nan_to_num(gap.mean(axis=1), nan=np.inf)
    order = np.argsort(-off, kind="stable")[:MOST_CARDS]
    cards = []
    for place in order.tolist():
        facts = {}
        if gap.shape[1] == 1:
            facts["true"] = figure_text(float(true[place].reshape(-1)[0]))
            facts["predicted"] = figure_text(float(outcome.predicted[place].reshape(-1)[0]))
        facts["off by" if gap.shape[1] == 1 else "mean absolute error"] = figure_text(
            float(off[place])
        )
        card = _card(place, facts, outcome, data)
        images = _images(true[place], outcome.predicted[place])
        cards.append(card if images is None else Card(title=card.title, facts=facts, images=images))
    return cards


def _images(true: Array, said: Array) -> tuple[Image, Image] | None:
    """What came in and what a model made of it, where both are images."""
    if true.ndim != 3 or true.shape[-1] not in (1, 3, 4):
        return None
    finite = true[np.isfinite(true)]
    ends = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    return (
        Image(png=png_of(true, ends), caption="true"),
        Image(png=png_of(said, ends), caption="predicted"),
    )


def _card(place: int, facts: dict[str, str], outcome: Outcome, data: OpenedRows | None) -> Card:
    rows = outcome.rows
    if rows is None:
        return Card(title=f"test row {place:,}", facts=facts)
    if rows.ndim > 1:  # a window of a forecast
        times = None if data is None else data.times_at(rows[place].reshape(-1))
        shown = rows[place].reshape(-1) if times is None else times
        ends = (moment_text(shown[0]), moment_text(shown[-1]))
        title = f"{ends[0]} to {ends[1]}" if times is not None else f"row {shown[0]:,}"
        return Card(title=title, facts={"steps": plural(len(shown), "step"), **facts})
    row = int(rows[place])
    title = f"row {row:,}"
    return Card(title=title, facts=facts) if data is None else data.card(row, title, facts)
