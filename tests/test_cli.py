"""The command `kerasgen` and `run.py`, as processes of their own."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": ""}


def call(*words: str, folder: Path, module: bool = True) -> subprocess.CompletedProcess[str]:
    start = ["-m", "kerasgen"] if module else [str(ROOT / "run.py")]
    return subprocess.run(
        [sys.executable, *start, *words],
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working directory with two finished runs, one by `run.py`, one by `kerasgen run`."""
    folder = tmp_path_factory.mktemp("work")
    quick = ["fit.epochs=1", "fit.batch_size=256"]
    first = call(*quick, "hydra.run.dir=outputs/first", folder=folder, module=False)
    assert first.returncode == 0, first.stderr
    bare = ["tracking.plots=false", "tracking.model=false", "hydra.run.dir=outputs/second"]
    second = call("run", *quick, "optimizer=sgd", *bare, folder=folder)
    assert second.returncode == 0, second.stderr
    return folder


def test_help_imports_no_engine(tmp_path: Path) -> None:
    code = (
        "import atexit, sys\n"
        "engines = {'keras', 'tensorflow', 'jax', 'torch', 'sklearn', 'matplotlib'}\n"
        "atexit.register(lambda: print('loaded', sorted(engines & set(sys.modules))))\n"
        "sys.argv = ['kerasgen', '--help']\n"
        "from kerasgen.cli import script\n"
        "script()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "kerasgen check" in done.stdout
    assert done.stdout.rstrip().endswith("loaded []")


def test_importing_kerasgen_imports_nothing_else(tmp_path: Path) -> None:
    code = (
        "import sys; before = set(sys.modules); import kerasgen; print(set(sys.modules) - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.strip() == "{'kerasgen'}"


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["help"], "usage: kerasgen COMMAND"),
        (["help", "check"], "usage: kerasgen check"),
        (["--version"], "kerasgen "),
    ],
)
def test_help_is_there_under_its_own_name(words: list[str], shown: str, capsys) -> None:
    from kerasgen.cli import main

    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(shown)


def test_a_misspelt_command_is_told_the_right_one(tmp_path: Path) -> None:
    done = call("chek", folder=tmp_path)
    assert done.returncode == 2
    assert "did you mean `check`?" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", [(), ("runs", "--frobnicate"), ("--check",)])
def test_wrong_usage_is_told_and_has_code_2(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = call(*words, folder=tmp_path)
    assert done.returncode == 2
    assert "usage: kerasgen" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_misspelt_flag_of_a_check_is_a_diagnostic(tmp_path: Path) -> None:
    done = call("check", "--jsn", folder=tmp_path)
    assert done.returncode == 2
    assert "error[KG126]: there is no flag `--jsn`" in done.stderr
    assert "did you mean `--json`?" in done.stderr


def test_all_experiments_are_checked_by_one_command(tmp_path: Path) -> None:
    own = tmp_path / "conf" / "experiment"
    own.mkdir(parents=True)
    (own / "mine.yaml").write_text("# @package _global_\nfit: {epoch: 3}\n")
    done = call("check", "--all", "--fast", folder=tmp_path)
    assert done.returncode == 2
    assert "mine:\n\nerror[KG107]: `fit` has no key `epoch`" in done.stderr
    assert "conf/experiment/mine.yaml:2:7" in done.stderr
    assert re.search(r"^book/mnist_mlp +ok$", done.stdout, re.MULTILINE)
    shipped = len(list((ROOT / "conf" / "experiment").rglob("*.yaml")))
    assert f"\n{shipped + 1} checked: {shipped} in order, 1 refused\n" in done.stdout
    assert done.stdout.endswith("\nmore: kerasgen explain KG107\n")
    some = call("check", "--fast", "--json", "--all", "book/*", folder=tmp_path)
    report = json.loads(some.stdout)
    assert [checked["name"] for checked in report["checked"]] == [
        "book/cifar10_mlp",
        "book/mnist_mlp",
    ]
    assert some.returncode == 0


def test_a_sweep_is_checked_before_it_starts(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    from kerasgen.cli import main, many_checks

    monkeypatch.setattr(many_checks, "MOST", 2)
    assert main(["check", "--fast", "-m", "seed=range(5)", "fit.epochs=0"]) == 2
    shown = capsys.readouterr()
    assert "seed=0, and 1 more:\n\nerror[KG204]: `epochs` is `0`" in shown.err
    assert "2 of 5 configs checked: 0 in order, 2 refused\n" in shown.out


def test_a_job_whose_class_lacks_a_key_is_refused_and_no_key_is_ignored(capsys) -> None:
    from kerasgen.cli import main

    words = ["optimizer=sgd,adam", "optimizer.momentum=0.9"]
    assert main(["check", "--fast", "-m", *words]) == 2
    shown = capsys.readouterr()
    assert "optimizer=adam:\n\nerror[KG202]: `Adam` has no argument `momentum`" in shown.err
    assert "optimizer=sgd:" not in shown.err
    assert "2 checked: 1 in order, 1 refused\n" in shown.out


def test_check_prints_layers_totals_and_no_warning(tmp_path: Path) -> None:
    done = call("check", folder=tmp_path)
    assert done.returncode == 0
    assert done.stderr == ""
    assert ["hidden1", "Dense", "(None,", "128)", "8,320"] in [
        line.split() for line in done.stdout.splitlines()
    ]
    assert "parameters       17,226 (17,226 trainable, 0 frozen)" in done.stdout
    assert done.stdout.endswith("no errors, no warnings\n")
    assert list(tmp_path.iterdir()) == []


def test_check_reports_all_mistakes_with_code_2(tmp_path: Path) -> None:
    words = ["model.layers.hidden1.activation=rleu", "optimizer.learning_rate=fast"]
    done = call("check", *words, folder=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "error[KG205]" in done.stderr
    assert "error[KG204]" in done.stderr
    assert done.stderr.endswith("\n2 errors\nmore: kerasgen explain KG205 KG204\n")


def test_check_gives_json(tmp_path: Path) -> None:
    done = call("check", "--json", folder=tmp_path)
    report = json.loads(done.stdout)
    assert done.returncode == 0
    assert report["valid"] is True
    assert report["totals"]["parameters"] == 17226
    assert [layer["name"] for layer in report["layers"]][:2] == ["flatten", "hidden1"]


def test_check_gives_errors_as_json_too(tmp_path: Path) -> None:
    done = call("check", "model.layers.hidden1.units=x", "--json", folder=tmp_path)
    report = json.loads(done.stdout)
    assert done.returncode == 2
    assert report["valid"] is False
    assert report["diagnostics"][0]["location"]["override"] == "model.layers.hidden1.units=x"


def test_show_prints_each_value_with_its_origin(tmp_path: Path) -> None:
    import yaml

    done = call("show", "fit.epochs=3", folder=tmp_path)
    lines = done.stdout.splitlines()
    assert any(
        line.startswith("  epochs: 3 ") and "command line: fit.epochs=3" in line for line in lines
    )
    assert yaml.safe_load(done.stdout)["fit"]["epochs"] == 3


@pytest.mark.slow
def test_show_draws_a_graph(tmp_path: Path) -> None:
    assert call("show", "model=convnet", "--graph", "net.svg", folder=tmp_path).returncode == 0
    ElementTree.parse(tmp_path / "net.svg")
    assert "conv1" in (tmp_path / "net.svg").read_text()
    done = call("show", "model=convnet", "--graph", "net.gif", folder=tmp_path)
    assert done.returncode == 2
    assert "end the name in .svg, .png or .mmd" in done.stderr


@pytest.mark.slow
def test_a_run_lists_the_same_accuracy_as_its_record(runs: Path) -> None:
    done = call("runs", "--json", folder=runs)
    listed = {run["id"]: run for run in json.loads(done.stdout)}
    assert set(listed) == {"first", "second"}
    metrics = json.loads((runs / "outputs" / "second" / "metrics.json").read_text())
    assert listed["second"]["metrics"]["test"] == metrics["test"]


def test_runs_are_filtered_and_sorted(runs: Path) -> None:
    done = call("runs", "--sort", "-test_accuracy", folder=runs)
    lines = done.stdout.splitlines()
    assert done.returncode == 0
    assert lines[1].startswith("first")
    filtered = call("runs", "optimizer.class=SGD", folder=runs)
    assert [line.split()[0] for line in filtered.stdout.splitlines()] == ["run", "second"]


def test_an_unknown_metric_is_a_diagnostic(runs: Path) -> None:
    done = call("runs", "--sort", "test_acuracy", folder=runs)
    assert done.returncode == 2
    assert "did you mean `test_accuracy`?" in done.stderr


@pytest.mark.slow
def test_the_weights_of_a_run_are_the_trained_ones(runs: Path) -> None:
    trained = call("show", "outputs/first", "--weights", folder=runs)
    fresh = call("show", "--weights", folder=runs)
    heads = [line.split()[0] for line in trained.stdout.splitlines()]
    assert heads == [
        "weight",
        *(
            f"{name}/{part}"
            for name in ("hidden1", "hidden2", "scores")
            for part in ("kernel", "bias")
        ),
    ]
    assert trained.stdout != fresh.stdout


@pytest.mark.slow
def test_the_config_of_a_run_is_what_keras_gives(runs: Path) -> None:
    done = call("show", "outputs/first", "--get-config", folder=runs)
    config = json.loads(done.stdout)
    names = [layer["config"]["name"] for layer in config["layers"]]
    assert names[-3:] == ["drop1", "hidden2", "scores"]


def test_a_look_at_something_else_is_a_diagnostic(runs: Path) -> None:
    done = call("show", "outputs/third", folder=runs)
    assert done.returncode == 2
    assert "error[KG125]: there is nothing at `outputs/third`" in done.stderr
    assert "help: `kerasgen runs` lists the runs that there are" in done.stderr


@pytest.mark.slow
def test_a_killed_run_keeps_its_finished_epochs_and_is_listed_as_killed(tmp_path: Path) -> None:
    words = ["fit.epochs=100000", "hydra.run.dir=outputs/long", "fit.verbose=0"]
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "run.py"), *words],
        cwd=tmp_path,
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    history = tmp_path / "outputs" / "long" / "history.csv"
    until = time.monotonic() + 120
    try:
        while time.monotonic() < until and (
            not history.exists() or history.read_text().count("\n") < 4
        ):
            time.sleep(0.2)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    rows = history.read_text().splitlines()
    assert len(rows) >= 4
    assert all(len(row.split(",")) == len(rows[0].split(",")) for row in rows)
    done = call("runs", folder=tmp_path)
    assert "killed" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_the_backend_of_a_record_is_the_observed_one(tmp_path: Path, backend: str) -> None:
    done = call(
        f"backend={backend}", "fit.epochs=1", "hydra.run.dir=run", folder=tmp_path, module=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    record = json.loads((tmp_path / "run" / "record.json").read_text())
    assert record["backend"]["backend"] == backend
    assert json.loads((tmp_path / "run" / "keras.json").read_text())["backend"] == backend


@pytest.mark.slow
def test_a_users_keras_json_is_taken_by_path(tmp_path: Path) -> None:
    settings = {"backend": "jax", "floatx": "float32", "epsilon": 1e-6}
    file = tmp_path / "mine.json"
    file.write_text(json.dumps(settings | {"image_data_format": "channels_first"}))
    words = [f"backend.keras_json={file}", "model=convnet", "fit.epochs=1", "hydra.run.dir=run"]
    words += ["tracking.plots=false", "tracking.model=false"]
    done = call(*words, folder=tmp_path, module=False)
    assert done.returncode == 0, done.stderr
    observed = json.loads((tmp_path / "run" / "record.json").read_text())["backend"]
    assert observed["backend"] == "jax"
    assert observed["epsilon"] == 1e-6
    assert observed["image_data_format"] == "channels_first"
    assert json.loads(file.read_text())["epsilon"] == 1e-6


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"backend": "mxnet"}', "MXNet ended with Keras 2"),
        ('{"backend": "tensorflow"', "not JSON"),
        ("[1, 2]", "expected a JSON object"),
        ("", "is empty"),
        ('{"epsilon": "small"}', "expected a number"),
    ],
)
def test_a_bad_keras_json_is_a_diagnostic(tmp_path: Path, content: str, words: str) -> None:
    (tmp_path / "keras.json").write_text(content)
    done = call("check", "backend.keras_json=keras.json", folder=tmp_path)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_modules_of_the_working_directory_are_not_imported(tmp_path: Path) -> None:
    code = "open('touched', 'w')"
    names = ("yaml", "hydra", "keras", "numpy", "sitecustomize", "hydra_plugins/evil")
    (tmp_path / "hydra_plugins").mkdir()
    for name in names:
        (tmp_path / f"{name}.py").write_text(code, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "kerasgen", "check", "--fast", "backend=jax"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "touched").exists()
