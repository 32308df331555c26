"""Models of Keras, and of older ones, read as configs and saved with their weights.

This room owns what is read, and which weights are carried into the model of its config. How a model
is taken apart stands in `decompile`, how files hold weights in `model_files`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kerasgen.catalog.entries import Catalog
from kerasgen.diagnostics import Sink
from kerasgen.engines.keras3.decompile.text import ImportedModel, import_model
from kerasgen.engines.keras3.environment import no_idle_tensorflow
from kerasgen.engines.keras3.model_files.model_file import Weights
from kerasgen.engines.keras3.model_files.stored_arrays import weights_of_file
from kerasgen.engines.keras3.model_files.weights.transfer import (
    WeightSource,
    transfer_weights,
    write_verified,
)
from kerasgen.foreign.regular_files import ForeignFileError
from kerasgen.importer import FilledModel, Importer, Reading, ReadModel


class Keras3Importer(Importer):
    """Reads what any Keras has saved, and the factories of `keras.applications`."""

    def read(self, reading: Reading, catalog: Catalog, sink: Sink) -> ReadModel:
        """Makes a config of a model."""
        model = import_model(
            reading.target, sink, folded=reading.folded, catalog=catalog, engine=reading.engine
        )
        return KerasReadModel(model)


class KerasReadModel(ReadModel):
    """A model that was read as a config."""

    def __init__(self, imported: ImportedModel) -> None:
        self._imported = imported

    @property
    def text(self) -> str:
        """The config, with a comment above it."""
        return self._imported.text

    def filled(self, weights: Path | None, engine: str | None, sink: Sink) -> FilledModel:
        """Gives the model that its config describes the weights of a file."""
        found = self._imported.found
        source = WeightSource(
            topology=found.model,
            file=found.file,
            decompiled=self._imported.decompiled,
            weights=self._weights(weights, sink),
            engine=engine,
        )
        return _KerasFilledModel(transfer_weights(source, sink))

    def _weights(self, named: Path | None, sink: Sink) -> Weights:
        """Where the weights are: in a file that was named, or else in the model's own."""
        found = self._imported.found
        if named is not None:
            try:
                return weights_of_file(named)
            except ForeignFileError as error:
                raise sink.fail_file("KG608", named, error) from error
        if found.file is not None and found.file.weights is not None:
            return found.file.weights
        raise sink.fail(
            "KG619",
            f"`{found.origin}` holds no weights to save",
            help="`--weights FILE` names the file that `save_weights` wrote",
        )


class _KerasFilledModel(FilledModel):
    """A model of Keras 3 with the weights of a file."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def write(self, path: Path) -> str:
        """Writes it, reads it again and compares."""
        with no_idle_tensorflow():
            untried = write_verified(self._model, path)
        count = f"{self._model.count_params():,} weights, read again and the same"
        return count + (f" (not tried: {untried})" if untried else "")
