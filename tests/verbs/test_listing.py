"""The listing of runs: the table, its width, and the data for machines."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from kerasgen.cli import main
from kerasgen.diagnostics import CompileError, Sink
from kerasgen.record.file_names import RECORD
from kerasgen.record.provenance import process_identity
from kerasgen.record.runs import read_runs
from kerasgen.verbs import runs as listing
from kerasgen.verbs.runs import list_runs, render_runs, runs_csv, runs_json

MakeRun = Callable[..., Path]


@pytest.fixture
def root(tmp_path: Path, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(listing, "_started", lambda run: "2024-05-01 12:00:00")
    make_run(
        "2024-05-01/12-00-00",
        name="mlp",
        backend={"backend": "tensorflow"},
        seconds=12.345,
        epochs=10,
        metrics={"test": {"accuracy": 0.98765, "loss": 0.05}, "training": {"loss": 0.01}},
        started="2024-05-01T12:00:00+00:00",
    )
    make_run(
        "2024-05-01/11-00-00",
        name="größe",
        status="running",
        process=process_identity() | {"start": "long ago"},
        metrics={"test": {"loss": "NaN"}},
        started="2024-05-01T11:00:00+00:00",
    )
    return tmp_path


def test_a_table_is_aligned(root: Path) -> None:
    assert render_runs(read_runs(root, Sink())) == (
        "run                  status     name   backend     started              seconds"
        "  epochs  test_loss  test_accuracy\n"
        "2024-05-01/12-00-00  completed  mlp    tensorflow  2024-05-01 12:00:00     12.3"
        "      10       0.05         0.9877\n"
        "2024-05-01/11-00-00  killed     größe  -           2024-05-01 12:00:00        -"
        "       -        NaN              -"
    )


def test_a_narrow_table_loses_the_least_telling_columns(root: Path) -> None:
    runs = read_runs(root, Sink())
    heads = [render_runs(runs, width=width).split("\n")[0].split() for width in (110, 80, 50, 40)]
    assert heads == [
        ["run", "status", "name", "backend", "started", "seconds", "test_loss", "test_accuracy"],
        ["run", "status", "name", "backend", "test_loss", "test_accuracy"],
        ["run", "status", "test_loss"],
        ["run", "status"],
    ]


@pytest.mark.parametrize("width", range(24, 140, 5))
def test_no_line_is_wider_than_the_terminal(root: Path, width: int) -> None:
    lines = render_runs(read_runs(root, Sink()), width=width).split("\n")
    assert max(map(len, lines)) <= width


def test_a_folder_that_is_too_long_keeps_its_end(root: Path) -> None:
    first = render_runs(read_runs(root, Sink()), width=24).split("\n")[1]
    assert first == "…-01/12-00-00  completed"


def test_a_table_that_no_terminal_reads_is_whole(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    assert "test_accuracy" in render_runs(read_runs(root, Sink()))


def test_a_table_fits_the_terminal_that_reads_it(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    lines = render_runs(read_runs(root, Sink())).split("\n")
    assert max(map(len, lines)) <= 60


def test_metrics_that_are_asked_for_come_first(root: Path) -> None:
    head = render_runs(read_runs(root, Sink()), metrics=["training_loss"]).split("\n")[0]
    assert head.split()[-3:] == ["training_loss", "test_loss", "test_accuracy"]


def test_metrics_of_validation_are_shown_where_no_test_was_made(
    tmp_path: Path, make_run: MakeRun
) -> None:
    make_run("a", metrics={"training": {"loss": 1.0}, "validation": {"loss": 2.0}})
    head = render_runs(read_runs(tmp_path, Sink())).split("\n")[0]
    assert head.split()[-1] == "validation_loss"


def test_a_name_cannot_steer_the_terminal(tmp_path: Path, make_run: MakeRun) -> None:
    make_run("a\x1b]0;b", name="x\x1b[31m\n\u202ey\ud800", metrics={"test": {"l\x07": 1.0}})
    text = render_runs(read_runs(tmp_path, Sink()))
    assert text.count("\n") == 1
    assert all(sign.isprintable() for sign in text.replace("\n", ""))
    assert text.encode("utf-8")


def test_wide_signs_keep_the_columns_aligned(tmp_path: Path, make_run: MakeRun) -> None:
    make_run("a", name="日本語")
    make_run("b", name="e\u0301tude")
    head, first, second = render_runs(read_runs(tmp_path, Sink())).split("\n")
    column = head.index("backend")
    assert first.index(" - ") + 1 == column - 3  # three signs of double width
    assert second.index(" - ") + 1 == column + 1  # one accent without width


def test_no_runs_are_said_so() -> None:
    assert render_runs([]) == "no runs"


def test_a_listing_is_filtered_sorted_and_limited(root: Path) -> None:
    def ids(**options: object) -> list[str]:
        listing = list_runs(root, sink=Sink(), **options)  # type: ignore[arg-type]
        return [run.id for run in listing.runs]

    assert ids() == ["2024-05-01/12-00-00", "2024-05-01/11-00-00"]
    assert ids(filters=["status=killed"]) == ["2024-05-01/11-00-00"]
    assert ids(sort="started") == ["2024-05-01/11-00-00", "2024-05-01/12-00-00"]
    assert ids(sort="started", limit=1) == ["2024-05-01/11-00-00"]
    assert ids(limit=0) == []


def test_a_wrong_filter_is_refused_before_anything_is_read(root: Path) -> None:
    sink = Sink()
    with pytest.raises(CompileError):
        list_runs(root / "nowhere", filters=["status"], sink=sink)
    assert [diagnostic.code for diagnostic in sink.diagnostics] == ["KG607"]


def test_machines_get_the_whole_record(root: Path) -> None:
    found = runs_json(read_runs(root, Sink()))
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert [run["status"] for run in found] == ["completed", "killed"]
    assert found[0]["id"] == "2024-05-01/12-00-00"
    assert found[0]["folder"] == str(root / "2024-05-01/12-00-00")
    assert found[1]["metrics"] == {"test": {"loss": "NaN"}}


def test_a_bare_nan_in_a_strangers_record_is_legal_json_afterwards(tmp_path: Path) -> None:
    text = '{"schema": 1, "status": "completed", "metrics": {"test": {"loss": NaN}}}'
    (tmp_path / RECORD).write_text(text, encoding="utf-8")
    found = runs_json(read_runs(tmp_path, Sink()))
    assert json.loads(json.dumps(found, allow_nan=False))[0]["metrics"]["test"]["loss"] == "NaN"


@pytest.fixture
def configured(tmp_path: Path, make_run: MakeRun) -> Path:
    make_run(
        "a",
        config="optimizer: {class: Adam, learning_rate: 0.125}\n",
        choices={"data": "digits", "optimizer": "adam"},
        metrics={"test": {"loss": 1 / 3}},
        started="2024-05-02T12:00:00+00:00",
        name="a,b\x1b",
    )
    make_run("b", metrics={"test": {"loss": "NaN"}}, started="2024-05-01T12:00:00+00:00")
    return tmp_path


def test_the_data_is_among_the_usual_columns(configured: Path) -> None:
    head, first, _ = render_runs(read_runs(configured, Sink())).split("\n")
    assert head.split()[:4] == ["run", "status", "name", "data"]
    assert first.split()[3] == "digits"


def test_columns_are_of_ones_choice(configured: Path) -> None:
    names = ["test_loss", "optimizer.learning_rate", "data", "id", "tags"]
    listing = list_runs(configured, columns=names, sink=Sink())
    assert render_runs(listing.runs, named=listing.columns) == (
        "run  test_loss  optimizer.learning_rate  data    tags\n"
        "a       0.3333                    0.125  digits     -\n"
        "b          NaN                        -  -          -"
    )


def test_a_column_that_no_run_knows_is_told(configured: Path) -> None:
    with pytest.raises(CompileError) as caught:
        list_runs(configured, columns=["optimizer.learning_rat"], sink=Sink())
    (found,) = caught.value.diagnostics
    assert (found.code, found.help) == ("KG107", "did you mean `optimizer.learning_rate`?")


def test_a_csv_has_figures_in_full_and_nothing_that_steers(configured: Path) -> None:
    listing = list_runs(configured, sink=Sink())
    head, first, second = csv.reader(io.StringIO(runs_csv(listing, Sink())))
    assert head == [
        *["run", "status", "name", "tags", "data", "backend", "started", "seconds", "epochs"],
        "test_loss",
    ]
    one, other = dict(zip(head, first, strict=True)), dict(zip(head, second, strict=True))
    assert (one["run"], one["name"], one["data"]) == ("a", "a,b\\x1b", "digits")
    assert float(one["test_loss"]) == 1 / 3
    assert (other["test_loss"], other["data"]) == ("NaN", "")


def test_a_csv_of_chosen_columns_has_these_alone(configured: Path) -> None:
    listing = list_runs(configured, columns=["optimizer.class", "run"], sink=Sink())
    assert runs_csv(listing, Sink()) == "optimizer.class,run\nAdam,a\n,b\n"
    empty = list_runs(configured, filters=["status=failed"], columns=["run"], sink=Sink())
    assert runs_csv(empty, Sink()) == "run\n"


def test_the_command_takes_names_with_commas(
    configured: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["runs", "--outputs", str(configured), "--columns", "status, test_loss,status"]
    assert main([*words, "--csv"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "status,test_loss"
    assert main(words) == 0
    assert capsys.readouterr().out.splitlines()[0].split() == ["run", "status", "test_loss"]
