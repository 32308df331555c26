"""The jobs of a grid: products, values that go in pairs, and lists of settings."""

from pathlib import Path

import pytest

from kerasgen.diagnostics import CompileError
from kerasgen.diagnostics.render import render_text
from kerasgen.sweep.jobs import planned_jobs
from kerasgen.sweep.swept_lists import written

PAIRED = "hydra.sweeper.paired="
SETTINGS = "hydra.sweeper.settings="


def jobs(*overrides: str, folder: Path | None = None) -> list[str]:
    found = planned_jobs(overrides, None if folder is None else str(folder))
    return [" ".join(text for text in job if not text.startswith("hydra")) for job in found]


def refused(*overrides: str) -> str:
    with pytest.raises(CompileError) as caught:
        planned_jobs(overrides)
    return render_text(caught.value.diagnostics)


def test_paired_values_go_together_and_all_else_is_a_product() -> None:
    pair = f"{PAIRED}[[optimizer,fit.epochs]]"
    assert jobs("optimizer=adam,sgd", "seed=1,2", "fit.epochs=3,4", pair) == [
        "optimizer=adam seed=1 fit.epochs=3",
        "optimizer=adam seed=2 fit.epochs=3",
        "optimizer=sgd seed=1 fit.epochs=4",
        "optimizer=sgd seed=2 fit.epochs=4",
    ]


def test_a_flat_list_is_one_pair() -> None:
    assert jobs("seed=1,2", "fit.epochs=3,4", f"{PAIRED}[seed,fit.epochs]") == [
        "seed=1 fit.epochs=3",
        "seed=2 fit.epochs=4",
    ]


def test_a_selector_may_be_paired() -> None:
    words = ["model.layers[Dense].units=8,16", "seed=1,2"]
    assert jobs(*words, f'{PAIRED}[["model.layers[Dense].units",seed]]') == [
        "model.layers[Dense].units=8 seed=1",
        "model.layers[Dense].units=16 seed=2",
    ]


def test_a_config_may_pair_and_list(tmp_path: Path) -> None:
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "mine.yaml").write_text(
        "# @package _global_\n"
        "hydra:\n  mode: MULTIRUN\n  sweeper:\n"
        "    params: {seed: 'range(2)', fit.epochs: '1,2'}\n"
        "    paired: [[seed, fit.epochs]]\n"
        "    settings:\n    - {optimizer: adam}\n"
        "    - {optimizer: sgd, optimizer.learning_rate: 1.0e-2}\n"
    )
    assert jobs("experiment=mine", folder=tmp_path) == [
        "optimizer=adam seed=0 fit.epochs=1 experiment=mine",
        "optimizer=adam seed=1 fit.epochs=2 experiment=mine",
        "optimizer=sgd optimizer.learning_rate=0.01 seed=0 fit.epochs=1 experiment=mine",
        "optimizer=sgd optimizer.learning_rate=0.01 seed=1 fit.epochs=2 experiment=mine",
    ]


YAML = """\
- {optimizer: sgd, optimizer.learning_rate: 1e-2, name: two words}
- optimizer: adam
  model.layers[Dense].units: 8
"""
JSON = '[{"optimizer": "sgd", "optimizer.learning_rate": 0.01}, {"seed": 3}]'
CSV = 'optimizer,optimizer.learning_rate,name\nsgd,1e-2,"""two words"""\nadam,,\n\n'


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "a.yaml",
            YAML,
            [
                'optimizer=sgd optimizer.learning_rate=1e-2 name="two words" seed=1',
                "optimizer=adam model.layers[Dense].units=8 seed=1",
            ],
        ),
        ("a.json", JSON, ["optimizer=sgd optimizer.learning_rate=0.01 seed=1", "seed=1"]),
        (
            "a.csv",
            CSV,
            [
                'optimizer=sgd optimizer.learning_rate=1e-2 name="two words" seed=1',
                "optimizer=adam seed=1",
            ],
        ),
    ],
)
def test_settings_stand_in_a_file(
    name: str, text: str, expected: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_text(text)
    assert jobs("seed=1", SETTINGS + name) == expected  # What is typed wins.


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        (["seed=1,2", "fit.epochs=1,2,3", f"{PAIRED}[[seed,fit.epochs]]"], "`seed` has 2"),
        (["seed=1,2", f"{PAIRED}[[seed,sede]]"], "`sede` is not swept over"),
        (["seed=1,2", f"{PAIRED}[[seed]]"], "a pair names two keys or more"),
        (["seed=1,2", f"{PAIRED}3"], "expected lists of keys"),
        (
            ["seed=1,2", "name=a,b", f"{PAIRED}[[seed,name],[name,seed]]"],
            "`name` stands in two pairs",
        ),
        ([f"{SETTINGS}[]"], "the list of settings is empty"),
        ([f"{SETTINGS}[3]"], "a setting is the number `3`"),
        ([f"{SETTINGS}none.yaml"], "`none.yaml` cannot be read"),
        ([f"{SETTINGS}3"], "expected a file or a list"),
    ],
)
def test_what_does_not_fit_is_told_where_it_stands(overrides: list[str], told: str) -> None:
    text = refused(*overrides)
    assert "error[KG130]" in text
    assert told in text
    assert overrides[-1] in text


@pytest.mark.parametrize(
    ("name", "text", "code", "told", "line"),
    [
        ("a.yaml", "- {hydra.run.dir: x}", "KG112", "sets what is Hydra's own", 1),
        ("a.yaml", "- {seed: 1}\n- {data.source.path: /etc/passwd}", "KG112", "holds a path", 2),
        ("a.yaml", "- {name: '${oc.env:HOME}'}", "KG112", "holds a path or an interpolation", 1),
        ("a.yaml", "- {seed: 1}\n- 3", "KG130", "a setting is the number `3`", 2),
        ("a.yaml", "- {'~seed': 1}", "KG130", "takes something out", 1),
        ("a.csv", "seed\n1\n1,2\n", "KG130", "the row has 2 cells, expected 1", 3),
        ("a.csv", 'seed\n"1,2"\n', "KG130", "several values", 2),
        ("a.csv", "seed\n[1\n", "KG130", "cannot be read as an override", 2),
        ("a.csv", "seed,seed\n1,2\n", "KG130", "names each key once", 1),
        ("a.csv", "hydra.mode\nx\n", "KG112", "Hydra's own", 2),
    ],
)
def test_a_strangers_settings_are_told_at_their_line(
    name: str, text: str, code: str, told: str, line: int, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_text(text)
    shown = refused(SETTINGS + name)
    assert f"error[{code}]" in shown
    assert told in shown
    assert f"--> {name}:{line}" in shown


@pytest.mark.parametrize("text", ["", "a: 1", "[" * 100, "- &a [*a]", "- {seed: 1, seed: 2}"])
def test_a_file_that_lists_no_settings_is_told(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.yaml").write_text(text)
    assert "error[KG130]: `a.yaml` " in refused(f"{SETTINGS}a.yaml")


def test_too_many_jobs_are_told_before_they_are_listed() -> None:
    listed = ",".join(f"{{seed:{n}}}" for n in range(3))
    assert "KG902" in refused("fit.epochs=range(50000)", f"{SETTINGS}[{listed}]")
    pair = f"{PAIRED}[seed,fit.epochs]"
    assert len(jobs("seed=range(300)", "fit.epochs=range(300)", pair)) == 300


def test_values_are_written_as_the_command_line_reads_them() -> None:
    value = {"a": [1, 2.5, None, True], "b c": "x, y", "d": "true", "e": "adam"}
    assert written(value) == '{a:[1,2.5,null,true],b\\ c:"x, y",d:"true",e:adam}'


def test_what_is_typed_need_fit_the_settings_alone(tmp_path: Path) -> None:
    """The model of the config itself, a perceptron, has no `conv1`; theirs has one."""
    file = tmp_path / "settings.yaml"
    file.write_text("- {model: convnet}\n- {model: convnet, seed: 3}\n")
    listed = f"{SETTINGS}{file}"
    assert jobs("model.layers.conv1.filters=8,16", listed, "optimizer=sgd") == [
        "model=convnet model.layers.conv1.filters=8 optimizer=sgd",
        "model=convnet model.layers.conv1.filters=16 optimizer=sgd",
        "model=convnet seed=3 model.layers.conv1.filters=8 optimizer=sgd",
        "model=convnet seed=3 model.layers.conv1.filters=16 optimizer=sgd",
    ]
    told = refused("model.layers.conv9.filters=8,16", listed)
    assert told.count("error[KG103]") == 1
    assert "did you mean `conv" in told
