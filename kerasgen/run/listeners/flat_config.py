"""A config as a list of settings: dotted key to text, as trackers show and compare them.

This room owns which parts of a config are a setting of their own. It must not know any tracker, nor
what is in a config.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import yaml

from kerasgen.ir.values import Tree


def settings_of(text: str) -> dict[str, bool | int | float | str]:
    """The settings of a config, true, false and numbers as such and all else as text."""
    return {
        name: value if isinstance(value, bool | int | float | str) else json.dumps(value)
        for name, value in _flat(yaml.safe_load(text), "")
    }


def flat_config(text: str) -> dict[str, str]:
    """The settings of a config.

    Args:
        text: the config as YAML.

    Returns:
        Dotted key to its value as text; a list of plain values is one setting, and so is what is
        empty.
    """
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in settings_of(text).items()
    }


def _flat(value: Tree, path: str) -> Iterator[tuple[str, Tree]]:
    if isinstance(value, dict) and value:
        for name, item in value.items():
            yield from _flat(item, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        for index, item in enumerate(value):
            yield from _flat(item, f"{path}.{index}")
    else:
        yield path, value
