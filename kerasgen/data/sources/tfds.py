"""Datasets of TensorFlow Datasets that lie on the disk, as that package has prepared them.

This room owns what may be asked of such a folder. How its files become columns stands in
`runtime.tensorflow_datasets`.

Decisions:
- Nothing is downloaded, and the package `tensorflow_datasets` is not needed: what it writes are
  JSON and TFRecord files. It would import whatever module a folder names, a stranger's too.
- Splits are the given parts. Features inside others are called `outer/inner`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from kerasgen.data.sources.files import check_size, find_path, readable
from kerasgen.data.sources.plain_functions import Told, call_with_fields, telling
from kerasgen.data.table import Table, argument_key, chosen
from kerasgen.diagnostics import Sink
from kerasgen.foreign.printable import cut
from kerasgen.runtime.source_call import SourceCall
from kerasgen.runtime.tensorflow_datasets import (
    dataset_class_names,
    prepared_features,
    prepared_folder,
    read_tensorflow_dataset,
)

_PREPARE = (
    "where there is a network, prepare it with "
    '`tfds.load("NAME", data_dir="FOLDER", builder_kwargs={"file_format": "tfrecord"})`'
)

_FORMS: Mapping[str, Told] = {
    "folder": Told(argument="path", help=f"nothing is downloaded: {_PREPARE}"),
    "several": Told(argument="path", help="name one of them: `data.source.path=FOLDER/NAME/1.0.0`"),
    "files": Told(argument="path"),
    "format": Told(argument="path", help=_PREPARE),
    "feature": Told(argument="path", help="name others under `data.features`"),
    "image": Told(argument="path", help="leave such rows out with `data.source.bad=skip`"),
    "size": Told(argument="path", help="give all images one size with `data.source.size=[…,…]`"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tfds:
    """A dataset that TensorFlow Datasets has prepared in a folder, in its usual form `tfrecord`.

    Its splits are the given parts, and its features the columns.

    Attributes:
        path: the folder with `dataset_info.json`, or one above it: `~/tensorflow_datasets/mnist`.
        size: height and width of images; None if all have the same.
        bad: what becomes of rows whose image cannot be used: an `error`, or `skip`.
    """

    path: str
    size: tuple[int, ...] | None = None
    bad: Literal["error", "skip"] = "error"

    PATHS: ClassVar[tuple[str, ...]] = ("path",)

    def plain_call(self) -> SourceCall:
        """The plain function that reads it, and its arguments."""
        return call_with_fields(read_tensorflow_dataset, self)

    def check_arguments(self, sink: Sink) -> None:
        """Reports arguments that no file could go with; see `table.ChecksArguments`."""
        check_size(self.size, sink)

    def read(self, wanted: frozenset[str] | None, sink: Sink) -> Table:
        """Reads the data; see `table.Source`.

        Raises:
            CompileError: KG204, `size` is not a height and a width; or with a code of its own, the
                files cannot be read, or hold what cannot be used.
        """
        self.check_arguments(sink)
        sink.stop_on_errors()
        found = find_path(self.path, "path", sink)
        try:
            with readable(self.path, "path", sink), telling(sink, _FORMS):
                folder = prepared_folder(Path(found), self.path)
                names = tuple(prepared_features(folder))
                call = self.plain_call()
                columns, given = call.function(**call.arguments, wanted=wanted)
                classes = dataset_class_names(folder)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            told = f"`{self.path}` is not as TensorFlow Datasets writes it: {cut(str(error))}"
            raise sink.fail("KG502", told, key=argument_key("path")) from error
        if columns and not len(next(iter(columns.values()))):
            raise sink.fail("KG503", "the source has no rows", key=argument_key("path"))
        known = {
            name: words
            for name, words in classes.items()
            if name in columns and bool(((columns[name] >= 0) & (columns[name] < len(words))).all())
        }
        return Table(
            columns={name: columns[name] for name in chosen(names, wanted)},
            names=names,
            class_names=known,
            given=given,
        )
