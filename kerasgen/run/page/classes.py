"""How well a run tells classes apart: confusion matrix, figures of each class, curves of two.

This room owns which of them are shown, and how many. The formulas stand in `class_scores`.
"""

from __future__ import annotations

import numpy as np

from kerasgen.emit.page.blocks import (
    Block,
    Cell,
    Folded,
    Note,
    Picture,
    Pictures,
    Svg,
    Table,
)
from kerasgen.ir.training import Array
from kerasgen.run.figures import BLUE, GRAY, styled_figure, svg_text
from kerasgen.run.page.class_scores import (
    TwoClassCurves,
    are_probabilities,
    confusion_counts,
    label_probabilities,
    probabilities,
    thinned,
    two_class_curves,
)
from kerasgen.run.page.outcomes import Outcome
from kerasgen.run.page.wording import figure_text, plural

MOST_MATRIX = 25
"""Classes up to which a confusion matrix is shown."""

MOST_CLASSES = 200
"""Classes whose figures are listed."""

MOST_PAIRS = 15
"""Pairs of classes of which is told how often one is taken for the other."""

MOST_POINTS = 400
"""Points of a curve."""


def class_blocks(outcome: Outcome) -> list[Block]:
    """What is shown of an output that tells one class of several."""
    scores, true = _flat(outcome)
    counted = (true >= 0) & (true < len(outcome.classes)) & np.isfinite(scores).all(axis=-1)
    told = chosen_classes(scores)
    left = int(true.size - counted.sum())
    scores, true, told = scores[counted], true[counted], told[counted]
    blocks: list[Block] = []
    if left:
        rows = plural(left, "place" if outcome.true.ndim > 1 else "row")
        blocks.append(
            Note(text=f"{rows} left out: no class, or a score that is no number.", tone="warning")
        )
    if not true.size:
        return blocks
    counts = confusion_counts(true, told, len(outcome.classes))
    if len(outcome.classes) <= MOST_MATRIX:
        blocks.append(_matrix(counts, outcome.classes))
    if (pairs := _pairs(counts, outcome.classes)) is not None:
        blocks.append(pairs)
    each = _each_class(counts, outcome.classes)
    blocks.append(Folded(title="precision and recall of each class", blocks=(each,)))
    if len(outcome.classes) == 2:
        positive = scores[:, -1]
        curves = two_class_curves(true, positive.astype("float64"))
        if curves is not None:
            blocks.append(_curves(curves, outcome))
    return blocks


def label_blocks(outcome: Outcome) -> list[Block]:
    """What is shown of an output that tells any number of labels."""
    scores = outcome.predicted.reshape(-1, outcome.predicted.shape[-1])
    true = outcome.true.reshape(scores.shape)
    given = label_probabilities(scores) > 0.5
    rows = []
    for place, name in enumerate(outcome.classes[:MOST_CLASSES]):
        right = int((true[:, place] & given[:, place]).sum())
        wanted, said = int(true[:, place].sum()), int(given[:, place].sum())
        rows.append((name, f"{wanted:,}", f"{said:,}", *_shares(right, said, wanted)))
    return [
        Table(
            head=("label", "rows that have it", "predicted", "precision", "recall", "F1"),
            rows=tuple(rows),
            numbers=frozenset(range(1, 6)),
            sortable=True,
        )
    ]


def chosen_classes(scores: Array) -> Array:
    """The class that each row of scores speaks for."""
    if scores.shape[-1] > 1:
        return np.asarray(np.nan_to_num(scores, nan=-np.inf).argmax(axis=-1))
    # A score without an activation turns at 0.
    return np.asarray(scores[..., 0] > (0.5 if are_probabilities(scores) else 0.0), dtype="int64")


def class_probabilities(outcome: Outcome) -> Array:
    """The probability of each class, rows first; two columns also where there is one score."""
    scores = outcome.predicted
    found = probabilities(scores, are_probabilities(scores.reshape(-1, scores.shape[-1])))
    return np.concatenate([1.0 - found, found], axis=-1) if found.shape[-1] == 1 else found


def _flat(outcome: Outcome) -> tuple[Array, Array]:
    scores = outcome.predicted.reshape(-1, outcome.predicted.shape[-1])
    return scores, outcome.true.reshape(-1)


def _matrix(counts: Array, classes: tuple[str, ...]) -> Table:
    totals = counts.sum(axis=1)
    rows = []
    for row, name in enumerate(classes):
        cells: list[Cell | str] = [name]
        for column, other in enumerate(classes):
            count = int(counts[row, column])
            share = count / int(totals[row]) if totals[row] else 0.0
            hint = f"{name} taken for {other}: {count:,} of {int(totals[row]):,}"
            cells.append(Cell(text=f"{count:,}", share=share, bold=row == column, hint=hint))
        rows.append(tuple(cells))
    right, samples = int(counts.trace()), int(counts.sum())
    return Table(
        head=("true \\ predicted", *classes),
        rows=tuple(rows),
        caption=f"Confusion matrix: {right:,} of {samples:,} right ({right / samples:.4g}). "
        "Colors are shares of the true class.",
        numbers=frozenset(range(1, len(classes) + 1)),
        matrix=True,
    )


def _pairs(counts: Array, classes: tuple[str, ...]) -> Table | None:
    wrong = counts.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:MOST_PAIRS]
    totals = counts.sum(axis=1)
    rows = []
    for place in order.tolist():
        row, column = divmod(place, len(classes))
        if not (count := int(wrong[row, column])):
            break
        share = count / int(totals[row])
        rows.append((classes[row], classes[column], f"{count:,}", f"{share:.1%}"))
    if not rows or len(classes) == 2:
        return None
    return Table(
        head=("true", "taken for", "rows", "share of the true class"),
        rows=tuple(rows),
        caption="Most frequent confusions",
        numbers=frozenset({2, 3}),
        sortable=True,
    )


def _each_class(counts: Array, classes: tuple[str, ...]) -> Table:
    rows = []
    for place, name in enumerate(classes[:MOST_CLASSES]):
        right, wanted, said = (
            int(counts[place, place]),
            int(counts[place].sum()),
            int(counts[:, place].sum()),
        )
        rows.append((name, f"{wanted:,}", f"{said:,}", *_shares(right, said, wanted)))
    return Table(
        head=("class", "rows", "predicted", "precision", "recall", "F1"),
        rows=tuple(rows),
        numbers=frozenset(range(1, 6)),
        sortable=True,
    )


def _shares(right: int, said: int, wanted: int) -> tuple[str, str, str]:
    """Precision, recall and F1; empty where there is nothing to divide by."""
    precision = f"{right / said:.4g}" if said else ""
    recall = f"{right / wanted:.4g}" if wanted else ""
    return precision, recall, f"{2 * right / (said + wanted):.4g}" if said + wanted else ""


def _curves(curves: TwoClassCurves, outcome: Outcome) -> Pictures:
    positive = outcome.classes[1]
    share = float((outcome.true == 1).mean())
    identity = "".join(c for c in outcome.name if c.isascii() and c.isalnum())[:20]
    roc = _curve(
        (curves.false_positive, curves.true_positive),
        ("false positive rate", "true positive rate"),
        ((0.0, 1.0), (0.0, 1.0)),
        f"roc{identity}",
    )
    recall = _curve(
        (curves.true_positive, curves.precision),
        ("recall", "precision"),
        ((0.0, 1.0), (share, share)),
        f"pr{identity}",
    )
    return Pictures(
        pictures=(
            Picture(
                svg=roc,
                caption=f"Receiver operating characteristic of {positive}: "
                f"area {figure_text(curves.area)}",
            ),
            Picture(
                svg=recall,
                caption=f"Precision and recall of {positive}: "
                f"average precision {figure_text(curves.average_precision)}",
            ),
        )
    )


def _curve(
    points: tuple[Array, Array],
    labels: tuple[str, str],
    chance: tuple[tuple[float, float], tuple[float, float]],
    identity: str,
) -> Svg:
    """One curve in the unit square, beside what chance would give."""
    places = thinned(len(points[0]), MOST_POINTS)
    with styled_figure((4.6, 4.2)) as figure:
        axes = figure.subplots()
        axes.plot(*chance, color=GRAY, linestyle="--", linewidth=1.2, label="chance")
        axes.plot(points[0][places], points[1][places], color=BLUE, linewidth=1.8, label="model")
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.04), xlabel=labels[0], ylabel=labels[1])
        axes.legend()
        return Svg(svg_text(figure, identity))
