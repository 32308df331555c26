"""How often functions are called, whoever calls them and by whichever name they were imported."""

import contextlib
import functools
import importlib
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest

ROOMS = ("kerasgen", "hydra")
"""Packages whose modules may have imported a function by name."""


@contextlib.contextmanager
def counted(
    functions: Sequence[str], only: Mapping[str, Callable[..., bool]] | None = None
) -> Iterator[Counter[str]]:
    """Inside, counts the calls of functions that no other of their calls has made.

    A function that calls itself, or comes back to itself by way of others, is computed once.

    Args:
        functions: dotted names, module and function.
        only: name of a function to what says of its arguments whether the call counts.
    """
    counts: Counter[str] = Counter(
        dict.fromkeys((name.rpartition(".")[2] for name in functions), 0)
    )
    with pytest.MonkeyPatch.context() as patch:
        for dotted in functions:
            module, _, name = dotted.rpartition(".")
            original = getattr(importlib.import_module(module), name)
            _replace(original, _counting(original, name, counts, (only or {}).get(name)), patch)
        yield counts


def _counting(
    original: Callable[..., Any],
    name: str,
    counts: Counter[str],
    counts_if: Callable[..., bool] | None,
) -> Callable[..., Any]:
    running: list[None] = []

    @functools.wraps(original)
    def counting(*args: Any, **kwargs: Any) -> Any:
        if not running and (counts_if is None or counts_if(*args, **kwargs)):
            counts[name] += 1
        running.append(None)
        try:
            return original(*args, **kwargs)
        finally:
            running.pop()

    return counting


def _replace(original: object, new: object, patch: pytest.MonkeyPatch) -> None:
    """Puts a function into the place of another in every module that has it."""
    for module in list(sys.modules.values()):
        if module is None or module.__name__.partition(".")[0] not in ROOMS:
            continue
        for name, value in list(vars(module).items()):
            if value is original:
                patch.setattr(module, name, new)
