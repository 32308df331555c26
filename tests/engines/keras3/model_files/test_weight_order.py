"""Whose weights the arrays of a file are."""

import numpy as np
import pytest

from kerasgen.engines.keras3.model_files.array_records import Array, Group, Grouped
from kerasgen.engines.keras3.model_files.layer_forms import Layer, Slot, Writer
from kerasgen.engines.keras3.model_files.weights.order import Fit, MisfitError, Top, fit_weights

WRITER = Writer(generation=2)


def dense(*names: str, trainable: bool = True) -> Layer:
    return Layer(
        names=names,
        old_class="Dense",
        old_config={},
        new_class="Dense",
        trained=(Slot("kernel", (2, 2)), Slot("bias", (2,))),
        trainable=trainable,
    )


def norm(*names: str) -> Layer:
    return Layer(
        names=names,
        old_class="BatchNormalization",
        old_config={},
        new_class="BatchNormalization",
        trained=(Slot("gamma", (2,)), Slot("beta", (2,))),
        kept=(Slot("moving_mean", (2,)), Slot("moving_variance", (2,))),
    )


def group(name: str, *names: str) -> Group:
    def array(each: str) -> Array:
        shape = (2, 2) if "kernel" in each else (2,)
        return Array(name=each, shape=shape, read=lambda: np.zeros(shape))

    return Group(name=name, arrays=tuple(array(each) for each in names))


def names_of(fits: list[Fit]) -> dict[str, list[str]]:
    return {fit.layer.names[-1]: [array.name for array in fit.arrays] for fit in fits}


def test_groups_go_to_the_layers_of_their_names_whatever_their_order() -> None:
    tops = [Top("a", (dense("a"),)), Top("b", (dense("b"),))]
    stored = Grouped(groups=(group("b", "b/kernel", "b/bias"), group("a", "a/kernel", "a/bias")))
    assert names_of(fit_weights(tops, stored, WRITER))["a"] == ["a/kernel", "a/bias"]


def test_groups_of_other_names_go_by_order() -> None:
    tops = [Top("a", (dense("a"),)), Top("none", ()), Top("b", (dense("b"),))]
    stored = Grouped(
        groups=(group("x", "x/kernel", "x/bias"), group("empty"), group("y", "y/kernel", "y/bias"))
    )
    assert names_of(fit_weights(tops, stored, WRITER))["b"] == ["y/kernel", "y/bias"]


INSIDE = (dense("m", "one"), norm("m", "two"), dense("m", "three", trainable=False))

ONE, TWO, KEPT = ["one/kernel", "one/bias"], ["two/gamma", "two/beta"], ["two/moving_mean"]
KEPT = [*KEPT, "two/moving_variance"]
THREE = ["three/kernel", "three/bias"]


@pytest.mark.parametrize(
    "order",
    [[*ONE, *TWO, *KEPT, *THREE], [*ONE, *TWO, *THREE, *KEPT]],
    ids=["frozen layers with the rest, or layer by layer", "what can be trained first"],
)
def test_a_model_inside_a_model_has_its_weights_in_one_of_several_orders(order: list[str]) -> None:
    stored = Grouped(groups=(group("m", *order),))
    fits = names_of(fit_weights([Top("m", INSIDE)], stored, WRITER))
    assert fits == {"one": ONE, "two": [*TWO, *KEPT], "three": THREE}


def test_of_two_orders_with_the_same_shapes_the_names_choose() -> None:
    norms = (norm("m", "a"), norm("m", "b"))
    roles = ("gamma", "beta", "moving_mean", "moving_variance")
    by_layer = [f"{name}/{role}" for name in "ab" for role in roles]
    stored = Grouped(groups=(group("m", *by_layer),))
    fits = names_of(fit_weights([Top("m", norms)], stored, WRITER))
    assert fits["b"] == [f"b/{role}" for role in roles]
    first = [f"{n}/{r}" for half in (roles[:2], roles[2:]) for n in "ab" for r in half]
    fits = names_of(fit_weights([Top("m", norms)], Grouped(groups=(group("m", *first),)), WRITER))
    assert fits["b"] == [f"b/{role}" for role in roles]


def test_a_row_of_arrays_goes_to_the_layers_that_its_names_begin_with() -> None:
    tops = [Top("m", INSIDE), Top("last", (dense("last"),))]
    row = group("", "last/kernel", "last/bias", *THREE, *TWO, *KEPT, *ONE)
    fits = names_of(fit_weights(tops, Grouped(groups=(row,)), WRITER))
    assert fits["one"] == ONE
    assert fits["last"] == ["last/kernel", "last/bias"]


def refusal(tops: list[Top], *groups: Group) -> str:
    with pytest.raises(MisfitError) as caught:
        fit_weights(tops, Grouped(groups=groups), WRITER)
    return str(caught.value)


def test_an_array_of_another_shape_is_told_with_both_shapes() -> None:
    found = refusal([Top("a", (dense("a"),))], group("a", "a/bias", "a/kernel"))
    assert found == (
        "`a` (`Dense`) takes a `kernel` of the shape (2, 2), and the file holds `a/bias` of the "
        "shape (2,) in the group `a`"
    )


def test_arrays_too_few_and_too_many_are_told() -> None:
    top = Top("a", (dense("a"),))
    assert "ends before the weights of `a`" in refusal([top], group("a", "a/kernel"))
    more = group("a", "a/kernel", "a/bias", "a/more")
    assert "holds 3 arrays in the group `a`, and its layers take 2" in refusal([top], more)


def test_layers_without_weights_in_the_file_are_told() -> None:
    tops = [Top("a", (dense("a"),)), Top("b", (dense("b"),))]
    assert "no weights of `b` (`Dense`)" in refusal(tops, group("a", "a/kernel", "a/bias"))
    other = group("c", "c/kernel", "c/bias")
    assert "the model has no layer `c`" in refusal(tops, other)
