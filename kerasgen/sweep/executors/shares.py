"""What of this machine each of the jobs that run at a time has for itself.

This room owns the share of one place among them: cores, and variables of the environment. It must
not know who starts jobs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kerasgen.sweep.executors import cores


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one job has for itself.

    Attributes:
        cores: the cores on which it works, None for all.
        variables: what its environment has beside that of the sweep.
    """

    cores: tuple[int, ...] | None = None
    variables: Mapping[str, str] = field(default_factory=dict)


def shares(jobs: int, cards: Sequence[Mapping[str, str]] = ()) -> tuple[Share, ...]:
    """The share of each of some jobs that run at a time.

    Args:
        jobs: how many.
        cards: what the environment of each has for its graphics cards; none where there are none.
    """
    parts = cores.shares(cores.usable_cores(), jobs)
    seen = cards or [{}] * jobs
    return tuple(Share(cores=part, variables=own) for part, own in zip(parts, seen, strict=False))


def share_of(known: Sequence[Share], place: int) -> Share:
    """The share of a place, a whole machine where none is known for it."""
    return known[place] if place < len(known) else Share()
