"""Sounds in folders of classes, and the reading of one WAV file.

Python's own reader takes whole numbers alone. Values are held from -1 to 1, whatever a
file keeps them as.
"""

from __future__ import annotations

import math
import struct

import numpy as np

from kerasgen.runtime.class_folders import usable_files
from kerasgen.runtime.errors import DataError
from kerasgen.runtime.values import Array, Columns

WAVES = {
    (1, 8): "u1",
    (1, 16): "<i2",
    (1, 24): "u1",
    (1, 32): "<i4",
    (3, 32): "<f4",
    (3, 64): "<f8",
}
"""Whole numbers (1) or floats (3), and their bits, to NumPy's name of them."""

EXTENSIBLE = 0xFFFE
"""The kind of a file that names its kind further behind."""

ANY_LENGTH = (0, 0xFFFFFFFF)
"""Sizes that a file states which was written before its end was known."""


def read_sounds(
    path: str,
    rate: int | None = None,
    length: int | None = None,
    channels: int = 1,
    bad: str = "error",
) -> Columns:
    """Reads the sounds in a folder, or in an archive of one, and their labels."""

    def decode(content: bytes) -> tuple[tuple[Array, int], str]:
        sound, own, problem = decode_sound(content, rate, length, channels)
        return (sound, own), problem

    sounds, labels, given = usable_files(path, "sounds", bad, decode)
    same_sounds({name: (own, len(sound)) for name, (sound, own) in sounds.items()})
    return {
        "sound": np.stack([sound for sound, _ in sounds.values()]),
        "label": labels,
    }, given


def same_sounds(known: dict[str, tuple[int, int]]) -> None:
    """Checks that all sounds have one rate and one length.

    Raises:
        DataError: they have not; it is about the `rate` or the `length`.
    """
    first = next(iter(known))
    for name, (rate, length) in known.items():
        if rate != known[first][0]:
            problem = f"`{name}` has {rate:,} values a second"
            problem = f"{problem}, and `{first}` has {known[first][0]:,}"
            raise DataError(problem, about="rate")
        if length != known[first][1]:
            problem = f"`{name}` has {length:,} values"
            problem = f"{problem}, and `{first}` has {known[first][1]:,}"
            raise DataError(problem, about="length")


def decode_sound(
    content: bytes, rate: int | None, length: int | None, channels: int
) -> tuple[Array, int, str]:
    """A file's sound, its rate, and what is wrong with it; empty for nothing."""
    samples, own, problem = wave_values(content)
    if problem:
        return samples, own, problem
    if channels == 1:
        samples = samples.mean(axis=1, dtype="float32")
    elif samples.shape[1] == 1:
        samples = np.repeat(samples, channels, axis=1)
    elif samples.shape[1] != channels:
        problem = f"has {samples.shape[1]} channels, expected 1 or {channels}"
        return samples, own, problem
    if rate is not None and own != rate:
        samples, own = resample(samples, own, rate), rate
    if length is not None:
        missing = max(0, length - len(samples))
        pads = [(0, missing)] + [(0, 0)] * (samples.ndim - 1)
        samples = np.pad(samples[:length], pads)
    return np.ascontiguousarray(samples, "float32"), own, ""


def resample(samples: Array, rate: int, wanted: int) -> Array:
    """The same sound with another number of values a second."""
    from scipy.signal import resample_poly

    shared = math.gcd(rate, wanted)
    up, down = wanted // shared, rate // shared
    return np.asarray(resample_poly(samples, up, down, axis=0), "float32")


def wave_values(content: bytes) -> tuple[Array, int, str]:
    """A WAV file's values, a column a channel, its rate, and what is wrong with it."""
    nothing = np.zeros((0, 1), "float32")
    if not content:
        return nothing, 0, "is empty"
    if content[:4] not in (b"RIFF", b"RF64") or content[8:12] != b"WAVE":
        return nothing, 0, "is not a WAV file"
    (kind, channels, rate, bits), start, size = wave_head(content)
    if not start:
        return nothing, 0, "is cut off before its values"
    if (kind, bits) not in WAVES or not channels or not rate:
        problem = f"holds {bits} bits of the kind {kind}"
        return nothing, rate, f"{problem}, expected whole numbers or floats"
    there = len(content) - start
    if size not in ANY_LENGTH and size > there:
        return nothing, rate, f"is cut off: it has {there:,} of {size:,} bytes"
    frame = channels * bits // 8
    count = (there if size in ANY_LENGTH else size) // frame
    raw = np.frombuffer(content[start : start + count * frame], WAVES[kind, bits])
    values = scaled_wave(raw, bits).reshape(count, channels)
    if not count:
        return nothing, rate, "holds no values"
    wrong = not np.isfinite(values).all()
    return values, rate, "holds values that are not finite" if wrong else ""


def wave_head(content: bytes) -> tuple[tuple[int, int, int, int], int, int]:
    """Kind, channels, rate, bits of a WAV file; where its values start, their size."""
    form, at = (0, 0, 0, 0), 12
    while at + 8 <= len(content):
        name, size = struct.unpack_from("<4sI", content, at)
        at += 8
        if name == b"data":
            return form, at, size
        if name == b"fmt " and size >= 16 and at + 16 <= len(content):
            kind, channels, rate, _, _, bits = struct.unpack_from(
                "<HHIIHH", content, at
            )
            if kind == EXTENSIBLE and size >= 26 and at + 26 <= len(content):
                (kind,) = struct.unpack_from("<H", content, at + 24)
            form = kind, channels, rate, bits
        at += size + size % 2
    return form, 0, 0


def scaled_wave(raw: Array, bits: int) -> Array:
    """The values of a file as numbers from -1 to 1."""
    if raw.dtype.kind == "f":
        return raw.astype("float32")
    if bits == 8:
        return (raw.astype("float32") - 128) / 128
    if bits == 24:
        places = raw.reshape(-1, 3).astype("int32")
        raw = (places[:, 0] << 8) | (places[:, 1] << 16) | (places[:, 2] << 24)
        bits = 32
    return (raw / 2.0 ** (bits - 1)).astype("float32")
