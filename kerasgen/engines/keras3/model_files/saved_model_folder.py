"""SavedModel folders of tf.keras: what Keras wrote into them about the model, read as data.

This room owns the few fields of TensorFlow's protocol buffers that lead to Keras's metadata. They
are read one by one, since TensorFlow's own loader would build the graph, whose functions are code.
TensorFlow 2.5 and later write the metadata into a file of its own, `keras_metadata.pb`; before, it
stood among the objects of `saved_model.pb`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kerasgen.engines.keras3.model_files.protobuf import read_fields
from kerasgen.foreign.json_data import Bounds, parse_json
from kerasgen.foreign.regular_files import ForeignFileError

_MODELS = ("_tf_keras_sequential", "_tf_keras_network", "_tf_keras_model")
"""Identifiers of models among the objects of a SavedModel; the root is the first of all objects."""


def keras_metadata(content: bytes, bounds: Bounds) -> dict[str, Any] | None:
    """The metadata of the root model in a `keras_metadata.pb`; None where there is none.

    Raises:
        ForeignFileError: it is not of that form.
    """
    for field, node in _fields(content):
        if field != 1:
            continue
        known = dict(_fields(node))
        if _text(known.get(3)) == "root" and 5 in known:
            return _metadata(known[5], bounds)
    return None


def graph_metadata(content: bytes, bounds: Bounds) -> dict[str, Any] | None:
    """The same from a `saved_model.pb` of TensorFlow before 2.5.

    Raises:
        ForeignFileError: it is not of that form.
    """
    for root in _below([content], 2, 7, 1):  # meta_graphs, object_graph_def, nodes: the first.
        for user_object in _below([root], 4):
            known = dict(_fields(user_object))
            if _text(known.get(1)) in _MODELS and 3 in known:
                return _metadata(known[3], bounds)
        return None
    return None


def _metadata(content: bytes, bounds: Bounds) -> dict[str, Any]:
    found = parse_json(content, bounds)
    if not isinstance(found, dict):
        raise ForeignFileError("describes its model by something else than a mapping")
    return found


def _below(messages: list[bytes], *fields: int) -> Iterator[bytes]:
    """The messages that are reached through fields, in order."""
    for message in messages:
        for field, value in _fields(message):
            if field != fields[0]:
                continue
            if len(fields) == 1:
                yield value
            else:
                yield from _below([value], *fields[1:])


def _text(content: bytes | None) -> str:
    return "" if content is None else content.decode("utf-8", "replace")


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """The fields of a message that hold bytes, in order; numbers are passed over."""
    for field, value in read_fields(message):
        if isinstance(value, bytes):
            yield field, value
