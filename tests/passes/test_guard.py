"""The refusal of models that do not fit, against numbers worked out by hand."""

import pytest

from kerasgen.diagnostics import Diagnostic, Sink
from kerasgen.ir.values import TensorSpec
from kerasgen.passes.cost import CostReport, LayerReport, human_bytes
from kerasgen.passes.memory import guard_memory, training_memory
from kerasgen.passes.shapes import Specs

SPECS: Specs = {
    "input": (TensorSpec(shape=(None, 10)),),
    "small": (TensorSpec(shape=(None, 20)),),
    "tower": (TensorSpec(shape=(None, 30)),),
    "tower/large": (TensorSpec(shape=(None, 30)),),
}


def row(name: str, parameters: int, trainable: int) -> LayerReport:
    return LayerReport(
        name=name,
        cls="Dense",
        shapes=((None, 1),),
        parameters=parameters,
        trainable=trainable,
        flops=None,
        path=f"model.layers.{name.replace('/', '.layers.')}",
    )


COST = CostReport(
    layers=(row("small", 200, 0), row("tower", 600, 600), row("tower/large", 600, 600)),
    parameters=800,
    trainable=600,
    parameter_bytes=3200,
    flops=None,
    activation_bytes=240,
    training_bytes=0,
    batch_size=8,
)


def refusals(available: int, slots: float = 2.0) -> list[Diagnostic]:
    sink = Sink()
    needed = training_memory(COST, slots=slots)
    guard_memory(COST, SPECS, needed, available=available, owner="this machine", sink=sink)
    return sink.diagnostics


def test_training_keeps_weights_gradients_slots_and_a_batch_of_outputs() -> None:
    needed = training_memory(COST, slots=2.0)
    assert (needed.weights, needed.gradients, needed.optimizer) == (3200, 2400, 4800)
    assert needed.state == 10_400
    assert needed.total == 10_400 + 8 * 240


def test_a_model_that_just_fits_is_not_refused() -> None:
    assert refusals(10_400 + 8 * 240) == []


def test_a_model_that_is_one_byte_too_large_is_refused() -> None:
    (found,) = refusals(10_400 + 8 * 240 - 1)
    assert found.code == "KG901"
    assert found.message == ("training takes about 12.0 KiB of memory, this machine has 12.0 KiB")


def test_a_batch_that_is_too_large_is_to_blame_with_the_largest_that_fits() -> None:
    (found,) = refusals(10_400 + 3 * 240)
    assert found.location is not None
    assert found.location.key == "fit.batch_size"
    assert found.help is not None
    assert found.help.startswith("a batch of up to 3 fits")


def test_weights_that_fit_no_batch_are_to_blame_at_the_largest_layer() -> None:
    (found,) = refusals(5_000)
    assert found.location is not None
    assert found.location.key == "model.layers.tower.layers.large"


def test_the_first_layer_that_is_too_large_by_itself_is_to_blame() -> None:
    (found,) = refusals(700)
    assert found.location is not None
    assert found.location.key == "model.layers.small"
    assert "`tower/large`" in found.notes[1].message


def test_the_layers_that_take_most_are_named_and_models_count_by_what_is_in_them() -> None:
    (found,) = refusals(5_000)
    parts, *layers = [note.message for note in found.notes]
    assert parts == (
        "weights 3.12 KiB, gradients 2.34 KiB, optimizer state 4.69 KiB, "
        "layer outputs 1.88 KiB for a batch of 8"
    )
    # 600 weights of 4 bytes with a gradient and two slots, and 8 rows of 30 numbers.
    assert layers == [
        f"`tower/large` (Dense) takes {human_bytes(600 * 16 + 8 * 120)} of it, with 600 weights",
        f"`small` (Dense) takes {human_bytes(200 * 4 + 8 * 80)} of it, with 200 weights",
    ]


def test_frozen_weights_have_neither_gradient_nor_slots() -> None:
    needed = training_memory(COST, slots=0.0)
    assert (needed.gradients, needed.optimizer) == (2400, 0)


def test_the_help_says_how_the_limit_is_lifted() -> None:
    (found,) = refusals(5_000)
    assert found.help is not None
    assert "`backend.memory=null`" in found.help


@pytest.mark.parametrize(
    ("size", "text"), [(2**60, "1.00 EiB"), (5 * 2**50, "5.00 PiB"), (10**30, "867361737988 EiB")]
)
def test_absurd_sizes_are_told_with_a_unit(size: int, text: str) -> None:
    assert human_bytes(size) == text
