"""The journal of a study: a file in the folder of its sweep, which several processes may write.

This room owns that the file can be gone on with whatever has ended its last writer, and that one of
a stranger is opened without harm. What stands in it is Optuna's.

Decisions:
- Writers lock the file itself, so that none that is killed leaves a lock. A line that it has not
  ended is cut off.
- The sampler `cmaes` keeps its state as a pickle in the study. It is looked through before Optuna
  reads it: what names anything but its own parts and NumPy's is refused.
"""

from __future__ import annotations

import contextlib
import io
import os
import pickle
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from kerasgen.foreign.regular_files import TOO_MUCH, ForeignFileError, open_regular
from kerasgen.record.lock import locked

JOURNAL = "study.journal"
"""Its name in the folder of the sweep."""

_MOST = 512 * 2**20
"""Bytes above which no journal is read."""

_PICKLED = ("cma:optimizer", "sepcma:optimizer", "cmawm:optimizer")

_HARMLESS = frozenset(
    {
        ("cmaes._cma", "CMA"),
        ("cmaes._sepcma", "SepCMA"),
        ("cmaes._cmawm", "CMAwM"),
        ("numpy", "ndarray"),
        ("numpy", "dtype"),
        ("numpy.random.mtrand", "RandomState"),
        ("numpy.random._pickle", "__randomstate_ctor"),
        ("numpy.random._pickle", "__bit_generator_ctor"),
        ("numpy.random._mt19937", "MT19937"),
        ("numpy._core.multiarray", "_reconstruct"),
        ("numpy._core.multiarray", "scalar"),
        ("numpy._core.numeric", "_frombuffer"),
        ("numpy.core.multiarray", "_reconstruct"),
        ("numpy.core.multiarray", "scalar"),
        ("numpy.core.numeric", "_frombuffer"),
        ("_codecs", "encode"),
    }
)
"""What the state of the sampler `cmaes` is made of."""


class JournalLock:
    """Optuna's lock of a journal, held on the file itself.

    Args:
        file: the journal, which is there.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._held = contextlib.ExitStack()

    def acquire(self) -> bool:
        """Waits until nobody else writes."""
        self._held.enter_context(locked(self._file))
        return True

    def release(self) -> None:
        """Lets others write."""
        self._held.close()


def open_journal(file: Path) -> Any:
    """The storage of Optuna over a journal.

    Args:
        file: the journal; made if it is not there.

    Raises:
        ForeignFileError: there is something else in its place, or it is too large.
        OSError: it cannot be written.
        Exception: Optuna cannot read it.
    """
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    with contextlib.suppress(FileExistsError):
        file.open("xb").close()
    lock: Any = JournalLock(file)
    with open_regular(file, within=file.parent), locked(file):  # It is no pipe, which would wait.
        _mend(file)
    return JournalStorage(JournalFileBackend(str(file), lock_obj=lock))


def _mend(file: Path) -> None:
    """Cuts off what a writer has begun and not ended."""
    with open_regular(file, within=file.parent) as content:
        size = os.fstat(content.fileno()).st_size
        if size > _MOST:
            raise ForeignFileError(f"is of {size:,} bytes", code=TOO_MUCH)
        whole = _end_of_lines(content, size)
    if whole < size:
        os.truncate(file, whole)


def _end_of_lines(content: io.BufferedReader, size: int) -> int:
    """Where the last whole line ends."""
    at = size
    while at > 0:
        begin = max(0, at - 65_536)
        content.seek(begin)
        found = content.read(at - begin).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        at = begin
    return 0


class _Looking(pickle.Unpickler):
    """Reads a pickle that names nothing but harmless parts."""

    def find_class(self, module: str, name: str) -> Any:
        """A harmless part.

        Raises:
            pickle.UnpicklingError: it is none.
        """
        if (module, name) not in _HARMLESS:
            raise pickle.UnpicklingError(f"it names `{module}.{name}`")
        return super().find_class(module, name)


def refused_state(trials: Iterable[Mapping[str, Any]]) -> str | None:
    """Why the states of samplers in a study are not read, None where they may be.

    Args:
        trials: the attributes that Optuna keeps of each trial.
    """
    for attributes in trials:
        for prefix in _PICKLED:
            parts = {
                int(key.rpartition(":")[2]): value
                for key, value in attributes.items()
                if key.startswith(prefix) and key.rpartition(":")[2].isdecimal()
            }
            if not parts:
                continue
            text = "".join(str(parts[number]) for number in sorted(parts))
            try:
                _Looking(io.BytesIO(bytes.fromhex(text))).load()
            except Exception as error:  # A pickle that is made to do harm may raise anything.
                return f"the state of its sampler is refused: {error}"
    return None
