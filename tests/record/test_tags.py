"""The tags of a run: the file of their own, and who may write it."""

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from kerasgen.diagnostics import Sink
from kerasgen.foreign.regular_files import ForeignFileError
from kerasgen.record.file_names import TAGS
from kerasgen.record.run_folder import open_record
from kerasgen.record.runs import read_run
from kerasgen.record.tags import MOST_TAGS, change_tags, is_tag, read_tags

MakeRun = Callable[..., Path]


@pytest.mark.parametrize("word", ["paper", "v1.2", "a_b-c+d", "größe", "7", "x" * 40])
def test_a_word_is_a_tag(word: str) -> None:
    assert is_tag(word)


@pytest.mark.parametrize("word", ["", "-x", "_x", "a b", "a=b", "a,b", "a/b", "a\x1b", "x" * 41])
def test_another_is_none(word: str) -> None:
    assert not is_tag(word)


def test_tags_keep_their_order_and_are_there_once(make_run: MakeRun) -> None:
    folder = make_run("a")
    assert read_tags(folder) == ()
    assert change_tags(folder, ["b", "a", "b"], []) == ("b", "a")
    assert change_tags(folder, ["c", "b"], ["a", "never"]) == ("b", "c")
    assert read_tags(folder) == ("b", "c")


def test_nothing_is_written_where_nothing_changes(make_run: MakeRun) -> None:
    folder = make_run("a")
    change_tags(folder, [], ["b"])
    assert not (folder / TAGS).exists()


def test_a_run_at_work_loses_neither_its_record_nor_its_tags(tmp_path: Path) -> None:
    record = open_record(tmp_path / "run", Sink())
    change_tags(tmp_path / "run", ["paper"], [])
    record.start(step="fit")
    record.finish("completed")
    entry = read_run(tmp_path / "run", tmp_path, Sink())
    assert (entry.status, entry.tags, entry.fields["step"]) == ("completed", ("paper",), "fit")
    assert TAGS in entry.fields["files"]


def test_a_run_in_the_folder_of_a_dead_one_has_none_of_its_tags(tmp_path: Path) -> None:
    open_record(tmp_path, Sink()).finish("failed")
    change_tags(tmp_path, ["paper"], [])
    open_record(tmp_path, Sink())
    assert read_tags(tmp_path) == ()


def test_of_those_who_tag_at_the_same_time_none_is_lost(make_run: MakeRun) -> None:
    folder = make_run("a")
    words = [f"t{number}" for number in range(20)]
    threads = [threading.Thread(target=change_tags, args=(folder, [w], [])) for w in words]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(read_tags(folder)) == set(words)


@pytest.mark.parametrize(
    "content", ["{}", "[1]", '["a b"]', '["\\u001b[31m"]', "[", json.dumps(["x"] * 1_000)]
)
def test_a_strangers_file_of_tags_is_refused(content: str, make_run: MakeRun) -> None:
    folder = make_run("a")
    (folder / TAGS).write_text(content, encoding="utf-8")
    with pytest.raises(ForeignFileError):
        read_tags(folder)
    sink = Sink()
    entry = read_run(folder, folder.parent, sink)
    assert entry.tags == ()
    assert sink.diagnostics[0].code in ("KG606", "KG614")


@pytest.mark.skipif(os.name != "posix", reason="links and pipes of POSIX")
def test_tags_are_never_read_or_written_through_a_link(make_run: MakeRun, tmp_path: Path) -> None:
    folder = make_run("a")
    outside = tmp_path / "outside.json"
    outside.write_text('["mine"]')
    (folder / TAGS).symlink_to(outside)
    with pytest.raises(ForeignFileError, match="out of its folder"):
        change_tags(folder, ["b"], [])
    assert outside.read_text() == '["mine"]'


def test_a_run_has_not_more_tags_than_are_read_again(make_run: MakeRun) -> None:
    folder = make_run("a")
    change_tags(folder, [f"t{number}" for number in range(MOST_TAGS)], [])
    assert len(read_tags(folder)) == MOST_TAGS
    with pytest.raises(ForeignFileError, match="expected at most"):
        change_tags(folder, ["more"], [])
