from kerasgen.emit.picture.rows import Link, arrange

BOX = (40.0, 20.0)


def rows(count: int, *links: tuple[int, int]) -> list[list[int]]:
    arranged = arrange([BOX] * count, [Link(source=a, target=b) for a, b in links])
    return [list(row) for row in arranged.rows]


def test_a_chain_has_one_box_a_row() -> None:
    assert rows(3, (0, 1), (1, 2)) == [[0], [1], [2]]


def test_a_shortcut_has_a_bend_beside_each_box_that_it_passes() -> None:
    assert rows(4, (0, 1), (1, 2), (2, 3), (0, 3)) == [[0], [1, 4], [2, 5], [3]]


def test_the_longest_way_stands_left_whatever_the_order_of_the_links() -> None:
    assert rows(4, (0, 3), (0, 1), (1, 2), (2, 3)) == [[0], [1, 4], [2, 5], [3]]


def test_an_input_that_is_taken_late_stands_just_above_its_taker() -> None:
    assert rows(4, (0, 2), (2, 3), (1, 3)) == [[0], [2, 1], [3]]


def test_a_labelled_link_between_neighbors_gets_a_bend_of_its_own() -> None:
    arranged = arrange([BOX] * 2, [Link(source=0, target=1, label=50.0, labelled=True)])
    assert arranged.chains == [[0, 2, 1]]
    assert arranged.knots[2].right > 50


def test_lines_are_untangled_where_they_can_be() -> None:
    _, upper, lower, _ = rows(6, (0, 1), (0, 2), (1, 4), (2, 3), (3, 5), (4, 5))
    assert [upper.index(1), upper.index(2)] == [lower.index(4), lower.index(3)]


def test_a_shortcut_changes_sides_to_keep_out_of_the_way_of_a_second_input() -> None:
    # 0 -> 2 -> 4 -> 5 with the shortcut 2 -> 5, and 1 -> 3 -> 4 from the right.
    arranged = rows(6, (0, 2), (2, 4), (1, 3), (3, 4), (4, 5), (2, 5))
    bend, box = arranged[2]
    assert (bend, box) == (6, 4)
