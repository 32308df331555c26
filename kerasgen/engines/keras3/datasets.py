"""Keras's downloadable data sets.

This room owns the call of `keras.datasets`, and that nothing is downloaded unless it is wanted.
"""

from __future__ import annotations

import contextlib
import io
import urllib.request
from collections.abc import Iterator
from typing import Any

import keras

from kerasgen.engine import NotAvailableError
from kerasgen.engines.keras3.error_text import shorten

Pairs = tuple[tuple[Any, Any], tuple[Any, Any]]


def load_keras_dataset(name: str, *, download: bool) -> Pairs:
    """Loads a data set of `keras.datasets`, from Keras's cache or from the network.

    Args:
        name: module name, such as `mnist`.
        download: whether it may be downloaded; where not, only the cache serves.

    Returns:
        `(x_train, y_train), (x_test, y_test)` as NumPy arrays.

    Raises:
        NotAvailableError: it is not cached, and was not or could not be downloaded.
    """
    module = getattr(keras.datasets, name)
    try:
        if download:
            return _load(module)
        # Keras prints `Downloading data from …` before it asks the network, which is refused.
        with _offline(), contextlib.redirect_stdout(io.StringIO()):
            return _load(module)
    except _OfflineError:
        raise NotAvailableError(f"Keras has no usable copy of `{name}`", refused=True) from None
    except Exception as error:
        # `get_file` raises plain `Exception` for a failed download.
        raise NotAvailableError(shorten(error), refused=False) from error


def _load(module: Any) -> Pairs:
    loaded: Pairs = module.load_data()
    return loaded


class _OfflineError(BaseException):
    """The network was asked while it must not be.

    No `Exception`, since `get_file` answers those by deleting the file in its cache that it
    wanted to replace, which may be one that the user put there.
    """


class _Refusal(urllib.request.OpenerDirector):
    """An opener that opens nothing."""

    def open(self, *_: Any, **__: Any) -> Any:
        """Refuses."""
        raise _OfflineError


@contextlib.contextmanager
def _offline() -> Iterator[None]:
    """Refuses what `urllib.request` is asked for; that is how Keras downloads."""
    before = getattr(urllib.request, "_opener", None)
    urllib.request.install_opener(_Refusal())
    try:
        yield
    finally:
        # None, the state before the first request, is what `urlopen` fills in itself.
        urllib.request.install_opener(before)
