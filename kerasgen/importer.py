"""The importer: what the verb `import` asks of an engine that reads models as configs.

This room owns the protocols behind which such a reader stands, and what it is asked. It imports no
engine; which one reads is chosen in `kerasgen.engines.choice`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from kerasgen.catalog.entries import Catalog
from kerasgen.diagnostics import Sink


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What is to be read as a config.

    Attributes:
        target: a model file, a name of `keras.applications`, or `MODULE:FACTORY`.
        folded: whether repeated pieces become blocks, where that is shorter.
        engine: the engine that wrote a file which names none; None for what the file tells.
    """

    target: str
    folded: bool = True
    engine: str | None = None


class FilledModel(Protocol):
    """A model that was read, with its weights."""

    def write(self, path: Path) -> str:
        """Writes it, reads it again and compares.

        Returns:
            What was written, for people.

        Raises:
            OSError: it cannot be written.
        """


class ReadModel(Protocol):
    """A model that was read as a config."""

    @property
    def text(self) -> str:
        """The config, with a comment above it."""

    def filled(self, weights: Path | None, engine: str | None, sink: Sink) -> FilledModel:
        """Gives the model its weights.

        Args:
            weights: a file of weights that the model's own file does not hold, or None.
            engine: the engine that made them, None for what the file tells.
            sink: gets every mistake.

        Raises:
            CompileError: KG608, the weights cannot be read; KG618 and KG619, they do not fit the
                model, or it has none.
        """


class Importer(Protocol):
    """Reads models of the engine, and of older ones, as configs."""

    def read(self, reading: Reading, catalog: Catalog, sink: Sink) -> ReadModel:
        """Makes a config of a model.

        Args:
            reading: what is to be read.
            catalog: where the names stand that a config may write.
            sink: gets every mistake.

        Raises:
            CompileError: KG608, it cannot be read; KG609, it cannot be written as a config; KG615
                and KG616, it is of an older Keras, and Keras 3 cannot say it.
        """
