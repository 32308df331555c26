"""YAML as `to_yaml` of Keras 1 and 2 wrote it: with aliases, and Python's tags for tuples and text.

This room owns the few things in which those files differ from plain YAML, which `foreign` reads.
No tag makes anything but lists, mappings and plain values; aliases stand for the same value again,
and what they amount to is counted by who takes the data.
"""

from __future__ import annotations

from typing import Any

import yaml

from kerasgen.foreign.opening import TOO_MUCH, ForeignFileError, decoded

_LARGEST = 2 * 1024 * 1024
"""Bytes of YAML that are read; the longest of the classic models has a tenth of it."""

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


def _sequence(loader: Any, node: yaml.Node) -> Any:
    return loader.construct_sequence(node, deep=True)


def _text(loader: Any, node: yaml.Node) -> Any:
    return loader.construct_scalar(node)


_PLAIN = "tag:yaml.org,2002:"

for _tag in ("python/tuple", "python/list"):
    _Loader.add_constructor(f"{_PLAIN}{_tag}", _sequence)
for _tag in ("python/unicode", "python/str", "timestamp"):
    _Loader.add_constructor(f"{_PLAIN}{_tag}", _text)
for _tag in ("set", "omap", "pairs", "binary"):
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
    except (yaml.YAMLError, RecursionError, ValueError, TypeError, LookupError) as error:
        told = " ".join(str(error).split())[:100] or type(error).__name__
        raise ForeignFileError(f"is not YAML of a model: {told}") from None
