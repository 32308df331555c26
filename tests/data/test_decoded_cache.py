"""Arrays of decoded files that are kept from one run to the next."""

import errno
import io
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kerasgen.data import array_cache, decoded_cache
from kerasgen.data.array_cache import LIMIT_VARIABLE
from kerasgen.data.large_arrays import LIMIT
from kerasgen.data.sources import class_folders, images
from kerasgen.data.sources.images import ImageFolder
from kerasgen.data.table import Array, Table
from kerasgen.diagnostics import CompileError, Sink


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of one's own, which keeps the smallest arrays, too."""
    monkeypatch.setenv("KERASGEN_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv(LIMIT_VARIABLE, raising=False)
    monkeypatch.setattr(decoded_cache, "LEAST", 0)
    return tmp_path / "cache" / "decoded"


@pytest.fixture
def decodings(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A number for each image that was decoded."""
    found: list[int] = []
    decode = images.decode_image

    def counted(content: bytes, *rest: object) -> tuple[Array, str]:
        found.append(len(content))
        return decode(content, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(images, "decode_image", counted)
    return found


def picture(value: int, size: tuple[int, int] = (4, 3)) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", size, (value, 0, 0)).save(stream, "PNG")
    return stream.getvalue()


def folder(path: Path, values: tuple[int, ...] = (1, 2)) -> str:
    for name, value in zip("abcdefgh", values, strict=False):
        (path / name).mkdir(parents=True, exist_ok=True)
        (path / name / "1.png").write_bytes(picture(value))
    return str(path)


def read(source: ImageFolder) -> tuple[Table, Sink]:
    sink = Sink()
    return source.read(None, sink), sink


def reds(table: Table) -> list[int]:
    found: list[int] = table.columns["image"][:, 0, 0, 0].tolist()
    return found


def kept(cache: Path) -> list[str]:
    return sorted(entry.name for entry in cache.iterdir() if not entry.name.startswith("."))


def test_a_second_run_decodes_nothing(tmp_path: Path, decodings: list[int]) -> None:
    path = folder(tmp_path / "files")
    first, _ = read(ImageFolder(path=path))
    assert len(decodings) == 2
    second, sink = read(ImageFolder(path=path))
    assert len(decodings) == 2
    assert np.array_equal(first.columns["image"], second.columns["image"])
    assert sink.diagnostics == []


def test_a_copy_of_the_files_is_known_by_its_content(tmp_path: Path, decodings: list[int]) -> None:
    path = folder(tmp_path / "files")
    read(ImageFolder(path=path))
    shutil.copytree(path, tmp_path / "copy")
    assert reds(read(ImageFolder(path=str(tmp_path / "copy")))[0]) == [1, 2]
    assert len(decodings) == 2


def test_a_file_that_changed_is_decoded_anew_whatever_its_time_says(tmp_path: Path) -> None:
    path = folder(tmp_path / "files")
    read(ImageFolder(path=path))
    file = tmp_path / "files/a/1.png"
    before = file.stat()
    file.write_bytes(picture(9))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert reds(read(ImageFolder(path=path))[0]) == [9, 2]


def test_each_way_of_decoding_has_an_array_of_its_own(tmp_path: Path, cache: Path) -> None:
    path = folder(tmp_path / "files")
    read(ImageFolder(path=path))
    small, _ = read(ImageFolder(path=path, size=(2, 2)))
    grey, _ = read(ImageFolder(path=path, color_mode="grayscale"))
    assert small.columns["image"].shape == (2, 2, 2, 3)
    assert grey.columns["image"].shape == (2, 3, 4, 1)
    assert len(kept(cache)) == 3


def test_an_archive_is_known_by_its_content(tmp_path: Path, decodings: list[int]) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name, value in (("b/1.png", 2), ("a/1.png", 1)):  # not in the order of the rows
            archive.writestr(name, picture(value))
    assert reds(read(ImageFolder(path=str(tmp_path / "a.zip")))[0]) == [1, 2]
    shutil.copy(tmp_path / "a.zip", tmp_path / "b.zip")
    assert reds(read(ImageFolder(path=str(tmp_path / "b.zip")))[0]) == [1, 2]
    assert len(decodings) == 2


def test_files_that_were_left_out_stay_out(tmp_path: Path, decodings: list[int]) -> None:
    path = folder(tmp_path / "files")
    (tmp_path / "files/b/2.png").write_bytes(b"no image")
    first, _ = read(ImageFolder(path=path, bad="skip"))
    second, _ = read(ImageFolder(path=path, bad="skip"))
    assert len(decodings) == 3
    assert reds(first) == reds(second) == [1, 2]
    assert first.notes == second.notes
    assert second.notes["skipped"] == 1


def test_nothing_is_kept_of_data_with_a_mistake(tmp_path: Path, cache: Path) -> None:
    path = folder(tmp_path / "files")
    (tmp_path / "files/b/2.png").write_bytes(b"no image")
    with pytest.raises(CompileError):
        read(ImageFolder(path=path))
    assert kept(cache) == []
    assert not list(cache.glob(".part-*"))


def test_a_large_array_is_mapped_and_what_is_written_to_it_stays_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(array_cache, "LIMIT", 10)
    path = folder(tmp_path / "files")
    image = read(ImageFolder(path=path))[0].columns["image"]
    assert isinstance(image, np.memmap)
    image[:] = 7
    assert reds(read(ImageFolder(path=path))[0]) == [1, 2]


def test_what_is_made_of_an_array_that_may_not_fit_the_memory_lies_in_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kerasgen.process.machine_memory import Memory

    path = folder(tmp_path / "files")
    assert read(ImageFolder(path=path))[0].space.limit is None
    memory = Memory(size=1000, owner="a toy")
    monkeypatch.setattr(class_folders, "device_memory", lambda _: memory)
    assert read(ImageFolder(path=path))[0].space.limit == LIMIT


def damage_rows(entry: Path) -> None:
    content = (entry / "rows.npy").read_bytes()
    (entry / "rows.npy").write_bytes(content[: len(content) // 2])


def damage_problems(entry: Path) -> None:
    (entry / "problems.json").write_text("{")


@pytest.mark.parametrize("damage", [damage_rows, damage_problems])
def test_an_array_that_cannot_be_read_is_made_anew(
    damage: Callable[[Path], None], tmp_path: Path, cache: Path, decodings: list[int]
) -> None:
    path = folder(tmp_path / "files")
    read(ImageFolder(path=path))
    damage(cache / kept(cache)[0])
    assert reds(read(ImageFolder(path=path))[0]) == [1, 2]
    assert reds(read(ImageFolder(path=path))[0]) == [1, 2]
    assert len(decodings) == 4


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("when", ["begin", "write", "sync"])
def test_a_full_disk_is_told_and_the_run_goes_on(
    when: str, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder(tmp_path / "files")
    if when == "begin":
        usage = type("Usage", (), {"free": 10})
        monkeypatch.setattr(array_cache.shutil, "disk_usage", lambda _: usage)
    elif when == "write":
        monkeypatch.setattr(array_cache.np, "ascontiguousarray", full)
    else:
        monkeypatch.setattr(array_cache.os, "fsync", full)
    table, sink = read(ImageFolder(path=path))
    assert reds(table) == [1, 2]
    (told,) = sink.diagnostics
    assert told.code == "KG540"
    assert told.message.startswith("the decoded images are not kept: ")
    assert ("no space left" in told.message) == (when != "begin")
    assert kept(cache) == []
    assert not list(cache.glob(".part-*"))


def test_a_cache_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    path = folder(tmp_path / "files")
    (tmp_path / "cache").write_text("a file where the folder is to be")
    table, sink = read(ImageFolder(path=path))
    assert reds(table) == [1, 2]
    assert [told.code for told in sink.diagnostics] == ["KG540"]


@pytest.mark.parametrize("written", ["many", "nan", "inf"])
def test_a_limit_that_is_no_number_is_told(
    written: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(LIMIT_VARIABLE, written)
    table, sink = read(ImageFolder(path=folder(tmp_path / "files")))
    assert reds(table) == [1, 2]
    (told,) = sink.diagnostics
    assert told.message.endswith(
        f'`{LIMIT_VARIABLE}` is "{written}", expected a number of gigabytes'
    )


def test_nothing_is_kept_with_a_limit_of_nothing(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(LIMIT_VARIABLE, "0")
    _, sink = read(ImageFolder(path=folder(tmp_path / "files")))
    assert sink.diagnostics == []
    assert not kept(cache)


def test_an_array_larger_than_the_limit_is_not_kept(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(LIMIT_VARIABLE, "5e-8")  # 50 bytes
    _, sink = read(ImageFolder(path=folder(tmp_path / "files")))
    assert [told.code for told in sink.diagnostics] == ["KG540"]
    assert kept(cache) == []


def test_the_array_that_was_used_longest_ago_makes_room(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [folder(tmp_path / name, values) for name, values in (("x", (1, 2)), ("y", (3, 4)))]
    names = []
    for age, path in zip((100, 200), paths, strict=True):
        read(ImageFolder(path=path))
        names.append(next(name for name in kept(cache) if name not in names))
        os.utime(cache / names[-1], (time.time() - age,) * 2)
    monkeypatch.setenv(LIMIT_VARIABLE, "4.5e-7")  # bytes: two files of 200
    read(ImageFolder(path=folder(tmp_path / "z", (5, 6))))
    assert names[0] in kept(cache)
    assert names[1] not in kept(cache)
    assert len(kept(cache)) == 2


def test_what_a_process_left_behind_is_removed_after_a_day(tmp_path: Path, cache: Path) -> None:
    for name, age in (("old", 90_000), ("new", 10)):
        (cache / f".part-{name}").mkdir(parents=True)
        os.utime(cache / f".part-{name}", (time.time() - age,) * 2)
    read(ImageFolder(path=folder(tmp_path / "files")))
    assert [entry.name for entry in cache.glob(".part-*")] == [".part-new"]


def test_a_file_that_changes_while_it_is_read_is_told(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder(tmp_path / "files")
    decode = images.decode_image

    def changing(content: bytes, *rest: object) -> tuple[Array, str]:
        (tmp_path / "files/b/1.png").write_bytes(picture(9, (400, 3)))
        return decode(content, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(images, "decode_image", changing)
    with pytest.raises(CompileError) as caught:
        read(ImageFolder(path=path, size=(3, 4)))
    (told,) = caught.value.diagnostics
    assert (told.code, told.message) == ("KG517", "`b/1.png` was changed while it was read")
    assert kept(cache) == []


PROCESS = """
import sys
from kerasgen.data import decoded_cache
from kerasgen.data.sources import images
from kerasgen.diagnostics import Sink
decoded_cache.LEAST = 0
decode, count = images.decode_image, []
images.decode_image = lambda *taken: (count.append(1), decode(*taken))[1]
sink = Sink()
table = images.ImageFolder(path=sys.argv[1]).read(None, sink)
print(len(count), int(table.columns["image"].sum()), len(sink.diagnostics))
"""


def test_of_several_processes_at_once_one_decodes(tmp_path: Path, cache: Path) -> None:
    path = tmp_path / "files"
    for number in range(200):
        (path / "ab"[number % 2]).mkdir(parents=True, exist_ok=True)
        (path / "ab"[number % 2] / f"{number}.png").write_bytes(picture(number, (64, 64)))
    command = [sys.executable, "-c", PROCESS, str(path)]
    started = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    answers = [process.communicate()[0].split() for process in started]
    assert sorted(int(answer[0]) for answer in answers) == [0, 0, 0, 200]
    assert {tuple(answer[1:]) for answer in answers} == {(str(sum(range(200)) * 64 * 64), "0")}
    assert len(kept(cache)) == 1
