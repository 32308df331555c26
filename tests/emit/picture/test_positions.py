import random
from itertools import combinations, pairwise

import pytest

from kerasgen.emit.picture.positions import Point, Positions, place_boxes
from kerasgen.emit.picture.rows import Link

Size = tuple[float, float]


def at_random(seed: int) -> tuple[list[Size], list[Link]]:
    draw = random.Random(seed)
    count = draw.randint(2, 40)
    sizes = [(draw.uniform(40, 200), draw.uniform(20, 300)) for _ in range(count)]
    links = []
    for target in range(1, count):
        for source in draw.sample(range(target), min(target, draw.choice([0, 1, 1, 2, 3]))):
            label = draw.choice([0.0, 80.0])
            labelled = bool(label) and draw.random() < 0.3
            links.append(Link(source=source, target=target, label=label, labelled=labelled))
    return sizes, links


def overlap(first: Point, size: Size, second: Point, other: Size) -> bool:
    return (
        abs(first[0] - second[0]) < (size[0] + other[0]) / 2 - 1e-6
        and abs(first[1] - second[1]) < (size[1] + other[1]) / 2 - 1e-6
    )


def pieces(positions: Positions) -> list[tuple[Point, Point]]:
    return [piece for route in positions.routes for piece in pairwise(route.points)]


@pytest.mark.parametrize("seed", range(30))
def test_no_two_boxes_overlap(seed: int) -> None:
    sizes, links = at_random(seed)
    placed = list(zip(place_boxes(sizes, links).centers, sizes, strict=True))
    assert not any(overlap(*first, *second) for first, second in combinations(placed, 2))


@pytest.mark.parametrize("seed", range(30))
def test_no_line_passes_through_a_box(seed: int) -> None:
    sizes, links = at_random(seed)
    positions = place_boxes(sizes, links)
    for begin, end in pieces(positions):
        # A curve stays within the rectangle of its two ends.
        middle = (begin[0] + end[0]) / 2, (begin[1] + end[1]) / 2
        room = abs(begin[0] - end[0]), abs(begin[1] - end[1])
        for center, size in zip(positions.centers, sizes, strict=True):
            assert not overlap(middle, room, center, size)


@pytest.mark.parametrize("seed", range(30))
def test_a_line_leaves_its_source_below_and_enters_its_target_above(seed: int) -> None:
    sizes, links = at_random(seed)
    positions = place_boxes(sizes, links)
    for link, route in zip(links, positions.routes, strict=True):
        for (x, y), index, side in (
            (route.points[0], link.source, 1),
            (route.points[-1], link.target, -1),
        ):
            center, (width, height) = positions.centers[index], sizes[index]
            assert y == pytest.approx(center[1] + side * height / 2)
            assert abs(x - center[0]) <= width / 2
        assert all(upper[1] <= lower[1] + 1e-6 for upper, lower in pairwise(route.points))


@pytest.mark.parametrize("seed", range(30))
def test_no_label_lies_on_a_box_or_on_another_label(seed: int) -> None:
    sizes, links = at_random(seed)
    positions = place_boxes(sizes, links)
    placed = list(zip(positions.centers, sizes, strict=True))
    for link, route in zip(links, positions.routes, strict=True):
        if route.label and link.label:
            left, middle = route.label
            placed.append(((left + link.label / 2 - 3, middle), (link.label - 6, 10.0)))
    assert not any(overlap(*first, *second) for first, second in combinations(placed, 2))


@pytest.mark.parametrize("seed", range(30))
def test_everything_lies_within_the_picture(seed: int) -> None:
    sizes, links = at_random(seed)
    positions = place_boxes(sizes, links)
    for (x, y), (width, height) in zip(positions.centers, sizes, strict=True):
        assert x - width / 2 >= -1e-6
        assert x + width / 2 <= positions.width + 1e-6
        assert y - height / 2 >= -1e-6
        assert y + height / 2 <= positions.height + 1e-6
    assert all(0 <= x <= positions.width for route in positions.routes for x, _ in route.points)


def test_the_spine_of_a_residual_network_is_straight_and_its_shortcut_beside_it() -> None:
    links = [Link(source=i, target=i + 1) for i in range(5)] + [Link(source=1, target=4)]
    positions = place_boxes([(100.0, 50.0)] * 6, links)
    assert len({x for x, _ in positions.centers}) == 1
    assert max(x for x, _ in positions.routes[-1].points) > positions.centers[0][0] + 50


def test_two_equal_branches_stand_evenly_about_their_source() -> None:
    links = [Link(source=0, target=1), Link(source=0, target=2)]
    positions = place_boxes([(100.0, 50.0)] * 3, links)
    top, left, right = (x for x, _ in positions.centers)
    assert right - top == pytest.approx(top - left)
    assert left < top


def test_the_same_graph_is_always_laid_out_the_same() -> None:
    assert place_boxes(*at_random(7)) == place_boxes(*at_random(7))


def test_nothing_takes_no_room() -> None:
    assert place_boxes([], []) == Positions(centers=(), routes=(), width=0.0, height=0.0)
