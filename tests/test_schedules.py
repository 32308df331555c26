"""Keras's schedules as options: `optimizer/learning_rate=cosine_decay`."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from kerasgen.diagnostics import CompileError, Sink
from kerasgen.frontend.compose.composition import Composition, compose, resolve
from kerasgen.frontend.compose.config_folders import ConfigPlace, config_folder
from kerasgen.frontend.parse.model import parse_object
from kerasgen.ir.names import snake_case
from kerasgen.process.exit_codes import DONE
from kerasgen.record.read import read_history
from kerasgen.run.experiment import run_experiment

Writer = Callable[[Mapping[str, str]], str]

GROUP = "optimizer/learning_rate"
FILES = config_folder() / "optimizer" / "learning_rate"

GIVEN: Mapping[str, Mapping[str, Any]] = {
    "cosine_decay": {"decay_steps": 7, "warmup_target": 0.01, "warmup_steps": 3},
    "cosine_decay_restarts": {"first_decay_steps": 3},
    "exponential_decay": {"decay_steps": 7},
    "inverse_time_decay": {"decay_steps": 7},
    "piecewise_constant_decay": {"boundaries": [4]},
    "polynomial_decay": {"decay_steps": 7},
}
"""What each option must be given, and the warm-up."""


def rate_of(composed: Composition) -> Any:
    """The learning rate that is composed, `???` and all."""
    return yaml.safe_load(yaml.safe_dump(resolve(composed, ungiven="")[0]))["optimizer"][
        "learning_rate"
    ]


def test_every_schedule_of_keras_is_an_option_with_its_defaults(engine: str) -> None:
    import inspect

    import keras

    schedules = keras.optimizers.schedules
    base = schedules.LearningRateSchedule
    made = {
        snake_case(name): one
        for name, one in inspect.getmembers(schedules, inspect.isclass)
        if issubclass(one, base) and one is not base
    }
    assert {path.stem for path in FILES.glob("*.yaml")} == set(made) == set(GIVEN)
    for name, one in made.items():
        written = yaml.safe_load((FILES / f"{name}.yaml").read_text(encoding="utf-8"))
        assert getattr(schedules, written.pop("class")) is one
        parameters = inspect.signature(one).parameters
        known = {key: parameter.default for key, parameter in parameters.items() if key != "name"}
        assert set(written) == set(known)
        own = {key: value for key, value in known.items() if value is not inspect.Parameter.empty}
        assert {key: written[key] for key in own} == own
        assert {key for key, value in written.items() if value == "???"} <= set(GIVEN[name])


@pytest.mark.parametrize("name", GIVEN)
def test_an_option_gives_the_rates_of_keras_at_each_step(catalog: Any, name: str) -> None:
    import keras

    from kerasgen.engines.keras3.objects import make_object

    given = [f"optimizer.learning_rate.{key}={value}" for key, value in GIVEN[name].items()]
    section = resolve(compose(["optimizer=sgd", f"{GROUP}={name}", *given]))[0]["optimizer"]
    definition = parse_object(section, "optimizer", Sink())
    made = make_object(definition, ("optimizer",), catalog)
    written = yaml.safe_load((FILES / f"{name}.yaml").read_text(encoding="utf-8"))
    by_hand = getattr(keras.optimizers.schedules, written.pop("class"))(**written | GIVEN[name])
    rates = [float(by_hand(step)) for step in range(10)]
    assert [float(made._learning_rate(step)) for step in range(10)] == rates
    assert len(set(rates)) > 1


def test_a_training_with_an_option_is_that_of_a_script_by_hand(
    engine: str, config_files: Writer, tmp_path: Path
) -> None:
    import keras

    random = np.random.default_rng(0)
    x = random.normal(size=(64, 3)).astype("float32")
    y = (x @ np.array([[1.0], [-2.0], [0.5]])).astype("float32")
    np.savez(tmp_path / "rows.npz", x=x, y=y)
    folder = config_files(
        {
            "data/rows.yaml": f"source: {{class: Arrays, path: '{tmp_path}/rows.npz'}}\n"
            "features: x\ntarget: y\ntask: regression\n"
            "split: {test: null, validation: null}\n",
            "model/line.yaml": "layers: {y: {class: Dense, units: 1, kernel_initializer: zeros}}\n",
        }
    )
    overrides = [f"backend={engine}", "data=rows", "model=line", "optimizer=sgd"]
    overrides += ["fit.epochs=3", "fit.batch_size=16", "fit.shuffle=false", "fit.verbose=0"]
    overrides += [f"{GROUP}=cosine_decay", "compile.loss=mean_squared_error"]
    overrides += ["optimizer.learning_rate={initial_learning_rate: 0.1, decay_steps: 12}"]
    overrides += ["tracking.plots=false", "tracking.predictions=false", "tracking.model=false"]
    assert run_experiment(compose(overrides, folder), tmp_path / "run") == DONE

    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, kernel_initializer="zeros")])
    rate = keras.optimizers.schedules.CosineDecay(0.1, 12)
    model.compile(keras.optimizers.SGD(rate), "mean_squared_error")
    by_hand = model.fit(x, y, batch_size=16, epochs=3, shuffle=False, verbose=0)
    assert [row["loss"] for row in read_history(tmp_path / "run")] == by_hand.history["loss"]


def test_without_a_choice_the_optimizer_keeps_its_number() -> None:
    assert rate_of(compose(["optimizer=sgd"])) == 0.01
    assert rate_of(compose([f"~{GROUP}"])) == 0.001


@pytest.mark.parametrize("sign", ["", "+"])
@pytest.mark.parametrize("first", ["optimizer=sgd", "experiment=mnist_convnet"])
def test_an_option_takes_the_place_of_what_files_write(sign: str, first: str) -> None:
    composed = compose([f"{sign}{GROUP}=polynomial_decay", first])
    written = yaml.safe_load((FILES / "polynomial_decay.yaml").read_text(encoding="utf-8"))
    assert rate_of(composed) == written
    place = composed.source_map.locate("optimizer.learning_rate.power")
    assert str(place.file).endswith("optimizer/learning_rate/polynomial_decay.yaml")


def test_a_value_on_the_command_line_wins_over_an_option() -> None:
    assert rate_of(compose(["optimizer.learning_rate=0.3", f"{GROUP}=cosine_decay"])) == 0.3
    changed = rate_of(compose(["optimizer.learning_rate.alpha=0.1", f"{GROUP}=cosine_decay"]))
    assert (changed["class"], changed["alpha"]) == ("CosineDecay", 0.1)


OWN = {
    "root.yaml": "defaults: [backend: jax, data: digits, model: mlp, optimizer: adam, "
    "compile: auto, fit: default, tracking: default, _self_]\n",
    "optimizer/learning_rate/mine.yaml": "defaults: [cosine_decay]\ndecay_steps: 77\n",
    "experiment/e.yaml": "# @package _global_\ndefaults:\n"
    "  - override /optimizer: sgd\n  - override /optimizer/learning_rate: cosine_decay\n"
    "optimizer: {learning_rate: {decay_steps: 12, alpha: 0.1}}\n",
}


def test_an_option_of_ones_own_needs_nothing_of_a_root_config_of_ones_own(
    config_files: Writer,
) -> None:
    place = ConfigPlace(config_dirs=(config_files(OWN),), config_name="root")
    rate = rate_of(compose([f"{GROUP}=mine"], place))
    assert (rate["class"], rate["decay_steps"], rate["alpha"]) == ("CosineDecay", 77, 0.0)


def test_an_experiment_chooses_an_option_and_goes_on_from_it(config_files: Writer) -> None:
    folder = config_files(OWN)
    rate = rate_of(compose(["experiment=e"], folder))
    assert (rate["class"], rate["decay_steps"], rate["alpha"]) == ("CosineDecay", 12, 0.1)
    other = rate_of(compose(["experiment=e", f"{GROUP}=exponential_decay"], folder))
    assert (other["decay_steps"], "alpha" in other) == ("???", False)


SCHEDULED = {
    **OWN,
    "optimizer/scheduled.yaml": "defaults: [/optimizer/learning_rate: cosine_decay, _self_]\n"
    "class: Adam\nlearning_rate: {decay_steps: 12, alpha: 0.1}\n",
    "optimizer/further.yaml": "defaults: [/optimizer/learning_rate: mine, _self_]\n"
    "class: Adam\nlearning_rate: {alpha: 0.2}\n",
}


def test_an_optimizer_of_ones_own_chooses_an_option_and_goes_on_from_it(
    config_files: Writer,
) -> None:
    folder = config_files(SCHEDULED)
    composed = compose(["optimizer=scheduled"], folder)
    rate = rate_of(composed)
    assert (rate["class"], rate["decay_steps"], rate["alpha"]) == ("CosineDecay", 12, 0.1)
    assert composed.choices[GROUP] == "cosine_decay"
    assert [*composed.choices].count(GROUP) == len([g for g in composed.choices if GROUP in g])
    place = composed.source_map.locate("optimizer.learning_rate.warmup_steps")
    assert str(place.file).endswith("optimizer/learning_rate/cosine_decay.yaml")
    assert rate_of(compose(["optimizer=scheduled", f"~{GROUP}"], folder)) == rate
    rate = rate_of(compose(["optimizer=further"], folder))
    assert (rate["class"], rate["decay_steps"], rate["alpha"]) == ("CosineDecay", 77, 0.2)


@pytest.mark.parametrize("optimizer", ["scheduled", "further"])
@pytest.mark.parametrize("option", ["polynomial_decay", "cosine_decay", "mine"])
def test_a_typed_option_takes_the_place_of_that_of_an_optimizer(
    config_files: Writer, optimizer: str, option: str
) -> None:
    folder = config_files(SCHEDULED)
    composed = compose([f"optimizer={optimizer}", f"{GROUP}={option}"], folder)
    assert rate_of(composed) == rate_of(compose([f"{GROUP}={option}"], folder))
    assert composed.choices[GROUP] == option


def test_the_option_of_an_experiment_takes_the_place_of_that_of_an_optimizer(
    config_files: Writer,
) -> None:
    text = "# @package _global_\ndefaults:\n  - override /optimizer: further\n"
    text += "  - override /optimizer/learning_rate: polynomial_decay\n"
    folder = config_files({**SCHEDULED, "experiment/f.yaml": text})
    other = rate_of(compose([f"{GROUP}=polynomial_decay"], folder))
    assert rate_of(compose(["experiment=f"], folder)) == other


def test_a_choice_whose_keys_files_have_changed_is_taken_out_with_them(
    config_files: Writer,
) -> None:
    folder = config_files(OWN)
    words = ["experiment=e", f"~{GROUP}"]
    with pytest.raises(CompileError, match="without a `class`"):
        resolve(compose(words, folder))
    assert rate_of(compose([*words, "optimizer.learning_rate=0.3"], folder)) == 0.3


def test_an_optimizer_may_be_called_like_the_group(config_files: Writer) -> None:
    folder = config_files({"optimizer/learning_rate.yaml": "class: SGD\nlearning_rate: 0.5\n"})
    assert rate_of(compose(["optimizer=learning_rate"], folder)) == 0.5
