"""The folder in which kerasgen keeps what it can make again."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """The folder of the cache: `KERASGEN_CACHE`, else `kerasgen` in the user's cache folder.

    Raises:
        RuntimeError: there is no home folder.
    """
    if own := os.environ.get("KERASGEN_CACHE"):
        return Path(own)
    users = os.environ.get("XDG_CACHE_HOME", "")
    # The standard says that a relative one is to be ignored.
    return (Path(users) if os.path.isabs(users) else Path.home() / ".cache") / "kerasgen"
