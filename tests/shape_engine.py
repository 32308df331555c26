"""An engine that answers shapes and trains nothing, in a process that never imports Keras.

    python tests/shape_engine.py MODEL...

prints, as JSON, the shapes that it finds for the shipped models on the digits; the catalog is read
from the cache.
"""

import json
import pickle
import sys
from contextlib import nullcontext
from math import prod
from typing import Any

from kerasgen.catalog.entries import LayerCost, ShapeOracle
from kerasgen.engine import Oracles, Probe
from kerasgen.ir.values import TensorSpec


class Shapes(ShapeOracle):
    def __init__(self) -> None:
        self.specs: dict[str, TensorSpec] = {}

    def enter(self, name: str, spec: TensorSpec) -> None:
        self.specs[name] = spec

    def call(self, call: Any, layer: Any) -> tuple[TensorSpec, ...]:
        shape, written = self.specs[call.operands[0].name].shape, layer.definition.arguments
        rules = {
            "Flatten": lambda: (shape[0], prod(shape[1:])),
            "Dense": lambda: (*shape[:-1], written["units"]),
            "Conv2D": lambda: (*shape[:-1], written["filters"]),
            "MaxPooling2D": lambda: (shape[0], *(size // 2 for size in shape[1:-1]), shape[-1]),
        }
        self.specs[call.name] = TensorSpec(shape=rules.get(layer.definition.cls, lambda: shape)())
        return (self.specs[call.name],)

    def cost(self, layer: str) -> LayerCost:
        return LayerCost(parameters=0, trainable=0, weight_shapes=(), parameter_bytes=0)


class ShapeEngine(Oracles, Probe):
    def shape_oracle(self, catalog: Any, seed: int) -> Any:
        return nullcontext(Shapes())

    def preparation_oracle(self, catalog: Any) -> ShapeOracle:
        return Shapes()

    def probe(self, catalog: Any) -> Probe:
        return self

    def augmentation(self, definition: Any, samples: Any, targets: Any, masks: bool) -> None:
        """Takes every layer for an augmentation."""

    def optimizer_slots(self, optimizer: Any) -> float:
        return 2.0


def main(models: list[str]) -> None:
    from programs import read_program

    from kerasgen.compiler import compile_program
    from kerasgen.diagnostics import Sink
    from kerasgen.frontend.compose.composition import compose, resolve
    from kerasgen.passes.outline import outline
    from kerasgen.session.catalog import child_catalog, stored_catalog

    catalog = stored_catalog() or child_catalog(Sink(), lambda _: None)
    found = {}
    for model in models:
        config, sink = resolve(compose([f"model={model}"]))
        program, sink = read_program(config, sink)
        compiled = compile_program(outline(program, catalog, sink), ShapeEngine(), catalog, sink)
        assert pickle.loads(pickle.dumps(compiled)) == compiled
        found[model] = {name: specs[0].shape for name, specs in compiled.specs.items()}
    assert "keras" not in sys.modules
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1:])
