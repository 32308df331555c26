"""Places in a layered drawing: where each box stands, and the way of each line.

This room owns the second half of the geometry: straight spines, room between neighbors, and
lines that pass beside the boxes. It knows sizes and links, and nothing of models.

The method is Sugiyama's (K. Sugiyama, S. Tagawa, M. Toda, "Methods for visual understanding of
hierarchical system structures", 1981) but for the places: knots are joined into blocks along the
longest paths, as in the alignment of U. Brandes and B. Köpf ("Fast and simple horizontal
coordinate assignment", 2001), so that the spine of a residual network is one straight line with
its shortcuts beside it. The libraries for it that can be had are unmaintained (grandalf) or bring
compiled code of their own (fast-sugiyama, graph-layout).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf
from statistics import median
from typing import TypeAlias

from kerasgen.emit.picture.rows import Knot, Link, Rows, arrange

Point: TypeAlias = tuple[float, float]
"""Horizontal and vertical place; the vertical axis points down."""

Rooms: TypeAlias = dict[int, list[tuple[int, float]]]
"""The neighbors of each block on one side, with the least distance to each."""

COLUMN_GAP = 22.0
ROW_GAP = 26.0
_BEND_GAP = 20.0
"""Room above and below a row in which no box stands."""

_SLANT = 0.06
_MOST_SLANT = 60.0
"""Further room between two rows for each unit that a line moves sideways there, and its limit."""

_STUB = 9.0
"""Length of the straight end of a curve, so that an arrow's head has something to stand on."""

_PORT_GAP = 16.0
_SETTLING = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The way of a line.

    Attributes:
        points: from the lower edge of the source to the upper edge of the target. Two points
            one above the other are joined by a straight line, others by a curve that is
            vertical at both ends.
        label: middle of the left edge of the label, None where there is no bend to put it.
    """

    points: tuple[Point, ...]
    label: Point | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Positions:
    """Where everything stands.

    Attributes:
        centers: middle of each box, in the order of the boxes.
        routes: the way of each link, in the order of the links.
        width: width of the whole.
        height: height of the whole.
    """

    centers: tuple[Point, ...]
    routes: tuple[Route, ...]
    width: float
    height: float


def place_boxes(sizes: Sequence[tuple[float, float]], links: Sequence[Link]) -> Positions:
    """Places boxes in rows from top to bottom, and lines between them.

    Args:
        sizes: width and height of each box; a link's target stands behind its source.
        links: the lines between them, at most one between any two boxes.
    """
    if not sizes:
        return Positions(centers=(), routes=(), width=0.0, height=0.0)
    arranged = arrange(sizes, links)
    x = _settle(arranged, _align(arranged))
    bands = _stack(arranged, x)
    ports = dict(_ports(arranged, x))
    routes = [_route(arranged.knots, chain, x, bands, ports) for chain in arranged.chains]
    knots = arranged.knots
    return Positions(
        centers=tuple((x[i], sum(bands[knots[i].row]) / 2) for i in range(len(sizes))),
        routes=tuple(routes),
        width=max(place + knot.right for place, knot in zip(x, knots, strict=True)),
        height=bands[-1][1],
    )


def _align(arranged: Rows) -> list[int]:
    """The block of each knot; the knots of a block stand one above the other.

    A knot joins the one neighbor above that lies on the longest path; where several do, it
    belongs between them and starts a block of its own.
    """
    block = list(range(len(arranged.knots)))
    for upper, lower in pairwise(arranged.rows):
        place = {index: position for row in (upper, lower) for position, index in enumerate(row)}
        pieces = [(i, j) for i in upper for j in arranged.knots[i].below]
        pieces.sort(key=lambda piece: -arranged.weights[piece])
        closed: set[int] = set()
        joined: list[tuple[int, int]] = []
        for i, j in pieces:
            if i in closed or j in closed:
                continue
            rivals = [
                (a, b)
                for a, b in pieces
                if (a == i) != (b == j) and arranged.weights[a, b] == arranged.weights[i, j]
            ]
            if rivals:
                closed |= {i if a == i else j for a, _ in rivals}
            elif all((place[i] - place[a]) * (place[j] - place[b]) > 0 for a, b in joined):
                joined.append((i, j))
                closed |= {i, j}
        for i, j in joined:
            block[j] = block[i]
    return block


def _settle(arranged: Rows, block: Sequence[int]) -> list[float]:
    """The horizontal place of each knot: blocks go left, then toward what they are joined to."""
    before, behind = _neighbors(arranged, block)
    least = dict.fromkeys(block, 0.0)
    for b, knot in zip(block, arranged.knots, strict=True):
        least[b] = max(least[b], knot.left)
    order = _from_left(before, behind)
    x: dict[int, float] = {}
    for b in order:
        x[b] = max([least[b], *(x[left] + room for left, room in before[b])])
    joined: dict[int, list[int]] = {b: [] for b in block}
    for i, j in arranged.weights:
        if block[i] != block[j]:
            joined[block[i]].append(block[j])
            joined[block[j]].append(block[i])
    for turn in range(_SETTLING):
        for b in order if turn % 2 else reversed(order):
            if joined[b]:
                lowest = max([least[b], *(x[left] + room for left, room in before[b])])
                highest = min([inf, *(x[right] - room for right, room in behind[b])])
                x[b] = min(max(median(x[other] for other in joined[b]), lowest), highest)
    for group in _touching(x, order, behind):
        _center(group, x, joined, before, behind)
    start = min(x[b] - knot.left for b, knot in zip(block, arranged.knots, strict=True))
    return [x[b] - start for b in block]


def _touching(x: Mapping[int, float], order: Sequence[int], behind: Rooms) -> list[set[int]]:
    """Groups of blocks that stand side by side without room to spare."""
    groups: dict[int, set[int]] = {b: {b} for b in order}
    for b in order:
        for right, room in behind[b]:
            if x[right] - x[b] - room < 0.5 and groups[right] is not groups[b]:
                groups[b] |= groups[right]
                groups |= dict.fromkeys(groups[b], groups[b])
    return list({id(group): group for group in groups.values()}.values())


def _center(
    group: set[int],
    x: dict[int, float],
    joined: Mapping[int, Sequence[int]],
    before: Rooms,
    behind: Rooms,
) -> None:
    """Moves blocks that stand in each other's way to the middle of what they are joined to."""
    pulls = [x[other] - x[b] for b in group for other in joined[b] if other not in group]
    if len(group) > 1 and pulls:
        lefts = [x[b] - x[o] - room for b in group for o, room in before[b] if o not in group]
        rights = [x[o] - x[b] - room for b in group for o, room in behind[b] if o not in group]
        shift = min(max(median(pulls), -min([inf, *lefts])), min([inf, *rights]))
        for b in group:
            x[b] += shift


def _neighbors(arranged: Rows, block: Sequence[int]) -> tuple[Rooms, Rooms]:
    """What stands left and right of each block in some row, with the least distance to it."""
    rooms: dict[tuple[int, int], float] = {}
    knots = arranged.knots
    for row in arranged.rows:
        for i, j in pairwise(row):
            bends = (knots[i].link is not None) + (knots[j].link is not None)
            room = knots[i].right + knots[j].left + COLUMN_GAP / (1 + bends)
            pair = block[i], block[j]
            rooms[pair] = max(room, rooms.get(pair, 0.0))
    before: Rooms = {b: [] for b in block}
    behind: Rooms = {b: [] for b in block}
    for (left, right), room in rooms.items():
        before[right].append((left, room))
        behind[left].append((right, room))
    return before, behind


def _from_left(before: Rooms, behind: Rooms) -> list[int]:
    """The blocks, each behind those that stand left of it."""
    open_ = {b: len(lefts) for b, lefts in before.items()}
    order = [b for b, count in open_.items() if not count]
    for b in order:
        for right, _ in behind[b]:
            open_[right] -= 1
            if not open_[right]:
                order.append(right)
    return order


def _stack(arranged: Rows, x: Sequence[float]) -> list[tuple[float, float]]:
    """Upper and lower edge of each row."""
    bands: list[tuple[float, float]] = []
    knots = arranged.knots
    shift = [0.0] * len(arranged.rows)
    for i, j in arranged.weights:
        shift[knots[j].row] = max(shift[knots[j].row], abs(x[i] - x[j]))
    for number, row in enumerate(arranged.rows):
        bends_only = [
            all(knots[i].link is not None for i in arranged.rows[n]) for n in (number - 1, number)
        ]
        gap = _BEND_GAP if any(bends_only) else ROW_GAP
        top = bands[-1][1] + gap + min(_SLANT * shift[number], _MOST_SLANT) if bands else 0.0
        bands.append((top, top + max(knots[i].height for i in row)))
    return bands


def _ports(arranged: Rows, x: Sequence[float]) -> Iterator[tuple[tuple[int, int, bool], float]]:
    """Where lines touch a box, as a distance from its middle.

    Keyed by box, neighbor, and whether the neighbor is above. A line from straight above or
    below touches the middle; the others stand beside it on their sides.
    """
    for index, knot in enumerate(arranged.knots):
        if knot.link is not None:
            continue
        for is_above, near in ((True, knot.above), (False, knot.below)):
            lefts = sorted((i for i in near if x[i] < x[index] - 1), key=lambda i: -x[i])
            rights = sorted((i for i in near if x[i] > x[index] + 1), key=lambda i: x[i])
            straight = len(near) - len(lefts) - len(rights)
            most = max(len(lefts), len(rights), 1)
            step = min(_PORT_GAP, (knot.right - 8) / most)
            first = 1.0 if straight else 0.0 if len(near) == 1 else 0.5
            for side, members in ((-1, lefts), (1, rights)):
                for position, i in enumerate(members):
                    yield (index, i, is_above), side * step * (first + position)


def _route(
    knots: Sequence[Knot],
    chain: Sequence[int],
    x: Sequence[float],
    bands: Sequence[tuple[float, float]],
    ports: dict[tuple[int, int, bool], float],
) -> Route:
    """The way of one link from box to box, through the bends of its `chain`."""
    source, target = chain[0], chain[-1]
    begin = x[source] + ports.get((source, chain[1], False), 0.0)
    end = x[target] + ports.get((target, chain[-2], True), 0.0)
    middle = sum(bands[knots[source].row]) / 2
    points = [(begin, middle + knots[source].height / 2), (begin, bands[knots[source].row][1])]
    for bend in chain[1:-1]:
        points += [(x[bend], edge) for edge in bands[knots[bend].row]]
    middle = sum(bands[knots[target].row]) / 2
    points += [(end, bands[knots[target].row][0] - _STUB), (end, middle - knots[target].height / 2)]
    kept = [point for point, after in pairwise(points) if point != after]
    label = None
    if chain[1:-1]:
        label = (x[chain[1]] + 6.0, sum(bands[knots[chain[1]].row]) / 2)
    return Route(points=(*kept, points[-1]), label=label)
