"""Images in folders of classes, and the decoding of one image.

What has one obvious meaning is converted: palettes, grey and CMYK to the colours that
are asked for, and a picture that says that it lies on its side is turned. What has none
is no image to learn from: several pictures in a file, values of 16 bits or floats.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasgen.runtime.class_folders import usable_files
from kerasgen.runtime.values import Array, Columns

MODES = {"rgb": "RGB", "rgba": "RGBA", "grayscale": "L"}
"""Color mode, in Keras's words, to Pillow's."""

IMAGE_FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP", "TIFF", "PPM")
"""The formats that Pillow may try; some of its others call outside programs."""

ANIMATIONS = ("GIF", "PNG", "WEBP", "TIFF")
"""Formats whose files may hold several pictures of the same rank."""

MASK_MODES = ("1", "L", "P")
"""Kinds of pixels that are numbers of classes: black and white, grey, a palette."""

MOST_PIXELS = 2**26
"""Pixels of an image."""

FREE_PIXELS = 2**24
"""Pixels that an image may have however small its file is."""

PIXELS_A_BYTE = 200
"""Pixels that a larger image may have for each byte of its file."""


def read_images(
    path: str,
    size: Sequence[int] | None = None,
    color_mode: str = "rgb",
    bad: str = "error",
) -> Columns:
    """Reads the images in a folder, or in an archive of one, and their labels."""
    images, labels, given = usable_files(
        path,
        "images",
        bad,
        lambda content: decode_image(content, MODES[color_mode], size),
    )
    return {"image": np.stack([*images.values()]), "label": labels}, given


def decode_image(
    content: bytes, mode: str | None, size: Sequence[int] | None
) -> tuple[Array, str]:
    """The pixels of a file's image, and what is wrong with it; empty for nothing.

    Without a mode they are numbers of classes.
    """
    from PIL import Image, UnidentifiedImageError

    nothing = np.zeros((0, 0), "uint8")
    if not content:
        return nothing, "is empty"
    try:
        with Image.open(io.BytesIO(content), formats=IMAGE_FORMATS) as image:
            if problem := image_problem(image, len(content)):
                return nothing, problem
            if mode is not None:
                return image_array(image, mode, size), ""
            if image.mode in MASK_MODES:
                return mask_array(image, size), ""
            problem = f"has pixels of the kind `{image.mode}`"
            return nothing, f"{problem}, expected numbers of classes: grey or a palette"
    except UnidentifiedImageError:
        return nothing, "is not an image"
    except (
        OSError,
        ValueError,
        SyntaxError,
        EOFError,
        struct.error,
        zlib.error,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ) as error:
        return nothing, f"cannot be decoded: {error}"


def image_problem(image: Any, packed: int) -> str:
    """What is wrong with an image whose head was read; empty for nothing."""
    pixels = image.size[0] * image.size[1]
    if pixels > MOST_PIXELS:
        return f"has {pixels:,} pixels, expected at most {MOST_PIXELS:,}"
    if pixels > FREE_PIXELS + PIXELS_A_BYTE * packed:
        return f"has {pixels:,} pixels in {packed:,} bytes, which no picture has"
    if image.mode[0] in "IF":
        return f"has values of the kind `{image.mode}`, expected 8 bits"
    frames = getattr(image, "n_frames", 1) if image.format in ANIMATIONS else 1
    return f"holds {frames} pictures, expected one" if frames > 1 else ""


def image_array(image: Any, mode: str, size: Sequence[int] | None) -> Array:
    """The pixels of an opened image, rows first, with an axis of channels."""
    from PIL import Image, ImageOps

    image.load()
    if "exif" in image.info:  # it may say that the picture lies on its side
        image = ImageOps.exif_transpose(image)
    if image.mode == "P" and "transparency" in image.info:
        image = image.convert("RGBA")
    if image.mode != mode:
        image = image.convert(mode)
    if size is not None and image.size != (size[1], size[0]):
        image = image.resize((size[1], size[0]), Image.Resampling.BILINEAR)
    pixels = np.asarray(image)
    return pixels if pixels.ndim == 3 else pixels[..., np.newaxis]


def mask_array(image: Any, size: Sequence[int] | None) -> Array:
    """The class of each pixel of an opened image, rows first."""
    from PIL import Image

    if size is not None and image.size != (size[1], size[0]):
        image = image.resize((size[1], size[0]), Image.Resampling.NEAREST)
    return np.asarray(image).astype("uint8")
