"""The plain function of each source gives what a run reads of it."""

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.io import wavfile

from kerasgen.data.sources.arrays import Arrays
from kerasgen.data.sources.bundled import KerasDataset, ScikitLearn
from kerasgen.data.sources.csv_table import Csv
from kerasgen.data.sources.images import ImageFolder
from kerasgen.data.sources.sounds import Sounds
from kerasgen.data.sources.texts import Texts
from kerasgen.data.table import Source
from kerasgen.diagnostics import Sink


def csv_file(folder: Path, name: str, *lines: str) -> str:
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(folder / name)


def table(folder: Path) -> Source:
    lines = ("a; b;kind", "1;2;x", " 3;?;y", "", "16777217;5;'x; y'")
    path = csv_file(folder, "all.csv", *lines)
    return Csv(path=path, delimiter=";", quote="'", missing="drop")


def table_without_names(folder: Path) -> Source:
    path = csv_file(folder, "a.csv", "1,x", "2,y")
    return Csv(path=path, test_path=csv_file(folder, "b.csv", "3,z"), header=False)


def archive(folder: Path) -> Source:
    images = np.arange(48, dtype="uint8").reshape(3, 4, 4)
    train, test = images[:2], images[2:]
    np.savez(folder / "a.npz", x_train=train, x_test=test, y_train=[[1], [0]], y_test=[[1]])
    return Arrays(path=str(folder / "a.npz"))


def single_array(folder: Path) -> Source:
    np.save(folder / "a.npy", np.array([b"one", b"two"]))
    return Arrays(path=str(folder / "a.npy"))


def separate_arrays(folder: Path) -> Source:
    paths = {}
    for name in ("x", "y", "x_test", "y_test"):
        paths[name] = str(folder / f"{name}.npy")
        np.save(paths[name], np.arange(6.0).reshape(3, 2) if name[0] == "x" else np.arange(3))
    return Arrays(**paths)


def copy_of_a_data_set(folder: Path) -> Source:
    images = np.zeros((3, 28, 28), dtype="uint8")
    path = folder / "mnist.npz"
    np.savez(path, x_train=images, y_train=[1, 2, 3], x_test=images[:1], y_test=[0])
    return KerasDataset(name="mnist", path=str(path))


def picture(color: tuple[int, int, int], size: tuple[int, int] = (4, 3)) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", size, color).save(stream, "PNG")
    return stream.getvalue()


def image_files() -> dict[str, bytes]:
    return {
        "set/train/cat/2.png": picture((250, 0, 10)),
        "set/train/cat/1.png": picture((20, 30, 40)),
        "set/test/dog/1.png": picture((1, 2, 3), (8, 6)),
        "set/train/.hidden/1.png": b"",
        "set/notes.txt": b"nothing",
    }


def image_folder(folder: Path) -> Source:
    for name, content in image_files().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return ImageFolder(path=str(folder / "set"), size=(3, 4))


def image_archive(folder: Path) -> Source:
    with zipfile.ZipFile(folder / "set.zip", "w") as made:
        for name, content in image_files().items():
            made.writestr(name, content)
    return ImageFolder(path=str(folder / "set.zip"), size=(2, 2), color_mode="grayscale")


def images_with_a_bad_one(folder: Path) -> Source:
    source = image_folder(folder)
    (folder / "set/train/dog").mkdir()
    (folder / "set/train/dog/1.png").write_bytes(b"no image")
    return replace(source, bad="skip")  # type: ignore[type-var]


def text_folder(folder: Path) -> Source:
    texts = {"train/b/1.txt": "für".encode(), "train/a/2.txt": b"\xff", "test/a/1.txt": b" two\n"}
    for name, content in texts.items():
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_bytes(content)
    return Texts(path=str(folder), characters=3, bad="skip")


def sound_folder(folder: Path) -> Source:
    for name, rate in (("a", 8000), ("b", 16000), ("c", 8000)):
        (folder / name).mkdir()
        values = np.sin(np.arange(40 * (rate // 8000)) / 3)
        wavfile.write(folder / name / "1.wav", rate, (values * 2**14).astype("int16"))
    (folder / "c" / "1.wav").write_bytes(b"RIFF")
    return Sounds(path=str(folder), rate=8000, length=50, channels=2, bad="skip")


def shipped(name: str) -> Callable[[Path], Source]:
    return lambda folder: ScikitLearn(name=name)  # type: ignore[arg-type]


SOURCES: dict[str, Callable[[Path], Source]] = {
    "a table": table,
    "a table without names": table_without_names,
    "an archive of arrays": archive,
    "a single array": single_array,
    "separate arrays": separate_arrays,
    "a copy of a data set": copy_of_a_data_set,
    "a folder of images": image_folder,
    "an archive of images": image_archive,
    "images with a bad one": images_with_a_bad_one,
    "a folder of texts": text_folder,
    "a folder of sounds": sound_folder,
    **{name: shipped(name) for name in ("digits", "iris", "diabetes", "linnerud")},
}


@pytest.mark.parametrize("name", SOURCES)
def test_the_plain_function_gives_what_a_run_reads(name: str, tmp_path: Path) -> None:
    source = SOURCES[name](tmp_path)
    plain = source.plain_call()

    columns, given = plain.function(**plain.arguments)

    read = source.read(None, Sink())
    assert set(columns) == set(read.columns)
    for column, values in columns.items():
        assert values.dtype == read.columns[column].dtype
        assert values.shape == read.columns[column].shape
        assert values.tolist() == read.columns[column].tolist()
    assert (given is None) == (read.given is None)
    assert given is None or (given.tolist(), given.dtype) == (read.given.tolist(), read.given.dtype)


def test_arguments_with_their_defaults_are_left_out(tmp_path: Path) -> None:
    plain = table(tmp_path).plain_call()

    assert list(plain.arguments) == ["path", "delimiter", "quote", "missing"]
    assert plain.paths == ("path",)


def test_columns_that_are_not_wanted_are_left_out(tmp_path: Path) -> None:
    for source in (table(tmp_path), archive(tmp_path)):
        plain = source.plain_call()
        first = next(iter(source.read(None, Sink()).columns))

        columns, _ = plain.function(**plain.arguments, wanted=[first])

        assert list(columns) == [first]


def test_a_missing_value_stops_a_script_where_rows_are_not_dropped(tmp_path: Path) -> None:
    plain = Csv(path=csv_file(tmp_path, "a.csv", "a,b", "1,2", "3,")).plain_call()

    with pytest.raises(ValueError, match="`b` has no value in line 3"):
        plain.function(**plain.arguments)
    columns, _ = plain.function(**plain.arguments, wanted=["a"])
    assert columns["a"].tolist() == [1.0, 3.0]
