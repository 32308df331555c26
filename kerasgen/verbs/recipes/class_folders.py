"""The recipe of files in folders of classes: images, sounds or texts, in a folder or an archive.

This room owns what is written of them. What the folders mean is asked of `data.sources`, so that a
recipe counts the classes that a run will find. No file is decoded but the first image.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

from kerasgen.data.sources.class_folders import ClassFolders, Decoded, opened_folders
from kerasgen.diagnostics import Sink, as_yaml
from kerasgen.verbs.named_data import NamedData
from kerasgen.verbs.recipes.draft import SCALED, Draft, split_line

_LARGEST_SIZE = 256
"""Pixels of a side up to which images keep their size."""

SMALLEST_SIZE = 8
"""Pixels of a side from which on a convnet reads images."""

_SIZE = 64

_RATE = 16_000
"""Values of a sound: a second of so many."""

_PITCHES = (
    "pitches: {class: MelSpectrogram, sampling_rate: 16000, fft_length: 512, "
    "sequence_stride: 256, num_mel_bins: 64}",
    "channel: {class: ops.expand_dims, axis: -1}",
    "scale: {class: Normalization, axis: null}",
)
"""Sounds as pictures of their pitches over time."""

_MODELS = {"images": "convnet", "sounds": "convnet", "texts": "text"}


def draft_of_folders(named: NamedData, path: str, sink: Sink) -> Draft:
    """The recipe of a folder or an archive.

    Args:
        named: what was named.
        path: the path as the recipe writes it.
        sink: gets what is wrong with the folders.

    Raises:
        CompileError: KG505, there is one class; or with a code of its own, the folders cannot be
            read, or are none of classes.
    """
    size: tuple[int, int] | None = None
    with opened_folders(named.path, named.kind, "skip", sink) as folders:
        found = folders.sorted_files()
        if len(found["classes"]) < 2:
            raise sink.fail(
                "KG505",
                f"`{named.path}` has one class, `{found['classes'][0]}`, expected two or more",
                help="a folder of one's own is expected for each class",
            )
        if named.kind == "images":
            size = _image_size(folders, found["files"])
    guessed = [f"the {len(found['classes']):,} folders are the classes"]
    lines = [f"# {named.kind.capitalize()} in folders of classes, as `kerasgen init` found them."]
    lines += ["source:", f"  class: {named.source}", f"  path: {as_yaml(path)}"]
    if size is not None:
        guessed.append(f"images are brought to {size[0]} x {size[1]}: `data.source.size`")
        lines += [f"  size: [{size[0]}, {size[1]}]       # height and width of all images"]
        lines += ["features: image", "target: label", "task: classification", *SCALED]
    elif named.kind == "sounds":
        guessed.append("sounds are brought to one second: `data.source.length`")
        lines += [f"  rate: {_RATE}               # values a second"]
        lines += [f"  length: {_RATE}             # values of a sound: one second"]
        lines += ["features: sound", "target: label", "task: classification"]
        lines += ["prepare:           # each sound becomes a picture of its pitches over time"]
        lines += [f"  {step}" for step in _PITCHES]
    else:
        lines += ["columns:", "  text: text       # or {type: text, tokens: 10000, length: 100}"]
        lines += ["features: all", "target: label", "task: auto", "prepare: auto"]
    written = named.kind != "texts"
    stratify = "true" if written else "auto"
    lines += [split_line(given=found["given"] is not None, stratify=stratify)]
    if written:
        lines += facts_lines(len(found["classes"]), (*size, 3) if size is not None else (_RATE,))
    return Draft(
        lines=tuple(lines),
        model=_MODELS[named.kind],
        rows=len(found["files"]),
        guessed=tuple(guessed),
    )


def facts_lines(classes: int, shape: Sequence[int | None]) -> list[str]:
    """What `check` may know without opening the data, and `${data.classes}` in the model."""
    return [
        "facts:             # what `check` knows without opening the data; a run verifies it",
        f"  classes: {classes}",
        f"  shape: [{', '.join(map(str, shape))}]",
    ]


def _image_size(folders: ClassFolders, files: Sequence[str]) -> tuple[int, int]:
    """The size of the first image, unless it is too large to be that of all."""
    for _, (height, width) in folders.decoded(files[:1], _size_of):
        if min(width, height) >= SMALLEST_SIZE and max(width, height) <= _LARGEST_SIZE:
            return height, width
    return _SIZE, _SIZE


def _size_of(content: bytes) -> Decoded:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(content)) as image:
            return (image.height, image.width), ""
    except (OSError, ValueError, UnidentifiedImageError, Image.DecompressionBombError):
        return None, "is not an image"
