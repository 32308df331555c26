"""Columns of paths of WAV files that become sounds."""

import io

import numpy as np
import pytest
from scipy.io import wavfile

from kerasgen.data.opened import open_data
from kerasgen.diagnostics import CompileError, Sink
from kerasgen.passes.columns import sound_columns
from kerasgen.runtime.sound_cells import read_sound_cells
from kerasgen.runtime.tabular.table_files import read_table
from kerasgen.verbs.describe import Asked, describe
from kerasgen.verbs.init import Wish, init

pytest.importorskip("polars")


def wav(row, *, count=64, rate=8000):
    stream = io.BytesIO()
    wavfile.write(stream, rate, np.full(count, 1000 * row, dtype="int16"))
    return stream.getvalue()


@pytest.fixture
def folder(tmp_path):
    """A table of twelve calls, each with a number beside it, and a kind."""
    place = tmp_path / "calls"
    (place / "wav").mkdir(parents=True)
    lines = ["call,left,kind"]
    for row in range(12):
        (place / f"wav/{row}.wav").write_bytes(wav(row))
        lines.append(f"wav/{row}.wav,{row},{'ab'[row % 2]}")
    (place / "rows.csv").write_text("\n".join(lines) + "\n")
    return place


@pytest.fixture
def definition(folder, define):
    def make(said="audio", more=""):
        return define(
            f"source: {{class: Table, path: {folder}/rows.csv{more}}}\n"
            f"columns: {{call: {said}}}\n"
            "features: all\ntarget: kind\ntask: auto\nprepare: auto\nsplit: {test: 2}"
        )

    return make


def refusal(definition):
    with pytest.raises(CompileError) as caught:
        open_data(definition, Sink())
    (found,) = caught.value.diagnostics
    return found


def test_paths_become_sounds_beside_the_numbers_of_the_row(definition):
    opened = open_data(definition(), Sink())
    assert opened.columns["call"].shape == (12, 64)
    assert opened.columns["call"][:, 0].tolist() == [1000 * row / 2**15 for row in range(12)]
    assert opened.columns["left"].tolist() == list(range(12))
    assert opened.definition.features["call"] == ("call_scaled",)
    assert opened.facts["inputs"]["call"]["kind"] == "image"  # its pitches in time


def test_a_column_says_rate_length_and_channels(definition):
    said = "{type: audio, rate: 4000, length: 40, channels: 2}"
    assert open_data(definition(said), Sink()).columns["call"].shape == (12, 40, 2)


@pytest.mark.parametrize(
    ("other", "about", "problem"),
    [
        ({"count": 65}, "length", "`wav/3.wav` has 65 values, and `wav/0.wav` has 64"),
        (
            {"rate": 16000},
            "rate",
            "`wav/3.wav` has 16,000 values a second, and `wav/0.wav` has 8,000",
        ),
    ],
)
def test_sounds_of_another_form_are_refused_unless_it_is_said(
    other, about, problem, definition, folder
):
    (folder / "wav/3.wav").write_bytes(wav(3, **other))
    found = refusal(definition())
    assert (found.code, found.message, found.location.key) == (
        "KG502",
        problem,
        "data.columns.call",
    )
    assert found.help == f"give all sounds one {about}: `data.columns.call.{about}=16000`"
    opened = open_data(definition("{type: audio, rate: 8000, length: 64}"), Sink())
    assert opened.columns["call"].shape == (12, 64)


@pytest.mark.parametrize(
    ("path", "content", "code", "problem"),
    [
        ("wav/2.wav", b"", "KG502", "is empty"),
        ("wav/2.wav", b"RIFF....AVI ", "KG502", "is not a WAV file"),
        ("../2.wav", b"", "KG612", "leads out of"),
        ("/etc/passwd", None, "KG612", "leads out of"),
        ("wav/none.wav", None, "KG502", "is not there"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_or_left_out(
    path, content, code, problem, definition, folder
):
    if content is not None:
        (folder / path).write_bytes(content)
    table = folder / "rows.csv"
    table.write_text(table.read_text().replace("wav/2.wav", path))
    found = refusal(definition())
    assert found.code == code
    assert found.message.startswith(f"`{path}` in line 4 of `{table}` {problem}")
    opened = open_data(definition(more=", bad: skip"), Sink())
    assert opened.columns["left"].tolist() == [0, 1, *range(3, 12)]
    assert opened.description["skipped"] == 1


@pytest.mark.parametrize("bad", ["error", "skip"])
@pytest.mark.parametrize("said", ["audio", "{type: audio, rate: 4000, length: 50}"])
def test_a_script_reads_what_a_run_reads(said, bad, definition, folder):
    if bad == "skip":
        (folder / "wav/5.wav").write_bytes(b"no sound")
    made = definition(said, f", bad: {bad}")
    opened = open_data(made, Sink())
    path = str(folder / "rows.csv")
    columns, _ = read_table(path, bad=bad)
    columns, kept = read_sound_cells(path, columns, sound_columns(made), bad)
    assert len(kept) == opened.samples
    assert columns["call"].dtype == "float32"
    assert np.array_equal(columns["call"], opened.columns["call"])


def test_a_script_stops_at_sounds_of_several_lengths(definition, folder):
    (folder / "wav/3.wav").write_bytes(wav(3, count=65))
    path = str(folder / "rows.csv")
    columns, _ = read_table(path)
    with pytest.raises(ValueError, match=r"`wav/3\.wav` has 65 values"):
        read_sound_cells(path, columns, sound_columns(definition()), "error")


def test_paths_of_files_that_are_there_are_described_as_sounds(folder):
    found = describe(Asked(words=(str(folder / "rows.csv"),))).figures.columns["call"]
    assert (found.type, found.form) == ("audio", {"rate": 8000, "length": 64})
    (folder / "wav").rename(folder / "elsewhere")
    assert (
        describe(Asked(words=(str(folder / "rows.csv"),))).figures.columns["call"].type != "audio"
    )


def test_a_first_recipe_says_the_form_of_the_sounds(folder):
    recipe = init(Wish(words=(str(folder / "rows.csv"),), target="kind", folder=folder))
    assert any("call: {type: audio, rate: 8000, length: 64}" in t for t in recipe.files.values())
