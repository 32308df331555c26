"""Images in folders: one folder a class, perhaps within one folder a part.

This room owns what may be asked of images, and the array that they become. How their files are
found and read stands in `class_folders`, how one becomes pixels in `runtime.images`.

Decisions:
- Images are resized by Pillow's bilinear filter where they have another size, without keeping
  their aspect ratio.
- JPEG files are decoded by simplejpeg where it is installed, which is several times as fast and
  gives the pixels that Pillow gives. What it does not take, Pillow decides about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Literal

from kerasgen.data.decoded_cache import DecodedRows
from kerasgen.data.sources.class_folders import ClassFolders, Decoded, opened_folders
from kerasgen.data.sources.files import check_size
from kerasgen.data.sources.plain_functions import call_with_fields
from kerasgen.data.table import Array, Table, argument_key
from kerasgen.diagnostics import Sink
from kerasgen.process.packages import is_installed
from kerasgen.runtime.images import (
    FREE_PIXELS,
    MODES,
    decode_image,
    image_array,
    read_images,
)
from kerasgen.runtime.source_call import SourceCall

_JPEG = b"\xff\xd8\xff"

_EXIF = b"Exif\0\0"

_HEAD = 2**16
"""Bytes of a JPEG file in which it may say how the picture lies."""

_FAST: Mapping[tuple[str, str | None], str] = {("YCbCr", "RGB"): "RGB", ("Gray", "L"): "GRAY"}
"""Colours in a JPEG file and as asked for, to simplejpeg's name of these, where it gives the pixels
that Pillow gives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFolder:
    """Images in `CLASS/FILE` or `PART/CLASS/FILE`, in a folder or an archive of one.

    The columns are `image` (bytes, channels last) and `label` (indices of the sorted class
    names). Parts are called `train`, `val` or `validation`, and `test`.

    Attributes:
        path: the folder, or a `.tar`, `.tar.gz`, `.tgz` or `.zip` archive.
        size: height and width; None if all images have the same.
        color_mode: `rgb`, `rgba` or `grayscale`.
        bad: what becomes of a file that is no image: an `error`, or `skip`.
    """

    path: str
    size: tuple[int, ...] | None = None
    color_mode: Literal["rgb", "rgba", "grayscale"] = "rgb"
    bad: Literal["error", "skip"] = "error"

    PATHS: ClassVar[tuple[str, ...]] = ("path",)

    def plain_call(self) -> SourceCall:
        """The plain function that reads it, and its arguments."""
        return call_with_fields(read_images, self, "label")

    def check_arguments(self, sink: Sink) -> None:
        """Reports arguments that no file could go with; see `table.ChecksArguments`."""
        check_size(self.size, sink)

    def read(self, wanted: frozenset[str] | None, sink: Sink) -> Table:
        """Reads the data; see `table.Source`.

        Raises:
            CompileError: KG204, `size` is not a height and a width; or with a code of its own, the
                images cannot be read, lie in no folders of classes, or differ in size.
        """
        self.check_arguments(sink)
        sink.stop_on_errors()
        with opened_folders(self.path, "images", self.bad, sink) as folders:
            found = folders.sorted_files()
            images: Array | None = None
            if wanted is None or "image" in wanted or self.bad == "skip":
                rows = {name: row for row, name in enumerate(found["files"])}
                images = DecodedRows(
                    folders=folders,
                    files=found["files"],
                    form=f"images {self.size} {self.color_mode} {pillow_version()}",
                    unit="pixels",
                    decode=partial(self._decoded, folders, rows),
                ).array()
            return folders.table(found, "image", "image", images)

    def _decoded(
        self, folders: ClassFolders, rows: Mapping[str, int]
    ) -> Iterator[tuple[int, Array]]:
        """Number and pixels of each row; they have one size."""
        decode = image_decoder(MODES[self.color_mode], self.size)
        images = folders.decoded(list(rows), decode)
        place = argument_key("path"), argument_key("size")
        for name, image in of_one_size(images, self.size, place, folders.sink):
            yield rows[name], image


def of_one_size(
    images: Iterable[tuple[str, Array]],
    size: Sequence[int] | None,
    keys: tuple[str, str],
    sink: Sink,
) -> Iterator[tuple[str, Array]]:
    """Name and pixels of images that must have one size.

    Args:
        images: name and pixels of each.
        size: height and width; None for those of the first.
        keys: the key of the images and the one that gives them a size.
        sink: gets the one of another size.

    Raises:
        CompileError: KG502, an image has another size.
    """
    for name, image in images:
        size = image.shape[:2] if size is None else size
        if image.shape[:2] != tuple(size):
            raise sink.fail(
                "KG502",
                f"`{name}` has the size {list(image.shape[:2])}, and others have {list(size)}",
                key=keys[0],
                help=f"give all images one size: `'{keys[1]}=[64,64]'`",
            )
        yield name, image


def image_decoder(mode: str | None, size: Sequence[int] | None) -> Callable[[bytes], Decoded]:
    """Makes the function that gives a file's pixels, and what is wrong with it.

    Args:
        mode: the colours, in Pillow's word; None for numbers of classes.
        size: height and width, None for the image's own.
    """
    decode = _fast_decoder(mode, size) if is_installed("simplejpeg") else None

    def either(content: bytes) -> Decoded:
        pixels = None
        if decode is not None and content.startswith(_JPEG) and _EXIF not in content[:_HEAD]:
            pixels = decode(content)
        return decode_image(content, mode, size) if pixels is None else (pixels, "")

    return either


def _fast_decoder(mode: str | None, size: Sequence[int] | None) -> Callable[[bytes], Array | None]:
    """Decodes with simplejpeg; None for what is left to Pillow."""
    import simplejpeg
    from PIL import Image

    def decode(content: bytes) -> Array | None:
        try:
            height, width, space, _ = simplejpeg.decode_jpeg_header(content)
            colours = _FAST.get((space, mode))
            if mode is None or colours is None or height * width > FREE_PIXELS:
                return None
            pixels: Array = simplejpeg.decode_jpeg(content, colours)
        except ValueError:
            return None
        if size is None or (height, width) == tuple(size):
            return pixels
        return image_array(
            Image.fromarray(pixels.squeeze(-1) if mode == "L" else pixels), mode, size
        )

    return decode


def pillow_version() -> str:
    """The version of what decodes and resizes: another one may give other pixels."""
    from PIL import __version__

    return __version__
