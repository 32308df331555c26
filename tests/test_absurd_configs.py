"""Absurd configs: each is refused with a located diagnostic, in seconds, and none is ever run."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kerasgen.diagnostics import Diagnostic
from kerasgen.diagnostics.render import render_text

ROOT = Path(__file__).resolve().parent.parent
CompileConfig = Callable[..., Any]
ConfigFiles = Callable[[Mapping[str, str]], str]

OVERRIDES: Mapping[str, tuple[str, ...]] = {
    "KG901 a billion units": ("model.layers.hidden1.units=1000000000",),
    "KG901 units of the largest integer": ("model.layers.hidden1.units=9223372036854775807",),
    "KG204 units beyond it": ("model.layers.hidden1.units=1" + "0" * 30,),
    "KG902 units of 401 digits": ("model.layers.hidden1.units=" + "1" * 401,),
    "KG206 negative units": ("model.layers.hidden1.units=-3",),
    "KG204 infinite units": ("model.layers.hidden1.units=1e400",),
    "KG204 units as text": ("model.layers.hidden1.units='3'",),
    "KG204 a rate that is not a number": ("model.layers.drop1.rate=nan",),
    "KG206 a rate of five": ("model.layers.drop1.rate=5",),
    "KG204 a learning rate that is not a number": ("optimizer.learning_rate=nan",),
    "KG204 a negative learning rate": ("optimizer.learning_rate=-1",),
    "KG204 an infinite learning rate": ("optimizer.learning_rate=1e400",),
    "KG204 a learning rate as text": ("optimizer.learning_rate='1e-3'",),
    "KG206 no filters": ("model=convnet", "model.layers.conv1.filters=0"),
    "KG401 a kernel larger than the image": (
        "model=convnet", "model.layers.conv1.kernel_size=100", "model.layers.conv1.padding=valid",
    ),
    "KG206 a kernel as text": ("model=convnet", "model.layers.conv1.kernel_size='3,3'"),
    "KG204 a batch beyond all integers": ("fit.batch_size=1" + "0" * 30,),
    "KG901 a batch of a trillion": (
        "fit.batch_size=1000000000000", "data.facts.samples=1000000000000",
    ),
    "KG204 no epochs": ("fit.epochs=0",),
    "KG204 a negative shape": ("data.facts.shape=[-1,8,1]",),
    "KG204 a shape as text": ("data.facts.shape='8,8,1'",),
    "KG901 an image of a trillion pixels": ("data.facts.shape=[1000000,1000000,1]",),
    "KG901 a trillion classes": ("data.facts.classes=1000000000000",),
    "KG204 classes that are no number": ("data.facts.classes=nan",),
    "KG204 an output's weight that is not a number": ("compile.loss_weights={scores: nan}",),
    "KG204 no model": ("model=null",),
    "KG102 an interpolation without an end": ("model.layers.hidden1.units=${",),
    "KG109 an interpolation in quotes without an end": ("name='${data.classes'",),
    "KG105 values that refer to each other": ("seed=${name}", "name=${seed}"),
    "KG902 brackets": ("fit.callbacks=" + "[" * 100 + "]" * 100,),
    "KG902 a hundred thousand characters": ("name=" + "x" * 100_000,),
    "KG604 memory that is no size": ("backend.memory=lots",),
}  # fmt: skip

FILES: Mapping[str, str] = {
    "KG902 a million layers": "layers:\n"
    + "".join(f"  l{i}: {{class: Dense, units: 3}}\n" for i in range(1_000_000)),
    "KG902 a hundred thousand layers": "layers:\n"
    + "".join(f"  l{i}: {{class: Dense, units: 3}}\n" for i in range(100_000)),
    "KG902 models two hundred deep": "layers: " + "{a: {layers: " * 200 + "{}" + "}}" * 200,
    "KG902 aliases of aliases": "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 12)),
    "KG902 text that doubles": "a0: xxxxxxxxxx\n"
    + "".join(f"a{i}: ${{model.a{i - 1}}}${{model.a{i - 1}}}\n" for i in range(1, 60)),
    "KG902 a file that holds itself": "layers: &x {a: *x}\n",
    "KG902 a number of five thousand digits": "layers: {d: {class: Dense, units: 1"
    + "0" * 5000 + "}}\n",
    "KG109 a defaults list that names itself": "defaults: [mine]\nlayers: {f: Flatten}\n",
    "KG109 an interpolation without an end": "layers: {f: Flatten}\nx: ${data.classes\n",
    "KG101 a call of Python": "layers: !!python/object/apply:os.mkdir [called]\n",
    "KG101 a name of Python": "layers: !!python/name:os.system\n",
    "KG101 tabs": "layers:\n\tf: Flatten\n",
    "KG101 a NUL": "layers: {f: Flatten}\nx: a\0b\n",
    "KG204 a picture": "layers: {f: Flatten, d: !!binary aGVsbG8=}\n",
    "KG305 a name of control characters":
        'layers: {"a\\e[31m": Flatten, scores: {class: Dense, units: 10}}\n',
    "KG201 a class of a hundred thousand letters":
        "layers: {f: Flatten, d: {class: " + "D" * 100_000 + ", units: 3}}\n",
    "KG206 an initializer of another shape":
        "layers: {f: Flatten, scores: {class: Dense, units: 10, activation: softmax, "
        "kernel_initializer: {class: Constant, value: [1, 2]}}}\n",
    "KG204 a rate that is not a number": "layers: {f: Flatten, drop: {class: LSTM, units: 3, "
        "dropout: .nan}}\n",
    "KG204 a shape as text": "layers: {f: {class: Reshape, target_shape: '64'}}\n",
}  # fmt: skip


def check(overrides: list[str], folder: str | None = None) -> tuple[Diagnostic, ...]:
    from kerasgen.verbs.check import check_config

    outcome = check_config([f"backend={os.environ['KERAS_BACKEND']}", *overrides], folder)
    assert outcome.compiled is None
    return outcome.diagnostics


def assert_located(found: tuple[Diagnostic, ...], code: str) -> None:
    errors = [diagnostic for diagnostic in found if diagnostic.severity == "error"]
    assert code in {diagnostic.code for diagnostic in errors}
    assert all(diagnostic.location is not None for diagnostic in errors)
    text = render_text(found)
    assert max(map(len, text.splitlines())) < 2000
    assert text.replace("\n", "").replace("\t", "").isprintable()


@pytest.mark.parametrize("case", OVERRIDES)
def test_absurd_overrides_are_refused(engine: str, case: str) -> None:
    assert_located(check(list(OVERRIDES[case])), case.split()[0])


@pytest.mark.parametrize("case", FILES)
def test_absurd_files_are_refused(
    engine: str, config_files: ConfigFiles, tmp_path: Path, case: str
) -> None:
    folder = config_files({"model/mine.yaml": FILES[case]})
    assert_located(check(["model=mine"], folder), case.split()[0])
    assert not (tmp_path / "called").exists()


@pytest.mark.parametrize("name", ["fifo", "zero", "folder"])
def test_what_is_no_file_is_no_config(
    engine: str, config_files: ConfigFiles, tmp_path: Path, name: str
) -> None:
    folder = config_files({"model/fine.yaml": "layers: {f: Flatten}\n"})
    place = tmp_path / folder / "model"
    os.mkfifo(place / "fifo.yaml")
    (place / "zero.yaml").symlink_to("/dev/zero")
    (place / "folder.yaml").mkdir()
    assert_located(check([f"model={name}"], folder), "KG104")


def test_bytes_that_are_no_text_are_refused_beside_a_fifo(
    engine: str, config_files: ConfigFiles, tmp_path: Path
) -> None:
    folder = config_files({"model/fine.yaml": "layers: {f: Flatten}\n"})
    (tmp_path / folder / "model" / "junk.yaml").write_bytes(bytes(range(256)) * 40)
    os.mkfifo(tmp_path / folder / "model" / "fifo.yaml")
    assert_located(check(["model=junk"], folder), "KG101")


def test_the_limit_can_be_lifted_and_set(compile_config: CompileConfig) -> None:
    units = "model.layers.hidden1.units=1000000000"
    compiled, _ = compile_config([units, "backend.memory=null"])
    assert compiled is not None
    compiled, _ = compile_config([units, "backend.memory=4TiB"])
    assert compiled is not None
    compiled, found = compile_config(["backend.memory=100 kB"])
    assert compiled is None
    assert [d.code for d in found if d.severity == "error"] == ["KG901"]


def test_many_epochs_and_a_batch_larger_than_the_data_are_no_question_of_memory(
    compile_config: CompileConfig,
) -> None:
    compiled, _ = compile_config(["fit.epochs=1000000000000", "fit.batch_size=1000000000000"])
    assert compiled is not None
    assert compiled.cost.batch_size == 1797


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A run in a process that may take 12 GiB of addresses and 100 seconds of a core."""
    limits = 'ulimit -v 12582912; ulimit -t 100; exec "$@"'
    command = ["bash", "-c", limits, "bash", sys.executable, str(ROOT / "run.py"), *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300)


def test_a_run_is_refused_before_it_takes_memory_or_leaves_anything(tmp_path: Path) -> None:
    done = run("model.layers.hidden1.units=1000000000", "backend=jax", cwd=tmp_path)
    assert done.returncode == 2
    assert "KG901" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_run_of_a_million_layers_is_refused(tmp_path: Path) -> None:
    (tmp_path / "conf" / "model").mkdir(parents=True)
    (tmp_path / "conf" / "model" / "mine.yaml").write_text(FILES["KG902 a million layers"])
    done = run("model=mine", "--config-dir", "conf", cwd=tmp_path)
    assert done.returncode == 2
    assert "KG902" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_sweep_with_an_override_without_end_is_refused(tmp_path: Path) -> None:
    done = run("-m", "name=" + "[" * 5000, "seed=1,2", cwd=tmp_path)
    assert done.returncode == 2
    assert "KG902" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "sweep",
    [
        ["seed=range(1000000000)"],
        ["seed=range(2000)", "fit.epochs=range(2000,1,-1)"],
        ["optimizer.learning_rate=range(0,1e300,1e-300)"],
    ],
)
def test_a_sweep_of_more_jobs_than_can_be_listed_is_refused(sweep: list[str]) -> None:
    from kerasgen.frontend.refusals.culprits import diagnose

    (found,) = diagnose(sweep, multirun=True)
    assert found.code == "KG902"
    assert found.location is not None
    assert found.location.override == sweep[0]


@pytest.mark.parametrize("sweep", ["range(5,1,-1)", "range(0.1,0.5,0.1)", "1,2,3,4"])
def test_the_jobs_of_a_sweep_are_counted_without_listing_them(
    sweep: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kerasgen.frontend.refusals import culprits as rejections

    overrides = [f"optimizer.learning_rate={sweep}", "seed=range(10)"]
    monkeypatch.setattr(rejections, "JOBS", 40)
    assert rejections.diagnose(overrides, multirun=True) == []
    monkeypatch.setattr(rejections, "JOBS", 39)
    (found,) = rejections.diagnose(overrides, multirun=True)
    assert found.message == "the sweep has 40 jobs, expected at most 39"


def test_arrays_larger_than_the_memory_are_refused_before_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kerasgen.data.sources import files
    from kerasgen.data.sources.arrays import Arrays
    from kerasgen.diagnostics import CompileError, Sink
    from kerasgen.process.machine_memory import Memory

    np.savez_compressed(tmp_path / "zeros.npz", x=np.zeros((1000, 1000)), y=np.zeros(1000))
    memory = Memory(size=1_000_000, owner="this machine")
    monkeypatch.setattr(files, "device_memory", lambda device: memory)
    source = Arrays(path=str(tmp_path / "zeros.npz"))
    assert "y" in source.read(frozenset({"y"}), Sink()).columns
    with pytest.raises(CompileError) as caught:
        source.read(None, Sink())
    (found,) = caught.value.diagnostics
    assert found.code == "KG901"
    assert "unpacked, takes 7.64 MiB of memory, this machine has 977 KiB" in found.message
