"""What optimizers, policies and weights add to a training: as a script of Keras trains it.

Each is also interrupted where it has something to remember, between two updates of the weights or
two overwrites by their averages, and ends as one that never was.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from short_runs import cut, fields, left, run_keeping_all, weights_of

from kerasgen.frontend.compose.composition import compose
from kerasgen.verbs.resume import resume_run

BATCH, EPOCHS, SEED = 256, 2, 0
"""Six batches an epoch, whose border lies within the second of three accumulations of four."""

QUICK = (f"fit.batch_size={BATCH}", f"fit.epochs={EPOCHS}")
PLACE = (0, 1, 1)
"""Behind seven batches: what is done each fourth one has been done once."""


@dataclass(frozen=True)
class Extra:
    """What is written in a config, and what a script of Keras writes for it.

    Attributes:
        config: the overrides.
        optimizer: the arguments of Adam.
        policy: the policy of the layers.
        around: what is made of the optimizer.
        fit: further arguments of `fit`.
        weighted: whether each row has a weight of its own.
    """

    config: tuple[str, ...] = ()
    optimizer: Mapping[str, Any] = field(default_factory=dict)
    policy: str | None = None
    around: Callable[[Any], Any] = lambda optimizer: optimizer
    fit: Mapping[str, Any] = field(default_factory=dict)
    weighted: bool = False


def of_optimizer(*policy: str, **arguments: Any) -> Extra:
    """Arguments of the optimizer, perhaps under a policy."""
    config = [f"+optimizer.{name}={value}" for name, value in arguments.items()]
    config += [f"backend.dtype_policy={name}" for name in policy]
    named = policy[0] if policy else None
    return Extra(config=tuple(config), optimizer=arguments, policy=named)


def scaled(optimizer: Any) -> Any:
    """An optimizer with a scale that at first is too large for halves, and then grows."""
    import keras

    return keras.optimizers.LossScaleOptimizer(
        optimizer, initial_scale=2.0**24, dynamic_growth_steps=3
    )


SCALE = (
    "optimizer=lossscaleoptimizer",
    "optimizer.initial_scale=16777216",
    "optimizer.dynamic_growth_steps=3",
)

EXTRAS: Mapping[str, Extra] = {
    "accumulation": of_optimizer(gradient_accumulation_steps=4),
    "clipnorm": of_optimizer(clipnorm=0.02),
    "clipvalue": of_optimizer(clipvalue=0.001),
    "global_clipnorm": of_optimizer(global_clipnorm=0.05),
    "accumulation that is clipped": of_optimizer(
        gradient_accumulation_steps=4, global_clipnorm=0.05, weight_decay=0.01
    ),
    "averages": of_optimizer(use_ema=True, ema_momentum=0.9),
    "averages that overwrite": of_optimizer(
        use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=4
    ),
    "bfloat16": of_optimizer("mixed_bfloat16"),
    "float16": of_optimizer("mixed_float16"),
    "dynamic scale": Extra(config=SCALE, around=scaled),
    "float16 and dynamic scale": Extra(
        config=(*SCALE, "backend.dtype_policy=mixed_float16"),
        around=scaled,
        policy="mixed_float16",
    ),
    "fixed scale": of_optimizer(loss_scale_factor=128.0),
    "all in float16": Extra(
        config=(
            *SCALE,
            "backend.dtype_policy=mixed_float16",
            "+optimizer.inner_optimizer.gradient_accumulation_steps=4",
            "+optimizer.inner_optimizer.global_clipnorm=0.05",
            "+optimizer.inner_optimizer.use_ema=true",
            "+optimizer.inner_optimizer.ema_overwrite_frequency=5",
        ),
        optimizer={
            "gradient_accumulation_steps": 4,
            "global_clipnorm": 0.05,
            "use_ema": True,
            "ema_overwrite_frequency": 5,
        },
        around=scaled,
        policy="mixed_float16",
    ),
    "class weights": Extra(
        config=("fit.class_weight={0: 2.0, 3: 0.3}",), fit={"class_weight": {0: 2.0, 3: 0.3}}
    ),
    "row weights": Extra(weighted=True),
}

QUICK_ONES = ("accumulation that is clipped", "all in float16")


def slow_but(names: tuple[str, ...]) -> list[Any]:
    return [n if n in names else pytest.param(n, marks=pytest.mark.slow) for n in EXTRAS]


def overrides_of(extra: Extra, folder: Path) -> tuple[str, ...]:
    """The overrides, and for rows with weights a file that holds the digits with them."""
    if not extra.weighted:
        return (*QUICK, *extra.config)
    from sklearn.datasets import load_digits

    digits = load_digits()
    worth = np.random.default_rng(3).random(len(digits.target))
    path = folder / "rows.npz"
    np.savez(path, image=digits.images[..., None], label=digits.target, worth=worth)
    source = ("data.source.class=Arrays", "~data.source.name", f"+data.source.path={path}")
    return (*QUICK, *source, "+data.weights=worth")


def script(
    extra: Extra,
    parts: Any,
    size: int = BATCH,
    rates: Sequence[float] = (1e-3,),
    **more: Any,
) -> tuple[list[bytes], Mapping[str, list[float]]]:
    """What a script of Keras alone trains on the same rows: weights and history.

    It compiles and fits once for each rate, two epochs in all.
    """
    import keras

    x, y, *weights = parts.training.whole
    validation = parts.validation.whole
    kept = keras.config.dtype_policy()

    class Batches(keras.utils.PyDataset):  # type: ignore[misc]
        epoch = 0

        def __len__(self) -> int:
            return -(-len(x) // size)

        def __getitem__(self, batch: int) -> tuple[Any, ...]:
            order = np.random.default_rng([SEED, self.epoch]).permutation(len(x))
            rows = order[batch * size : (batch + 1) * size]
            return tuple(part[rows] for part in (x, y, *weights))

    data = Batches()
    counted = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: setattr(data, "epoch", epoch)
    )
    keras.config.set_dtype_policy(extra.policy or kept)
    try:
        keras.utils.set_random_seed(SEED)
        model = keras.Sequential(
            [
                keras.Input((8, 8, 1)),
                keras.layers.Flatten(),
                keras.layers.Dense(128, activation="relu"),
                keras.layers.Dropout(0.2),
                keras.layers.Dense(64, activation="relu"),
                keras.layers.Dense(10, activation="softmax"),
            ]
        )
        loss = "sparse_categorical_crossentropy"
        keras.utils.set_random_seed(SEED)
        history: dict[str, list[float]] = {}
        for number, rate in enumerate(rates):
            optimizer = extra.around(keras.optimizers.Adam(rate, **extra.optimizer))
            model.compile(optimizer, loss, metrics=["accuracy"], **more)
            fitted = model.fit(
                data,
                callbacks=[counted],
                shuffle=False,
                initial_epoch=number,
                epochs=number + 1 if number + 1 < len(rates) else EPOCHS,
                batch_size=size,
                validation_data=validation,
                verbose=0,
                **extra.fit,
            )
            for name, values in fitted.history.items():
                history.setdefault(name, []).extend(values)
        return [np.asarray(w).tobytes() for w in model.get_weights()], history
    finally:
        keras.config.set_dtype_policy(kept)


def parts_of(engine: str, *overrides: str) -> Any:
    """The rows on which a run trains, divided and prepared."""
    from kerasgen.run.steps import preprocess
    from kerasgen.session.session import Session

    session = Session(compose([f"backend={engine}", "data=digits", "model=mlp", *overrides]))
    sink = session.findings.sink()
    return preprocess(session.opened.data, session.compiled.program, session.engine, sink)[0]


def assert_trained_as(folder: Path, trained: tuple[list[bytes], Mapping[str, list[float]]]) -> None:
    """Compares weights and history of a run with those of a script."""
    weights, history = trained
    rows = np.genfromtxt(folder / "history.csv", delimiter=",", names=True)
    for name, values in history.items():
        np.testing.assert_array_equal(rows[name], values, err_msg=name)
    assert weights_of(folder / "model.keras") == weights


@pytest.mark.parametrize("name", slow_but(QUICK_ONES))
def test_it_trains_as_a_script_does_and_goes_on_where_it_was_killed(
    engine: str, tmp_path: Path, name: str
) -> None:
    extra = EXTRAS[name]
    overrides = overrides_of(extra, tmp_path)
    trained = script(extra, parts_of(engine, *overrides))
    whole, again = tmp_path / "whole", tmp_path / "again"
    run_keeping_all(engine, whole, "fit.checkpoint.every=1 steps", *overrides)
    assert_trained_as(whole, trained)
    cut(whole, again, PLACE)
    assert resume_run(again, []) == 0
    assert left(again) == left(whole)
    assert [(r["epoch"], r["step"]) for r in fields(again)["resumed"]] == [PLACE[1:]]


AUTO = "compile.steps_per_execution=auto"
PHASES = "fit.phases={first: {epochs: 1}, second: {epochs: 1, optimizer: {learning_rate: 1e-4}}}"


@pytest.mark.slow
@pytest.mark.parametrize("phases", [False, True], ids=["one go", "phases"])
def test_several_batches_a_call_are_those_of_a_script(
    engine: str, tmp_path: Path, phases: bool
) -> None:
    config = ("fit.batch_size=64", "fit.epochs=2", AUTO, *([PHASES] if phases else []))
    parts = parts_of(engine, *config)
    calls = 1 if engine == "torch" else 8
    trained = script(
        Extra(),
        parts,
        size=64,
        rates=(1e-3, 1e-4) if phases else (1e-3,),
        steps_per_execution=calls,
    )
    whole, again = tmp_path / "whole", tmp_path / "again"
    run_keeping_all(engine, whole, "fit.checkpoint.every=8 steps", *config)
    assert_trained_as(whole, trained)
    cut(whole, again, (0, 0, 16))
    assert resume_run(again, []) == 0
    assert left(again) == left(whole)
