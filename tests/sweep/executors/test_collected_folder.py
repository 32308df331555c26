import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from kerasgen.sweep.executors.collected_folder import packed, unpack


def archive(change: Callable[[tarfile.TarInfo], object], content: bytes = b"x") -> bytes:
    """An archive of one member, changed."""
    found = io.BytesIO()
    with tarfile.open(fileobj=found, mode="w") as file:
        member = tarfile.TarInfo("run/record.json")
        member.size = len(content)
        change(member)
        file.addfile(member, io.BytesIO(content))
    return found.getvalue()


def test_a_folder_comes_back_as_it_was(tmp_path: Path) -> None:
    run = tmp_path / "run"
    (run / "checkpoints" / "empty").mkdir(parents=True)
    (run / "record.json").write_text("{}")
    (run / "checkpoints" / "a.bin").write_bytes(bytes(range(256)))
    (run / "link").symlink_to("/etc/passwd")
    other = tmp_path / "other"
    other.mkdir()
    (other / "record.json").write_text("of before")
    (other / "kept").write_text("stays")
    unpack(packed(run), other)
    names = sorted(path.relative_to(other).as_posix() for path in other.rglob("*"))
    told = ["checkpoints", "checkpoints/a.bin", "checkpoints/empty", "kept", "record.json"]
    assert names == told
    assert (other / "record.json").read_text() == "{}"
    assert (other / "checkpoints" / "a.bin").read_bytes() == bytes(range(256))


def test_a_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    unpack(packed(tmp_path / "nowhere"), tmp_path / "other")
    assert list((tmp_path / "other").iterdir()) == []


@pytest.mark.parametrize("name", ["../out", "/tmp/out", "a/../../out", "", "a\\..\\out"])
def test_nothing_is_written_outside(name: str, tmp_path: Path) -> None:
    hostile = archive(lambda member: setattr(member, "name", name))
    with pytest.raises(ValueError, match="leads out of its folder"):
        unpack(hostile, tmp_path / "run")
    assert list((tmp_path / "run").iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run"]


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE]
)
def test_what_is_no_plain_file_is_refused(kind: bytes, tmp_path: Path) -> None:
    def change(member: tarfile.TarInfo) -> None:
        member.type, member.linkname, member.size = kind, "/etc", 0

    with pytest.raises(ValueError, match="no plain file"):
        unpack(archive(change, b""), tmp_path / "run")


def test_a_link_in_the_folder_leads_nothing_out(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "run").symlink_to(tmp_path / "outside")
    with pytest.raises(ValueError, match="leads out of its folder"):
        unpack(archive(lambda member: None), tmp_path / "here")
    assert list((tmp_path / "outside").iterdir()) == []


def test_more_than_may_travel_is_refused_at_both_ends(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "large").write_bytes(bytes(2_000))
    with pytest.raises(OSError, match="holds more than"):
        packed(tmp_path / "run", most=1_000)
    with pytest.raises(OSError, match="holds more than"):
        unpack(packed(tmp_path / "run"), tmp_path / "other", most=1_000)


@pytest.mark.parametrize("cut", [0, 1, 100, 700])
def test_what_is_no_archive_is_refused(cut: int, tmp_path: Path) -> None:
    content = archive(lambda member: None, bytes(5_000))[:cut]
    with pytest.raises(ValueError, match="no sound archive"):
        unpack(content, tmp_path / "run")
