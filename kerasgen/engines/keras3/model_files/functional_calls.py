"""The wiring of a functional model as a file has it: which calls there are, and what each takes.

This room owns the two ways of naming a tensor (a list of older files, a mapping of Keras 3), the
numbers by which a file counts calls, and the check that every call can be made. It knows no Keras.

Decisions:
- Before Keras 3 the calls of a nested model are counted from 1 where its own making counted as the
  first, and from 0 elsewhere. Which it is, the largest number that the file uses tells: only calls
  that are taken from are kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kerasgen.engines.keras3.model_files.model_file import KeyPath

MODELS = ("Functional", "Sequential", "Model")
"""Class names of what becomes a model of its own."""

History = tuple[str, int, int]
"""A tensor as a file names it: layer, which of its calls, which of the call's outputs."""

Fault = tuple[str, KeyPath]
"""What is wrong, and where."""

_Call = tuple[str, int]

_MOST_OUTPUTS = 10_000
"""Outputs of one layer, above which the number of one is taken for damage."""


def wiring_faults(config: Mapping[str, Any], path: KeyPath, generation: int) -> Iterator[Fault]:
    """What is wrong with the wiring of a functional model whose layers are well formed.

    Args:
        config: the config of the model.
        path: its key path.
        generation: which form it has.
    """
    layers = config["layers"]
    found: list[Fault] = []
    taken = _taken(layers, path, found, generation)
    starts, ends = (
        [*histories(config.get("input_layers"))],
        [*histories(config["output_layers"])] if "output_layers" in config else [],
    )
    for key, named in (("input_layers", starts), ("output_layers", ends)):
        if not named or not _is_structure(config[key]):
            told = f"`{key}` must be a tensor, or lists and mappings of tensors"
            found.append((told, (*path, key)))
    if found:
        yield from found
        return
    yield from _unknown(layers, taken, (starts, ends), path, generation)


def call_counts(layers: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """How often each layer is called; an input, which nobody calls, counts as called once."""
    return {
        layer["name"]: 1 if layer["class_name"] == "InputLayer" else len(layer["inbound_nodes"])
        for layer in layers
    }


def call_offsets(
    layers: Sequence[Mapping[str, Any]], taken: Iterator[History] | Sequence[History]
) -> dict[str, int]:
    """From which number the calls of each nested model are counted: 0 or 1.

    Args:
        layers: the layers of the model.
        taken: every tensor that is named in it.
    """
    counts = call_counts(layers)
    last: dict[str, int] = {}
    for name, node, _ in taken:
        last[name] = max(node, last.get(name, 0))
    return {
        layer["name"]: int(last.get(layer["name"], 0) >= counts[layer["name"]])
        for layer in layers
        if layer["class_name"] in MODELS
    }


def histories(value: Any) -> Iterator[History]:
    """The tensors that a structure of older form names, in order."""
    if is_history(value):
        yield (value[0], value[1], value[2])
        more = value[3] if len(value) > 3 else None
        if isinstance(more, Mapping):
            yield from histories(more)
        return
    if isinstance(value, Mapping | list | tuple):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from histories(item)


def is_history(value: object) -> bool:
    """Whether a list names a tensor: a layer, a call and an output, perhaps with arguments."""
    return (
        isinstance(value, list | tuple)
        and len(value) in (3, 4)
        and isinstance(value[0], str)
        and all(isinstance(item, int) and not isinstance(item, bool) for item in value[1:3])
        and min(value[1:3]) >= 0
        and (len(value) == 3 or isinstance(value[3], Mapping))
    )


def _is_structure(value: object) -> bool:
    """Whether a value is a tensor, or lists and mappings that hold nothing else."""
    if is_history(value):
        return True
    if isinstance(value, Mapping | list):
        return all(map(_is_structure, value.values() if isinstance(value, Mapping) else value))
    return False


def _taken(
    layers: Sequence[Any], path: KeyPath, found: list[Fault], generation: int
) -> dict[_Call, tuple[list[History], KeyPath]]:
    """What each call takes; faults in the form of a call are added to `found`."""
    names: set[str] = set()
    taken: dict[_Call, tuple[list[History], KeyPath]] = {}
    for number, layer in enumerate(layers):
        name, place = layer["name"], (*path, "layers", number)
        if name in names:
            found.append((f"there are two layers `{name}`", place))
        names.add(name)
        nodes = layer["inbound_nodes"]
        if not nodes and layer["class_name"] != "InputLayer":
            found.append((f"`{name}` is never called", (*place, "inbound_nodes")))
        for at, node in enumerate(nodes):
            inside = (*place, "inbound_nodes", at)
            histories_ = _node(node, inside, found, generation)
            taken[(name, at)] = (histories_, inside)
    return taken


def _node(node: Any, path: KeyPath, found: list[Fault], generation: int) -> list[History]:
    """What one call takes."""
    if generation == 3:
        fits = isinstance(node, Mapping) and isinstance(node.get("args"), list)
        if fits and isinstance(node.get("kwargs"), Mapping):
            return _tensors([node["args"], node["kwargs"]], path, found)
        found.append(("a call must have a list `args` and a mapping `kwargs`", path))
        return []
    if not isinstance(node, list | Mapping) or (isinstance(node, Mapping) and "args" in node):
        found.append(("a call must be a list or a mapping", path))
        return []
    taken = [*histories(node)]
    if not taken:
        found.append(("a call must take a tensor", path))
    return taken


def _tensors(value: object, path: KeyPath, found: list[Fault]) -> list[History]:
    """The tensors in the arguments of a call of Keras 3."""
    taken: list[History] = []
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, Mapping) and item.get("class_name") == "__keras_tensor__":
            config: Any = item.get("config")
            history: Any = config.get("keras_history") if isinstance(config, Mapping) else None
            if not is_history(history):
                found.append(("a tensor must say which layer gives it", path))
                continue
            shape = config.get("shape")
            if not isinstance(shape, list | None) or not all(map(_is_size, shape or ())):
                found.append(("the shape of a tensor must be a list of sizes", path))
            taken.append((history[0], history[1], history[2]))
        elif isinstance(item, Mapping | list):
            waiting += item.values() if isinstance(item, Mapping) else item
    return taken


def _is_size(value: object) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0)


def _unknown(
    layers: Sequence[Mapping[str, Any]],
    taken: Mapping[_Call, tuple[list[History], KeyPath]],
    borders: tuple[list[History], list[History]],
    path: KeyPath,
    generation: int,
) -> Iterator[Fault]:
    """Tensors that no layer gives, inputs that are none, and calls that wait for themselves."""
    counts = call_counts(layers)
    by_name = {layer["name"]: layer for layer in layers}
    starts, ends = borders
    everything = [*ends, *(item for held, _ in taken.values() for item in held)]
    offsets = call_offsets(layers, everything) if generation < 3 else {}
    last = offsets
    if generation == 3:  # There the outputs of a functional model are counted from 1, alone.
        functional = (one for one in layers if "input_layers" in one["config"])
        last = {layer["name"]: 1 for layer in functional if layer["class_name"] in MODELS}
    faulty = False
    groups = [(held, place, offsets) for held, place in taken.values()]
    groups += [(ends, (*path, "output_layers"), last), (starts, (*path, "input_layers"), {})]
    for held, place, shift in groups:
        for name, node, index in held:
            if name not in counts:
                told = f"there is no layer `{name}` to take a tensor from"
            elif not 0 <= node - shift.get(name, 0) < counts[name]:
                told = f"`{name}` has no call of the number {node}"
            elif index > _MOST_OUTPUTS:
                told = f"`{name}` has no output of the number {index}"
            elif by_name[name]["class_name"] == "InputLayer" and (name, 0, 0) not in starts:
                told = f"the input `{name}` is not among `input_layers`"
            elif held is starts and by_name[name]["class_name"] != "InputLayer":
                told = f"`{name}` is among `input_layers`, and is no input"
            else:
                continue
            faulty = True
            yield told, place
    if not faulty:
        yield from _circles(taken, offsets, path)


def _circles(
    taken: Mapping[_Call, tuple[list[History], KeyPath]],
    offsets: Mapping[str, int],
    path: KeyPath,
) -> Iterator[Fault]:
    """A call that takes, on some way, what it gives itself."""
    waits: dict[_Call, int] = {}
    followers: dict[_Call, list[_Call]] = {}
    for call, (held, _) in taken.items():
        wanted = {(name, node - offsets.get(name, 0)) for name, node, _ in held} & taken.keys()
        waits[call] = len(wanted)
        for one in wanted:
            followers.setdefault(one, []).append(call)
    ready = [call for call, count in waits.items() if not count]
    while ready:
        call = ready.pop()
        del waits[call]
        for follower in followers.get(call, ()):
            waits[follower] -= 1
            if not waits[follower]:
                ready.append(follower)
    if waits:
        name, at = next(iter(waits))
        place = taken[(name, at)][1]
        yield f"`{name}` takes, on some way, what it gives itself", place
