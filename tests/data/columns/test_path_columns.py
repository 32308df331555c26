"""Columns of paths that become images or masks."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kerasgen.data.opened import OpenedData, open_data
from kerasgen.diagnostics import CompileError, Diagnostic, Sink
from kerasgen.ir.data import DataDef
from kerasgen.passes.columns import image_columns
from kerasgen.runtime.image_cells import read_image_cells
from kerasgen.runtime.tabular.table_files import read_table

pytest.importorskip("polars")

Opener = Callable[..., OpenedData]


def png(value: int, mode: str = "RGB", size: tuple[int, int] = (4, 4)) -> bytes:
    stream = io.BytesIO()
    Image.new(mode, size, value if mode in "LP" else (value, 0, 0)).save(stream, "PNG")
    return stream.getvalue()


def mask() -> bytes:
    """A palette of four classes, whose colours say nothing of them."""
    stream = io.BytesIO()
    image = Image.fromarray(np.array([[0, 1], [2, 3]], dtype="uint8"), "P")
    image.putpalette([9, 9, 9, 200, 0, 0, 200, 0, 0, 7, 7, 7])
    image.save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A table of eight photos, each with a mask, numbers of a box, and a kind."""
    (tmp_path / "street/img").mkdir(parents=True)
    lines = ["photo,mask,left,kind"]
    for row in range(8):
        (tmp_path / f"street/img/{row}.png").write_bytes(png(10 * row))
        (tmp_path / f"street/img/{row}m.png").write_bytes(mask())
        lines.append(f"img/{row}.png,img/{row}m.png,{row},{'ab'[row % 2]}")
    (tmp_path / "street/rows.csv").write_text("\n".join(lines) + "\n")
    return tmp_path / "street"


CLASSES = """
columns: {photo: {type: image%s}, mask: ignore}
features: all
target: kind
task: auto
prepare: auto
split: {test: 2}
"""

MASKS = """
columns: {photo: {type: image, size: [2, 2]}, mask: {type: image, size: [2, 2]}}
features: photo
target: mask
task: segmentation
split: {test: 2}
"""


@pytest.fixture
def definition(folder: Path, define: Callable[[str], DataDef]) -> Callable[..., DataDef]:
    """A data group that reads the table, with further arguments of the source."""

    def make(text: str, more: str = "") -> DataDef:
        return define(f"source: {{class: Table, path: {folder}/rows.csv{more}}}\n{text}")

    return make


def refusals(definition: DataDef) -> list[Diagnostic]:
    with pytest.raises(CompileError) as caught:
        open_data(definition, Sink())
    return list(caught.value.diagnostics)


def test_paths_become_images_beside_the_numbers_of_the_row(definition) -> None:
    opened = open_data(definition(CLASSES % ", size: [6, 5]"), Sink())
    assert opened.columns["photo"].shape == (8, 6, 5, 3)
    assert opened.columns["photo"][:, 0, 0, 0].tolist() == [10 * row for row in range(8)]
    assert opened.columns["left"].tolist() == list(range(8))
    assert opened.facts["inputs"]["photo"]["kind"] == "image"
    assert opened.definition.features["photo"] == ("photo_scaled",)


def test_a_column_says_its_colours(definition) -> None:
    opened = open_data(definition(CLASSES % ", color_mode: grayscale"), Sink())
    assert opened.columns["photo"].shape == (8, 4, 4, 1)


def test_a_target_of_pixels_holds_their_classes(definition) -> None:
    opened = open_data(definition(MASKS), Sink())
    assert opened.columns["mask"][0].tolist() == [[0, 1], [2, 3]]
    assert opened.definition.task == {"": "classification"}
    assert opened.facts["classes"] == 4
    assert opened.facts["target_shape"] == [2, 2]


def test_a_larger_mask_has_no_classes_between_those_of_its_pixels(definition) -> None:
    opened = open_data(definition(MASKS.replace("[2, 2]", "[5, 5]")), Sink())
    assert np.unique(opened.columns["mask"]).tolist() == [0, 1, 2, 3]


def test_a_mask_of_colours_is_refused(definition, folder) -> None:
    (folder / "img/3m.png").write_bytes(png(3))
    (found,) = refusals(definition(MASKS))
    assert found.code == "KG502"
    assert found.message == (
        f"`img/3m.png` in line 5 of `{folder}/rows.csv` has pixels of the kind `RGB`, "
        "expected numbers of classes: grey or a palette"
    )


def empty_file(folder: Path) -> None:
    (folder / "img/2.png").write_bytes(b"")


def no_file(folder: Path) -> None:
    (folder / "img/2.png").unlink()


def outside(folder: Path) -> None:
    (folder.parent / "else.png").write_bytes(png(1))
    rewrite(folder, "img/2.png", "../else.png")


def elsewhere(folder: Path) -> None:
    rewrite(folder, "img/2.png", "/etc/passwd")


def no_path(folder: Path) -> None:
    rewrite(folder, "img/2.png", "")


def rewrite(folder: Path, old: str, new: str) -> None:
    table = folder / "rows.csv"
    table.write_text(table.read_text().replace(old, new))


@pytest.mark.parametrize(
    ("damage", "code", "path", "problem"),
    [
        (empty_file, "KG502", "img/2.png", "is empty"),
        (no_file, "KG502", "img/2.png", "is not there"),
        (outside, "KG612", "../else.png", "leads out of"),
        (elsewhere, "KG612", "/etc/passwd", "leads out of"),
        (no_path, "KG502", "", "names no file"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_with_its_row_or_left_out(
    damage, code, path, problem, definition, folder
) -> None:
    damage(folder)
    (found,) = refusals(definition(CLASSES % ""))
    assert found.code == code
    assert found.location is not None
    assert found.location.key == "data.columns.photo"
    assert found.message.startswith(f"`{path}` in line 4 of `{folder}/rows.csv` {problem}")
    opened = open_data(definition(CLASSES % "", ", bad: skip"), Sink())
    assert opened.columns["left"].tolist() == [0, 1, 3, 4, 5, 6, 7]
    assert opened.columns["photo"][2, 0, 0, 0] == 30
    assert opened.description["skipped"] == 1
    (reason,) = opened.description["skipped_rows"]
    assert reason.startswith(f"line 4 of `{folder}/rows.csv`: `{path}` {problem}")


def test_a_folder_says_where_paths_start(definition, folder) -> None:
    (folder / "img").rename(folder.parent / "img")
    text = CLASSES % f", folder: {folder.parent}"
    assert open_data(definition(text), Sink()).columns["photo"].shape == (8, 4, 4, 3)
    (found,) = refusals(definition(CLASSES % ", folder: nowhere"))
    assert (found.code, found.message) == ("KG501", "there is no folder `nowhere`")


def test_images_of_several_sizes_need_one(definition, folder) -> None:
    (folder / "img/5.png").write_bytes(png(1, size=(3, 4)))
    (found,) = refusals(definition(CLASSES % ""))
    assert found.message == "`img/5.png` has the size [4, 3], and others have [4, 4]"
    assert found.help is not None
    assert "data.columns.photo.size" in found.help


def test_a_file_that_several_rows_name_is_read_for_each_of_them(definition, folder) -> None:
    rewrite(folder, "img/6.png", "img/1.png")
    opened = open_data(definition(CLASSES % ""), Sink())
    assert opened.columns["photo"][[1, 6], 0, 0, 0].tolist() == [10, 10]


def test_no_row_is_left(definition, folder) -> None:
    for file in (folder / "img").glob("*.png"):
        file.write_bytes(b"")
    (found,) = refusals(definition(CLASSES % "", ", bad: skip"))
    assert found.code == "KG503"


@pytest.mark.parametrize("text", [CLASSES % ", size: [3, 5]", MASKS])
@pytest.mark.parametrize("bad", ["error", "skip"])
def test_a_script_reads_what_a_run_reads(text, bad, definition, folder) -> None:
    if bad == "skip":
        outside(folder)
        (folder / "img/4m.png").write_bytes(b"no image")
    made = definition(text, f", bad: {bad}")
    opened = open_data(made, Sink())
    path = str(folder / "rows.csv")
    columns, _ = read_table(path, bad=bad)
    images = image_columns(made)
    columns, kept = read_image_cells(path, columns, images, bad)
    assert len(kept) == opened.samples
    for name in images:
        assert columns[name].dtype == "uint8"
        assert np.array_equal(columns[name], opened.columns[name])


def test_a_script_stops_at_a_file_that_cannot_be_used(definition, folder) -> None:
    outside(folder)
    path = str(folder / "rows.csv")
    columns, _ = read_table(path)
    with pytest.raises(ValueError, match=r"`\.\./else.png` in row 3 leads out of"):
        read_image_cells(path, columns, image_columns(definition(CLASSES % "")), "error")


@pytest.mark.parametrize("written", ["5", "[5]", "[0, 3]", "[a, b]"])
def test_a_size_is_height_and_width(written, folder, define) -> None:
    import yaml

    from kerasgen.frontend.parse.columns import parse_columns

    sink = Sink()
    parse_columns(yaml.safe_load(f"{{photo: {{type: image, size: {written}}}}}"), sink)
    (found,) = sink.errors
    assert (found.code, found.location.key) == ("KG204", "data.columns.photo.size")
