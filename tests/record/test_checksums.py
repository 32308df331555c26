"""Checksums of the files of a run: which files have one, and who refuses an edited file."""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from kerasgen.diagnostics import Sink
from kerasgen.foreign.regular_files import NOT_ORDINARY, TOO_MUCH, ForeignFileError
from kerasgen.record.checksums import EDITED, checksums, known_checksums, require_as_written
from kerasgen.record.file_names import (
    CONFIG,
    DATA,
    HISTORY,
    OVERRIDES,
    PREDICTIONS,
    RECORD,
    SOURCE_MAP,
)
from kerasgen.record.files import write_arrays, write_json
from kerasgen.record.read import (
    prediction_names,
    read_config,
    read_facts,
    read_history,
    read_overrides,
    read_record,
    read_source_map,
    require_written,
)
from kerasgen.record.run_folder import close_abandoned, open_record
from kerasgen.record.runs import read_config as listed_config
from kerasgen.record.runs import read_runs
from kerasgen.record.write import Record

READERS: dict[str, Callable[[Path], object]] = {
    CONFIG: read_config,
    SOURCE_MAP: read_source_map,
    OVERRIDES: read_overrides,
    HISTORY: read_history,
    PREDICTIONS: prediction_names,
    DATA: lambda folder: read_facts(folder, DATA),
}


def _left_by_a_run(folder: Path) -> Record:
    record = open_record(folder, Sink())
    record.write_text(CONFIG, "model: {}\n")
    record.write_text(OVERRIDES, "[]\n")
    write_json(folder / SOURCE_MAP, {"marks": {}, "steps": []})
    write_json(folder / DATA, {"rows": 3})
    record.add_epoch({"epoch": 1, "loss": 0.5})
    write_arrays(folder / PREDICTIONS, {"scores": [1.0]})
    (folder / "prepare").mkdir()
    (folder / "prepare" / "steps.json").write_text("{}")
    return record


def test_a_closed_record_has_size_and_checksum_of_each_file(tmp_path: Path) -> None:
    record = _left_by_a_run(tmp_path)
    for name in ("checkpoints", "folds", "wandb", "tensorboard"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "later").write_text("x")
    for name in ("tags.json", "console.log", "mine.csv"):
        (tmp_path / name).write_text("x")
    assert "checksums" not in record.fields
    record.finish("completed")
    told = json.loads((tmp_path / RECORD).read_text())["checksums"]
    assert set(told) == {*READERS, "prepare/steps.json", "mine.csv"}
    for name, each in told.items():
        content = (tmp_path / name).read_bytes()
        assert each == {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


@pytest.mark.parametrize("name", READERS)
def test_an_edited_file_is_refused_by_its_reader(tmp_path: Path, name: str) -> None:
    _left_by_a_run(tmp_path).finish("completed")
    path, reader = tmp_path / name, READERS[name]
    if name != SOURCE_MAP:
        reader(tmp_path)
    content = path.read_bytes()
    for other in (content[:-1], content + b"\n", content[:-1] + bytes([content[-1] ^ 1])):
        path.write_bytes(other)
        with pytest.raises(ForeignFileError) as caught:
            reader(tmp_path)
        assert caught.value.code == EDITED
        assert "is not the file that the run has written" in caught.value.reason
        assert f"take `{name}` out of `checksums`" in (caught.value.help or "")


def test_an_edited_config_is_a_warning_in_a_listing(tmp_path: Path) -> None:
    _left_by_a_run(tmp_path / "a").finish("completed")
    (tmp_path / "a" / CONFIG).write_text("model: {a: 1}\n")
    sink = Sink()
    (run,) = read_runs(tmp_path, sink)
    assert not sink.diagnostics
    assert listed_config(run, sink) == {}
    assert [found.code for found in sink.diagnostics] == [EDITED]


def test_a_run_that_goes_on_has_no_checksums_until_it_closes(tmp_path: Path) -> None:
    _left_by_a_run(tmp_path).finish("interrupted")
    assert "checksums" in read_record(tmp_path).fields
    record = open_record(tmp_path, Sink(), resumed=True)
    assert "checksums" not in read_record(tmp_path).fields
    record.add_epoch({"epoch": 2, "loss": 0.25})
    assert len(read_history(tmp_path)) == 1
    record.finish("completed")
    assert len(read_history(tmp_path)) == 1


def test_a_record_that_another_process_closes_has_no_checksums(tmp_path: Path) -> None:
    record = _left_by_a_run(tmp_path)
    record.update(process={"pid": 1, "boot": "another"})
    assert close_abandoned(tmp_path, "failed", "killed")
    assert "checksums" not in read_record(tmp_path).fields


def test_what_leads_out_of_the_folder_or_is_no_file_has_no_checksum(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (tmp_path / "secret").write_text("x")
    (run / "link").symlink_to("../secret")
    os.mkfifo(run / "pipe")
    assert checksums(run, ["link", "pipe", "gone", RECORD]) == {}


def test_a_file_with_holes_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "model.keras").open("wb") as file:
        file.truncate(2**42)
    known = known_checksums({"checksums": {"model.keras": {"sha256": "0", "bytes": 2**42}}})
    with pytest.raises(ForeignFileError) as caught:
        require_as_written(tmp_path, "model.keras", known["model.keras"])
    assert caught.value.code == TOO_MUCH


@pytest.mark.parametrize(
    "told",
    [None, 3, ["a"], {"a": None}, {"a": {}}, {"a": {"sha256": 3}}, {"a": "0"}, {"a": [1]}],
)
def test_checksums_that_are_none_are_passed_over(told: object) -> None:
    assert known_checksums({"checksums": told}) == {}


def test_a_file_that_is_gone_or_a_link_out_is_told_as_such(tmp_path: Path) -> None:
    run, record = tmp_path / "run", {"checksums": {"a": {"sha256": "0", "bytes": True}}}
    run.mkdir()
    with pytest.raises(ForeignFileError) as caught:
        require_written(run, "a", record)
    assert caught.value.missing
    (run / "a").symlink_to("/etc/hostname")
    with pytest.raises(ForeignFileError) as caught:
        require_written(run, "a", record)
    assert caught.value.code == NOT_ORDINARY
    require_written(run, "b", record)
    require_written(tmp_path / "none", "b")
