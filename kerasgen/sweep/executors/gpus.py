"""The graphics cards of this machine, shared out among the jobs that run at a time.

This room owns which cards there are, which of them a job sees, and what keeps two jobs of one card
out of each other's memory. It must not import a backend: the driver is asked, or the system.

Decisions:
- A job sees its own cards alone, by `CUDA_VISIBLE_DEVICES`: each is the first one to it.
- Cards are counted as the driver counts them. CUDA would begin with the fastest.
- Who has a part of a card asks for no more than that part: JAX takes that much at the start,
  TensorFlow and PyTorch take what they need.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

_TIMEOUT = 10.0
"""Seconds after which a driver that does not answer is given up."""

_NAME = re.compile(r"[A-Za-z0-9][\w./:-]{0,99}", re.ASCII)

_CARDS = Path("/proc/driver/nvidia/gpus")

_FORMER = "XLA_PYTHON_CLIENT_MEM_FRACTION"
"""What JAX's variable was called before."""

_OF_A_PART = 0.9
"""Which share of its part of a card JAX takes; the driver needs some for each process."""


def found_cards() -> tuple[str, ...]:
    """The cards of this machine that may be used, by the names that CUDA has for them."""
    said = os.environ.get("CUDA_VISIBLE_DEVICES")
    if said is not None:
        names = [name.strip() for name in said.split(",")]
        # What stands behind one that is none does not count, as with CUDA.
        ends = [number for number, name in enumerate(names) if name in ("", "-1", "none", "void")]
        return tuple(names[: ends[0]] if ends else names)
    command = ["nvidia-smi", "--query-gpu=index", "--format=csv,noheader"]
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
            timeout=_TIMEOUT,
        )
        lines = [line.strip() for line in done.stdout.splitlines()]
        return tuple(line for line in lines if line.isdecimal())
    with contextlib.suppress(OSError):
        return tuple(str(number) for number, _ in enumerate(_CARDS.iterdir()))
    return ()


def is_name(text: str) -> bool:
    """Whether a text may be the number or the name of a card."""
    return _NAME.fullmatch(text) is not None


def places(cards: Sequence[str], each: float) -> list[Mapping[str, str]]:
    """What the environment of each of the jobs has that find room at a time.

    Args:
        cards: the cards.
        each: how many of them a job gets, or which part of one.
    """
    if each >= 1:
        count = int(each)
        groups = [cards[first : first + count] for first in range(0, len(cards), count)]
        return [_seen(group) for group in groups if len(group) == count]
    jobs = int(1 / each + 1e-9)
    # The first jobs get a card each before one gets a second job.
    return [{**_seen([card]), **part_of_a_card(each)} for _ in range(jobs) for card in cards]


def _seen(cards: Sequence[str]) -> dict[str, str]:
    found = {"CUDA_VISIBLE_DEVICES": ",".join(cards)}
    if "CUDA_DEVICE_ORDER" not in os.environ:
        found["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"
    return found


def part_of_a_card(each: float) -> dict[str, str]:
    """What keeps a job to a part of a card, unless the user has said it in another way."""
    said = {
        "XLA_CLIENT_MEM_FRACTION": f"{each * _OF_A_PART:.3g}",
        "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    }
    if _FORMER in os.environ:
        del said["XLA_CLIENT_MEM_FRACTION"]  # JAX refuses to hear both.
    return {name: text for name, text in said.items() if name not in os.environ}
