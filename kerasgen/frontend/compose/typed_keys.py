"""Which keys of a config overrides set: what is the word of whoever typed them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hydra.core.override_parser.types import Override


def typed_keys(overrides: Iterable[Override]) -> Iterator[str]:
    """The key path of every value that an override sets itself."""
    for override in overrides:
        yield from _leaves(override.key_or_group, override.value())


def _leaves(path: str, value: Any) -> Iterator[str]:
    yield path
    pairs = enumerate(value) if isinstance(value, list) else ()
    for key, item in value.items() if isinstance(value, Mapping) else pairs:
        yield from _leaves(f"{path}.{key}", item)
