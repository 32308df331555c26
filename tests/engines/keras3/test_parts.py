"""Parts of one's own beside Keras's: their entries, their making, and what is refused."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np
import pytest

from kerasgen.catalog.entries import Catalog, ClassEntry, ShapeError
from kerasgen.diagnostics import CompileError, Diagnostic, Sink
from kerasgen.ir.values import ObjectDef
from kerasgen.passes.outline import outline
from kerasgen.registry import register, registered_parts

Entry = Callable[..., ClassEntry]


@pytest.fixture(autouse=True)
def empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kerasgen.registry._PARTS", [])


@pytest.fixture
def keras(engine: str) -> Any:
    import keras

    return keras


@pytest.fixture
def entry(catalog: Catalog) -> Entry:
    """Registers a class or function and gives its entry."""

    def make(made: Any, **options: Any) -> ClassEntry:
        from kerasgen.engines.keras3.custom_parts import custom_part_entries

        register(**options)(made)
        sink = Sink()
        (found,) = custom_part_entries(catalog, sink)
        assert not sink.diagnostics
        return found

    return make


@pytest.fixture
def refused(catalog: Catalog) -> Callable[[], Diagnostic]:
    """What is wrong with what was registered."""

    def find() -> Diagnostic:
        from kerasgen.engines.keras3.custom_parts import custom_part_entries

        sink = Sink()
        custom_part_entries(catalog, sink)
        (found,) = sink.diagnostics
        assert found.code == "KG610"
        assert found.location is not None
        assert (found.location.file or "").endswith("test_parts.py")
        return found

    return find


@pytest.fixture
def gate(keras: Any) -> Any:
    class Gate(keras.layers.Layer):  # type: ignore[misc]
        """Lets a part of its input through.

        Args:
            units: Size of the gate.
        """

        def __init__(
            self,
            units: int,
            rate: float = 0.5,
            mode: Literal["soft", "hard"] | None = None,
            inner: keras.layers.Layer | None = None,
            kernel_initializer: str = "glorot_uniform",
            layers=3,  # type: ignore[no-untyped-def]
            **kwargs: Any,
        ) -> None:
            super().__init__(**kwargs)
            self.units, self.rate, self.mode, self.inner = units, rate, mode, inner
            self.kernel_initializer, self.layers = kernel_initializer, layers

        def call(self, inputs: Any, double: bool = False) -> Any:
            if len(inputs.shape) != 2:
                raise ValueError("a gate takes vectors")
            return inputs * 2 if double else inputs

    return Gate


def test_an_entry_says_what_signature_and_documentation_say(entry: Entry, gate: Any) -> None:
    found = entry(gate)
    assert (found.name, found.kind, found.module) == ("Gate", "layer", "test_parts")
    assert found.origin.startswith("test_parts:gate.")
    assert found.summary == "Lets a part of its input through."
    assert found.parameters["units"].required
    assert found.parameters["units"].description == "Size of the gate."
    assert "trainable" in found.parameters
    assert not found.open_ended
    assert [name for name, p in found.call.items() if p.tensor] == ["inputs"]
    assert found.call["double"].value == "bool"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("units", {"value": "int", "kinds": ()}),
        ("rate", {"value": "number", "default": 0.5}),
        ("mode", {"choices": ("soft", "hard"), "nullable": True}),
        ("inner", {"kinds": ("layer",), "nullable": True}),
        ("kernel_initializer", {"kinds": ("initializer",)}),
        ("layers", {"kinds": (), "value": "any"}),
    ],
)
def test_kinds_come_from_annotations_and_defaults(
    entry: Entry, gate: Any, name: str, expected: Mapping[str, Any]
) -> None:
    found = entry(gate).parameters[name]
    assert {key: getattr(found, key) for key in expected} == expected


def test_a_layer_with_adapt_learns_before_training(entry: Entry, keras: Any) -> None:
    class Centered(keras.layers.Layer):  # type: ignore[misc]
        def adapt(self, data: Any) -> None:
            self.average = data.mean(axis=0)

    assert entry(Centered).adapts


def test_a_layer_without_adapt_learns_in_training_alone(entry: Entry, gate: Any) -> None:
    assert not entry(gate).adapts


def test_a_class_without_a_constructor_has_that_of_its_base(entry: Entry, keras: Any) -> None:
    class Wide(keras.layers.Dense):  # type: ignore[misc]
        pass

    found = entry(Wide)
    assert found.parameters["units"].required


def test_what_a_base_requires_is_not_required_of_a_class_that_passes_it_on(
    entry: Entry, keras: Any
) -> None:
    class Ten(keras.layers.Dense):  # type: ignore[misc]
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**{"units": 10, **kwargs})

    assert not entry(Ten).parameters["units"].required


def test_the_kind_of_a_class_is_told_by_its_base(catalog: Catalog, keras: Any) -> None:
    from kerasgen.engines.keras3.custom_parts import custom_part_entries

    bases = {
        "loss": keras.losses.Loss,
        "metric": keras.metrics.Metric,
        "callback": keras.callbacks.Callback,
        "optimizer": keras.optimizers.SGD,
        "schedule": keras.optimizers.schedules.LearningRateSchedule,
        "initializer": keras.initializers.Initializer,
        "regularizer": keras.regularizers.Regularizer,
        "constraint": keras.constraints.Constraint,
    }
    for kind, base in bases.items():
        register(type(f"My{kind.title()}", (base,), {}))
    sink = Sink()
    found = custom_part_entries(catalog, sink)
    assert not sink.diagnostics
    assert [one.kind for one in found] == list(bases)


def test_a_loss_function_has_the_arguments_behind_those_of_keras(entry: Entry) -> None:
    def focal(y_true: Any, y_pred: Any, gamma: float = 2.0) -> Any:
        return gamma * (y_true - y_pred)

    assert list(entry(focal, kind="loss").parameters) == ["gamma"]


def test_a_loss_function_takes_the_arguments_of_a_config(
    entry: Entry, keras: Any, catalog: Catalog
) -> None:
    from kerasgen.engines.keras3.objects import make_object

    def scaled(y_true: Any, y_pred: Any, by: float = 1.0) -> Any:
        return by * keras.ops.abs(y_true - y_pred)

    known = catalog.extended([entry(scaled, kind="loss")])
    plain = make_object(ObjectDef(cls="scaled", bare=True), ("loss",), known)
    assert plain is scaled
    made = make_object(ObjectDef(cls="scaled", arguments={"by": 3.0}), ("loss",), known)
    assert float(made(np.ones((1, 1)), np.zeros((1, 1)))) == 3.0


def test_keras_can_load_what_was_registered(entry: Entry, gate: Any, keras: Any) -> None:
    from kerasgen.engines.keras3.custom_parts import saved_part

    entry(gate)
    assert keras.saving.get_registered_name(gate) == "test_parts>Gate"
    assert saved_part("test_parts>Gate") == registered_parts()[0]


def test_the_author_s_own_registration_with_keras_stays(entry: Entry, keras: Any) -> None:
    @keras.saving.register_keras_serializable("theirs", "Old")  # type: ignore[untyped-decorator]
    class New(keras.layers.Layer):  # type: ignore[misc]
        pass

    entry(New)
    assert keras.saving.get_registered_name(New) == "theirs>Old"


@pytest.mark.parametrize(
    ("name", "kind", "told"),
    [
        ("Dense", "layer", "`Dense` is already the name of a layer of Keras"),
        ("mse", "loss", "`mse` is already the name of a loss of Keras"),
        ("ScikitLearn", "source", "`ScikitLearn` is already the name of one of the data sources"),
    ],
)
def test_a_name_that_is_taken_is_refused(
    refused: Callable[[], Diagnostic], gate: Any, name: str, kind: Any, told: str
) -> None:
    register(name=name, kind=kind)(gate if kind == "layer" else lambda a, b: a)
    assert refused().message == told


def test_two_parts_of_one_name_are_refused_with_both_places(
    refused: Callable[[], Diagnostic], gate: Any
) -> None:
    register(gate)
    register(name="Gate")(type("Other", (gate,), {}))
    found = refused()
    assert found.message == "there are two parts `Gate` of the kind layer"
    assert "test_parts.py:" in found.notes[0].message


def test_a_class_of_nothing_is_refused(refused: Callable[[], Diagnostic]) -> None:
    class Plain:
        pass

    register(Plain)
    assert "extends no class of Keras" in refused().message


def test_a_kind_that_the_base_contradicts_is_refused(
    refused: Callable[[], Diagnostic], gate: Any
) -> None:
    register(kind="loss")(gate)
    assert refused().message == (
        "`Gate` is registered as a loss, and does not extend `keras.losses.Loss`"
    )


def test_a_layer_of_one_s_own_stands_in_a_model(
    entry: Entry, gate: Any, catalog: Catalog, program: Any, keras3: Any
) -> None:
    from kerasgen.compiler import compile_program

    known = catalog.extended([entry(gate)])
    gate_entry = {"class": "Gate", "units": 2, "with": {"double": True}}
    score = {"class": "Dense", "units": 1}
    parsed, sink = program({"layers": {"g": gate_entry, "score": score}}, {"input": [3]})
    compiled = compile_program(outline(parsed, known, sink), keras3, known, sink)
    assert compiled.specs["g"][0].shape == (None, 3)
    assert keras3.realize(compiled, known).model.get_layer("g").units == 2


def test_an_error_in_a_call_is_told_at_the_entry_with_the_line_of_the_code(
    entry: Entry, gate: Any, catalog: Catalog, program: Any, keras3: Any
) -> None:
    from kerasgen.compiler import compile_program

    known = catalog.extended([entry(gate)])
    parsed, sink = program({"layers": {"g": {"class": "Gate", "units": 2}}}, {"input": [3, 4]})
    with pytest.raises(CompileError) as caught:
        compile_program(outline(parsed, known, sink), keras3, known, sink)
    (found,) = caught.value.diagnostics
    assert found.code == "KG401"
    assert found.location is not None
    assert found.location.key == "model.layers.g"
    assert "a gate takes vectors (test_parts.py, line " in found.message


def test_what_could_not_be_loaded_again_is_refused_before_training(
    entry: Entry, keras: Any, catalog: Catalog
) -> None:
    from kerasgen.engines.keras3.objects import make_object

    class Scaled(keras.losses.Loss):  # type: ignore[misc]
        def __init__(self, scale: float = 1.0, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.scale = scale

        def call(self, y_true: Any, y_pred: Any) -> Any:
            return self.scale * (y_true - y_pred)

    known = catalog.extended([entry(Scaled)])
    with pytest.raises(ShapeError, match="its `get_config` leaves out `scale`"):
        make_object(ObjectDef(cls="Scaled", arguments={"scale": 2.0}), ("loss",), known)


def test_the_trial_of_saving_draws_no_random_numbers(
    entry: Entry, keras: Any, catalog: Catalog
) -> None:
    import random

    from kerasgen.engines.keras3.objects import make_object

    class Noisy(keras.layers.Layer):  # type: ignore[misc]
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.drawn = random.random()

        def call(self, inputs: Any) -> Any:
            return inputs

    known = catalog.extended([entry(Noisy)])
    random.seed(1)
    make_object(ObjectDef(cls="Noisy"), ("layer",), known, name="one")
    after = random.random()
    random.seed(1)
    Noisy()
    assert after == random.random()


def test_schemas_know_the_parts(entry: Entry, gate: Any, catalog: Catalog) -> None:
    from kerasgen.emit.schema.document import make_schemas

    definitions = make_schemas(catalog.extended([entry(gate)]))["definitions"]["definitions"]
    assert definitions["layer.Gate"]["description"] == "Lets a part of its input through."
    assert definitions["layer.Gate"]["properties"]["mode"] is not None
