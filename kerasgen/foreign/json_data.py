"""JSON of a stranger as plain data: bounded in size, levels, values and digits.

This room owns reading JSON within bounds. It must not know what the data means.

Decisions:
- A key that stands twice is refused: which of the two counts, readers do not agree on.
- `NaN` and infinity are taken as Python's own writer leaves them; who needs a finite number asks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerasgen.foreign.regular_files import MOST_BYTES, TOO_MUCH, ForeignFileError, read_bytes

_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much a file may hold.

    Attributes:
        size: bytes.
        levels: mappings and lists inside one another.
        values: keys, values and items.
        digits: characters of a number.
    """

    size: int = MOST_BYTES
    levels: int = 64
    values: int = 1_000_000
    digits: int = 400


def read_json(
    path: str | Path, *, bounds: Bounds | None = None, within: Path | None = None
) -> object:
    """The data in a JSON file.

    Args:
        path: the file.
        bounds: how much it may hold, None for the usual.
        within: a folder that a link must not lead out of, or None.

    Returns:
        Mappings, lists, strings, numbers, booleans and None.

    Raises:
        ForeignFileError: it cannot be read, is not JSON, or holds more than it may.
    """
    bounds = bounds or Bounds()
    return parse_json(read_bytes(path, most=bounds.size, within=within), bounds)


def parse_json(content: bytes, bounds: Bounds | None = None) -> object:
    """The data of a JSON text in UTF-8, UTF-16 or UTF-32.

    Raises:
        ForeignFileError: it is not JSON, or holds more than it may.
    """
    bounds = bounds or Bounds()
    if not content.strip():
        raise ForeignFileError("is empty")
    encoding = json.detect_encoding(content)
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        raise ForeignFileError(f"is not JSON: it is not {encoding.upper()} text") from None
    _require_few(text.removeprefix("\ufeff"), bounds)
    digits = bounds.digits

    def integer(written: str) -> int:
        return int(_short(written, digits))

    def real(written: str) -> float:
        return float(_short(written, digits))

    try:
        value: object = json.loads(
            text.removeprefix("\ufeff"),
            object_pairs_hook=_mapping,
            parse_int=integer,
            parse_float=real,
        )
    except RecursionError:
        raise _too_deep(bounds) from None
    except json.JSONDecodeError as error:
        raise ForeignFileError(
            f"is not JSON: {error.msg[:1].lower()}{error.msg[1:]}",
            line=error.lineno,
            column=error.colno,
        ) from None
    if text.count("[") + text.count("{") > bounds.levels:  # Fewer cannot be deeper.
        _require_shallow(value, bounds)
    return value


def _require_few(text: str, bounds: Bounds) -> None:
    """Refuses too many values before one of them is made; strings may hold any number of commas."""
    if _marks(text) > bounds.values and _marks(_STRING.sub("", text)) > bounds.values:
        raise ForeignFileError(f"holds more than {bounds.values:,} values", code=TOO_MUCH)


def _marks(text: str) -> int:
    return sum(text.count(mark) for mark in ",[{:")


def _short(written: str, digits: int) -> str:
    if len(written) > digits:
        raise ForeignFileError(
            f"holds a number of {len(written):,} characters, expected at most {digits}",
            code=TOO_MUCH,
        )
    return written


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ForeignFileError(f"holds the key `{twice[:60]}` twice in one mapping")
    return made


def _require_shallow(value: object, bounds: Bounds) -> None:
    level: list[Any] = [value]
    for _ in range(bounds.levels):
        level = [item for held in level if isinstance(held, dict | list) for item in _held(held)]
        if not level:
            return
    if any(isinstance(item, dict | list) for item in level):
        raise _too_deep(bounds)


def _held(holder: dict[str, Any] | list[Any]) -> Iterator[Any]:
    return iter(holder.values() if isinstance(holder, dict) else holder)


def _too_deep(bounds: Bounds) -> ForeignFileError:
    return ForeignFileError(
        f"is nested too deeply: more than {bounds.levels} levels", code=TOO_MUCH
    )
