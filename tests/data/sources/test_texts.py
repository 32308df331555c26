"""Texts in folders and archives."""

import io
import tarfile

import numpy as np
import pytest

from kerasgen.data.sources.texts import Texts

REVIEWS = {
    "train/pos/1.txt": b"A fine film.\n",
    "train/neg/1.txt": b"\xef\xbb\xbfBad.",
    "test/neg/7.txt": "Ca ne va pas: d\u00e9j\u00e0 vu".encode(),
    "README.txt": b"no review",
    "train/pos/.hidden": b"\xff",
}


def test_folders_of_texts_become_labels_and_parts(folder, sink):
    table = Texts(path=folder(REVIEWS)).read(None, sink)
    assert table.columns["text"].tolist() == ["Bad.", "A fine film.", "Ca ne va pas: déjà vu"]
    assert table.class_names["label"] == ("neg", "pos")
    assert table.columns["label"].tolist() == [0, 1, 0]
    assert table.given.tolist() == [0, 0, 2]
    assert table.types == {"text": "text"}


def test_an_archive_of_texts_is_read_without_being_extracted(folder, sink, tmp_path):
    archive = tmp_path / "texts.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for name, content in REVIEWS.items():
            info = tarfile.TarInfo(f"reviews/{name}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    packed = Texts(path=str(archive)).read(None, sink)
    plain = Texts(path=folder(REVIEWS)).read(None, sink)
    assert packed.columns["text"].tolist() == plain.columns["text"].tolist()
    assert packed.given.tolist() == plain.given.tolist()
    assert not (tmp_path / "reviews").exists()


def test_an_encoding_is_asked_for(folder, sink):
    path = folder({"a/1.txt": "für".encode("cp1252"), "b/1.txt": b"x"})
    assert Texts(path=path, encoding="cp1252").read(None, sink).columns["text"][0] == "für"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"one\ntwo \xe9", "is not `utf-8`: it has the byte 0xe9 in line 2"),
        (b"a\0b", "holds a character of the number 0, which no text has"),
        (b" \n", "is empty"),
        (b"", "is empty"),
    ],
)
def test_a_file_that_is_no_text_is_named_or_left_out(content, problem, folder, sink, refusals):
    path = folder({"a/1.txt": b"one", "a/2.txt": content, "b/1.txt": b"two"})
    (found,) = refusals(Texts(path=path))
    assert (found.code, found.message) == ("KG502", f"`a/2.txt` {problem}")
    table = Texts(path=path, bad="skip").read(None, sink)
    assert table.columns["text"].tolist() == ["one", "two"]
    assert table.columns["label"].tolist() == [0, 1]
    assert table.notes == {"skipped": 1, "skipped_files": {"a/2.txt": problem}}


def test_long_texts_are_cut_where_that_is_asked_for(folder, sink):
    path = folder({"a/1.txt": b"0123456789", "b/1.txt": b"x"})
    table = Texts(path=path, characters=4).read(None, sink)
    assert table.columns["text"].tolist() == ["0123", "x"]


@pytest.fixture
def toy_memory(monkeypatch):
    """A machine of 1,000 bytes."""
    from kerasgen.data.sources import class_folders
    from kerasgen.process.machine_memory import Memory

    monkeypatch.setattr(class_folders, "device_memory", lambda _: Memory(size=1000, owner="a toy"))


def test_texts_that_take_more_than_the_memory_lie_in_a_file(folder, sink, toy_memory, monkeypatch):
    from kerasgen.data.sources import class_folders

    monkeypatch.setattr(class_folders, "LIMIT", 1000)
    path = folder({"a/1.txt": b"x" * 900, "b/1.txt": b"y"})
    texts = Texts(path=path).read(None, sink).columns["text"]
    assert isinstance(texts, np.memmap)
    assert texts.tolist() == ["x" * 900, "y"]


def test_texts_that_take_more_than_the_disk_are_refused(folder, refusals, toy_memory, monkeypatch):
    from kerasgen.data.large_arrays import ArraySpace

    monkeypatch.setattr(ArraySpace, "free_bytes", lambda _: 5000)
    path = folder({"a/1.txt": b"x" * 900, "b/1.txt": b"x"})
    (found,) = refusals(Texts(path=path))
    assert found.code == "KG901"
    assert found.message.startswith(
        "a column of 2 texts, the longest of 900 characters, takes 7.03 KiB"
    )
    assert found.message.endswith("has 4.88 KiB free")


@pytest.mark.parametrize(
    ("arguments", "key"),
    [({"encoding": "utf-9"}, "encoding"), ({"characters": 0}, "characters")],
)
def test_what_cannot_be_meant_is_refused(arguments, key, folder, refusals):
    (found,) = refusals(Texts(path=folder(REVIEWS), **arguments))
    assert (found.code, found.location.key) == ("KG204", f"data.source.{key}")


def test_all_files_are_bad_and_skipped(folder, refusals):
    (found,) = refusals(Texts(path=folder({"a/1.txt": b"", "b/1.txt": b""}), bad="skip"))
    assert found.code == "KG503"
    assert "has no file that can be used" in found.message
