"""The start of an engine, with what its classes are called.

This room owns the order of the two: an engine first, then the modules that are trusted, since a
module of layers imports Keras, and Keras takes its backend at import.
"""

from __future__ import annotations

from kerasgen.catalog.entries import Catalog
from kerasgen.diagnostics import Sink
from kerasgen.engine import StartedEngine
from kerasgen.engines.choice import engine_for
from kerasgen.ir.program import BackendDef, Program
from kerasgen.registry import NOBODY, Trust
from kerasgen.session.custom_parts import with_custom_parts
from kerasgen.session.light_engine import engine_at_hand, light_start
from kerasgen.session.states import EngineDoubtError, Started


def start(
    backend: BackendDef, sink: Sink, trust: Trust = NOBODY, *, known: Catalog | None = None
) -> StartedEngine:
    """Starts the engine; gives it with the classes that a config may name.

    Args:
        backend: the engine's settings.
        sink: gets what is wrong with them, and with modules and parts of one's own.
        trust: the modules to import once the engine is started.
        known: the catalog from the cache, None if it was not looked for.

    Raises:
        CompileError: the engine cannot be started, or a module or part cannot be used.
    """
    engine = engine_for(backend.backend)
    engine.start(backend, sink)
    return StartedEngine(engine=engine, catalog=with_custom_parts(engine, trust, sink, known))


def start_light(program: Program, sink: Sink, known: Catalog | None) -> Started:
    """Starts a lighter engine than a program's own, where that gives the same report.

    Args:
        program: the program, in whose names no mistake was found, or of which nobody was asked.
        sink: gets what is wrong with the engine.
        known: the catalog from the cache, None if there is none.

    Raises:
        CompileError: the engine cannot be started.
        EngineDoubtError: an engine is in force which cannot speak for the program.
    """
    own = program.backend.backend
    if (settings := engine_at_hand(program)) is None:
        raise EngineDoubtError(own)
    before = len(sink.diagnostics)
    with light_start():
        started = start(settings, sink, known=known)
    return Started(
        engine=started.engine,
        catalog=started.catalog,
        instead_of=None if settings.backend == own else own,
        found=tuple(sink.diagnostics[before:]),
    )
