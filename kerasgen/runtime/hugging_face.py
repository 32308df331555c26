"""Datasets of Hugging Face that lie on the disk, as saved by it or as downloaded.

A folder that `save_to_disk` wrote says its splits itself; of others the names of the
files do, as in `data/train-00000-of-00002.parquet`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kerasgen.runtime.errors import DataError
from kerasgen.runtime.images import MODES, decode_image
from kerasgen.runtime.split import PART_NAMES, PARTS
from kerasgen.runtime.tabular.excel_sheets import first_line
from kerasgen.runtime.tabular.table_files import pieces_of_file
from kerasgen.runtime.tabular.typed_columns import read_columns
from kerasgen.runtime.values import Array, Columns

DATASET_ENDINGS = (".parquet", ".arrow", ".jsonl", ".json", ".csv")
"""Endings of files of rows, the likeliest first."""

DESCRIPTIONS = (
    "dataset_info.json",
    "dataset_infos.json",
    "dataset_dict.json",
    "state.json",
)
"""Files that describe a dataset and hold no rows of it."""


def read_hugging_face(
    path: str,
    size: Sequence[int] | None = None,
    color_mode: str = "rgb",
    bad: str = "error",
    wanted: Collection[str] | None = None,
) -> Columns:
    """Reads a dataset of Hugging Face that lies in a folder.

    Raises:
        DataError: it has no files of rows, or a cell cannot be used.
    """
    files = dataset_files(Path(path).expanduser(), path)
    frames = {file: list(dataset_frames(file)) for file in files}
    whole = [frame for found in frames.values() for frame in found]
    names = [*dict.fromkeys(name for frame in whole for name in image_names(frame))]
    pieces = [frame.drop(names, strict=False) for frame in whole]
    columns, _, unread = read_columns(lambda _: pieces, {}, wanted)
    for problem in unread.values():
        raise DataError(problem)
    rows = [sum(frame.height for frame in found) for found in frames.values()]
    kept = np.ones(sum(rows), dtype=bool)
    for name in names:
        if wanted is None or name in wanted:
            columns[name], good = image_column(frames, name, (size, color_mode), bad)
            kept &= good
    given = dataset_parts([*files.values()], rows)
    columns = {name: column[kept] for name, column in columns.items()}
    return columns, None if given is None else given[kept]


def dataset_files(folder: Path, path: str) -> dict[Path, str]:
    """The files of rows in order, each with the name of its split; empty for none.

    Raises:
        DataError: there are none, or only some tell their split.
    """
    if (folder / "dataset_dict.json").is_file():
        splits = json.loads((folder / "dataset_dict.json").read_bytes())["splits"]
        return {f: split for split in splits for f in saved_files(folder / split)}
    if (folder / "state.json").is_file():
        return dict.fromkeys(saved_files(folder), "")
    there = sorted(f for f in folder.rglob("*") if f.is_file() and f.name[0] != ".")
    for ending in DATASET_ENDINGS:
        found = [f for f in there if f.suffix == ending and f.name not in DESCRIPTIONS]
        if found:
            break
    else:
        problem = f"`{path}` holds no files of rows: {', '.join(DATASET_ENDINGS)}"
        raise DataError(problem, about="files")
    splits = {f: split_of(f.relative_to(folder)) for f in found}
    told = {f: split for f, split in splits.items() if split}
    if told and len(told) < len(splits):
        other = next(f for f in splits if f not in told)
        problem = (
            f"`{other.relative_to(folder)}` in `{path}` tells no split, and others"
        )
        raise DataError(f"{problem} do", about="files")
    return dict(sorted(splits.items(), key=lambda item: (part_place(item[1]), item[0])))


def saved_files(folder: Path) -> list[Path]:
    """The files of rows of a split that was saved."""
    state = json.loads((folder / "state.json").read_bytes())
    return [folder / str(file["filename"]) for file in state["_data_files"]]


def split_of(file: Path) -> str:
    """The split that the words of a file's path tell, the last one; empty for none."""
    words = re.split(r"[\W_]+", file.as_posix().lower())
    return next((word for word in reversed(words) if word in PART_NAMES), "")


def part_place(split: str) -> int:
    """The number of the part that a split is; training for other names."""
    return PARTS.index(PART_NAMES.get(split.lower(), "training"))


def dataset_parts(splits: Sequence[str], rows: Sequence[int]) -> Array | None:
    """The number of each row's part, None where there is only one."""
    numbers = [part_place(split) for split in splits]
    if len(set(numbers)) < 2:
        return None
    return np.repeat(np.array(numbers, dtype="int8"), rows)


def dataset_frames(file: Path) -> Iterator[Any]:
    """The rows of a file as frames of Polars.

    Raises:
        DataError: it cannot be read.
    """
    import polars

    if file.suffix not in (".arrow", ".parquet"):
        found: Any = {"file": str(file), "rows": 0, "lines": None}
        found |= {"skipped": 0, "reasons": []}
        yield from pieces_of_file(str(file), {}, found)
        return
    with file.open("rb") as stream:
        head = stream.read(6)
    read = polars.read_parquet if head[:4] == b"PAR1" else polars.read_ipc_stream
    try:
        yield polars.read_ipc(file) if head == b"ARROW1" else read(file)
    except polars.exceptions.PolarsError as error:
        raise DataError(f"`{file}` cannot be read: {first_line(error)}") from error


def image_names(frame: Any) -> list[str]:
    """The columns that hold files of images: their bytes, perhaps with a path."""
    return [name for name, kind in frame.schema.items() if holds_files(kind)]


def holds_files(kind: Any) -> bool:
    """Whether a type of Polars is one of the bytes of files."""
    import polars

    fields = kind.fields if kind == polars.Struct else []
    return kind == polars.Binary or "bytes" in [field.name for field in fields]


def image_column(
    frames: Mapping[Path, Sequence[Any]],
    name: str,
    form: tuple[Sequence[int] | None, str],
    bad: str,
) -> tuple[Array, Array]:
    """The images of a column, and which of them can be used.

    Raises:
        DataError: one cannot be used and is not to be skipped, or they differ in size.
    """
    size, color_mode = form
    found: list[Array | None] = []
    for file, pieces in frames.items():
        contents = [
            content for piece in pieces for content in file_contents(piece[name])
        ]
        for row, content in enumerate(contents, 1):
            pixels, problem = decode_image(content, MODES[color_mode], size)
            if problem and bad == "error":
                place = f"`{name}` in row {row} of `{file}`"
                raise DataError(f"{place} {problem}", about="image")
            found.append(None if problem else pixels)
    shapes = {image.shape for image in found if image is not None}
    if len(shapes) > 1:
        problem = f"the images of `{name}` differ in size: {sorted(shapes)[:2]}"
        raise DataError(problem, about="size")
    shape = next(iter(shapes), (0, 0, 0))
    images = np.zeros((len(found), *shape), dtype="uint8")
    for at, image in enumerate(found):
        if image is not None:
            images[at] = image
    return images, np.array([image is not None for image in found])


def file_contents(cells: Any) -> list[bytes]:
    """The bytes of the files in a column, none where only a path is kept."""
    kept = cells.struct.field("bytes") if str(cells.dtype) != "Binary" else cells
    return [content or b"" for content in kept.to_list()]


def dataset_classes(files: Mapping[Path, str]) -> dict[str, tuple[str, ...]]:
    """The columns of class numbers, with the names of the classes."""
    features = dataset_features(next(iter(files)))
    return {
        name: tuple(str(one) for one in said["names"])
        for name, said in features.items()
        if isinstance(said, Mapping) and said.get("_type") == "ClassLabel"
    }


def dataset_features(file: Path) -> Mapping[str, Any]:
    """What a dataset says of its columns; nothing where it says nothing."""
    import polars

    info = file.parent / "dataset_info.json"
    if info.is_file():
        said = json.loads(info.read_bytes())
    elif file.suffix == ".parquet":
        kept = polars.read_parquet_metadata(file).get("huggingface", "{}")
        said = json.loads(kept).get("info", {})
    else:
        said = {}
    features = said.get("features") if isinstance(said, Mapping) else None
    return features if isinstance(features, Mapping) else {}
