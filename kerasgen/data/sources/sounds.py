"""Sounds in folders: one folder a class, perhaps within one folder a part.

This room owns what may be asked of sounds in files, and the array that they become. How their files
are found and read stands in `class_folders`, how a WAV file becomes values in `runtime.sounds`.

Decisions:
- Sounds of several rates or lengths are refused where nobody says what becomes of them: another
  rate is another pitch to a model, and what is cut off is lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from typing import ClassVar, Literal

from kerasgen.data.decoded_cache import DecodedRows
from kerasgen.data.sources.class_folders import ClassFolders, Decoded, opened_folders
from kerasgen.data.sources.plain_functions import Told, call_with_fields, telling
from kerasgen.data.table import Array, Table, argument_key
from kerasgen.diagnostics import Sink
from kerasgen.runtime.sounds import decode_sound, read_sounds, same_sounds
from kerasgen.runtime.source_call import SourceCall

_FORMS: Mapping[str, Told] = {
    "rate": Told(argument="path", help="give all sounds one rate with `data.source.rate=16000`"),
    "length": Told(
        argument="path", help="give all sounds one length with `data.source.length=16000`"
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sounds:
    """WAV files in `CLASS/FILE` or `PART/CLASS/FILE`, in a folder or an archive of one.

    The columns are `sound` (numbers from -1 to 1) and `label` (indices of the sorted class
    names). Parts are called `train`, `val` or `validation`, and `test`.

    Attributes:
        path: the folder, or a `.tar`, `.tar.gz`, `.tgz` or `.zip` archive.
        rate: values a second, to which other files are converted; None if all have the same.
        length: values of a sound, longer ones are cut and shorter ones filled with silence; None
            if all have the same.
        channels: 1 mixes all channels into one; another number is an axis of its own, the last.
        bad: what becomes of a file that is no WAV file, or a damaged one: an `error`, or `skip`.
    """

    path: str
    rate: int | None = None
    length: int | None = None
    channels: int = 1
    bad: Literal["error", "skip"] = "error"

    PATHS: ClassVar[tuple[str, ...]] = ("path",)

    def plain_call(self) -> SourceCall:
        """The plain function that reads it, and its arguments."""
        return call_with_fields(read_sounds, self, "label")

    def check_arguments(self, sink: Sink) -> None:
        """Reports arguments that no file could go with; see `table.ChecksArguments`."""
        for name in ("rate", "length", "channels"):
            value = getattr(self, name)
            if value is not None and value < 1:
                message = f"`{name}` is {value}, expected 1 or more"
                sink.report("KG204", message, key=argument_key(name))

    def read(self, wanted: frozenset[str] | None, sink: Sink) -> Table:
        """Reads the data; see `table.Source`.

        Raises:
            CompileError: KG204, an argument is no positive number; or with a code of its own, the
                sounds cannot be read, lie in no folders of classes, or differ in rate or length.
        """
        self.check_arguments(sink)
        sink.stop_on_errors()
        with opened_folders(self.path, "sounds", self.bad, sink) as folders:
            found = folders.sorted_files()
            sounds: Array | None = None
            if wanted is None or "sound" in wanted or self.bad == "skip":
                rows = {name: row for row, name in enumerate(found["files"])}
                sounds = DecodedRows(
                    folders=folders,
                    files=found["files"],
                    form=f"sounds {self.rate} {self.length} {self.channels} {version('scipy')}",
                    unit="values",
                    decode=partial(self._decoded, folders, rows),
                ).array()
            return folders.table(found, "sound", "audio", sounds)

    def _decoded(
        self, folders: ClassFolders, rows: Mapping[str, int]
    ) -> Iterator[tuple[int, Array]]:
        """Number and values of each row; they have one length, and come of one rate."""
        known: dict[str, tuple[int, int]] = {}
        for name, (samples, rate) in folders.decoded(list(rows), self._decode):
            known[name] = rate, len(samples)
            if len(samples) == next(iter(known.values()))[1]:
                yield rows[name], samples
        if known:
            with telling(folders.sink, _FORMS):
                same_sounds({name: known[name] for name in rows if name in known})

    def _decode(self, content: bytes) -> Decoded:
        samples, rate, problem = decode_sound(content, self.rate, self.length, self.channels)
        return (samples, rate), problem
