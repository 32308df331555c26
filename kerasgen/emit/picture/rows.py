"""Rows of a layered drawing: which row a box stands in, and the order within each row.

This room owns the first half of the geometry: rows by longest paths, a bend in every row that a
line passes through, and few crossings. It knows links and room, and nothing of models; places
are given out by `positions`.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

LABEL_HEIGHT = 14.0
_BEND_ROOM = 4.0
_SWEEPS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A line to be drawn from one box down to a later one.

    Attributes:
        source: index of the upper box.
        target: index of the lower box.
        label: room that its label takes, 0 for none; it stands right of a bend.
        labelled: whether a bend must be made for the label where there would be none.
    """

    source: int
    target: int
    label: float = 0.0
    labelled: bool = False


@dataclass(slots=True)
class Knot:
    """A box, or a bend of a link in a row that it passes through.

    Attributes:
        row: its row, counted from the top.
        left: room that it takes left of its place.
        right: room that it takes right of its place.
        height: its height.
        link: index of the link whose bend it is, None for a box.
        above: the knots from which lines come.
        below: the knots to which lines go.
    """

    row: int
    left: float
    right: float
    height: float
    link: int | None = None
    above: list[int] = field(default_factory=list)
    below: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Boxes and bends in rows.

    Attributes:
        knots: the boxes in their order, then the bends.
        rows: the knots of each row, from left to right.
        chains: the knots of each link, from top to bottom.
        weights: how much each piece of a link should be a straight line: the length of the
            longest path through the link, more between two bends.
    """

    knots: Sequence[Knot]
    rows: Sequence[Sequence[int]]
    chains: Sequence[Sequence[int]]
    weights: Mapping[tuple[int, int], float]


def arrange(sizes: Sequence[tuple[float, float]], links: Sequence[Link]) -> Rows:
    """Puts boxes into rows.

    Args:
        sizes: width and height of each box; a link's target stands behind its source.
        links: the lines between them, at most one between any two boxes.
    """
    knots = [
        Knot(row=row, left=width / 2, right=width / 2, height=height)
        for row, (width, height) in zip(_rank(len(sizes), links), sizes, strict=True)
    ]
    reach = _reach(len(sizes), links)
    weights: dict[tuple[int, int], float] = {}
    chains = []
    for number, link in enumerate(links):
        chain = _bend(knots, number, link)
        for upper, lower in pairwise(chain):
            knots[upper].below.append(lower)
            knots[lower].above.append(upper)
            inner = knots[upper].link is not None and knots[lower].link is not None
            # A long line is to be straight, unless it is in the way of the longest path of all.
            weights[upper, lower] = max(reach) - 0.5 if inner else reach[number]
        chains.append(chain)
    return Rows(knots=knots, rows=_order(knots, weights), chains=chains, weights=weights)


def _rank(count: int, links: Sequence[Link]) -> list[int]:
    """Rows by longest path from the top; what takes nothing stands just above its first taker."""
    rows = [0] * count
    for link in sorted(links, key=lambda link: link.source):
        rows[link.target] = max(rows[link.target], rows[link.source] + 1 + link.labelled)
    taking = {link.target for link in links}
    highest: dict[int, int] = {}
    for link in links:
        if link.source not in taking:
            row = rows[link.target] - 1 - link.labelled
            highest[link.source] = min(row, highest.get(link.source, row))
    rows = [highest.get(index, row) for index, row in enumerate(rows)]
    lowest = min(rows)
    return [row - lowest for row in rows]


def _reach(count: int, links: Sequence[Link]) -> list[int]:
    """Length of the longest path through each link."""
    depth, rest = [0] * count, [0] * count
    for link in sorted(links, key=lambda link: link.source):
        depth[link.target] = max(depth[link.target], depth[link.source] + 1)
    for link in sorted(links, key=lambda link: -link.target):
        rest[link.source] = max(rest[link.source], rest[link.target] + 1)
    return [depth[link.source] + rest[link.target] for link in links]


def _bend(knots: list[Knot], number: int, link: Link) -> list[int]:
    """Adds the bends of a link; gives its knots from top to bottom. The first has the label."""
    chain = [link.source]
    for row in range(knots[link.source].row + 1, knots[link.target].row):
        label = link.label if len(chain) == 1 else 0.0
        chain.append(len(knots))
        knots.append(
            Knot(
                row=row,
                left=_BEND_ROOM,
                right=_BEND_ROOM + label,
                height=LABEL_HEIGHT if label else 0.0,
                link=number,
            )
        )
    return [*chain, link.target]


def _order(knots: Sequence[Knot], weights: Mapping[tuple[int, int], float]) -> list[list[int]]:
    """The rows, each from left to right: of several tries the first with the fewest crossings."""
    rows = best = _walked(knots, weights)
    fewest = _crossings(rows, knots)
    for sweep in range(_SWEEPS):
        if not fewest:
            break
        # Of knots that belong in one place, every other pair of sweeps swaps left and right.
        swap = sweep % 4 > 1
        rows = _swept_down(rows, knots, swap) if sweep % 2 == 0 else _swept_up(rows, knots, swap)
        if (count := _crossings(rows, knots)) < fewest:
            best, fewest = rows, count
    return best


def _walked(knots: Sequence[Knot], weights: Mapping[tuple[int, int], float]) -> list[list[int]]:
    """The rows in the order of a walk that takes the longest way first: the spine stands left."""
    rows: list[list[int]] = [[] for _ in range(1 + max(knot.row for knot in knots))]
    met: set[int] = set()
    waiting = [index for index, knot in enumerate(knots) if not knot.above][::-1]
    while waiting:
        index = waiting.pop()
        if index not in met:
            met.add(index)
            rows[knots[index].row].append(index)
            ways = [(weights[index, lower], lower) for lower in reversed(knots[index].below)]
            waiting += [lower for _, lower in sorted(ways, key=lambda way: way[0])]
    return rows


def _swept_down(rows: Sequence[list[int]], knots: Sequence[Knot], swap: bool) -> list[list[int]]:
    """The rows, each sorted by where the knots above stand."""
    swept = [rows[0]]
    for row in rows[1:]:
        swept.append(_sorted_by(row, swept[-1], [knots[index].above for index in row], swap))
    return swept


def _swept_up(rows: Sequence[list[int]], knots: Sequence[Knot], swap: bool) -> list[list[int]]:
    """The rows, each sorted by where the knots below stand."""
    swept = [rows[-1]]
    for row in rows[-2::-1]:
        swept.append(_sorted_by(row, swept[-1], [knots[index].below for index in row], swap))
    return swept[::-1]


def _sorted_by(
    row: Sequence[int], beside: Sequence[int], neighbors: Sequence[Sequence[int]], swap: bool
) -> list[int]:
    place = {index: position for position, index in enumerate(beside)}
    keys = {
        index: sum(place[i] for i in near) / len(near) if near else float(position)
        for position, (index, near) in enumerate(zip(row, neighbors, strict=True))
    }
    return sorted(reversed(row) if swap else row, key=keys.__getitem__)


def _crossings(rows: Sequence[Sequence[int]], knots: Sequence[Knot]) -> int:
    """Pairs of pieces between neighboring rows that cross."""
    count = 0
    for upper, lower in pairwise(rows):
        place = {index: position for position, index in enumerate(lower)}
        ends: list[int] = []
        for index in upper:
            targets = sorted(place[i] for i in knots[index].below)
            count += sum(len(ends) - bisect_right(ends, target) for target in targets)
            for target in targets:
                insort(ends, target)
    return count
