"""Random models in the config language: plain data, the same for the same seed.

This room owns the drawing of models that are in order: chains and branches, merges, shared and
nested models, blocks, repetitions and conditions, layers with several outputs, and every form in
which inputs and outputs can be written. It must not know how a model is compiled; it keeps the
shapes of what it has drawn itself, so that all that it draws fits together.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

Shape = tuple[int, ...]
Entry = dict[str, Any] | str

_SIZES = (2, 3, 4)
"""Few sizes: equal shapes meet often, and an engine compiles each only once."""

_BLOCKS: dict[str, Any] = {
    "gate": {
        "parameters": {"units": "???", "gated": True, "depth": 1},
        "layers": {
            "hidden": {
                "class": "Dense",
                "units": "$units",
                "activation": "tanh",
                "repeat": "$depth",
            },
            "open": {"if": "$gated", "class": "Dense", "units": "$units", "from": "input"},
            "product": {"class": "Multiply", "from": ["hidden", "open"], "if": "$gated"},
        },
    },
    "pair": {
        "parameters": {"units": 3, "twice": "$units * 2"},
        "inputs": ["a", "b"],
        "layers": {
            "left": {"class": "Dense", "units": "$units", "from": "a"},
            "right": {"class": "Dense", "units": "$units", "from": "b"},
            "sum": {"class": "Add", "from": ["left", "right"]},
            "wide": {"class": "Dense", "units": "$twice", "from": "sum"},
        },
        "outputs": {"sum": "sum", "wide": "wide"},
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomModel:
    """A model and what it takes.

    Attributes:
        section: the `model` section of a config.
        inputs: input name to shape, without the axis of the samples.
    """

    section: dict[str, Any]
    inputs: dict[str, Shape]


@dataclass(frozen=True, slots=True)
class _Tensor:
    """A drawn tensor: how `from` writes it, the entry it comes from, and its shape."""

    ref: str
    entry: str
    shape: Shape


@dataclass(slots=True)
class _Sketch:
    """A model that is being drawn.

    Attributes:
        random: where chance comes from.
        prefix: of the names of its entries.
        entries: what was drawn.
        tensors: what may be taken.
        taken: entries that something takes.
        layers: entries that may be called again, with the shape that they take.
        last: the tensor that an entry takes by default; None where it must say `from`.
    """

    random: Random
    prefix: str = "n"
    entries: dict[str, Entry] = field(default_factory=dict)
    tensors: list[_Tensor] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    layers: dict[str, tuple[Shape, Shape]] = field(default_factory=dict)
    last: str | None = None

    def take(self, fits: Callable[[Shape], bool] = lambda shape: True) -> _Tensor | None:
        """A tensor of a fitting shape; the later ones are likelier."""
        pool = [tensor for tensor in self.tensors if fits(tensor.shape)]
        if not pool:
            return None
        return pool[-1] if self.random.random() < 0.5 else self.random.choice(pool)

    def add(
        self, entry: dict[str, Any], takes: _Tensor | None, shapes: list[Shape], name: str = ""
    ) -> str:
        """Writes an entry down, with `from` where it is needed, and sometimes where it is not."""
        name = name or f"{self.prefix}{len(self.entries)}"
        if takes is not None:
            self.taken.add(takes.entry)
            if takes.ref != self.last or self.random.random() < 0.2:
                entry = {**entry, "from": takes.ref}
        plain = set(entry) == {"class"} and self.random.random() < 0.7
        self.entries[name] = entry["class"] if plain else entry
        several = len(shapes) > 1
        for index, shape in enumerate(shapes):
            ref = f"{name}.{index}" if several else name
            self.tensors.append(_Tensor(ref=ref, entry=name, shape=shape))
        self.last = None if several else name
        return name

    def size(self) -> int:
        return self.random.choice(_SIZES)


def random_model(seed: int) -> RandomModel:
    """The model of a seed."""
    random = Random(f"kerasgen model {seed}")
    if random.random() < 0.15:
        return _chain_as_list(random)
    return _graph(random)


def _chain_as_list(random: Random) -> RandomModel:
    """A chain whose entries have no names."""
    sketch = _Sketch(random)
    shape = _draw_shape(random)
    sketch.tensors.append(_Tensor(ref="input", entry="input", shape=shape))
    sketch.last = "input"
    for _ in range(random.randint(1, 6)):
        tensor = sketch.tensors[-1]
        entry, made = random.choice(_steps(tensor.shape))(sketch, tensor.shape)
        sketch.add(entry, None, [made])
    entries = list(sketch.entries.values())
    return RandomModel(section={"layers": entries}, inputs={"input": shape})


def _graph(random: Random) -> RandomModel:
    sketch = _Sketch(random)
    names = (
        ["input"]
        if random.random() < 0.4
        else ["left", "right", "third"][: random.choice((1, 2, 2, 3))]
    )
    inputs: dict[str, Shape] = {}
    for name in names:
        alike = bool(inputs) and random.random() < 0.5
        inputs[name] = random.choice(list(inputs.values())) if alike else _draw_shape(random)
        sketch.tensors.append(_Tensor(ref=name, entry=name, shape=inputs[name]))
    sketch.last = names[0] if len(names) == 1 else None
    blocks: set[str] = set()
    moves = _MOVES if random.random() < 0.8 else _MOVES[:4]
    for _ in range(random.randint(2, 12)):
        used = random.choice(moves)(sketch)
        if used:
            blocks.add(used)
    for name in names:
        if name not in sketch.taken:
            shape = inputs[name]
            sketch.add(
                {"class": "Flatten"}, _Tensor(ref=name, entry=name, shape=shape), [_flat(shape)]
            )
    return RandomModel(section=_section(sketch, inputs, blocks), inputs=inputs)


def _section(sketch: _Sketch, inputs: dict[str, Shape], blocks: set[str]) -> dict[str, Any]:
    random = sketch.random
    section: dict[str, Any] = {}
    if blocks:
        section["blocks"] = {name: _BLOCKS[name] for name in sorted(blocks)}
    if list(inputs) != ["input"] or random.random() < 0.5:
        section["inputs"] = {name: {"shape": list(shape)} for name, shape in inputs.items()}
    section["layers"] = sketch.entries
    ends = _ends(sketch)
    _splice(sketch)
    if ends == [sketch.last] and random.random() < 0.7 and not _spliced(sketch):
        return section
    form = random.randrange(3)
    if len(ends) == 1 and form == 0:
        section["outputs"] = ends[0]
    elif form == 1:
        section["outputs"] = {f"out{index}": ref for index, ref in enumerate(ends)}
    else:
        section["outputs"] = ends
    return section


def _spliced(sketch: _Sketch) -> bool:
    return any(isinstance(entry, dict) and "after" in entry for entry in sketch.entries.values())


def _ends(sketch: _Sketch) -> list[str]:
    """A tensor of every entry that nothing takes."""
    ends: dict[str, str] = {}
    for tensor in sketch.tensors:
        if tensor.entry in sketch.entries and tensor.entry not in sketch.taken:
            ends.setdefault(tensor.entry, tensor.ref)
    return list(ends.values())


def _splice(sketch: _Sketch) -> None:
    """Sometimes writes an entry at the end that goes in behind another."""
    random = sketch.random
    plain = [name for name in sketch.entries if any(t.ref == name for t in sketch.tensors)]
    takers = list(sketch.entries)
    behind = [
        name
        for name in plain
        if name != takers[-1]
        and isinstance(entry := sketch.entries[takers[takers.index(name) + 1]], dict)
        and not {"from", "repeat", "block"} & set(entry)
    ]
    if behind and random.random() < 0.3:
        sketch.entries["spliced"] = {"class": "ops.tanh", "after": random.choice(behind)}


def _draw_shape(random: Random) -> Shape:
    return tuple(random.choice(_SIZES) for _ in range(random.choice((1, 1, 2, 2, 3))))


def _flat(shape: Shape) -> Shape:
    size = 1
    for length in shape:
        size *= length
    return (size,)


Step = Callable[[_Sketch, Shape], tuple[dict[str, Any], Shape]]
"""Draws a layer with one input: its entry without `from`, and the shape that it gives."""


def _dense(sketch: _Sketch, shape: Shape) -> tuple[dict[str, Any], Shape]:
    units = sketch.size()
    entry: dict[str, Any] = {"class": "Dense", "units": units}
    if sketch.random.random() < 0.5:
        entry["activation"] = sketch.random.choice(("relu", "tanh", "softmax", "gelu"))
    if sketch.random.random() < 0.3:
        entry["kernel_initializer"] = {"class": "RandomUniform", "minval": -0.5, "maxval": 0.5}
    if sketch.random.random() < 0.2:
        entry["use_bias"] = False
    return entry, (*shape[:-1], units)


def _keeping(sketch: _Sketch, shape: Shape) -> tuple[dict[str, Any], Shape]:
    random = sketch.random
    entries: list[dict[str, Any]] = [
        {"class": "Activation", "activation": random.choice(("relu", "sigmoid"))},
        {"class": "LayerNormalization"},
        {"class": "BatchNormalization", "with": {"training": False}},
        {"class": "Dropout", "rate": 0.5, "with": {"training": False}},
        {"class": "Rescaling", "scale": 0.5, "offset": 0.25},
        {"class": "ops.abs"},
        {"class": "ops.clip", "x_min": -0.5, "x_max": 0.5},
        {"class": "ops.softmax", "axis": -1},
        {"class": "Dropout", "rate": 0.25, "if": random.choice((True, False, "1 > 2", "2 > 1"))},
    ]
    return random.choice(entries), shape


def _flatten(sketch: _Sketch, shape: Shape) -> tuple[dict[str, Any], Shape]:
    return {"class": "Flatten"}, _flat(shape)


def _reshape(sketch: _Sketch, shape: Shape) -> tuple[dict[str, Any], Shape]:
    size = _flat(shape)[0]
    target = (1, size) if len(shape) == 1 else (size,)
    return {"class": "Reshape", "target_shape": list(target)}, target


def _recurrent(sketch: _Sketch, shape: Shape) -> tuple[dict[str, Any], Shape]:
    units = sketch.size()
    inner = {"class": sketch.random.choice(("LSTM", "GRU", "SimpleRNN")), "units": units}
    if sketch.random.random() < 0.3:
        return {"class": "Bidirectional", "layer": inner}, (2 * units,)
    if sketch.random.random() < 0.5:
        return {**inner, "return_sequences": True}, (shape[0], units)
    return inner, (units,)


def _convolved(sketch: _Sketch, shape: Shape) -> tuple[dict[str, Any], Shape]:
    filters, rank = sketch.size(), len(shape) - 1
    entry = {"class": f"Conv{rank}D", "filters": filters, "kernel_size": 2, "padding": "same"}
    return entry, (*shape[:-1], filters)


def _pooled(sketch: _Sketch, shape: Shape) -> tuple[dict[str, Any], Shape]:
    rank = len(shape) - 1
    if sketch.random.random() < 0.5 or min(shape[:-1]) < 2:
        return {"class": f"GlobalAveragePooling{rank}D"}, (shape[-1],)
    return {"class": f"MaxPooling{rank}D", "pool_size": 2}, (
        *(n // 2 for n in shape[:-1]),
        shape[-1],
    )


def _steps(shape: Shape) -> list[Step]:
    steps: list[Step] = [_dense, _dense, _keeping, _keeping, _reshape]
    if len(shape) == 2:
        steps += [_recurrent, _convolved, _pooled, _flatten]
    if len(shape) == 3:
        steps += [_convolved, _convolved, _pooled, _flatten]
    return steps


def _layer(sketch: _Sketch) -> None:
    tensor = sketch.take()
    if tensor is None:
        return
    entry, made = sketch.random.choice(_steps(tensor.shape))(sketch, tensor.shape)
    repeats = made == tensor.shape and "if" not in entry and sketch.random.random() < 0.15
    if repeats:
        sketch.add({**entry, "repeat": sketch.random.choice((1, 2, 3))}, tensor, [made])
        return
    name = sketch.add(entry, tensor, [made])
    if not entry["class"].startswith("ops.") and "if" not in entry:
        sketch.layers[name] = (tensor.shape, made)


def _merge(sketch: _Sketch) -> None:
    first = sketch.take()
    if first is None:
        return
    alike = [t for t in sketch.tensors if t.shape == first.shape and t.ref != first.ref]
    if not alike:
        return
    other = sketch.random.choice(alike)
    classes = ("Add", "Multiply", "Maximum", "Average", "ops.subtract", "ops.minimum", "ops.where")
    cls = sketch.random.choice(classes)
    sketch.taken |= {first.entry, other.entry}
    entry: dict[str, Any] = {"class": cls, "from": [first.ref, other.ref]}
    if cls == "ops.where":
        entry["from"] = {"condition": first.ref, "x1": other.ref, "x2": first.ref}
    sketch.add(entry, None, [first.shape])


def _concatenate(sketch: _Sketch) -> None:
    first = sketch.take()
    if first is None:
        return
    pool = [t for t in sketch.tensors if t.shape[:-1] == first.shape[:-1] and t.ref != first.ref]
    if not pool:
        return
    others = sketch.random.sample(pool, min(len(pool), sketch.random.choice((1, 2))))
    parts = [first, *others]
    sketch.taken |= {part.entry for part in parts}
    made = (*first.shape[:-1], sum(part.shape[-1] for part in parts))
    cls = sketch.random.choice(({"class": "Concatenate"}, {"class": "ops.concatenate", "axis": -1}))
    sketch.add({**cls, "from": [part.ref for part in parts]}, None, [made])


def _constant(sketch: _Sketch) -> None:
    tensor = sketch.take()
    if tensor is None:
        return
    sketch.taken.add(tensor.entry)
    cls = sketch.random.choice(("ops.add", "ops.multiply", "ops.subtract", "ops.maximum"))
    number = sketch.random.choice((1, 0.5, -2))
    pair: list[Any] = [tensor.ref, number]
    if sketch.random.random() < 0.3:
        pair.reverse()
    mapping = sketch.random.random() < 0.3
    entry = {"class": cls, "from": dict(zip(("x1", "x2"), pair, strict=True)) if mapping else pair}
    sketch.add(entry, None, [tensor.shape])


def _shared(sketch: _Sketch) -> None:
    fitting = [
        (name, tensor, made)
        for name, (shape, made) in sketch.layers.items()
        for tensor in sketch.tensors
        if tensor.shape == shape
    ]
    if not fitting:
        return
    name, tensor, made = sketch.random.choice(fitting)
    sketch.taken.add(tensor.entry)
    sketch.add({"is": name, "from": tensor.ref}, None, [made])


def _states(sketch: _Sketch) -> None:
    """An LSTM that gives its states, and mostly one that begins with them."""
    tensor = sketch.take(lambda shape: len(shape) == 2)
    if tensor is None:
        return
    units = sketch.size()
    entry = {"class": "LSTM", "units": units, "return_state": True}
    name = sketch.add(entry, tensor, [(units,), (units,), (units,)])
    if sketch.random.random() < 0.7:
        sketch.taken |= {name, tensor.entry}
        states = [f"{name}.1", f"{name}.2"]
        entry = {"class": "LSTM", "units": units, "return_sequences": True}
        takes = {"sequences": tensor.ref, "initial_state": states}
        sketch.add({**entry, "from": takes}, None, [(tensor.shape[0], units)])


def _attention(sketch: _Sketch) -> None:
    query = sketch.take(lambda shape: len(shape) == 2)
    if query is None:
        return
    value = sketch.take(lambda shape: len(shape) == 2) or query
    sketch.taken |= {query.entry, value.entry}
    takes: Any = {"query": query.ref, "value": value.ref}
    entry: dict[str, Any] = {"class": "MultiHeadAttention", "num_heads": 2, "key_dim": 2}
    if sketch.random.random() < 0.5:
        entry["with"] = {"use_causal_mask": True}
    else:
        takes = [query.ref, value.ref]
    sketch.add({**entry, "from": takes}, None, [query.shape])


def _nested(sketch: _Sketch) -> None:
    tensor = sketch.take()
    if tensor is None:
        return
    inner = _Sketch(sketch.random, prefix=f"{sketch.prefix}{len(sketch.entries)}_")
    inner.tensors.append(_Tensor(ref="input", entry="input", shape=tensor.shape))
    inner.last = "input"
    chain = sketch.random.random() < 0.5
    for _ in range(sketch.random.randint(1, 4)):
        if chain:
            taken = inner.tensors[-1]
            step = sketch.random.choice(_steps(taken.shape))
            entry, made = step(inner, taken.shape)
            if entry["class"].startswith("ops.") or "with" in entry or "if" in entry:
                continue
            inner.add(entry, None, [made])
        else:
            sketch.random.choice(_MOVES[:6])(inner)
    if all(isinstance(entry, dict) and "if" in entry for entry in inner.entries.values()):
        return
    if not chain and "input" not in inner.taken:
        inner.add({"class": "Flatten"}, inner.tensors[0], [_flat(tensor.shape)])
    entry = {"class": "Sequential" if chain else "Functional", "layers": inner.entries}
    ends = [inner.tensors[-1].ref] if chain else _ends(inner)
    if not chain:
        entry["outputs"] = ends[0] if len(ends) == 1 else ends
    shapes = [t.shape for end in ends for t in inner.tensors if t.ref == end]
    name = sketch.add(entry, tensor, shapes)
    if len(shapes) == 1:
        sketch.layers[name] = (tensor.shape, shapes[0])


def _gate(sketch: _Sketch) -> str | None:
    tensor = sketch.take(lambda shape: len(shape) == 1)
    if tensor is None:
        return None
    units, random = sketch.size(), sketch.random
    entry: dict[str, Any] = {"block": "gate", "units": units}
    if random.random() < 0.5:
        entry["gated"] = random.choice((True, False, "$index == 0"))
        if isinstance(entry["gated"], str) or random.random() < 0.5:
            entry["repeat"] = random.choice((1, 2, 3))
    if random.random() < 0.4:
        entry["depth"] = random.choice((1, 2))
    sketch.add(entry, tensor, [(units,)])
    return "gate"


def _pair(sketch: _Sketch) -> str | None:
    one, other = (sketch.take(lambda shape: len(shape) == 1) for _ in range(2))
    if one is None or other is None:
        return None
    units = sketch.size()
    sketch.taken |= {one.entry, other.entry}
    name = f"{sketch.prefix}{len(sketch.entries)}"
    sketch.entries[name] = {"block": "pair", "units": units, "from": {"a": one.ref, "b": other.ref}}
    for ref, size in (("sum", units), ("wide", 2 * units)):
        sketch.tensors.append(_Tensor(ref=f"{name}.{ref}", entry=name, shape=(size,)))
    sketch.last = None
    return "pair"


_MOVES: tuple[Callable[[_Sketch], str | None], ...] = (
    _layer, _layer, _layer, _merge, _concatenate, _constant, _shared, _states, _attention,
    _nested, _gate, _pair, _shared, _nested,
)  # fmt: skip
