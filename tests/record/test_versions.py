"""Records of older versions, read with the keys of today."""

import json
from collections.abc import Callable
from pathlib import Path

from kerasgen.record.checksums import known_checksums
from kerasgen.record.file_names import MODEL, RECORD
from kerasgen.record.read import read_record
from kerasgen.record.versions import SCHEMA, with_todays_keys

OLD = {
    "schema": 1,
    "status": "completed",
    "model": {
        "bytes": 7,
        "reload_difference": 0.0,
        "checksums": {MODEL: "ab", "prepare/steps.json": "cd"},
    },
}


def test_the_checksums_of_version_1_stand_where_todays_do() -> None:
    found = with_todays_keys(OLD)
    assert found["schema"] == SCHEMA
    assert found["model"] == {"bytes": 7, "reload_difference": 0.0}
    known = known_checksums(found)
    assert (known[MODEL].sha256, known[MODEL].size) == ("ab", 7)
    assert (known["prepare/steps.json"].sha256, known["prepare/steps.json"].size) == ("cd", None)


def test_a_record_of_version_1_is_read_and_its_file_stays(make_run: Callable[..., Path]) -> None:
    folder = make_run("a", **OLD)
    before = (folder / RECORD).read_bytes()
    found = read_record(folder)
    assert (found.newer, found.fields["schema"]) == (None, SCHEMA)
    assert set(known_checksums(found.fields)) == {MODEL, "prepare/steps.json"}
    assert (folder / RECORD).read_bytes() == before


def test_a_strange_record_of_version_1_stays_as_it_is(tmp_path: Path) -> None:
    for model in (None, 3, [], {}, {"checksums": 3}, {"checksums": None, "bytes": "x"}):
        fields = {"schema": -5, "status": "completed", "model": model}
        (tmp_path / RECORD).write_text(json.dumps(fields))
        assert read_record(tmp_path).fields == {**fields, "schema": SCHEMA}


def test_todays_record_is_handed_on_as_it_is() -> None:
    fields = {"schema": SCHEMA, "status": "completed"}
    assert with_todays_keys(fields) is fields
