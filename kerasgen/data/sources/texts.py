"""Texts in folders: one folder a class, perhaps within one folder a part.

This room owns what may be asked of texts in files. How their files are found and read stands in
`class_folders`, how one becomes a text in `runtime.text_files`.

Decisions:
- NumPy holds texts in rows of one width, that of the longest, so that one long text makes all of
  them large. Where the memory may not hold that, they lie in a file; what it takes is looked at
  before it is done, and `characters` cuts them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from kerasgen.data.large_arrays import room_told
from kerasgen.data.sources.class_folders import Decoded, opened_folders, room_for
from kerasgen.data.sources.files import check_encoding, check_room
from kerasgen.data.sources.plain_functions import call_with_fields
from kerasgen.data.table import Array, Table, argument_key
from kerasgen.diagnostics import Sink
from kerasgen.runtime.source_call import SourceCall
from kerasgen.runtime.text_files import decode_text, read_texts

_BYTES = 4
"""Bytes that NumPy takes for a character."""

_PIECE = 1024
"""Texts that are put into a file at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """Texts in `CLASS/FILE` or `PART/CLASS/FILE`, in a folder or an archive of one.

    The columns are `text` and `label` (indices of the sorted class names). Parts are called
    `train`, `val` or `validation`, and `test`.

    Attributes:
        path: the folder, or a `.tar`, `.tar.gz`, `.tgz` or `.zip` archive.
        encoding: the encoding of the files.
        characters: characters that are kept of a text, None for all.
        bad: what becomes of a file that is no text, or an empty one: an `error`, or `skip`.
    """

    path: str
    encoding: str = "utf-8"
    characters: int | None = None
    bad: Literal["error", "skip"] = "error"

    PATHS: ClassVar[tuple[str, ...]] = ("path",)

    def plain_call(self) -> SourceCall:
        """The plain function that reads it, and its arguments."""
        return call_with_fields(read_texts, self, "label")

    def read(self, wanted: frozenset[str] | None, sink: Sink) -> Table:
        """Reads the data; see `table.Source`.

        Raises:
            CompileError: KG204, there is no such encoding, or no character is to be kept; or with
                a code of its own, the texts cannot be read, or lie in no folders of classes.
        """
        self.check_arguments(sink)
        sink.stop_on_errors()
        with opened_folders(self.path, "texts", self.bad, sink) as folders:
            found = folders.sorted_files()
            texts: Array | None = None
            if wanted is None or "text" in wanted or self.bad == "skip":
                read = dict(folders.decoded(found["files"], self._decode))
                texts = _column([read.get(name, "") for name in found["files"]], sink)
            return folders.table(found, "text", "text", texts)

    def _decode(self, content: bytes) -> Decoded:
        return decode_text(content, self.encoding, self.characters)

    def check_arguments(self, sink: Sink) -> None:
        """Reports arguments that no file could go with; see `table.ChecksArguments`."""
        check_encoding(self.encoding, sink)
        if self.characters is not None and self.characters < 1:
            sink.report(
                "KG204",
                f"`characters` is {self.characters}, expected 1 or more",
                key=argument_key("characters"),
            )


def _column(texts: Sequence[str], sink: Sink) -> Array:
    """Texts as an array, in a file where the memory may not hold it.

    Raises:
        CompileError: KG901, neither the memory nor the disk holds it.
    """
    longest = max(map(len, texts), default=0)
    size = len(texts) * longest * _BYTES
    space = room_for(size)
    what = f"a column of {len(texts):,} texts, the longest of {longest:,} characters,"
    check_room(size, space, what, "characters", sink)
    width = f"U{max(longest, 1)}"
    with room_told(sink):
        return space.gather(
            np.array(texts[start : start + _PIECE], width)
            for start in range(0, max(len(texts), 1), _PIECE)
        )
