"""Nested tables become flat ones: JSON in full, structs of Parquet and Arrow.

An object in a cell becomes columns of its own, `a.b` for the `b` of `a`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from kerasgen.runtime.errors import DataError
from kerasgen.runtime.plain_text import check_lines
from kerasgen.runtime.tabular.rows_of_files import MOST_REASONS, FileRows
from kerasgen.runtime.tabular.text_tables import PIECE_ROWS

DEEPEST_OBJECT = 32
"""Objects that may stand in each other in a table."""


def flat_piece(frame: Any) -> Any:
    """A frame without structs.

    Raises:
        DataError: two columns get one name, or objects stand too deep in each other.
    """
    import polars

    for _ in range(DEEPEST_OBJECT):
        structs = [n for n in frame.columns if frame[n].dtype == polars.Struct]
        if not structs:
            return frame
        columns: list[Any] = []
        for name in frame.columns:
            series = frame[name]
            inner = series.struct.fields if name in structs else []
            columns += [
                series.struct.field(field).alias(f"{name}.{field}") for field in inner
            ]
            columns += [] if name in structs else [series]
        names = [column.name for column in columns]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise DataError(f"two columns are called `{twice}`", about="header")
        frame = polars.DataFrame(columns)
    raise DataError(f"objects stand more than {DEEPEST_OBJECT} deep in each other")


def json_pieces(file: str, rows: FileRows, skip: bool) -> Iterator[Any]:
    """The rows of JSON lines, of a list of objects, or of an object of columns.

    Args:
        file: the file.
        rows: gets what is left out, and the lines of the others.
        skip: whether lines that are no objects are left out.

    Raises:
        DataError: it is no JSON, holds something else, or a line without end.
    """
    import polars

    if Path(file).suffix.lower() == ".json":
        yield flat_piece(json_frame(file))
        return
    check_lines(Path(file), file)
    try:
        scan = polars.scan_ndjson(file, infer_schema_length=None)
        pieces = scan.collect_batches(chunk_size=PIECE_ROWS, maintain_order=True)
        for piece in pieces:
            yield flat_piece(piece)
        return
    except polars.exceptions.PolarsError as error:
        if not skip and (problem := wrong_json_line(file)):
            raise DataError(problem, about="json") from error
        if not skip:
            raise
    objects, kept = [], []
    for number, found in json_lines(file):
        if isinstance(found, dict):
            objects.append(found)
            kept.append(number)
            continue
        rows["skipped"] += 1
        if len(rows["reasons"]) < MOST_REASONS:
            rows["reasons"].append(f"line {number} of `{file}`: {found}")
    rows["lines"] = np.asarray(kept, dtype="int64")
    yield flat_piece(frame_of_objects(objects, file))


def json_lines(file: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """The lines of a file with their numbers: an object, or what is wrong with it."""
    with Path(file).open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            if not line.strip():
                continue
            try:
                found = json.loads(line)
            except (ValueError, RecursionError) as error:
                yield number, f"no JSON: {str(error).partition(':')[0]}"
                continue
            yield number, found if isinstance(found, dict) else "no object"


def wrong_json_line(file: str) -> str | None:
    """What is wrong with the first line that is no object."""
    for number, found in json_lines(file):
        if isinstance(found, str):
            return f"line {number} of `{file}` is {found}"
    return None


def json_frame(file: str) -> Any:
    """Reads a file that is one JSON value: a list of objects, or columns.

    Raises:
        DataError: it is something else.
    """
    import polars

    try:
        found = json.loads(Path(file).read_bytes())
    except (ValueError, RecursionError) as error:
        problem = f"`{file}` cannot be read as JSON: {error}"
        raise DataError(problem) from error
    if isinstance(found, dict) and len(found) == 1:  # {"data": [{…}, …]}
        (inner,) = found.values()
        if isinstance(inner, list) and inner and isinstance(inner[0], dict):
            found = inner
    if isinstance(found, list):
        for number, row in enumerate(found, start=1):
            if not isinstance(row, dict):
                raise DataError(f"entry {number} of `{file}` is no object")
        return frame_of_objects(found, file)
    lists = isinstance(found, dict) and all(isinstance(v, list) for v in found.values())
    if not found or not lists or len({len(v) for v in found.values()}) > 1:
        raise DataError(
            f"`{file}` is neither a list of objects nor columns of equal length"
        )
    return polars.DataFrame(found, strict=False)


def frame_of_objects(objects: list[dict[str, Any]], file: str) -> Any:
    """A frame with a row for each object.

    Raises:
        DataError: there is none.
    """
    import polars

    if not objects:
        raise DataError(f"`{file}` holds no objects", about="empty")
    return polars.from_dicts(objects, infer_schema_length=None, strict=False)
