"""Which keys an override may set that no chosen file writes, so that nobody has to write `+`.

This room owns the shape of a config as far as keys go: which sections have fixed keys, and where
names and arguments are free. It must not know which classes exist: an argument that the class
does not have is told with the class.

Decisions:
- Hydra wants `+` for a key that the chosen files do not write, and refuses it for one that they
  do. A person who has not read the files cannot know. So that `+` says nothing here: a key that
  may stand at its place is added, one that is there is changed.
- A new name (of a layer, of a callback) is taken for one only where it is given a class, by the
  same override or by another. `model.layers.hiden.units=3` is a misspelling.
- A new parameter is taken for one only where something asks for it (`$width`).
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hydra.core.override_parser.types import Override, OverrideType
from omegaconf import DictConfig, ListConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from kerasgen.frontend.grammar import DATA_KEYS, GROUPS, MODEL_KEYS
from kerasgen.ir.data import AUTO, SplitDef, WindowsDef
from kerasgen.ir.program import BackendDef, CompileDef, FitDef, RuntimeDef, TrackingDef
from kerasgen.ir.trackers import MlflowDef, TensorBoardDef, WandbDef

_DEFINING = ("class", "block", "is", "layers", "shape")
"""Keys by which a new name is given something to stand for."""

_FREE = "*"
"""The kind of a place below which any key may stand."""

COLUMNS = "data.columns"
"""The key below which columns have keys without a class."""

PREPARE = "data.prepare"
"""The key whose steps may be automatic ones."""

TRACKERS = ("tracking.tensorboard", "tracking.mlflow", "tracking.wandb")
"""The keys at which true, false or null stands, or the settings of a tracker."""

BY_NAME = (
    "data.columns",
    "data.facts",
    "data.features",
    "data.target",
    "data.task",
    "data.weights",
    "model.outputs",
    "compile.loss",
    "compile.metrics",
    "compile.weighted_metrics",
    "compile.loss_weights",
    "fit.class_weight",
)
"""What may be a mapping by names, which is begun with the first of them."""

_LEAF = "."
"""The kind of a place that holds a value and no keys."""

_MODEL: Mapping[str, str] = {
    **dict.fromkeys(MODEL_KEYS, _LEAF),
    "inputs": "names",
    "layers": "names",
    "outputs": _FREE,
    "parameters": "parameters",
    "blocks": "blocks",
}


def _fields(record: type, **inner: str) -> dict[str, str]:
    names = [field.name for field in dataclasses.fields(record)]
    return {**dict.fromkeys(names, _LEAF), **inner}


_KINDS: Mapping[str, Mapping[str, str]] = {
    "": {
        **{group: group for group in GROUPS},
        "optimizer": _FREE,
        "lint": "lint",
        "seed": _LEAF,
        "name": _LEAF,
    },
    "backend": _fields(BackendDef, runtime="runtime"),
    "runtime": _fields(RuntimeDef),
    "data": {**dict.fromkeys(DATA_KEYS, _FREE), "prepare": "names", "split": "split"}
    | {"augment": "names"}
    | {"time": _LEAF, "series": _LEAF, "windows": "windows"},
    "split": _fields(SplitDef),
    "windows": _fields(WindowsDef),
    "model": _MODEL,
    "compile": _fields(CompileDef, loss=_FREE, metrics=_FREE, weighted_metrics=_FREE)
    | {"loss_weights": _FREE},
    "fit": _fields(FitDef, callbacks="names", class_weight=_FREE, phases=_FREE),
    "tracking": _fields(TrackingDef, tensorboard="tensorboard", mlflow="mlflow", wandb="wandb"),
    "tensorboard": _fields(TensorBoardDef),
    "mlflow": _fields(MlflowDef),
    "wandb": _fields(WandbDef),
    "lint": {"ignore": _LEAF},
}
"""The kind of a section to its keys, each with the kind of what stands below it."""


def without_plus(overrides: Sequence[Override], config: DictConfig) -> None:
    """Makes overrides take hold whether or not the config writes their keys, where they may stand.

    Args:
        overrides: the overrides of values, which are changed in place.
        config: the config before they are applied; a class that stands alone where an argument of
            it is set becomes a mapping with that class.
    """
    defined = {path for override in overrides for path in _defined_by(override)}
    for override in overrides:
        if override.is_delete() or override.key_or_group.partition(".")[0] == "hydra":
            continue
        try:
            _open(override, overrides, defined, config)
        except OmegaConfBaseException:
            continue  # told where the override is applied


def _defined_by(override: Override) -> Iterator[str]:
    """The key paths of names that an override gives something to stand for."""
    key, value = override.key_or_group, override.value()
    if override.is_delete():
        return
    around, _, last = key.rpartition(".")
    if last in _DEFINING:
        yield around
    for path, inner in _paths(key, value):
        # A mapping that is below the key was written as a whole.
        whole = isinstance(inner, Mapping) and path != key
        if whole or isinstance(inner, str) or _defines(inner):
            yield path


def _defines(value: Any) -> bool:
    return isinstance(value, Mapping) and any(name in value for name in _DEFINING)


def _paths(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    """A key path and those inside the mapping that it is set to, each with its value."""
    yield key, value
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _paths(f"{key}.{name}", item)


def _open(
    override: Override, overrides: Sequence[Override], defined: set[str], config: DictConfig
) -> None:
    if override.key_or_group == "fit.callbacks" and isinstance(override.value(), list):
        with open_dict(config):  # a list takes the place of a mapping, which OmegaConf merges
            OmegaConf.update(config, override.key_or_group, None)
    paths = [path for path, _ in _paths(override.key_or_group, override.value())]
    bare = [other for other in overrides if _is_bare_around(other, override.key_or_group)]
    if override.type is OverrideType.CHANGE:
        missing = [path for path in paths if bare or not _is_there(config, path)]
        if not missing or not all(_may_stand(path, defined, config, overrides) for path in missing):
            return
    elif not override.is_add():
        return
    known = _is_there(config, override.key_or_group)
    for other in bare:
        _give_class(other, config)
    _unfold(config, override.key_or_group)
    if known or not override.is_add():
        override.type = OverrideType.FORCE_ADD


def _is_bare_around(other: Override, key: str) -> bool:
    """Whether an override sets a bare class, below which another one sets an argument."""
    inside = key.startswith(f"{other.key_or_group}.") and not other.is_delete()
    return inside and (isinstance(other.value(), str) or other.value() is True)


def _give_class(other: Override, config: DictConfig) -> None:
    """Makes `layers.drop=Dropout` a mapping, which takes the place of what the config has there."""
    other._value = _of_bare_word(other.key_or_group, other.value())
    other.type = OverrideType.FORCE_ADD
    node = OmegaConf.select(config, other.key_or_group)
    if isinstance(node, DictConfig):
        with open_dict(node):
            for name in list(node):
                del node[name]


def _of_bare_word(key: str, word: Any) -> dict[str, Any]:
    """What a single word at a key stands for: a column's type, automatic steps, or a class.

    A tracker stands there with its defaults, as `true`.
    """
    if word is True or word is False or word is None:
        return {}
    if (key, word) == (PREPARE, AUTO):
        return {AUTO: True}
    return {"type" if key.rpartition(".")[0] == COLUMNS else "class": word}


def _unfold(config: DictConfig, key: str) -> None:
    """Makes `drop: Dropout` a mapping with its class, where a key below it is set."""
    node: Any = config
    if key.rpartition(".")[0] in BY_NAME:
        return
    steps = key.split(".")[:-1]
    for depth, step in enumerate(steps, 1):
        if not isinstance(node, DictConfig) or step not in node:
            return
        child = node._get_node(step)
        value = (
            None if child is None or isinstance(child, DictConfig | ListConfig) else child._value()
        )
        bare = isinstance(value, str) and "$" not in value and value != "???"
        if bare or (child is not None and ".".join(steps[:depth]) in TRACKERS):
            with open_dict(node):
                node[step] = _of_bare_word(".".join(steps[:depth]), value)
            child = node._get_node(step)
        node = child


def _is_there(config: DictConfig, key: str) -> bool:
    node: Any = config
    for step in key.split("."):
        if isinstance(node, ListConfig) and step.isdigit() and int(step) < len(node):
            node = node._get_node(int(step))
        elif isinstance(node, DictConfig) and not node._is_none() and not node._is_missing():
            if node._is_interpolation():
                return OmegaConf.select(config, key) is not None
            if step not in node._content:  # type: ignore[operator]  # it is a mapping here
                return False
            node = node._get_node(step)
        else:
            return False
    return True


def _may_stand(
    key: str, defined: set[str], config: DictConfig, overrides: Sequence[Override]
) -> bool:
    """Whether a key that is not there may be added to a config."""
    kind, path, new_name = "", "", False
    for step in key.split("."):
        around, path = path, f"{path}.{step}" if path else step
        there = _is_there(config, path)
        closed = kind == _LEAF or (kind == _FREE and not _holds_keys(config, around, defined))
        if closed and not there:
            return False
        if kind == "names" and not there:
            new_name = path not in defined
        if kind == "parameters" and not there and not _is_asked_for(step, config, overrides):
            return False
        kind = _below(kind, step)
        if not kind:
            return False
    return not new_name


def _below(kind: str, step: str) -> str:
    """The kind of what stands below a key, empty where the key is not known."""
    if kind in (_FREE, "names", "parameters"):
        return _FREE
    if kind == "blocks":
        return "model"
    return _KINDS[kind].get(step, "")


def _holds_keys(config: DictConfig, path: str, defined: set[str]) -> bool:
    """Whether a key may be put below an object, an entry or a plain mapping.

    It may be there, as a mapping or as a bare class, or be brought by another override. `with`,
    and what is a mapping by the names of inputs, outputs or classes, need no class.
    """
    around, _, last = path.rpartition(".")
    if path in defined or last == "with" or around == COLUMNS:
        return True
    if not _is_there(config, path) and path in BY_NAME:
        return True
    if not _is_there(config, path):
        return False
    node = OmegaConf.select(config, path)
    if path in BY_NAME:
        return node is None or isinstance(node, DictConfig)
    if isinstance(node, DictConfig):
        return not node._is_none()
    return isinstance(node, str)


def _is_asked_for(name: str, config: DictConfig, overrides: Sequence[Override]) -> bool:
    """Whether a parameter is named anywhere in the model, or in what is typed."""
    pattern = re.compile(rf"\${re.escape(name)}(?!\w)")
    texts = [str(override.input_line) for override in overrides]
    model = config._get_node("model")
    if isinstance(model, DictConfig):
        texts.append(str(OmegaConf.to_container(model, resolve=False)))
    return any(pattern.search(text) for text in texts)
