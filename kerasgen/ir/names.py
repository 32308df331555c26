"""Names that nobody wrote: those that Keras makes of classes, and free ones for taken ones."""

from __future__ import annotations

import re
from collections.abc import Container


def snake_case(cls: str) -> str:
    """A class name as Keras makes a name of it: `Conv2D` -> `conv2d`.

    Source: `keras.src.utils.naming.to_snake_case`, for the public names of classes.
    """
    name = cls.rpartition(".")[2]
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def free_name(name: str, taken: Container[str]) -> str:
    """A name that is not taken: the wanted one, or that with a number, from 2 on."""
    free, number = name, 1
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    return free
