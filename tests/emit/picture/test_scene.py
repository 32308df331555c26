from itertools import combinations

import pytest

from kerasgen.emit.picture.scene import OUTPUT, Box, Frame, Scene, draw_scene
from kerasgen.ir.graph import ModelGraph
from kerasgen.ir.model import TensorRef
from kerasgen.passes.shapes import Specs

Drawn = tuple[ModelGraph, Specs]


def call_names(graph: ModelGraph, prefix: str = "") -> list[str]:
    names = []
    for name in dict.fromkeys(call.layer for call in graph.calls):
        made = graph.layers[name].definition
        if isinstance(made, ModelGraph):
            names += call_names(made, f"{prefix}{name}/")
    return names + [prefix + call.name for call in graph.calls]


def box(scene: Scene, name: str) -> Box:
    return next(item for item in scene.boxes if item.name == name)


def texts(item: Box) -> list[str]:
    return [line.text for line in item.lines]


def overlap(first: Box | Frame, second: Box | Frame) -> bool:
    return (
        first.x < second.x + second.width
        and second.x < first.x + first.width
        and first.y < second.y + second.height
        and second.y < first.y + first.height
    )


def test_every_call_is_drawn_exactly_once(drawn: Drawn) -> None:
    scene = draw_scene(*drawn)
    names = [item.name for item in scene.boxes if item.kind in ("call", "again")]
    names += [frame.name for frame in scene.frames]
    assert sorted(names) == sorted(call_names(drawn[0]))


def test_no_two_boxes_of_a_model_overlap(drawn: Drawn) -> None:
    assert not any(overlap(*pair) for pair in combinations(draw_scene(*drawn).boxes, 2))


def test_every_line_ends_at_something_drawn(drawn: Drawn) -> None:
    scene = draw_scene(*drawn)
    names = {item.name for item in (*scene.boxes, *scene.frames)}
    assert scene.edges
    assert {end for edge in scene.edges for end in (edge.source, edge.target)} <= names


def test_every_box_but_an_input_is_reached_by_a_line(drawn: Drawn) -> None:
    scene = draw_scene(*drawn)
    targets = {edge.target for edge in scene.edges}
    assert all(item.name in targets for item in scene.boxes if item.kind != "input")


def test_a_box_says_name_class_arguments_and_shape(mlp: Drawn) -> None:
    assert texts(box(draw_scene(*mlp), "hidden1")) == ["hidden1", "Dense 128, relu", "(None, 128)"]


def test_a_shared_layer_is_drawn_in_full_once_and_marked_where_it_is_called_again(
    siamese: Drawn,
) -> None:
    scene = draw_scene(*siamese)
    assert texts(box(scene, "tower"))[1::2] == ["Dense 64, relu", "shared: 2 calls"]
    again = box(scene, "tower_right")
    assert again.kind == "again"
    assert texts(again)[1::2] == ["Dense", "same layer as tower"]


def test_a_nested_model_is_framed_around_its_boxes(nested: Drawn) -> None:
    scene = draw_scene(*nested)
    frames = {frame.name: frame for frame in scene.frames}
    assert list(frames) == ["tower", "tower/head"]
    for item in scene.boxes:
        for name, frame in frames.items():
            inside = item.name.startswith(f"{name}/")
            assert overlap(item, frame) == inside
            if inside:
                assert frame.x < item.x
                assert item.x + item.width < frame.x + frame.width
                assert item.y + item.height < frame.y + frame.height


def test_a_nested_model_that_is_called_again_is_not_drawn_again(nested: Drawn) -> None:
    assert box(draw_scene(*nested), "tower_right").kind == "again"


def test_a_line_that_passes_others_says_its_shape(residual: Drawn) -> None:
    scene = draw_scene(*residual)
    shortcut = next(
        edge
        for edge in scene.edges
        if (edge.source, edge.target) == ("stage1_0_out", "stage1_1_sum")
    )
    assert shortcut.label == "(None, 32, 32, 16)"
    assert shortcut.place is not None


def test_a_line_says_the_argument_and_which_outputs_it_brings(translation: Drawn) -> None:
    scene = draw_scene(*translation)
    labels = {(edge.source, edge.target): edge.label for edge in scene.edges}
    assert labels["encoder", "decoder"] == "initial_state .1 .2 (None, 64)"
    assert labels["decoder", "look"] == "query (None, None, 64)"
    assert labels["source", "tokens"] == ""


def test_tensors_that_go_the_same_way_share_one_line(builder: type) -> None:
    made = builder("square")
    made.input("x", 4)
    made.add("squared", "ops.multiply", ["x", "x"], (4,))
    meanings = [edge.meaning for edge in draw_scene(made.graph("squared"), made.specs).edges]
    assert meanings == ["x (None, 4), x (None, 4)", "squared (None, 4)"]


def test_an_output_is_a_box_of_its_own_even_where_it_is_called_like_its_layer(
    siamese: Drawn,
) -> None:
    ends = [item.name for item in draw_scene(*siamese).boxes if item.kind == "output"]
    assert ends == [f"{OUTPUT}same", f"{OUTPUT}digit"]


def test_two_outputs_of_one_layer_are_two_boxes(builder: type) -> None:
    made = builder("states")
    made.input("x", 5, 4)
    made.add("encoder", "LSTM", "x", (8,), (8,), (8,), units=8, return_state=True)
    scene = draw_scene(made.graph("encoder.0", "encoder.2"), made.specs)
    ends = [item.name for item in scene.boxes if item.kind == "output"]
    assert ends == [f"{OUTPUT}encoder.0", f"{OUTPUT}encoder.2"]


def test_a_layer_with_many_outputs_says_how_many_more_there_are(builder: type) -> None:
    made = builder("split")
    made.input("x", 8)
    made.add("parts", "ops.split", "x", *[(1,)] * 8)
    scene = draw_scene(made.graph("parts.0"), made.specs)
    assert texts(box(scene, "parts"))[2:] == ["(None, 1)", "(None, 1)", "and 6 more"]


def test_a_model_whose_shapes_are_not_known_is_drawn_without_them(drawn: Drawn) -> None:
    graph, specs = drawn
    scene = draw_scene(graph, {})
    assert len(scene.boxes) == len(draw_scene(graph, specs).boxes)
    assert not any(line.style == "shape" for item in scene.boxes for line in item.lines)


def test_a_deep_network_stays_narrow(residual: Drawn) -> None:
    scene = draw_scene(*residual)
    assert len(scene.boxes) > 75
    assert scene.width < 500


def test_everything_lies_within_the_margins(drawn: Drawn) -> None:
    scene = draw_scene(*drawn)
    for item in (*scene.boxes, *scene.frames):
        assert item.x > 0
        assert item.y > 0
        assert item.x + item.width < scene.width
        assert item.y + item.height < scene.height


def test_a_reference_to_what_is_not_there_is_a_bug_and_raises(mlp: Drawn) -> None:
    graph, specs = mlp
    broken = ModelGraph(
        name="broken",
        kind="Functional",
        inputs=graph.inputs,
        layers=graph.layers,
        calls=graph.calls,
        outputs=TensorRef(name="nowhere"),
    )
    with pytest.raises(KeyError, match="nowhere"):
        draw_scene(broken, specs)
