"""Images in folders: one folder a class, perhaps within one folder a part.

This room owns the reading of folders and archives, and the decoding, within bounds. What folders
mean stands in `runtime.images`. An archive is read without extracting it; its members' names are
only ever names.

Decisions:
- A file in a class's folder that is no image is an error, since leaving it out in silence would
  change the data.
- What a folder or an archive asks for is bounded: no circles are gone through, nor what is deep
  below a link that leads out; files are regular ones; archives and images unpack to so much alone.
- Images are resized by Pillow's bilinear filter where they have another size, without keeping
  their aspect ratio.
"""

from __future__ import annotations

import errno
import io
import os
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from math import prod
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeAlias

import numpy as np

from kerasgen.data.sources.files import Progress, check_memory, find_path, readable
from kerasgen.data.sources.plain_functions import Told, call_with_fields, telling
from kerasgen.data.table import Array, Table, argument_key
from kerasgen.diagnostics import CompileError, Sink
from kerasgen.foreign.regular_files import is_regular
from kerasgen.runtime.images import MODES, image_array, read_images, sort_folders
from kerasgen.runtime.source_call import SourceCall

FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP", "TIFF", "PPM")
"""The formats that Pillow may try; some of its others call outside programs."""

CHUNK = 1024
"""Images that are decoded at a time."""

GROUP = 64
"""Images that a thread takes at a time: small ones cost less than handing them over one by one."""

LARGEST = 256 * 2**20
"""Bytes that one file of an archive may have; more is taken for an attack."""

CHUNK_BYTES = 256 * 2**20
"""Bytes of files of an archive that are held at a time, above which no further one is taken."""

FREE_BYTES, MOST_EXPANSION = 64 * 2**20, 200
"""Bytes to which an archive may unpack in any case, and how many times its size otherwise."""

MOST_PIXELS, FREE_PIXELS = 2**26, 2**24
"""Pixels of an image, and those that it may have however small its file is."""

LEVELS_OUTSIDE = 2
"""Levels of folders at a link that leads out of the data: parts and classes may be links."""

MOST_FOLDERS = 100_000
"""Folders of the data; links may make any number out of a few."""

_FORMS: Mapping[str, Told] = {
    "classes": Told(
        "KG503",
        "path",
        help="expected `CLASS/FILE`, or `train/CLASS/FILE` and `test/CLASS/FILE`",
    ),
    "parts": Told(
        argument="path",
        help="expected folders of classes alone, or only the parts `train`, `validation` and "
        "`test`",
    ),
}
"""How the errors of `runtime.images` are told."""

Content: TypeAlias = "Path | bytes"
"""A file on the disk, or what an archive holds of one."""

Decode: TypeAlias = "Callable[[Sequence[tuple[str, Content]]], list[Array | str]]"
"""Makes an array of each named file, or says what is wrong with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFolder:
    """Images in `CLASS/FILE` or `PART/CLASS/FILE`, in a folder or an archive of one.

    The columns are `image` (bytes, channels last) and `label` (indices of the sorted class
    names). Parts are called `train`, `val` or `validation`, and `test`.

    Attributes:
        path: the folder, or a `.tar`, `.tar.gz`, `.tgz` or `.zip` archive.
        size: height and width; None if all images have the same.
        color_mode: `rgb`, `rgba` or `grayscale`.
    """

    path: str
    size: tuple[int, ...] | None = None
    color_mode: Literal["rgb", "rgba", "grayscale"] = "rgb"

    PATHS: ClassVar[tuple[str, ...]] = ("path",)

    def plain_call(self) -> SourceCall:
        """The plain function that reads it, and its arguments."""
        return call_with_fields(read_images, self, "label")

    def read(self, wanted: frozenset[str] | None, sink: Sink) -> Table:
        """Reads the data; see `table.Source`.

        Raises:
            CompileError: KG204, `size` is not a height and a width; or with a code of its own, the
                images cannot be read, lie in no folders of classes, or differ in size.
        """
        if self.size is not None and (len(self.size) != 2 or min(self.size) < 1):
            raise sink.fail(
                "KG204",
                f"`size` is {list(self.size)}, expected height and width",
                key=argument_key("size"),
            )
        path = find_path(self.path, "path", sink)
        with _reading(path, sink):
            names = _list_files(path)
            with telling(sink, _FORMS):
                found = sort_folders(names, self.path)
            columns = {"label": found["labels"]}
            if wanted is None or "image" in wanted:
                rows = {name: row for row, name in enumerate(found["files"])}
                columns["image"] = self._read_images(path, rows, sink)
        return Table(
            columns=columns,
            names=("image", "label"),
            class_names={"label": found["classes"]},
            given=found["given"],
        )

    def _read_images(self, path: Path, rows: Mapping[str, int], sink: Sink) -> Array:
        mode = MODES[self.color_mode]
        channels = len(mode)  # `RGB`, `RGBA`, `L`: a letter for each
        size: tuple[int, ...] | None = self.size
        images: Array | None = None
        progress = Progress("images", len(rows))
        decode = _decoder(mode, size)
        if size is not None:
            _check_memory(len(rows), size, channels, sink)
        with ThreadPoolExecutor(max_workers=min(8, (os.cpu_count() or 1) + 1)) as pool:
            for chunk in _chunks(_contents(path, rows)):
                groups = [chunk[start : start + GROUP] for start in range(0, len(chunk), GROUP)]
                decoded = chain.from_iterable(pool.map(decode, groups))
                for (name, _), image in zip(chunk, decoded, strict=True):
                    if isinstance(image, str):
                        sink.report("KG502", f"`{name}` {image}", key=argument_key("path"))
                        continue
                    if images is None:
                        size = image.shape[:2]
                        _check_memory(len(rows), size, channels, sink)
                        images = np.empty((len(rows), *size, channels), dtype="uint8")
                    if image.shape[:2] != size:
                        raise sink.fail(
                            "KG502",
                            f"`{name}` has the size {list(image.shape[:2])}, and others have "
                            f"{list(size or ())}",
                            key=argument_key("path"),
                            help="give all images one size with `data.source.size=[…,…]`",
                        )
                    images[rows[name]] = image
                progress.advance(len(chunk))
                sink.stop_on_errors()
        progress.close()
        assert images is not None
        return images


def _list_files(path: Path) -> list[str]:
    """The names of all files, with `/` between folders, relative to the folder or archive."""
    if path.is_dir():
        return list(_walked(path))
    size = path.stat().st_size
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            _require_bounded(sum(member.file_size for member in members), size)
            return [member.filename for member in members if not member.is_dir()]
    names, unpacked = [], 0
    with tarfile.open(path, "r:*") as tar:
        for entry in tar:
            unpacked += entry.size
            _require_bounded(unpacked, size)  # before the next one is looked for behind it
            if entry.isfile():
                names.append(entry.name)
    return names


def _walked(path: Path) -> Iterator[str]:
    """The files below a folder; links are followed but for circles, and not deep outside of it."""
    root = os.path.realpath(path)
    around: dict[str, tuple[str, ...]] = {}
    outside: dict[str, int] = {}
    for folder, folders, files in os.walk(path, followlinks=True):
        real, parent = os.path.realpath(folder), os.path.dirname(folder)
        level = outside.get(parent, 0)
        if level or os.path.commonpath((root, real)) != root:
            outside[folder] = level + 1
        if real in around.get(parent, ()) or outside.get(folder, 0) > LEVELS_OUTSIDE:
            folders.clear()
            continue
        around[folder] = (*around.get(parent, ()), real)
        if len(around) > MOST_FOLDERS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        base = Path(folder).relative_to(path)
        yield from ((base / name).as_posix() for name in files)


def _require_bounded(unpacked: int, packed: int) -> None:
    if unpacked > FREE_BYTES + MOST_EXPANSION * packed:
        raise tarfile.TarError(f"it unpacks from {packed:,} to {unpacked:,} bytes or more")


def _contents(path: Path, rows: Mapping[str, int]) -> Iterator[tuple[str, Content]]:
    """The listed files, each with its content, in the order in which they are quickly read."""
    if path.is_dir():
        for name in rows:
            yield name, path / name
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if info.filename in rows:
                    yield info.filename, _limited(archive.open(info))
    else:
        with tarfile.open(path, "r:*") as archive:
            for member in archive:
                if member.isfile() and member.name in rows:
                    stream = archive.extractfile(member)
                    assert stream is not None
                    yield member.name, _limited(stream)


def _limited(stream: Any) -> bytes:
    content: bytes = stream.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise tarfile.TarError(f"a file in it has more than {LARGEST // 2**20} MiB")
    return content


def _chunks(files: Iterator[tuple[str, Content]]) -> Iterator[list[tuple[str, Content]]]:
    chunk, held = [], 0
    for file in files:
        chunk.append(file)
        held += len(file[1]) if isinstance(file[1], bytes) else 0
        if len(chunk) == CHUNK or held > CHUNK_BYTES:
            yield chunk
            chunk, held = [], 0
    if chunk:
        yield chunk


def _check_memory(count: int, size: Sequence[int], channels: int, sink: Sink) -> None:
    what = f"an array of {count:,} images of {' x '.join(map(str, size))} pixels"
    check_memory(count * prod(size) * channels, what, "path", sink)


def _too_large(size: tuple[int, int], content: Content) -> str | None:
    """What is wrong with the number of an image's pixels, which is told before they are made."""
    pixels = prod(size)
    if pixels <= FREE_PIXELS:
        return None
    packed = len(content) if isinstance(content, bytes) else content.stat().st_size
    if pixels > MOST_PIXELS:
        return f"has {pixels:,} pixels, expected at most {MOST_PIXELS:,}"
    if pixels > FREE_PIXELS + MOST_EXPANSION * packed:
        return f"has {pixels:,} pixels in {packed:,} bytes, which no picture has"
    return None


def _decoder(mode: str, size: tuple[int, ...] | None) -> Decode:
    # Imported here, since Pillow takes time and most runs need none of it.
    from PIL import Image, UnidentifiedImageError

    broken: tuple[type[BaseException], ...] = (
        OSError,
        ValueError,
        SyntaxError,
        EOFError,
        zlib.error,
    )
    broken += (Image.DecompressionBombError, Image.DecompressionBombWarning)

    def decode(content: Content) -> Array | str:
        if isinstance(content, Path) and not is_regular(content):
            return "is no regular file"
        stream = io.BytesIO(content) if isinstance(content, bytes) else content
        try:
            with Image.open(stream, formats=FORMATS) as image:
                if (problem := _too_large(image.size, content)) is not None:
                    return problem
                if image.mode[0] in "IF":
                    return f"has values of the kind `{image.mode}`, expected 8 bits"
                return image_array(image, mode, size)
        except UnidentifiedImageError:
            return "is not an image"
        except broken as error:
            return f"cannot be decoded: {error}"

    return lambda files: [decode(content) for _, content in files]


@contextmanager
def _reading(path: Path, sink: Sink) -> Iterator[None]:
    """Turns what archives raise into diagnostics."""
    try:
        with readable(path, "path", sink):
            yield
    except CompileError:
        raise
    except MemoryError as error:
        message = f"`{path}` asks for more memory than there is"
        raise sink.fail("KG502", message, key=argument_key("path")) from error
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        reason = " ".join(str(error).split("\n", 1)[0].split()).rstrip(":")
        raise sink.fail(
            "KG502",
            f"`{path}` is no folder, and cannot be read as an archive: {reason}",
            key=argument_key("path"),
        ) from error
