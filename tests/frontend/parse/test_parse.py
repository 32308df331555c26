from typing import Any

import pytest
from programs import read_program

from kerasgen.diagnostics import CompileError, Diagnostic, Sink
from kerasgen.frontend.compose.composition import compose, resolve
from kerasgen.frontend.refusals.culprits import diagnose
from kerasgen.ir.model import InputDef
from kerasgen.ir.program import Program
from kerasgen.ir.values import ObjectDef


def parse(*overrides: str, name: str | None = None) -> Program:
    config, sink = resolve(compose(list(overrides)))
    return read_program(config, sink, name=name)[0]


def refused(*overrides: str) -> list[Diagnostic]:
    with pytest.raises(CompileError) as caught:
        parse(*overrides)
    return list(caught.value.diagnostics)


def code_and_key(found: Diagnostic) -> tuple[str, str]:
    assert found.location is not None
    return found.code, found.location.key


def test_the_shipped_config_is_a_program() -> None:
    program = parse()
    assert program.backend.backend == "tensorflow"
    assert program.optimizer.cls == "Adam"
    assert program.model.entries[0].name == "flatten"
    assert program.compile.loss is None
    assert program.fit.epochs == 10


def test_a_model_without_inputs_takes_the_datas() -> None:
    assert parse().model.inputs == (InputDef(name="input", path="data.features"),)


def test_a_model_with_inputs_keeps_them() -> None:
    program = parse("+model.inputs={x: {shape: [8, 8, 1]}}")
    assert program.model.inputs[0].shape == (8, 8, 1)


def test_a_config_without_a_name_gets_the_callers() -> None:
    assert parse(name="mlp").name == "mlp"
    assert parse("name=mine", name="mlp").name == "mine"


def test_the_keras_model_has_a_name_that_every_backend_takes() -> None:
    assert parse("name='my model, 2'").model.name == "my_model__2"
    assert parse("name='größe'").model.name == "gr__e"


def test_losses_and_metrics_may_go_by_output() -> None:
    program = parse(
        "compile.loss={a: mse, b: {class: Huber, delta: 2.0}}",
        "compile.metrics={a: [accuracy, {class: AUC}], b: mae}",
        "compile.loss_weights={a: 1.0, b: 0.5}",
    )
    huber = ObjectDef(cls="Huber", arguments={"delta": 2.0}, path="compile.loss.b")
    assert program.compile.loss == {"a": "mse", "b": huber}
    assert program.compile.metrics == {
        "a": ("accuracy", ObjectDef(cls="AUC", path="compile.metrics.a.1")),
        "b": ("mae",),
    }
    assert program.compile.loss_weights == {"a": 1.0, "b": 0.5}


def test_one_loss_and_one_metric_need_no_output() -> None:
    program = parse("compile.loss={class: Huber}", "compile.metrics=accuracy")
    assert program.compile.loss == ObjectDef(cls="Huber", path="compile.loss")
    assert program.compile.metrics == ("accuracy",)


def test_a_list_of_callbacks_gets_the_names_that_keras_would_give() -> None:
    program = parse(
        "fit.callbacks=[{class: EarlyStopping}, TerminateOnNaN, {class: EarlyStopping}]"
    )
    assert list(program.fit.callbacks) == [
        "early_stopping",
        "terminate_on_na_n",
        "early_stopping_1",
    ]


def test_callbacks_have_names() -> None:
    program = parse("+fit.callbacks={stop: {class: EarlyStopping, patience: 3}}")
    assert program.fit.callbacks["stop"].arguments == {"patience": 3}


def test_class_weights_are_numbers_by_class() -> None:
    assert parse("fit.class_weight=balanced").fit.class_weight == "balanced"
    assert parse("fit.class_weight={0: 1, 1: 2.5}").fit.class_weight == {0: 1.0, 1: 2.5}
    assert parse("fit.class_weight={spam: 5}").fit.class_weight == {"spam": 5.0}


@pytest.mark.parametrize(
    ("override", "code", "key"),
    [
        ("compile.loss=[mse,mae]", "KG204", "compile.loss"),
        ("compile.jit_compile=always", "KG204", "compile.jit_compile"),
        ("compile.steps_per_execution=0", "KG204", "compile.steps_per_execution"),
        ("fit.epochs=0", "KG204", "fit.epochs"),
        ("fit.checkpoint=false", "KG204", "fit.checkpoint"),
        ("fit.epochs=ten", "KG204", "fit.epochs"),
        ("compile.metrics=3", "KG204", "compile.metrics"),
        ("+fit.callbacks={class: EarlyStopping}", "KG204", "fit.callbacks"),
        ("fit.class_weight=heavy", "KG204", "fit.class_weight"),
        ("fit.class_weight={a: heavy}", "KG204", "fit.class_weight.a"),
        ("fit.class_weight={0: heavy}", "KG204", "fit.class_weight.0"),
        ("+fit.epoch=3", "KG107", "fit.epoch"),
        ("+trackin.model=true", "KG107", "trackin"),
        ("seed=one", "KG204", "seed"),
        ("seed=-1", "KG204", "seed"),
        ("seed=4294967296", "KG204", "seed"),
        ("compile.loss_weights={digit: heavy}", "KG204", "compile.loss_weights.digit"),
        ("name=3", "KG204", "name"),
        ("tracking.plots=maybe", "KG204", "tracking.plots"),
    ],
)
def test_a_wrong_value_is_one_diagnostic_at_its_key(override: str, code: str, key: str) -> None:
    (found,) = refused(override)
    assert code_and_key(found) == (code, key)
    assert found.location is not None
    assert found.location.override == override


def test_a_group_that_is_left_out_is_reported() -> None:
    (found,) = refused("~optimizer")
    assert code_and_key(found) == ("KG104", "optimizer")


def test_a_recipe_that_sets_its_own_group_alone_is_reported() -> None:
    (found,) = refused("++experiment.fit.epochs=3")
    assert code_and_key(found) == ("KG107", "experiment.fit")
    assert "# @package _global_" in str(found.help)


def test_mistakes_in_all_groups_are_reported_together() -> None:
    found = refused("fit.epochs=0", "compile.loss=[mse]", "backend.floatx=float8", "seed=x")
    keys = {code_and_key(d)[1] for d in found}
    assert keys == {"fit.epochs", "compile.loss", "backend.floatx", "seed"}


def test_plain_data_is_enough_for_a_program() -> None:
    config: dict[str, Any] = resolve(compose([]))[0]
    assert read_program(config, Sink())[0].seed == 0


@pytest.mark.parametrize(("written", "read"), [("true", 1), ("false", 0), ("2", 2)])
def test_how_much_a_run_says_may_be_a_boolean(written: str, read: int) -> None:
    found = parse(f"fit.verbose={written}").fit.verbose
    assert (found, type(found)) == (read, int)


@pytest.mark.parametrize(
    ("word", "help_text"),
    [
        ("tf", "did you mean `tensorflow`?"),
        ("TensorFlow", "did you mean `tensorflow`?"),
        ("pytorch", "did you mean `torch`?"),
        ("Torch", "did you mean `torch`?"),
        ("numpy", None),
    ],
)
def test_what_backends_are_called_elsewhere(word: str, help_text: str | None) -> None:
    (found,) = refused(f"backend.backend={word}")
    assert (found.code, found.help) == ("KG602", help_text)
    (chosen,) = diagnose([f"backend={word}"])
    assert chosen.help == help_text


@pytest.mark.parametrize(
    ("overrides", "help_text"),
    [
        (["compile.loss=[mse]"], "write `loss: mse`"),
        (["compile.loss=[mse,mae]"], "name the outputs: `loss: {scores: …}`"),
        (
            [
                *("model=two_inputs", "data=digits_two_inputs"),
                "compile.loss=[mse,{class: Huber, delta: 2.0}]",
            ],
            "name the output of each: write `loss: {digit: mse, odd: {class: Huber, delta: 2.0}}`",
        ),
    ],
)
def test_a_list_of_losses_is_led_to_the_names_of_the_outputs(
    overrides: list[str], help_text: str
) -> None:
    (found,) = refused(*overrides)
    assert (found.code, found.help) == ("KG204", help_text)


@pytest.mark.parametrize(
    ("override", "help_text"),
    [
        ("model.layer={a: Dense}", "did you mean `layers`?"),
        (
            "model.hidden_sizes=[3]",
            "known: `blocks`, `class`, `inputs`, `layers`, `name`, `outputs`, `parameters`, "
            "`trainable`",
        ),
        (
            "model.layers.hidden1.kernel_regularizer={l2: 0.01}",
            "give it a class: `'model.layers.hidden1.kernel_regularizer={class: …, l2: 0.01}'`",
        ),
    ],
)
def test_a_key_that_is_not_there_yet_is_told_how_it_is_written(
    override: str, help_text: str
) -> None:
    (found,) = diagnose([override])
    assert (found.code, found.help) == ("KG103", help_text)
