"""Helper functions of a script, as text: each is emitted only where the script uses it.

This room owns code that is the same in every script. Each function does what the data room does
with the same rows, in the same order and precision, so that the numbers are the same.
"""

from __future__ import annotations

from collections.abc import Mapping

CONSTANTS: Mapping[str, str] = {
    "PARTS": """\
PARTS = {
    "train": "training",
    "training": "training",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}"""
}
"""Name to constant."""

LOADING: Mapping[str, str] = {
    "as_column": '''\
def as_column(values):
    """Makes a column: grey images get an axis of channels, single numbers lose theirs."""
    if values.dtype.kind == "S":
        values = np.char.decode(values, "utf-8", "replace")
    values = values.astype(values.dtype.newbyteorder("="), copy=False)
    if values.ndim == 3 and values.dtype == np.uint8:
        values = values[..., np.newaxis]
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    return values.astype("uint8") if values.dtype.kind == "b" else values''',
    "join_parts": '''\
def join_parts(arrays, used=None):
    """Makes columns of arrays: `x_train` and `x_test` are the column `x`.

    Returns the columns, and the part of each row (empty where there are no parts).
    """
    pieces = {}
    for name in arrays:
        stem, _, word = name.rpartition("_")
        parted = stem and word in PARTS
        parted = parted and any(f"{stem}_{first}" in arrays for first in list(PARTS)[:2])
        column, part = (stem, PARTS[word]) if parted else (name, "")
        if used is None or column in used:
            pieces.setdefault(column, {})[part] = arrays[name]
    columns, given = {}, None
    for column, parts in pieces.items():
        order = sorted(parts, key=["", "training", "validation", "test"].index)
        columns[column] = as_column(np.concatenate([parts[part] for part in order]))
        given = np.repeat(order, [len(parts[part]) for part in order])
    return columns, given''',
    "index_labels": '''\
def index_labels(values, classes=None):
    """Makes class indices from 0: values that are indices stay, others are sorted."""
    found, indices = np.unique(values, return_inverse=True)
    if classes and found.dtype.kind != "U":
        whole = values.ndim > 1 and len(found) != classes
        if whole or (found[0] >= 0 and found[-1] < classes):
            return values.astype("int64")
    return indices.astype("int64").reshape(values.shape)''',
    "parse_cells": '''\
def parse_cells(cells):
    """Makes a column: float32, int64 for whole numbers beyond float32, or text."""
    text = np.array(cells, dtype=str)
    try:
        exact = text.astype("float64")
    except ValueError:
        return text
    with np.errstate(over="ignore"):
        narrow = exact.astype("float32")
    whole = np.isfinite(exact).all() and (exact == np.rint(exact)).all()
    if whole and not np.array_equal(narrow, exact) and np.abs(exact).max() < 2**53:
        return exact.astype("int64")
    return narrow''',
    "read_files": '''\
def read_files(path):
    """Yields name and content of the files in a folder, or in an archive of one."""
    path = Path(path).expanduser()
    if path.is_dir():
        for file in path.rglob("*"):
            if file.is_file():
                yield file.relative_to(path).parts, file.read_bytes()
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if not info.is_dir():
                    yield PurePosixPath(info.filename).parts, archive.read(info)
    else:
        with tarfile.open(path) as archive:
            for member in archive:
                if member.isfile():
                    content = archive.extractfile(member).read()
                    yield PurePosixPath(member.name).parts, content''',
}
"""Functions that stand before `load_data`, by name."""

PREPARING: Mapping[str, str] = {
    "draw_rows": '''\
def draw_rows(rows, count, seed):
    """Draws rows at random; each part gives another seed, so that none moves another."""
    return np.sort(np.random.default_rng(seed).permutation(rows)[:count])''',
    "draw_stratified": '''\
def draw_stratified(rows, labels, count, seed):
    """Draws rows at random so that each class keeps its share."""
    state = int(np.random.default_rng(seed).integers(2**32))
    splitter = StratifiedShuffleSplit(n_splits=1, test_size=count, random_state=state)
    _, taken = next(splitter.split(rows[:, np.newaxis], labels[rows]))
    return np.sort(rows[taken])''',
    "in_batches": '''\
def in_batches(function, *columns, size=4096):
    """Applies a layer or function to all rows, some at a time."""
    batches = []
    for start in range(0, len(columns[0]), size):
        batch = [column[start : start + size] for column in columns]
        batches.append(ops.convert_to_numpy(function(*batch)))
    return np.concatenate(batches)''',
    "as_rows": '''\
def as_rows(column):
    """Gives a column of single numbers an axis of features, as layers want it."""
    return column[:, np.newaxis] if column.ndim == 1 else column''',
    "transform": '''\
def transform(layer, *columns):
    """Applies a layer to columns; single numbers stay single numbers if it keeps them."""
    result = in_batches(layer, *map(as_rows, columns))
    single = all(column.ndim == 1 for column in columns)
    return result[:, 0] if single and result.shape[1:] == (1,) else result''',
    "stack": '''\
def stack(columns):
    """Joins columns along their last axis; whole numbers join float32 as float32."""
    columns = [as_rows(column) for column in columns]
    kinds = {column.dtype for column in columns}
    dtype = np.result_type(*kinds)
    if dtype == np.float64 and dtype not in kinds:
        dtype = np.dtype("float32")
    return np.concatenate(columns, axis=-1, dtype=dtype)''',
    "as_targets": '''\
def as_targets(values):
    """Makes targets of values: whole numbers as int32, double precision as float32."""
    if values.dtype.kind in "iu":
        return values.astype("int32")
    return values.astype("float32") if values.dtype == np.float64 else values''',
    "one_hot": '''\
def one_hot(indices, classes):
    """Makes a row of zeros and a single one of each class index."""
    return (indices[..., np.newaxis] == np.arange(classes)).astype("float32")''',
    "channels_first": '''\
def channels_first(values):
    """Moves the channels of images from the last axis to the first."""
    return np.ascontiguousarray(np.moveaxis(values, -1, 1))''',
}
"""Functions that stand before `split_rows` and `preprocess`, by name."""

TRAINING: Mapping[str, str] = {
    "balanced_weights": '''\
def balanced_weights(labels):
    """Weighs the classes so that each counts the same in all."""
    one_hot = labels.ndim == 2 and labels.shape[1] > 1
    indices = labels.argmax(axis=1) if one_hot else labels.reshape(-1)
    classes, counts = np.unique(indices.astype(int), return_counts=True)
    return {
        int(index): len(indices) / (len(classes) * int(count))
        for index, count in zip(classes, counts, strict=True)
    }''',
}
"""Functions that stand before `train`, by name."""

SAVING: Mapping[str, str] = {
    "largest_difference": '''\
def largest_difference(before, after):
    """Compares two predictions, relative to the larger of 1 and the values."""
    pairs = zip(keras.tree.flatten(before), keras.tree.flatten(after), strict=True)
    return max(
        float(np.max(np.abs(one - other) / np.maximum(1.0, np.abs(one))))
        for one, other in pairs
    )''',
}
"""Functions that stand before `save_and_reload`, by name."""

BFLOAT16 = """\
        values = ops.convert_to_numpy(function(*batch))
        # NumPy shows bfloat16 as bytes without a meaning.
        batches.append(values.astype("float32") if values.dtype.kind == "V" else values)"""
"""Takes the place of the last line of the loop of `in_batches` where floatx is bfloat16."""
