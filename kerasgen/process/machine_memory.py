"""The machine: how much memory a run may take on it.

This room owns the questions put to the operating system and to the GPU's driver. It imports no
Keras, and must not know what the memory is for.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")
_OWN_GROUPS = Path("/proc/self/cgroup")

_NO_LIMIT = 2**60
"""A limit from which on a cgroup has none; version 1 writes its largest page number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Memory that there is.

    Attributes:
        size: bytes.
        owner: what has it, as a sentence says it: `this machine`, `gpu:0`.
    """

    size: int
    owner: str


def device_memory(device: str | None) -> Memory | None:
    """The memory of the device on which a run works, None if it cannot be asked.

    Args:
        device: Keras's name of the device (`gpu:0`, `cpu:0`), None for the processor's.

    Returns:
        A GPU's own memory; for the processor the least of the machine's memory, the limits of the
        process's control groups and its resource limits. What others use of it is not taken off:
        the answer is the same at any time.
    """
    kind, _, index = (device or "cpu").lower().partition(":")
    if kind in ("gpu", "cuda"):
        size = _gpu_memory(int(index) if index.isdigit() else 0)
        return None if size is None else Memory(size=size, owner=f"`{device}`")
    found = [
        *((size, "this machine") for size in _installed()),
        *((size, "the control group of this process") for size in _group_limits()),
        *((size, "a process here (`ulimit`)") for size in _resource_limits()),
    ]
    if not found:
        return None
    size, owner = min(found)
    return Memory(size=size, owner=owner)


def _installed() -> Iterator[int]:
    try:
        yield os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # not every system can be asked this way
        return


def _group_limits() -> Iterator[int]:
    """The limits of the process's own control group and of those around it, in both versions."""
    try:
        lines = _OWN_GROUPS.read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, own = line.split(":", 2)
        if controllers == "":
            root, name = _CGROUPS, "memory.max"
        elif "memory" in controllers.split(","):
            root, name = _CGROUPS / "memory", "memory.limit_in_bytes"
        else:
            continue
        folder = Path(own)
        for part in (folder, *folder.parents):
            limit = _read_number(root / str(part).lstrip("/") / name)
            if limit is not None and limit < _NO_LIMIT:
                yield limit


def _read_number(file: Path) -> int | None:
    try:
        text = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return int(text) if text.isdigit() else None


def _resource_limits() -> Iterator[int]:
    try:
        import resource
    except ImportError:  # Windows has none
        return
    for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA):
        soft = resource.getrlimit(kind)[0]
        if soft != resource.RLIM_INFINITY:
            yield soft


def _gpu_memory(index: int) -> int | None:
    """The memory of an NVIDIA GPU, asked of its driver: no two backends say it the same way."""
    try:
        driver = ctypes.CDLL("libcuda.so.1" if os.name == "posix" else "nvcuda.dll")
    except OSError:
        return None
    handle, size = ctypes.c_int(), ctypes.c_size_t()
    asked = (
        driver.cuInit(0),
        driver.cuDeviceGet(ctypes.byref(handle), index),
        driver.cuDeviceTotalMem_v2(ctypes.byref(size), handle),
    )
    return None if any(asked) else size.value
