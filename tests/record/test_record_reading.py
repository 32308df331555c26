"""The one reader of a run's files: what it reads, and what of a stranger's it refuses."""

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from kerasgen.diagnostics import SourceLocation, SourceMap
from kerasgen.diagnostics.source_map import Mark
from kerasgen.diagnostics.source_map_data import to_plain
from kerasgen.foreign.regular_files import NOT_ORDINARY, TOO_MUCH, ForeignFileError
from kerasgen.record.file_names import (
    CONFIG,
    HISTORY,
    METRICS,
    OVERRIDES,
    PREDICTIONS,
    RECORD,
    SOURCE_MAP,
)
from kerasgen.record.files import write_arrays, write_history
from kerasgen.record.read import (
    MOST_CELLS,
    is_run,
    prediction_names,
    read_config,
    read_facts,
    read_history,
    read_known_record,
    read_overrides,
    read_record,
    read_source_map,
)
from kerasgen.record.versions import NEWER, SCHEMA

READERS: dict[str, Callable[[Path], object]] = {
    RECORD: read_record,
    CONFIG: read_config,
    METRICS: lambda folder: read_facts(folder, METRICS),
    OVERRIDES: read_overrides,
    SOURCE_MAP: read_source_map,
    HISTORY: read_history,
    PREDICTIONS: prediction_names,
}


def _fault(folder: Path, name: str) -> ForeignFileError:
    with pytest.raises(ForeignFileError) as caught:
        READERS[name](folder)
    return caught.value


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _folder(path: Path) -> None:
    path.mkdir()


def _link_out(path: Path) -> None:
    (path.parent.parent / "secret").write_text("{}")
    path.symlink_to("../secret")


def _huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2**40)


def _empty(path: Path) -> None:
    path.touch()


def _noise(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 9)


def _dangling(path: Path) -> None:
    path.symlink_to("nothing")


def _circle(path: Path) -> None:
    path.symlink_to(path.name)


def _utf_16(path: Path) -> None:
    path.write_text("schema: 1", encoding="utf-16")


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize(
    ("make", "code"),
    [
        (_pipe, NOT_ORDINARY),
        (_device, NOT_ORDINARY),
        (_folder, NOT_ORDINARY),
        (_link_out, NOT_ORDINARY),
        (_huge, (TOO_MUCH, None)),
        (_noise, None),
        (_dangling, None),
        (_circle, None),
        (_utf_16, None),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_no_file_of_a_run_is_read_that_is_no_sound_one(
    name: str, make: Callable[[Path], None], code: object, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    make(folder / name)
    error = _fault(folder, name)
    assert error.code in (code if isinstance(code, tuple) else (code,))
    assert error.reason


@pytest.mark.parametrize("name", READERS)
def test_a_file_that_is_not_there_is_a_fault_of_its_own_kind(name: str, tmp_path: Path) -> None:
    assert _fault(tmp_path, name).missing


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
@pytest.mark.parametrize("name", READERS)
def test_a_file_without_permission_is_told(name: str, tmp_path: Path) -> None:
    (tmp_path / name).touch(stat.S_IWUSR)
    assert "permission denied" in _fault(tmp_path, name).reason


def test_a_run_is_a_folder_with_a_record_whatever_that_is(tmp_path: Path) -> None:
    assert not is_run(tmp_path)
    (tmp_path / RECORD).symlink_to("nothing")
    assert is_run(tmp_path)


@pytest.mark.parametrize("word", ["nul\0", "x" * 5_000, "a=" + "b/" * 4_000, "", "\ud800"])
def test_a_word_that_can_name_nothing_is_no_run(word: str) -> None:
    assert not is_run(word)


def test_a_newer_record_is_read_with_a_fault_at_the_line_of_its_version(tmp_path: Path) -> None:
    fields = {"status": "completed", "schema": SCHEMA + 1, "kerasgen": "9.1"}
    (tmp_path / RECORD).write_text(json.dumps(fields, indent=2))
    found = read_record(tmp_path)
    assert found.fields == fields
    assert found.newer is not None
    assert (found.newer.code, found.newer.line) == (NEWER, 3)
    with pytest.raises(ForeignFileError, match=r"kerasgen 9\.1 wrote it"):
        read_known_record(tmp_path)


@pytest.mark.parametrize(
    "text", ["a: 1\na: 2", "- a", "", "1: a", "true: a", "? [a]\n: b", "a: &x 1\nb: *x", "a: !!set"]
)
def test_a_config_is_a_mapping_with_text_as_keys(text: str, tmp_path: Path) -> None:
    (tmp_path / CONFIG).write_text(text)
    assert _fault(tmp_path, CONFIG).reason


@pytest.mark.parametrize("text", ["a: 1", "", "[1]", "[[a]]", "a", "[a, null]"])
def test_overrides_are_a_list_of_texts(text: str, tmp_path: Path) -> None:
    (tmp_path / OVERRIDES).write_text(text)
    assert _fault(tmp_path, OVERRIDES).reason


def test_overrides_are_read_as_they_were_written(tmp_path: Path) -> None:
    (tmp_path / OVERRIDES).write_text("- model=cnn\n- name='a, b'\n- seed=1\n")
    assert read_overrides(tmp_path) == ["model=cnn", "name='a, b'", "seed=1"]


def test_a_history_gives_the_bits_that_were_written(tmp_path: Path) -> None:
    rows = [{"epoch": 1, "seconds": 0.1, "loss": 1 / 3}, {"epoch": 2, "seconds": 0.2, "f 1": 1e-7}]
    write_history(tmp_path / HISTORY, rows)
    assert read_history(tmp_path) == rows


@pytest.mark.parametrize(
    ("text", "reason", "line"),
    [
        ("epoch,loss\n1,0.5\n2\n", "has 1 cells in one row, expected 2", 3),
        ("epoch,loss\n1,low\n", "has `low` as `loss`, expected a number", 2),
        ("epoch,loss\n1.5,0.5\n", "has `1.5` as `epoch`, expected a number", 2),
        ("epoch,loss,loss\n", "two columns of one name", 1),
        ('epoch,loss\n1,"0.5\n', "is not a history", None),
        ('epoch,loss\n1,"0.5"x\n', "is not a history", 2),
        ("epoch\n" + "9" * 5_000 + "\n", "expected a number", 2),
    ],
)
def test_a_history_is_a_table_of_numbers(
    text: str, reason: str, line: int | None, tmp_path: Path
) -> None:
    (tmp_path / HISTORY).write_text(text)
    error = _fault(tmp_path, HISTORY)
    assert reason in error.reason
    assert line is None or error.line == line


@pytest.mark.parametrize("sign", [",", "\n"])
def test_a_history_of_too_many_cells_is_not_read(sign: str, tmp_path: Path) -> None:
    (tmp_path / HISTORY).write_text(sign * (MOST_CELLS + 1))
    assert _fault(tmp_path, HISTORY).code == TOO_MUCH


def test_the_names_of_predictions_are_read_without_the_arrays(tmp_path: Path) -> None:
    write_arrays(tmp_path / PREDICTIONS, {"rows": [1, 2], "predicted": [[0.5], [0.5]]})
    assert prediction_names(tmp_path) == ["rows", "predicted"]


def _map_of(file: str) -> SourceMap:
    place = SourceLocation(file=file, line=3, column=5, length=4)
    return SourceMap(marks={"model.layers.a": Mark(key=place, value=place)})


def test_a_source_map_is_read_as_it_was_written(tmp_path: Path) -> None:
    written = _map_of("conf/model/mine.yaml")
    (tmp_path / SOURCE_MAP).write_text(json.dumps(to_plain(written)))
    assert read_source_map(tmp_path) == written


def test_a_source_map_that_names_another_file_than_a_config_is_refused(tmp_path: Path) -> None:
    (tmp_path / SOURCE_MAP).write_text(json.dumps(to_plain(_map_of("/home/me/.netrc"))))
    assert "names `/home/me/.netrc`, no config" in _fault(tmp_path, SOURCE_MAP).reason
