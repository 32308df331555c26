"""Checks of many configs: each is told, in the order asked, whatever engine it needs."""

from kerasgen.registry import Trust
from kerasgen.verbs.many_checks import Case, Manner, check_many, many_text


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


def test_own_engines_are_started_in_processes_of_their_own() -> None:
    cases = [
        case("one", "backend=jax"),
        case("two", "backend=jax", "backend.floatx=float64"),
        case("bad", "backend=jax", "model.layers.hidden1.units=-3"),
    ]
    found = check_many(cases, Manner(own_engine=True))
    assert [made.valid for made in found] == [True, True, False]
    memory = [made.report["totals"]["parameter_bytes"] for made in found[:2]]
    assert memory[1] == 2 * memory[0]
    (refused,) = found[2].diagnostics
    assert refused.location is not None
    assert refused.location.override == "model.layers.hidden1.units=-3"
    assert refused.location.length == 2


def test_a_child_may_open_what_its_parent_may() -> None:
    one = case(
        "one",
        "backend=jax",
        "+fit.callbacks.watch={class: RemoteMonitor, root: 'http://localhost:1'}",
    )
    (refused,) = check_many([one], Manner(own_engine=True))
    (allowed,) = check_many([one], Manner(own_engine=True, trust=Trust(connections=True)))
    assert not refused.valid
    assert allowed.valid
