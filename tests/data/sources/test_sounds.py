"""WAV files in folders and archives."""

import io
import struct
import wave

import numpy as np
import pytest
from scipy.io import wavfile

from kerasgen.data.sources.sounds import Sounds


def tone(count=8, rate=8000, dtype="int16", channels=1):
    """A WAV file as SciPy writes it, and its values from -1 to 1."""
    values = np.linspace(-0.9, 0.9, count * channels).reshape(count, channels)
    scales = {"uint8": 128, "int16": 2**15, "int32": 2**31}
    if dtype in scales:
        kept = np.rint(values * scales[dtype]) + (128 if dtype == "uint8" else 0)
    else:
        kept = values
    stream = io.BytesIO()
    wavfile.write(stream, rate, kept.astype(dtype))
    return stream.getvalue(), values


def in_24_bits(values, rate=8000):
    """A WAV file of 24 bits as Python writes it."""
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setparams((1, 3, rate, len(values), "NONE", ""))
        file.writeframes(
            b"".join(int(v * 2**23).to_bytes(3, "little", signed=True) for v in values)
        )
    return stream.getvalue()


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int32", "float32", "float64"])
def test_values_are_from_minus_one_to_one_whatever_a_file_holds(dtype, folder, sink):
    content, values = tone(dtype=dtype)
    table = Sounds(path=folder({"a/1.wav": content, "b/1.wav": content})).read(None, sink)
    assert table.columns["sound"].dtype == np.float32
    assert table.types == {"sound": "audio"}
    width = {"uint8": 1 / 128, "int16": 2**-15}.get(dtype, 1e-7)
    assert np.abs(table.columns["sound"] - values[:, 0]).max() <= width


def test_values_of_24_bits_are_read(folder, sink):
    values = [-1.0, -0.5, 0.0, 0.25, 0.9999]
    content = in_24_bits(values)
    table = Sounds(path=folder({"a/1.wav": content, "b/1.wav": content})).read(None, sink)
    assert np.abs(table.columns["sound"][0] - values).max() < 2**-22


def test_a_file_that_names_its_kind_further_behind_is_read(folder, sink):
    head = struct.pack("<HHIIHH", 0xFFFE, 1, 8000, 16000, 2, 16)
    head += struct.pack("<HHIH", 22, 16, 4, 1) + bytes(14)
    data = struct.pack("<3h", 0, 16384, -32768)
    chunks = b"LIST" + struct.pack("<I", 3) + b"abc\0"  # of an odd size, and filled
    chunks += b"fmt " + struct.pack("<I", len(head)) + head
    chunks += b"data" + struct.pack("<I", len(data)) + data
    content = b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WAVE" + chunks
    table = Sounds(path=folder({"a/1.wav": content, "b/1.wav": content})).read(None, sink)
    assert table.columns["sound"][0].tolist() == [0.0, 0.5, -1.0]


def test_channels_are_mixed_or_kept(folder, sink):
    both, values = tone(channels=2)
    one, alone = tone()
    path = folder({"a/1.wav": both, "b/1.wav": one})
    mixed = Sounds(path=path).read(None, sink).columns["sound"]
    assert np.abs(mixed[0] - values.mean(axis=1)).max() < 1e-4
    kept = Sounds(path=path, channels=2).read(None, sink).columns["sound"]
    assert kept.shape == (2, 8, 2)
    assert np.abs(kept[0] - values).max() < 1e-4
    assert np.abs(kept[1] - alone).max() < 1e-4


def test_another_rate_is_converted(folder, sink):
    at = np.arange(1600) / 16000
    stream = io.BytesIO()
    wavfile.write(stream, 16000, np.sin(2 * np.pi * 440 * at).astype("float32"))
    slow, _ = tone(count=800, dtype="float32")
    path = folder({"a/1.wav": stream.getvalue(), "b/1.wav": slow})
    sounds = Sounds(path=path, rate=8000).read(None, sink).columns["sound"]
    assert sounds.shape == (2, 800)
    expected = np.sin(2 * np.pi * 440 * np.arange(800) / 8000)
    assert np.abs(sounds[0, 50:-50] - expected[50:-50]).max() < 0.01


def test_sounds_of_several_rates_or_lengths_need_one(folder, refusals):
    content, _ = tone()
    path = folder({"a/1.wav": content, "b/1.wav": tone(rate=16000)[0]})
    (found,) = refusals(Sounds(path=path))
    assert found.message == "`b/1.wav` has 16,000 values a second, and `a/1.wav` has 8,000"
    assert "data.source.rate" in found.help
    path = folder({"b/1.wav": tone(count=9)[0]})
    (found,) = refusals(Sounds(path=path))
    assert found.message == "`b/1.wav` has 9 values, and `a/1.wav` has 8"
    assert "data.source.length" in found.help


def test_a_length_cuts_long_sounds_and_fills_short_ones(folder, sink):
    path = folder({"a/1.wav": tone(count=9)[0], "b/1.wav": tone(count=4)[0]})
    sounds = Sounds(path=path, length=6).read(None, sink).columns["sound"]
    assert sounds.shape == (2, 6)
    assert sounds[1, 4:].tolist() == [0, 0]
    assert sounds[0, 5] != 0


def broken_files():
    whole, _ = tone()
    strange = bytearray(whole)
    strange[20:22] = struct.pack("<H", 6)
    stream = io.BytesIO()
    wavfile.write(stream, 8000, np.array([0.0, np.nan, 0.0], dtype="float32"))
    return {
        "is empty": b"",
        "is not a WAV file": b"ID3 an MP3 file",
        "is cut off before its values": whole[:30],
        "is cut off: it has 10 of 16 bytes": whole[:-6],
        "holds 16 bits of the kind 6, expected whole numbers or floats": bytes(strange),
        "holds values that are not finite": stream.getvalue(),
        "holds no values": tone(count=0)[0],
    }


@pytest.mark.parametrize("problem", broken_files())
def test_a_damaged_file_is_named_or_left_out(problem, folder, sink, refusals):
    whole, _ = tone()
    path = folder({"a/1.wav": whole, "a/2.wav": broken_files()[problem], "b/1.wav": whole})
    (found,) = refusals(Sounds(path=path))
    assert (found.code, found.message) == ("KG502", f"`a/2.wav` {problem}")
    table = Sounds(path=path, bad="skip").read(None, sink)
    assert table.columns["sound"].shape == (2, 8)
    assert table.notes["skipped"] == 1


def test_a_number_of_channels_that_cannot_be_made_is_told(folder, refusals):
    content, _ = tone(channels=3)
    (found, _) = refusals(Sounds(path=folder({"a/1.wav": content, "b/1.wav": content}), channels=2))
    assert found.message == "`a/1.wav` has 3 channels, expected 1 or 2"


@pytest.mark.parametrize("argument", ["rate", "length", "channels"])
def test_an_argument_that_is_no_positive_number_is_refused(argument, folder, refusals):
    (found,) = refusals(Sounds(path=folder({"a/1.wav": tone()[0]}), **{argument: 0}))
    assert (found.code, found.location.key) == ("KG204", f"data.source.{argument}")
