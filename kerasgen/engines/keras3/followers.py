"""Callbacks that only follow a training: what they raise does not end it.

This room owns the guard around such a callback. It must not know what the callback does, nor what
becomes of an error.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

_CALLS = tuple(name for name in dir(keras.callbacks.Callback) if name.startswith(("on_", "set_")))
"""All that Keras calls of a callback."""


class Follower(keras.callbacks.Callback):  # type: ignore[misc]
    """A callback in front of another, which is not called any more once it has failed.

    Args:
        callback: the callback that follows.
        failed: gets what it raised, once.
    """

    def __init__(self, callback: Any, failed: Callable[[Exception], None]) -> None:
        super().__init__()
        self.async_safe = getattr(callback, "async_safe", False)
        self._callback: Any = callback
        self._failed = failed

    @property
    def followed(self) -> Any:
        """The callback that follows; None once it has failed."""
        return self._callback

    def _forward(self, name: str, *arguments: Any, **named: Any) -> None:
        if self._callback is None:
            return
        try:
            getattr(self._callback, name)(*arguments, **named)
        except Exception as error:  # It is the code of others, and writes where it likes.
            self._callback = None
            self._failed(error)


def _forwarding(name: str) -> Callable[..., None]:
    def call(self: Follower, *arguments: Any, **named: Any) -> None:
        if name.startswith("set_"):
            getattr(keras.callbacks.Callback, name)(self, *arguments, **named)
        self._forward(name, *arguments, **named)

    return call


for _name in _CALLS:
    setattr(Follower, _name, _forwarding(_name))
