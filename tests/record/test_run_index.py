"""The index of records: it saves reading, and is never believed where the record is another one."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kerasgen.diagnostics import Sink
from kerasgen.record import run_index
from kerasgen.record import runs as listing
from kerasgen.record.file_names import RECORD
from kerasgen.record.read import read_record
from kerasgen.record.runs import RunEntry, read_runs

MakeRun = Callable[..., Path]


@pytest.fixture
def root(tmp_path: Path, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with three runs, of which an index is made at once."""
    monkeypatch.setenv("KERASGEN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(run_index, "LEAST_RUNS", 1)
    monkeypatch.setattr(run_index, "_SETTLED", 0.0)
    for number in range(3):
        make_run(
            f"outputs/{number}",
            name=f"run {number}",
            metrics={"test": {"loss": number / 7, "odd": "NaN"}},
            choices={"data": "digits"},
            git={"dirty": number == 1},
        )
    return tmp_path / "outputs"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the folders whose records are read."""
    names: list[str] = []

    def noting(folder: Path) -> Any:
        names.append(folder.name)
        return read_record(folder)

    monkeypatch.setattr(listing.reading, "read_record", noting)
    monkeypatch.setattr(run_index, "read_record", noting)
    return names


def listed(root: Path) -> list[RunEntry]:
    sink = Sink()
    runs = read_runs(root, sink)
    assert sink.diagnostics == []
    return sorted(runs, key=lambda run: run.id)


def told(runs: list[RunEntry]) -> list[Any]:
    return [(run.id, run.name, run.status, repr(run.metrics), dict(run.fields)) for run in runs]


def index(root: Path) -> Path:
    (path,) = (root.parent / "cache").glob("runs-*.json")
    return path


def test_a_second_listing_reads_no_record(root: Path, read: list[str]) -> None:
    first = listed(root)
    assert sorted(read) == ["0", "1", "2"]
    read.clear()
    second = listed(root)
    assert [run.metrics["test"]["loss"] for run in second] == [0, 1 / 7, 2 / 7]
    assert [run.fields.get("weights") for run in second] == [None] * 3
    assert read == []
    assert [run.fields["git"]["dirty"] for run in second] == [False, True, False]
    assert sorted(read) == ["0", "1", "2"]
    assert told(second) == told(first)


def test_the_same_folder_by_another_path_has_the_same_index(
    root: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    listed(root)
    read.clear()
    monkeypatch.chdir(root)
    assert [run.id for run in listed(Path("."))] == ["0", "1", "2"]
    assert [run.id for run in listed(Path("../outputs"))] == ["0", "1", "2"]
    (root.parent / "link").symlink_to(root)
    assert [run.id for run in listed(root.parent / "link")] == ["0", "1", "2"]
    assert read == []


def _rewritten(path: Path) -> None:
    path.write_text(path.read_text().replace('"run 1"', '"run X"'))


def _rewritten_with_its_old_times(path: Path) -> None:
    found = path.stat()
    _rewritten(path)
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))


def _replaced(path: Path) -> None:
    other = path.with_name("other")
    other.write_text(path.read_text().replace('"run 1"', '"run X"'))
    os.replace(other, path)


@pytest.mark.parametrize(
    "change", [_rewritten, _rewritten_with_its_old_times, _replaced], ids=lambda f: f.__name__
)
def test_a_record_that_changed_is_read_anew(
    root: Path, read: list[str], change: Callable[[Path], None]
) -> None:
    listed(root)
    read.clear()
    change(root / "1" / RECORD)
    assert [run.name for run in listed(root)] == ["run 0", "run X", "run 2"]
    assert read == ["1"]
    read.clear()
    assert [run.name for run in listed(root)] == ["run 0", "run X", "run 2"]
    assert read == []


def test_a_run_that_is_gone_or_new_is_seen(root: Path, make_run: MakeRun) -> None:
    listed(root)
    (root / "1" / RECORD).unlink()
    make_run("outputs/3", name="run 3")
    assert [run.name for run in listed(root)] == ["run 0", "run 2", "run 3"]
    assert sorted(json.loads(index(root).read_text())["runs"]) == ["0", "2", "3"]


def test_a_record_in_the_place_of_another_is_not_taken_for_it(root: Path) -> None:
    listed(root)
    os.replace(root / "2" / RECORD, root / "1" / RECORD)
    assert [run.name for run in listed(root)] == ["run 0", "run 2"]


def test_open_runs_links_and_what_is_warned_of_are_always_read(
    root: Path, make_run: MakeRun, read: list[str]
) -> None:
    make_run("outputs/open", status="running")
    make_run("outputs/new", schema=99)
    make_run("elsewhere", name="linked")
    (root / "link").mkdir()
    (root / "link" / RECORD).symlink_to("../0/record.json")
    for _ in range(2):
        sink = Sink()
        read.clear()
        read_runs(root, sink)
        assert {"open", "new", "link"} <= set(read)
        assert sorted(found.code for found in sink.diagnostics) == ["KG612", "KG613"]
    assert sorted(json.loads(index(root).read_text())["runs"]) == ["0", "1", "2"]


def test_a_record_that_has_changed_just_now_is_not_taken_in(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_index, "_SETTLED", 60.0)
    listed(root)
    assert not (root.parent / "cache").exists()


def test_few_runs_make_no_index(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_index, "LEAST_RUNS", 4)
    listed(root)
    assert not (root.parent / "cache").exists()


def _entry(outputs: Path, **changed: Any) -> str:
    found = json.loads(index(outputs).read_text())
    return json.dumps(found | changed)


def _with_strange_entries(root: Path, entry: object) -> str:
    found = json.loads(index(root).read_text())
    return json.dumps(found | {"runs": dict.fromkeys(found["runs"], entry)})


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "3",
        "null",
        '"text"',
        "[" * 100_000,
        "9" * 100_000,
        "\ud800",
        lambda root: index(root).read_text()[:-40],
        lambda root: _entry(root, form=0),
        lambda root: _entry(root, root="/elsewhere"),
        lambda root: _entry(root, runs=[]),
        lambda root: _entry(root, runs={"0": None}),
        lambda root: _with_strange_entries(root, [1]),
        lambda root: _with_strange_entries(root, [[1, 2, 3, 4], {}]),
        lambda root: _with_strange_entries(root, [[1, 2, 3, 4], {"status": 3}]),
        lambda root: _with_strange_entries(root, [[1, 2, 3, 4], {"status": "x", "git": 1}]),
        lambda root: _with_strange_entries(root, "ab"),
        lambda root: _with_strange_entries(root, {"a": 1, "b": 2}),
        lambda root: _with_strange_entries(root, [[0, 0, 0, 0], {"status": "failed"}]),
    ],
)
def test_an_index_that_is_none_is_passed_over(root: Path, content: Any) -> None:
    before = told(listed(root))
    text = content(root) if callable(content) else content
    index(root).write_bytes(text.encode("utf-8", "surrogatepass"))
    assert told(listed(root)) == before
    assert set(json.loads(index(root).read_text())["runs"]) == {"0", "1", "2"}


def test_an_index_may_be_no_file_and_need_not_be_writable(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = told(listed(root))
    path = index(root)
    path.unlink()
    os.mkfifo(path)
    assert told(listed(root)) == before
    path.unlink()
    path.mkdir()
    assert told(listed(root)) == before
    monkeypatch.setenv("KERASGEN_CACHE", str(root / "0" / RECORD))
    assert told(listed(root)) == before
    monkeypatch.delenv("KERASGEN_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)

    def homeless() -> Path:
        raise RuntimeError("no home")

    monkeypatch.setattr(Path, "home", homeless)
    assert told(listed(root)) == before


def test_a_run_that_goes_away_meanwhile_keeps_what_is_known(root: Path) -> None:
    listed(root)
    runs = listed(root)
    (root / "1" / RECORD).unlink()
    assert runs[1].fields["name"] == "run 1"
    assert "git" not in runs[1].fields
    assert len(runs[1].fields) == len(list(runs[1].fields))


def test_the_oldest_indexes_are_removed(root: Path) -> None:
    listed(root)
    cache = root.parent / "cache"
    for number in range(30):
        (cache / f"runs-{number:016x}.json").write_text("{}")
        os.utime(cache / f"runs-{number:016x}.json", (number, number))
    (root / "1" / RECORD).unlink()
    listed(root)
    left = sorted(cache.glob("runs-*.json"))
    assert len(left) == 20
    assert "runs-0000000000000000.json" not in [path.name for path in left]
