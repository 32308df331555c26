"""The settings that no other one betters in every respect.

This room owns the front alone; which figures are weighed against one another it must not know.
"""

from __future__ import annotations

from collections.abc import Sequence


def pareto_front(points: Sequence[Sequence[float]]) -> list[int]:
    """The places of the points that no other one dominates.

    A point dominates another that it is nowhere worse than, and somewhere better. Of equal points
    all are in the front, or none.

    Args:
        points: finite numbers, each the smaller the better.
    """
    order = sorted(range(len(points)), key=lambda place: tuple(points[place]))
    front: list[int] = []
    for place in order:
        # Whatever dominates a point stands before it.
        if not any(_dominates(points[other], points[place]) for other in front):
            front.append(place)
    return sorted(front)


def _dominates(one: Sequence[float], other: Sequence[float]) -> bool:
    pairs = list(zip(one, other, strict=True))
    return all(a <= b for a, b in pairs) and any(a < b for a, b in pairs)
