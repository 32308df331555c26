"""Damage to model files: what a bad disk, a bad merge or a curious person makes of one.

This room owns the ways in which a saved model is spoilt: one value of its tree replaced, taken out
or bent, or bytes of its container changed. It must not know what a model means.
"""

import json
from collections.abc import Iterator
from random import Random
from typing import Any

ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 7, 10**9, 10**30, -(2**63), 0.5, -0.0, 1e308, 1e-320, float("inf"),
    float("nan"), "", "x", "relu", "a" * 3000, "\ud800", "\x00", "\u202e", "${oc.env:HOME}", "$x",
    "???", "../../etc", [], [[]], [None], [1, 2, 3], {}, {"class": "Dense"}, {"a": {"b": 1}},
    {"class_name": "Dense", "config": {}}, {"class_name": "Lambda", "config": {"function": "f"}},
    {"class_name": "__lambda__", "config": {"value": "x"}}, ["input_1", 0, 0], ["x", -1, 0],
    {"module": "builtins", "class_name": "function", "config": "exec", "registered_name": "exec"},
)  # fmt: skip
"""Values that stand where others are expected."""

Place = tuple[Any, Any]
"""A mapping or list, and the key or position of a value in it."""


def places(tree: Any) -> Iterator[Place]:
    """Every value of a tree, each with what holds it."""
    waiting = [tree]
    while waiting:
        holder = waiting.pop()
        items = holder.items() if isinstance(holder, dict) else enumerate(holder)
        for key, value in list(items):
            yield holder, key
            if isinstance(value, dict | list):
                waiting.append(value)


def damaged_tree(random: Random, tree: Any) -> Any:
    """A copy of a tree with one or two faults in it."""
    made = json.loads(json.dumps(tree))
    for _ in range(random.choice((1, 1, 1, 2))):
        found = list(places(made))
        if found:
            _spoil(random, *random.choice(found))
    return made


def _spoil(random: Random, holder: Any, key: Any) -> None:
    value = holder[key]
    way = random.randrange(8)
    if way == 0:
        del holder[key]
    elif way == 1 and isinstance(holder, dict):
        holder[_misspelt(random, key)] = holder.pop(key)
    elif way == 2 and isinstance(holder, list):
        holder.insert(key, json.loads(json.dumps(value)))
    elif way == 3 and isinstance(value, list) and value:
        random.shuffle(value)
    elif way == 4 and isinstance(value, int | float) and not isinstance(value, bool):
        holder[key] = random.choice((-value, value + 1, value * 1000, float(value), str(value)))
    elif way == 5 and isinstance(value, str) and value:
        holder[key] = _misspelt(random, value)
    elif way == 6:
        holder[key] = random.choice(([value], {"value": value}, [value, value]))
    else:
        holder[key] = random.choice(ODD)


def _misspelt(random: Random, word: str) -> str:
    at = random.randrange(len(word) + 1)
    return word[:at] + random.choice(("", "x", "_", " ", "\n", "é", "\x1b[31m")) + word[at + 1 :]


def damaged_bytes(random: Random, content: bytes) -> bytes:
    """A copy of a file with some bytes changed, taken out or put in, or its end cut off."""
    made = bytearray(content)
    for _ in range(random.choice((1, 1, 3, 20))):
        at = random.randrange(len(made)) if made else 0
        way = random.randrange(5)
        if way == 0 and made:
            made[at] = random.randrange(256)
        elif way == 1 and made:
            made[at] ^= 1 << random.randrange(8)
        elif way == 2:
            del made[at : at + random.choice((1, 4, 100))]
        elif way == 3:
            made[at:at] = bytes(random.randrange(256) for _ in range(random.choice((1, 4, 64))))
        elif random.random() < 0.3:
            del made[at:]
    return bytes(made)
