import struct
import zipfile
from pathlib import Path

import pytest

from kerasgen.foreign.archives import open_archive, read_member
from kerasgen.foreign.regular_files import TOO_MUCH, ForeignFileError


def _archive(path: Path, *members: tuple[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", how) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def _fault(path: Path, most: int = 100) -> ForeignFileError:
    with pytest.raises(ForeignFileError) as caught, open_archive(path) as archive:
        read_member(archive, "config.json", most=most)
    return caught.value


def test_a_member_is_read(tmp_path):
    with open_archive(_archive(tmp_path / "a.zip", ("config.json", b"{}"))) as archive:
        assert read_member(archive, "config.json", most=2) == b"{}"


def test_a_member_that_is_not_there_is_told(tmp_path):
    error = _fault(_archive(tmp_path / "a.zip", ("other", b"")))
    assert (error.reason, error.missing) == ("holds no `config.json`", True)


def test_a_member_is_read_no_further_than_it_may(tmp_path):
    error = _fault(_archive(tmp_path / "a.zip", ("config.json", b"x" * 101)))
    assert (error.code, error.reason) == (TOO_MUCH, "holds a `config.json` of more than 100 bytes")


def test_an_archive_that_unpacks_to_far_more_is_refused_before_it_unpacks(tmp_path):
    assert _fault(_archive(tmp_path / "a.zip", ("big", b"\0" * 100_000_000))).code == TOO_MUCH


def test_a_table_of_members_that_is_too_large_is_not_read(tmp_path):
    path = _archive(tmp_path / "a.zip", ("config.json", b"{}"))
    content = bytearray(path.read_bytes())
    content[-10:-6] = struct.pack("<L", 2**31)
    path.write_bytes(content)
    assert _fault(path).code == TOO_MUCH


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_stands_twice_is_refused(tmp_path):
    twice = [("config.json", b"{}"), ("config.json", b"[]")]
    assert _fault(_archive(tmp_path / "a.zip", *twice)).reason == "holds `config.json` twice"


def test_a_member_packed_in_a_way_that_nobody_writes_is_refused(tmp_path):
    path = _archive(tmp_path / "a.zip", ("config.json", b"{}"), how=zipfile.ZIP_LZMA)
    assert "packed in an unknown way" in _fault(path).reason


@pytest.mark.parametrize("cut", [0, 4, 30, 60, -1])
def test_an_archive_that_is_cut_off_is_no_sound_one(cut, tmp_path):
    path = _archive(tmp_path / "a.zip", ("config.json", b"{}"))
    path.write_bytes(path.read_bytes()[:cut])
    assert "zip archive" in _fault(path).reason


@pytest.mark.parametrize("at", range(120))
def test_no_flipped_byte_raises_anything_else(at, tmp_path):
    path = _archive(tmp_path / "a.zip", ("config.json", b'{"a": 1}'))
    content = bytearray(path.read_bytes())
    content[at % len(content)] ^= 0xFF
    path.write_bytes(content)
    try:
        with open_archive(path) as archive:
            read_member(archive, "config.json", most=100)
    except ForeignFileError as error:
        assert error.reason  # noqa: PT017 - some bytes, as those of a time, do no harm
