"""Datasets of TensorFlow Datasets that lie on the disk, read without that package.

A dataset is a folder with `dataset_info.json`, `features.json`, a file of names for
each feature that is a class, and its examples in TFRecord files.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kerasgen.runtime.errors import DataError
from kerasgen.runtime.hugging_face import dataset_parts
from kerasgen.runtime.images import MODES, decode_image
from kerasgen.runtime.tf_records import read_examples
from kerasgen.runtime.values import Array, Columns

USUAL_NAME = "{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}"
"""How the files of a split are called where nothing else is said."""

COLOURS = {1: "grayscale", 3: "rgb", 4: "rgba"}
"""Channels of images to what their colours are called."""

MOST_JSON = 64 * 2**20
"""Bytes that a file of JSON may have."""

KINDS = ("image", "classLabel", "text", "tensor", "scalar", "audio", "boundingBox")
"""Kinds of features that become columns."""


def read_tensorflow_dataset(
    path: str,
    size: Sequence[int] | None = None,
    bad: str = "error",
    wanted: Collection[str] | None = None,
) -> Columns:
    """Reads a dataset that TensorFlow Datasets has prepared in a folder.

    Raises:
        DataError: it is no such folder, or holds what cannot be used.
    """
    folder = prepared_folder(Path(path).expanduser(), path)
    features = prepared_features(folder)
    names = [name for name in features if wanted is None or name in wanted]
    for name in names:
        if features[name][0] not in KINDS:
            problem = (
                f"the feature `{name}` is a `{features[name][0]}`, which is no column"
            )
            raise DataError(problem, about="feature")
    values: dict[str, list[Any]] = {name: [] for name in names}
    splits: list[str] = []
    rows: list[int] = []
    good: list[bool] = []
    for split, file, count in dataset_shards(folder):
        begun = len(good)
        for row, example in enumerate(read_examples(file), 1):
            problem = ""
            for name in names:
                value, wrong = feature_value(name, features[name], example, size)
                values[name].append(value)
                problem = problem or (wrong and f"`{name}` {wrong}")
            if problem and bad == "error":
                raise DataError(
                    f"{problem} in row {row} of `{file.name}`", about="image"
                )
            good.append(not problem)
        splits.append(split)
        rows.append(len(good) - begun)
        if rows[-1] != count:
            problem = f"`{file.name}` holds {rows[-1]:,} examples, expected {count:,}"
            raise DataError(problem, about="files")
    kept = np.array(good, dtype=bool)
    columns = {
        name: feature_column(name, found, kept) for name, found in values.items()
    }
    given = dataset_parts(splits, rows)
    return columns, None if given is None else given[kept]


def prepared_folder(folder: Path, path: str) -> Path:
    """The folder of a version of a dataset, at the path or below it.

    Raises:
        DataError: there is none, or several.
    """
    for pattern in ("", "*/", "*/*/"):
        found = sorted(folder.glob(f"{pattern}dataset_info.json"))
        if len(found) == 1:
            return found[0].parent
        if found:
            named = ", ".join(
                str(file.parent.relative_to(folder)) for file in found[:8]
            )
            raise DataError(
                f"`{path}` holds several datasets: {named}", about="several"
            )
    raise DataError(f"`{path}` holds no `dataset_info.json`", about="folder")


def json_of(file: Path) -> Any:
    """What a file of JSON holds.

    Raises:
        DataError: it is none.
    """
    if file.exists() and not (file.is_file() and file.stat().st_size <= MOST_JSON):
        raise DataError(f"`{file.name}` is no file of JSON", about="files")
    try:
        return json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(
            f"`{file.name}` cannot be read as JSON", about="files"
        ) from error


def prepared_features(folder: Path) -> dict[str, tuple[str, Mapping[str, Any]]]:
    """Name of each feature to its kind and what is said; inner ones behind a `/`.

    Raises:
        DataError: nothing describes them.
    """

    def found(node: Mapping[str, Any], name: str) -> Iterator[tuple[str, Any]]:
        kind = next((key for key in node if key != "pythonClassName"), "nothing")
        if kind == "featuresDict":
            for inner, child in node[kind]["features"].items():
                yield from found(child, f"{name}/{inner}" if name else inner)
        else:
            yield name or "value", (kind, node.get(kind, {}))

    try:
        return dict(found(json_of(folder / "features.json"), ""))
    except (AttributeError, KeyError, TypeError):
        raise DataError(
            "`features.json` describes no features", about="files"
        ) from None


def dataset_class_names(folder: Path) -> dict[str, tuple[str, ...]]:
    """Feature that is a class to the names of its classes, where these are known."""
    found = {}
    for name, (kind, _) in prepared_features(folder).items():
        file = folder / f"{name.replace('/', '-')}.labels.txt"
        if kind == "classLabel" and file.is_file():
            found[name] = tuple(file.read_text(encoding="utf-8").splitlines())
    return found


def dataset_shards(folder: Path) -> list[tuple[str, Path, int]]:
    """Split, file and number of examples of each file that holds some.

    Raises:
        DataError: the files are of another kind, or lie elsewhere.
    """
    info = json_of(folder / "dataset_info.json")
    kind = info.get("fileFormat") or "tfrecord"
    if kind != "tfrecord":
        problem = f"the dataset is kept as `{kind}`, expected `tfrecord`"
        raise DataError(problem, about="format")
    found = []
    for split in info["splits"]:
        lengths = [int(count) for count in split.get("shardLengths", ())]
        for number, count in enumerate(lengths):
            name = split.get("filepathTemplate") or USUAL_NAME
            for word, text in (
                ("DATASET", info["name"]),
                ("SPLIT", split["name"]),
                ("FILEFORMAT", kind),
                ("SHARD_INDEX", f"{number:05d}"),
                ("NUM_SHARDS", f"{len(lengths):05d}"),
                ("SHARD_X_OF_Y", f"{number:05d}-of-{len(lengths):05d}"),
            ):
                name = name.replace("{" + word + "}", text)
            if Path(name).name != name:
                raise DataError(f"`{name}` leads out of the folder", about="files")
            place = folder / name
            if place.exists() and not place.is_file():
                raise DataError(f"`{name}` is no file", about="files")
            found.append((split["name"], place, count))
    return found


def feature_value(
    name: str,
    feature: tuple[str, Mapping[str, Any]],
    example: Mapping[str, Any],
    size: Sequence[int] | None,
) -> tuple[Any, str]:
    """The value of a feature in an example, and what is wrong with it; else empty.

    Raises:
        DataError: it is not there, or is packed.
    """
    kind, said = feature
    if name not in example:
        raise DataError(f"an example has no feature `{name}`", about="files")
    values = example[name]
    dims = (said.get("shape") or {}).get("dimensions", ())
    shape = [int(n) for n in dims]
    if kind == "image":
        colours = COLOURS.get(shape[-1] if shape else 3, "rgb")
        return decode_image(values[0] if len(values) else b"", MODES[colours], size)
    if str(said.get("encoding", "none")).lower() != "none":
        problem = f"the feature `{name}` is packed as `{said['encoding']}`"
        raise DataError(problem, about="feature")
    if kind == "classLabel":
        return np.int64(values[0]), ""
    if isinstance(values, list):
        words = [value.decode("utf-8", "replace") for value in values]
        return (np.array(words).reshape(shape) if shape else words[0]), ""
    dtype = np.dtype(said.get("dtype") or values.dtype)
    if dtype.kind not in "biuf":
        raise DataError(f"the feature `{name}` holds `{dtype}`", about="feature")
    known = [-1 if n < 1 else n for n in shape]
    shape = [-1] if kind == "audio" else [4] if kind == "boundingBox" else known
    return (values.astype(dtype).reshape(shape) if shape else dtype.type(values[0])), ""


def feature_column(name: str, values: Sequence[Any], kept: Array) -> Array:
    """The column of a feature.

    Raises:
        DataError: its rows have several shapes.
    """
    rows = [value for value, good in zip(values, kept.tolist(), strict=True) if good]
    if not rows:
        return np.zeros(0)
    shapes = sorted({np.shape(row) for row in rows})
    if len(shapes) > 1:
        problem = f"the feature `{name}` has rows of the shapes {list(shapes[0])}"
        raise DataError(f"{problem} and {list(shapes[1])}", about="size")
    return np.asarray(rows, dtype="str") if isinstance(rows[0], str) else np.stack(rows)
