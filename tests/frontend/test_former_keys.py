"""Keys of Keras 1 and 2 and of other tools in the sections of a config."""

from typing import Any

import pytest

from kerasgen.diagnostics import Suggestion
from kerasgen.frontend.former_keys import _HOMES, _MOVED, _RENAMED, Written, former_key


def told(path: str, value: Any, *, typed: bool = False, **around: Any) -> str | None:
    section, _, key = path.rpartition(".")
    return former_key(
        Written(
            section=section,
            key=key,
            value=value,
            around={key: value, **around},
            beside=frozenset(around),
            typed=typed,
        )
    )


@pytest.mark.parametrize(
    ("path", "today"),
    [
        ("fit.nb_epoch", "epochs"),
        ("compile.metric", "metrics"),
        ("compile.criterion", "loss"),
        ("data.labels", "target"),
        ("data.split.test_size", "test"),
        ("network", "model"),
        ("random_state", "seed"),
    ],
)
def test_another_name_for_the_same_value_is_a_suggestion(path: str, today: str) -> None:
    found = told(path, 3)
    assert isinstance(found, Suggestion)
    assert (found.replacement, found.sure) == (today, True)


def test_a_name_that_stands_beside_the_former_one_is_not_written_twice() -> None:
    assert told("fit.nb_epoch", 3, epochs=3) == "leave it out: `epochs` is there too"


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("fit.validation_split", 0.2, "write `validation: 0.2` under `data.split` in its place, "
         "or `data.split.validation=0.2` on the command line"),
        ("fit.validation_split", 5, "write `validation: 0.1` under `data.split` in its place, or "
         "`data.split.validation=0.1` on the command line"),
        ("fit.validation_data", "x", "write `validation: 0.1` under `data.split` in its place, or "
         "`data.split.validation=0.1` on the command line"),
        ("fit.samples_per_epoch", 100, "write `steps_per_epoch: 4`, counted in batches, in its "
         "place"),
        ("fit.sample_weight", [1], "leave it out: rows have no weights of their own; "
         "`fit.class_weight` weights classes"),
        ("fit.initial_epoch", 3, "leave it out: a run begins with its first epoch"),
        ("fit.workers", 4, "leave it out: kerasgen feeds the model by itself"),
        ("fit.save_format", "h5", "leave it out: a run saves `model.keras` in its folder"),
        ("fit.lr", 0.1, "write `learning_rate: 0.1` under `optimizer` in its place, or "
         "`optimizer.learning_rate=0.1` on the command line"),
        ("fit.early_stopping", 5, "write `stop: {class: EarlyStopping, patience: 5}` under "
         "`fit.callbacks` in its place, or "
         "`'fit.callbacks.stop={class: EarlyStopping, patience: 5}'` on the command line"),
        ("compile.optimizer", "Adam", "choose it by its group: `optimizer=adam`"),
        ("epochs", 5, "write `epochs: 5` under `fit` in its place, or `fit.epochs=5` on the "
         "command line"),
        ("data.batch_size", 8, "write `batch_size: 8` under `fit` in its place, or "
         "`fit.batch_size=8` on the command line"),
        ("fit.seed", 3, None),
        ("fit.nonsense", 3, None),
    ],
)  # fmt: skip
def test_what_stands_elsewhere_is_said_with_its_value(path: str, value: Any, words: str) -> None:
    found = told(path, value)
    assert found == words
    assert not isinstance(found, Suggestion)


def test_on_the_command_line_only_the_override_is_named() -> None:
    found = told("fit.validation_split", 0.2, typed=True)
    assert found == "write `data.split.validation=0.2` in its place"


def test_every_key_that_the_table_leads_to_is_there() -> None:
    from kerasgen.frontend.compose.accepted_keys import _KINDS

    kinds = {"data.split": "split"}
    for section, names in _RENAMED.items():
        known = _KINDS[kinds.get(section, section)]
        assert set(names.values()) <= set(known)
        assert not set(names) & set(known)
    for home in _MOVED.values():
        section, _, key = home.rpartition(".")
        inner = _KINDS.get(kinds.get(section, section))
        assert inner is None or key in inner
    assert all(kinds.get(home, home) in _KINDS for home in _HOMES)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("data.split.train", 0.8, "leave it out: all rows that are neither for the test nor"),
        ("data.split.train_size", 0.8, "leave it out: all rows that are neither for the test nor"),
        ("fit.validation_fraction", 0.1, "write `validation: 0.1` under `data.split`"),
        ("fit.max_iter", 10, "write `epochs`"),
    ],
)
def test_words_of_scikit_learn_are_not_led_to_keys_that_look_like_them(
    path: str, value: Any, words: str
) -> None:
    assert str(told(path, value)).startswith(words)
