"""What an engine of Keras 2.3.1 cannot have, and why.

This room owns the words of a refusal. Where in the config it stands is found by whoever asked.
"""

from __future__ import annotations

from dataclasses import dataclass

NAMES = {"theano": "Theano", "cntk": "CNTK"}
"""The engines, and what they are called."""


class RefusedError(Exception):
    """Something that cannot be translated; the message stands behind the name of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One thing that the engine cannot have.

    Attributes:
        layer: the names of the layer, the models around it first; empty for the whole.
        reason: why, as it stands behind its name.
        argument: the argument at fault, empty for none.
    """

    layer: tuple[str, ...]
    reason: str
    argument: str = ""


def absent(cls: str) -> RefusedError:
    """The refusal of a class that Keras 2.3.1 does not have."""
    return RefusedError(f"Keras 2.3.1 has no `{cls}`")


def wrong(engine: str, what: str) -> RefusedError:
    """The refusal of what an engine computes otherwise than Keras 3."""
    return RefusedError(f"{NAMES[engine]} computes {what} otherwise than Keras 3")


def unable(engine: str, what: str) -> RefusedError:
    """The refusal of what an engine cannot compute."""
    return RefusedError(f"{NAMES[engine]} cannot compute {what}")
