"""The words of a help: what was likely meant by a name, and values as a config writes them.

This room owns the search for the name that was meant, and the question whether nothing else can
have been meant. It must not know what a name stands for.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Self

_PLAIN = re.compile(r"(?!(?:true|false|yes|no|on|off|null|y|n)\Z)[A-Za-z_][\w./-]*", re.IGNORECASE)
"""Text that means itself in YAML and in an override, without quotes."""


_SHARED = 4
"""Letters in a row by which a name is near to another, however they differ else."""


class Suggestion(str):
    """A help text that says what must stand in the place that a diagnostic points at.

    Attributes:
        replacement: the text to write there.
        sure: whether nothing else can have been meant, so that it may be written unasked: a slip
            of the keys, or another name for the same thing.
    """

    replacement: str
    sure: bool

    def __new__(cls, text: str, replacement: str, *, sure: bool = True) -> Self:
        """A help text and the text to write."""
        made = super().__new__(cls, text)
        made.replacement = replacement
        made.sure = sure
        return made


def closest(name: str, options: Iterable[str]) -> str | None:
    """The option that looks most like `name`, or None if none is near.

    An option that differs only in case or separators wins; otherwise `difflib`'s ratio decides.
    """
    pool = list(dict.fromkeys(options))
    folded = {_fold(option): option for option in reversed(pool)}
    if (same := folded.get(_fold(name))) is not None:
        return same
    matches = difflib.get_close_matches(name, pool, n=1, cutoff=0.6)
    if not matches:
        matches = [
            folded[match] for match in difflib.get_close_matches(_fold(name), folded, 1, 0.6)
        ]
    if not matches and len(name) > 1:
        begun = [option for option in folded if option.startswith(_fold(name))]
        matches = [folded[option] for option in sorted(begun, key=len)[:1]]
    return matches[0] if matches else None


def nearest(name: str, options: Iterable[str], *, count: int = 3) -> list[str]:
    """The options that have a part of a name in them, the nearest first.

    Args:
        name: the name.
        options: what there is.
        count: how many to give at most.
    """
    written, ranked = _fold(name), []
    for option in sorted(dict.fromkeys(options)):
        other = _fold(option)
        # A search in Python for what is shared takes seconds beside a name of thousands of letters.
        if any(other[at : at + _SHARED] in written for at in range(len(other) - _SHARED + 1)):
            matcher = difflib.SequenceMatcher(None, written, other)
            ranked.append((-matcher.find_longest_match().size, -matcher.ratio(), option))
    return [option for _, _, option in sorted(ranked)[:count]]


def did_you_mean(
    name: str, options: Iterable[str], *, listed: int = 12, otherwise: str | None = None
) -> str | None:
    """A help text for a misspelt name: the nearest option, or the options if they are few.

    Args:
        name: the name as it was written.
        options: the names that there are.
        listed: how many names are listed at most, where none is near; of more than these, those
            that have a part of it in them.
        otherwise: how to list the names, where they are too many.
    """
    pool = sorted(dict.fromkeys(options))
    if (match := closest(name, pool)) is not None:
        sure = is_slip(name, match, pool)
        return Suggestion(f"did you mean `{match}`?", match, sure=sure)
    if pool and len(pool) <= listed:
        return "known: " + ", ".join(f"`{option}`" for option in pool)
    near = nearest(name, pool) if listed else []
    told = "the nearest: " + ", ".join(f"`{option}`" for option in near) if near else None
    return "; ".join(filter(None, (told, otherwise if pool else None))) or None


def is_slip(name: str, meant: str, options: Iterable[str]) -> bool:
    """Whether a name can only be a misspelling of one option: near to it, and to no other.

    One letter in eight may be wrong, missing, too many or changed with its neighbour, at least
    one; case and separators count nothing. Every other option must be further away.
    """
    written, wanted = _fold(name), _fold(meant)
    if written == wanted:
        return sum(_fold(option) == wanted for option in options) == 1
    steps = _steps_between(written, wanted)
    if len(written) < 3 or steps > max(1, len(wanted) // 8):
        return False
    others = {_fold(option) for option in options} - {wanted}
    return all(_steps_between(written, other) > steps for other in others)


def _steps_between(one: str, other: str) -> int:
    """Letters to change, add, take out or swap with their neighbour from one word to another."""
    before: list[int]
    last: list[int] = []
    row = list(range(len(other) + 1))
    before = row
    for i, letter in enumerate(one, 1):
        before, last, row = row, before, [i]
        for j, wanted in enumerate(other, 1):
            steps = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                steps = min(steps, last[j - 2] + 1)
            row.append(steps)
    return row[-1]


def as_yaml(value: Any) -> str:
    """A plain value as a config writes it on one line; what is no plain value as `…`."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    if isinstance(value, str):
        return value if _PLAIN.fullmatch(value) else json.dumps(value, ensure_ascii=False)
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(as_yaml(item) for item in value)}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {as_yaml(item)}' for key, item in value.items())}}}"
    return "…"


def as_override(key: str, value: str) -> str:
    """An override as it is typed at a shell, in quotes where it needs them.

    Args:
        key: what it sets.
        value: the value as a config writes it on one line.
    """
    text = f"{key}={value}"
    return f"'{text}'" if any(mark in text for mark in ' ,[]{}"$*<>()&|;') else text


_WRITTEN_BITS = 1_000
"""Bits of a number up to which it is written out; Python refuses to write many more."""


def describe(value: Any) -> str:
    """A value with its kind, as a message says it: `the string "x"`, `the number 3`, `a list`."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return f"the boolean `{str(value).lower()}`"
    if isinstance(value, str):
        return f'the string "{value if len(value) <= 40 else value[:37] + "..."}"'
    if isinstance(value, int) and value.bit_length() > _WRITTEN_BITS:
        return "a number of hundreds of digits"
    if isinstance(value, int | float):
        return f"the number `{value}`"
    if isinstance(value, Mapping):
        return "a mapping"
    return "a list" if isinstance(value, list | tuple) else f"a {type(value).__name__}"


def _fold(name: str) -> str:
    return name.replace("_", "").replace("-", "").replace(" ", "").lower()
