"""The source map: where a key path was written, through expansion and selection."""

from collections.abc import Callable, Mapping
from dataclasses import FrozenInstanceError

import pytest

from kerasgen.diagnostics import Note, Sink, SourceLocation, SourceMap
from kerasgen.diagnostics.source_map import Expansion, Mark, Original, Remark, Replacement
from kerasgen.frontend.compose.composition import compose, resolve
from kerasgen.frontend.expand.whole_model import expand_config
from kerasgen.frontend.select.apply import select_config

Files = Mapping[str, str]


def at(line: int) -> Mark:
    key = SourceLocation(file="m.yaml", line=line, column=1)
    return Mark(key=key, value=SourceLocation(file="m.yaml", line=line, column=9))


WRITTEN = SourceMap(
    marks={
        "model": at(1),
        "model.blocks.cell": at(2),
        "model.blocks.cell.layers.a": at(3),
        "model.blocks.cell.layers.a.units": at(4),
        "model.layers.x": at(5),
        "model.parameters.width": at(6),
    },
    defaults=SourceLocation(file="config.yaml", line=7, column=1),
    references={"model.parameters.width": (Remark(message="from the seed", key="model"),)},
)
EXPANDED = WRITTEN.through(
    Expansion(
        entries={
            "model.layers.x_a": Original(
                key="model.blocks.cell.layers.a",
                remarks=(Remark(message="`x` uses the block", key="model.layers.x", at="key"),),
            ),
            "model.layers.x_1_a": Original(key="model.blocks.cell.layers.a"),
        },
        values={
            "model.layers.x_a.units": (
                Remark(message="`width` is given here", key="model.parameters.width"),
            )
        },
    )
)


def line_and_column(place: SourceLocation) -> tuple[int | None, int | None]:
    return place.line, place.column


def test_a_key_is_found_at_its_key_and_at_its_value() -> None:
    assert line_and_column(WRITTEN.locate("model.layers.x", "key")) == (5, 1)
    assert line_and_column(WRITTEN.locate("model.layers.x")) == (5, 9)


def test_what_is_not_written_is_found_at_the_key_around_it() -> None:
    place = WRITTEN.locate("model.layers.x.units")
    assert place == SourceLocation(key="model.layers.x.units", file="m.yaml", line=5, column=1)


def test_the_class_of_a_bare_name_is_the_value() -> None:
    assert line_and_column(WRITTEN.locate("model.layers.x.class")) == (5, 9)


def test_a_group_that_nobody_chose_is_found_at_the_defaults() -> None:
    assert WRITTEN.locate("fit").line == 7


def test_an_expanded_key_is_found_where_it_was_written() -> None:
    place = EXPANDED.locate("model.layers.x_a.units")
    assert (place.key, place.line) == ("model.blocks.cell.layers.a.units", 4)


def test_an_expanded_value_tells_of_its_parameters_and_of_the_uses_of_blocks() -> None:
    behind = EXPANDED.explain("model.layers.x_a.units")
    assert behind.repeated
    assert [(note.message, note.location and note.location.line) for note in behind.notes] == [
        ("`width` is given here", 6),
        ("`x` uses the block", 5),
    ]


def test_a_key_that_expansion_left_alone_is_found_as_before() -> None:
    assert EXPANDED.locate("model.layers.x") == WRITTEN.locate("model.layers.x")
    assert EXPANDED.explain("model.parameters.width") == WRITTEN.explain("model.parameters.width")


def test_a_value_that_refers_to_another_tells_where_that_stands() -> None:
    (note,) = WRITTEN.explain("model.parameters.width").notes
    assert note == Note(message="from the seed", location=WRITTEN.locate("model"))


def test_references_in_a_circle_come_to_an_end() -> None:
    circle = SourceMap(
        marks={"a": at(1), "b": at(2)},
        references={
            "a": (Remark(message="b", key="b"),),
            "b": (Remark(message="a", key="a"),) * 1000,
        },
    )
    assert len(circle.explain("a").notes) == 200


def test_what_was_replaced_is_found_at_what_replaced_it_and_told_once() -> None:
    place = SourceLocation(key="model.layers.x.rate", override="rate=2", column=6)
    chosen = EXPANDED.through(
        Replacement(marks={"model.layers.y.rate": Mark(key=place, value=place)})
    )
    found = chosen.locate("model.layers.y.rate.deeper")
    assert (found.key, found.override) == ("model.layers.x.rate.deeper", "rate=2")
    assert chosen.explain("model.layers.y.rate").repeated
    assert chosen.locate("model.layers.x_a.units").line == 4


def test_maps_are_compared_by_what_they_say() -> None:
    step = EXPANDED.steps[0]
    assert WRITTEN.through(step) == EXPANDED
    assert WRITTEN != EXPANDED
    assert WRITTEN.steps == ()


def test_a_map_does_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        WRITTEN.steps = ()  # type: ignore[misc]


def test_a_sink_over_another_map_adds_to_the_same_list() -> None:
    sink = Sink(WRITTEN)
    sink.report("KG206", "before", key="model.layers.x_a.units")
    later = sink.over(EXPANDED)
    later.report("KG206", "after", key="model.layers.x_a.units")
    assert [d.location and d.location.line for d in sink.diagnostics] == [1, 4]
    assert sink.errors == later.errors
    assert sink.source_map == WRITTEN


def test_one_fault_of_a_block_is_told_once_by_all_sinks_over_it() -> None:
    sink = Sink(WRITTEN)
    for layer in ("x_a", "x_1_a"):
        key = f"model.layers.{layer}.units"
        sink.over(EXPANDED).report("KG206", f"`{layer}` refuses", key=key)
    assert len(sink.diagnostics) == 1


def test_a_selector_in_an_expanded_block_is_located_at_the_command_line(
    config_files: Callable[[Files], str],
) -> None:
    folder = config_files(
        {
            "model/mine.yaml": "blocks:\n  cell:\n    layers:\n      a: {class: Dense, units: 3}\n"
            "layers: {x: {block: cell, repeat: 2}}\n"
        }
    )
    text = "model.layers[x_*].units=-4"
    config, sink = resolve(compose(["model=mine", text], folder))
    expanded = expand_config(config, sink)
    selected = select_config(expanded.config, sink.over(expanded.source_map))
    assert selected.config["model"]["layers"]["x_1_a"]["units"] == -4

    place = selected.source_map.locate("model.layers.x_1_a.units")
    assert (place.override, place.column) == (text, text.index("-4") + 1)
    written = selected.source_map.locate("model.layers.x_1_a.class")
    assert (written.file, written.line) == ("conf/model/mine.yaml", 4)
    assert sink.locate("model.layers.x_1_a.units").file == "conf/model/mine.yaml"
