"""The config of a record as one to train by again: what is text, what is said otherwise, where."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from omegaconf import OmegaConf

from kerasgen.diagnostics import CompileError, SourceLocation, SourceMap
from kerasgen.diagnostics.source_map import Mark
from kerasgen.diagnostics.source_map_data import to_plain
from kerasgen.frontend.compose.composition import Composition
from kerasgen.record.file_names import OVERRIDES, SOURCE_MAP
from kerasgen.record.files import write_json
from kerasgen.registry import NOBODY
from kerasgen.verbs.recorded_composition import read_recorded_run

MakeRun = Callable[..., Path]

CONFIG = {"fit": {"epochs": 3}, "optimizer": {"class": "Adam", "learning_rate": 0.1}, "seed": 1}
PLACE = SourceLocation(file="conf/fit/a.yaml", line=2, column=3)


def composed(
    make_run: MakeRun, config: object, overrides: Sequence[str] = (), **fields: Any
) -> Composition:
    folder = make_run("a", config=yaml.safe_dump(config, sort_keys=False), **fields)
    (folder / OVERRIDES).write_text("[seed=1]")
    marks = {"fit": Mark(key=PLACE, value=PLACE)}
    write_json(folder / SOURCE_MAP, to_plain(SourceMap(marks=marks)))
    return read_recorded_run(folder).composed(overrides, NOBODY)


def refused(make_run: MakeRun, config: object, *overrides: str, **fields: Any) -> str:
    with pytest.raises(CompileError) as caught:
        composed(make_run, config, overrides, **fields)
    return caught.value.diagnostics[0].code


def test_values_of_any_group_may_be_said_otherwise(make_run: MakeRun) -> None:
    words = [
        "fit.epochs=9",
        "seed=2",
        "+optimizer.beta_1=0.5",
        "~optimizer.learning_rate",
        "name=x",
    ]
    found = composed(make_run, CONFIG, words, choices={"model": "mlp", "odd": 3})
    assert OmegaConf.to_container(found.config) == {
        "fit": {"epochs": 9},
        "optimizer": {"class": "Adam", "beta_1": 0.5},
        "seed": 2,
        "name": "x",
    }
    assert found.overrides == ("seed=1", *words)
    assert found.choices == {"model": "mlp"}


def test_what_is_said_otherwise_stands_at_the_command_line(make_run: MakeRun) -> None:
    found = composed(make_run, CONFIG, ["fit.epochs=9"]).source_map
    place = found.locate("fit.epochs")
    assert (place.key, place.override, place.file) == ("fit.epochs", "fit.epochs=9", None)
    assert found.locate("fit.batch_size").file == "conf/fit/a.yaml"


@pytest.mark.parametrize(
    "override", ["optimizer=sgd", "~fit", "data/source=csv", "fit.epochs=1,2", "fit.epochs"]
)
def test_an_option_a_sweep_or_no_override_is_refused(override: str, make_run: MakeRun) -> None:
    assert refused(make_run, CONFIG, override) == "KG631"


@pytest.mark.parametrize(
    "text",
    ["${oc.env:HOME}", "a${b}c", "\\${x}", "\\\\${x}", "${", "$$a \\ b", "${eval:'1'}", "\\"],
)
def test_a_recorded_value_is_text_whatever_it_looks_like(text: str, make_run: MakeRun) -> None:
    found = composed(make_run, {"name": text, "list": [{"a": text}]})
    assert OmegaConf.to_container(found.config, resolve=True) == {
        "name": text,
        "list": [{"a": text}],
    }


def test_the_config_of_folds_refers_to_itself_and_to_nothing_else(make_run: MakeRun) -> None:
    folds = {"count": 2}
    found = composed(make_run, {"a": 3, "b": "${a}"}, folds=folds)
    assert OmegaConf.to_container(found.config, resolve=True) == {"a": 3, "b": 3}
    assert refused(make_run, {"name": "${oc.env:HOME}"}, folds=folds) == "KG114"


@pytest.mark.parametrize("name", [OVERRIDES, SOURCE_MAP])
def test_a_file_that_is_not_sound_is_told(name: str, make_run: MakeRun) -> None:
    folder = make_run("a", config="fit: {}")
    (folder / OVERRIDES).write_text("[]")
    write_json(folder / SOURCE_MAP, to_plain(SourceMap()))
    read_recorded_run(folder)
    (folder / name).write_text("3")
    with pytest.raises(CompileError) as caught:
        read_recorded_run(folder)
    assert caught.value.diagnostics[0].code == "KG606"


INTERPRETED = {"backend": {"backend": "theano", "runtime": {"python": "/evil", "threads": 2}}}


def test_the_interpreter_that_a_record_names_is_not_run(make_run: MakeRun) -> None:
    found = composed(make_run, INTERPRETED).config
    assert OmegaConf.to_container(found.backend.runtime) == {"python": None, "threads": 2}


def test_an_interpreter_that_is_typed_is_taken(make_run: MakeRun) -> None:
    found = composed(make_run, INTERPRETED, ["backend.runtime.python=/mine"]).config
    assert found.backend.runtime.python == "/mine"


@pytest.mark.parametrize("backend", ["${evil}", {"runtime": "${evil.runtime}"}])
def test_an_interpolation_in_a_run_of_folds_leads_to_no_interpreter(
    make_run: MakeRun, backend: object
) -> None:
    config = {"backend": backend, "evil": {"p": "/evil", "runtime": {"python": "/evil"}}}
    assert refused(make_run, config, folds={"count": 2}) == "KG121"
