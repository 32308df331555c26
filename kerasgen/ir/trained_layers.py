"""Which layers of a factory's model are trained: what its entry says under `trainable`.

This room owns the three forms of that key and the rules that they come to. It must not know which
layers a factory makes; that is known only when the engine has made them.

Decisions:
- `false` freezes the whole. A list holds the layers that stay trainable, all others are frozen. A
  mapping sets what its patterns mean, one after the other; what none means stays trainable.
- A pattern is a class (`Conv2D`) or a glob on names (`block_16*`), as in a selector.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, TypeAlias

TRAINABLE = "trainable"
"""The key of an entry that holds a factory."""

ALL = "*"
"""The pattern that means every layer."""

Rules: TypeAlias = tuple[tuple[str, bool], ...]
"""Patterns and whether the layers that they mean are trained; later ones count more."""

FORM = "write true, false, or the layers that stay trainable: `trainable: [block_16*, Conv_1*]`"


def is_factory(cls: str | None) -> bool:
    """Whether a class is written as a factory of `keras.applications`."""
    return cls is not None and cls.removeprefix("keras.").startswith("applications.")


def are_rules(value: Any) -> bool:
    """Whether a value is one of the three forms."""
    if isinstance(value, bool):
        return True
    if isinstance(value, Mapping):
        return bool(value) and all(isinstance(item, bool) for item in value.values())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return bool(value) and all(isinstance(item, str) and item for item in value)
    return False


def rules_of(value: Any) -> Rules:
    """The rules that a value of one of the forms comes to; none for true."""
    if isinstance(value, Mapping):
        return tuple((bare(str(pattern)), trained is True) for pattern, trained in value.items())
    if isinstance(value, bool):
        return () if value else ((ALL, False),)
    return ((ALL, False), *((bare(pattern), True) for pattern in value))


def with_rule(value: Any, pattern: str, trained: bool) -> dict[str, bool]:
    """A value of one of the forms, as a mapping with one more rule at its end."""
    rules = dict(rules_of(value))
    rules.pop(bare(pattern), None)
    return {**rules, bare(pattern): trained}


def means(pattern: str, cls: str, name: str) -> bool:
    """Whether a pattern means a layer of a class and a name."""
    return pattern == cls or fnmatchcase(name, pattern)


def bare(pattern: str) -> str:
    """A pattern without the modules that may stand before a class."""
    return pattern.removeprefix("keras.").removeprefix("layers.")
