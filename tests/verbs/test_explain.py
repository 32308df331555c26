"""What `kerasgen explain` says of classes, and of words that nothing is known of."""

import pytest

from kerasgen.catalog.entries import Catalog, ClassEntry, Parameter
from kerasgen.diagnostics import CompileError
from kerasgen.verbs import explain as explaining
from kerasgen.verbs.explain import class_text, explain, overview

GATE = ClassEntry(
    name="Gate",
    kind="layer",
    module="keras.layers",
    summary="Opens and closes.",
    call={"inputs": Parameter(name="inputs", tensor=True)},
    parameters={
        "units": Parameter(name="units", required=True, value="int", description="How many."),
        "kernel": Parameter(name="kernel", default="zeros", kinds=("initializer", "layer")),
        "mode": Parameter(name="mode", default="auto", choices=("auto", "min")),
        "bias": Parameter(name="bias", default=True, value="bool"),
    },
)


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How often the catalog was asked for; it has one class."""
    times: list[int] = []

    def catalog(_trust: object) -> Catalog:
        times.append(1)
        return Catalog(version="3", entries={"layer": {"Gate": GATE}, "op": {"add": ADD}})

    monkeypatch.setattr(explaining, "offered_catalog", catalog)
    return times


ADD = ClassEntry(
    name="add",
    kind="op",
    module="keras.ops.numpy",
    summary="Adds.",
    parameters={},
    call={"x1": Parameter(name="x1", tensor=True), "x2": Parameter(name="x2", tensor=True)},
)


def test_a_class_has_its_arguments_with_kinds_and_defaults() -> None:
    assert class_text(GATE).splitlines() == [
        "# Gate",
        "",
        "`keras.layers.Gate`, a layer. Opens and closes.",
        "",
        "It is called with `inputs`.",
        "",
        "## Arguments",
        "",
        "- `units`: an integer, must be given. How many.",
        '- `kernel`: an initializer or a layer, default "zeros".',
        '- `mode`: "auto" or "min", default "auto".',
        "- `bias`: true or false, default true.",
    ]


@pytest.mark.parametrize("word", ["Gate", "layers.Gate", "keras.layers.Gate"])
def test_a_class_is_found_by_the_names_of_configs(word: str) -> None:
    assert explain([word]) == [class_text(GATE)]


def test_an_operation_is_named_as_in_a_config() -> None:
    assert explain(["ops.add"])[0].startswith("# ops.add\n\n`keras.ops.add`, an operation. Adds.")


def test_the_manual_needs_no_catalog(asked: list[int]) -> None:
    epochs, sweeps = explain(["fit.epochs", "sweeps"])
    assert epochs.startswith("# fit.epochs\n\nDefault: `10`.\n\nPasses over")
    assert "See also: `kerasgen explain" in sweeps
    assert asked == []


def test_the_catalog_is_looked_for_once(asked: list[int]) -> None:
    explain(["Gate", "ops.add"])
    assert asked == [1]


def test_words_that_nothing_is_known_of_are_told_together() -> None:
    with pytest.raises(CompileError) as caught:
        explain(["fit.epoch", "Gate", "Gatte"])
    told = [(d.code, d.help) for d in caught.value.diagnostics]
    assert told == [
        ("KG622", "did you mean `fit.epochs`?"),
        ("KG622", "did you mean `Gate`?"),
    ]
    place = caught.value.diagnostics[1].location
    assert place is not None
    assert (place.override, place.column) == ("fit.epoch Gate Gatte", 16)


def test_a_word_is_told_where_it_stands_though_another_one_holds_it() -> None:
    with pytest.raises(CompileError) as caught:
        explain(["fit", "fitt.x", "tt"])
    places = [d.location.column for d in caught.value.diagnostics if d.location is not None]
    assert places == [5, 12]


def test_a_code_that_is_none_has_no_nearest() -> None:
    with pytest.raises(CompileError) as caught:
        explain(["KG999"])
    assert [d.help for d in caught.value.diagnostics] == [
        "`kerasgen explain codes` lists the codes"
    ]


def test_the_overview_names_commands_groups_topics_keys_and_rules() -> None:
    text = overview()
    named = ["`check`", "`fit`", "`sweeps`", "`fit.epochs`", "`KG101` to `KG903`", "`dead_kernel`"]
    assert [word for word in named if word not in text] == []
