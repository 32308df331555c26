"""Lint of the rows: labels, ranges and parts, as prepared arrays beside a compiled model."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from lint_cases import AMOUNT, CLASSES, NUMBER, PLAIN, TWO, data, layers, parsed

from kerasgen.catalog.entries import Catalog
from kerasgen.data.large_arrays import ArraySpace
from kerasgen.data.shared_rows import SharedRows, find_shared
from kerasgen.data.split import PartRows
from kerasgen.diagnostics import Diagnostic, Sink
from kerasgen.engine import Engine
from kerasgen.ir.schema import Column, Schema
from kerasgen.passes.lint.arrays import ARRAY_RULES, lint_arrays
from kerasgen.passes.lint.view import with_catalog
from kerasgen.passes.outline import outline

RANDOM = np.random.default_rng(0)
ROWS = RANDOM.normal(size=(300, 20)).astype("float32")
LABELS = np.arange(300) % 10


@dataclass(frozen=True, kw_only=True)
class Part:
    x: dict[str, Any]
    y: dict[str, Any]


def part(x: Any = ROWS, y: Any = LABELS) -> Part:
    return Part(x={"input": np.asarray(x)}, y={"": np.asarray(y)})


def _shared(training: Part, validation: Part) -> dict[str, SharedRows]:
    both = np.concatenate([training.x["input"], validation.x["input"]])
    rows = np.arange(len(both))
    count = len(training.x["input"])
    schema = Schema(
        columns={"input": Column(name="input", roles=("feature",))},
        complete=True,
        features={"input": ("input",)},
    )
    parts = PartRows(training=rows[:count], validation=rows[count:], test=None)
    return find_shared({"input": both}, schema, parts, ArraySpace())


Found = Callable[..., list[Diagnostic]]


@pytest.fixture(scope="module")
def found(engine: str, keras3: Engine, catalog: Catalog) -> Found:
    """Compiles the given groups and lints the given parts; gives what was reported."""
    from programs import read_program

    from kerasgen.compiler import compile_program

    def lint(
        groups: dict[str, str], training: Part, validation: Part | None = None
    ) -> list[Diagnostic]:
        sink = Sink()
        config = {**parsed(groups), "backend": {"backend": engine}}
        program, sink = read_program(config, sink)
        compiled = compile_program(outline(program, catalog, sink), keras3, catalog, sink)
        assert sink.diagnostics == []
        view = with_catalog(compiled.view, catalog)
        shared = {} if validation is None else _shared(training, validation)
        parts = {"training": training, "validation": validation, "test": None}
        lint_arrays(view, parts, shared, sink)
        return sink.diagnostics

    return lint


def told(diagnostics: list[Diagnostic]) -> list[tuple[str, str]]:
    return [(d.code, d.location.key if d.location is not None else "") for d in diagnostics]


def test_labels_need_a_score_each(found: Found) -> None:
    assert told(found({}, part(y=LABELS + 1))) == [("KG761", "data.target")]
    assert told(found({}, part())) == []


def test_one_score_has_two_labels(found: Found) -> None:
    groups = {"data": TWO, "model": layers("{class: Dense, units: 1, activation: sigmoid}")}
    assert told(found(groups, part(y=LABELS % 2))) == []
    assert told(found(groups, part(y=LABELS % 2 + 1))) == [("KG761", "data.target")]


@pytest.mark.parametrize(
    ("activation", "targets", "codes"),
    [
        ("relu", ROWS[:, 0], ["KG762"]),
        ("relu", np.abs(ROWS[:, 0]), []),
        ("sigmoid", ROWS[:, 0] * 100, ["KG762"]),
        ("sigmoid", np.clip(ROWS[:, 0], 0, 1), []),
        ("tanh", np.clip(ROWS[:, 0], -1, 1) * 1.0001, []),
        ("linear", ROWS[:, 0] * 100, []),
    ],
)
def test_targets_must_be_within_reach(
    found: Found, activation: str, targets: Any, codes: list[str]
) -> None:
    model = layers(f"{{class: Dense, units: 1, activation: {activation}}}")
    diagnostics = found({"data": AMOUNT, "model": model}, part(y=targets))
    assert [d.code for d in diagnostics] == codes
    assert all("model.layers.a.activation" in str(d.location) for d in diagnostics)


@pytest.mark.parametrize(
    ("loss", "targets", "codes"),
    [
        ("mape", np.zeros(300), ["KG763"]),
        ("mape", np.ones(300), []),
        ("poisson", ROWS[:, 0], ["KG763"]),
        ("msle", -np.ones(300), ["KG763"]),
        ("mse", ROWS[:, 0], []),
    ],
)
def test_a_loss_has_a_domain(found: Found, loss: str, targets: Any, codes: list[str]) -> None:
    groups = {"data": AMOUNT, "model": NUMBER, "compile": f"{{loss: {loss}}}"}
    diagnostics = found(groups, part(y=targets))
    assert told(diagnostics) == [(code, "compile.loss") for code in codes]


def test_an_autoencoder_of_unscaled_numbers_is_told_once(found: Found) -> None:
    groups = {
        "data": data(classes=None, task="autoencoding").replace("target: y\n", ""),
        "model": layers("{class: Dense, units: 20, activation: sigmoid}"),
        "compile": "{loss: binary_crossentropy}",
    }
    rows = np.abs(ROWS) * 5
    assert told(found(groups, Part(x={"input": rows}, y={"": rows}))) == [("KG763", "compile.loss")]


@pytest.mark.parametrize(
    ("model", "values", "codes"),
    [
        (layers("Flatten", "{class: Dense, units: 10, activation: softmax}"), 255, ["KG764"]),
        (layers("Flatten", "{class: Dense, units: 10, activation: softmax}"), 1, []),
        (
            layers(
                "{class: Rescaling, scale: 0.004}",
                "Flatten",
                "{class: Dense, units: 10, activation: softmax}",
            ),
            255,
            [],
        ),
        (
            layers(
                "BatchNormalization",
                "Flatten",
                "{class: Dense, units: 10, activation: softmax}",
            ),
            255,
            [],
        ),
    ],
    ids=["straight", "of zeros and ones", "scaled inside", "normalized inside"],
)
def test_images_are_scaled_before_weights_see_them(
    found: Found, model: str, values: int, codes: list[str]
) -> None:
    images = RANDOM.integers(0, values + 1, size=(300, 4, 5, 1))
    diagnostics = found({"data": data(shape="[4, 5, 1]"), "model": model}, part(x=images))
    assert told(diagnostics) == [(code, "data.features") for code in codes]


def test_a_table_may_hold_hundreds_but_not_thousands(found: Found) -> None:
    assert told(found({}, part(x=ROWS * 100))) == []
    assert told(found({}, part(x=ROWS * 10000))) == [("KG764", "data.features")]


@pytest.mark.parametrize(
    ("values", "codes"),
    [
        (RANDOM.integers(0, 9, size=(300, 5)), []),
        (RANDOM.integers(0, 12, size=(300, 5)), ["KG765"]),
        (RANDOM.integers(-3, 9, size=(300, 5)), ["KG765"]),
        (RANDOM.random((300, 5)), ["KG765"]),
    ],
)
def test_an_embedding_looks_up_rows_that_are_there(
    found: Found, values: Any, codes: list[str]
) -> None:
    model = layers(
        "{class: Embedding, input_dim: 9, output_dim: 4}",
        "Flatten",
        "{class: Dense, units: 10, activation: softmax}",
    )
    diagnostics = found({"data": data(shape="[5]"), "model": model}, part(x=values))
    assert told(diagnostics) == [(code, "model.layers.a.input_dim") for code in codes]


def test_rows_of_the_training_part_are_found_in_another(found: Found) -> None:
    repeated = part(x=np.concatenate([ROWS[:60], ROWS[:40] + 1]), y=LABELS[:100])
    assert told(found({}, part(), repeated)) == [("KG767", "data.split.validation")]
    fresh = part(x=ROWS[:100] + 1, y=LABELS[:100])
    assert told(found({}, part(), fresh)) == []


def test_a_series_may_repeat_itself(found: Found) -> None:
    groups = {
        "data": "{source: {class: ScikitLearn, name: iris}, time: t, features: [a], target: a, "
        "task: forecasting, "
        "windows: {length: 20, horizon: 1}, facts: {shape: [20, 1], target_shape: [1]}}",
        "model": layers("Flatten", "{class: Dense, units: 1}"),
    }
    windows, amounts = ROWS[..., np.newaxis], ROWS[:, :1]
    training, known = part(x=windows, y=amounts), part(x=windows[:100], y=amounts[:100])
    assert told(found(groups, training, known)) == []


def test_rows_of_few_values_may_repeat(found: Found) -> None:
    few = (ROWS[:, :3] > 0).astype("float32")
    groups = {"data": data(shape="[3]"), "model": PLAIN}
    assert told(found(groups, part(x=few), part(x=few[:100], y=LABELS[:100]))) == []


def test_classes_that_training_never_sees(found: Found) -> None:
    order = np.sort(LABELS)
    low, high = part(x=ROWS[:250], y=order[:250]), part(x=ROWS[250:], y=order[250:])
    assert told(found({}, low, high)) == [("KG768", "data.split.validation")]
    assert told(found({}, part(y=LABELS), part(x=ROWS[:50] + 1, y=LABELS[:50]))) == []


def test_sorted_labels_are_shuffled(found: Found) -> None:
    groups = {"data": CLASSES, "fit": "{shuffle: false}"}
    assert told(found(groups, part(y=np.sort(LABELS)))) == [("KG769", "fit.shuffle")]
    assert told(found(groups, part(y=LABELS))) == []
    assert told(found({}, part(y=np.sort(LABELS)))) == []


def test_every_rule_on_rows_says_its_code() -> None:
    told_codes = [(rule.__doc__ or "")[:5] for rule in ARRAY_RULES]
    assert told_codes == [f"KG76{i}" for i in (1, 2, 3, 4, 5, 7, 8, 9)]
