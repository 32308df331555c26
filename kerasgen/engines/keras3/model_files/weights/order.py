"""Whose weights the arrays of a file are: groups go to layers, and their arrays to places.

This room owns the orders in which versions of Keras wrote the weights of models inside models. It
must not know Keras or files. A layer's own order is the business of `layer_forms`.

Decisions:
- A group belongs to the layer of its name; where not all names are found, as in a file of weights
  whose model was made again, groups go by order, as in Keras.
- Models inside a model wrote what is trained first, of all their layers, and the rest after it;
  later versions wrote layer after layer. Which it was shows in the shapes, and where those leave a
  choice, in the names.
- What does not fit is an error, with the shapes: weights are never cut or left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from kerasgen.engines.keras3.model_files.array_records import Array, Group, Grouped, Values
from kerasgen.engines.keras3.model_files.layer_forms import (
    Form,
    Layer,
    Slot,
    Writer,
    forms_of,
    steepened,
)

Step: TypeAlias = tuple[int, Literal["trained", "kept"]]
"""Number of a layer, and which half of its weights comes."""


class MisfitError(Exception):
    """Weights that do not fit their model; the text is a message.

    Attributes:
        code: the code of its diagnostic.
    """

    def __init__(self, message: str, *, code: str = "KG618") -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Top:
    """A layer of the outermost model with all layers inside it that own weights."""

    name: str
    layers: tuple[Layer, ...]


@dataclass(frozen=True, slots=True)
class Fit:
    """A layer with the arrays of the file that are its weights."""

    layer: Layer
    form: Form
    arrays: tuple[Array, ...]

    def values(self) -> list[Values]:
        """Reads them, and makes today's weights of them."""
        return steepened(self.layer, self.form.convert([array.read() for array in self.arrays]))


def fit_weights(tops: Sequence[Top], stored: Grouped, writer: Writer) -> list[Fit]:
    """Finds the arrays of every layer.

    Args:
        tops: the layers of the model, in the order of the file.
        stored: the arrays of the file.
        writer: what wrote it.

    Raises:
        MisfitError: an array has no place, or a place no array.
    """
    fits: list[Fit] = []
    for group, layers in _paired(tops, stored.groups):
        fits += _fitted(group, layers, writer)
    placed = {id(fit.layer) for fit in fits}
    for top in tops:
        for layer in top.layers:
            if id(layer) not in placed:
                raise MisfitError(f"the file holds no weights of {_title(layer)}")
    return fits


def _paired(
    tops: Sequence[Top], groups: Sequence[Group]
) -> Iterator[tuple[Group, tuple[Layer, ...]]]:
    filled = [group for group in groups if group.arrays]
    owners = [top for top in tops if top.layers]
    known = _by_name(owners)
    if len(filled) == 1 and not filled[0].name:
        # Rows are named after their layers, and may stand in the order of those names.
        named = _divided(filled[0])
        if not all(group.name in known for group in named):
            yield filled[0], tuple(layer for top in tops for layer in top.layers)
            return
        filled = named
    if all(group.name in known for group in filled):
        for group in filled:
            yield group, known[group.name]
        return
    if len(filled) != len(owners):
        unknown = next((group.name for group in filled if group.name not in known), "")
        raise MisfitError(
            f"the file holds weights of {len(filled)} layers, expected {len(owners)}"
            + (f"; the model has no layer `{unknown}`" if unknown else "")
        )
    for group, top in zip(filled, owners, strict=True):
        yield group, top.layers


def _by_name(owners: Sequence[Top]) -> dict[str, tuple[Layer, ...]]:
    """The layers that stand under a name, that of a layer inside a model too."""
    known = {top.name: top.layers for top in owners}
    for top in owners:
        for layer in top.layers:
            for depth, name in enumerate(layer.names[1:], 1):
                same = tuple(x for x in top.layers if x.names[depth : depth + 1] == (name,))
                known.setdefault(name, same)
    return known


def _divided(row: Group) -> list[Group]:
    """A row of arrays as groups, by the first word of their names."""
    groups: dict[str, list[Array]] = {}
    for array in row.arrays:
        groups.setdefault(array.name.partition("/")[0], []).append(array)
    return [Group(name=name, arrays=tuple(arrays)) for name, arrays in groups.items()]


def _fitted(group: Group, layers: tuple[Layer, ...], writer: Writer) -> list[Fit]:
    """The arrays of one group with their layers, in the order that fits best."""
    best: list[Fit] | None = None
    for order in _orders(layers):
        found = _in_order(group.arrays, layers, order, writer)
        if found is not None and (best is None or _likeness(found) > _likeness(best)):
            best = found
    if best is None:
        raise _misfit(group, layers, writer)
    return best


def _orders(layers: Sequence[Layer]) -> list[list[Step]]:
    numbers = range(len(layers))
    trained: list[Step] = [(i, "trained") for i in numbers]
    kept: list[Step] = [(i, "kept") for i in numbers]
    by_layer = [step for i in numbers for step in (trained[i], kept[i])]
    frozen = [i for i in numbers if not layers[i].trainable]
    flagged = [trained[i] for i in numbers if i not in frozen]
    for i in numbers:
        flagged += [trained[i], kept[i]] if i in frozen else [kept[i]]
    tops: list[Step] = []
    for name in dict.fromkeys(layer.names[0] for layer in layers):
        inside = [i for i in numbers if layers[i].names[0] == name]
        tops += [trained[i] for i in inside] + [kept[i] for i in inside]
    return [flagged, trained + kept, by_layer, tops]


def _in_order(
    arrays: Sequence[Array], layers: Sequence[Layer], order: Sequence[Step], writer: Writer
) -> list[Fit] | None:
    """The arrays with their layers, taken in an order; None where the shapes do not agree."""
    at = 0
    forms: dict[int, Form] = {}
    taken: dict[Step, tuple[Array, ...]] = {}
    for step in order:
        number, half = step
        likely = [forms[number]] if number in forms else forms_of(layers[number], writer)
        form = next((form for form in likely if _agrees(arrays[at:], _half(form, half))), None)
        if form is None:
            return None
        forms[number] = form
        end = at + len(_half(form, half))
        taken[step] = tuple(arrays[at:end])
        at = end
    if at != len(arrays):
        return None
    return [
        Fit(layer, forms[i], taken[(i, "trained")] + taken[(i, "kept")])
        for i, layer in enumerate(layers)
    ]


def _half(form: Form, half: Literal["trained", "kept"]) -> tuple[Slot, ...]:
    return form.trained if half == "trained" else form.kept


def _agrees(arrays: Sequence[Array], slots: Sequence[Slot]) -> bool:
    return len(arrays) >= len(slots) and all(
        array.shape == slot.shape for array, slot in zip(arrays, slots, strict=False)
    )


_WORDS = {
    "kernel": "W",
    "bias": "b",
    "recurrent_kernel": "U",
    "embeddings": "W",
    "alpha": "alphas",
    "moving_mean": "running_mean",
    "moving_variance": "running_std",
}
"""What Keras 1 called them."""


def _likeness(fits: Sequence[Fit]) -> int:
    """How many names speak for an order: those of roles, and those of layers."""
    count = 0
    for fit in fits:
        slots = (*fit.form.trained, *fit.form.kept)
        for array, slot in zip(fit.arrays, slots, strict=True):
            name = re.sub(r":\d+$", "", array.name)
            tail = name.rpartition("/")[2]
            words = (slot.role, _WORDS.get(slot.role, slot.role))
            count += any(re.fullmatch(rf"(.*_)?{word}(_\d+)?", tail) is not None for word in words)
            count += fit.layer.names[-1] in name.split("/")
    return count


def _misfit(group: Group, layers: Sequence[Layer], writer: Writer) -> MisfitError:
    """What is wrong with a group that fits in no order, told by the first."""
    arrays, at = group.arrays, 0
    title = f" in the group `{group.name}`" if group.name else ""
    for number, half in _orders(layers)[0]:
        layer = layers[number]
        forms = forms_of(layer, writer)
        fitting = [form for form in forms if _agrees(arrays[at:], _half(form, half))]
        if fitting:
            at += len(_half(fitting[0], half))
            continue
        slots = _half(forms[0], half)
        for slot, array in zip(slots, arrays[at:], strict=False):
            if slot.shape != array.shape:
                return MisfitError(
                    f"{_title(layer)} takes a `{slot.role}` of the shape {slot.shape}, and the "
                    f"file holds `{array.name}` of the shape {array.shape}{title}"
                )
        return MisfitError(
            f"the file ends before the weights of {_title(layer)}: it holds {len(arrays)} "
            f"arrays{title}"
        )
    return MisfitError(
        f"the file holds {len(arrays)} arrays{title}, and its layers take {at} of them"
    )


def _title(layer: Layer) -> str:
    return f"`{'/'.join(layer.names)}` (`{layer.old_class}`)"
