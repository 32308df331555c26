"""What a config says of a search."""

from typing import Any

import pytest

from kerasgen.diagnostics import CompileError, Sink
from kerasgen.sweep.search.settings import SearchSettings, read_settings


def settings(**said: Any) -> SearchSettings:
    return read_settings(said, Sink())


def refused(**said: Any) -> list[tuple[str, str]]:
    with pytest.raises(CompileError) as raised:
        settings(**said)
    return [(found.code, found.message) for found in raised.value.diagnostics]


def test_keys_of_the_published_plugin_are_read() -> None:
    found = settings(
        _target_="hydra_plugins.hydra_optuna_sweeper.optuna_sweeper.OptunaSweeper",
        sampler={"_target_": "optuna.samplers.TPESampler", "seed": 123, "multivariate": None},
        objective="val_loss", direction="minimize", study_name="sphere", storage=None, n_trials=7,
        n_jobs=1, max_failure_rate=0.5, params={"x": "interval(0,1)"}, custom_search_space=None,
    )  # fmt: skip
    assert (found.sampler.name, dict(found.sampler.arguments)) == ("TPESampler", {"seed": 123})
    assert (found.n_trials, found.max_failure_rate, found.study_name) == (7, 0.5, "sphere")


def test_samplers_are_named_by_words_too_and_motpe_is_tpe() -> None:
    assert settings(sampler="random").sampler.name == "RandomSampler"
    found = settings(sampler={"_target_": "optuna.samplers.MOTPESampler", "n_ehvi_candidates": 9})
    assert (found.sampler.name, dict(found.sampler.arguments)) == (
        "TPESampler", {"n_ei_candidates": 9},
    )  # fmt: skip


@pytest.mark.parametrize("name", ["os.system", "optuna.samplers.os", "TPE", "optuna.TPESampler"])
def test_no_other_name_is_a_sampler(name: str) -> None:
    assert refused(sampler={"_target_": name}) == [("KG660", f"there is no sampler `{name}`")]


def test_code_is_no_argument() -> None:
    found = refused(sampler={"name": "tpe", "gamma": "os.getpid"})
    assert found == [("KG660", "`gamma` of `TPESampler` is code, which no config can hold")]


def test_directions_go_by_names() -> None:
    found = settings(objective=["val_accuracy", "loss", "test_mse"])
    assert [each.plain() for each in found.objectives] == [
        {"metric": "validation_accuracy", "direction": "maximize"},
        {"metric": "training_loss", "direction": "minimize"},
        {"metric": "test_mse", "direction": "minimize"},
    ]
    assert [each.epoch_figure for each in found.objectives] == ["val_accuracy", "loss", None]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"objective": "val_accuracy", "direction": "minimize"},
         "`direction` is `minimize`, and `val_accuracy` gets better the other way"),
        ({"objective": "val_mine"}, "nothing says whether a small or a large `val_mine` is good"),
        ({"objective": ["loss", "val_loss"], "direction": ["minimize"]},
         "there are 1 directions for 2 objectives"),
        ({"objective": ["val_loss", "val_accuracy"], "pruner": "median"},
         "the pruner `median` compares runs by one figure, and the search has several objectives"),
        ({"objective": "test_accuracy", "pruner": "median"},
         "`test_accuracy` is measured when a run has ended, and a pruner looks at figures of "
         "epochs"),
        ({"n_trials": 0}, "`n_trials` is the number `0`, expected a positive integer"),
        ({"max_time": "soon"}, '`max_time` is the string "soon", expected seconds, or as in `30m`'),
        ({"max_failure_rate": 2},
         "`max_failure_rate` is the number `2`, expected a number from 0 to 1"),
        ({"n_trails": 3}, "a search has no `n_trails`"),
        ({"conditions": {"a": 3}}, "the condition of `a` is the number `3`, expected a mapping"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(said: dict[str, Any], told: str) -> None:
    assert refused(**said) == [("KG660", told)]


def test_a_figure_that_no_run_has_is_told_with_those_that_there_are() -> None:
    sink = Sink()
    with pytest.raises(CompileError):
        read_settings({"objective": "val_acuracy"}, sink, lambda: ("accuracy", "loss"))
    (found,) = sink.diagnostics
    assert found.message == "no run has a figure `val_acuracy`"
    assert found.help == "did you mean `val_accuracy`?"
    assert [note.message for note in found.notes] == [
        "on the validation part it has `val_accuracy`, `val_loss`"
    ]


def test_no_figures_are_asked_for_where_a_name_says_enough() -> None:
    def asked() -> tuple[str, ...]:
        raise AssertionError

    assert read_settings({"objective": "val_mse"}, Sink(), asked).objectives[0].name == "mse"


def test_a_password_in_an_address_is_refused() -> None:
    (found,) = refused(storage="postgresql://me:secret1@host/db")
    assert found[0] == "KG520"
    assert "secret1" not in found[1]


def test_times_are_seconds_or_have_a_unit() -> None:
    found = [settings(max_time=text).max_time for text in (90, "90s", "30m", "2h", "1.5h")]
    assert found == [90, 90, 1800, 7200, 5400]
