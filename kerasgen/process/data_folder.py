"""The folder of what kerasgen keeps for its user: what would take long to make again."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def data_folder() -> Path:
    """The folder: `KERASGEN_DATA`, else `kerasgen` where the system keeps a user's data."""
    if own := os.environ.get("KERASGEN_DATA"):
        return Path(own)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", "~")).expanduser() / "kerasgen"
    if sys.platform == "darwin":
        return Path("~/Library/Application Support/kerasgen").expanduser()
    return Path(os.environ.get("XDG_DATA_HOME") or "~/.local/share").expanduser() / "kerasgen"
