"""Columns of paths that become images, masks with the class of each pixel, or sounds.

This room owns which columns those are, where their paths start, and what is said of a file that
cannot be used. How a file becomes pixels or values stands in `runtime.images` and
`runtime.sounds`; an ejected script reads them with `runtime.image_cells` and
`runtime.sound_cells`, by the same rules.

Decisions:
- Paths start from the folder of the table, or from `folder`, and lead nowhere out of it.
- A target of a classification is a mask. Its pixels are numbers of classes, as they stand in a grey
  image or in a palette, and are not mixed where it gets another size.
- `bad: skip` of the source leaves the rows of such files out, as it does with rows of a table.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Protocol, cast

import numpy as np

from kerasgen.data.decoded_cache import DecodedRows
from kerasgen.data.sources.class_folders import (
    ClassFolders,
    Decoded,
    room_for,
)
from kerasgen.data.sources.images import image_decoder, of_one_size, pillow_version
from kerasgen.data.table import Array, Table
from kerasgen.diagnostics import Sink
from kerasgen.foreign.printable import cut
from kerasgen.frontend.grammar import join
from kerasgen.ir.data import DataDef
from kerasgen.ir.values import Value
from kerasgen.passes.columns import image_columns, sound_columns
from kerasgen.runtime.errors import DataError
from kerasgen.runtime.file_cells import cell_folder, path_problem
from kerasgen.runtime.images import MODES
from kerasgen.runtime.sounds import decode_sound, same_sounds
from kerasgen.runtime.tabular.rows_of_files import MOST_REASONS, files_of_rows

_MOST_TOLD = 10
"""Files that cannot be used of which each is told."""


def with_files(definition: DataDef, table: Table, sink: Sink) -> Table:
    """Puts images and sounds in the place of their paths.

    Args:
        definition: the data group.
        table: what its source gave.
        sink: gets every file that cannot be used.

    Raises:
        CompileError: KG501, there is no such folder; KG502, a file cannot be used; KG503, none can;
            KG612, a path leads out of the folder.
    """
    asked = {
        name: said
        for name, said in [*image_columns(definition).items(), *sound_columns(definition).items()]
        if name in table.columns and table.columns[name].dtype.kind == "U"
    }
    if not asked:
        return table
    skip = definition.source.arguments.get("bad") == "skip"
    columns = dict(table.columns)
    problems: dict[int, str] = {}
    for name, said in asked.items():
        column = _PathColumn(
            name=name,
            paths=table.columns[name],
            folder=cell_folder(_table_path(definition), cast("str | None", said["folder"])),
            files=_files(name, said),
            sink=sink,
        )
        columns[name], found = column.read()
        if not skip:
            column.tell(found, table)
        for row, problem in found.items():
            problems.setdefault(row, f"`{cut(str(column.paths[row]))}` {problem}")
    sink.stop_on_errors()
    space = room_for(max(columns[name].nbytes for name in asked))
    table = replace(table, columns=columns, space=table.space if table.space.mapped else space)
    return _without(problems, table, sink) if problems else table


class _Files(Protocol):
    """What the files of a column hold.

    Attributes:
        what: that, in the plural.
        unit: what an array of it is measured in.
        form: how it is decoded.
    """

    @property
    def what(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def form(self) -> str: ...

    def decoded(
        self, folders: ClassFolders, files: list[str], key: str
    ) -> Iterator[tuple[str, Array]]:
        """Name and values of each file; all arrays have one shape.

        Args:
            folders: where the files lie.
            files: their names.
            key: key path of what is said of the column.

        Raises:
            CompileError: KG502, one has another form than others.
        """


def _files(name: str, said: Mapping[str, Value]) -> _Files:
    if "rate" in said:
        rate, length, channels = (
            cast("int | None", said[k]) for k in ("rate", "length", "channels")
        )
        return _SoundFiles(column=name, rate=rate, length=length, channels=channels or 1)
    size = cast("tuple[int, ...] | None", said["size"])
    return _ImageFiles(column=name, size=size, mode=MODES.get(str(said["color_mode"])))


@dataclass(frozen=True, slots=True, kw_only=True)
class _ImageFiles:
    """Images, or masks.

    Attributes:
        column: the name of their column.
        size: height and width of the images, None for their own.
        mode: the colours, in Pillow's word; None for numbers of classes.
    """

    column: str
    size: tuple[int, ...] | None
    mode: str | None
    what: str = "images"
    unit: str = "pixels"

    @property
    def form(self) -> str:
        """How they are decoded."""
        return f"cells {self.size} {self.mode} {pillow_version()}"

    def decoded(
        self, folders: ClassFolders, files: list[str], key: str
    ) -> Iterator[tuple[str, Array]]:
        """Name and pixels of each file; see `_Files`."""
        images = folders.decoded(files, image_decoder(self.mode, self.size))
        keys = key, f"data.columns.{self.column}.size"
        yield from of_one_size(images, self.size, keys, folders.sink)


@dataclass(frozen=True, slots=True, kw_only=True)
class _SoundFiles:
    """Sounds.

    Attributes:
        column: the name of their column.
        rate: values a second, None for their own.
        length: values of a sound, None for their own.
        channels: 1 for all channels in one.
    """

    column: str
    rate: int | None
    length: int | None
    channels: int
    what: str = "sounds"
    unit: str = "values"

    @property
    def form(self) -> str:
        """How they are decoded."""
        return f"sound cells {self.rate} {self.length} {self.channels} {version('scipy')}"

    def decoded(
        self, folders: ClassFolders, files: list[str], key: str
    ) -> Iterator[tuple[str, Array]]:
        """Name and values of each file; see `_Files`."""
        known: dict[str, tuple[int, int]] = {}
        for name, (samples, rate) in folders.decoded(files, self._decode):
            known[name] = rate, len(samples)
            if len(samples) == next(iter(known.values()))[1]:
                yield name, samples
        if not known:
            return
        try:
            same_sounds({name: known[name] for name in files if name in known})
        except DataError as error:
            raise folders.sink.fail(
                "KG502",
                str(error),
                key=key,
                help=f"give all sounds one {error.about}: "
                f"`data.columns.{self.column}.{error.about}=16000`",
            ) from error

    def _decode(self, content: bytes) -> Decoded:
        samples, rate, problem = decode_sound(content, self.rate, self.length, self.channels)
        return (samples, rate), problem


@dataclass(frozen=True, slots=True, kw_only=True)
class _PathColumn:
    """A column of paths.

    Attributes:
        name: its name.
        paths: the paths, a row each.
        folder: where they start.
        files: what they hold.
        sink: gets what is wrong with all of them.
    """

    name: str
    paths: Array
    folder: str
    files: _Files
    sink: Sink

    @property
    def key(self) -> str:
        """Key path of what is said of it."""
        return join("data.columns", self.name)

    def read(self) -> tuple[Array, dict[int, str]]:
        """What the files hold, and what is wrong with those that cannot be used, by row."""
        folder = Path(self.folder).expanduser()
        if not folder.is_dir():
            message = f"there is no folder `{self.folder}`"
            raise self.sink.fail("KG501", message, key=self.key)
        paths = self.paths.tolist()
        problems = {
            row: problem
            for row, path in enumerate(paths)
            if (problem := path_problem(path, self.folder))
        }
        folders = ClassFolders(
            path=folder, written=str(folder), what=self.files.what, bad="skip", sink=self.sink
        )
        rows: dict[str, list[int]] = defaultdict(list)
        for row, path in enumerate(paths):
            if row not in problems:
                rows[path].append(row)
        values = DecodedRows(
            folders=folders,
            files=["" if row in problems else path for row, path in enumerate(paths)],
            form=self.files.form,
            unit=self.files.unit,
            decode=partial(self._decoded, folders, rows),
        ).array()
        for path, problem in folders.problems.items():
            problems |= dict.fromkeys(rows[path], problem)
        return values, problems

    def _decoded(
        self, folders: ClassFolders, rows: Mapping[str, list[int]]
    ) -> Iterator[tuple[int, Array]]:
        for name, values in self.files.decoded(folders, list(rows), self.key):
            for row in rows[name]:
                yield row, values

    def tell(self, problems: Mapping[int, str], table: Table) -> None:
        """Reports the files that cannot be used."""
        for row in sorted(problems)[:_MOST_TOLD]:
            path = cut(str(self.paths[row]))
            out = problems[row].startswith("leads out")
            self.sink.report(
                "KG612" if out else "KG502",
                f"`{path}` in {table.place(row)} {problems[row]}",
                key=self.key,
                help=f"name the folder in which all {self.files.what} lie: "
                f"`data.columns.{self.name}.folder=…`"
                if out
                else "mend the file, or leave such rows out with `data.source.bad=skip`",
                notes=(f"{len(problems) - _MOST_TOLD} further rows have such files",)
                if row == sorted(problems)[-1] and len(problems) > _MOST_TOLD
                else (),
            )


def _table_path(definition: DataDef) -> str | tuple[str, ...]:
    path = definition.source.arguments.get("path")
    return path if isinstance(path, str | tuple) else ""  # type: ignore[return-value]


def _without(problems: Mapping[int, str], table: Table, sink: Sink) -> Table:
    """A table without the rows whose files cannot be used, which the record counts."""
    count = len(next(iter(table.columns.values())))
    kept = np.array([row for row in range(count) if row not in problems], dtype="int64")
    if not len(kept):
        raise sink.fail("KG503", "no row has files that can be used", key="data.columns")
    first = [f"{table.place(row)}: {problems[row]}" for row in sorted(problems)[:MOST_REASONS]]
    reasons = [*table.notes.get("skipped_rows", ()), *first][:MOST_REASONS]
    skipped = int(table.notes.get("skipped", 0)) + len(problems)
    return replace(
        table,
        columns={name: table.space.take(values, kept) for name, values in table.columns.items()},
        given=None if table.given is None else table.given[kept],
        lines=None if table.lines is None else table.lines[kept],
        files=tuple(files_of_rows(table.files, kept)),
        notes={**table.notes, "skipped": skipped, "skipped_rows": reasons},
    )
