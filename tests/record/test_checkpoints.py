import json
from pathlib import Path

import numpy as np
import pytest

from kerasgen.foreign.regular_files import ForeignFileError
from kerasgen.record.checkpoints import drop_checkpoints, newest_checkpoint, write_checkpoint
from kerasgen.record.file_names import CHECKPOINTS


def keep(folder: Path, number: int, *, count: int = 2) -> None:
    write_checkpoint(folder, {"0": np.full(3, number)}, {"epoch": number}, count)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / CHECKPOINTS).iterdir())


def test_the_newest_state_is_read_as_it_was_written(tmp_path: Path) -> None:
    keep(tmp_path, 1)
    keep(tmp_path, 2)
    found = newest_checkpoint(tmp_path)
    assert found is not None
    assert (found.number, found.facts["epoch"], dict(found.damaged)) == (2, 2, {})
    assert found.arrays()["0"].tolist() == [2, 2, 2]


def test_the_oldest_states_go(tmp_path: Path) -> None:
    for number in range(1, 5):
        keep(tmp_path, number)
    assert names(tmp_path) == ["000003.json", "000003.npz", "000004.json", "000004.npz"]
    drop_checkpoints(tmp_path, 1)
    assert names(tmp_path) == ["000004.json", "000004.npz"]
    drop_checkpoints(tmp_path, 0)
    assert not (tmp_path / CHECKPOINTS).exists()


@pytest.mark.parametrize("name", ["000002.json", "000002.npz"])
@pytest.mark.parametrize("damage", ["cut off", "changed", "gone"])
def test_a_damaged_state_is_passed_over_for_the_one_before(
    tmp_path: Path, name: str, damage: str
) -> None:
    keep(tmp_path, 1)
    keep(tmp_path, 2)
    file = tmp_path / CHECKPOINTS / name
    content = bytearray(file.read_bytes())
    if damage == "gone":
        file.unlink()
    elif damage == "cut off":
        file.write_bytes(content[: len(content) // 2])
    else:
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
    found = newest_checkpoint(tmp_path)
    assert found is not None
    assert found.facts["epoch"] == 1
    assert (damage == "gone" and name.endswith("json")) or list(found.damaged) == [
        "checkpoints/000002.json"
    ]


def test_a_number_that_was_changed_by_hand_is_told_by_its_checksum(tmp_path: Path) -> None:
    keep(tmp_path, 1)
    file = tmp_path / CHECKPOINTS / "000001.json"
    facts = json.loads(file.read_text())
    file.write_text(json.dumps({**facts, "epoch": 5}))
    assert newest_checkpoint(tmp_path) is None


def test_a_state_that_cannot_be_written_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(tmp_path, 1)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("kerasgen.record.checkpoints.write_atomically", full)
    with pytest.raises(OSError, match="No space"):
        keep(tmp_path, 2)
    assert names(tmp_path) == ["000001.json", "000001.npz"]


def test_nothing_is_written_through_a_link_out_of_the_folder(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "000001.npz").write_text("mine")
    run = tmp_path / "run"
    run.mkdir()
    (run / CHECKPOINTS).symlink_to(outside)
    with pytest.raises(OSError, match="symbolic links"):
        keep(run, 1)
    drop_checkpoints(run, 0)
    assert newest_checkpoint(run) is None
    assert [path.name for path in outside.iterdir()] == ["000001.npz"]


def test_objects_of_python_are_not_read(tmp_path: Path) -> None:
    keep(tmp_path, 1)
    place = tmp_path / CHECKPOINTS
    np.savez(place / "000001.npz", **{"0": np.array([{}], dtype=object)})
    facts = json.loads((place / "000001.json").read_text())
    from kerasgen.record import checkpoints

    facts["arrays"] = checkpoints._digest(place / "000001.npz")
    del facts["checksum"]
    facts["checksum"] = checkpoints._text_digest(facts)
    (place / "000001.json").write_text(json.dumps(facts))
    found = newest_checkpoint(tmp_path)
    assert found is not None
    with pytest.raises(ForeignFileError, match="objects of Python"):
        found.arrays()
