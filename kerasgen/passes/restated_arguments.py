"""Arguments of older libraries whose value or place changes: each is computed anew.

This room owns the functions that say such an argument with today's. Names under which the same
value is written, and names that are written no more, stand in `former_arguments`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from kerasgen.catalog.entries import ClassEntry
from kerasgen.diagnostics import as_yaml
from kerasgen.ir.values import ObjectDef, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Former:
    """What became of an argument.

    Attributes:
        help: what to write today.
        means: the arguments that say it today, so that they are not told as missing too.
    """

    help: str
    means: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """An argument that its class does not have, as it was written.

    Attributes:
        definition: the object.
        found: its class.
        name: the argument.
        beside: the arguments that were written at the same place, in one mapping.
    """

    definition: ObjectDef
    found: ClassEntry
    name: str
    beside: frozenset[str]

    @property
    def value(self) -> Value:
        """The argument's value."""
        return self.definition.arguments[self.name]

    def place(self, *others: str) -> str:
        """The words for what is replaced: the argument, with others where they stand beside it."""
        there = [other for other in others if other in self.beside]
        if not there:
            return "in its place"
        return f"in place of {', '.join(f'`{other}`' for other in there)} and `{self.name}`"


def _decay(written: Written) -> Former:
    given, decay = written.definition.arguments, written.value
    rate = given.get("lr", given.get("learning_rate"))
    if isinstance(rate, ObjectDef):
        return Former(help=f"leave it out: the learning rate follows `{rate.cls}` already")
    if rate is None:
        default = written.found.parameters.get("learning_rate")
        rate = 0.01 if default is None or default.default is None else default.default
    if decay in (0, None):
        return Former(help="leave it out: a decay of 0 changes nothing")
    schedule = (
        f"{{class: InverseTimeDecay, initial_learning_rate: {as_yaml(rate)}, decay_steps: 1, "
        f"decay_rate: {as_yaml(decay)}}}"
    )
    return Former(
        help=f"write `learning_rate: {schedule}` {written.place('learning_rate', 'lr')}",
        means=("learning_rate",),
    )


def _betas(written: Written) -> Former | None:
    pair = written.value
    if not isinstance(pair, tuple) or len(pair) != 2:
        return None
    first, second = as_yaml(pair[0]), as_yaml(pair[1])
    return Former(
        help=f"write `beta_1: {first}` and `beta_2: {second}` in its place",
        means=("beta_1", "beta_2"),
    )


def _data_format(written: Written) -> Former | None:
    words = {"tf": "channels_last", "th": "channels_first", "default": None}
    value = written.value
    if not isinstance(value, str) or value not in words:
        return None
    word = words[value]
    if word is None:
        return Former(help="leave it out: it is the backend's `image_data_format`")
    return _entry("data_format", word)


def _entry(key: str, value: Value) -> Former:
    """Another key with another value; both are written in place of what stands there."""
    text = f"{key}: {as_yaml(value)}"
    return Former(help=f"write `{text}` in its place", means=(key,))


def _forget_bias(written: Written) -> Former | None:
    ones = {"one": True, "ones": True, "zero": False, "zeros": False}
    value = written.value
    if not isinstance(value, str) or value not in ones:
        return None
    return _entry("unit_forget_bias", ones[value])


def _kernel_sides(written: Written) -> Former | None:
    """The sides of a kernel or a pool, each of which was an argument of its own."""
    key = "kernel_size" if "kernel_size" in written.found.parameters else "pool_size"
    for sides in (("nb_row", "nb_col"), ("kernel_dim1", "kernel_dim2", "kernel_dim3")):
        there = [side for side in sides if side in written.definition.arguments]
        if written.name not in sides:
            continue
        if len(there) < len(sides) or key in written.definition.arguments:
            return Former(help=f"write `{key}: […]` in its place", means=(key,))
        lengths = ", ".join(as_yaml(written.definition.arguments[side]) for side in sides)
        listed = ", ".join(f"`{side}`" for side in sides[:-1])
        return Former(
            help=f"write `{key}: [{lengths}]` in place of {listed} and `{sides[-1]}`", means=(key,)
        )
    return None


def _period(written: Written) -> Former:
    if written.value == 1:
        return _entry("save_freq", "epoch")
    return Former(
        help="leave it out: Keras 3 counts in batches, `save_freq: …`, or saves after each epoch"
    )


def _uniform_scale(written: Written) -> Former | None:
    scale = written.value
    if isinstance(scale, bool) or not isinstance(scale, int | float):
        return None
    return Former(
        help=f"write `minval: {as_yaml(-scale)}` and `maxval: {as_yaml(scale)}` in its place",
        means=("minval", "maxval"),
    )


_Restate = Callable[[Written], Former | None]

RESTATED: Mapping[str, Mapping[str, _Restate]] = {
    "optimizer": {"decay": _decay, "betas": _betas},
    "convolution": {
        "dim_ordering": _data_format,
        "nb_row": _kernel_sides,
        "nb_col": _kernel_sides,
        "kernel_dim1": _kernel_sides,
        "kernel_dim2": _kernel_sides,
        "kernel_dim3": _kernel_sides,
    },
    "pooling": {"dim_ordering": _data_format},
    "layer": {"dim_ordering": _data_format},
    "recurrent": {"forget_bias_init": _forget_bias},
    "ModelCheckpoint": {"period": _period},
    "RandomUniform": {"scale": _uniform_scale},
}
"""Scope, then the former name, to the function that says it with today's arguments."""
