"""The pictures of a run: learning curves, confusion matrix, predicted against true values.

This room owns how results are drawn. It takes plain rows and arrays, and must not know where
they come from. Style and file are those of `figures`.

Decisions:
- The colors of a confusion matrix are shares of the true class, so that a rare class is as
  visible as a frequent one; its numbers are counts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerasgen.run.figures import BLUE, GRAY, VERMILION, short_text, written_figure

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

    Array = np.ndarray[Any, Any]

MOST_NUMBERED_CLASSES = 20
"""Classes up to which the cells of a confusion matrix carry numbers."""

MOST_TICKS = 30
"""Class names that fit beside a confusion matrix; of more, every n-th is written."""


def draw_learning_curves(
    path: Path,
    rows: Sequence[Mapping[str, float]],
    title: str | None = None,
    *,
    kept: int | None = None,
) -> None:
    """Draws the loss and each metric over the epochs, training and validation together.

    Args:
        path: the PNG to write.
        rows: one mapping an epoch, as `write_history` takes them; `epoch` counts from 1 and is
            the row's place if it is left out. `val_loss` is the validation curve of `loss`.
        title: title of the picture.
        kept: the epoch, from 1, whose weights were kept, where that is not the last one.

    Raises:
        OSError: the file cannot be written.
    """
    panels = panel_names(rows)
    columns = min(len(panels), 3)
    lines = math.ceil(len(panels) / columns) if panels else 1
    columns = columns or 1
    with written_figure(path, (max(4.6 * columns, 6.4), 3.7 * lines + 0.4)) as figure:
        grid = figure.subplots(lines, columns, squeeze=False)
        for axes in grid.flat[len(panels) :]:
            axes.set_axis_off()
        for axes, name in zip(grid.flat, panels, strict=False):
            draw_panel(axes, rows, name, kept)
        if not panels:
            grid[0, 0].text(0.5, 0.5, "no epoch was finished", ha="center", color=GRAY)
        if title:
            figure.suptitle(short_text(title, 90))


def draw_confusion_matrix(
    path: Path, true: ArrayLike, predicted: ArrayLike, class_names: Sequence[str]
) -> None:
    """Draws how often each class was taken for each other one.

    Args:
        path: the PNG to write.
        true: class indices, one a sample.
        predicted: predicted class indices, one a sample.
        class_names: names of the classes, in the order of their indices.

    Raises:
        OSError: the file cannot be written.
        ValueError: the arrays differ in length, or hold an index without a name.
    """
    counts = _count_pairs(true, predicted, len(class_names))
    side = min(max(4.2, 2.2 + 0.46 * len(class_names)), 12.0)
    with written_figure(path, (side + 1.6, side + 0.8)) as figure:
        axes = figure.subplots()
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        totals = counts.sum(axis=1, keepdims=True)
        shares = counts / totals.clip(min=1)
        image = axes.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0, interpolation="nearest")
        bar = figure.colorbar(image, ax=axes, shrink=0.8, aspect=28, pad=0.02)
        bar.set_label("share of the true class")
        bar.outline.set_visible(False)
        cell = 72 * 0.75 * side / max(len(class_names), 1)  # points, roughly
        _name_classes(axes, class_names, cell)
        if len(class_names) <= MOST_NUMBERED_CLASSES:
            _number_cells(axes, counts, shares, cell)
        samples, right = int(counts.sum()), int(counts.trace())
        accuracy = f"accuracy {right / samples:.4g}, " if samples else ""
        axes.set_title(f"{accuracy}{samples:,} {'sample' if samples == 1 else 'samples'}", pad=10)


def draw_predicted_vs_true(
    path: Path, true: ArrayLike, predicted: ArrayLike, title: str | None = None
) -> None:
    """Draws predicted against true values, with the diagonal, R² and mean absolute error.

    Args:
        path: the PNG to write.
        true: true values; several columns are drawn as one.
        predicted: predicted values, as many.
        title: title of the picture.

    Raises:
        OSError: the file cannot be written.
        ValueError: the arrays differ in size.
    """
    wanted, given = _flat(true), _flat(predicted)
    if wanted.size != given.size:
        raise ValueError(f"{wanted.size} true values, but {given.size} predicted ones")
    with written_figure(path, (6.0, 6.0)) as figure:
        draw_points(figure.subplots(), wanted, given, title)


def draw_points(
    axes: Axes, true: Array, predicted: Array, title: str | None = None, most: int | None = None
) -> None:
    """Draws predicted against true values, a point each.

    Args:
        axes: where.
        true: true values, one axis.
        predicted: predicted values, as many.
        title: title of the picture.
        most: points that are drawn, spread evenly over the rows; None for all.
    """
    finite = (abs(true) < math.inf) & (abs(predicted) < math.inf)
    dropped = int(finite.size - finite.sum())
    wanted, given = true[finite], predicted[finite]
    if wanted.size:
        low, high = min(wanted.min(), given.min()), max(wanted.max(), given.max())
        margin = 0.04 * (high - low) or 1.0
        ends = (low - margin, high + margin)
        axes.plot(ends, ends, color=GRAY, linestyle="--", linewidth=1.2, label="predicted = true")
        axes.set(xlim=ends, ylim=ends)
        axes.legend(loc="upper left")
    size = float(min(max(3000 / max(wanted.size, 1), 8), 36))
    alpha = float(min(max(1500 / max(wanted.size, 1), 0.08), 0.8))
    step = 1 if most is None else max(math.ceil(wanted.size / most), 1)
    axes.scatter(wanted[::step], given[::step], s=size, alpha=alpha, color=BLUE, linewidths=0)
    axes.set_aspect("equal")
    axes.set(xlabel="true value", ylabel="predicted value")
    head = short_text(title, 60) + "\n" if title else ""
    axes.set_title(head + _fit_text(wanted, given, dropped))


def panel_names(rows: Sequence[Mapping[str, float]]) -> list[str]:
    """What gets a panel of its own: the loss first, then the metrics in their order."""
    names = dict.fromkeys(name for row in rows for name in row if name not in ("epoch", "seconds"))
    panels = dict.fromkeys(_without_prefix(name, names) for name in names)
    rate = {row["learning_rate"] for row in rows if "learning_rate" in row}
    if len(rate) == 1:
        del panels["learning_rate"]  # a constant is no curve
    return sorted(panels, key=lambda name: {"loss": 0, "learning_rate": 2}.get(name, 1))


def _without_prefix(name: str, names: Mapping[str, Any]) -> str:
    stem = name.removeprefix("val_")
    return stem if stem in names else name


def draw_panel(
    axes: Axes, rows: Sequence[Mapping[str, float]], name: str, kept: int | None = None
) -> None:
    """Draws one figure over the epochs, training and validation together.

    Args:
        axes: where.
        rows: as for `draw_learning_curves`.
        name: the figure, without `val_`.
        kept: the epoch whose weights were kept, None for the last one.
    """
    from matplotlib.ticker import MaxNLocator, NullFormatter

    shown: list[float] = []
    broken: set[int] = set()
    paired = any(f"val_{name}" in row for row in rows)
    for key, label, color, marker in (
        (name, "training", BLUE, "o"),
        (f"val_{name}", "validation", VERMILION, "s"),
    ):
        points = [
            (epoch_of(row, place), float(row[key]))
            for place, row in enumerate(rows, 1)
            if row.get(key) is not None
        ]
        broken |= {epoch for epoch, value in points if not math.isfinite(value)}
        shown += [value for _, value in points if math.isfinite(value)]
        if points:
            axes.plot(
                [epoch for epoch, _ in points],
                [value if math.isfinite(value) else math.nan for _, value in points],
                color=color,
                label=label,
                linestyle="-" if key == name else (0, (5, 1.5)),
                linewidth=1.8,
                marker=marker if len(points) <= 25 else "",
                markersize=4.5,
            )
    axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True, min_n_ticks=1))
    last = max(epoch_of(row, place) for place, row in enumerate(rows, 1))
    margin = max(0.03 * (last - 1), 0.3)
    axes.set_xlim(1 - min(margin, 0.9), last + margin)
    axes.set_xlabel("epoch")
    axes.set_title(short_text(name.replace("_", " "), 40))
    if shown and min(shown) > 0 and max(shown) > 1000 * min(shown):
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter(NullFormatter())
    if kept is not None:
        axes.axvline(kept, color=GRAY, linestyle=":", linewidth=1.4, label="weights kept")
    if (paired and shown) or kept is not None:
        axes.legend()
    if broken:
        epochs = "epoch" if len(broken) == 1 else "epochs"
        note = f"not finite in {len(broken)} {epochs}, first in epoch {min(broken)}"
        axes.text(0.02, 0.03, note, transform=axes.transAxes, color=VERMILION, fontsize=10)


def epoch_of(row: Mapping[str, float], place: int) -> int:
    """The number of the epoch of a row, its place where the row does not say it."""
    return int(row.get("epoch", place))


def _count_pairs(true: ArrayLike, predicted: ArrayLike, classes: int) -> Array:
    """The confusion matrix: rows are true classes, columns predicted ones; counts."""
    import numpy as np

    rows, columns = (np.ravel(np.asarray(part)).astype(np.int64) for part in (true, predicted))
    if rows.size != columns.size:
        raise ValueError(f"{rows.size} true classes, but {columns.size} predicted ones")
    both = np.concatenate([rows, columns])
    if both.size and (both.min() < 0 or both.max() >= classes):
        raise ValueError(f"class {both.min()} to {both.max()}, but {classes} class names")
    return np.bincount(rows * classes + columns, minlength=classes**2).reshape(classes, classes)


def _name_classes(axes: Axes, class_names: Sequence[str], cell: float) -> None:
    step = math.ceil(len(class_names) / MOST_TICKS)
    places = range(0, len(class_names), step)
    names = [short_text(class_names[place], 22, tail=8) for place in places]
    size = 10 if len(names) <= 16 else 8
    longest = max((len(name) for name in names), default=0)
    fits = 0.7 * size * longest < cell * step
    turn: dict[str, Any] = {} if fits else {"rotation": 45, "ha": "right"}
    axes.set_xticks(places, names, fontsize=size, rotation_mode="anchor", **turn)
    axes.set_yticks(places, names, fontsize=size)
    axes.tick_params(length=0)
    axes.set(xlabel="predicted class", ylabel="true class")


def _number_cells(axes: Axes, counts: Array, shares: Array, cell: float) -> None:
    digits = len(f"{counts.max(initial=0)}")
    size = max(5.0, min(13.0, cell / (0.75 * max(digits, 2))))
    for row, column in (
        (row, column) for row in range(len(counts)) for column in range(len(counts))
    ):
        count, share = int(counts[row, column]), shares[row, column]
        color = "white" if share > 0.55 else "#222222" if count else "#BBBBBB"
        axes.text(column, row, str(count), ha="center", va="center", color=color, fontsize=size)


def _flat(values: ArrayLike) -> Array:
    import numpy as np

    return np.ravel(np.asarray(values)).astype(np.float64)


def _fit_text(true: Array, predicted: Array, dropped: int) -> str:
    """R² (1 minus the residual over the total sum of squares) and mean absolute error."""
    parts = []
    if true.size:
        spread = float(((true - true.mean()) ** 2).sum())
        residual = float(((true - predicted) ** 2).sum())
        parts.append(f"R² {1 - residual / spread:.4g}" if spread else "R² not defined")
        parts.append(f"MAE {abs(true - predicted).mean():.4g}")
    parts.append(f"{true.size:,} {'sample' if true.size == 1 else 'samples'}")
    if dropped:
        parts.append(f"{dropped:,} not finite")
    return ", ".join(parts)
