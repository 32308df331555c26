"""A trained model with the fitted steps of its data before it: one Keras model of raw columns.

This room owns how a step of `data.prepare` is said with layers and ops of Keras, so that the file
loads in a process that has Keras alone. Which steps these are says `passes.held_preparation`.

Decisions:
- The trained model is a layer of the new one, under its own name, and stays what it was.
- A tensor has the axes that the column has in NumPy: numbers come in as `(rows, 1)`, since Keras
  feeds them so, and lose that axis until a layer or a stack wants it.
- Of a forecast the rows of all windows are one axis for the steps, and windows again behind them.
- No constant is NaN: files of strangers are read as JSON, which has none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import keras
import numpy as np
from keras import ops

from kerasgen.catalog.entries import Catalog
from kerasgen.engine import Learned
from kerasgen.engines.keras3.generators import undisturbed
from kerasgen.engines.keras3.preprocessing import StepFunction
from kerasgen.ir.graph import Call
from kerasgen.ir.values import ObjectDef
from kerasgen.ir.walks import references_in
from kerasgen.passes.held_preparation import RawInput, RawInputs, TrainedInput
from kerasgen.passes.preparation import learned_definition
from kerasgen.runtime.category_steps import number_word

Tensors: TypeAlias = "dict[str, Any]"
"""Symbolic tensors by name."""

_TRIES = 3
"""Ops name themselves after those before them, and a column may have such a name."""


def with_preparation(model: Any, raw: RawInputs, catalog: Catalog) -> Any:
    """Makes a model of raw columns.

    Args:
        model: the trained model.
        raw: what it holds, and what it takes.
        catalog: where class names are found.

    Raises:
        ValueError: columns have names that no model can have.
        Exception: Keras refuses a step on symbolic tensors.
    """
    with undisturbed():
        for number in range(_TRIES):
            try:
                return _composed(model, raw, catalog)
            except ValueError as error:
                if "should be unique" not in str(error) or number == _TRIES - 1:
                    raise
        raise AssertionError("the last try gives a model or raises")


def _composed(model: Any, raw: RawInputs, catalog: Catalog) -> Any:
    held = raw.held
    inputs = {
        name: keras.Input(
            shape=one.spec.shape[1:],
            batch_size=one.spec.shape[0],
            dtype=one.spec.dtype,
            name=name,
        )
        for name, one in raw.inputs.items()
    }
    tensors: Tensors = {one.tensor: _opened(inputs[name], one) for name, one in raw.inputs.items()}
    work = _Work(raw=raw, tensors=tensors, catalog=catalog)
    for call in held.preparation.graph.calls:
        if call.name in held.inside:
            tensors[call.name] = work.made(call)
    fed = []
    for name, end in raw.ends.items():
        reference = held.preparation.inputs[name].name
        fed.append(_fed(work.in_windows(reference, end), end.spec.dtype, end.first))
    outputs = model(fed if len(fed) > 1 else fed[0])
    return keras.Model(inputs=inputs, outputs=outputs, name=f"{model.name}_of_raw_columns")


def _opened(tensor: Any, one: RawInput) -> Any:
    """An input as the steps take it: a row after the other."""
    if one.rows is not None:
        return ops.reshape(tensor, (-1, *tensor.shape[2:]))
    return ops.squeeze(tensor, -1) if one.single else tensor


def _fed(tensor: Any, dtype: str, first: bool) -> Any:
    """A tensor as the trained model takes it."""
    if len(tensor.shape) == 1:
        tensor = ops.expand_dims(tensor, -1)
    if keras.backend.standardize_dtype(tensor.dtype) != dtype:
        tensor = ops.cast(tensor, dtype)
    rank = len(tensor.shape)
    return ops.transpose(tensor, (0, rank - 1, *range(1, rank - 1))) if first else tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """The graph while it is written."""

    raw: RawInputs
    tensors: Tensors
    catalog: Catalog

    def made(self, call: Call) -> Any:
        """What a step or a stack makes of the tensors before it."""
        preparation = self.raw.held.preparation
        names = list(dict.fromkeys(r.name for r in references_in(call.operands)))
        taken = [self._rows(name, self.raw.rows.get(call.name)) for name in names]
        if call.name in preparation.stacks:
            return _stacked(taken)
        definition = preparation.graph.layers[call.layer].definition
        assert isinstance(definition, ObjectDef)
        learned = self.raw.learned.get(call.name, {})
        if self.catalog.find(definition.cls, ("step",)) is not None:
            arguments = {**definition.arguments, **_plain(learned)}
            return _OWN[definition.cls](arguments, *taken)
        definition = learned_definition(definition, _plain(learned))
        if definition.cls.startswith("ops."):
            step = StepFunction(definition, call, self.catalog)
            return step(dict(zip(names, taken, strict=True)))
        named = {"name": self.title(call.name), **definition.arguments}
        step = StepFunction(replace(definition, arguments=named), call, self.catalog)
        outcome = step({n: _as_rows(tensor) for n, tensor in zip(names, taken, strict=True)})
        single = all(len(tensor.shape) == 1 for tensor in taken)
        return ops.squeeze(outcome, -1) if single and outcome.shape[1:] == (1,) else outcome

    def in_windows(self, name: str, end: TrainedInput) -> Any:
        """A tensor as windows of rows, where the model takes these."""
        tensor = self._rows(name, end.rows)
        if end.rows is None:
            return tensor
        return ops.reshape(tensor, (-1, end.rows, *(tensor.shape[1:] or (1,))))

    def _rows(self, name: str, wanted: int | None) -> Any:
        """The rows of a tensor, of a forecast the first of each window that are wanted."""
        tensor, rows = self.tensors[name], self.raw.rows.get(name)
        if wanted is None or rows is None or rows == wanted:
            return tensor
        whole = ops.reshape(tensor, (-1, rows, *tensor.shape[1:]))
        return ops.reshape(whole[:, :wanted], (-1, *tensor.shape[1:]))

    def title(self, name: str) -> str:
        """What the layer of a step is called."""
        title = name.replace("/", "_")
        return f"{title}_step" if title in {*self.raw.inputs, self.raw.model} else title


def _plain(learned: Learned) -> dict[str, Any]:
    return {name: array.tolist() for name, array in learned.items()}


def _as_rows(tensor: Any) -> Any:
    return ops.expand_dims(tensor, -1) if len(tensor.shape) == 1 else tensor


def _stacked(tensors: Sequence[Any]) -> Any:
    """Joins columns along their last axis; whole numbers join others as float32."""
    pieces = [_as_rows(tensor) for tensor in tensors]
    if len({keras.backend.standardize_dtype(piece.dtype) for piece in pieces}) > 1:
        pieces = [ops.cast(piece, "float32") for piece in pieces]
    return ops.concatenate(pieces, axis=-1) if len(pieces) > 1 else pieces[0]


def _impute(arguments: Mapping[str, Any], values: Any) -> Any:
    if not _is_float(values):
        return values
    fill = np.asarray(arguments["fill"], dtype="float32")
    filling = ops.convert_to_tensor(fill) if fill.ndim else float(fill)
    return ops.where(ops.isnan(values), filling, values)


def _is_missing(arguments: Mapping[str, Any], values: Any) -> Any:
    del arguments
    return ops.cast(ops.isnan(values) if _is_float(values) else values * 0, "float32")


def _log_scale(arguments: Mapping[str, Any], values: Any) -> Any:
    del arguments
    numbers = ops.cast(values, "float32")
    return ops.sign(numbers) * ops.log1p(ops.absolute(numbers))


def _categories(arguments: Mapping[str, Any], values: Any) -> Any:
    words = list(arguments["vocabulary"])
    one_hot = arguments.get("output", "index") == "one_hot"
    if keras.backend.standardize_dtype(values.dtype) == "string":
        table = keras.layers.StringLookup(vocabulary=words)
        places = ops.cast(ops.squeeze(table(_as_rows(values)), -1), "int32")
    else:
        hits, known = _hits(words, values)
        at = ops.convert_to_tensor(np.asarray([words.index(w) + 1 for w in known], "float32"))
        places = ops.cast(ops.sum(hits * at, axis=-1), "int32")
    if not one_hot:
        return places
    every = ops.convert_to_tensor(np.arange(len(words) + 1, dtype="int32"))
    return ops.cast(ops.equal(ops.expand_dims(places, -1), every), "float32")


def _ordinal(arguments: Mapping[str, Any], values: Any) -> Any:
    order = [str(word) for word in arguments["order"]]
    hits, known = _hits(order, values)
    steps = max(1, len(order) - 1)
    ranks = np.asarray([order.index(word) / steps for word in known], dtype="float32")
    found = ops.sum(hits * ops.convert_to_tensor(ranks), axis=-1)
    return found / ops.max(hits, axis=-1)  # 0 / 0 where a number has no rank


def _hits(words: Sequence[str], values: Any) -> tuple[Any, list[str]]:
    """Which of the words each number is, `(rows, words)`; and those words that are numbers."""
    dtype = keras.backend.standardize_dtype(values.dtype)
    numbers: dict[str, Any] = {}
    for word in words:
        number = _as_number(str(word), dtype)
        if number is not None:
            numbers[word] = number
    if not numbers:
        raise ValueError("no word of the vocabulary is a number")
    known = ops.convert_to_tensor(np.asarray(list(numbers.values()), dtype=dtype))
    return ops.cast(ops.equal(ops.expand_dims(values, -1), known), "float32"), list(numbers)


def _as_number(word: str, dtype: str) -> Any:
    """The number that is written as a word; None for none."""
    try:
        number = np.asarray(float(word) if dtype.startswith("float") else int(word), dtype=dtype)
    except (ValueError, OverflowError):
        return None
    return number if number_word(number.item()) == word else None


def _is_float(values: Any) -> bool:
    return str(keras.backend.standardize_dtype(values.dtype)).startswith("float")


_OWN: Mapping[str, Callable[..., Any]] = {
    "Impute": _impute,
    "IsMissing": _is_missing,
    "LogScale": _log_scale,
    "Categories": _categories,
    "Ordinal": _ordinal,
}
"""Our own step to what does the same on symbolic tensors."""
