"""Data that a person names by its file, folder or archive: the source that reads it.

This room owns which source that is, by what the name ends in and by what lies in a folder. It opens
no file but the list of an archive's members.
"""

from __future__ import annotations

import tarfile
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path, PurePosixPath

from kerasgen.diagnostics import Sink, SourceLocation
from kerasgen.runtime.tabular.table_files import FORMATS

ARRAYS = (".npz", ".npy", ".h5", ".hdf5")
PACKED = (".gz", ".bz2", ".xz", ".zst")
ARCHIVES = (".zip", ".tar", ".tgz", ".tar.gz")
IMAGES = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm")
SOUNDS = (".wav",)
TEXTS = (".txt", ".text", ".md")

_MEMBERS = 2_000
"""Files of a folder or an archive whose endings are looked at."""

_DATABASES = (".sqlite", ".sqlite3", ".db")


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedData:
    """Data by its name.

    Attributes:
        path: what was named.
        source: the class that reads it.
        kind: `table`, `arrays`, `images`, `sounds` or `texts`.
        arguments: the arguments of the source beside the path.
    """

    path: str
    source: str
    kind: str
    arguments: dict[str, object] = field(default_factory=dict)


def named_data(path: str, sink: Sink) -> NamedData:
    """The source of what was named.

    Args:
        path: a file, a folder, an archive, or a pattern of files of one table.
        sink: gets what is not there, or of no form that a source reads.

    Raises:
        CompileError: KG501, it is not there; KG502, no source reads it.
    """
    place = Path(path).expanduser()
    name = place.name.lower()
    if not place.exists() and not any(sign in path for sign in "*?["):
        raise sink.fail_at("KG501", f"there is no `{path}`", SourceLocation(override=path))
    if place.is_dir() or name.endswith(ARCHIVES):
        return _of_members(path, place, sink)
    if name.endswith(ARRAYS):
        return NamedData(path=path, source="Arrays", kind="arrays")
    if PurePosixPath(name).suffix in (*FORMATS, *_DATABASES):
        return NamedData(path=path, source="Table", kind="table")
    if name.endswith(PACKED):
        raise sink.fail_at(
            "KG502",
            f"`{path}` is a packed file, expected what is in it",
            SourceLocation(override=path),
            help="unpack it first, as with `gunzip -k FILE`",
        )
    raise sink.fail_at(
        "KG502",
        f"`{path}` is of no form that a source of data is known for",
        SourceLocation(override=path),
        help="a table ends in .csv, .tsv, .parquet, .arrow, .jsonl or .xlsx, arrays in .npz, "
        ".npy or .h5, an archive in .zip or .tar.gz; of others write the source into a config",
    )


def _of_members(path: str, place: Path, sink: Sink) -> NamedData:
    try:
        endings = Counter(PurePosixPath(name.lower()).suffix for name in _members(place))
    except (OSError, tarfile.TarError, zipfile.BadZipFile) as error:
        raise sink.fail("KG502", f"`{path}` cannot be read: {error}") from error
    kinds = {
        ("ImageFolder", "images"): sum(endings[ending] for ending in IMAGES),
        ("Sounds", "sounds"): sum(endings[ending] for ending in SOUNDS),
        ("Texts", "texts"): sum(endings[ending] for ending in TEXTS),
    }
    (source, kind), count = max(kinds.items(), key=lambda item: item[1])
    if not count:
        raise sink.fail(
            "KG502",
            f"`{path}` holds no images, sounds or texts",
            help="expected `CLASS/FILE`, or `train/CLASS/FILE` and `test/CLASS/FILE`, of images, "
            ".wav or .txt; of several tables give a pattern, as in 'parts/*.csv'; a folder "
            "of Hugging Face is `data=none 'data.source={class: HuggingFace, path: FOLDER}'`",
        )
    return NamedData(path=path, source=source, kind=kind)


def _members(place: Path) -> Iterator[str]:
    if place.is_dir():
        found = (file.name for file in place.rglob("*") if file.is_file())
        yield from islice(found, _MEMBERS)
    elif place.name.lower().endswith(".zip"):
        with zipfile.ZipFile(place) as archive:
            yield from archive.namelist()[:_MEMBERS]
    else:
        with tarfile.open(place) as archive:
            yield from (member.name for member in islice(archive, _MEMBERS) if member.isfile())
