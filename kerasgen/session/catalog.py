"""Where the catalog comes from: the cache, the Keras of this process, or one of a child process.

This room owns when the catalog is made, and that it is put into the cache. How it is stored is the
business of `catalog.store`, what Keras offers that of its engine. Importing this
module imports neither Keras nor NumPy.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import kerasgen
from kerasgen.catalog.entries import Catalog
from kerasgen.catalog.store import (
    Installed,
    find_installed,
    load_catalog,
    read_catalog,
    save_catalog,
    write_catalog,
)
from kerasgen.diagnostics import Sink
from kerasgen.engines.choice import describing_files, engine_for, installed_backends
from kerasgen.ir.program import BackendDef

if TYPE_CHECKING:
    from kerasgen.engine import Engine

_PACKAGE = Path(kerasgen.__file__).resolve().parent

_CHILD = "import sys; sys.path.append(sys.argv[1]); from kerasgen.session.catalog import describe; "
_CHILD += "describe(*sys.argv[2:])"

_LOADED = time.time()
"""When this module was loaded, in seconds since the epoch."""


def stored_catalog() -> Catalog | None:
    """The catalog of the installed Keras from the cache, data sources included, or None."""
    installed = _installed()
    return None if installed is None else load_catalog(installed)


def engine_catalog(engine: Engine, known: Catalog | None = None) -> Catalog:
    """The catalog of an engine that was started, data sources included; it goes into the cache.

    Args:
        engine: the engine.
        known: the catalog from the cache, None if it was not looked for.
    """
    stored = stored_catalog() if known is None else known
    asked = engine.catalog()
    if stored is not None and stored.version == asked.version:
        return stored
    installed = _installed()
    made = _with_sources(asked)
    # What was written after this module was loaded may not be what is imported.
    if installed is not None and installed.version == made.version and installed.changed < _LOADED:
        save_catalog(made, installed)
    return made


def lightest_engine() -> BackendDef:
    """The settings of the backend that is imported fastest, for what computes nothing."""
    return BackendDef(backend=next(iter(installed_backends()), "tensorflow"))


def child_catalog(sink: Sink, say: Callable[[str], None]) -> Catalog:
    """The catalog as a child process finds it, with the lightest engine; it goes into the cache.

    Args:
        sink: gets the reason why there is none.
        say: gets a line before the work, and one after it.

    Raises:
        CompileError: neither Keras nor a backend can be imported.
    """
    import subprocess
    import tempfile

    installed = _installed()
    engines = installed_backends()
    if installed is None or not engines:
        missing = "keras" if installed is None else "tensorflow"
        raise sink.fail(
            "KG603",
            "there is no Keras that can be asked for its classes"
            if installed is None
            else "Keras needs a backend, and none of its packages is installed",
            help=f"pip install {missing}",
        )
    say(f"kerasgen: asking Keras {installed.version} for its classes, once for all checks …")
    said = ""
    with tempfile.TemporaryDirectory(prefix="kerasgen-catalog-") as folder:
        path = Path(folder) / "catalog.json"
        for engine in engines:
            done = subprocess.run(
                [sys.executable, "-P", "-c", _CHILD, str(_PACKAGE.parent), engine, str(path)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                check=False,
            )
            found = read_catalog(path, installed)
            if found is not None:
                save_catalog(found, installed)
                return found
            said = (done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"])[-1]
    raise sink.fail("KG603", f"Keras cannot be asked for its classes: {said}")


def describe(backend: str, path: str) -> None:
    """Writes the catalog of the installed Keras to a file; the child's work.

    Args:
        backend: the backend to import Keras with.
        path: the file.

    Raises:
        RuntimeError: there is no installed Keras.
    """
    installed = _installed()
    if installed is None:
        raise RuntimeError("there is no installed Keras")
    engine = engine_for(backend)
    engine.start(BackendDef(backend=backend), Sink())
    write_catalog(Path(path), _with_sources(engine.catalog()), installed)


def _with_sources(catalog: Catalog) -> Catalog:
    from kerasgen.data.own_steps import step_entries
    from kerasgen.data.sources.source_list import source_entries

    sources = {entry.name: entry for entry in source_entries()}
    steps = {entry.name: entry for entry in step_entries()}
    return replace(catalog, entries={**catalog.entries, "source": sources, "step": steps})


def _installed() -> Installed | None:
    """What a catalog is valid for: Keras, and the modules here that describe it and the sources."""
    data = sorted((_PACKAGE / "data" / "sources").glob("*.py"))
    steps = sorted((_PACKAGE / "runtime").glob("*.py"))
    own = [*describing_files(), _PACKAGE / "catalog" / "entries.py", *data, *steps]
    return find_installed(own)


def say_on_stderr(text: str) -> None:
    """Writes a line for the person who waits."""
    print(text, file=sys.stderr, flush=True)
