"""Which backends of Keras 3 are installed, found without an import of any."""

from __future__ import annotations

import contextlib
import importlib.metadata
import platform
import sys

from kerasgen.engine.runtimes import EngineFound
from kerasgen.engines.keras3.environment import PACKAGES
from kerasgen.process.packages import is_installed


def found_backend(name: str) -> EngineFound:
    """What is known of a backend without importing it.

    Args:
        name: one of `PACKAGES`.
    """
    package = PACKAGES[name]
    extra = "kerasgen" if name == "tensorflow" else f"kerasgen[{name}]"
    if not is_installed(package):
        return EngineFound(name=name, state="absent", help=f"pip install '{extra}'")
    return EngineFound(
        name=name,
        state="ready",
        version=_version(package),
        python=platform.python_version(),
        interpreter=sys.executable,
        origin="kerasgen's own Python",
    )


def _version(package: str) -> str | None:
    """The version of a package, which may have come by another name (`tensorflow-cpu`)."""
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        return importlib.metadata.version(package)
    names = importlib.metadata.packages_distributions().get(package, ())  # takes a second
    return importlib.metadata.version(names[0]) if names else None
