"""Looks into a finished run: its program compiled again, and its trained model.

This room owns how a run folder is turned back into a program and a model. A run may come from a
stranger: its config is data, and its model is loaded in Keras's safe mode, so no code of it runs.
Modules that its record says were trusted are trusted again only by the person who looks at it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from kerasgen.diagnostics import CompileError, Sink
from kerasgen.frontend.parse import parse_program
from kerasgen.frontend.parse_backend import parse_backend
from kerasgen.registry import NOBODY, Trust
from kerasgen.run.planning import start, start_for
from kerasgen.run.record import CONFIG, MODEL, RECORD

if TYPE_CHECKING:
    from kerasgen.compiler import CompiledProgram

LARGEST_CONFIG = 16 * 1024 * 1024
"""Bytes above which a config is taken to be something else."""


def is_run(target: str) -> bool:
    """Whether a command-line word names the folder of a run."""
    return (Path(target) / RECORD).is_file()


def run_config(folder: Path) -> dict[str, Any]:
    """The resolved config of a run.

    Raises:
        CompileError: KG606, it is not there or cannot be read.
    """
    path, sink = folder / CONFIG, Sink()
    try:
        if path.stat().st_size > LARGEST_CONFIG:
            raise sink.fail("KG606", f"`{path}` is too large to be the config of a run")
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise sink.fail(
            "KG606",
            f"`{folder}` has no `{CONFIG}`",
            help="a run that failed before its config was settled has none",
        ) from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise sink.fail("KG606", f"`{path}` cannot be read: {error}") from error
    if not isinstance(content, Mapping):
        raise sink.fail("KG606", f"`{path}` does not hold a config")
    return {str(key): value for key, value in content.items()}


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
    sink = Sink()
    program = parse_program(run_config(folder), sink)
    catalog = start_for(program, sink, trust)
    from kerasgen.compiler import compile_program

    return compile_program(program, catalog, sink)


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
    if not path.is_file():
        raise sink.fail(
            "KG606",
            f"`{folder}` has no `{MODEL}`",
            help="it failed, or ran with tracking.model=false",
        )
    start(backend, sink, trust)
    from kerasgen.bridge.training import load_model, shorten

    try:
        return load_model(path)
    except CompileError:
        raise
    except Exception as error:  # Keras raises anything for a file that is not its own.
        raise sink.fail(
            "KG606",
            f"`{path}` cannot be loaded: {shorten(error)}",
            help=_trust_help(folder, trust),
        ) from error


def _trust_help(folder: Path, trust: Trust) -> str | None:
    """Which modules the run was made with; whether they are trusted is not for a record to say."""
    try:
        record = json.loads((folder / RECORD).read_bytes())
        named = [str(module) for module in record["trust"]["modules"]]
    except (OSError, ValueError, RecursionError, LookupError, TypeError):
        return None
    if not (missing := [module for module in named if module not in trust.modules]):
        return None
    flags = " ".join(f"--trust {module}" for module in missing)
    return f"it was made with modules of its author's: if you trust them, add `{flags}`"
