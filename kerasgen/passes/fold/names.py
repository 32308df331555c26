"""The names that folding gives: to blocks, to their entries, to their uses, to runs.

This room owns how a name is made of the old ones. A name that Keras makes up (`conv2d_12`) says
nothing of a place and is passed over; what the others have in common is kept.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence

from kerasgen.ir.model import NAME, Entry
from kerasgen.ir.names import free_name, snake_case
from kerasgen.ir.values import ObjectDef

_SUMS = ("Add", "ops.add")
"""What a block adds up its branches with; it is then called `residual`, as in the literature."""


def _automatic(entry: Entry) -> bool:
    """Whether a name is one that Keras makes up (`conv2d_12`), which tells nothing of a place."""
    if not isinstance(entry.definition, ObjectDef):
        return False
    return (
        re.fullmatch(rf"{re.escape(snake_case(entry.definition.cls))}(_\d+)?", entry.name)
        is not None
    )


def common_prefix(instance: Sequence[Entry]) -> str:
    """What the names of an instance begin with, up to a `_`; empty for nothing."""
    # With a `_` behind, so that the use of a block is the beginning of its neighbors' names.
    names = [f"{entry.name}_" for entry in instance if not _automatic(entry)]
    if not names:
        return ""
    first, last = min(names), max(names)
    same = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), None)
    shared = first[: len(first) if same is None else same]
    cut = max(shared.rfind("_"), shared.rfind("-")) + 1
    return shared[:cut]


def block_name(prefixes: Sequence[str], instances: Sequence[Sequence[Entry]]) -> str:
    """A name for a block: the words that all its places have in common, or its classes."""
    if any(isinstance(e.definition, ObjectDef) and e.definition.cls in _SUMS for e in instances[0]):
        return "residual"
    words = [re.sub(r"\d+", "", prefix).replace("-", "_").split("_") for prefix in prefixes]
    counts = Counter(word for found in words for word in set(found) if len(word) > 1)
    usual = [word for word in words[-1] if 2 * counts[word] > len(words)]
    if usual:
        return "_".join(list(dict.fromkeys(usual))[-2:])
    classes = [
        snake_case(e.definition.cls) for e in instances[0] if isinstance(e.definition, ObjectDef)
    ]
    return f"{classes[0]}_block" if classes else "block"


def inner_names(
    instances: Sequence[Sequence[Entry]], prefixes: Sequence[str], inputs: Sequence[str]
) -> list[str]:
    """Names of a block's entries: what is left of the old ones, or the class."""
    taken = set(inputs)
    names = []
    for entries in zip(*instances, strict=True):
        left = {e.name.removeprefix(p) for e, p in zip(entries, prefixes, strict=True)}
        name = left.pop() if len(left) == 1 else ""
        number = re.fullmatch(r"(\d+)[_-]?(.*)", name)
        if number is not None:
            name = f"{number[2]}{number[1]}" if number[2] else ""
        if not name or not NAME.match(name) or any(_automatic(entry) for entry in entries):
            definition = entries[0].definition
            name = snake_case(definition.cls) if isinstance(definition, ObjectDef) else "model"
        names.append(unused_name(name, taken))
        taken.add(names[-1])
    return names


def run_name(names: Sequence[str]) -> str:
    """A name for a run of equal entries: what their names begin with, or the first one's."""
    first, last = min(names), max(names)
    same = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), None)
    shared = first[: len(first) if same is None else same].rstrip("_-0123456789")
    return shared if len(shared) > 2 and NAME.match(shared) else names[0]


def unused_name(name: str, taken: Collection[str]) -> str:
    """A name that is not taken; a number that it ends in gives way to a free one."""
    if name not in taken:
        return name
    stem = re.sub(r"_\d+\Z", "", name)
    return free_name(stem, {*taken, stem})
