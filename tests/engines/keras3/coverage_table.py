"""All public names of Keras, and what a config makes of each: run this file for the table.

Keras is asked for its names, so that a name of a new version is tried too. What cannot be built
stands in `coverage_reasons.yaml` with its reason, sensible arguments and inputs in
`coverage_arguments.yaml`.
"""

from __future__ import annotations

import functools
import inspect
import os
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from programs import read_program

from kerasgen.catalog.entries import Catalog, Kind
from kerasgen.diagnostics import Sink, SourceLocation, SourceMap
from kerasgen.frontend.parse.model import parse_object
from kerasgen.ir.values import TensorSpec
from kerasgen.passes.catalog_check import Inquiry, _check_object, _check_word, check
from kerasgen.passes.shapes import infer_shapes
from kerasgen.passes.wire import wire

HERE = Path(__file__).parent
USES: Mapping[str, Any] = yaml.safe_load((HERE / "coverage_arguments.yaml").read_text())
REASONS: Mapping[str, Any] = yaml.safe_load((HERE / "coverage_reasons.yaml").read_text())

KINDS: Mapping[str, Kind | None] = {
    "": None,
    "layers": "layer",
    "ops": "op",
    "ops.image": "op",
    "ops.linalg": "op",
    "ops.nn": "op",
    "ops.numpy": "op",
    "applications": "application",
    "optimizers": "optimizer",
    "optimizers.schedules": "schedule",
    "losses": "loss",
    "metrics": "metric",
    "initializers": "initializer",
    "regularizers": "regularizer",
    "constraints": "constraint",
    "callbacks": "callback",
    "activations": "activation",
    "dtype_policies": "dtype_policy",
    "quantizers": "quantizer",
    "random": "seed_generator",
}
"""Public module of Keras to the kind of the objects in it; the outermost has several."""

BATCH = 3
"""Samples in a forward pass."""


class NotBuiltError(Exception):
    """A config entry that makes no object that works; says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One public name.

    Attributes:
        module: public module, without `keras.`.
        name: the name.
        failure: why no config entry makes it, None where one does.
    """

    module: str
    name: str
    failure: str | None


def names_of(module: str) -> list[str]:
    """The public classes and functions of a module of Keras."""
    found = functools.reduce(getattr, filter(None, module.split(".")), keras_package())
    return [
        name
        for name, member in inspect.getmembers(found)
        if not name.startswith("_") and (inspect.isclass(member) or inspect.isfunction(member))
    ]


def modules_of_keras() -> set[str]:
    """The public modules of Keras and the modules inside those that hold a kind of object."""
    found = {""}
    for outer in (name for name in KINDS if "." not in name):
        package = functools.reduce(getattr, filter(None, outer.split(".")), keras_package())
        for name, _ in inspect.getmembers(package, inspect.ismodule):
            if not name.startswith("_") and name != "src":
                found.add(f"{outer}.{name}" if outer else name)
    return found


def reason(module: str, name: str) -> str | None:
    """Why a name cannot be built, from the list; None where it is to be built."""
    listed = REASONS["names"].get(module) or {}
    for why, names in listed.items():
        if name in names:
            return str(why)
    alone = REASONS["backends"].get(keras_package().backend.backend(), {})
    found = alone.get(module, {}).get(name)
    return None if found is None else str(found)


def keras_package() -> Any:
    """Keras, imported when it is first needed."""
    import keras

    return keras


class Builder:
    """Builds public names of Keras from config entries.

    Args:
        catalog: the classes that a config may name.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._fitted: Any = None

    def row(self, module: str, name: str) -> Row:
        """Tries one name."""
        kind = KINDS[module]
        try:
            if kind is None:
                self._outermost(name)
            elif module.startswith("ops.") and module != "ops.image":
                self._same_op(module, name)
            else:
                self._attempts[kind](self, name)
        except Exception as error:
            return Row(module=module, name=name, failure=_told(error))
        return Row(module=module, name=name, failure=None)

    def _outermost(self, name: str) -> None:
        keras = keras_package()
        if name in ("Model", "Sequential"):
            section = {"class": name, "layers": {"it": {"class": "Dense", "units": 2}}}
            assert isinstance(self.compiled(section, {"a": [4]}), getattr(keras, name))
            return
        for module, kind in KINDS.items():
            inside = functools.reduce(getattr, module.split("."), keras) if kind else None
            if getattr(inside, name, None) is getattr(keras, name):
                assert kind is not None
                self._attempts[kind](self, name)
                return
        raise NotBuiltError("no module of Keras with objects of a config has it")

    def _same_op(self, module: str, name: str) -> None:
        from kerasgen.engines.keras3.objects import public_object

        found = public_object(f"{module}.{name}", ("op",), self._catalog)
        if found is not getattr(keras_package().ops, name):
            raise NotBuiltError("it is another function than the one of `keras.ops`")

    def _layer(self, name: str) -> None:
        if name in ("Input", "InputLayer"):
            declared = {"shape": [4], "dtype": "int32", "batch_size": BATCH}
            model = self.forward({"class": "Identity"}, {"a": declared})
            assert model.inputs[0].shape == (BATCH, 4)
            return
        if name == "TFSMLayer" and keras_package().backend.backend() == "tensorflow":
            model = self.forward({"class": "Dense", "units": 2}, {"a": [4, 4]})
            model.export("saved_model", verbose=False)
        use = (USES["layer"] or {}).get(name, {})
        inputs = use.get("inputs") or {"a": _layer_shape(name)}
        arguments = dict(use.get("entry") or self._required("layer", name))
        self.forward({"class": name, **_takes(arguments, inputs)}, inputs)

    def _op(self, name: str) -> None:
        use = (USES["op"] or {}).get(name) or {}
        public = name if self._catalog.find(f"ops.{name}", ("op",)) else f"image.{name}"
        found = self._catalog.find(f"ops.{public}", ("op",))
        if found is None:
            raise NotBuiltError("it is in no catalog")
        entry = use.get("entry") or {}
        needed = [p for p in found.call.values() if p.required and not p.variadic]
        needed = needed[:1] if "from" in entry else needed
        inputs = use.get("inputs") or {
            letter: [4, 4] for letter, _ in zip("abcd", needed or "a", strict=False)
        }
        self.forward({"class": f"ops.{public}", **_takes(entry, inputs)}, inputs)

    def _application(self, name: str) -> None:
        from kerasgen.engines.keras3.deferred_weights import unallocated

        size = REASONS["application_sizes"].get(name, 224)
        entry = {"class": f"applications.{name}", "weights": None}
        with unallocated():
            self.compiled({"layers": {"it": entry}}, {"a": [size, size, 3]})

    def _optimizer(self, name: str) -> None:
        keras = keras_package()
        optimizer = self.made("optimizer", name.replace("OptimizerMap", "MultiOptimizer"))
        if (USES["optimizer"].get(name) or {}).get("fitted"):
            self._fit(optimizer)
            return
        weights = [
            keras.Variable(np.ones((4, 2), "float32"), name="kernel"),
            keras.Variable(np.ones(2, "float32"), name="bias"),
        ]
        optimizer.build(weights)
        optimizer.apply([keras.ops.ones((4, 2)) * 0.5, keras.ops.ones(2) * 0.5])
        moved = keras.ops.convert_to_numpy(weights[0])
        if np.array_equal(moved, np.ones((4, 2))):
            raise NotBuiltError("a step changed nothing")

    def _schedule(self, name: str) -> None:
        schedule = self.made("schedule", name)
        wrapped = self.made_from({"class": "SGD", "learning_rate": self._written("schedule", name)})
        assert type(wrapped._learning_rate) is type(schedule)
        assert np.isfinite(float(schedule(3)))

    def _loss(self, name: str) -> None:
        value = self._compared("loss", name)
        assert np.isfinite(value).all()

    def _metric(self, name: str) -> None:
        value = self._compared("metric", name)
        assert np.isfinite(value).all()

    def _compared(self, kind: Kind, name: str) -> Any:
        """The value of a loss or metric on made-up truths and outputs."""
        keras = keras_package()
        use = USES[kind].get(name) or {}
        made = self.made_from(self._written(kind, name), kind)
        shape = use.get("outputs", [4, 3])
        outputs = np.random.default_rng(3).uniform(0.1, 0.9, shape).astype("float32")
        outputs = outputs / outputs.sum(-1, keepdims=True) if len(shape) > 1 else outputs
        if use.get("integers"):
            outputs = np.array([0, 1, 2, 2], "int32")
        truth = (
            np.array(use["truth"])
            if "truth" in use
            else np.eye(shape[-1], dtype="float32")[[0, 1, 2, 1]]
        )
        if not isinstance(made, keras.metrics.Metric):
            return keras.ops.convert_to_numpy(made(truth, outputs))
        if name in ("Mean", "Sum"):
            made.update_state(outputs)
        else:
            made.update_state(truth, outputs)
        return keras.ops.convert_to_numpy(made.result())

    def _initializer(self, name: str) -> None:
        use = USES["initializer"].get(name) or {}
        made = self.made("initializer", name)
        shape = tuple(use.get("shape", [3, 3]))
        assert tuple(made(shape, dtype="float32").shape) == shape

    def _regularizer(self, name: str) -> None:
        self._on_weight("regularizer", name)

    def _constraint(self, name: str) -> None:
        self._on_weight("constraint", name)

    def _on_weight(self, kind: Kind, name: str) -> None:
        keras = keras_package()
        value = self.made(kind, name)(keras.ops.ones((3, 3)))
        assert np.isfinite(keras.ops.convert_to_numpy(value)).all()

    def _callback(self, name: str) -> None:
        made = self.made("callback", name)
        if name in REASONS["made_only"]:
            return
        if name == "SwapEMAWeights":
            self._fit(self.made_from({"class": "SGD", "use_ema": True}), made)
            return
        self._fitted = self._fit("sgd", made, model=self._fitted)

    def _fit(self, optimizer: Any, *callbacks: Any, model: Any = None) -> Any:
        keras = keras_package()
        if model is None:
            model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
            model.compile(optimizer, "mse")
        x, y = np.ones((4, 4), "float32"), np.ones((4, 1), "float32")
        model.fit(x, y, validation_data=(x, y), verbose=0, callbacks=list(callbacks))
        return model

    def _activation(self, name: str) -> None:
        self.forward({"class": "Activation", "activation": name}, {"a": [4, 4]})

    def _dtype_policy(self, name: str) -> None:
        policy = self._written("dtype_policy", name)
        self.forward({"class": "Dense", "units": 2, "dtype": policy}, {"a": [4]})

    def _quantizer(self, name: str) -> None:
        written = self._written("quantizer", name)
        if name == "AbsMaxQuantizer":
            written = {"class": "Int8QuantizationConfig", "weight_quantizer": written}
        model = self.forward(
            {"class": "Dense", "units": 2, "quantization_config": written}, {"a": [4]}
        )
        config = model.get_layer("it").quantization_config
        model.quantize(config=config)
        assert model.get_layer("it").quantization_mode is not None

    def _seed_generator(self, name: str) -> None:
        seed = {"class": name, "seed": 3}
        self.forward(
            {
                "class": "Dense",
                "units": 2,
                "kernel_initializer": {"class": "HeNormal", "seed": seed},
            },
            {"a": [4]},
        )

    _attempts: Mapping[Kind, Callable[[Any, str], None]] = {
        "layer": _layer,
        "optimizer_map": _optimizer,
        "op": _op,
        "application": _application,
        "optimizer": _optimizer,
        "schedule": _schedule,
        "loss": _loss,
        "metric": _metric,
        "initializer": _initializer,
        "regularizer": _regularizer,
        "constraint": _constraint,
        "callback": _callback,
        "activation": _activation,
        "dtype_policy": _dtype_policy,
        "quantizer": _quantizer,
        "seed_generator": _seed_generator,
    }

    def made(self, kind: Kind, name: str) -> Any:
        """An object of a name with sensible arguments, checked first."""
        return self.made_from(self._written(kind, name), kind)

    def made_from(self, written: Any, kind: Kind = "optimizer") -> Any:
        """An object as a config writes it, checked first.

        Raises:
            NotBuiltError: the check has something against it.
        """
        from kerasgen.engines.keras3.objects import make_object, word_object

        sink = Sink()
        if isinstance(written, str) and self._catalog.find(written, (kind,)) is None:
            _check_word(
                written, kind, (kind,), "it", Inquiry(catalog=self._catalog, sink=sink, names=sink)
            )
            _stop(sink)
            return word_object(written, (kind,), self._catalog)
        definition = parse_object(written, "it", sink)
        assert definition is not None
        _check_object(definition, (kind,), Inquiry(catalog=self._catalog, sink=sink, names=sink))
        _stop(sink)
        return make_object(definition, (kind,), self._catalog)

    def compiled(self, model: Mapping[str, Any], inputs: Mapping[str, Any]) -> Any:
        """A model compiled from a section, its weights without memory.

        Raises:
            NotBuiltError: a stage has something against it.
        """
        from kerasgen.engines.keras3.build import KerasOracle
        from kerasgen.engines.keras3.environment import set_seed

        specs = {name: _spec(value) for name, value in inputs.items()}
        declared = {name: _declared(value) for name, value in inputs.items()}
        config = {
            "backend": {},
            "data": {
                "source": "Digits",
                "features": {name: name for name in inputs},
                "target": "label",
                "task": "regression",
            },
            "model": {"inputs": declared, **model},
            "optimizer": "adam",
            "compile": {},
            "fit": {"batch_size": next(filter(None, (s.shape[0] for s in specs.values())), BATCH)},
            "tracking": {},
        }
        # As if it all stood on the command line, where a saved program may be named.
        sink = Sink(SourceMap(defaults=SourceLocation(override="…")))
        program, sink = read_program(config, sink)
        _stop(sink)
        check(program, self._catalog, sink)
        graph = wire(program.model, self._catalog, sink)
        _stop(sink)
        assert graph is not None
        set_seed(0)
        oracle = KerasOracle(self._catalog)
        infer_shapes(graph, specs, oracle, sink)
        _stop(sink)
        return oracle.assemble(graph)

    def forward(self, entry: Mapping[str, Any], inputs: Mapping[str, Any]) -> Any:
        """A model of one entry, called on made-up samples.

        Raises:
            NotBuiltError: a stage has something against it, or nothing comes out.
        """
        from kerasgen.engines.keras3.deferred_weights import allocate_weights

        keras = keras_package()
        try:
            model = self.compiled({"layers": {"it": entry}}, inputs)
        except NotBuiltError as error:
            if "KG306" not in str(error):
                raise
            model = self.compiled({"layers": {"it": entry}, "outputs": ["it.0", "it.1"]}, inputs)
        allocate_weights(model)
        fed = [_samples(_spec(value)) for value in inputs.values()]
        outcome = model(fed[0] if len(fed) == 1 else fed)
        if not keras.tree.flatten(outcome):
            raise NotBuiltError("nothing comes out")
        return model

    def _written(self, kind: Kind, name: str) -> Any:
        use = (USES.get(kind) or {}).get(name) or {}
        if self._catalog.find(name, (kind,)) is None:
            return name
        return {"class": name, **(use.get("entry") or self._required(kind, name))}

    def _required(self, kind: Kind, name: str) -> dict[str, Any]:
        found = self._catalog.find(name, (kind,))
        if found is None:
            return {}
        return {
            p.name: USES["required"][p.name]
            for p in found.parameters.values()
            if p.required and p.name in USES["required"]
        }


def _layer_shape(name: str) -> Any:
    for part, shape in USES["layer_inputs"].items():
        if part in name:
            return shape
    return [4, 4]


def _takes(arguments: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, Any]:
    if len(inputs) == 1 or "from" in arguments:
        return dict(arguments)
    return {**arguments, "from": list(inputs)}


def _declared(value: Any) -> Any:
    return value if isinstance(value, Mapping) else {"shape": value}


def _spec(value: Any) -> TensorSpec:
    written = _declared(value)
    shape = (written.get("batch_size"), *written["shape"])
    return TensorSpec(shape=shape, dtype=written.get("dtype", "float32"))


def _samples(spec: TensorSpec) -> Any:
    random = np.random.default_rng(5)
    shape = (spec.shape[0] or BATCH, *(size or 5 for size in spec.shape[1:]))
    if spec.dtype == "string":
        strings = np.array(["a", "b", "c"])[random.integers(0, 3, shape)]
        if keras_package().backend.backend() != "tensorflow":
            raise NotBuiltError("strings are no tensors of this backend")
        return sys.modules["tensorflow"].constant(strings)
    if spec.dtype == "bool":
        return random.integers(0, 2, shape).astype(bool)
    if spec.dtype.startswith(("int", "uint")):
        return random.integers(0, 3, shape).astype(spec.dtype)
    if spec.dtype.startswith("complex"):
        return (random.uniform(0.1, 0.9, shape) + 0.5j).astype(spec.dtype)
    values = random.uniform(0.1, 0.9, shape).astype(spec.dtype)
    if len(shape) == 3 and shape[1] == shape[2]:
        # Symmetric and positive definite, as some functions of matrices need it.
        values = values @ values.swapaxes(1, 2) / shape[1]
    return values


def _stop(sink: Sink) -> None:
    if sink.errors:
        raise NotBuiltError("; ".join(f"{d.code}: {d.message}" for d in sink.errors))


def _told(error: BaseException) -> str:
    from kerasgen.engines.keras3.error_text import shorten

    text = shorten(error)
    return text if isinstance(error, NotBuiltError) else f"{type(error).__name__}: {text}"


def start() -> Builder:
    """Starts the engine that the environment asks for, and describes its Keras."""
    from kerasgen.catalog.entries import ClassEntry
    from kerasgen.engines.keras3.environment import start_engine
    from kerasgen.engines.keras3.introspection import keras_catalog
    from kerasgen.ir.program import BackendDef

    backend = os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    start_engine(BackendDef(backend=backend), Sink())
    catalog = keras_catalog().extended([ClassEntry(name="Digits", kind="source", parameters={})])
    return Builder(catalog)


def main(wanted: Sequence[str]) -> int:
    """Prints the table of the given modules, or of all; 1 if a name is unexplained."""
    total: Counter[str] = Counter()
    builder = start()
    print(f"Keras {keras_package().version()} on {keras_package().backend.backend()}")
    print(f"{'module':<24}{'names':>7}{'build':>7}{'do not':>8}")
    told: list[str] = []
    for module in KINDS:
        if wanted and module not in wanted:
            continue
        rows = [builder.row(module, name) for name in names_of(module)]
        failed = [row for row in rows if row.failure is not None]
        print(
            f"keras.{module or '*':<18}{len(rows):>7}{len(rows) - len(failed):>7}{len(failed):>8}"
        )
        total.update(names=len(rows), failed=len(failed))
        for row in failed:
            why = reason(module, row.name)
            told.append(f"keras.{module}.{row.name}: {why or 'UNEXPLAINED: ' + str(row.failure)}")
            total.update(unexplained=why is None)
    built = total["names"] - total["failed"]
    print(f"{'all':<24}{total['names']:>7}{built:>7}{total['failed']:>8}\n")
    print("\n".join(told))
    if not wanted:
        print("\nModules without objects of a config:")
        print("\n".join(f"keras.{name}: {why}" for name, why in REASONS["modules"].items()))
    return 1 if total["unexplained"] else 0


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(), chdir(folder):
        warnings.simplefilter("ignore")  # Keras has something to say of such small sizes.
        sys.exit(main(sys.argv[1:]))
