import pytest

from kerasgen.emit.text.summary import human_count, layer_table, repeated_calls, totals_text
from kerasgen.ir.graph import ModelGraph
from kerasgen.passes.cost import CostReport, LayerReport, human_bytes
from kerasgen.passes.shapes import Specs

Drawn = tuple[ModelGraph, Specs]

MLP = """\
layer    class    output shape       parameters
input    input    (None, 28, 28, 1)           -
flatten  Flatten  (None, 784)                 0
hidden1  Dense    (None, 128)           100,480
drop1    Dropout  (None, 128)                 0
scores   Dense    (None, 10)              1,290"""

NESTED = """\
layer        class                   output shape       parameters
left         input                   (None, 28, 28, 1)           -
right        input                   (None, 28, 28, 1)           -
tower        Functional              (None, 8)                 632
  conv       Conv2D                  (None, 26, 26, 8)          80
  pool       GlobalAveragePooling2D  (None, 8)                   0
  head       Sequential              (None, 8)                 552
    wide     Dense                   (None, 32)                288
    narrow   Dense                   (None, 8)                 264
  mix        Add                     (None, 8)                   0
tower_right  Functional              (None, 8)                   -
joined       Concatenate             (None, 16)                  0
scores       Dense                   (None, 2)                  34"""


def costs(specs: Specs, rows: dict[str, tuple[str, int]], **totals: int | None) -> CostReport:
    layers = tuple(
        LayerReport(
            name=name,
            cls=cls,
            shapes=tuple(spec.shape for spec in specs[name]),
            parameters=count,
            trainable=count,
            flops=None,
            path=f"model.layers.{name}",
        )
        for name, (cls, count) in rows.items()
    )
    given: dict[str, int | None] = {
        "parameters": 0,
        "trainable": 0,
        "parameter_bytes": 0,
        "flops": 0,
        "activation_bytes": 0,
        "training_bytes": 0,
        "batch_size": 32,
    }
    return CostReport(layers=layers, **(given | totals))  # type: ignore[arg-type]


def test_the_layers_stand_in_aligned_columns(mlp: Drawn) -> None:
    graph, specs = mlp
    rows = {
        "flatten": ("Flatten", 0),
        "hidden1": ("Dense", 100_480),
        "drop1": ("Dropout", 0),
        "scores": ("Dense", 1290),
    }
    table = layer_table(costs(specs, rows), graph, specs)
    assert table == MLP


def test_nested_models_are_indented_and_repeated_calls_show_no_parameters(nested: Drawn) -> None:
    graph, specs = nested
    rows = {
        "tower": ("Functional", 632),
        "tower/conv": ("Conv2D", 80),
        "tower/pool": ("GlobalAveragePooling2D", 0),
        "tower/head": ("Sequential", 552),
        "tower/head/wide": ("Dense", 288),
        "tower/head/narrow": ("Dense", 264),
        "tower/mix": ("Add", 0),
        "tower_right": ("Functional", 0),
        "joined": ("Concatenate", 0),
        "scores": ("Dense", 34),
    }
    assert layer_table(costs(specs, rows), graph, specs) == NESTED


def test_the_calls_of_a_shared_layer_behind_the_first_are_repeats(siamese: Drawn) -> None:
    assert list(repeated_calls(siamese[0])) == ["flat_right", "tower_right"]


def test_a_layer_without_weights_is_no_repeat(mlp: Drawn) -> None:
    assert list(repeated_calls(mlp[0])) == []


def test_all_shapes_of_a_layer_with_several_outputs_are_listed(translation: Drawn) -> None:
    graph, specs = translation
    table = layer_table(costs(specs, {"encoder": ("LSTM", 33_024)}), graph, specs)
    shapes = "(None, 64), (None, 64), (None, 64)"
    assert table.splitlines()[-1] == f"encoder  LSTM   {shapes}      33,024"


def test_the_totals_are_told_in_human_units() -> None:
    cost = costs(
        {},
        {},
        parameters=101_770,
        trainable=101_000,
        parameter_bytes=407_080,
        flops=203_264,
        activation_bytes=7304,
        training_bytes=1_860_000,
        batch_size=128,
    )
    assert totals_text(cost) == (
        "parameters       101,770 (101,000 trainable, 770 frozen)\n"
        "memory to train  1.77 MiB at batch size 128 "
        "(weights 398 KiB, layer outputs 7.13 KiB a sample)\n"
        "FLOPs a sample   203 k"
    )


def test_flops_that_could_not_be_counted_are_said_to_be_unknown() -> None:
    assert totals_text(costs({}, {}, flops=None)).endswith("FLOPs a sample   not known")


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.00 KiB"),
        (102_400, "100 KiB"),
        (1_500_000, "1.43 MiB"),
        (5_368_709_120, "5.00 GiB"),
        (10**16, "8.88 PiB"),
    ],
)
def test_bytes_have_binary_units(count: int, text: str) -> None:
    assert human_bytes(count) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0"), (999, "999"), (1000, "1.00 k"), (999_600, "1.00 M"), (3_858_000_000, "3.86 G")],
)
def test_counts_have_decimal_units(count: int, text: str) -> None:
    assert human_count(count) == text
