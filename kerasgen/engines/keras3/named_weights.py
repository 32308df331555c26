"""Weights of a file taken over layer by layer, by the names of the layers.

This room owns which layer of a model takes which weights of a file that another model may have
written, and what is said of those that do not fit. It makes no model of the file: only arrays and
names are read. How files hold arrays stands in `model_files`.

Decisions:
- A layer takes the weights of the layer that has its whole name (`encoder.conv1`). Where there is
  none, it takes those of the only one that has its own name, if no other layer has that too.
- A layer takes all of its weights or none. What fits is taken though other layers do not fit.
- Keras 3 numbers layers by their classes and writes names beside them; files without names are
  read by those numbers, and older files by their groups.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras.src.utils.naming import to_snake_case

from kerasgen.engines.keras3.encoded_values import Form, decoded
from kerasgen.engines.keras3.model_files.array_records import Array, Group, Grouped, Named
from kerasgen.engines.keras3.model_files.stored_arrays import open_named
from kerasgen.engines.keras3.model_files.weights.owners import variables_below
from kerasgen.engines.keras3.training_state import training_variables
from kerasgen.foreign.regular_files import ForeignFileError
from kerasgen.ir.training import TakenWeights, TrainingState

_LAYERS = "layers"


@dataclass(frozen=True, slots=True)
class _Layer:
    """A layer of the model that is to take weights.

    Attributes:
        name: its name, behind those of the models around it, with dots.
        path: the path at which Keras 3 would write it.
        made: the layer.
    """

    name: str
    path: str
    made: keras.Layer

    @property
    def weights(self) -> list[keras.Variable]:
        """What of it can be trained, and the rest of its weights after it."""
        parts = list(self.made._flatten_layers())
        found = [w for part in parts for w in part._trainable_variables]
        found += [w for part in parts for w in part._non_trainable_variables]
        return list({id(w): w for w in found}.values())


def layer_forms(model: keras.Model, forms: Sequence[Form]) -> dict[str, list[Form]]:
    """The forms of the weights of each layer, of those of all variables of a training in order."""
    known = {id(v): form for v, form in zip(training_variables(model), forms, strict=True)}
    return {
        layer.name: [known[id(w)] for w in weights]
        for layer in _layers_of(model)
        if (weights := layer.weights) and all(id(w) in known for w in weights)
    }


def take_weights(
    model: keras.Model, source: Path | TrainingState, inside: str | None
) -> TakenWeights:
    """Gives layers of a model the weights of a file, or those that they had in a state.

    Args:
        model: the model; its weights have memory.
        source: a `.keras` file, or one of weights, of any Keras; or the state of a training.
        inside: the name of the model in the file whose weights are meant, None for all of it.

    Returns:
        Which layers took theirs, which were not found, and which did not fit.

    Raises:
        ForeignFileError: it cannot be read, or holds no weights.
    """
    layers = [layer for layer in _layers_of(model) if layer.weights]
    own = Counter(layer.name.rpartition(".")[2] for layer in layers)
    taken, left, misfits = [], [], {}
    with _opened(source, inside) as known:
        for layer in layers:
            short = layer.name.rpartition(".")[2]
            there = known.find(layer, alone=own[short] == 1)
            if there is None:
                left.append(layer.name)
                continue
            arrays = there.of(layer)
            if (why := _misfit(layer, arrays)) is not None:
                misfits[layer.name] = why
                continue
            for variable, array in arrays:
                assert array is not None
                variable.assign(array.read().reshape(variable.shape))
            if isinstance(layer.made, keras.layers.Normalization):  # It works with copies.
                layer.made.finalize_state()
            taken.append(layer.name)
    return TakenWeights(taken=tuple(taken), left=tuple(left), misfits=misfits, known=known.names)


@contextlib.contextmanager
def _opened(source: Path | TrainingState, inside: str | None) -> Iterator[_Known]:
    """The layers of a file or a state; what a state holds must be what `layer_forms` gave."""
    if isinstance(source, Path):
        with open_named(source) as stored:
            yield _known(stored, inside)
        return
    told = source.facts.get("layers")
    found = {}
    for name, forms in told.items() if isinstance(told, Mapping) else ():
        try:
            values = [np.asarray(decoded(form, source.arrays)) for form in forms]
        except (KeyError, TypeError, ValueError) as error:
            raise ForeignFileError(f"holds no weights of `{name[:60]}`") from error
        arrays = [Array(name=name, shape=v.shape, read=partial(np.array, v)) for v in values]
        found[name] = _There(None, tuple(arrays))
    if not found:
        raise ForeignFileError("names no layers: an earlier version has written it")
    yield _Known(found, {})


def _layers_of(model: keras.Model, prefix: str = "", path: str = "") -> Iterator[_Layer]:
    counts: Counter[str] = Counter()
    for made in model.layers:
        word = to_snake_case(type(made).__name__)
        number = counts[word]
        counts[word] += 1
        at = f"{path}{_LAYERS}/{word}" + (f"_{number}" if number else "")
        if isinstance(made, keras.Model):
            yield from _layers_of(made, f"{prefix}{made.name}.", f"{at}/")
        else:
            yield _Layer(prefix + made.name, at, made)


def _misfit(layer: _Layer, arrays: Sequence[tuple[Any, Array | None]]) -> str | None:
    """Why arrays are no weights of a layer, None if they are."""
    for variable, array in arrays:
        if array is None:
            return f"there is no `{variable.name}` there"
        if tuple(array.shape) != tuple(variable.shape):
            there, here = tuple(array.shape), tuple(variable.shape)
            return f"`{variable.name}` is {there} there and {here} here"
    return None if arrays else "it has other weights there"


@dataclass(frozen=True, slots=True)
class _There:
    """The weights of one layer in a file: by their paths below it, or in their order."""

    below: Mapping[str, Array] | None
    ordered: tuple[Array, ...] = ()

    def of(self, layer: _Layer) -> list[tuple[keras.Variable, Array | None]]:
        """The weights of a layer, each with its array."""
        weights = layer.weights
        if self.below is None:
            same = len(weights) == len(self.ordered)
            return list(zip(weights, self.ordered, strict=True)) if same else []
        found: dict[int, Array] = {}
        for path, variable in variables_below(layer.made, ""):
            if (array := self.below.get(path.removeprefix("/"))) is not None:
                found.setdefault(id(variable), array)
        return [(variable, found.get(id(variable))) for variable in weights]


@dataclass(frozen=True, slots=True)
class _Known:
    """The layers of a file.

    Attributes:
        by_name: whole name to weights.
        by_path: the path of Keras 3 to weights, where the file names no layers.
    """

    by_name: Mapping[str, _There]
    by_path: Mapping[str, _There]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its layers."""
        return tuple(sorted(self.by_name))

    def find(self, layer: _Layer, *, alone: bool) -> _There | None:
        """The weights that are meant for a layer; `alone` where no other has its own name."""
        if not self.by_name:
            return self.by_path.get(layer.path)
        if layer.name in self.by_name:
            return self.by_name[layer.name]
        short = layer.name.rpartition(".")[2]
        same = [there for name, there in self.by_name.items() if name.rpartition(".")[2] == short]
        return same[0] if alone and len(same) == 1 else None


def _known(stored: Named | Grouped, inside: str | None) -> _Known:
    if isinstance(stored, Grouped):
        named = {name: _There(None, arrays) for name, arrays in _in_groups(stored.groups)}
        return _Known(named, {})
    leaves: dict[str, dict[str, Array]] = {}
    for path, array in stored.arrays.items():
        if (leaf := _leaf(path)) is not None:
            leaves.setdefault(leaf, {})[path.removeprefix(f"{leaf}/")] = array
    by_path = {leaf: _There(arrays) for leaf, arrays in leaves.items()}
    names = {leaf: _name(leaf, stored.names) for leaf in leaves}
    by_name = {name: by_path[leaf] for leaf, name in names.items() if name is not None}
    if inside is None:
        return _Known(by_name, by_path)
    around = f"{inside}."
    within = {n.removeprefix(around): t for n, t in by_name.items() if n.startswith(around)}
    return _Known(within, {})


def _leaf(path: str) -> str | None:
    """The path of the layer that an array belongs to: behind the innermost `layers`."""
    words = path.split("/")
    at = max((n for n in range(0, len(words) - 1, 2) if _chain(words, n)), default=None)
    return None if at is None else "/".join(words[: at + 2])


def _chain(words: Sequence[str], at: int) -> bool:
    """Whether a path is one of models inside models as far as a place."""
    return all(words[n] == _LAYERS for n in range(0, at + 1, 2))


def _name(leaf: str, names: Mapping[str, str]) -> str | None:
    """The whole name of a layer, None where one on its way has no name."""
    words = leaf.split("/")
    found = [names.get("/".join(words[: n + 2])) for n in range(0, len(words), 2)]
    return None if None in found else ".".join(str(name) for name in found)


def _in_groups(groups: Sequence[Group]) -> Iterator[tuple[str, tuple[Array, ...]]]:
    """The arrays of each layer by its name; a group of a model holds those of all layers in it."""
    for group in groups:
        inner: dict[str, list[Array]] = {}
        for array in group.arrays:
            inside, _, rest = array.name.partition("/")
            inner.setdefault(inside if rest else group.name, []).append(array)
        if len(inner) == 1:
            yield group.name, group.arrays
        for name, arrays in inner.items():
            if name != group.name:
                yield f"{group.name}.{name}".lstrip("."), tuple(arrays)
