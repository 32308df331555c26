"""Python's collector of garbage while a process starts.

Importing makes hundreds of thousands of objects and throws nearly none away. The collector, which
comes again after every 700 new ones, looks through all of them many times: measured, a sixth of the
import of Keras on each backend, and 10 ms of a command that starts no engine.

Decisions:
- A process of kerasgen begins with the collector `relaxed`: it comes, but seldom.
- It is off while an engine is imported. In a process of our own, what is there afterwards stays
  until the end, so that it is frozen: collections during the training need not look at it.
- An entry point imports this before it hears signals, so that it imports nothing itself, not even
  `contextlib`.
"""

from __future__ import annotations

import gc

_SELDOM = 50_000
"""New objects between two collections of a process that starts; Python's own is 700 or 2,000."""

_USUAL = gc.get_threshold()


def relax() -> None:
    """Lets the collector come seldom until an engine was imported."""
    gc.set_threshold(_SELDOM)


def keep() -> None:
    """Lets no collection look at what is there by now, as in a process that is forked."""
    gc.collect()
    gc.freeze()


class paused:  # noqa: N801 - it is used as a function
    """No garbage is collected inside; a collector that was off before stays off.

    Where it was relaxed, what is there is frozen afterwards, and it comes as often as usual.
    """

    def __enter__(self) -> None:
        self._working = gc.isenabled()
        gc.disable()

    def __exit__(self, *_: object) -> None:
        if gc.get_threshold()[0] == _SELDOM:
            gc.freeze()
            gc.set_threshold(*_USUAL)
        if self._working:
            gc.enable()
