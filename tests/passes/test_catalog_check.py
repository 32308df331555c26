"""Objects against a catalog: names, arguments and kinds of values. No Keras here."""

from collections.abc import Callable
from typing import Any

import pytest

from kerasgen.catalog.entries import Catalog, ClassEntry, Kind, Parameter
from kerasgen.diagnostics import Sink
from kerasgen.passes.catalog_check import check, check_source


@pytest.fixture(scope="module")
def small() -> Catalog:
    dense = {
        "units": Parameter(name="units", required=True, value="int", nullable=False),
        "activation": Parameter(name="activation", kinds=("activation", "layer")),
        "use_bias": Parameter(name="use_bias", value="bool", nullable=False, default=True),
        "kernel_initializer": Parameter(name="kernel_initializer", kinds=("initializer",)),
        "rate": Parameter(name="rate", value="number"),
    }
    tensor = {"inputs": Parameter(name="inputs", required=True, tensor=True)}
    pair = {
        name: Parameter(name=name, required=name != "scale", tensor=True)
        for name in ("query", "value", "scale")
    }
    entries: dict[Kind, list[ClassEntry]] = {
        "layer": [
            ClassEntry(name="Dense", kind="layer", parameters=dense, call=tensor),
            ClassEntry(name="Attention", kind="layer", parameters={}, call=pair),
            ClassEntry(name="Open", kind="layer", parameters={}, open_ended=True, call=tensor),
        ],
        "optimizer": [
            ClassEntry(
                name="SGD",
                kind="optimizer",
                parameters={"learning_rate": Parameter(name="learning_rate", kinds=("schedule",))},
            )
        ],
        "schedule": [
            ClassEntry(
                name="Decay",
                kind="schedule",
                parameters={"steps": Parameter(name="steps", required=True)},
            )
        ],
        "initializer": [ClassEntry(name="Zeros", kind="initializer", parameters={})],
        "source": [
            ClassEntry(
                name="ScikitLearn", kind="source", parameters={"name": Parameter(name="name")}
            )
        ],
        "callback": [],
        "loss": [],
        "metric": [],
    }  # fmt: skip
    return Catalog(
        version="1",
        entries={kind: {item.name: item for item in items} for kind, items in entries.items()},
        vocabularies={
            "activation": frozenset({"relu"}),
            "initializer": frozenset({"zeros"}),
            "loss": frozenset({"mse"}),
            "optimizer": frozenset({"sgd"}),
        },
    )


Check = Callable[..., list[tuple[str, str]]]


@pytest.fixture
def checked(program: Callable[..., Any], small: Catalog) -> Check:
    """Checks one layer (or whole sections): code and key path of what is found."""

    def check_(layer: Any = None, **groups: Any) -> list[tuple[str, str]]:
        layers = {"a": {"class": "Dense", "units": 1} if layer is None else layer}
        parsed, sink = program(
            {"layers": layers}, optimizer=groups.pop("optimizer", "sgd"), **groups
        )
        check(parsed, small, sink)
        return [(d.code, d.location.key) for d in sink.diagnostics if d.location is not None]

    return check_


def test_a_good_program_has_nothing_to_tell(checked: Check) -> None:
    assert checked() == []


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ({"units": "1"}, [("KG204", "units")]),
        ({"units": True}, [("KG204", "units")]),
        ({"units": None}, [("KG204", "units")]),
        ({"units": {"class": "Zeros"}}, [("KG204", "units")]),
        ({"units": {"layers": {"b": "Open"}}}, [("KG204", "units")]),
        ({"units": [1, 2]}, []),
        ({"use_bias": "false"}, [("KG204", "use_bias")]),
        ({"use_bias": 1}, [("KG204", "use_bias")]),
        ({"rate": 1}, []),
        ({"rate": [0.1, 0.2]}, []),
        ({"rate": "0.1"}, [("KG204", "rate")]),
        ({"activation": "relu"}, []),
        ({"activation": "Open"}, []),
        ({"activation": None}, []),
        ({"activation": "rleu"}, [("KG205", "activation")]),
        ({"activation": 3}, [("KG204", "activation")]),
        ({"activation": "Dense"}, [("KG203", "activation")]),
        ({"activation": {"class": "Dense"}}, [("KG203", "activation")]),
        ({"activation": {"class": "Zeros"}}, [("KG201", "activation.class")]),
        ({"kernel_initializer": {"name": "Zeros"}}, [("KG204", "kernel_initializer")]),
        ({"kernel_initializer": {"class_name": "Zeros", "config": {}}},
         [("KG116", "kernel_initializer")]),
        ({"kernel_initializer": {"layers": {"b": "Dense"}}}, [("KG204", "kernel_initializer")]),
        ({"unit": 3}, [("KG202", "unit")]),
        ({"kernel_inizializer": {"class": "Nope"}},
         [("KG202", "kernel_inizializer"), ("KG201", "kernel_inizializer.class")]),
        ({"name": "b"}, [("KG307", "name")]),
        ({"with": {"inputz": 1}}, [("KG202", "with.inputz")]),
        ({"from": {"input": "input"}}, [("KG202", "from.input")]),
    ],
)  # fmt: skip
def test_an_argument_is_held_against_its_class(
    checked: Check, extra: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    found = checked({"class": "Dense", "units": 1, **extra})
    assert found == [(code, f"model.layers.a.{key}") for code, key in expected]


def test_an_unknown_argument_silences_the_missing_one(checked: Check) -> None:
    assert checked({"class": "Dense", "unit": 3}) == [("KG202", "model.layers.a.unit")]
    assert checked({"class": "Dense", "zzz": 3}) == [
        ("KG202", "model.layers.a.zzz"),
        ("KG203", "model.layers.a"),
    ]


def test_an_open_ended_class_takes_any_argument(checked: Check) -> None:
    assert checked({"class": "Open", "anything": 3}) == []


def test_a_tensor_under_a_wrong_name_silences_the_missing_one(checked: Check) -> None:
    key = "model.layers.a.from"
    assert checked({"class": "Attention", "from": {"query": "input"}}) == [("KG203", key)]
    assert checked({"class": "Attention", "from": {"query": "input", "valu": "input"}}) == [
        ("KG202", f"{key}.valu")
    ]
    assert checked({"class": "Attention", "from": ["input", "input"]}) == []


@pytest.mark.parametrize("name", ["Input", "InputLayer"])
def test_an_input_is_no_entry(checked: Check, name: str) -> None:
    assert checked(name) == [("KG307", "model.layers.a.class")]


def test_a_shared_layer_s_calls_are_checked_too(program: Any, small: Catalog) -> None:
    parsed, sink = program(
        """
        layers:
          a: {class: Dense, units: 1}
          b: {is: a, with: {nope: 1}}
          c: {layers: {d: {class: Dense, units: 1}}, with: {nope: 1}}
          e: {is: c, from: {x: a}}
        """,
        optimizer="sgd",
    )
    check(parsed, small, sink)
    assert [(d.code, d.location and d.location.key) for d in sink.diagnostics] == [
        ("KG202", "model.layers.b.with.nope"),
        ("KG202", "model.layers.c.with.nope"),
        ("KG202", "model.layers.e.from.x"),
    ]


@pytest.mark.parametrize(
    ("rate", "codes"),
    [
        (1, []),
        (0.1, []),
        ("fast", ["KG204"]),
        ("Decay", ["KG203"]),
        ({"class": "Decay", "steps": 3}, []),
        ({"class": "Decay", "step": 3}, ["KG202"]),
        ({"class": "Zeros"}, ["KG201"]),
    ],
)
def test_a_learning_rate_is_a_number_or_a_schedule(
    checked: Check, rate: Any, codes: list[str]
) -> None:
    found = checked(optimizer={"class": "SGD", "learning_rate": rate})
    assert [code for code, _ in found] == codes


def test_all_groups_are_checked_at_once(checked: Check) -> None:
    found = checked(
        "Dens",
        optimizer="sdg",
        compile={"loss": "msse", "metrics": ["nope"]},
        fit={"callbacks": {"stop": "EarlyStop"}},
    )
    assert [code for code, _ in found] == ["KG201", "KG201", "KG205", "KG205", "KG201"]


def test_the_source_alone_can_be_checked(program: Any, small: Catalog) -> None:
    parsed, _ = program({"layers": {"a": "Nope"}})
    sink = Sink()
    check_source(parsed.data, small, sink)
    assert sink.diagnostics == []
