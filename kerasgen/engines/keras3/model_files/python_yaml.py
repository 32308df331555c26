"""YAML as `to_yaml` of Keras 1 and 2 wrote it: with aliases, and Python's tags for tuples and text.

This room owns the few things in which those files differ from plain YAML, which `foreign` reads.
Numbers of NumPy and lists of TensorFlow stand there as calls, which are read and not made.
No tag makes anything but lists, mappings and plain values; aliases stand for the same value again,
and what they amount to is counted by who takes the data.
"""

from __future__ import annotations

import struct
from typing import Any

import yaml

from kerasgen.foreign.regular_files import TOO_MUCH, ForeignFileError, decoded

_LARGEST = 2 * 1024 * 1024
"""Bytes of YAML that are read; the longest of the classic models has a tenth of it."""

_NUMBERS = {
    "i1": "b", "i2": "h", "i4": "i", "i8": "q", "u1": "B", "u2": "H", "u4": "I", "u8": "Q",
    "f4": "f", "f8": "d", "b1": "?",
}  # fmt: skip
"""NumPy's codes of numbers, and those of `struct`."""

_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_BASE):  # type: ignore[misc]  # the faster one of two, by what is installed
    """PyYAML's safe loader without merges, dates and sets."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Refuses a merge (`<<`), a few of which can stand for more than fits into memory."""
        for key, _ in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                raise yaml.constructor.ConstructorError(
                    None, None, "holds a merge (`<<`)", key.start_mark
                )


def _sequence(loader: Any, node: yaml.Node) -> object:
    return loader.construct_sequence(node, deep=True)


def _text(loader: Any, node: yaml.Node) -> object:
    return loader.construct_scalar(node)


_PLAIN = "tag:yaml.org,2002:"


def _applied(loader: Any, suffix: str, node: yaml.Node) -> object:
    """A call that stands for plain data: a list of TensorFlow's, a number of NumPy's."""
    kind = suffix.rpartition(".")[2]
    if kind == "ListWrapper" and isinstance(node, yaml.SequenceNode) and len(node.value) == 1:
        return loader.construct_object(node.value[0], deep=True)
    if kind == "dtype" and isinstance(node, yaml.MappingNode):
        held = loader.construct_mapping(node, deep=True)
        return [held["state"][1], held["args"][0]]
    if kind == "scalar" and isinstance(node, yaml.SequenceNode) and len(node.value) == 2:
        (order, code), content = loader.construct_sequence(node, deep=True)
        order = order if order in ("<", ">") else "<"
        return struct.unpack(f"{order}{_NUMBERS[code]}", content)[0]
    raise yaml.constructor.ConstructorError(
        None, None, f"holds the tag `!!python/object/apply:{suffix[:60]}`", node.start_mark
    )


for _tag in ("python/tuple", "python/list"):
    _Loader.add_constructor(f"{_PLAIN}{_tag}", _sequence)
for _tag in ("python/unicode", "python/str", "timestamp"):
    _Loader.add_constructor(f"{_PLAIN}{_tag}", _text)
_Loader.add_multi_constructor(f"{_PLAIN}python/object/apply:", _applied)
for _tag in ("set", "omap", "pairs"):
    _Loader.add_constructor(f"{_PLAIN}{_tag}", _BASE.construct_undefined)
_Loader.add_constructor(f"{_PLAIN}python/none", lambda loader, node: None)


def parse_python_yaml(content: bytes) -> object:
    """The data of a YAML text in UTF-8.

    Raises:
        ForeignFileError: it is not YAML, holds other objects, or is too large.
    """
    if len(content) > _LARGEST:
        raise ForeignFileError(
            f"has {len(content):,} bytes of YAML, expected at most {_LARGEST:,}", code=TOO_MUCH
        )
    text = decoded(content)
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise ForeignFileError(
            f"is not YAML of a model: {error.problem or 'it cannot be read'}",
            line=mark.line + 1 if mark else None,
            column=mark.column + 1 if mark else None,
        ) from None
    # Constructors of numbers raise their own for what is none, libyaml for what it cannot nest.
    except (
        yaml.YAMLError,
        RecursionError,
        ValueError,
        TypeError,
        LookupError,
        struct.error,
    ) as error:
        told = " ".join(str(error).split())[:100] or type(error).__name__
        raise ForeignFileError(f"is not YAML of a model: {told}") from None
