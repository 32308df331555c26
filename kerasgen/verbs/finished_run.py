"""Looks into a finished run: its program compiled again, and its trained model.

This room owns how a run folder is turned back into a program and a model. A run may come from a
stranger: its config is data, and its model is loaded in Keras's safe mode, so no code of it runs.
Modules that its record says were trusted are trusted again only by the person who looks at it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerasgen.diagnostics import CompileError, Sink, describe
from kerasgen.foreign.regular_files import ForeignFileError, is_there
from kerasgen.frontend.parse.backend import parse_backend
from kerasgen.passes.outline import outline
from kerasgen.record.layout import CONFIG, MODEL, RECORD
from kerasgen.record.read import read_config, read_known_record
from kerasgen.record.versions import NEWER
from kerasgen.registry import NOBODY, Trust
from kerasgen.session.planning import start, start_for
from kerasgen.session.reading import read_program

if TYPE_CHECKING:
    from kerasgen.compiler import CompiledProgram


def run_config(folder: Path) -> dict[str, Any]:
    """The resolved config of a run whose record is known.

    Raises:
        CompileError: KG606 or a code of its own, the record or the config is not there, cannot be
            read, or is a newer one.
    """
    sink = Sink()
    _require_known(folder, sink)
    try:
        return read_config(folder)
    except ForeignFileError as error:
        if error.missing and not is_there(folder / CONFIG):
            raise sink.fail(
                "KG606",
                f"`{folder}` has no `{CONFIG}`",
                help="a run that failed before its config was settled has none",
            ) from None
        raise sink.fail_file("KG606", folder / CONFIG, error) from error


def run_section(folder: Path, name: str) -> Mapping[str, Any]:
    """One section of the resolved config of a run.

    Raises:
        CompileError: as for `run_config`; KG606, there is no such section.
    """
    section = run_config(folder).get(name)
    if not isinstance(section, Mapping):
        told = f"has no `{name}`" if section is None else f"has {describe(section)} as `{name}`"
        raise Sink().fail("KG606", f"`{folder / CONFIG}` {told}, expected a mapping")
    return section


def _require_known(folder: Path, sink: Sink) -> None:
    """Refuses a run whose record cannot be read, or is of a newer version."""
    try:
        read_known_record(folder)
    except ForeignFileError as error:
        help_text = None
        if error.code == NEWER:
            help_text = "look at it with the version that wrote it, or a newer one"
        raise sink.fail_file("KG606", folder / RECORD, error, help=help_text) from error


def compile_run(
    folder: Path,
    trust: Trust = NOBODY,
) -> CompiledProgram:
    """Compiles the config of a run again, with the engine that it asks for.

    Args:
        folder: the folder of the run.
        trust: modules whose parts its config may name.

    Raises:
        CompileError: the config cannot be read, or no longer compiles.
    """
    program, sink = read_program(run_config(folder), Sink())
    # Nothing is trained: no callback acts, and nothing is downloaded or connected to.
    program = replace(program, fit=replace(program.fit, callbacks={}))
    trust = replace(trust, connections=True)
    catalog = start_for(program, sink, trust)
    from kerasgen.compiler import compile_program

    return compile_program(outline(program, catalog, sink, trust), catalog, sink)


def load_run_model(
    folder: Path,
    trust: Trust = NOBODY,
) -> Any:
    """The trained model of a run, loaded with the engine that trained it.

    Args:
        folder: the folder of the run.
        trust: modules whose parts stand in the model.

    Raises:
        CompileError: KG606, there is no model, or it cannot be loaded safely.
    """
    sink = Sink()
    backend = parse_backend(run_config(folder).get("backend"), sink)
    sink.stop_on_errors()
    assert backend is not None
    path = folder / MODEL
    if not is_there(path):
        raise sink.fail(
            "KG606",
            f"`{folder}` has no `{MODEL}`",
            help="it failed, or ran with tracking.model=false",
        )
    start(backend, sink, trust)
    from kerasgen.engines.keras3.objects import shorten
    from kerasgen.engines.keras3.saved_models import load_foreign_model

    try:
        return load_foreign_model(path, folder)
    except CompileError:
        raise
    except ForeignFileError as error:
        raise sink.fail_file("KG606", path, error) from error
    except Exception as error:  # Keras raises anything for a file that is not its own.
        raise sink.fail(
            "KG606",
            f"`{path}` cannot be loaded: {shorten(error)}",
            help=_trust_help(folder, trust),
        ) from error


def _trust_help(folder: Path, trust: Trust) -> str | None:
    """Which modules the run was made with; whether they are trusted is not for a record to say."""
    try:
        record = read_known_record(folder)
    except ForeignFileError:
        return None
    trusted = record.get("trust")
    modules = trusted.get("modules") if isinstance(trusted, Mapping) else None
    named = [str(module) for module in modules] if isinstance(modules, list) else []
    if not (missing := [module for module in named if module not in trust.modules]):
        return None
    flags = " ".join(f"--trust {module}" for module in missing)
    return f"it was made with modules of its author's: if you trust them, add `{flags}`"
