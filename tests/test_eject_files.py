"""Configs of folders of files, and of tables that name files, as scripts of their own."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from ejected_scripts import QUICK, Same
from PIL import Image
from scipy.io import wavfile

Random = np.random.Generator


def texts(folder: Path, random: Random) -> Sequence[str]:
    """Sixty notes in folders of two classes, one of them no text."""
    for number in range(60):
        word = ("calm", "wild")[number % 2]
        file = folder / word / f"{number}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"a {word} note of {random.integers(9)} words")
    (folder / "calm/0.txt").write_bytes(b"\xff\xfe\xff")
    path = f"data.source.path={folder}"
    return ["data=text_folder", "model=table", path, "data.source.bad=skip"]


def sounds(folder: Path, random: Random) -> Sequence[str]:
    """Forty tones of two pitches, of two rates and several lengths."""
    for number in range(40):
        pitch, rate = (300, 900)[number % 2], (4000, 8000)[number % 3 == 0]
        at = np.arange(rate // 4 + random.integers(200)) / rate
        file = folder / f"pitch{pitch}" / f"{number}.wav"
        file.parent.mkdir(parents=True, exist_ok=True)
        wavfile.write(file, rate, (np.sin(2 * np.pi * pitch * at) * 9000).astype("int16"))
    small = {"sampling_rate": 4000, "fft_length": 128, "sequence_stride": 64, "num_mel_bins": 16}
    changed = [f"data.prepare.pitches.{name}={value}" for name, value in small.items()]
    changed += [f"data.source.path={folder}", "data.source.rate=4000", "data.source.length=1024"]
    return ["data=sounds", "model=convnet", *changed]


def calls(folder: Path, random: Random) -> Sequence[str]:
    """A table of calls, each with a number beside it."""
    pytest.importorskip("polars")
    folder.mkdir()
    lines = ["call,left,kind"]
    for row in range(40):
        values = random.integers(-(2**14), 2**14, size=300).astype("int16")
        wavfile.write(folder / f"{row}.wav", 8000, values)
        lines.append(f"{row}.wav,{row},{'ab'[row % 2]}")
    (folder / "rows.csv").write_text("\n".join(lines) + "\n")
    return [
        *("data=table", "model=table", f"data.source.path={folder}/rows.csv", "data.target=kind"),
        "data.columns.call={type: audio, rate: 4000, length: 128}",
    ]


def masks(folder: Path, random: Random) -> Sequence[str]:
    """A table of twenty photos and their masks, one of which is missing."""
    folder.mkdir()
    lines = ["photo,mask"]
    for number in range(20):
        pixels = random.integers(0, 255, (8, 8, 3), dtype="uint8")
        Image.fromarray(pixels).save(folder / f"{number}.png")
        Image.fromarray((pixels[..., 0] > 128).astype("uint8")).save(folder / f"{number}m.png")
        lines.append(f"{number}.png,{number}m.png")
    (folder / "7m.png").unlink()
    (folder / "rows.csv").write_text("\n".join(lines) + "\n")
    layer = "{class: Conv2D, filters: 2, kernel_size: 3, padding: same, activation: softmax}"
    image = "{type: image, size: [8, 8]}"
    data = {
        "source": f"{{class: Table, path: {folder}/rows.csv, bad: skip}}",
        "columns": f"{{photo: {image}, mask: {image}}}",
        "features": "photo",
        "target": "mask",
        "task": "segmentation",
        "split": "{test: 4}",
        "facts": "{classes: 2}",
    }
    (folder / "conf/data").mkdir(parents=True)
    (folder / "conf/model").mkdir()
    group = "".join(f"{key}: {value}\n" for key, value in data.items())
    (folder / "conf/data/street.yaml").write_text(group)
    (folder / "conf/model/pixels.yaml").write_text(f"layers: {{pixels: {layer}}}\n")
    return [f"hydra.searchpath=[file://{folder}/conf]", "data=street", "model=pixels"]


def saved(folder: Path, random: Random) -> Sequence[str]:
    """A dataset of numbers as Hugging Face's library saves it."""
    polars = pytest.importorskip("polars")
    for split, count in (("train", 40), ("test", 10)):
        (folder / split).mkdir(parents=True)
        values = random.normal(size=count).round(2)
        frame = polars.DataFrame({"a": values, "b": values**2, "label": (values > 0).astype(int)})
        frame.write_ipc_stream(folder / split / "data-00000-of-00001.arrow")
        state = {"_data_files": [{"filename": "data-00000-of-00001.arrow"}]}
        (folder / split / "state.json").write_text(json.dumps(state))
        classes = {"label": {"names": ["low", "high"], "_type": "ClassLabel"}}
        (folder / split / "dataset_info.json").write_text(json.dumps({"features": classes}))
    (folder / "dataset_dict.json").write_text(json.dumps({"splits": ["train", "test"]}))
    return [
        *("data=table", "model=table", f"data.source={{class: HuggingFace, path: {folder}}}"),
        *("data.target=label", "data.split.test=given"),
    ]


@pytest.mark.parametrize(
    "write", [texts, sounds, calls, masks, saved], ids=lambda made: made.__name__
)
def test_the_script_of_files_trains_as_its_run_does(
    write: Callable[[Path, Random], Sequence[str]],
    tmp_path: Path,
    assert_trains_alike: Same,
    engine: str,
) -> None:
    said = write(tmp_path / "files", np.random.default_rng(0))
    assert_trains_alike([*said, *QUICK], tmp_path / "ejected")
