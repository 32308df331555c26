"""Theano and CNTK as engines: Keras 3 knows and keeps the model, Keras 2.3.1 trains it.

This room owns which Keras 3 stands beside the engine, and what of a program the engine cannot have.
How it computes stands in `worker/`, where its interpreter is found in `runtimes`.

Decisions:
- The twin runs on the backend of Keras 3 that is imported fastest. It gives shapes, saves the model
  and predicts, so that all verbs but training need no interpreter of the engine.
- What is refused is found without an interpreter, by the table of `translation`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kerasgen.catalog.entries import Catalog
from kerasgen.diagnostics import Sink
from kerasgen.engine import Trainable
from kerasgen.engines.keras3.engine import Keras3Engine
from kerasgen.engines.keras3.environment import PACKAGES
from kerasgen.engines.legacy.runtimes import find_runtime
from kerasgen.engines.legacy.translation.untranslated import NAMES, Refusal
from kerasgen.ir.graph import LayerDef, ModelGraph
from kerasgen.ir.program import BackendDef, CompileDef, Program, uses_of_output
from kerasgen.process.packages import is_installed

if TYPE_CHECKING:
    from kerasgen.passes.compiled import CompiledProgram

_OTHERS = "tensorflow, jax and torch can"

_UNABLE = {
    "floatx": ("float32", "float64"),
    "dtype_policy": (None, "float32", "float64"),
    "device": (None, "cpu", "cpu:0"),
}
"""Settings of the backend to the values that the engines can have."""


class LegacyEngine(Keras3Engine):
    """An engine of Keras 2.3.1, with a Keras 3 beside it.

    Args:
        name: `theano` or `cntk`.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def start(self, settings: BackendDef, sink: Sink) -> None:
        """Imports the Keras 3 beside it."""
        super().start(hosted(settings), sink)

    def preload(self, settings: BackendDef, sink: Sink) -> None:
        """Imports the Keras 3 beside it, so that this process may be forked."""
        super().preload(hosted(settings), sink)

    def in_force(self, settings: BackendDef) -> bool | None:
        """Whether the Keras 3 beside it runs with these settings."""
        return super().in_force(hosted(settings))

    def observed(self) -> dict[str, object]:
        """The settings that are in force; `twin` is the backend of the Keras 3 beside it."""
        found = super().observed()
        return {**found, "backend": self._name, "twin": found["backend"]}

    def devices(self) -> list[str]:
        """The processor alone."""
        return ["cpu:0"]

    def check_limits(
        self, program: Program, graph: ModelGraph, objective: CompileDef, sink: Sink
    ) -> None:
        """Reports what the engine cannot have: KG671, and KG670 where it is not there."""
        self._check_settings(program, sink)
        self._check_model(graph, program.backend.floatx, sink)
        self._check_objective(program, objective, sink)
        find_runtime(program.backend, sink)

    def realize(self, compiled: CompiledProgram, catalog: Catalog) -> Trainable:
        """Makes the model of a compiled program, which the engine will train."""
        from kerasgen.engines.legacy.legacy_trainable import LegacyTrainable

        twin = super().realize(compiled, catalog)
        settings = compiled.program.backend
        found = find_runtime(settings, sink := Sink())
        sink.stop_on_errors()
        assert found is not None
        tolerance = settings.runtime.probe
        made = LegacyTrainable(twin.model, compiled.program.seed, catalog, found, tolerance)  # type: ignore[attr-defined]
        made.portable = twin.portable  # type: ignore[attr-defined]
        return made

    def _check_settings(self, program: Program, sink: Sink) -> None:
        settings = program.backend
        for name, able in _UNABLE.items():
            if (value := getattr(settings, name)) not in able:
                self._report(f"`{name}: {value}`", "it computes otherwise", f"backend.{name}", sink)
        said = program.compile
        if said.jit_compile is True:
            self._report("`jit_compile`", "it has none", "compile.jit_compile", sink)
        if said.steps_per_execution not in (1, "auto"):
            key = "compile.steps_per_execution"
            self._report("`steps_per_execution`", "each step is one message", key, sink)

    def _check_model(self, graph: ModelGraph, floatx: str, sink: Sink) -> None:
        from kerasgen.engines.keras3.layer_traces import graph_of
        from kerasgen.engines.legacy.described_model import described, masked_outputs
        from kerasgen.engines.legacy.translation.translated_model import translate

        assert self._inferred is not None, "shapes were inferred before"
        model = self._inferred[1].assemble(graph)
        found = translate(described(model), self._name, floatx)
        for refusal in found.refusals:
            layer = _layer_at(graph, refusal.layer)
            self._report(_told(layer, refusal), refusal.reason, f"{layer.path}.class", sink)
        for number in masked_outputs(model):
            reason = "the mask of its output would be left out of the loss"
            self._report(f"`{graph_of(model).output_names[number]}`", reason, graph.path, sink)

    def _check_objective(self, program: Program, objective: CompileDef, sink: Sink) -> None:
        from kerasgen.engines.keras3.objects import make_object
        from kerasgen.engines.legacy.translation.translated_objective import (
            is_carried,
            refused_loss,
            refused_optimizer,
        )

        named = isinstance(objective.loss, Mapping)
        outputs = list(objective.loss) if isinstance(objective.loss, Mapping) else [""]
        for output in outputs:
            for use in uses_of_output(output, objective, not named):
                if use.kind == "loss" and (reason := refused_loss(use.value)) is not None:
                    self._report(f"the loss `{use.name}`", reason, use.path, sink)
        for phase in program.phases:
            optimizer = phase.program.optimizer
            if not is_carried(optimizer.cls):
                reason = "its rule is not carried to Keras 2.3.1"
                self._report(f"the optimizer `{optimizer.cls}`", reason, optimizer.path, sink)
                continue
            made = make_object(optimizer, ("optimizer",), self.catalog())
            for refusal in refused_optimizer(made):
                key = f"{optimizer.path}.{refusal.argument or 'class'}"
                self._report(f"the optimizer `{optimizer.cls}`", refusal.reason, key, sink)

    def _report(self, what: str, reason: str, key: str, sink: Sink) -> None:
        sink.report(
            "KG671",
            f"{NAMES[self._name]} cannot have {what}: {reason}",
            key=key,
            help=_OTHERS,
        )


def hosted(settings: BackendDef) -> BackendDef:
    """The settings of the Keras 3 beside an engine: those of its own, on the fastest backend."""
    host = next((name for name, package in PACKAGES.items() if is_installed(package)), "jax")
    return replace(settings, backend=host, device=None)


def _told(layer: LayerDef, refusal: Refusal) -> str:
    inner = ".".join(refusal.layer)
    cls = getattr(layer.definition, "cls", "")
    return f"`{inner}`" + (f" ({cls})" if cls else "")


def _layer_at(graph: ModelGraph, names: tuple[str, ...]) -> LayerDef:
    """The layer of the config that a layer of the Keras model came from."""
    layer = graph.layers[names[0]]
    inner: Any = layer.definition
    return _layer_at(inner, names[1:]) if isinstance(inner, ModelGraph) and names[1:] else layer
