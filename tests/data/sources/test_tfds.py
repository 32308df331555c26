"""Datasets of TensorFlow Datasets in a folder.

`toy_dataset.zip` holds what version 4.9.10 of that package has written for a dataset of ten rows,
and in `as_read.json` what it reads there.
"""

import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kerasgen.data.opened import open_data
from kerasgen.data.sources.tfds import Tfds
from kerasgen.diagnostics import CompileError, Diagnostic, Sink

ALL = (
    *("image", "label", "weight", "exact", "text", "flag", "count", "pair", "words", "bytes"),
    *("sound", "box", "inner/kind", "inner/size"),
)
"""The features that are columns; `many` is a list of another length in each row."""


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    """The folder of the version."""
    zipfile.ZipFile(Path(__file__).with_name("toy_dataset.zip")).extractall(tmp_path)
    return tmp_path / "toy" / "1.0.0"


def _read(path: Path, *, wanted: tuple[str, ...] = ALL, **more: Any) -> Any:
    return Tfds(path=str(path), **more).read(frozenset(wanted), Sink())


def _refused(path: Path, *, wanted: tuple[str, ...] = ("label",)) -> Diagnostic:
    with pytest.raises(CompileError) as caught:
        _read(path, wanted=wanted)
    (found,) = caught.value.diagnostics
    return found


@pytest.mark.parametrize("above", [0, 1, 2])
def test_every_feature_is_read_as_the_package_reads_it(above: int, toy: Path) -> None:
    table = _read((toy, toy.parent, toy.parent.parent)[above])
    told = json.loads((toy / "as_read.json").read_text())
    rows = [row for split in ("train", "validation", "test") for row in told[split]]
    for name in ALL:
        outer, _, inner = name.partition("/")
        wanted = [row[outer][inner] if inner else row[outer] for row in rows]
        found = table.columns[name]
        assert (found[:, 0, 0, 0] if name == "image" else found).tolist() == wanted
    assert table.columns["image"].shape == (10, 3, 2, 3)
    assert table.columns["exact"].dtype == "float64"
    assert table.given.tolist() == [0] * 6 + [1] * 2 + [2] * 2
    assert table.class_names == {"label": ("cat", "dog"), "inner/kind": ("x", "y")}
    assert table.names[:2] == ("box", "bytes")


def test_only_what_is_wanted_is_read(toy: Path) -> None:
    assert list(_read(toy, wanted=("weight",)).columns) == ["weight"]


def test_a_script_reads_what_a_run_reads(toy: Path) -> None:
    source = Tfds(path=str(toy), size=(2, 2))
    plain, table = source.plain_call(), source.read(frozenset(ALL), Sink())
    columns, given = plain.function(**plain.arguments, wanted=ALL)
    assert given.tolist() == table.given.tolist()
    for name in ALL:
        assert np.array_equal(columns[name], table.columns[name])


def test_a_run_trains_on_its_parts(toy: Path, define: Callable[[str], Any]) -> None:
    group = (
        f"source: {{class: Tfds, path: {toy}}}\nfeatures: [weight, count]\ntarget: label\n"
        "task: auto\nsplit: {test: given, validation: given}"
    )
    opened = open_data(define(group), Sink())
    assert opened.definition.task == {"": "classification"}
    assert opened.facts["class_names"] == ["cat", "dog"]
    assert opened.parts.test is not None
    assert opened.parts.test.tolist() == [8, 9]


def test_a_bad_image_is_told_or_left_out(toy: Path) -> None:
    file = toy / "toy-test.tfrecord-00000-of-00001"
    file.write_bytes(file.read_bytes().replace(b"\x89PNG", b"xPNG", 1))
    found = _refused(toy, wanted=("image",))
    assert found.message == (
        "`image` is not an image in row 1 of `toy-test.tfrecord-00000-of-00001`"
    )
    assert len(_read(toy, bad="skip").columns["label"]) == 9


def _edited(file: str, old: str, new: str) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        text = (folder / file).read_text()
        assert old in text
        (folder / file).write_text(text.replace(old, new))

    return edit


def _cut(folder: Path) -> None:
    file = folder / "toy-test.tfrecord-00000-of-00001"
    file.write_bytes(file.read_bytes()[:-20])


def _overwritten(folder: Path) -> None:
    file = folder / "toy-test.tfrecord-00000-of-00001"
    content = file.read_bytes()
    file.write_bytes(content[:12] + b"\xff" * (len(content) - 12))


def _twice(folder: Path) -> None:
    (folder.parent / "2.0.0").mkdir()
    (folder.parent / "2.0.0/dataset_info.json").write_text("{}")


def _deep(folder: Path) -> None:
    (folder / "features.json").write_text("[" * 200_000)


def _pipe(name: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        (folder / name).unlink()
        os.mkfifo(folder / name)

    return damage


@pytest.mark.parametrize(
    ("damage", "above", "message"),
    [
        (_cut, 0, "`toy-test.tfrecord-00000-of-00001` is cut off in its example 2"),
        (_overwritten, 0, "`toy-test.tfrecord-00000-of-00001` holds no example as its record 1"),
        (_twice, 1, "`{path}` holds several datasets: 1.0.0, 2.0.0"),
        (
            _edited("dataset_info.json", '"tfrecord"', '"array_record"'),
            *(0, "the dataset is kept as `array_record`, expected `tfrecord`"),
        ),
        (
            _edited("dataset_info.json", '"6"', '"7"'),
            *(0, "`toy-train.tfrecord-00000-of-00001` holds 6 examples, expected 7"),
        ),
        (
            _edited("dataset_info.json", "{DATASET}-", "../{DATASET}-"),
            *(0, "`../toy-train.tfrecord-00000-of-00001` leads out of the folder"),
        ),
        (
            _edited("dataset_info.json", '"splits"', '"parts"'),
            *(0, "`{path}` is not as TensorFlow Datasets writes it: 'splits'"),
        ),
        (
            _edited("features.json", '"featuresDict"', "nothing"),
            *(0, "`features.json` cannot be read as JSON"),
        ),
        (_deep, 0, "`features.json` cannot be read as JSON"),
        (_pipe("features.json"), 0, "`features.json` is no file of JSON"),
        (
            _pipe("toy-test.tfrecord-00000-of-00001"),
            *(0, "`toy-test.tfrecord-00000-of-00001` is no file"),
        ),
    ],
)
def test_what_cannot_be_used_is_told(
    damage: Callable[[Path], None], above: int, message: str, toy: Path
) -> None:
    damage(toy)
    place = toy.parent if above else toy
    found = _refused(place)
    assert (found.code, found.message) == ("KG502", message.format(path=place))


def test_a_feature_that_is_no_column_is_told_where_it_is_wanted(toy: Path) -> None:
    found = _refused(toy, wanted=("many",))
    assert found.message == "the feature `many` is a `sequence`, which is no column"
    assert found.help == "name others under `data.features`"


def test_numbers_that_are_to_be_wide_words_are_refused(toy: Path) -> None:
    _edited("features.json", '"dtype": "int64"', '"dtype": "U100000000"')(toy)
    assert _refused(toy, wanted=("count",)).message == "the feature `count` holds `<U100000000`"


def test_damaged_examples_end_in_a_diagnostic_or_in_a_table(toy: Path) -> None:
    file = toy / "toy-test.tfrecord-00000-of-00001"
    content = file.read_bytes()
    random = np.random.default_rng(0)
    told = 0
    for _ in range(300):
        changed = bytearray(content)
        for place in random.integers(0, len(content), 3):
            changed[place] = random.choice([0, 127, 128, 255])
        file.write_bytes(bytes(changed))
        try:
            _read(toy)
        except CompileError:
            told += 1
    assert told > 30


def test_a_folder_without_a_dataset_says_how_one_is_made(tmp_path: Path) -> None:
    found = _refused(tmp_path)
    assert found.message == f"`{tmp_path}` holds no `dataset_info.json`"
    assert "tfds.load(" in (found.help or "")


def test_nothing_that_a_dataset_names_is_imported(toy: Path, monkeypatch: Any) -> None:
    import builtins

    file = toy / "features.json"
    file.write_text(file.read_text().replace("tensorflow_datasets.core", "evil_module"))
    plain, asked = builtins.__import__, io.StringIO()

    def told(name: str, *rest: Any) -> Any:
        asked.write(name)
        return plain(name, *rest)

    monkeypatch.setattr(builtins, "__import__", told)
    assert len(_read(toy).columns) == len(ALL)
    assert "evil_module" not in asked.getvalue()
