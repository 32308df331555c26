"""Lint without rows: every rule warns of its case at its place, and lets the good twin pass."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lint_cases import CASES, PAIR, TWO_ENDS, Case, parsed

from kerasgen.catalog.entries import Catalog
from kerasgen.diagnostics import CompileError, Diagnostic, Sink
from kerasgen.engine import Engine
from kerasgen.frontend.parse.lint import LINT_CODES
from kerasgen.passes.lint import layers as layer_rules
from kerasgen.passes.lint.rules import RULES, lint_length
from kerasgen.passes.lint.view import with_catalog
from kerasgen.passes.outline import outline

pytestmark = [
    pytest.mark.filterwarnings(
        "ignore:Layer 'c' .of type Flatten. was passed an input with a mask"
    ),
    pytest.mark.filterwarnings("ignore:Explicitly requested dtype int64"),
]
"""What Keras and JAX themselves say of the models of two cases."""

ON_ROWS = (
    *("KG761", "KG762", "KG763", "KG764", "KG765", "KG767", "KG768", "KG769"),
    *("KG770", "KG771", "KG772", "KG773", "KG774", "KG775"),
)
"""Codes of the rules that need rows or results; they are tested with arrays and columns."""

Lint = Callable[[dict[str, str]], list[Diagnostic]]


@pytest.fixture(scope="module")
def linted(engine: str, keras3: Engine, catalog: Catalog) -> Lint:
    """Compiles the given groups; gives everything that was reported."""
    from programs import read_program

    from kerasgen.compiler import compile_program

    def lint(groups: dict[str, str]) -> list[Diagnostic]:
        sink = Sink()
        config = {**parsed(groups), "backend": {"backend": engine}}
        try:
            program, sink = read_program(config, sink)
            compile_program(outline(program, catalog, sink), keras3, catalog, sink)
        except CompileError as error:
            return list(error.diagnostics)
        return sink.diagnostics

    return lint


def places(found: list[Diagnostic]) -> list[tuple[str, str]]:
    return [(d.code, d.location.key if d.location is not None else "") for d in found]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_rule_warns_of_its_case_alone_and_at_its_place(linted: Lint, case: Case) -> None:
    found = linted(dict(case.bad))
    assert places(found) == [(case.code, case.key)]
    assert [str(d.severity) for d in found] == ["warning"]
    assert found[0].help
    assert found[0].message[0] in "`0123456789" or found[0].message[0].islower()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_good_twin_of_a_case_passes(linted: Lint, case: Case) -> None:
    assert places(linted({**case.bad, **case.good})) == []


def test_every_code_has_a_case() -> None:
    assert {case.code for case in CASES} == set(LINT_CODES) - {"KG751", *ON_ROWS}


def test_every_rule_says_its_code() -> None:
    told = {(rule.__doc__ or "")[:5] for rule in RULES}
    assert told - {"KG513"} == set(LINT_CODES) - set(ON_ROWS)  # that one is an error


def test_class_weights_for_several_outputs_are_an_error(linted: Lint) -> None:
    groups = {"data": PAIR, "model": TWO_ENDS, "fit": "{class_weight: balanced}"}
    found = linted(groups)
    assert places(found) == [("KG751", "fit.class_weight")]
    assert found[0].severity == "error"


def test_a_rule_sees_through_a_shared_nested_model(linted: Lint) -> None:
    model = """
inputs: [input]
layers:
  tower:
    class: Sequential
    layers:
      wide: {class: Dense, units: 30}
      narrow: {class: Dense, units: 20}
  again: {is: tower, from: tower}
  scores: {class: Dense, units: 10, activation: softmax}
"""
    # The narrow layer's linear values go into the tower again, and into the scores.
    found = linted({"model": model})
    assert {d.code for d in found} == {"KG723"}
    assert ("KG723", "model.layers.tower.layers.wide") in places(found)


def test_a_model_that_is_frozen_as_a_whole_is_told_there(linted: Lint) -> None:
    model = """
trainable: false
layers:
  flatten: Flatten
  scores: {class: Dense, units: 10, activation: softmax, trainable: false}
"""
    (found,) = linted({"model": model})
    assert places([found]) == [("KG727", "model.trainable")]
    assert found.help == "write `trainable: true`"


def test_a_residual_sum_is_no_activation_twice(linted: Lint) -> None:
    model = """
inputs: [input]
layers:
  a: {class: Dense, units: 20, activation: relu}
  b: {class: Dense, units: 20, activation: tanh}
  sum: {class: Add, from: [a, b]}
  out: {class: Activation, activation: relu}
  scores: {class: Dense, units: 10, activation: softmax}
"""
    assert places(linted({"model": model})) == []


def test_the_length_of_training_waits_for_the_rows_where_the_facts_do_not_say(
    linted: Lint, engine: str, keras3: Engine, catalog: Catalog
) -> None:
    from programs import read_program

    from kerasgen.compiler import compile_program

    groups = {"fit": "{batch_size: 500}"}
    config: dict[str, Any] = {**parsed(groups), "backend": {"backend": engine}}
    del config["data"]["facts"]["samples"]
    sink = Sink()
    program, sink = read_program(config, sink)
    compiled = compile_program(outline(program, catalog, sink), keras3, catalog, sink)
    view = with_catalog(compiled.view, catalog)
    assert sink.diagnostics == []
    lint_length(view, 400, sink)
    assert places(sink.diagnostics) == [("KG750", "fit.batch_size")]
    few = Sink()
    lint_length(view, 40, few)
    assert "`batch_size: 4`" in str(few.diagnostics[0].help)


def test_the_layers_that_drop_a_mask_are_those_that_keras_says(
    engine: str, catalog: Catalog
) -> None:
    import keras

    arguments: dict[str, tuple[Any, ...]] = {
        "Dense": (1,), "Dropout": (0.1,), "AlphaDropout": (0.1,), "GaussianDropout": (0.1,),
        "SpatialDropout1D": (0.1,), "GaussianNoise": (0.1,), "Activation": ("relu",),
        "Conv1D": (1, 1), "SeparableConv1D": (1, 1), "DepthwiseConv1D": (1,),
        "Reshape": ((1,),), "Permute": ((1,),), "AveragePooling1D": (2,),
    }  # fmt: skip
    for name in catalog.entries["layer"]:
        drops = layer_rules._WITHOUT_MASK.fullmatch(name)
        if drops or layer_rules._WITH_MASK.fullmatch(name):
            made = getattr(keras.layers, name)(*arguments.get(name, ()))
            assert made.supports_masking is (drops is None), name


def test_a_comment_silences_the_line_that_a_warning_points_at(
    config_files: Callable[..., str], compile_config: Callable[..., Any]
) -> None:
    text = "layers:\n  f: Flatten\n  a: {class: Dense, units: 30}%s\n"
    text += "  b: {class: Dense, units: 10, activation: softmax}\n"
    folder = config_files(
        {
            "model/loud.yaml": text % "",
            "model/still.yaml": text % "  # kerasgen: ignore KG723",
        }
    )
    assert [d.code for d in compile_config(["model=loud"], folder)[1]] == ["KG723"]
    compiled, found = compile_config(["model=still"], folder)
    assert found == []
    assert [d.code for d in compiled.silenced] == ["KG723"]


def test_a_key_silences_a_code_everywhere_but_no_error(linted: Lint) -> None:
    groups = {"fit": "{batch_size: 1000}", "lint": "{ignore: [KG750, KG751]}"}
    assert linted(groups) == []
    groups |= {"data": PAIR, "model": TWO_ENDS, "fit": "{class_weight: balanced}"}
    assert [d.code for d in linted(groups)] == ["KG751"]


def test_a_check_counts_what_is_silenced(engine: str, tmp_path: Path) -> None:
    from kerasgen.verbs.check import check_config

    overrides = [f"backend={engine}", "model.layers.drop1.rate=0.95", "fit.batch_size=9000"]
    outcome = check_config([*overrides, "+lint={ignore: [KG726]}"])
    assert ([d.code for d in outcome.diagnostics], outcome.silenced) == (["KG750"], 1)
