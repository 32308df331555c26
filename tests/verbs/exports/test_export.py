"""A run is written for other runtimes, and each file is held against the run by its own runtime."""

import functools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kerasgen
from kerasgen.cli import main
from kerasgen.diagnostics import CompileError
from kerasgen.engine import Model
from kerasgen.engine.exporter import AskedFile, ExportError
from kerasgen.engines.choice import export_formats
from kerasgen.process.exit_codes import DONE, FAILED, REFUSED
from kerasgen.session import recorded
from kerasgen.session.recorded import open_run
from kerasgen.verbs import export
from kerasgen.verbs.export import DifferingExportError, export_run, export_text
from kerasgen.verbs.exports import compared_rows, refusals
from kerasgen.verbs.exports.compared_rows import as_taken
from kerasgen.verbs.exports.exported_part import flat
from kerasgen.verbs.exports.unfinished import draft_beside, remove_dead_drafts
from kerasgen.verbs.exports.wish import TOLERANCE, ExportWish
from kerasgen.verbs.exports.writing_process import WritingTask
from kerasgen.verbs.finished_run import load_run_file
from kerasgen.verbs.load import load_run

pytest.importorskip("polars")

BY_BACKEND = {"tensorflow": "litert", "jax": "tf_saved_model", "torch": "torch"}
"""Backend to a format that needs no further package there."""


def said(run: Path, path: Path, form: str, **more: Any) -> str:
    """What is told of an export."""
    return export_text(export_run(run, ExportWish(form=form, path=path, **more)))


def refused(run: Path, path: Path, form: str, **more: Any) -> str:
    """Code and message of an export that is refused; nothing is left of it."""
    before = sorted(path.parent.iterdir()) if path.parent.is_dir() else []
    with pytest.raises(CompileError) as caught:
        export_run(run, ExportWish(form=form, path=path, **more))
    (found,) = caught.value.diagnostics
    assert (sorted(path.parent.iterdir()) if path.parent.is_dir() else []) == before
    return f"{found.code}: {found.message} ({found.help})"


def needs(form: str, backend: str) -> None:
    """Skips a test without the packages of a format."""
    for package in export_formats()[form].packages[backend]:
        pytest.importorskip(package)


@pytest.mark.slow
def test_a_file_for_another_runtime_takes_rows_as_they_lie(
    engine: str, image_run: Path, tmp_path: Path
) -> None:
    form = BY_BACKEND[engine]
    path = tmp_path / f"digits{export_formats()[form].ending}"
    told = said(image_run, path, form)
    assert path.exists()
    assert "on rows of the run's data: " in told
    assert "column image" in told
    assert "holds the steps scale" in told
    assert [item.name for item in tmp_path.iterdir()] == [path.name]


@pytest.mark.slow
@pytest.mark.parametrize("form", [*export_formats()])
@pytest.mark.parametrize("kind", ["image_run", "table_run"])
def test_every_format_of_a_backend_predicts_what_the_run_does(
    engine: str, request: pytest.FixtureRequest, form: str, kind: str, tmp_path: Path
) -> None:
    run: Path = request.getfixturevalue(kind)
    path = tmp_path / f"model{export_formats()[form].ending}"
    if engine not in export_formats()[form].packages:
        assert refused(run, path, form).startswith("KG651: ")
        return
    needs(form, engine)
    told = said(run, path, form, tolerance=1e-5)
    assert "with 1 row at a time" in told
    assert "with 5 rows at a time" in told


@pytest.mark.slow
def test_weights_of_one_backend_are_written_with_another(
    engine: str, image_run: Path, tmp_path: Path
) -> None:
    other = "torch" if engine != "torch" else "tensorflow"
    pytest.importorskip(other)
    form = BY_BACKEND[other]
    path = tmp_path / f"model{export_formats()[form].ending}"
    assert "column image" in said(image_run, path, form, backend=other)


@pytest.mark.slow
def test_a_saved_model_answers_as_the_run_does(
    engine: str, image_run: Path, tmp_path: Path
) -> None:
    if engine == "torch":
        pytest.skip("PyTorch writes no SavedModel")
    said(image_run, tmp_path / "served", "tf_saved_model")
    script = """
import sys, numpy, tensorflow
loaded = tensorflow.saved_model.load(sys.argv[1])
images = numpy.arange(128, dtype="uint8").reshape(2, 8, 8, 1)
print(*numpy.asarray(loaded.serve({"image": tensorflow.constant(images)})).argmax(axis=1))
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "served")],
        capture_output=True,
        text=True,
        check=True,
    )
    images = np.arange(128, dtype="uint8").reshape(2, 8, 8, 1)
    assert done.stdout.split() == load_run(image_run).predict(images)["predicted"].tolist()


@functools.cache
def model_of(run: Path, *, whole: bool) -> Model:
    """The model of a run, loaded once."""
    return load_run_file(run, open_run(run)) if whole else load_run(run).model


class Runtime:
    """Stands for the process that writes a file, and for the runtime that answers."""

    def __init__(self, run: Path, *, off: float = 0.0, fails: str = "", keeps: int = 5) -> None:
        self.run, self.off, self.fails, self.keeps = run, off, fails, keeps
        self.wrote: list[bool] = []

    def __call__(self, task: WritingTask, batches: Sequence[Mapping[str, Any]]) -> AskedFile:
        self.wrote.append(task.whole)
        if self.fails and (task.whole or self.fails == "always"):
            raise ExportError("no rule for `XlaCallModule`")
        path = Path(task.path)
        path.write_bytes(b"a model")
        model = model_of(self.run, whole=task.whole)
        answers: list[list[Any] | None] = []
        words = []
        for batch in batches:
            rows = len(next(iter(batch.values())))
            if rows > self.keeps:
                answers.append(None)
                words.append("the number of rows is 1")
                continue
            found = flat(model.call(as_taken(batch, whole=task.whole)))
            answers.append([values + self.off for values in found])
        return AskedFile(answers=answers, refused=words)


def test_a_file_that_predicts_something_else_is_not_left(
    engine: str, image_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "write_model", Runtime(image_run, off=1e-3))
    path = tmp_path / "model.keras"
    path.write_bytes(b"the file of before")
    with pytest.raises(DifferingExportError, match=r"differs by 0\.001, expected 0\.0001"):
        said(image_run, path, "keras", force=True)
    assert [item.read_bytes() for item in tmp_path.iterdir()] == [b"the file of before"]
    assert "0.001 with 1 row" in said(image_run, path, "keras", force=True, tolerance=0.01)
    assert path.read_bytes() == b"a model"


def test_predictions_that_are_no_numbers_are_not_called_equal_without_a_word(
    image_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "write_model", Runtime(image_run))
    kind = type(load_run(image_run).model)
    call = kind.call
    monkeypatch.setattr(kind, "call", lambda *asked: call(*asked) * np.float32("nan"))
    assert "are no finite numbers" in said(image_run, tmp_path / "a.keras", "keras")


def test_a_difference_is_exit_code_1(
    engine: str,
    image_run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(export, "write_model", Runtime(image_run, off=np.nan))
    words = ["export", str(image_run), "--format", "keras", "-o", str(tmp_path / "a.keras")]
    assert main(words) == FAILED
    assert "error[KG652]" in capsys.readouterr().err
    monkeypatch.setattr(export, "write_model", Runtime(image_run))
    assert main(words) == DONE
    assert main(words) == REFUSED
    assert "`--force` replaces it" in capsys.readouterr().err


def test_the_trained_model_is_written_where_its_preparation_cannot_be(
    engine: str, image_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = Runtime(image_run, fails="whole")
    monkeypatch.setattr(export, "write_model", runtime)
    told = said(image_run, tmp_path / "a.keras", "keras")
    assert runtime.wrote == [True, False]
    assert "it is the trained model alone; not the model with its preparation: no rule" in told
    assert "it holds no step of `data.prepare`" in told
    runtime.wrote.clear()
    said(image_run, tmp_path / "b.keras", "keras", without_preparation=True)
    assert runtime.wrote == [False]


def test_what_cannot_be_written_names_what_can(
    engine: str, image_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "write_model", Runtime(image_run, fails="always"))
    told = refused(image_run, tmp_path / "a.keras", "keras")
    assert told.startswith(
        f"KG651: the run cannot be exported as `keras` with the backend `{engine}`: the trained "
        "model: no rule for `XlaCallModule`"
    )
    assert "export one of `" in told


def test_a_runtime_that_takes_one_row_alone_is_told(
    engine: str, image_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "write_model", Runtime(image_run, keeps=1))
    told = said(image_run, tmp_path / "a.keras", "keras")
    assert "it takes no 5 rows at a time: the number of rows is 1" in told
    monkeypatch.setattr(export, "write_model", Runtime(image_run, keeps=0))
    assert "its own runtime refuses it" in refused(image_run, tmp_path / "b.keras", "keras")


def test_rows_are_made_up_where_the_data_is_gone(
    engine: str, table_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "write_model", Runtime(table_run))
    data = table_run.parent.parent / "members.csv"
    aside = data.with_suffix(".aside")
    data.rename(aside)
    try:
        told = said(table_run, tmp_path / "a.keras", "keras")
    finally:
        aside.rename(data)
    assert "on rows that are made up" in told
    assert "the data of the run was not opened: " in told
    assert "on rows of the run's data" in said(table_run, tmp_path / "b.keras", "keras")


@pytest.mark.parametrize(
    ("name", "form", "message"),
    [
        ("model.bin", "keras", "KG605: `{}` does not end in `.keras`"),
        ("no/model.keras", "keras", "KG605: there is no folder"),
        ("model.keras", "kears", "KG651: there is no format `kears`"),
    ],
)
def test_a_path_or_format_that_is_none_is_refused_first(
    tmp_path: Path, name: str, form: str, message: str
) -> None:
    path = tmp_path / name
    assert refused(tmp_path / "no run", path, form).startswith(message.format(path))


def test_links_that_lead_nowhere_pipes_and_folders_are_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    for make in (lambda: path.symlink_to("nowhere"), lambda: os.mkfifo(path), path.mkdir):
        make()
        told = refused(tmp_path / "no run", path, "keras", force=True)
        assert told.startswith(f"KG605: `{path}` is there already (only an ordinary file")
        path.rmdir() if path.is_dir() else path.unlink()


def test_a_folder_that_is_no_saved_model_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter.txt").write_text("dear")
    told = refused(tmp_path / "no run", tmp_path / "home", "tf_saved_model", force=True)
    assert "only a folder of a SavedModel can be replaced" in told
    assert (tmp_path / "home" / "letter.txt").read_text() == "dear"


def test_a_missing_package_names_its_extra(
    engine: str, image_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals, "is_installed", lambda name: False)
    monkeypatch.setattr(refusals, "installed_backends", lambda: ["tensorflow", "torch", "jax"])
    told = refused(image_run, tmp_path / "a.onnx", "onnx", backend="tensorflow")
    assert told == "KG603: `onnx` needs the package `onnx` (pip install 'kerasgen[onnx]')"


def test_a_backend_that_cannot_names_one_that_can(
    engine: str, image_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals, "installed_backends", lambda: ["jax", "torch"])
    told = refused(image_run, tmp_path / "a.onnx", "onnx", backend="jax")
    assert told.startswith("KG651: `onnx` cannot be written with the backend `jax` ")
    assert "(add `--backend torch`: the weights of a run" in told
    assert "or export one of `tf_saved_model`, `keras`, `weights`" in told


def test_an_edited_model_is_refused(engine: str, image_run: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(image_run, tmp_path / "copy"))
    with (copy / "model.keras").open("ab") as file:
        file.write(b"more")
    assert refused(copy, tmp_path / "a.keras", "keras").startswith("KG640: ")


def test_a_record_that_does_not_say_what_its_model_takes_is_refused(
    engine: str, image_run: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(image_run, tmp_path / "copy"))
    fields = json.loads((copy / "record.json").read_text())
    for told in ({"shape": "ab"}, {"shape": [1], "dtype": "no type", "column": "x"}, 3):
        fields["model"]["preparation"]["inputs"] = {"image": told}
        (copy / "record.json").write_text(json.dumps(fields))
        found = refused(copy, tmp_path / "a.keras", "keras")
        assert found.startswith("KG606: ")
        assert "does not say what the model file takes" in found


def test_the_nearest_format_is_named_in_one_diagnostic(
    make_run: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = make_run("outputs/run", config="seed: 1\n")
    words = ["export", str(run), "--format", "onxx", "-o", str(tmp_path / "a.onnx")]
    assert main(words) == REFUSED
    assert capsys.readouterr().err == (
        "error[KG651]: there is no format `onxx`\n"
        "  --> command line\n"
        "   |\n"
        "   | --format onxx\n"
        "  = help: did you mean `onnx`?\n"
        "\n"
        "1 error\n"
        "more: kerasgen explain KG651\n"
    )


def test_a_run_is_opened_once_and_of_a_table_no_more_than_its_first_rows(
    table_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "write_model", Runtime(table_run))
    model_of(table_run, whole=True)
    opened: list[str] = []
    engine = type(open_run(table_run).engine.engine)
    load = engine.load_foreign
    monkeypatch.setattr(engine, "load_foreign", lambda *a: [opened.append("model"), load(*a)][1])
    monkeypatch.setattr(recorded, "read_config", counted(recorded.read_config, opened, "config"))
    monkeypatch.setattr(compared_rows, "Session", counted(compared_rows.Session, opened, "data"))
    assert "on rows of the run's data" in said(table_run, tmp_path / "a.keras", "keras")
    assert opened == ["config", "model"]


def counted(made: Callable[..., Any], heard: list[str], word: str) -> Callable[..., Any]:
    """The same function, which tells of each call."""

    def call(*arguments: Any) -> Any:
        heard.append(word)
        return made(*arguments)

    return call


def test_what_a_killed_export_has_left_goes_with_the_next(
    image_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "write_model", Runtime(image_run))
    path = tmp_path / "a.keras"
    script = (
        "import os, signal, sys; from pathlib import Path\n"
        "from kerasgen.verbs.exports.unfinished import draft_beside\n"
        "with draft_beside(Path(sys.argv[1])) as draft:\n"
        "    draft.write_text('half'); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(path)], check=False)
    assert done.returncode == -9
    (left,) = tmp_path.iterdir()
    (tmp_path / ".b.keras.draft-abcdefgh").mkdir()
    (tmp_path / ".a.keras.draft-abcdefgh").symlink_to(tmp_path / ".b.keras.draft-abcdefgh")
    with draft_beside(path) as living:
        said(image_run, path, "keras")
        assert living.parent.is_dir()
    assert not left.exists()
    assert sorted(item.name for item in tmp_path.iterdir()) == [
        ".a.keras.draft-abcdefgh",
        ".b.keras.draft-abcdefgh",
        "a.keras",
    ]


def test_a_folder_that_was_set_aside_by_a_killed_export_comes_back(tmp_path: Path) -> None:
    aside = tmp_path / ".served.draft-abcdefgh" / "served.before"
    aside.mkdir(parents=True)
    (aside / "saved_model.pb").write_text("model")
    remove_dead_drafts(tmp_path / "served")
    assert [item.name for item in tmp_path.iterdir()] == ["served"]
    assert (tmp_path / "served" / "saved_model.pb").read_text() == "model"


def test_python_exports_as_the_command_line_does(
    image_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = Runtime(image_run)
    monkeypatch.setattr(export, "write_model", runtime)
    monkeypatch.chdir(image_run.parent.parent)
    path = tmp_path / "a.keras"
    made = kerasgen.export("last", "keras", path)
    assert made.files == (path,)
    assert made.compared.largest == 0.0
    kerasgen.export("last", "keras", str(path), force=True, without_preparation=True)
    assert runtime.wrote == [True, False]
    monkeypatch.setattr(export, "write_model", Runtime(image_run, off=0.01))
    kerasgen.export(image_run, "keras", tmp_path / "b.keras", tolerance=0.1)
    with pytest.raises(DifferingExportError):
        kerasgen.export(image_run, "keras", tmp_path / "c.keras")
    with pytest.raises(CompileError, match="is there already"):
        kerasgen.export("last", "keras", path)
    with pytest.raises(TypeError, match="forse"):
        kerasgen.export("last", "keras", path, forse=True)  # type: ignore[call-arg]


def test_the_help_tells_the_tolerance_that_holds(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["export", "--help"])
    assert f"the value ({TOLERANCE:g})" in " ".join(capsys.readouterr().out.split())
    assert ExportWish(form="keras", path=Path("a.keras")).tolerance == TOLERANCE
