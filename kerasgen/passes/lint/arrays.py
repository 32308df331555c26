"""Rules of lint that need the rows: what the prepared arrays hold, beside the model.

It owns what is certain about values, labels and parts once the data is open. Arrays are channels
last, after `data.prepare`; the training part speaks for the ranges, since the others must not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np

from kerasgen.diagnostics import Sink
from kerasgen.ir.program import loss_name
from kerasgen.ir.values import ObjectDef
from kerasgen.passes.lint.flat_graph import WEIGHTED
from kerasgen.passes.lint.rules import lint_length
from kerasgen.passes.lint.unseen_classes import help_for_unseen
from kerasgen.passes.lint.view import LintView, Place, ScoredOutput, advise, written_at

Array: TypeAlias = np.ndarray[Any, Any]

_REACH: Mapping[str, tuple[float, float]] = {
    "sigmoid": (0, 1), "hard_sigmoid": (0, 1), "softmax": (0, 1), "sparsemax": (0, 1),
    "relu": (0, np.inf), "relu6": (0, 6), "softplus": (0, np.inf), "exponential": (0, np.inf),
    "squareplus": (0, np.inf), "tanh": (-1, 1), "hard_tanh": (-1, 1), "softsign": (-1, 1),
    "elu": (-1, np.inf), "selu": (-1.7581, np.inf), "log_sigmoid": (-np.inf, 0),
}  # fmt: skip
"""What an activation can give: smallest and largest value."""

_DOMAINS: Mapping[str, tuple[float, float]] = {
    "binarycrossentropy": (0, 1), "bce": (0, 1), "categoricalcrossentropy": (0, 1),
    "kldivergence": (0, 1), "kld": (0, 1), "poisson": (0, np.inf),
    "meansquaredlogarithmicerror": (0, np.inf), "msle": (0, np.inf),
}  # fmt: skip
"""Targets for which a loss is defined: smallest and largest value."""

_RELATIVE = ("meanabsolutepercentageerror", "mape")
_SLACK = 1e-3
"""How far beyond its bound a value may lie and still be taken for rounded."""

_IMAGE_LIMIT, _TABLE_LIMIT = 32, 1000
"""Sizes from which numbers of an image, or of a table, are not scaled for certain."""

_MUCH_SHARED = 0.2
"""Share of a part from which rows of the training part are warned of."""


class PartArrays(Protocol):
    """The arrays of one part, rows first: inputs and targets by name, one target may have none."""

    @property
    def x(self) -> Mapping[str, Array]:
        """Input name to array."""

    @property
    def y(self) -> Mapping[str, Array]:
        """Output name to targets; the name is empty for one unnamed."""


class RowsInTwo(Protocol):
    """Rows of a part that are rows of the training part too."""

    @property
    def share(self) -> float:
        """Their share of the part."""

    @property
    def first(self) -> tuple[int, int]:
        """The first of them and its equal, as row numbers of the source from 1."""

    @property
    def crowded(self) -> bool:
        """Whether rows of so few values must repeat by themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayView:
    """What a rule on rows sees.

    Attributes:
        view: the program.
        parts: the parts that there are, `training` first.
        shared: part to the rows that it shares with the training part.
    """

    view: LintView
    parts: Mapping[str, PartArrays]
    shared: Mapping[str, RowsInTwo]

    def targets(self, part: str, end: ScoredOutput) -> Array:
        """The targets of an output in a part."""
        y = self.parts[part].y
        return y[end.output.name] if end.output.name in y else y[""]

    def target_place(self, end: ScoredOutput) -> Place:
        """Where the target of an output is written."""
        data = self.view.program.data
        if not data.target:
            return "data.features", "value"
        name = end.output.name
        return (f"data.target.{name}" if name in data.target else "data.target"), "value"


def lint_arrays(
    view: LintView,
    parts: Mapping[str, PartArrays | None],
    shared: Mapping[str, RowsInTwo],
    sink: Sink,
) -> None:
    """Applies every rule that needs the rows.

    Args:
        view: the program.
        parts: name to prepared part, `training` first; None for one that is not there.
        shared: part to the rows that it shares with the training part.
        sink: gets the warnings.
    """
    there = {name: part for name, part in parts.items() if part is not None}
    lint_length(view, len(next(iter(there["training"].x.values()))), sink)
    arrays = ArrayView(view=view, parts=there, shared=shared)
    for rule in ARRAY_RULES:
        rule(arrays, sink)


def labels_out_of_range(arrays: ArrayView, sink: Sink) -> None:
    """KG761: labels for which the output has no score."""
    for end in arrays.view.outputs:
        labels = arrays.targets("training", end)
        units = end.units
        if end.output.labels.coding not in ("indices", "binary") or units is None:
            continue
        classes = 2 if units == 1 else units
        ignored = (
            end.loss.arguments.get("ignore_class") if isinstance(end.loss, ObjectDef) else None
        )
        labels = labels if ignored is None else labels[labels != ignored]
        if not labels.size:
            continue
        low, high = labels.min(), labels.max()
        if low < 0 or high >= classes:
            advise(
                sink,
                "KG761",
                f"the labels of `{end.output.name}` go from {low:g} to {high:g}, and it gives "
                f"{units} score{'s' if units > 1 else ''}",
                arrays.target_place(end),
                mend=f"count the labels from 0 to {classes - 1}, or write `units: {int(high) + 1}`"
                + (
                    "; for places that count for nothing write `loss: {class: "
                    "SparseCategoricalCrossentropy, ignore_class: "
                    f"{int(high) if high >= classes else int(low)}}}`"
                )
                * bool(end.output.labels.places),
                reason="the loss of such a sample is 0, NaN or an error, as the backend likes",
            )


def targets_out_of_reach(arrays: ArrayView, sink: Sink) -> None:
    """KG762: targets that the last activation can never give."""
    for end in arrays.view.outputs:
        reach = _REACH.get(end.activation or "")
        if end.output.labels.coding != "amounts" or reach is None or end.last is None:
            continue
        values = arrays.targets("training", end)
        beyond = _beyond(values, *reach)
        if beyond and not _undefined(end, values):
            advise(
                sink,
                "KG762",
                f"`{end.activation}` of `{end.last.name}` gives {_interval(*reach)}, and "
                f"{_share(beyond, values.size)} of the targets lie outside: they go from "
                f"{_number(values.min())} to {_number(values.max())}",
                written_at(end.last, "activation"),
                mend="take the activation of the last layer out, or scale the targets under "
                "`data.prepare`",
                reason="the model settles at the nearest value that it can give",
            )


def targets_undefined(arrays: ArrayView, sink: Sink) -> None:
    """KG763: targets for which the loss is not defined."""
    for end in arrays.view.outputs:
        if end.output.labels.coding != "amounts":
            continue
        values = arrays.targets("training", end)
        count = _undefined(end, values)
        if not count:
            continue
        relative = end.word in _RELATIVE
        expected = "targets other than 0" if relative else _interval(*_DOMAINS[end.word])
        advise(
            sink,
            "KG763",
            f"`{loss_name(end.loss)}` expects {expected}, and {_share(count, values.size)} of "
            f"the targets of `{end.output.name}` "
            + ("are 0" if relative else f"go from {_number(values.min())} to "
               f"{_number(values.max())}"),
            end.place,
            mend="write `loss: mean_absolute_error`"
            if relative
            else "write `loss: mean_squared_error`, or scale the targets under `data.prepare`",
            reason="Keras divides by 1e-7 in their place: these samples outweigh all others"
            if relative
            else "the loss has no minimum there, or cuts the targets off",
        )  # fmt: skip


def unscaled_inputs(arrays: ArrayView, sink: Sink) -> None:
    """KG764: large numbers that go straight into a layer with weights."""
    view = arrays.view
    for name, values in arrays.parts["training"].x.items():
        readers = view.readers(name)
        if not readers or not all(WEIGHTED.fullmatch(reader.cls) for reader in readers):
            continue
        if values.dtype.kind not in "iuf" or not values.size:
            continue
        image = values.ndim >= 3
        high, low = float(values.max()), float(values.min())
        if max(high, -low) <= (_IMAGE_LIMIT if image else _TABLE_LIMIT):
            continue
        step = (
            f"scale: {{class: Rescaling, scale: {1 / 255:.6g}}}"
            if image and low >= 0 and 100 < high <= 255
            else "standardize: Normalization"
        )
        advise(
            sink,
            "KG764",
            f"the input `{name}` goes from {_number(low)} to {_number(high)}, straight into "
            f"`{readers[0].name}` ({readers[0].cls})",
            ("data.features", "value"),
            mend=f"write `{step}` under `data.prepare`",
            reason="initial weights are made for numbers near 1: the first steps are far too large",
        )


def embedding_values(arrays: ArrayView, sink: Sink) -> None:
    """KG765: an Embedding is a table with a row for each whole number."""
    view = arrays.view
    for name, values in arrays.parts["training"].x.items():
        for reader in view.readers(name):
            rows = reader.definition.arguments.get("input_dim")
            if reader.cls != "Embedding" or not isinstance(rows, int) or not values.size:
                continue
            low, high = float(values.min()), float(values.max())
            broken = values.dtype.kind == "f" and bool((values != np.rint(values)).any())
            if broken or low < 0 or high >= rows:
                advise(
                    sink,
                    "KG765",
                    f"`{reader.name}` has the rows 0 to {rows - 1}, and `{name}` "
                    + ("holds fractions" if broken else f"goes from {low:g} to {high:g}"),
                    written_at(reader, "input_dim"),
                    mend="an `Embedding` is for ids: use `Dense` for amounts"
                    if broken
                    else f"write `input_dim: {int(high) + 1}`"
                    if low >= 0
                    else "count the ids from 0",
                    reason="fractions are cut off, and many values become one row"
                    if broken
                    else "a row that is not there is NaN, another row, or an error, as the "
                    "backend likes",
                )


def rows_shared(arrays: ArrayView, sink: Sink) -> None:
    """KG767: rows that the model was trained on tell nothing about others."""
    if arrays.view.program.data.windows is not None:
        return  # A series may repeat itself, and its windows overlap.
    for part, shared in arrays.shared.items():
        if shared.crowded or shared.share < _MUCH_SHARED:
            continue
        row, equal = shared.first
        advise(
            sink,
            "KG767",
            f"{shared.share:.0%} of the {part} rows are also rows of the training part, row {row} "
            f"as row {equal} for one",
            (f"data.split.{part}", "value"),
            mend="the source gives both parts: take the rows that they share out of one"
            if getattr(arrays.view.program.data.split, part, None) == "given"
            else "take repeated rows out of the source: drawn at random, their copies come to "
            "lie in both parts",
            reason=f"for these rows the figures of the {part} part say what the model "
            "remembers, not what it makes of rows that it has not seen",
        )


def classes_unseen(arrays: ArrayView, sink: Sink) -> None:
    """KG768: a class that no training row has is never predicted."""
    for end in arrays.view.outputs:
        if not end.output.labels.one_of_many and end.output.labels.coding != "binary":
            continue
        if end.output.target is None:
            continue
        known = np.unique(_labels(arrays.targets("training", end), end))
        for part in list(arrays.parts)[1:]:
            labels = _labels(arrays.targets(part, end), end)
            new = ~np.isin(labels, known)
            if new.mean() >= 0.01:
                classes = ", ".join(f"{label:g}" for label in np.unique(labels[new])[:5])
                what = "labels" if end.output.labels.places else "rows"
                every = [_labels(arrays.targets(name, end), end) for name in arrays.parts]
                rows = np.unique(np.concatenate(every), return_counts=True)[1]
                split, places = arrays.view.program.data.split, end.output.labels.places
                mend, reason = help_for_unseen(split, part, rows.tolist(), places=bool(places))
                advise(
                    sink,
                    "KG768",
                    f"{new.mean():.0%} of the {part} {what} are of classes that no training row "
                    f"has: {classes}",
                    (f"data.split.{part}", "value"),
                    mend=mend,
                    reason=reason,
                )


def sorted_labels(arrays: ArrayView, sink: Sink) -> None:
    """KG769: batches of one class each pull the model to and fro."""
    fit = arrays.view.program.fit
    for end in arrays.view.outputs if not fit.shuffle else ():
        form = end.output.labels
        if form.places or not (form.one_of_many or form.coding == "binary"):
            continue
        labels = _labels(arrays.targets("training", end), end)
        changes = int((labels[1:] != labels[:-1]).sum())
        classes = len(np.unique(labels))
        if classes > 1 and changes == classes - 1 and len(labels) > 2 * fit.batch_size:
            advise(
                sink,
                "KG769",
                f"the training rows are sorted by the labels of `{end.output.name}`, and are not "
                "shuffled",
                ("fit.shuffle", "value"),
                mend="write `fit.shuffle: true`",
                reason="most batches hold one class, and the last one wins",
            )


ARRAY_RULES: Sequence[Callable[[ArrayView, Sink], None]] = (
    labels_out_of_range,
    targets_out_of_reach,
    targets_undefined,
    unscaled_inputs,
    embedding_values,
    rows_shared,
    classes_unseen,
    sorted_labels,
)


def _beyond(values: Array, low: float, high: float) -> int:
    """How many values lie outside an interval, by more than rounding."""
    under = values < low - _SLACK * max(1.0, abs(low)) if np.isfinite(low) else False
    over = values > high + _SLACK * max(1.0, abs(high)) if np.isfinite(high) else False
    return int(np.count_nonzero(under | over))


def _undefined(end: ScoredOutput, values: Array) -> int:
    if end.word in _RELATIVE:
        return int((np.abs(values) < 1e-7).sum())
    return _beyond(values, *_DOMAINS[end.word]) if end.word in _DOMAINS else 0


def _interval(low: float, high: float) -> str:
    if np.isinf(high):
        return f"values from {low:g}"
    return f"values up to {high:g}" if np.isinf(low) else f"values from {low:g} to {high:g}"


def _number(value: Any) -> str:
    return f"{float(value):.6g}"


def _share(count: int, size: int) -> str:
    return f"{count / size:.0%}" if count / size >= 0.01 else "a few"


def _labels(targets: Array, end: ScoredOutput) -> Array:
    """The class indices of all rows and places, one after the other."""
    one_hot = end.output.labels.coding == "one_hot"
    return (targets.argmax(axis=-1) if one_hot else targets).reshape(-1)
