"""The library that multiplies matrices for Theano: the one that comes with SciPy or NumPy.

This room owns which of the libraries of an environment has the routines by the names that Theano
calls, and how Theano's own modules find it.

Decisions:
- Theano's settings are split at commas and blanks, so that the usual way to tell a loader where to
  look (`-Wl,-rpath,…`) is none; and each word of them must begin with a minus.
"""

from __future__ import annotations

import os
from pathlib import Path

_FOLDERS = ("numpy.libs", "scipy.libs")
"""Where wheels keep their libraries."""

_ROUTINE = b"\0dgemm_\0"
"""One that Theano calls, as a library has the names of its own."""

_SPLIT = frozenset(", \t")
"""Characters at which Theano's settings are split."""


def link_blas(packages: Path, folder: Path) -> bool:
    """Makes a folder in which Theano finds a BLAS.

    Args:
        packages: the folder of the environment's packages.
        folder: the folder that is made.

    Returns:
        Whether there is one; without it Theano multiplies by NumPy.
    """
    for name in _FOLDERS:
        for path in sorted((packages / name).glob("libopenblas*.so*")):
            if _ROUTINE in path.read_bytes() and not set(str(path)) & _SPLIT:
                folder.mkdir(exist_ok=True)
                (folder / "libopenblas.so").symlink_to(path)
                return True
    return False


def blas_flags(folder: Path) -> str:
    """What Theano is told of a BLAS: the one that `link_blas` has found, or none.

    Args:
        folder: the folder that `link_blas` makes.
    """
    try:
        library = os.readlink(folder / "libopenblas.so")
    except OSError:
        return "blas.ldflags="
    if set(f"{folder}{library}") & _SPLIT or not os.path.isfile(library):
        return "blas.ldflags="
    return f"blas.ldflags=-L{folder} -Xlinker -rpath={os.path.dirname(library)} -lopenblas"
