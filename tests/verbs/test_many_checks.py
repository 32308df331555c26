"""Checks of many configs: each is told, in the order asked, whatever engine it needs."""

import pytest

from kerasgen.registry import Trust
from kerasgen.verbs.many_checks import Case, Checked, Manner, check_many, many_text


def case(name: str, *overrides: str) -> Case:
    return Case(name=name, overrides=overrides)


def test_each_config_has_its_own_report() -> None:
    cases = [case("good"), case("bad", "fit.epoch=3"), case("warned", "model=convnet")]
    found = check_many(cases, Manner(fast=True))
    assert [made.case.name for made in found] == ["good", "bad", "warned"]
    assert [made.valid for made in found] == [True, False, True]
    assert [d.code for d in found[1].diagnostics] == ["KG103"]
    assert found[1].report["diagnostics"][0]["code"] == "KG103"


def test_the_table_has_a_line_for_each() -> None:
    cases = [case("a"), case("longer", "fit.epoch=3", "sed=1")]
    found = check_many(cases, Manner(fast=True))
    assert many_text(found, str).split("\n") == ["config  result", "a       ok", "longer  2 errors"]


WATCHED = case(
    "watched",
    "backend=jax",
    "+fit.callbacks.watch={class: RemoteMonitor, root: 'http://localhost:1'}",
)
"""A config that opens a connection, which must be trusted."""


@pytest.fixture(scope="module")
def found() -> dict[str, Checked]:
    """What processes of their own find in configs, by their names."""
    cases = [
        case("one", "backend=jax"),
        case("two", "backend=jax", "backend.floatx=float64"),
        case("bad", "backend=jax", "model.layers.hidden1.units=-3"),
        WATCHED,
    ]
    return {made.case.name: made for made in check_many(cases, Manner(own_engine=True))}


@pytest.mark.slow
def test_own_engines_are_started_in_processes_of_their_own(found: dict[str, Checked]) -> None:
    assert [found[name].valid for name in ("one", "two", "bad")] == [True, True, False]
    memory = [found[name].report["totals"]["parameter_bytes"] for name in ("one", "two")]
    assert memory[1] == 2 * memory[0]
    (refused,) = found["bad"].diagnostics
    assert refused.location is not None
    assert refused.location.override == "model.layers.hidden1.units=-3"
    assert refused.location.length == 2


@pytest.mark.slow
def test_a_child_may_open_what_its_parent_may(found: dict[str, Checked]) -> None:
    manner = Manner(own_engine=True, trust=Trust(connections=True))
    (allowed,) = check_many([WATCHED], manner)
    assert not found["watched"].valid
    assert allowed.valid
