"""Verifying runs, by processes as a user starts them: the same bits, and the cause where not."""

import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kerasgen.cli import main
from kerasgen.record.file_names import RECORD
from kerasgen.record.files import write_arrays, write_history, write_json
from kerasgen.record.provenance import process_identity
from kerasgen.verbs.verification.causes import causes_between
from kerasgen.verbs.verification.results import compare_results

ROOT = Path(__file__).resolve().parents[2]

LAYER = """\
import keras
import kerasgen


@kerasgen.register
class Twice(keras.layers.Layer):
    def call(self, inputs):
        return inputs * 2.0
"""

WORDS = (
    *("run", "data=table", "model=table", "data.source.path=rows.csv", "data.target=label"),
    "model.layers={t: {class: Twice}, d: {class: Dense, units: 4}, o: {class: Dense, units: 1}}",
    *("fit.epochs=2", "fit.verbose=0", "tracking.plots=false", "--trust", "mine"),
)

ONE_THREAD = {"OMP_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1"}


def call(
    folder: Path, *words: str, variables: Mapping[str, str] = ONE_THREAD
) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    return subprocess.run(
        [sys.executable, "-m", "kerasgen", *words],
        cwd=folder,
        env=kept | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": ""} | variables,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working directory with data, a module of one's own, and the run `outputs/a`."""
    folder = tmp_path_factory.mktemp("verified")
    (folder / "mine.py").write_text(LAYER)
    numbers = random.Random(1)
    rows = [[numbers.random(), numbers.random()] for _ in range(120)]
    lines = [f"{a:.4f},{b:.4f},{'yes' if a > b else 'no'}" for a, b in rows]
    (folder / "rows.csv").write_text("\n".join(["a,b,label", *lines, ""]))
    done = call(folder, *WORDS, "backend=torch", "hydra.run.dir=outputs/a")
    assert done.returncode == 0, done.stderr
    return folder


def verified(
    folder: Path, *words: str, variables: Mapping[str, str] = ONE_THREAD
) -> tuple[int, dict[str, Any]]:
    """The exit code, and what is answered."""
    done = call(folder, "verify", "a", "--trust", "mine", "--json", *words, variables=variables)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def causes(told: Mapping[str, Any]) -> set[tuple[str, str]]:
    return {(cause["kind"], cause["key"]) for cause in told["causes"]}


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def _a_byte_of_the_data(folder: Path) -> None:
    path = folder / "rows.csv"
    content = bytearray(path.read_bytes())
    place = content.index(b"0.") + 2
    content[place] = ord("1") if content[place] != ord("1") else ord("9")
    path.write_bytes(content)


def _a_key_of_the_config(folder: Path) -> None:
    edit(folder / "outputs/a/config.yaml", "learning_rate: 0.001", "learning_rate: 0.002")


def _the_version_of_a_package(folder: Path) -> None:
    edit(folder / "outputs/a/record.json", f'"numpy": "{np.__version__}"', '"numpy": "0.1"')


def _a_line_of_a_module(folder: Path) -> None:
    edit(folder / "mine.py", "2.0", "2.5")


CHANGES: dict[str, tuple[Callable[[Path], None], tuple[str, str]]] = {
    "data": (_a_byte_of_the_data, ("data", "data.fingerprint")),
    "config": (_a_key_of_the_config, ("config", "optimizer.learning_rate")),
    "package": (_the_version_of_a_package, ("package", "packages.numpy")),
    "code": (_a_line_of_a_module, ("code", "code.mine (mine.py)")),
}


def test_a_run_is_the_same_once_more_and_leaves_nothing(made: Path) -> None:
    before = sorted(made.rglob("*"))
    code, told = verified(made)
    assert (code, told["verdict"], told["largest_difference"]) == (0, "identical", 0.0)
    assert {part["part"]: part["identical"] for part in told["results"]} == {
        "weights": True,
        "history": True,
        "metrics": True,
        "predictions": True,
    }
    assert (told["causes"], told["edited"]) == ([], {})
    after = [path for path in sorted(made.rglob("*")) if "__pycache__" not in path.parts]
    assert after == [path for path in before if "__pycache__" not in path.parts]


@pytest.mark.slow
def test_all_that_was_changed_is_named_at_once(made: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(made, tmp_path / "copy"))
    for change, _ in CHANGES.values():
        change(copy)
    code, told = verified(copy, variables=ONE_THREAD | {"OMP_NUM_THREADS": "2"})
    assert (code, told["verdict"]) == (1, "differs")
    assert told["largest_difference"] > 0
    threads = ("threads", "environment.OMP_NUM_THREADS")
    assert causes(told) == {threads, *(cause for _, cause in CHANGES.values())}
    assert list(told["edited"]) == ["config.yaml"]


@pytest.mark.slow
@pytest.mark.parametrize("name", CHANGES)
def test_one_change_is_named_alone(made: Path, tmp_path: Path, name: str) -> None:
    copy = Path(shutil.copytree(made, tmp_path / "copy"))
    change, cause = CHANGES[name]
    change(copy)
    code, told = verified(copy)
    assert causes(told) == {cause}
    # A version that stands in the record alone has no effect.
    assert (code, told["verdict"]) == ((0, "identical") if name == "package" else (1, "differs"))
    if name == "data":
        worst = told["largest_difference"]
        code, told = verified(copy, "--tolerance", str(2 * worst))
        assert (code, told["verdict"]) == (0, "within tolerance")


@pytest.mark.slow
def test_another_number_of_threads_is_named_alone(made: Path) -> None:
    code, told = verified(made, variables=ONE_THREAD | {"OMP_NUM_THREADS": "2"})
    assert causes(told) == {("threads", "environment.OMP_NUM_THREADS")}
    assert code == (told["verdict"] == "differs")


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
@pytest.mark.parametrize(
    "words",
    [
        ("data=digits", "model=mlp"),
        ("data=digits", "model=convnet"),
        ("data=iris", "model=table_classes", "fit.folds=2"),
    ],
    ids=lambda words: words[-1],
)
def test_shipped_configs_come_to_the_same_on_every_backend(
    tmp_path: Path, backend: str, words: tuple[str, ...]
) -> None:
    quick = (f"backend={backend}", "fit.epochs=2", "fit.verbose=0", "tracking.plots=false")
    done = call(tmp_path, "run", *words, *quick, "hydra.run.dir=outputs/a")
    assert done.returncode == 0, done.stderr
    done = call(tmp_path, "verify", "a")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "identical"), done.stdout


@pytest.mark.slow
def test_an_edited_or_lost_file_is_told_in_words(made: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(made, tmp_path / "copy"))
    edit(copy / "outputs/a/history.csv", "\n1,", "\n2,")
    (copy / "outputs/a/summary.txt").unlink()
    done = call(copy, "verify", "a", "--trust", "mine")
    assert done.returncode == 1
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["weights", "identical"] in lines
    assert lines[1][:3] == ["history", "differ", "by"]
    history, summary = done.stdout.partition("differs because\n")[2].splitlines()
    told = "is not the file that the run has written: its checksum is another one"
    assert history == f"  file  history.csv  {told}"
    assert summary == "  file  summary.txt  is not there any more"


def test_a_run_that_cannot_be_repeated_says_why(made: Path) -> None:
    done = call(made, "verify", "a")
    assert done.returncode == 2
    assert "there is no layer `Twice`" in done.stderr
    assert "if you trust them, add `--trust mine`" in done.stderr.splitlines()[-1]


def test_a_run_that_did_not_complete_is_refused(
    make_run: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_run("a", status="failed")
    assert main(["verify", str(folder)]) == 2
    told = capsys.readouterr().err
    assert "error[KG641]" in told
    assert f"`kerasgen rerun {folder}` begins anew" in told


@pytest.mark.parametrize(("pid", "told"), [(None, "is running"), (2**22 + 1, "is killed")])
def test_a_run_at_work_and_one_that_was_killed_are_refused(
    make_run: Any, pid: int | None, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    process = process_identity() | ({} if pid is None else {"pid": pid})
    assert main(["verify", str(make_run("a", status="running", process=process))]) == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("tolerance", ["-1", "nan", "inf", "a"])
def test_a_tolerance_is_a_number(tolerance: str) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["verify", "last", f"--tolerance={tolerance}"])
    assert caught.value.code == 2


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_process_whose_parent_is_killed_ends(made: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(made, tmp_path / "copy"))
    edit(copy / "outputs/a/config.yaml", "epochs: 2", "epochs: 100000")
    process = subprocess.Popen(
        [sys.executable, "-m", "kerasgen", "verify", "a", "--trust", "mine"],
        cwd=copy,
        env=os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)} | ONE_THREAD,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    children: list[int] = []
    until = time.monotonic() + 60
    while not children and time.monotonic() < until:
        time.sleep(0.1)
        listed = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        children = [int(word) for word in listed.read_text().split()]
    process.kill()
    process.wait()
    while any(_runs(child) for child in children) and time.monotonic() < until:
        time.sleep(0.2)
    assert children
    assert not any(_runs(child) for child in children)


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


THEN: dict[str, Any] = {
    "kerasgen": "0.1.0",
    "code": {"sha256": "a", "rooms": {"run": "1", "data": "2"}},
    "python": "3.11.7",
    "packages": {"keras": "3.14.0", "torch": "2.1", "jax": "0.1"},
    "environment": {"XLA_FLAGS": "-a"},
    "hardware": {"cpu": "x", "cores": 4, "usable_cores": 4, "memory": 7},
    "backend": {"backend": "jax", "floatx": "float32"},
    "devices": ["cpu:0"],
    "data": {"fingerprint": "sha256:0"},
    "config": {"sha256": "b", "sections": {"model": "1", "fit": "2"}},
    "trust": {"files": [{"module": "mine", "file": "mine.py", "sha256": "c"}]},
}


@pytest.mark.parametrize(
    ("changed", "cause"),
    [
        ({"data": {"fingerprint": "sha256:1"}}, ("data", "data.fingerprint")),
        ({"config": {"sections": {"model": "3", "fit": "2"}}}, ("config", "config.model")),
        ({"code": {"rooms": {"run": "3", "data": "2"}}}, ("code", "code.kerasgen/run")),
        ({"kerasgen": "0.2.0"}, ("code", "code.kerasgen")),
        ({"python": "3.12.0"}, ("python", "python")),
        ({"packages": {**THEN["packages"], "jax": "0.2"}}, ("package", "packages.jax")),
        ({"backend": {**THEN["backend"], "floatx": "float16"}}, ("backend", "backend.floatx")),
        ({"devices": ["gpu:0"]}, ("device", "devices.0")),
        ({"environment": {}}, ("environment", "environment.XLA_FLAGS")),
        (
            {"environment": {"XLA_FLAGS": "-a", "OMP_NUM_THREADS": "1"}},
            ("threads", "environment.OMP_NUM_THREADS"),
        ),
        (
            {"hardware": {**THEN["hardware"], "usable_cores": 2}},
            ("threads", "hardware.usable_cores"),
        ),
        ({"hardware": {**THEN["hardware"], "cpu": "y"}}, ("machine", "hardware.cpu")),
    ],
)
def test_a_cause_is_of_one_kind(
    tmp_path: Path, changed: dict[str, Any], cause: tuple[str, str]
) -> None:
    found = causes_between(THEN, THEN | changed, (tmp_path, tmp_path))
    assert [(each.kind, each.row.key) for each in found] == [cause]


def test_what_has_no_effect_is_no_cause(tmp_path: Path) -> None:
    other = THEN | {
        "packages": {**THEN["packages"], "torch": "9"},
        "hardware": {**THEN["hardware"], "memory": 8, "cores": 8},
        "git": {"revision": "1"},
        "seconds": 7,
    }
    assert causes_between(THEN, other, (tmp_path, tmp_path)) == []


def test_what_an_older_record_does_not_tell_is_no_cause(tmp_path: Path) -> None:
    older = {name: THEN[name] for name in ("kerasgen", "python", "data")}
    assert causes_between(older, THEN, (tmp_path, tmp_path)) == []
    assert causes_between({}, THEN, (tmp_path, tmp_path)) == []


@pytest.mark.parametrize("strange", [3, "x", [1], {"a": None}, {"files": [3, {"module": 4}]}])
def test_a_strange_record_is_compared_all_the_same(tmp_path: Path, strange: object) -> None:
    fields = dict.fromkeys(THEN, strange)
    for pair in ((fields, THEN), (THEN, fields)):
        found = causes_between(*pair, (tmp_path, tmp_path))
        assert all(each.kind and each.row.key for each in found)
    assert causes_between(fields, fields, (tmp_path, tmp_path)) == []


def _left(folder: Path, loss: float, scores: Any) -> Path:
    folder.mkdir()
    write_history(folder / "history.csv", [{"epoch": 1, "seconds": loss, "loss": loss}])
    write_json(folder / "metrics.json", {"test": {"loss": loss, "other": float("nan")}})
    write_arrays(folder / "predictions.npz", {"scores": scores})
    return folder


def test_results_are_compared_bit_by_bit(tmp_path: Path) -> None:
    one = _left(tmp_path / "one", 0.5, np.asarray([1.0, np.nan], "float32"))
    same = _left(tmp_path / "same", 0.5, np.asarray([1.0, np.nan], "float32"))
    assert [(part.name, part.identical) for part in compare_results(one, same)] == [
        ("history", True),
        ("metrics", True),
        ("predictions", True),
    ]
    other = _left(tmp_path / "other", 0.25, np.asarray([1.0, np.nan], "float64"))
    history, metrics, predictions = compare_results(one, other)
    assert (history.largest, history.where) == (0.25, "loss")
    assert (metrics.largest, metrics.where) == (0.25, "test.loss")
    assert (predictions.largest, predictions.identical) == (float("inf"), False)


def test_a_result_that_is_gone_or_no_file_of_its_kind_is_a_fault(tmp_path: Path) -> None:
    one = _left(tmp_path / "one", 0.5, np.ones(2))
    other = _left(tmp_path / "other", 0.5, np.ones(2))
    (other / "history.csv").unlink()
    (other / "predictions.npz").write_bytes(b"PK")
    (one / "model.keras").write_bytes(b"no archive")
    weights, history, metrics, predictions = compare_results(one, other)
    assert metrics.identical
    for part in (weights, history, predictions):
        assert (part.identical, part.largest) == (False, float("inf"))
        assert part.fault
    assert RECORD not in [path.name for path in one.iterdir()]
