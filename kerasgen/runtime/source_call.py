"""What a source says of itself: the plain function that reads it, and how it is called.

A run calls the function, and an ejected script quotes it and calls it in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCall:
    """How a source is read.

    Attributes:
        function: gives name to array, and the number of each row's part or None; it may
            take the names of the columns that are `wanted` and leave the others out.
        arguments: its other arguments, by name, in order.
        paths: those of them that name files or folders.
        indexed: columns whose labels are class indices already.
    """

    function: Callable[..., Any]
    arguments: Mapping[str, Any]
    paths: tuple[str, ...] = ()
    indexed: frozenset[str] = frozenset()
