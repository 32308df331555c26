"""Which packages this Python has.

This room owns the question whether a package can be imported, which it answers without importing
it. It must not know what a package is needed for.
"""

from __future__ import annotations

import importlib.util


def is_installed(package: str) -> bool:
    """Whether a package can be imported; nothing is imported to find out."""
    try:
        found = importlib.util.find_spec(package)
    except ImportError:  # An import hook that keeps a package away may say so by raising.
        return False
    # A mere folder of that name in the working directory is found, too: it has no file of its own.
    return found is not None and found.origin is not None
