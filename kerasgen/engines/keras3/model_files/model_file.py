"""What a model file holds, as frozen data, and where in it a fault lies.

This room owns the records that travel from the containers to the translation, and the places of
key paths in a file's text. It knows no Keras.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from json.decoder import scanstring  # type: ignore[attr-defined]  # typeshed leaves it out
from pathlib import Path
from typing import Any, Literal, TypeAlias

import yaml

from kerasgen.diagnostics import SourceLocation

Form: TypeAlias = Literal["json", "yaml", "hdf5", "keras-zip", "tensorflow-js", "saved-model"]
"""The kinds of container."""

KeyPath: TypeAlias = tuple[str | int, ...]
"""The keys and positions that lead to a value."""

_BLANK = " \t\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Where the weights of a model lie; nothing of them has been opened.

    Attributes:
        form: how they are stored.
        path: the file, or the folder of a SavedModel.
        member: the group of an HDF5 file, the member of an archive, the prefix of a checkpoint.
    """

    form: Literal["hdf5", "keras-zip", "checkpoint", "tensorflow-js"]
    path: Path
    member: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """What was read from a model file.

    Attributes:
        path: the file or folder.
        form: the kind of container.
        keras_version: the version that the file names, None where it names none.
        generation: which form the topology has: 1 (0.x too), 2 or 3.
        tf_keras: whether tf.keras wrote it, which had other defaults than Keras of its own.
        backend: the engine that wrote it, None where the file does not say.
        topology: class and config of the model, as they stand in the file.
        weights: where its weights are, None where it has none.
        text: the text that the topology was read from, None where that is not a text file.
    """

    path: Path
    form: Form
    keras_version: str | None
    generation: Literal[1, 2, 3]
    tf_keras: bool
    backend: str | None
    topology: Mapping[str, Any]
    weights: Weights | None
    text: str | None = None

    @property
    def writer(self) -> str:
        """Which Keras wrote the file, for people: `Keras 2.3.1`."""
        if self.keras_version is None:
            return {1: "Keras 1", 2: "Keras 2", 3: "Keras 3"}[self.generation]
        return f"{'tf.keras' if self.tf_keras else 'Keras'} {self.keras_version}"

    def place(self, path: KeyPath) -> SourceLocation:
        """The place of a value in the file, as near as can be told."""
        file = str(self.path)
        key = ".".join(map(str, path))
        if len(key) > _LONGEST_KEY:
            key = "…" + key[-_LONGEST_KEY:]
        offset = None if self.text is None else offset_of(self.text, path, self.form)
        if self.text is None or offset is None:
            return SourceLocation(file=file, key=key)
        line = self.text.count("\n", 0, offset) + 1
        column = offset - (self.text.rfind("\n", 0, offset) + 1) + 1
        return SourceLocation(file=file, key=key, line=line, column=column)


_LONGEST_KEY = 120
"""Characters of a key path that are shown."""


def offset_of(text: str, path: KeyPath, form: Form) -> int | None:
    """Where a value begins in a text; of a path that leads nowhere, its longest part counts."""
    try:
        return _yaml_offset(text, path) if form == "yaml" else _json_offset(text, path)
    except (ValueError, IndexError, RecursionError, yaml.YAMLError):
        return None


def _yaml_offset(text: str, path: KeyPath) -> int | None:
    node = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    if node is None:
        return None
    for key in path:
        found = None
        if isinstance(node, yaml.MappingNode):
            found = next((value for name, value in node.value if name.value == str(key)), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int):
            found = node.value[key] if key < len(node.value) else None
        if found is None:
            break
        node = found
    line, column = node.start_mark.line, node.start_mark.column
    starts = -1
    for _ in range(line):
        starts = text.index("\n", starts + 1)
    return starts + 1 + column


def _json_offset(text: str, path: KeyPath) -> int:
    decoder = json.JSONDecoder()
    at = _skip(text, 0)
    for key in path:
        found = _entry(text, at, key, decoder)
        if found is None:
            break
        at = found
    return at


def _entry(text: str, at: int, key: str | int, decoder: json.JSONDecoder) -> int | None:
    """Where an item of the object or list begins that begins at `at`; of several, the last."""
    opened = text[at]
    if opened not in "{[":
        return None
    found, number, at = None, 0, _skip(text, at + 1)
    while text[at] not in "}]":
        name: str | int = number
        if opened == "{":
            name, at = scanstring(text, at + 1, True)
            at = _skip(text, _skip(text, at) + 1)
        if name == key:
            found = at
        _, at = decoder.raw_decode(text, at)
        at = _skip(text, at)
        if text[at] == ",":
            at = _skip(text, at + 1)
        number += 1
    return found


def _skip(text: str, at: int) -> int:
    while text[at] in _BLANK:
        at += 1
    return at


def plain_form(value: object) -> Any:
    """A value without the wrappings in which tf.keras put tuples and shapes into JSON."""
    if isinstance(value, list | tuple):
        return [plain_form(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    if value.get("class_name") in ("__tuple__", "TensorShape") and "items" in value:
        return plain_form(value["items"])
    return {str(key): plain_form(item) for key, item in value.items()}


def plain_size(value: object, most: int, deepest: int) -> int | None:
    """How many values a tree holds, those behind an alias counted again.

    Args:
        value: mappings and lists of plain values.
        most: number of values at which counting ends.
        deepest: levels at which counting ends, so that one that holds itself comes to an end.

    Returns:
        The number; None where there are more, or they are deeper.
    """
    count, level = 0, [value]
    for _ in range(deepest + 1):
        count += len(level)
        held = (item for item in level if isinstance(item, Mapping | list | tuple))
        level = []
        for item in held:
            level += item.values() if isinstance(item, Mapping) else item
            if count + len(level) > most:
                return None
        if not level:
            return count
    return None
