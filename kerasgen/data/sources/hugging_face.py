"""Datasets of Hugging Face that lie on the disk: saved by its library, or files that it offers.

This room owns what may be asked of such a folder, and the names of classes that it says. How its
files become columns stands in `runtime.hugging_face`, which reads them with Polars.

Decisions:
- Nothing is downloaded, and the package `datasets` is not needed: what it writes and what the hub
  offers are Arrow, Parquet, JSON and text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from kerasgen.data.sources.files import check_size, find_path, readable
from kerasgen.data.sources.list_columns import lists_of_types
from kerasgen.data.sources.plain_functions import Told, call_with_fields, telling
from kerasgen.data.table import Array, Table, argument_key, chosen
from kerasgen.diagnostics import Sink
from kerasgen.process.packages import is_installed
from kerasgen.runtime.hugging_face import (
    dataset_classes,
    dataset_files,
    dataset_frames,
    read_hugging_face,
)
from kerasgen.runtime.source_call import SourceCall

_FORMS: Mapping[str, Told] = {
    "files": Told(
        argument="path",
        help="expected what `save_to_disk` writes, or files as `data/train-00000-of-00002.parquet`",
    ),
    "image": Told(argument="path", help="leave such rows out with `data.source.bad=skip`"),
    "size": Told(argument="path", help="give all images one size with `data.source.size=[…,…]`"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HuggingFace:
    """A dataset of Hugging Face in a folder: what `save_to_disk` wrote, or files of rows.

    Its splits are the given parts. Columns of images become images.

    Attributes:
        path: the folder.
        size: height and width of images; None if all have the same.
        color_mode: `rgb`, `rgba` or `grayscale`.
        bad: what becomes of rows whose image cannot be used: an `error`, or `skip`.
    """

    path: str
    size: tuple[int, ...] | None = None
    color_mode: Literal["rgb", "rgba", "grayscale"] = "rgb"
    bad: Literal["error", "skip"] = "error"

    PATHS: ClassVar[tuple[str, ...]] = ("path",)

    def plain_call(self) -> SourceCall:
        """The plain function that reads it, and its arguments."""
        return call_with_fields(read_hugging_face, self)

    def check_arguments(self, sink: Sink) -> None:
        """Reports arguments that no file could go with; see `table.ChecksArguments`."""
        check_size(self.size, sink)

    def read(self, wanted: frozenset[str] | None, sink: Sink) -> Table:
        """Reads the data; see `table.Source`.

        Raises:
            CompileError: KG204, `size` is not a height and a width; KG603, Polars is not installed;
                or with a code of its own, the files cannot be read, or hold what cannot be used.
        """
        self.check_arguments(sink)
        sink.stop_on_errors()
        if not is_installed("polars"):
            raise sink.fail(
                "KG603",
                "the source `HuggingFace` needs the package `polars`",
                key="data.source.class",
                help="pip install 'kerasgen[tables]'",
            )
        folder = self._folder(sink)
        with readable(self.path, "path", sink), telling(sink, _FORMS):
            files = dataset_files(folder, self.path)
            call = self.plain_call()
            columns, given = call.function(**call.arguments, wanted=wanted)
            frames = [frame for file in files for frame in dataset_frames(file)]
            classes = dataset_classes(files)
        names = tuple(frames[0].columns)
        rows = len(next(iter(columns.values()))) if columns else 0
        skipped = sum(frame.height for frame in frames) - rows if columns else 0
        known = {
            name: words
            for name, words in classes.items()
            if name in columns and _are_indices(columns[name], len(words))
        }
        columns |= {name: columns[name].astype("int64") for name in known}
        return Table(
            columns={name: columns[name] for name in chosen(names, wanted)},
            names=names,
            lists=lists_of_types(frames[0].schema, columns),
            class_names=known,
            given=given,
            notes={"skipped": skipped} if skipped else {},
        )

    def _folder(self, sink: Sink) -> Path:
        if self.path.count("/") == 1 and not Path(self.path).expanduser().exists():
            raise sink.fail(
                "KG501",
                f"there is no folder `{self.path}`",
                key=argument_key("path"),
                help="nothing is downloaded: where there is a network, save it with "
                f'`datasets.load_dataset("{self.path}").save_to_disk("FOLDER")`, and name the '
                "folder",
            )
        found = find_path(self.path, "path", sink)
        if found.is_dir():
            return found
        raise sink.fail(
            "KG502",
            f"`{self.path}` is a file, expected a folder",
            key=argument_key("path"),
            help="a single file of rows is read by the source `Table`",
        )


def _are_indices(column: Array, classes: int) -> bool:
    """Whether a column holds numbers of classes alone; -1 stands for none where nobody knows."""
    return column.dtype.kind in "iuf" and bool(((column >= 0) & (column < classes)).all())
