"""Rows of Python as a run takes them: of the shape of the training, from arrays or from files."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from kerasgen.diagnostics import CompileError, Sink
from kerasgen.frontend.parse.data import parse_data
from kerasgen.ir.schema import Column, Schema
from kerasgen.verbs.answers.python_rows import cut_piece, whole_piece
from kerasgen.verbs.answers.row_places import RowPlaces


def _run(shape: tuple[int, ...], source: str = "Arrays", **more: Any) -> Any:
    """What of a run of one column is looked at."""
    group = {"source": {"class": source, "path": "x"}, "features": "x", "target": "y", **more}
    column = Column(name="x", shape=shape, dtype="uint8" if len(shape) == 3 else "float32")
    schema = Schema(columns={"x": column}, complete=True, features={"input": ("x",)})
    data = parse_data({**group, "task": "classification"}, Sink())
    return SimpleNamespace(
        data=data, schema=schema, needed=("x",), check_columns=lambda names, places: None
    )


def _taken(run: Any, rows: Any) -> Any:
    return whole_piece(run, rows, RowPlaces(sink=Sink())).cells["x"]


def _told(run: Any, rows: Any) -> tuple[str, str, str | None]:
    with pytest.raises(CompileError) as caught:
        whole_piece(run, rows, RowPlaces(sink=Sink()))
    (found,) = caught.value.diagnostics
    return found.code, found.message, found.help


@pytest.mark.parametrize(
    ("shape", "given", "taken"),
    [
        ((4, 5, 3), (4, 5, 3), (1, 4, 5, 3)),
        ((4, 5, 3), (2, 4, 5, 3), (2, 4, 5, 3)),
        ((4, 5, 1), (2, 4, 5), (2, 4, 5, 1)),
        ((4, 5, 1), (4, 5), (1, 4, 5, 1)),
        ((4, 5), (2, 4, 5, 1), (2, 4, 5)),
        ((6,), (6,), (1, 6)),
        ((6,), (2, 6), (2, 6)),
        ((), (2,), (2,)),
        ((), (2, 1), (2,)),
    ],
)
def test_an_array_gets_the_shape_of_the_training(
    shape: tuple[int, ...], given: tuple[int, ...], taken: tuple[int, ...]
) -> None:
    array = np.arange(np.prod(given), dtype="float32").reshape(given)
    for rows in (array, {"x": array}, array.tolist()):
        found = _taken(_run(shape), rows)
        assert found.shape == taken
        assert found.ravel().tolist() == array.ravel().tolist()


@pytest.mark.parametrize(
    ("shape", "given", "wanted"),
    [
        ((6,), (3, 4), "(rows, 6)"),
        ((6,), (4,), "(rows, 6)"),
        ((), (2, 4), "(rows,)"),
        ((4, 5, 3), (2, 5, 4, 3), "(rows, 4, 5, 3)"),
    ],
)
def test_another_shape_is_told_beside_that_of_the_training(
    shape: tuple[int, ...], given: tuple[int, ...], wanted: str
) -> None:
    told = f"the column `x` has the shape {given}, expected {wanted}"
    assert _told(_run(shape), np.zeros(given)) == ("KG503", told, None)


@pytest.mark.parametrize("given", [(2, 4, 5), (2, 4, 5, 1)])
def test_grey_images_become_those_with_colours_as_the_help_says(given: tuple[int, ...]) -> None:
    run, images = _run((4, 5, 3)), np.zeros(given, "uint8")
    code, _, hint = _told(run, images)
    assert code == "KG503"
    assert hint is not None
    said = hint.partition("`")[2].rstrip("`")
    made = eval(said, {"numpy": np, "images": images})
    assert _taken(run, made).shape == (2, 4, 5, 3)


def test_lists_of_unequal_length_are_told_beside_the_shape_of_the_training() -> None:
    told = "the rows have rows of unequal length as `x`, expected (rows, 6)"
    assert _told(_run((6,)), [{"x": [1, 2]}, {"x": [1, 2, 3]}])[:2] == ("KG503", told)


def test_a_column_that_the_model_does_not_take_does_not_matter() -> None:
    rows = [{"x": [1.0, 2.0], "note": object(), "y": {}}, {"x": [3.0, 4.0], "z": [1, [2]]}]
    assert _taken(_run((2,)), rows).tolist() == [[1, 2], [3, 4]]
    assert _taken(_run((2,)), {"x": [[1.0, 2.0]], "n": [1, 2, 3]}).tolist() == [[1, 2]]


@pytest.mark.parametrize("source", ["Table", "ImageFolder"])
def test_paths_of_images_start_from_the_current_folder(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {"columns": {"x": "image"}} if source == "Table" else {}
    run = _run((4, 5, 3), source, **said)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "p").mkdir()
    Image.new("RGB", (5, 4), (7, 8, 9)).save(tmp_path / "p" / "1.png")
    path = Path("p") / "1.png"
    for rows in ([{"x": "p/1.png"}], {"x": [str(path)]}, [path], path, "p/1.png"):
        whole = whole_piece(run, rows, RowPlaces(sink=Sink()))
        piece = cut_piece(run, whole, 0, 10)
        assert piece.problems == {}
        assert piece.arrays["x"][:, 0, 0].tolist() == [[7, 8, 9]]
    whole = whole_piece(run, ["../p/1.png", "p/2.png"], RowPlaces(sink=Sink()))
    assert cut_piece(run, whole, 0, 10).problems == {
        0: "`../p/1.png` leads out of `.`",
        1: "`p/2.png` is not there",
    }


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (5, "rows are `int`, expected columns by name or a list of mappings"),
        ([{"x": 1}, 2], "a row is `int`, expected a mapping"),
        ([], "there are no rows to answer for"),
    ],
)
def test_what_is_no_row_is_told(rows: Any, told: str) -> None:
    assert _told(_run(()), rows)[:2] == ("KG503", told)
