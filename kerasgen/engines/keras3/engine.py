"""Keras 3 as an engine, with one of its backends.

This room owns what stands behind each word of `kerasgen.engine`. Importing it imports no Keras,
which `start` does: all that needs Keras is imported where it is used.

Decisions:
- The layers that inferring shapes has made become the model where that is asked for next: making
  them twice would take up to half a second. They are the ones that a making anew would give, since
  both start from the program's seed; they are handed out once, and belong to no compiled program.
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerasgen.catalog.entries import Catalog, ClassEntry, ShapeOracle
from kerasgen.diagnostics import Sink
from kerasgen.engine import Engine, Model, Preprocessing, Probe, Trainable
from kerasgen.engines.keras3 import environment
from kerasgen.ir.graph import ModelGraph, inner_graphs
from kerasgen.ir.program import BackendDef, CompileDef, Program
from kerasgen.passes.shapes import infer_shapes
from kerasgen.process.machine_memory import Memory, device_memory

if TYPE_CHECKING:
    from kerasgen.engines.keras3.build import KerasOracle
    from kerasgen.passes.compiled import CompiledProgram

_WORKING = ("introspection", "probe", "trainable")
"""Files of this room that every run has need of, with those that they import."""


class Keras3Engine(Engine):
    """Keras 3; a process has it with one backend and its settings for good."""

    def __init__(self) -> None:
        self._inferred: tuple[int, KerasOracle] | None = None

    def start(self, settings: BackendDef, sink: Sink) -> None:
        """Imports Keras with the given settings in force."""
        environment.start_engine(settings, sink)

    def preload(self, settings: BackendDef, sink: Sink) -> None:
        """Imports Keras with the given settings, so that this process may be forked."""
        environment.preload_engine(settings, sink)
        for name in _WORKING:
            importlib.import_module(f"{__package__}.{name}")

    def in_force(self, settings: BackendDef) -> bool | None:
        """Whether Keras runs with these settings; None where it was not imported yet."""
        return environment.in_force(settings)

    def observed(self) -> dict[str, object]:
        """The settings that are in force, as keras.json would say them."""
        return environment.observed_settings()

    def settings_file(self, settings: BackendDef) -> str:
        """The text of keras.json."""
        return environment.keras_json(settings)

    def devices(self) -> list[str]:
        """The devices that the backend can use."""
        return environment.observed_devices()

    def memory(self, device: str | None) -> Memory | None:
        """The memory of a device; None stands for the first graphics card, else the processor."""
        graphics = (name for name in self.devices() if name.startswith("gpu"))
        return device_memory(device or next(graphics, None))

    def check_limits(
        self, program: Program, graph: ModelGraph, objective: CompileDef, sink: Sink
    ) -> None:
        """Reports nothing: what Keras 3 cannot have, it has refused before."""

    def peak_device_memory(self) -> int | None:
        """The most memory that this process had on an accelerator."""
        from kerasgen.engines.keras3.device_peak import peak_device_memory

        return peak_device_memory()

    def working_on(self, device: str | None) -> AbstractContextManager[Any]:
        """The scope of `keras.device`."""
        return environment.working_device(device)

    def catalog(self) -> Catalog:
        """Every public class of Keras that a config may name."""
        from kerasgen.engines.keras3.introspection import keras_catalog

        return keras_catalog()

    def custom_part_entries(self, catalog: Catalog, sink: Sink) -> Sequence[ClassEntry]:
        """The entries of parts of one's own; Keras learns how to load them."""
        from kerasgen.engines.keras3.custom_parts import custom_part_entries

        return custom_part_entries(catalog, sink)

    @contextlib.contextmanager
    def shape_oracle(self, catalog: Catalog, seed: int) -> Iterator[ShapeOracle]:
        """The scope in which the calls of one model are made, without memory for its weights."""
        from kerasgen.engines.keras3.build import KerasOracle
        from kerasgen.engines.keras3.generators import seeded

        if self._inferred is not None:
            self._inferred[1].discard()
        oracle = KerasOracle(catalog)
        self._inferred = seed, oracle
        with seeded(seed):
            yield oracle

    def preparation_oracle(self, catalog: Catalog) -> ShapeOracle:
        """Calls Keras's preprocessing layers and ops on symbolic tensors."""
        from kerasgen.engines.keras3.preprocessing import KerasPreparation

        return KerasPreparation(catalog)

    def preprocessing(self, catalog: Catalog) -> Preprocessing:
        """Makes steps of Keras's preprocessing layers and ops."""
        from kerasgen.engines.keras3.preprocessing import KerasPreprocessing

        return KerasPreprocessing(catalog)

    def probe(self, catalog: Catalog) -> Probe:
        """Tries objects of Keras out."""
        from kerasgen.engines.keras3.probe import KerasProbe

        return KerasProbe(catalog)

    def realize(self, compiled: CompiledProgram, catalog: Catalog) -> Trainable:
        """Makes the Keras model of a compiled program."""
        from kerasgen.engines.keras3.generators import undisturbed
        from kerasgen.engines.keras3.trainable import KerasTrainable

        seed, graph, inputs = compiled.program.seed, compiled.graph, compiled.inputs
        known = self._inferred
        if known is None or known[0] != seed or not known[1].has_answered(graph, inputs):
            with self.shape_oracle(catalog, seed) as anew:
                infer_shapes(graph, inputs, anew, strict := Sink())
            strict.stop_on_errors()
            known = self._inferred
        assert known is not None
        self._inferred = None  # They belong to this model now.
        with undisturbed():
            made = KerasTrainable(known[1].assemble(graph), seed, catalog)
        if compiled.program.backend.initial_weights == "portable":
            made.portable = frozenset(inner_graphs(graph))
        return made

    def load(self, path: Path) -> Model:
        """Loads a `.keras` file of one's own."""
        from kerasgen.engines.keras3.trainable import KerasModel
        from kerasgen.engines.keras3.training import load_model

        return KerasModel(load_model(path))

    def load_foreign(self, path: Path, within: Path) -> Model:
        """Loads a `.keras` file that anybody may have written, in Keras's safe mode."""
        from kerasgen.engines.keras3.saved_models import load_foreign_model
        from kerasgen.engines.keras3.trainable import KerasModel

        return KerasModel(load_foreign_model(path, within))
