"""Datasets of Hugging Face in folders: as its library saves them, and as files of its hub."""

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from kerasgen.data.opened import open_data
from kerasgen.data.sources.hugging_face import HuggingFace
from kerasgen.diagnostics import Sink

polars = pytest.importorskip("polars")

FEATURES = {
    "photo": {"_type": "Image"},
    "title": {"dtype": "string", "_type": "Value"},
    "size": {"dtype": "int32", "_type": "Value"},
    "label": {"names": ["cat", "dog"], "_type": "ClassLabel"},
}


def png(value: int) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (4, 3), (value, 0, 0)).save(stream, "PNG")
    return stream.getvalue()


def rows(values: Sequence[int]) -> Any:
    return polars.DataFrame(
        {
            "photo": [{"bytes": png(value), "path": None} for value in values],
            "title": [f"photo {value}" for value in values],
            "size": [value * 10 for value in values],
            "label": [value % 2 for value in values],
        },
        schema_overrides={"photo": polars.Struct({"bytes": polars.Binary, "path": polars.String})},
    )


def save_split(folder: Path, *shards: Any) -> None:
    """Writes a split as `Dataset.save_to_disk` does: Arrow streams, and two descriptions."""
    folder.mkdir(parents=True)
    names = [f"data-{n:05}-of-{len(shards):05}.arrow" for n in range(len(shards))]
    for name, shard in zip(names, shards, strict=True):
        shard.write_ipc_stream(folder / name)
    state = {"_data_files": [{"filename": name} for name in names], "_split": None}
    (folder / "state.json").write_text(json.dumps(state))
    (folder / "dataset_info.json").write_text(json.dumps({"features": FEATURES}))


@pytest.fixture
def saved(tmp_path: Path) -> str:
    """A dataset of two splits, one of them in two files."""
    folder = tmp_path / "saved"
    save_split(folder / "train", rows([0, 1, 2]), rows([3]))
    save_split(folder / "test", rows([5, 4]))
    (folder / "dataset_dict.json").write_text(json.dumps({"splits": ["train", "test"]}))
    return str(folder)


@pytest.fixture
def downloaded(tmp_path: Path) -> str:
    """The same rows as Parquet files of the hub."""
    folder = tmp_path / "hub"
    (folder / "data").mkdir(parents=True)
    told = json.dumps({"info": {"features": FEATURES}})
    for name, values in (("train", [0, 1, 2, 3]), ("test", [5, 4])):
        file = folder / f"data/{name}-00000-of-00001.parquet"
        rows(values).write_parquet(file, metadata={"huggingface": told})
    (folder / "README.md").write_text("a card")
    return str(folder)


@pytest.mark.parametrize("name", ["saved", "downloaded"])
def test_splits_are_parts_and_images_become_images(name, request, sink) -> None:
    table = HuggingFace(path=request.getfixturevalue(name)).read(None, sink)
    assert table.names == ("photo", "title", "size", "label")
    assert table.columns["photo"][:, 0, 0, 0].tolist() == [0, 1, 2, 3, 5, 4]
    assert table.columns["title"][1] == "photo 1"
    assert table.columns["size"].tolist() == [0, 10, 20, 30, 50, 40]
    assert table.columns["label"].tolist() == [0, 1, 0, 1, 1, 0]
    assert table.columns["label"].dtype == np.int64
    assert table.class_names == {"label": ("cat", "dog")}
    assert table.given is not None
    assert table.given.tolist() == [0, 0, 0, 0, 2, 2]


def test_a_single_split_that_was_saved_has_no_parts(tmp_path, sink) -> None:
    save_split(tmp_path / "one", rows([1, 2]))
    table = HuggingFace(path=str(tmp_path / "one")).read(frozenset({"size"}), sink)
    assert table.given is None
    assert table.columns["size"].tolist() == [10, 20]
    assert list(table.columns) == ["size"]


def test_lines_of_json_are_rows_too(tmp_path, sink) -> None:
    for name, lines in (("train", ["a", "b"]), ("validation", ["c"])):
        text = "".join(json.dumps({"word": word, "n": 1.5}) + "\n" for word in lines)
        (tmp_path / f"{name}.jsonl").write_text(text)
    table = HuggingFace(path=str(tmp_path)).read(None, sink)
    assert table.columns["word"].tolist() == ["a", "b", "c"]
    assert table.given is not None
    assert table.given.tolist() == [0, 0, 1]


def test_the_data_is_opened_with_the_names_of_its_classes(saved, define) -> None:
    text = (
        f"{{source: {{class: HuggingFace, path: {saved}, size: [2, 2]}}, features: photo, "
        "target: label, task: classification, split: {test: given}}"
    )
    opened = open_data(define(text), Sink())
    assert opened.facts["class_names"] == ["cat", "dog"]
    assert opened.columns["photo"].shape == (6, 2, 2, 3)
    assert opened.parts.test is not None
    assert opened.parts.test.tolist() == [4, 5]


def test_a_script_reads_what_a_run_reads(saved, sink) -> None:
    source = HuggingFace(path=saved, size=(2, 2))
    plain = source.plain_call()
    columns, given = plain.function(**plain.arguments, wanted=["photo", "label"])
    read = source.read(frozenset({"photo", "label"}), sink)
    assert set(columns) == set(read.columns)
    assert np.array_equal(columns["photo"], read.columns["photo"])
    assert columns["label"].tolist() == read.columns["label"].tolist()
    assert read.given is not None
    assert given.tolist() == read.given.tolist()


def test_a_bad_image_is_told_with_its_row_or_left_out(tmp_path, sink, refusals) -> None:
    broken = (
        rows([1, 2, 3])
        .with_row_index()
        .with_columns(
            photo=polars.when(polars.col("index") == 1)
            .then(
                polars.struct(bytes=polars.lit(b"no image"), path=polars.lit(None, polars.String))
            )
            .otherwise(polars.col("photo"))
        )
    )
    save_split(tmp_path / "one", broken.drop("index"))
    (found,) = refusals(HuggingFace(path=str(tmp_path / "one")))
    file = tmp_path / "one/data-00000-of-00001.arrow"
    assert found.message == f"`photo` in row 2 of `{file}` is not an image"
    table = HuggingFace(path=str(tmp_path / "one"), bad="skip").read(None, sink)
    assert table.columns["size"].tolist() == [10, 30]
    assert table.notes == {"skipped": 1}


def test_labels_that_nobody_knows_are_no_classes(tmp_path, sink) -> None:
    save_split(tmp_path / "one", rows([1, 2]).with_columns(label=polars.lit(-1)))
    table = HuggingFace(path=str(tmp_path / "one")).read(None, sink)
    assert table.class_names == {}
    assert table.columns["label"].tolist() == [-1, -1]


def damaged(folder: Path) -> None:
    save_split(folder, rows([1]))
    (folder / "data-00000-of-00001.arrow").write_bytes(b"\xff\xff\xff\xff nothing")


def some_without_split(folder: Path) -> None:
    folder.mkdir()
    for name in ("train.csv", "more.csv"):
        (folder / name).write_text("a,b\n1,2\n")


def without_rows(folder: Path) -> None:
    folder.mkdir()
    (folder / "README.md").write_text("a card")


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (damaged, "cannot be read: "),
        (some_without_split, "`more.csv` in "),
        (without_rows, "holds no files of rows"),
    ],
)
def test_a_folder_that_is_no_dataset_is_told(make, problem, tmp_path, refusals) -> None:
    make(tmp_path / "set")
    (found,) = refusals(HuggingFace(path=str(tmp_path / "set")))
    assert found.code == "KG502"
    assert problem in found.message


def test_the_name_of_a_dataset_of_the_hub_is_no_folder(refusals) -> None:
    (found,) = refusals(HuggingFace(path="ylecun/mnist"))
    assert found.code == "KG501"
    assert "save_to_disk" in found.help
