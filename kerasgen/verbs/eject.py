"""Ejecting: a config becomes a script of its own.

This room owns what must be known of a config before it can be written as a script: its compiled
model, and the plain function that reads its data. The data is opened only where the
config does not declare its facts.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from kerasgen.data.sources.own import OwnSource
from kerasgen.data.sources.source_list import SOURCES, known_sources, source_of
from kerasgen.diagnostics import Diagnostic, Sink
from kerasgen.emit.script.program import eject
from kerasgen.engines.choice import OUTSIDE
from kerasgen.frontend.compose.config_folders import Folders
from kerasgen.ir.data import DataDef
from kerasgen.ir.program import BackendDef, Program
from kerasgen.registry import NOBODY, Trust
from kerasgen.runtime.source_call import SourceCall
from kerasgen.session.composed_config import compose_config
from kerasgen.session.session import Session
from kerasgen.session.states import Aim


def eject_config(
    overrides: Sequence[str],
    config_dir: Folders = None,
    trust: Trust = NOBODY,
) -> tuple[str, tuple[Diagnostic, ...]]:
    """Writes a config as a script.

    Args:
        overrides: Hydra overrides; where the data lies may be left to be given to the script.
        config_dir: folders of configs that come before the shipped ones.
        trust: modules whose parts the config may name.

    Returns:
        The script, and the warnings about the config.

    Raises:
        CompileError: the config has mistakes, or cannot be written as a script.
    """
    session = Session(compose_config(overrides, config_dir, trust), Aim(data="where lacking"))
    _refuse_engine(session.backend, session.outlined.findings.sink())
    compiled = session.compiled
    program, sink = compiled.program, compiled.findings.sink()
    _refuse_folds(program.program, sink)
    text = eject(
        program,
        script_source(program.program.data, sink),
        session.catalog,
        origin=shlex.join(["kerasgen", "eject", *overrides]),
        sink=sink,
    )
    return text, tuple(sink.diagnostics)


def _refuse_engine(backend: BackendDef, sink: Sink) -> None:
    """Refuses an engine that is no backend of Keras 3.

    Raises:
        CompileError: KG611, a script is one of Keras 3.
    """
    if backend.backend in OUTSIDE:
        raise sink.fail(
            "KG611",
            f"a script is one of Keras 3, which `{backend.backend}` is no backend of",
            key="backend.backend",
            help="write `backend=jax`, `backend=tensorflow` or `backend=torch`",
        )


def _refuse_folds(program: Program, sink: Sink) -> None:
    """Refuses a config of several folds.

    Raises:
        CompileError: KG611, a script trains one model.
    """
    if program.fit.folds is not None:
        raise sink.fail(
            "KG611",
            f"`fit.folds` is `{program.fit.folds}`, and a script trains one model",
            key="fit.folds",
            help=f"take one fold: `fit.folds=null data.split.fold=1/{program.fit.folds}`",
        )


def script_source(data: DataDef, sink: Sink) -> SourceCall:
    """The function by which a script reads the data, and its arguments.

    Args:
        data: the data group.
        sink: gets the mistake.

    Raises:
        CompileError: KG611, it is a source of one's own of which a script can take no columns.
    """
    source = source_of(data, known_sources(), sink)
    plain = source.plain_call()
    if isinstance(source, OwnSource) and (
        data.split.takes_given or isinstance(plain.function, type)
    ):
        known = ", ".join(f"`{name}`" for name in SOURCES)
        raise sink.fail(
            "KG611",
            f"the data source `{data.source.cls}` has no form in a script, expected one of {known}",
            key=f"{data.source.path}.class",
            help="export the data to a file that `Arrays` or `Csv` reads",
        )
    return plain
