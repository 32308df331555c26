from pathlib import Path
from typing import Any

import pytest
import yaml
from hydra.core.override_parser.overrides_parser import OverridesParser

from kerasgen.frontend.compose.selectors_through_hydra import (
    as_written,
    carried,
    carrier,
    with_carriers,
)


@pytest.mark.parametrize(
    "text",
    [
        "model.layers[Dropout].rate=0.3",
        "model.layers[conv*_1].filters*=2",
        "model.layers[stage[0-9]_a-b.ü].units/=4",
        "+model.layers[Dense].kernel_initializer={class:HeNormal,seed:1}",
        "model.layers[Dense].name='a, b'",
        "~model.layers[Dropout]",
        "~model.layers[Dense].kernel_regularizer",
    ],
)
def test_a_carrier_is_an_override_of_hydra_that_brings_the_selector_back(text: str) -> None:
    override = OverridesParser.create().parse_override(carrier(text, 3))
    assert as_written(carrier(text, 3)) == text
    # A sweeper writes an override anew, from its key and its value.
    rewritten = f"{override.get_key_element()}={override.get_value_element_as_str()}"
    assert as_written(rewritten) == text


def test_two_selectors_of_the_same_key_have_different_carriers() -> None:
    first, second = carried(["model.layers[Dense].units*=2", "model.layers[Dense].units*=2"])
    assert first.partition("=")[0] != second.partition("=")[0]


def test_other_overrides_are_carried_as_they_are() -> None:
    assert carried(["seed=1", "~optimizer.beta_1"]) == ["seed=1", "~optimizer.beta_1"]
    assert as_written("+selectors=[]") == "+selectors=[]"


def test_parameters_of_a_sweeper_keep_their_values() -> None:
    parameters = with_carriers({"seed": "1,2", "model.layers[Dropout].rate": "0.1,0.2"}, 0)
    assert list(parameters.values()) == ["1,2", "0.1,0.2"]
    assert as_written(f"{list(parameters)[1]}=0.1") == "model.layers[Dropout].rate=0.1"


def folders(application: Any) -> list[str]:
    return sorted(application.records())


@pytest.mark.slow
def test_a_selector_is_swept_with_all_other_overrides(application: Any) -> None:
    done = application.run(
        "-m", "seed=1,2", "model.layers[Dropout].rate=0.1,0.2", "~model.layers[flatten]"
    )
    assert done.returncode == 0, done.stderr
    overrides = [record["overrides"] for record in application.records().values()]
    assert overrides == [
        ["seed=1", "model.layers[Dropout].rate=0.1", "~model.layers[flatten]"],
        ["seed=1", "model.layers[Dropout].rate=0.2", "~model.layers[flatten]"],
        ["seed=2", "model.layers[Dropout].rate=0.1", "~model.layers[flatten]"],
        ["seed=2", "model.layers[Dropout].rate=0.2", "~model.layers[flatten]"],
    ]
    assert "[2/4] seed=1 model.layers[Dropout].rate=0.2" in done.stdout
    assert "selectors" not in done.stdout + done.stderr


@pytest.mark.slow
def test_a_record_holds_the_command_line_of_a_job_as_written(application: Any) -> None:
    application.run("-m", "model.layers[Dropout].rate=0.1,0.2")
    argv = application.records()["1"]["argv"]
    assert argv[:3] == ["-m", "kerasgen.sweep.executors.job", "model.layers[Dropout].rate=0.2"]


@pytest.mark.slow
def test_a_job_of_a_selector_can_be_run_again_by_its_command_line(application: Any) -> None:
    application.run("-m", "model.layers[Dropout].rate=0.1,0.2")
    text = "model.layers[Dropout].rate=0.2"
    assert text in application.records()["1"]["argv"]
    done = application.run(text, "hydra.run.dir=again")
    assert done.returncode == 0
    assert application.records()["again"]["overrides"] == [text]


@pytest.mark.slow
def test_folders_named_after_the_overrides_show_the_selector(application: Any) -> None:
    application.run(
        "-m", "model.layers[hidden*].units=8,16", "hydra.sweep.subdir=${hydra.job.override_dirname}"
    )
    assert folders(application) == [
        "model.layers[hidden*].units=16",
        "model.layers[hidden*].units=8",
    ]


@pytest.mark.slow
def test_a_key_may_be_left_out_of_the_name(application: Any) -> None:
    application.run(
        "-m",
        "seed=3",
        "model.layers[hidden*].units*=2",
        "hydra.job.config.override_dirname.exclude_keys=[seed]",
        "hydra.sweep.subdir=${hydra.job.override_dirname}",
    )
    assert folders(application) == ["model.layers[hidden*].units*=2"]


@pytest.mark.slow
def test_the_file_of_a_sweep_holds_the_selector_as_written(application: Any) -> None:
    application.run("-m", "seed=1", "model.layers[hidden*].units=8,16")
    (file,) = application.folder.rglob("multirun.yaml")
    written = yaml.safe_load(Path(file).read_text())
    assert written["hydra"]["overrides"]["task"] == ["seed=1", "model.layers[hidden*].units=8,16"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("value", "values"),
    [
        ("range(2,8,3)", ["2", "5"]),
        pytest.param("choice(3,4)", ["3", "4"], marks=pytest.mark.slow),
    ],
)
def test_every_kind_of_sweep_of_hydra_works(
    application: Any, value: str, values: list[str]
) -> None:
    done = application.run("-m", f"model.layers[hidden*].units={value}")
    assert done.returncode == 0, done.stderr
    overrides = [record["overrides"] for record in application.records().values()]
    assert overrides == [[f"model.layers[hidden*].units={one}"] for one in values]


@pytest.mark.parametrize(
    ("value", "values"),
    [
        ("'a, b',c", ["'a, b'", "c"]),
        pytest.param("{a:1,b:2},{a:1}", ["{a:1,b:2}", "{a:1}"], marks=pytest.mark.slow),
    ],
)
def test_jobs_that_are_refused_are_named_as_they_were_written(
    application: Any, value: str, values: list[str]
) -> None:
    done = application.run("-m", f"model.layers[hidden*].units={value}")
    assert done.returncode == 2
    for one in values:
        told = f"in 1 of 2 jobs: `model.layers[hidden*].units={one}`; none was started"
        assert told in done.stderr


@pytest.mark.slow
def test_parameters_of_the_sweeper_in_a_config_may_be_selectors(application: Any) -> None:
    folder = application.folder / "mine" / "experiment"
    folder.mkdir(parents=True)
    text = (
        '# @package _global_\nhydra: {sweeper: {params: {"model.layers[Dropout].rate": "0.1,0.2"}}}'
    )
    (folder / "swept.yaml").write_text(text)
    done = application.run("-m", "--config-dir", "mine", "experiment=swept")
    assert done.returncode == 0, done.stderr
    swept = [record["overrides"] for record in application.records().values()]
    assert [[text for text in one if "[" in text] for one in swept] == [
        ["model.layers[Dropout].rate=0.1"],
        ["model.layers[Dropout].rate=0.2"],
    ]


def test_a_swept_selector_that_cannot_be_read_ends_the_sweep_before_its_first_job(
    application: Any,
) -> None:
    done = application.run("-m", "seed=1,2", "model.layers[Dense.units=8,16")
    assert done.returncode == 2
    assert "error[KG111]" in done.stderr
    assert application.left_behind() == []


def test_a_sweep_over_a_selector_needs_the_flag(application: Any) -> None:
    done = application.run("model.layers[Dense].units=8,16")
    assert done.returncode == 2
    assert "error[KG102]: several values for one key" in done.stderr
    assert "add -m" in done.stderr


def test_the_config_that_is_shown_has_its_selectors(application: Any) -> None:
    done = application.run("--cfg", "job", "model.layers[Dense].units=8")
    shown = yaml.safe_load(done.stdout)
    assert shown["selectors"] == ["model.layers[Dense].units=8"]


def test_hydra_says_how_a_config_with_selectors_is_composed(application: Any) -> None:
    done = application.run("--info", "defaults", "model=convnet", "~model.layers[Dropout]")
    assert done.returncode == 0, done.stderr
    assert "model/convnet" in done.stdout


@pytest.mark.slow
def test_the_launcher_of_hydra_itself_takes_selectors(application: Any) -> None:
    done = application.run("-m", "hydra/launcher=basic", "model.layers[Dropout].rate=0.1,0.2")
    assert done.returncode == 0, done.stderr
    assert [record["overrides"] for record in application.records().values()] == [
        ["model.layers[Dropout].rate=0.1"],
        ["model.layers[Dropout].rate=0.2"],
    ]
