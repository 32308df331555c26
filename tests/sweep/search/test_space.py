"""The space of a search: parameters, conditions, seeds, and the overrides of a setting."""

from typing import Any

import pytest

from kerasgen.diagnostics import CompileError, Sink
from kerasgen.frontend.compose.selectors_through_hydra import carried as to_carriers
from kerasgen.sweep.search.space import Space, read_space


def space(
    parameters: dict[str, Any], *arguments: str, conditions: dict[str, Any] | None = None
) -> Space:
    return read_space(parameters, arguments, conditions or {}, Sink())


def refused(*arguments: str, conditions: dict[str, Any] | None = None) -> list[tuple[str, str]]:
    with pytest.raises(CompileError) as raised:
        space({}, *arguments, conditions=conditions)
    return [(found.code, found.message) for found in raised.value.diagnostics]


def test_sweeps_of_hydra_become_parameters() -> None:
    found = space(
        {"a": "interval(0,1)", "b": "tag(log, interval(1e-4, 1e-1))"},
        "c=int(interval(1,8))",
        "d=range(1,9,2)",
        "e=range(0.1,0.4,step=0.1)",
        "f=adam,sgd",
    )
    assert {each.name: each.plain() for each in found.parameters} == {
        "a": {"kind": "float", "low": 0.0, "high": 1.0, "step": None, "log": False},
        "b": {"kind": "float", "low": 1e-4, "high": 0.1, "step": None, "log": True},
        "c": {"kind": "int", "low": 1, "high": 8, "step": 1, "log": False},
        "d": {"kind": "int", "low": 1, "high": 7, "step": 2, "log": False},
        "e": {"kind": "float", "low": 0.1, "high": pytest.approx(0.3), "step": 0.1, "log": False},
        "f": {"kind": "choice", "choices": ["adam", "sgd"]},
    }


def test_a_sweep_over_seeds_is_no_parameter() -> None:
    found = space({"seed": "range(3)"}, "a=1,2", "b=7")
    assert [each.name for each in found.parameters] == ["a"]
    assert found.overrides({"a": "2"}) == [("b=7", "a=2", f"seed={n}") for n in range(3)]


def test_what_is_typed_takes_the_place_of_what_a_file_says() -> None:
    found = space({"a": "1,2", "b": "3,4"}, "a=5", "b=6,7")
    assert found.fixed == ("a=5",)
    assert [each.choices for each in found.parameters] == [("6", "7")]


def test_a_parameter_under_a_condition_comes_behind_the_one_it_depends_on() -> None:
    found = space(
        {}, "optimizer.momentum=interval(0,1)", "optimizer=adam,sgd",
        conditions={"optimizer.momentum": {"optimizer": ["sgd"]}},
    )  # fmt: skip
    assert [each.name for each in found.parameters] == ["optimizer", "optimizer.momentum"]
    momentum = found.parameters[1]
    assert found.counts(momentum, {"optimizer": "sgd"})
    assert not found.counts(momentum, {"optimizer": "adam"})
    assert list(found.probes()) == [
        {"optimizer": "adam"},
        {"optimizer": "sgd", "optimizer.momentum": 0.0},
        {"optimizer": "sgd", "optimizer.momentum": 1.0},
    ]


def test_numbers_are_drawn_so_that_an_override_reads_them_again() -> None:
    found = space({}, "a=interval(0,1)", "b=int(interval(1,9))")
    assert found.overrides({"a": 0.1 + 0.2, "b": 3}) == [("a=0.30000000000000004", "b=3")]


def test_a_selector_is_a_parameter_too() -> None:
    (carried,) = to_carriers(["model.layers[Dense].units=choice(8,16)"])
    found = space({}, carried, "seed=1,2")
    assert [each.name for each in found.parameters] == ["model.layers[Dense].units"]
    assert found.label({"model.layers[Dense].units": "16"}) == "model.layers[Dense].units=16"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a=interval(1,0)", "`interval(1,0)` is an empty range"),
        ("a=range(3,3)", "`range(3,3)` is an empty range"),
        ("a=tag(log,interval(0,1))",
         "`tag(log,interval(0,1))` begins at 0, which has no logarithm"),
        ("a=tag(log,range(1,9,2))", "a range with steps cannot be drawn from the logarithm"),
        ("seed=interval(0,1)",
         "a seed is a repetition, and an interval has no values to go through"),
        ("a=7", "the search has no parameter"),
    ],
)  # fmt: skip
def test_what_has_no_values_is_refused(text: str, told: str) -> None:
    assert refused(text) == [("KG661", told)]


def test_conditions_are_checked() -> None:
    names = ("a=1,2", "b=3,4")
    assert refused(*names, conditions={"c": {"a": [1]}}) == [
        ("KG660", "`c` is no parameter of the search")
    ]
    assert refused(*names, conditions={"b": {"a": [7]}}) == [("KG660", "`a` is never `7`")]
    assert refused(*names, conditions={"b": {"a": [1]}, "a": {"b": [3]}}) == [
        ("KG660", "the conditions of `a` and `b` depend on one another")
    ]
