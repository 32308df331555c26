"""Parts of one's own, loaded: trusted modules, and what installed packages offer.

This room owns when code that is not Keras's and not ours is imported, and what is said when that
fails. A config never has a say in it: modules are named by the person who runs the program, and
packages by being installed. What a part is the engine knows.

Decisions:
- Where there is an engine, all of it happens after that was started, since a module of layers
  imports Keras, and Keras takes its backend at import.
- Packages are loaded when a config names something that neither Keras nor a trusted module has,
  since to look for them takes time, and to import them more. One that cannot be loaded is a
  warning: it may have nothing to do with the config.
- The folder of the command is looked into last, so that a file there takes no module's place.
"""

from __future__ import annotations

import importlib
import re
import sys
import sysconfig
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerasgen.catalog.entries import Catalog
from kerasgen.diagnostics import Severity, Sink, SourceLocation
from kerasgen.frontend.compose.origins import shown_path
from kerasgen.registry import Trust, registered_parts
from kerasgen.session.catalog import engine_catalog

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from kerasgen.engine import Engine

GROUP = "kerasgen.parts"
"""The group of entry points under which a package offers parts."""

_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*\Z")


def with_custom_parts(
    engine: Engine, trust: Trust, sink: Sink, known: Catalog | None = None
) -> Catalog:
    """The catalog with everything that is registered, trusted modules included.

    Args:
        engine: the engine, which was started.
        trust: the modules to import first.
        sink: gets a module that cannot be imported, and parts that cannot be used: KG610.
        known: the catalog from the cache, None if it was not looked for.

    Raises:
        CompileError: there is one.
    """
    load_trusted(trust, sink)
    return _extended(engine, known, sink)


def load_trusted(trust: Trust, sink: Sink) -> None:
    """Imports the modules that are trusted; what they register is known then.

    Args:
        trust: the modules.
        sink: gets one that cannot be imported: KG610.

    Raises:
        CompileError: there is one.
    """
    if trust.modules and trust.folder and trust.folder not in sys.path:
        sys.path.append(trust.folder)
        importlib.invalidate_caches()
    for module in trust.modules:
        _load_module(module, sink)
    sink.stop_on_errors()


def with_installed(engine: Engine, sink: Sink, known: Catalog | None = None) -> Catalog:
    """The catalog with everything that is registered, parts of installed packages included.

    Args:
        engine: the engine, which was started.
        sink: gets a package that cannot be loaded: KG610, a warning.
        known: the catalog from the cache, None if it was not looked for.

    Raises:
        CompileError: a part cannot be used.
    """
    for point in installed_points():
        _load_point(point, sink)
    return _extended(engine, known, sink)


def installed_points() -> Sequence[EntryPoint]:
    """What installed packages offer; nothing of it is imported."""
    from importlib.metadata import entry_points

    return tuple(entry_points(group=GROUP))


def loaded_files(trust: Trust) -> list[dict[str, Any]]:
    """The files behind what was loaded, for the record: `module`, `file` and `sha256`.

    Args:
        trust: the trusted modules.
    """
    from kerasgen.record.provenance import file_digest

    roots = (*trust.modules, *(part.module for part in registered_parts()))
    found = []
    for name, module in sorted(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file and any(f"{name}.".startswith(f"{root}.") for root in roots):
            path = Path(file)
            found.append({"module": name, "file": shown_path(path), "sha256": file_digest(path)})
    return found


def _extended(engine: Engine, known: Catalog | None, sink: Sink) -> Catalog:
    catalog = engine_catalog(engine, known)
    if not registered_parts():
        return catalog
    entries = engine.custom_part_entries(catalog, sink)
    sink.stop_on_errors()
    return catalog.extended(entries)


def _load_module(name: str, sink: Sink) -> None:
    if not _MODULE.match(name) or name.endswith(".py"):
        stem = re.sub(r"\W+", ".", name.removesuffix(".py")).strip(".")
        sink.report(
            "KG610",
            f"`{name}` is no name of a module",
            help=f"write `--trust {stem}`" if _MODULE.match(stem) else None,
        )
        return
    before = len(registered_parts())
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            _report_failure(f"the module `{name}`", error, sink)
            return
        sink.report(
            "KG610",
            f"there is no module `{error.name}`"
            + ("" if error.name == name else f", in which `{name}` would be"),
            help="run the command in the folder where it lies, or install it",
        )
    except (Exception, SystemExit) as error:  # It is the user's code, which raises anything.
        _report_failure(f"the module `{name}`", error, sink)
    else:
        inside = [part for part in registered_parts() if f"{part.module}.".startswith(f"{name}.")]
        if not inside and len(registered_parts()) == before:
            sink.warn(
                "KG610",
                f"the module `{name}` registers nothing",
                help="decorate its classes with `@kerasgen.register`",
            )


def _load_point(point: EntryPoint, sink: Sink) -> None:
    package = point.dist.name if point.dist is not None else point.value
    try:
        point.load()
    except (Exception, SystemExit) as error:  # It is the code of others.
        offer = f"the package `{package}` offers parts in `{point.value}`, which"
        _report_failure(offer, error, sink, severity=Severity.WARNING)


def _report_failure(
    what: str, error: BaseException, sink: Sink, *, severity: Severity = Severity.ERROR
) -> None:
    text = (str(error).strip().splitlines() or [""])[0]
    told = type(error).__name__ + (f": {text}" if text else "")
    sink.report_at(
        "KG610",
        f"{what} cannot be imported: {told}",
        location=_place_of(error),
        severity=severity,
    )


def _place_of(error: BaseException) -> SourceLocation | None:
    """The line of the imported code at which an error came up, None where Python says none.

    Where that code called an installed package, it is the line of the call.
    """
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        return _place(error.filename, error.lineno)
    lines = [
        (frame.f_code.co_filename, line)
        for frame, line in traceback.walk_tb(error.__traceback__)
        if not frame.f_code.co_filename.startswith("<")
    ]
    ours, python = str(Path(__file__).resolve().parent.parent), sysconfig.get_path("stdlib")
    installed = [place for place in lines if "site-packages" in Path(place[0]).parts]
    users = [p for p in lines if p not in installed and not p[0].startswith((ours, python))]
    found = users or installed
    return _place(*found[-1]) if found else None


def _place(file: str, line: int) -> SourceLocation:
    return SourceLocation(file=shown_path(Path(file)), line=line)
