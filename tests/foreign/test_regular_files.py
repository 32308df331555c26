import os
import socket
from pathlib import Path

import pytest

from kerasgen.foreign.regular_files import (
    NOT_ORDINARY,
    TOO_MUCH,
    ForeignFileError,
    is_folder,
    is_regular,
    is_there,
    read_bytes,
    read_text,
)


def _refused(path: Path | str, **options) -> ForeignFileError:
    with pytest.raises(ForeignFileError) as caught:
        read_bytes(path, **options)
    return caught.value


def test_a_regular_file_is_read_whole(tmp_path):
    (tmp_path / "file").write_bytes(b"content")
    assert read_bytes(tmp_path / "file", most=7) == b"content"


def test_a_pipe_is_refused_without_waiting_for_a_writer(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    error = _refused(tmp_path / "pipe")
    assert (error.code, error.reason) == (NOT_ORDINARY, "is not a file but a pipe")


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null", "/dev/stdin", "/dev/tty"])
def test_a_device_is_refused_behind_a_link_too(device, tmp_path):
    (tmp_path / "link").symlink_to(device)
    with pytest.raises(ForeignFileError):
        read_bytes(tmp_path / "link", most=0)


def test_a_socket_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # The names of sockets are short.
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("socket")
        assert _refused("socket").reason == "is not a file but a socket"


def test_a_folder_is_refused(tmp_path):
    assert _refused(tmp_path).reason == "is not a file but a folder"


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    (tmp_path / "file").write_bytes(b"12345678")
    error = _refused(tmp_path / "file", most=7)
    assert (error.code, error.reason) == (TOO_MUCH, "is of 8 bytes, expected at most 7")


def test_a_file_that_says_it_is_empty_is_not_believed():
    error = _refused("/proc/self/maps", most=7)
    assert (error.code, error.reason) == (TOO_MUCH, "is of more than 7 bytes")


def test_a_link_out_of_the_folder_is_refused(tmp_path):
    (tmp_path / "secret").write_text("x")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "record.json").symlink_to("../secret")
    error = _refused(tmp_path / "run" / "record.json", within=tmp_path / "run")
    assert (error.code, error.reason) == (NOT_ORDINARY, "is a link out of its folder")


def test_a_link_inside_the_folder_is_followed_and_so_is_a_linked_folder(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "file").write_text("x")
    (tmp_path / "run" / "link").symlink_to("file")
    (tmp_path / "linked").symlink_to("run")
    assert read_bytes(tmp_path / "linked" / "link", within=tmp_path / "linked") == b"x"


def test_links_in_a_circle_are_refused(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert _refused(tmp_path / "a").reason.startswith("cannot be read")


@pytest.mark.parametrize("name", ["nothing", "nul\0", "long" * 100, "file/below"])
def test_what_is_not_there_is_told_as_that(name, tmp_path):
    (tmp_path / "file").write_text("x")
    assert _refused(tmp_path / name).reason
    assert not is_regular(tmp_path / name)
    assert not is_folder(tmp_path / name)
    assert not is_there(tmp_path / name)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_without_permission_is_told(tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "file").chmod(0)
    assert _refused(tmp_path / "file").reason == "cannot be read: permission denied"


def test_a_text_that_is_not_utf_8_has_the_place_of_its_first_wrong_byte(tmp_path):
    (tmp_path / "file").write_bytes(b"first\nab\xff")
    with pytest.raises(ForeignFileError, match="0xff") as caught:
        read_text(tmp_path / "file")
    assert (caught.value.line, caught.value.column) == (2, 3)


def test_a_byte_order_mark_is_no_text(tmp_path):
    (tmp_path / "file").write_bytes(b"\xef\xbb\xbftext")
    assert read_text(tmp_path / "file") == "text"
