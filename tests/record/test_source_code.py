"""The hash of the source in use, and the variables on which results depend."""

from pathlib import Path

from kerasgen.record.environment import environment
from kerasgen.record.source_code import hashes_below, own_code


def test_a_line_of_the_source_changes_the_hash_of_its_room_alone(tmp_path: Path) -> None:
    (tmp_path / "passes").mkdir()
    (tmp_path / "passes" / "a.py").write_text("a = 1\n")
    (tmp_path / "engine.py").write_text("b = 1\n")
    (tmp_path / "page.md").write_text("text\n")
    before = hashes_below(tmp_path)
    (tmp_path / "page.md").write_text("another text\n")
    assert hashes_below(tmp_path) == before
    (tmp_path / "passes" / "a.py").write_text("a = 2\n")
    after = hashes_below(tmp_path)
    assert after["sha256"] != before["sha256"]
    assert set(before["rooms"]) == {"passes", "engine"}  # type: ignore[call-overload]
    assert after["rooms"]["engine"] == before["rooms"]["engine"]  # type: ignore[index]
    assert after["rooms"]["passes"] != before["rooms"]["passes"]  # type: ignore[index]


def test_a_moved_file_changes_the_hash(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("")
    before = hashes_below(tmp_path)
    (tmp_path / "a.py").rename(tmp_path / "b.py")
    assert hashes_below(tmp_path)["sha256"] != before["sha256"]


def test_a_package_without_source_has_no_hash(tmp_path: Path) -> None:
    assert hashes_below(tmp_path) == {}


def test_the_own_source_is_hashed_room_by_room() -> None:
    found = own_code()
    assert {"record", "engines", "compiler"} <= set(found["rooms"])  # type: ignore[call-overload]
    assert own_code() is found


def test_variables_on_which_no_result_depends_are_not_recorded() -> None:
    given = {"OMP_NUM_THREADS": "2", "AWS_SECRET_ACCESS_KEY": "x", "XLA_FLAGS": "--a", "HOME": "/"}
    assert environment(given) == {"OMP_NUM_THREADS": "2", "XLA_FLAGS": "--a"}
