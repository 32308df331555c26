"""A config as a script of its own: what it says, how it looks, and how it is asked for."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from ejected_scripts import ejected, engine_override, recorded, written
from test_shipped import EXPERIMENTS, LEFT, SMALL, small

from kerasgen.cli import main
from kerasgen.diagnostics import CompileError, Sink
from kerasgen.frontend.parse.data import parse_data
from kerasgen.registry import register
from kerasgen.verbs.eject import eject_config, script_source

ROOT = Path(__file__).resolve().parent.parent

ALONE = """\
import runpy, sys

class Refusal:
    def find_spec(self, name, *rest):
        if name.partition(".")[0] in ("kerasgen", "hydra", "omegaconf"):
            raise ImportError(name)

sys.meta_path.insert(0, Refusal())
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
"""Runs a script where nothing can import kerasgen."""


@pytest.fixture(scope="module")
def scripts(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts of all shipped experiments, in one folder."""
    folder = tmp_path_factory.mktemp("scripts")
    for experiment in EXPERIMENTS:
        place = tmp_path_factory.mktemp("files")
        files = small(experiment, place) if experiment in LEFT else []
        text = ejected([f"experiment={experiment}", *files])
        (folder / f"{experiment.replace('/', '_')}.py").write_text(text, encoding="utf-8")
    return folder


def ruff(*arguments: str) -> str:
    command = [sys.executable, "-m", "ruff", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


@pytest.mark.slow
def test_the_scripts_of_all_experiments_are_formatted(scripts: Path) -> None:
    assert ruff("format", "--isolated", "--diff", str(scripts)) == ""


@pytest.mark.slow
def test_the_scripts_of_all_experiments_satisfy_the_rules_of_this_project(scripts: Path) -> None:
    assert ruff("check", "--config", str(ROOT / "pyproject.toml"), str(scripts)) == ""


@pytest.mark.slow
def test_no_script_imports_kerasgen(scripts: Path) -> None:
    for script in scripts.iterdir():
        tree = ast.parse(script.read_text(encoding="utf-8"))
        found = [n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
        found += [a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names]
        assert not [name for name in found if name and name.startswith("kerasgen")]


def test_the_functions_of_a_script_stand_in_the_order_of_the_steps(engine: str) -> None:
    tree = ast.parse(ejected([]))
    steps = ["load_data", "preprocess", "build_model", "compile_model", "train"]
    steps += ["evaluate", "predict", "save_and_reload", "main"]

    functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]

    assert [name for name in functions if name in steps] == steps


def test_a_script_has_nothing_that_its_config_does_not_use(engine: str) -> None:
    text = ejected(["tracking.model=false", "data.split.test=null", "data.split.stratify=false"])

    for word in ("csv", "tarfile", "index_labels", "model.save", "Stratified", "--out"):
        assert word not in text


HOSTILE = "it's \"quoted\"); __import__('os').abort() #\\"


def test_text_of_a_config_stays_text_in_the_script(engine: str, tmp_path: Path) -> None:
    folder = tmp_path / "conf" / "data"
    folder.mkdir(parents=True)
    source = {"class": "Csv", "path": HOSTILE, "columns": [HOSTILE, "b"], "header": False}
    data = {"source": source, "features": [HOSTILE], "target": "b", "task": "regression"}
    data |= {"facts": {"shape": [1]}, "split": {"test": 0.2, "validation": 0.1}}
    (folder / "own.yaml").write_text(json.dumps(data), encoding="utf-8")

    overrides = ["data=own", "model=table_number", 'name=\'x"""; import os\'']
    text, _ = eject_config([engine_override(), *overrides], str(tmp_path / "conf"))

    tree = ast.parse(text)
    constants = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    assert HOSTILE in constants
    assert "__import__" not in {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    imported = [node for node in ast.walk(tree) if isinstance(node, ast.Import)]
    assert all(alias.name in ALLOWED for node in imported for alias in node.names)


ALLOWED = {"argparse", "csv", "itertools", "json", "os", "keras", "numpy"}


class Plain:
    """A source of one's own that is a class."""

    def read(self) -> dict[str, list[int]]:
        return {"x": [1], "y": [2]}


def test_a_source_without_a_form_is_named_with_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kerasgen.registry._PARTS", [])
    register(name="Own", kind="source")(Plain)
    sink = Sink()
    section = {"source": {"class": "Own"}, "features": "x", "target": "y", "task": "regression"}
    data = parse_data(section, sink)
    assert data is not None

    with pytest.raises(CompileError) as caught:
        script_source(data, sink)
    diagnostic = caught.value.diagnostics[0]
    assert diagnostic.code == "KG611"
    assert diagnostic.location is not None
    assert diagnostic.location.key == "data.source.class"


def test_eject_writes_a_file_or_to_stdout(
    engine: str, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    path = tmp_path / "train.py"

    assert main(["eject", engine_override(), "-o", str(path)]) == 0
    assert main(["eject", engine_override()]) == 0

    assert path.read_bytes() == capsysbinary.readouterr().out.replace(b"\r\n", b"\n")


def test_a_file_that_cannot_be_written_is_a_diagnostic(
    engine: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["eject", engine_override(), "-o", str(tmp_path / "no" / "train.py")]) == 2

    assert "KG605" in capsys.readouterr().err


def assert_same_alone(
    overrides: Sequence[str], folder: Path, *, run: Sequence[str] = (), given: Sequence[str] = ()
) -> None:
    """Runs config and script as processes; the script where kerasgen cannot be imported."""
    folder.mkdir(exist_ok=True)
    script, history = folder / "train.py", folder / "history.json"
    place = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "kerasgen"]
    config = [engine_override(), *overrides]
    subprocess.run(
        [*command, "eject", *config, "-o", str(script)], check=True, env=place, cwd=folder
    )
    where = [f"hydra.run.dir={folder / 'run'}", "tracking.plots=false"]
    subprocess.run([*command, "run", *config, *run, *where], check=True, env=place, cwd=folder)
    call = [sys.executable, "-I", "-c", ALONE, str(script), "--history", str(history)]
    bare = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    subprocess.run([*call, *given], check=True, env=bare, cwd=folder)
    assert written(history) == recorded(folder / "run")


@pytest.mark.slow
def test_a_script_alone_trains_to_the_history_of_the_run(tmp_path: Path) -> None:
    path = SMALL["penguins"](tmp_path)
    overrides = ["experiment=penguins", "~data.facts.samples", "fit.epochs=3"]

    assert_same_alone(
        overrides,
        tmp_path / "both",
        run=[f"data.source.path='{path}'"],
        given=["--data", path],
    )


SETTINGS: Mapping[str, Sequence[str]] = {
    "channels first": ["model=convnet", "backend.image_data_format=channels_first"],
    "a mixed policy": ["backend.dtype_policy=mixed_bfloat16"],
    "double precision": ["backend.floatx=float64", "backend.epsilon=1e-5"],
    "two inputs, channels first": [
        "experiment=digits_two_inputs",
        "backend.image_data_format=channels_first",
    ],
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SETTINGS)
def test_a_script_puts_the_settings_of_keras_in_force(tmp_path: Path, name: str) -> None:
    assert_same_alone([*SETTINGS[name], "fit.epochs=1"], tmp_path / "both")


@pytest.mark.slow
@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_the_script_of_an_experiment_alone_trains_to_the_same_history(
    tmp_path: Path, experiment: str
) -> None:
    overrides = [f"experiment={experiment}", "fit.epochs=2"]
    overrides += small(experiment, tmp_path)

    assert_same_alone(overrides, tmp_path / "both")


@pytest.mark.parametrize("name", ["theano", "cntk"])
def test_an_engine_that_is_no_backend_of_keras_3_has_no_script(name: str) -> None:
    with pytest.raises(CompileError) as refused:
        eject_config([f"backend={name}"])
    (diagnostic,) = refused.value.diagnostics
    assert diagnostic.code == "KG611"
    assert diagnostic.location is not None
    assert diagnostic.location.key == "backend.backend"
