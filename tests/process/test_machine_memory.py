"""How much memory there is, asked of made-up systems."""

import ctypes
from pathlib import Path
from typing import Any

import pytest

from kerasgen.process import machine_memory as machine
from kerasgen.process.machine_memory import Memory, device_memory


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine of 64 GiB without limits, whose control groups lie in the folder."""
    monkeypatch.setattr(machine, "_CGROUPS", tmp_path)
    monkeypatch.setattr(machine, "_OWN_GROUPS", tmp_path / "own")
    monkeypatch.setattr(machine, "_installed", lambda: iter([64 * 2**30]))
    monkeypatch.setattr(machine, "_resource_limits", lambda: iter([]))
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_this_machine_has_memory() -> None:
    found = device_memory(None)
    assert found is not None
    assert found.size > 2**28


def test_without_limits_it_is_the_machine_s(system: Path) -> None:
    assert device_memory("cpu:0") == Memory(size=64 * 2**30, owner="this machine")


def test_a_control_group_limits_it(system: Path) -> None:
    write(system / "own", "0::/user/mine\n")
    write(system / "user" / "mine" / "memory.max", "2147483648\n")
    assert device_memory(None) == Memory(size=2**31, owner="the control group of this process")


def test_a_control_group_further_out_limits_it(system: Path) -> None:
    write(system / "own", "0::/user/mine\n")
    write(system / "user" / "mine" / "memory.max", "max\n")
    write(system / "user" / "memory.max", "1073741824\n")
    found = device_memory(None)
    assert found is not None
    assert found.size == 2**30


def test_a_control_group_of_the_first_version_limits_it(system: Path) -> None:
    write(system / "own", "5:cpu,cpuacct:/x\n4:memory:/box\n")
    write(system / "memory" / "box" / "memory.limit_in_bytes", "1073741824\n")
    write(system / "memory" / "memory.limit_in_bytes", "9223372036854771712\n")
    found = device_memory(None)
    assert found is not None
    assert found.size == 2**30


def test_a_resource_limit_counts(system: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_resource_limits", lambda: iter([2**29]))
    assert device_memory(None) == Memory(size=2**29, owner="a process here (`ulimit`)")


def test_a_system_that_cannot_be_asked_gives_nothing(
    system: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "_installed", lambda: iter([]))
    assert device_memory(None) is None


class Driver:
    """A driver with one GPU of 80 GiB."""

    def cuInit(self, flags: int) -> int:  # noqa: N802 - the driver's name
        return flags

    def cuDeviceGet(self, handle: Any, index: int) -> int:  # noqa: N802
        return 0 if index == 0 else 101

    def cuDeviceTotalMem_v2(self, size: Any, handle: Any) -> int:  # noqa: N802
        size._obj.value = 80 * 2**30
        return 0


@pytest.mark.parametrize("device", ["gpu:0", "cuda:0", "gpu"])
def test_a_gpu_has_its_own_memory(monkeypatch: pytest.MonkeyPatch, device: str) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda name: Driver())
    assert device_memory(device) == Memory(size=80 * 2**30, owner=f"`{device}`")


def test_a_gpu_that_is_not_there_gives_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda name: Driver())
    assert device_memory("gpu:1") is None


def test_a_system_without_the_driver_gives_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise OSError(name)

    monkeypatch.setattr(ctypes, "CDLL", missing)
    assert device_memory("gpu:0") is None
