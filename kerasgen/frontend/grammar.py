"""The words of the config language, once: its sections, and the keys of models, blocks and entries.

This room owns which words there are, how a mapping of the language is told apart from another, and
how its entries are named. It reads plain data alone: what the words do stands in the stages.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from kerasgen.ir.model import INPUT
from kerasgen.ir.values import Tree

GROUPS = ("backend", "data", "model", "optimizer", "compile", "fit", "tracking")
"""The groups of which every config chooses an option."""

VALUE_GROUPS = ("optimizer/learning_rate",)
"""Groups within a group, whose option is one value of what that group holds."""

SELECTORS = "selectors"
"""The top-level key under which a config holds its selectors, a list of text."""

SECTIONS = (*GROUPS, SELECTORS, "seed", "name", "lint")
"""Keys at the top of a config."""

DATA_KEYS = (
    *("source", "columns", "features", "target", "task", "time", "series", "windows"),
    *("prepare", "split", "augment", "weights", "facts"),
)
"""Keys of the data group."""

MODEL_KINDS: Mapping[str, Literal["Sequential", "Functional"]] = {
    "Sequential": "Sequential",
    "Functional": "Functional",
    "Model": "Functional",
}
"""Classes whose objects have layers of their own, and which of the two kinds each is."""

MODEL_KEYS = ("class", "name", "trainable", "parameters", "blocks", "inputs", "layers", "outputs")
"""Keys of a model as it is written."""

EXPANSION_KEYS = ("parameters", "blocks", "block", "repeat", "if", "after")
"""Keys that expansion takes away: they have had their effect when selectors and the parser come."""

EXPANDED_MODEL_KEYS = tuple(key for key in MODEL_KEYS if key not in EXPANSION_KEYS)
"""Keys of a model once it is expanded."""

BLOCK_KEYS = ("parameters", "inputs", "layers", "outputs", "blocks")
"""Keys of a block."""

CALL_KEYS = ("from", "with")
"""What an entry says of its call."""

ENTRY_KEYS = (*CALL_KEYS, "if", "after", "repeat")
"""What an entry says beside its class and arguments."""

LAYER_KEYS = ("class", "is", "with")
"""What an entry says of its layer, and the use of a block cannot say."""

AGAIN_KEYS = ("is", *CALL_KEYS)
"""What an entry says that calls the layer of another one again."""

USE_KEYS = ("block", "from", "repeat", "if", "after")
"""What the use of a block says beside the block's parameters."""

PLACING_KEYS = ("from", "is", "repeat", "if", "after")
"""What says where an entry stands and which layer it is; the rest is what it is made of."""

INPUT_KEYS = ("shape", "dtype", "batch_size")
"""Keys of an input that a model declares."""


def join(path: str, key: str | int) -> str:
    """A key path one step further down."""
    return f"{path}.{key}" if path else str(key)


def is_model(value: Mapping[str, Tree]) -> bool:
    """Whether a mapping is a model: it has layers, or says that it is one."""
    cls = value.get("class", "Sequential" if "layers" in value else None)
    return isinstance(cls, str) and cls in MODEL_KINDS


def has_no_data(data: Mapping[str, Tree]) -> bool:
    """Whether a data group says that there is no data, as `data=none` does."""
    return "source" in data and not any(data.get(key) for key in DATA_KEYS if key != "facts")


def feature_names(data: Tree) -> tuple[str, ...]:
    """The names of the inputs that a data group gives to a model that declares none."""
    if not isinstance(data, Mapping):
        return (INPUT,)
    features = by_input(data.get("features") or {})
    if isinstance(features, Mapping) and features:
        return tuple(map(str, features))
    return () if has_no_data(data) else (INPUT,)


def by_input(features: Tree) -> Tree:
    """The features of a data group by the names of inputs; columns without a name make `INPUT`."""
    return {INPUT: features} if isinstance(features, str | list) else features


def by_output(target: Tree) -> Tree:
    """The target of a data group by the names of outputs; the only output needs no name."""
    return {"": target} if isinstance(target, str | list) else target
