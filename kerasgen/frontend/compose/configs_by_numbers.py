"""Configs that differ from a composed one in numbers alone: made from it, and not composed.

Composing takes 0.1 s, and a sweep over seeds or rates would compose a thousand times what is the
same but for one number. This room owns what of a frozen config depends on the numbers that
overrides set, and its replacement. What composing makes of everything else it leaves to composing.

Decisions:
- Only a number at a key of its own, as one element: a text may choose a group's option, be a class,
  or refer to another value; `true` may stand for a whole section.
- What is made so equals what would have been composed, with all places; it shares with the first
  one what does not differ.
"""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

from hydra._internal.config_loader_impl import get_overrides_dirname
from hydra.core.override_parser.types import Override

from kerasgen.diagnostics.source_map import Mark
from kerasgen.frontend.compose.frozen_config import FrozenConfig
from kerasgen.frontend.compose.origins import SetByOverride, override_marks
from kerasgen.frontend.compose.selectors_through_hydra import parsed_for_name

_NUMBER = re.compile(
    r"(?P<key>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)="
    r"(?P<value>-?(?:0|[1-9][0-9]{0,17})(?P<rest>(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?))",
    re.ASCII,
)
"""An override that sets a number, which Hydra's grammar reads as Python does."""

Shape = tuple[str, ...]
"""Overrides without their numbers."""


def shape_of(overrides: Sequence[str]) -> Shape:
    """What overrides must have in common so that their configs may differ in numbers alone."""
    found = (_NUMBER.fullmatch(text) for text in overrides)
    return tuple(
        text if match is None else f"{match['key']}=<number>"
        for text, match in zip(overrides, found, strict=True)
    )


@dataclass(frozen=True, slots=True)
class Pattern:
    """A composed config from which others of its shape are made.

    Attributes:
        frozen: the config.
        numbers: index of an override that sets a number to its key.
        around: the same index to the marks of other keys that name this override.
        parsed: its overrides.
    """

    frozen: FrozenConfig
    numbers: Mapping[int, str]
    around: Mapping[int, Mapping[str, Mark]]
    parsed: tuple[Override, ...]

    @classmethod
    def of(cls, frozen: FrozenConfig) -> Self | None:
        """The pattern that a config makes, None where its numbers are not found in it."""
        numbers: dict[int, str] = {}
        for index, text in enumerate(frozen.overrides):
            if (match := _NUMBER.fullmatch(text)) is None:
                continue
            key, value = match["key"], _number(match)
            found = _value_at(frozen.config, key)
            if type(found) is not type(value) or found != value:
                return None
            numbers[index] = key
        if len(set(numbers.values())) < len(numbers):
            return None
        texts = {frozen.overrides[index]: index for index in numbers}
        around: dict[int, dict[str, Mark]] = {index: {} for index in numbers}
        for path, mark in frozen.source_map.marks.items():
            index = texts.get(mark.key.override or "", -1)
            if index >= 0 and path != numbers[index]:
                around[index][path] = mark
        return cls(frozen, numbers, around, tuple(map(parsed_for_name, frozen.overrides)))

    def with_numbers_of(self, overrides: Sequence[str]) -> FrozenConfig:
        """The config of other overrides of the same shape.

        Args:
            overrides: the task overrides.
        """
        frozen = self.frozen
        config = dict(frozen.config)
        marks: dict[str, Mark] = {}
        for index, key in self.numbers.items():
            text = overrides[index]
            if text == frozen.overrides[index]:
                continue
            match = _NUMBER.fullmatch(text)
            assert match is not None, "it has the same shape"
            _set(config, frozen.config, key.split("."), _number(match))
            marks |= dict(override_marks(SetByOverride(key=key, text=text)))
            marks |= {path: _renamed(mark, text) for path, mark in self.around[index].items()}
        known = frozen.source_map
        return replace(
            frozen,
            config=config,
            overrides=tuple(overrides),
            hydra=self._hydra(overrides),
            source_map=replace(known, marks=ChainMap(marks, known.marks)),  # type: ignore[arg-type]
        )

    def _hydra(self, overrides: Sequence[str]) -> dict[str, object]:
        """Hydra's settings with other task overrides."""
        hydra = self.frozen.hydra
        known, job = hydra["overrides"], hydra["job"]
        assert isinstance(known, dict)
        assert isinstance(job, dict)
        form = job["config"]["override_dirname"]
        name = get_overrides_dirname(
            overrides=[
                replace(one, input_line=text)
                for one, text in zip(self.parsed, overrides, strict=True)
            ],
            kv_sep=form["kv_sep"],
            item_sep=form["item_sep"],
            exclude_keys=form["exclude_keys"],
        )
        return {
            **hydra,
            "overrides": {**known, "task": list(overrides)},
            "job": {**job, "override_dirname": name},
        }


def _number(match: re.Match[str]) -> int | float:
    return float(match["value"]) if match["rest"] else int(match["value"])


def _value_at(config: Mapping[str, object], key: str) -> object:
    """What stands under a key path that leads through mappings alone; None for nothing."""
    node: object = config
    for part in key.split("."):
        if not isinstance(node, Mapping) or part not in node:
            return None
        node = node[part]
    return node


def _set(
    config: dict[str, object], first: Mapping[str, object], path: Sequence[str], value: object
) -> None:
    """Sets a value in a config that shares its mappings with the first one; copies those around."""
    node, shared = config, first
    for part in path[:-1]:
        inner, known = node[part], shared[part]
        assert isinstance(inner, dict)
        assert isinstance(known, dict)
        if inner is known:
            inner = node[part] = dict(inner)
        node, shared = inner, known
    node[path[-1]] = value


def _renamed(mark: Mark, text: str) -> Mark:
    """A mark at the same characters of another override."""
    return Mark(key=replace(mark.key, override=text), value=replace(mark.value, override=text))
