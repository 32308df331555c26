"""The canonical form: what is the same, its hash, and what differs."""

import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from kerasgen.ir.canonical import (
    ABSENT,
    canonical,
    canonical_text,
    content_hash,
    differences,
    same,
    without_places,
)
from kerasgen.ir.graph import Call, LayerDef, ModelGraph
from kerasgen.ir.model import Constant, Entry, InputDef, ModelDef, TensorRef
from kerasgen.ir.program import FitDef
from kerasgen.ir.values import ObjectDef


def model(at: str, units: int = 3) -> ModelDef:
    """A model that was written at a place."""
    dense = ObjectDef(cls="Dense", arguments={"units": units, "use_bias": False}, path=f"{at}.a")
    taken = (TensorRef(name="x", path=at), Constant(value=1.0, path=at))
    return ModelDef(
        name="m",
        inputs=(InputDef(name="x", shape=(4,), path=at),),
        entries=(Entry(name="a", definition=dense, takes=taken, path=f"{at}.a"),),
        path=at,
    )


def test_equal_models_of_different_files_are_the_same() -> None:
    one, other = model("model"), model("blocks.mine")
    assert one != other
    assert same(one, other)
    assert content_hash(one) == content_hash(other)
    assert differences(one, other) == ()
    assert not same(one, model("model", units=4))


def test_graphs_are_compared_without_places() -> None:
    def graph(at: str) -> ModelGraph:
        layer = LayerDef(name="a", definition=ObjectDef(cls="Flatten", path=at), path=at)
        call = Call(name="a", layer="a", operands=(TensorRef(name="x", path=at),), path=at)
        return ModelGraph(
            name="m",
            kind="Sequential",
            inputs=(InputDef(name="x", path=at),),
            layers={"a": layer},
            calls=(call,),
            outputs=TensorRef(name="a"),
            path=at,
        )

    assert same(graph("one"), graph("two"))


def test_a_bare_class_is_the_class_without_arguments() -> None:
    assert same(ObjectDef(cls="Adam", bare=True), ObjectDef(cls="Adam"))


def test_the_order_of_arguments_has_no_meaning_and_that_of_callbacks_has() -> None:
    one, other = ObjectDef(cls="A"), ObjectDef(cls="B")
    first, second = {"x": 1, "y": 2}, {"y": 2, "x": 1}
    assert same(ObjectDef(cls="D", arguments=first), ObjectDef(cls="D", arguments=second))
    there = FitDef(callbacks={"a": one, "b": other})
    assert not same(there, FitDef(callbacks={"b": other, "a": one}))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (1, 1.0),
        (1, True),
        (0, None),
        (float("nan"), float("inf")),
        (float("nan"), "nan"),
        ({1: 2.0}, {"1": 2.0}),
        ({"#": "float", "value": "nan"}, float("nan")),
        ((1, 2), (2, 1)),
        ((), {}),
        (ObjectDef(cls="A"), "A"),
    ],
)
def test_different_values_have_different_forms(first: Any, second: Any) -> None:
    assert not same(first, second)
    assert differences(first, second) != ()


def test_a_field_at_its_default_is_left_out() -> None:
    assert canonical(FitDef()) == {"#": "FitDef"}
    assert canonical(FitDef(epochs=3)) == {"#": "FitDef", "epochs": 3}


def test_what_differs_is_told_with_its_key() -> None:
    one = model("model")
    other = replace(model("other", units=5), name="n", arguments={"trainable": False})
    found = {item.key: (item.first, item.second) for item in differences(one, other)}
    assert found == {
        "arguments": (ABSENT, {"trainable": False}),
        "entries.0.definition.arguments.units": (3, 5),
        "name": ("m", "n"),
    }


def test_a_hash_is_the_same_in_every_process() -> None:
    code = (
        "from kerasgen.ir.canonical import content_hash as h\n"
        "from kerasgen.ir.values import ObjectDef as O\n"
        "print(h(O(cls='D', arguments={'b': (1, 2.5, None), 'a': {1: 'ä'}})), end='')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    written = ObjectDef(cls="D", arguments={"a": {1: "ä"}, "b": (1, 2.5, None)}, path="p")
    assert done.stdout == content_hash(written)
    assert len(done.stdout) == 64


def test_the_text_is_ascii_on_one_line() -> None:
    assert canonical_text({"b": "ä\n", "a": (0.1, -0.0)}) == '{"a":[0.1,0.0],"b":"\\u00e4\\n"}'


def test_what_is_no_data_has_no_form() -> None:
    with pytest.raises(TypeError, match="object"):
        canonical(object())


def test_places_can_be_taken_off_a_value() -> None:
    bare = ObjectDef(cls="A", path="p", bare=True)
    given = (bare, {"x": TensorRef(name="t", index=1, path="q")}, 3)
    known = (ObjectDef(cls="A", bare=True), {"x": TensorRef(name="t", index=1)}, 3)
    assert without_places(given) == known
