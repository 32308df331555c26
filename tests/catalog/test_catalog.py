"""Looking up names in a catalog, and describing what is not Keras's."""

from collections.abc import Mapping

import pytest

from kerasgen.catalog.entries import Catalog, ClassEntry, Kind, describe_callable


def entry(name: str, kind: Kind) -> ClassEntry:
    return ClassEntry(name=name, kind=kind, parameters={})


@pytest.fixture
def small() -> Catalog:
    entries: Mapping[Kind, Mapping[str, ClassEntry]] = {
        "layer": {"Dense": entry("Dense", "layer"), "Add": entry("Add", "layer")},
        "op": {"add": entry("add", "op"), "Dense": entry("Dense", "op")},
        "loss": {"Huber": entry("Huber", "loss")},
        "schedule": {"CosineDecay": entry("CosineDecay", "schedule")},
    }
    words: Mapping[Kind, frozenset[str]] = {
        "loss": frozenset({"mse"}),
        "metric": frozenset({"acc"}),
    }
    return Catalog(version="1", entries=entries, vocabularies=words)


@pytest.mark.parametrize(
    ("name", "kinds", "kind"),
    [
        ("Dense", ("layer", "op"), "layer"),
        ("layers.Dense", ("layer",), "layer"),
        ("keras.layers.Dense", ("layer",), "layer"),
        ("ops.add", ("layer", "op"), "op"),
        ("ops.Dense", ("layer", "op"), "op"),
        ("optimizers.schedules.CosineDecay", ("schedule",), "schedule"),
        ("add", ("layer", "op"), None),
        ("losses.Dense", ("layer", "loss"), None),
        ("tf.keras.layers.Dense", ("layer",), None),
        ("Huber", ("layer",), None),
        ("", ("layer",), None),
    ],
)
def test_a_name_is_found_by_kind_and_module(
    small: Catalog, name: str, kinds: tuple[Kind, ...], kind: Kind | None
) -> None:
    found = small.find(name, kinds)
    assert (found.kind if found is not None else None) == kind


def test_names_are_given_as_they_must_be_written(small: Catalog) -> None:
    assert small.names(("layer", "op")) == ["Dense", "Add", "ops.add", "ops.Dense"]


def test_words_of_several_kinds_are_sorted(small: Catalog) -> None:
    assert small.words(("metric", "loss", "layer")) == ["acc", "mse"]


def test_a_catalog_is_extended_without_changing_the_old_one(small: Catalog) -> None:
    larger = small.extended([entry("Csv", "source"), entry("Mine", "layer")])
    assert larger.find("Csv", ("source",)) is not None
    assert larger.find("Mine", ("layer",)) is not None
    assert small.find("Mine", ("layer",)) is None


def test_a_python_class_is_described_by_its_signature() -> None:
    class Source:
        """Reads things.

        More.
        """

        def __init__(self, path: str, *columns: str, header: bool = True, **rest: int) -> None:
            del path, columns, header, rest

    described = describe_callable(Source, name="Source", kind="source", module="here")
    path, columns, header = described.parameters.values()
    assert (path.name, path.required) == ("path", True)
    assert columns.variadic
    assert not columns.required
    assert (header.value, header.default, header.nullable) == ("bool", True, False)
    assert described.open_ended
    assert described.summary == "Reads things."
