"""Numbers that are read as such from text are told as they stand there, or are read as words."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from kerasgen.data.columns import row_chunks
from kerasgen.data.columns.counted_rows import tallied, tallied_stream
from kerasgen.data.columns.row_chunks import streamed
from kerasgen.data.columns.tally import TableTally
from kerasgen.data.columns.written_numbers import SHORTEST, decimals_of, word_of
from kerasgen.data.sources.table_file import TableFile
from kerasgen.runtime.tabular import table_files, text_tables
from kerasgen.runtime.tabular.number_columns import NoNumbersError

pytest.importorskip("polars")

RANDOM = np.random.default_rng(5)
ROWS = 2_400
WHOLE = [str(number) for number in RANDOM.integers(-40, 400, ROWS).tolist()]
FRACTIONS = [repr(number) for number in (RANDOM.normal(size=ROWS).round(2) + 0.0).tolist()]
WORDS = RANDOM.choice(["Rome", "Oslo"], ROWS).tolist()


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_chunks, "LARGE", 0)
    monkeypatch.setattr(row_chunks, "MOST_COUNTED", 10_000)
    for module in (table_files, text_tables):
        monkeypatch.setattr(module, "PIECE_ROWS", 700)


def written(path: Path, cells: list[str], others: list[str] = WORDS) -> TableFile:
    path.write_text("a;b\n" + "".join(f"{a};{b}\n" for a, b in zip(cells, others, strict=True)))
    return TableFile(path=str(path))


def by_words(source: TableFile) -> TableTally:
    chunks = streamed(source)
    assert chunks is not None
    return tallied(chunks)


def told(tally: TableTally) -> dict[str, object]:
    """What is told of the first column, in whatever order equally frequent values come."""
    figures = tally.figures()
    found = dataclasses.asdict(figures.columns["a"])
    del found["frequent"], found["examples"]
    found["counted"] = dict(tally.columns["a"].frequent)
    return found | {"twins": tally.twins(), "rows": figures.rows, "repeated": figures.repeated}


@pytest.mark.parametrize(
    ("cells", "way"),
    [
        (["1", "-20", "0", "-0"], 0),
        (["1", "2.5"], 0),
        (["1.0", "2.5", "-0.0", "1e-07"], SHORTEST),
        (["1.50", "-0.25", "-0.00"], 2),
        (["0.1000000000000000055511151"], 25),
        (["007", "12"], None),
        (["+3", "4"], None),
        (["1e3", "4"], None),
        (["1.0", "1"], None),
        ([".5", "5."], None),
        (["1.50", "2.5", "3.125"], None),
    ],
)
def test_one_way_of_writing_gives_all_numbers_or_there_is_none(cells, way) -> None:
    assert decimals_of(cells) == way
    if way is not None:
        words = [word_of(float(cell), way) for cell in cells]
        assert words == [cell if float(cell) else cell.removeprefix("-") for cell in cells]


def test_a_number_with_more_decimals_than_others_is_told_with_all_of_them() -> None:
    assert word_of(2.125, 1) == "2.125"
    assert word_of(1e-9, 2) == "1e-09"


def late(*cells: str) -> list[str]:
    return [*WHOLE[: -len(cells)], *cells]


def early(*cells: str) -> list[str]:
    return [*cells, *WHOLE[: -len(cells)]]


CELLS = {
    "whole": WHOLE,
    "fractions": FRACTIONS,
    "decimals": [f"{float(cell):.2f}" for cell in FRACTIONS if float(cell)],
    "whole ones before fractions": [
        *WHOLE[:1500],
        *(cell for cell in FRACTIONS if cell[-2:] != ".0"),
    ],
    "some missing": ["" if row % 7 else cell for row, cell in enumerate(WHOLE)],
    "a mark": ["?" if row % 7 else cell for row, cell in enumerate(FRACTIONS)],
    "a late mark": late("NA", "?"),
    "none at first": ["" if row < 1500 else cell for row, cell in enumerate(WHOLE)],
    "a late word": late("n.k.", "x"),
    "an early word": early("n.k."),
    "not a number": late("nan", "NAN", "-nan"),
    "no end": late("inf", "-Infinity", "1e400"),
    "a thousand": late("1_000", "0x10"),
    "blanks": late(" 7", "8 "),
    "early zeros": early("007", "+3", "1e3"),
    "beyond": [str(2**53 + row % 900) for row in range(ROWS)],
    "late beyond": [*WHOLE[:1500], *(str(2**60 + row) for row in range(ROWS - 1500))],
    "beyond and fractions": [*FRACTIONS[:1500], *(str(2**53 + row) for row in range(0, 1800, 2))],
    "a truth": [cell[-1] for cell in WHOLE],
}


@pytest.mark.parametrize("cells", CELLS.values(), ids=CELLS)
def test_numbers_tell_what_words_tell(cells: list[str], tmp_path: Path) -> None:
    others = [WORDS[row % ROWS] for row in range(len(cells))]
    source = written(tmp_path / "t.csv", cells, others)
    found = tallied_stream(source)
    assert found is not None
    assert told(found) == told(by_words(source))


def test_columns_of_plain_numbers_are_no_words(tmp_path: Path) -> None:
    chunks = streamed(written(tmp_path / "t.csv", FRACTIONS, WHOLE), words=())
    assert chunks is not None
    for chunk in chunks:
        assert chunk["a"].numbers is not None
        assert chunk["b"].numbers is not None
        with pytest.raises(NoNumbersError):
            list(streamed(written(tmp_path / "u.csv", late("x")), words=()) or ())
        break


def test_a_number_that_is_written_otherwise_later_is_the_same_number(tmp_path: Path) -> None:
    found = tallied_stream(written(tmp_path / "t.csv", late("7.0", "007", "+7", "-0")))
    assert found is not None
    figures = found.figures().columns["a"]
    assert figures.distinct == len({float(cell) for cell in late("7", "0")})
    assert found.columns["a"].frequent["7"] == late("7.0", "007", "+7", "-0").count("7") + 3


def test_columns_that_are_the_same_are_told_also_where_one_is_said_to_be_numbers(tmp_path) -> None:
    path = tmp_path / "t.csv"
    written(path, WHOLE, WHOLE)
    for said in ({}, {"bad": "skip", "numbers": ["a"]}, {"missing_values": {"a": ["-99"]}}):
        found = tallied_stream(TableFile(path=str(path), **said))
        assert found is not None
        assert found.twins() == {"b": "a"}


@pytest.mark.parametrize("second", [WHOLE, FRACTIONS, ["0" + cell for cell in WHOLE], WORDS])
def test_several_files_are_read_alike(second: list[str], tmp_path: Path) -> None:
    written(tmp_path / "1.csv", WHOLE)
    written(tmp_path / "2.csv", second)
    (tmp_path / "3.csv").write_text("b;a\n")
    source = TableFile(path=str(tmp_path / "*.csv"))
    found = tallied_stream(source)
    assert found is not None
    assert told(found) == told(by_words(source))
