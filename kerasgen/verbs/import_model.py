"""Importing: a Keras model becomes the text of a config, and perhaps a model file of Keras 3.

This room owns the order in which that happens: what cannot be written is refused before anything is
read, and nothing is written before all is known. How a model is taken apart is the business of the
engine's importer; saving it stands in `import_weights`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kerasgen.importer import Reading
from kerasgen.registry import NOBODY, Trust
from kerasgen.verbs.import_weights import Saving, require_free, require_place, save_imported

if TYPE_CHECKING:
    from kerasgen.diagnostics import Sink


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be imported, and how.

    Attributes:
        target: a model file, a name of `keras.applications`, or `MODULE:FACTORY`.
        folded: whether repeated pieces become blocks.
        engine: the engine that Keras 1 ran on, whose name its files do not hold.
        output: the file that the config is to be written to, None for none.
        replace: whether a file that is there is replaced.
        saving: where the model goes with its weights, None for nowhere.
    """

    target: str
    folded: bool = True
    engine: str | None = None
    output: Path | None = None
    replace: bool = False
    saving: Saving | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What came of it.

    Attributes:
        text: the config.
        saved: a line about the file with the weights, None where none was asked for.
    """

    text: str
    saved: str | None


def import_target(wanted: Wanted, sink: Sink, trust: Trust = NOBODY) -> Imported:
    """Turns a model into a config, and saves its weights if that is wanted.

    Args:
        wanted: what is to be imported.
        sink: gets what is doubtful about it.
        trust: whose code may be run.

    Raises:
        CompileError: the model cannot be read, or a file cannot be written.
    """
    from kerasgen.engines.choice import importer
    from kerasgen.session.catalog import lightest_engine
    from kerasgen.session.engine_start import start

    if wanted.saving is not None:
        require_place(wanted.saving, sink)
    if wanted.output is not None and not wanted.replace:
        require_free(wanted.output, sink)
    # Next to nothing is computed, so the engine that starts fastest serves.
    catalog = start(lightest_engine(), sink, trust).catalog
    reading = Reading(target=wanted.target, folded=wanted.folded, engine=wanted.engine)
    model = importer().read(reading, catalog, sink)
    saved = None if wanted.saving is None else save_imported(model, wanted.saving, sink)
    return Imported(text=model.text, saved=saved)
