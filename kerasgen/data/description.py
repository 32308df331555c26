"""What is said of opened data: its fingerprint and its description for the record.

This room owns what counts as the same data, and which figures a record has of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from kerasgen.data.labels import count_labels
from kerasgen.data.large_arrays import pieces_of
from kerasgen.data.split import PartRows
from kerasgen.data.table import Array
from kerasgen.ir.values import ObjectDef, Value
from kerasgen.runtime.different_words import different_words
from kerasgen.runtime.split import PARTS


def fingerprint(
    columns: Mapping[str, Array],
    class_names: Mapping[str, tuple[str, ...]],
    given: Array | None,
) -> str:
    """A hash that is equal for equal data on every machine: `sha256:` and 64 hexadecimal digits.

    It covers names, element types, shapes and bytes (little-endian, rows first) of the columns,
    the names of the classes, and the given parts. The order of the columns does not count.
    """
    digest = hashlib.sha256()
    for name in sorted(columns):
        _add_array(digest, name, columns[name])
        for class_name in class_names.get(name, ()):
            _add_text(digest, class_name)
    if given is not None:
        _add_array(digest, "", given)
    return f"sha256:{digest.hexdigest()}"


def describe_data(
    source: ObjectDef,
    columns: Mapping[str, Array],
    class_names: Mapping[str, tuple[str, ...]],
    given: Array | None,
) -> dict[str, Any]:
    """The data as plain data for the record.

    Args:
        source: the source's config entry.
        columns: the columns that are used.
        class_names: label column to the names of its classes.
        given: number of each row's part, or None.

    Returns:
        Keys `source`, `samples`, `given` (samples by given part), `columns` (type, shape without
        the rows, smallest and largest value) and `classes` (label column to labels by class).
    """
    return {
        "source": {"class": source.cls, **{k: _plain(v) for k, v in source.arguments.items()}},
        "samples": len(next(iter(columns.values()))),
        "given": None
        if given is None
        else {part: int((given == number).sum()) for number, part in enumerate(PARTS)},
        "columns": {name: _describe_column(column) for name, column in columns.items()},
        "classes": {
            name: dict(zip(names, count_labels(columns[name], len(names)), strict=True))
            for name, names in class_names.items()
        },
    }


def describe_parts(parts: PartRows) -> dict[str, Any]:
    """Part to the number of its rows and a hash of which rows of the source they are."""
    rows = {"training": parts.training, "validation": parts.validation, "test": parts.test}
    return {
        part: {
            "samples": len(index),
            "rows": _hash_of_rows(index),
        }
        for part, index in rows.items()
        if index is not None
    }


def _hash_of_rows(rows: Array) -> str:
    digest = hashlib.sha256()
    for (piece,) in pieces_of(rows):
        digest.update(piece.astype("<i8").tobytes())
    return f"sha256:{digest.hexdigest()}"


def _add_array(digest: Any, name: str, array: Array) -> None:
    _add_text(digest, name)
    if array.dtype.kind == "U":
        _add_text(digest, f"text {array.shape}")
        for (rows,) in pieces_of(array):
            digest.update(_written_rows(rows.ravel()))
        return
    little = array.dtype.newbyteorder("<")
    _add_text(digest, f"{little.str.replace('=', '<')} {array.shape}")
    digest.update(np.ascontiguousarray(array, dtype=little).data)


def _add_text(digest: Any, text: str) -> None:
    digest.update(_written(text))


def _written(text: str) -> bytes:
    """A text with its length before it, so that two of them are not a third."""
    content = text.encode("utf-8", "surrogatepass")
    return f"{len(content)}:".encode() + content


def _written_rows(words: Array) -> bytes:
    """The words of some rows, each as `_written` has it."""
    few = different_words(words)
    if few is None:
        listed = words.tolist()
        written = {word: _written(word) for word in set(listed)}
        return b"".join([written[word] for word in listed])
    numbers, different = few
    texts = [_written(word) for word in different.tolist()]
    lengths = np.array([len(text) for text in texts])
    letters = np.array(texts).view("uint8").reshape(len(texts), -1)
    rows = letters[numbers]
    if lengths.min() == lengths.max():
        return rows.tobytes()
    return rows[np.arange(letters.shape[1]) < lengths[numbers][:, np.newaxis]].tobytes()


def _describe_column(column: Array) -> dict[str, Any]:
    described: dict[str, Any] = {
        "dtype": "text" if column.dtype.kind == "U" else str(column.dtype),
        "shape": list(column.shape[1:]),
    }
    if column.dtype.kind != "U":
        described |= {"min": column.min().item(), "max": column.max().item()}
    return described


def _plain(value: Value) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value if isinstance(value, bool | int | float | str) or value is None else str(value)
