"""What the counts of the house must not exceed; `house_counts` prints them all."""

from collections import Counter
from pathlib import Path

import pytest
from house_counts import ROOT, Counts, Slots, count_house, shortened
from shared_work import FREE_FILES, FREE_FOLDERS, LONG_FILES, TORCH_FILES

MOST_BARE = 3.0
"""Percent of the slots of all rooms that may be `Any` alone."""


@pytest.fixture(scope="module")
def counts() -> Counts:
    return count_house(ROOT)


def test_no_module_is_longer_than_four_hundred_lines(counts: Counts) -> None:
    assert [str(place) for place in counts.long_modules] == []


def test_no_function_is_longer_than_a_hundred_lines(counts: Counts) -> None:
    assert [str(place) for place in counts.too_long_functions] == []


def test_no_function_has_more_than_six_parameters(counts: Counts) -> None:
    assert [str(place) for place in counts.many_parameters] == []


def test_no_file_name_stands_twice_in_a_room(counts: Counts) -> None:
    assert counts.twice == []


def test_no_name_of_a_test_file_stands_twice() -> None:
    """pytest takes the second for the first, and refuses it."""
    names = Counter(file.name for file in (ROOT / "tests").rglob("test_*.py"))
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("listed", [LONG_FILES, TORCH_FILES, FREE_FILES])
def test_the_files_that_workers_are_given_by_name_are_there(listed: tuple[str, ...]) -> None:
    names = [file.name for file in (ROOT / "tests").rglob("test_*.py")]
    assert [name for name in listed if name not in names] == []
    assert len(set(listed)) == len(listed)


def test_each_file_has_one_backend_or_any() -> None:
    assert set(TORCH_FILES).isdisjoint(FREE_FILES)
    assert [name for name in FREE_FOLDERS if not (ROOT / "tests" / name).is_dir()] == []


def test_no_two_files_of_a_room_differ_by_an_ending_alone(counts: Counts) -> None:
    assert counts.twins == []


def test_what_is_public_and_raises_says_so(counts: Counts) -> None:
    assert [str(place) for place in counts.raising_untold] == []


def test_less_than_three_percent_of_the_slots_are_any_alone(counts: Counts) -> None:
    assert Slots.of_all(counts.slots.values()).share < MOST_BARE


@pytest.mark.parametrize("name", ["check", "checks", "checked", "checker", "checking"])
def test_endings_are_all_that_twins_differ_by(name: str) -> None:
    assert shortened(name) == "check"


@pytest.mark.parametrize(("one", "other"), [("model", "modern"), ("calls", "cast"), ("as", "a")])
def test_other_names_are_no_twins(one: str, other: str) -> None:
    assert shortened(one) != shortened(other)


def test_what_is_wrong_in_a_module_is_counted(tmp_path: Path) -> None:
    package = tmp_path / "kerasgen" / "room"
    package.mkdir(parents=True)
    (package / "deep").mkdir()
    (package / "deep" / "check.py").write_text("")
    (package / "check.py").write_text("")
    (package / "checking.py").write_text(
        "class Pair:\n"
        "    left: Any\n"
        "    def join(self, a: int, b, c, d, e, *f, g: dict[str, Any]) -> Any:\n"
        "        raise ValueError\n"
        "    def told(self) -> None:\n"
        '        """Tells.\n\n        Raises:\n            ValueError: always.\n        """\n'
        "        raise ValueError\n" + "\n" * 400
    )
    counts = count_house(tmp_path)
    (slots,) = counts.slots.values()
    assert [place.name for place in counts.many_parameters] == ["join"]
    assert [place.name for place in counts.raising_untold] == ["join"]
    assert [place.path for place in counts.long_modules] == ["kerasgen/room/checking.py"]
    assert (slots.all, slots.bare, slots.inside) == (10, 2, 1)
    assert counts.twice == ["room/check.py ~ room/deep/check.py"]
    assert counts.twins == ["room/check.py ~ room/checking.py"]
