"""Where a value comes from that was written elsewhere: interpolations, blocks, relocated groups."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from kerasgen.diagnostics import Diagnostic, SourceLocation
from kerasgen.frontend.compose.composition import compose, resolve
from kerasgen.frontend.expand.whole_model import expand_config

Files = Mapping[str, str]


@pytest.fixture
def report(config_files: Callable[[Files], str]) -> Callable[..., Diagnostic]:
    """Composes config files and reports something about one key of the expanded config."""

    def compose_and_report(files: Files, key: str, *overrides: str) -> Diagnostic:
        folder = config_files(files)
        config, sink = resolve(compose(["model=mine", *overrides], folder), ungiven="")
        sink = sink.over(expand_config(config, sink).source_map)
        assert [d.message for d in sink.diagnostics] == []
        sink.report("KG206", "wrong", key=key)
        return sink.diagnostics[-1]

    return compose_and_report


def spot(location: SourceLocation | None) -> tuple[str | None, int | None, int | None]:
    assert location is not None
    return location.file, location.line, location.column


def told(diagnostic: Diagnostic) -> list[tuple[str, tuple[str | None, int | None, int | None]]]:
    return [(note.message, spot(note.location)) for note in diagnostic.notes]


def test_an_interpolation_is_found_with_every_step_to_its_value(
    report: Callable[..., Diagnostic],
) -> None:
    found = report(
        {
            "model/mine.yaml": "layers:\n  a: {class: Dense, units: '${fit.epochs}'}\n",
            "fit/default.yaml": "epochs: ${seed}\nbatch_size: 32\n",
        },
        "model.layers.a.units",
    )
    assert spot(found.location) == ("conf/model/mine.yaml", 2, 28)
    messages = [message for message, _ in told(found)]
    assert messages == [
        "the value of `${fit.epochs}` is given here",
        "the value of `${seed}` is given here",
    ]
    assert spot(found.notes[0].location) == ("conf/fit/default.yaml", 1, 9)
    assert str(spot(found.notes[1].location)[0]).endswith("conf/config.yaml")


def test_a_fact_of_the_data_is_found_where_it_is_declared(
    report: Callable[..., Diagnostic],
) -> None:
    found = report(
        {"model/mine.yaml": "layers:\n  a: {class: Dense, units: '${data.classes}'}\n"},
        "model.layers.a.units",
        "data.facts.classes=7",
    )
    (note,) = found.notes
    assert note.location is not None
    assert note.location.override == "data.facts.classes=7"


def test_a_reference_that_refers_to_itself_comes_to_an_end(
    config_files: Callable[[Files], str],
) -> None:
    folder = config_files({"model/mine.yaml": "layers: {a: {units: '${model.layers.a.units}'}}\n"})
    composition = compose(["model=mine"], folder)
    sink = composition.sink()
    sink.report("KG206", "wrong", key="model.layers.a.units")
    assert len(sink.diagnostics[0].notes) == 4


GROUPS: Files = {
    "block/cell.yaml": "defaults: [inner@blocks.inner]\nparameters:\n  width: ???\nlayers:\n"
    "  first: {block: inner, units: 2 * $width}\n",
    "block/inner.yaml": "parameters:\n  units: ???\nlayers:\n"
    "  dense: {class: Dense, units: $units}\n",
    "model/mine.yaml": "defaults: ['/block@blocks.cell': cell]\nparameters:\n  size: ${seed}\n"
    "layers:\n  a: {block: cell, width: $size}\n",
}


def test_a_relocated_block_of_nested_defaults_is_found_in_its_own_file(
    report: Callable[..., Diagnostic],
) -> None:
    found = report(GROUPS, "model.layers.a_first_dense.units")
    assert spot(found.location) == ("conf/block/inner.yaml", 4, 32)
    assert told(found) == [
        ("`units` is given here", ("conf/block/cell.yaml", 5, 32)),
        ("`a_first` uses the block `inner`", ("conf/block/cell.yaml", 5, 3)),
        ("`a` uses the block `cell`", ("conf/model/mine.yaml", 5, 3)),
    ]


def test_a_parameter_set_on_the_command_line_is_found_there(
    report: Callable[..., Diagnostic],
) -> None:
    files = {
        "model/mine.yaml": "parameters: {width: 4}\nlayers:\n  a: {class: Dense, units: $width}\n"
    }
    found = report(files, "model.layers.a.units", "model.parameters.width=9")
    assert spot(found.location) == ("conf/model/mine.yaml", 3, 28)
    (note,) = found.notes
    assert note.location is not None
    assert note.location.override == "model.parameters.width=9"


def test_the_line_of_an_experiment_wins_over_the_group_that_it_overlays(
    report: Callable[..., Diagnostic],
) -> None:
    files = {
        "model/mine.yaml": "layers:\n  a: {class: Dense, units: 3}\n",
        "experiment/own.yaml": "# @package _global_\nmodel:\n  layers:\n    a: {units: 4}\n",
    }
    found = report(files, "model.layers.a.units", "experiment=own")
    assert spot(found.location) == ("conf/experiment/own.yaml", 4, 16)
    assert found.notes == ()


def test_a_file_of_a_search_path_is_found(
    report: Callable[..., Diagnostic], tmp_path: Path
) -> None:
    (tmp_path / "more" / "model").mkdir(parents=True)
    (tmp_path / "more" / "model" / "mine.yaml").write_text("layers: {a: {class: Dense}}\n")
    found = report(
        {"model/other.yaml": ""}, "model.layers.a", f"hydra.searchpath=[file://{tmp_path}/more]"
    )
    assert spot(found.location) == ("more/model/mine.yaml", 1, 13)
