"""References become calls: defaults, lists, shared layers, the kind of model. No Keras here."""

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from kerasgen.catalog.entries import Catalog, ClassEntry, Kind, Parameter
from kerasgen.diagnostics import Sink
from kerasgen.frontend.parse.model import parse_model
from kerasgen.ir.graph import ModelGraph
from kerasgen.ir.model import Constant, TensorRef
from kerasgen.ir.walks import references_in
from kerasgen.passes.wire import wire


def call(*required: str, variadic: str | None = None) -> dict[str, Parameter]:
    made = {name: Parameter(name=name, required=True, tensor=True) for name in required}
    if variadic is not None:
        made[variadic] = Parameter(name=variadic, variadic=True, tensor=True)
    return made


def entry(name: str, kind: Kind, **calls: Parameter) -> ClassEntry:
    return ClassEntry(name=name, kind=kind, parameters={}, call=calls)


@pytest.fixture(scope="module")
def small() -> Catalog:
    layers = [
        entry("Dense", "layer", **call("inputs")),
        entry("Add", "layer", **call("inputs")),
        entry("Attention", "layer", **call("query", "value")),
        entry("TimeDistributed", "layer", **call("inputs")),
    ]
    ops = [
        entry("add", "op", **call("x1", "x2")),
        entry("abs", "op", **call("x")),
        entry("concatenate", "op", **call("xs")),
        entry("einsum", "op", **call(variadic="operands")),
    ]
    by_kind: dict[Kind, dict[str, ClassEntry]] = {
        "layer": {item.name: item for item in layers},
        "op": {item.name: item for item in ops},
    }
    return Catalog(version="1", entries=by_kind)


Wire = Callable[[str], tuple[ModelGraph | None, list[str]]]


@pytest.fixture
def wired(small: Catalog) -> Wire:
    def wire_(text: str) -> tuple[ModelGraph | None, list[str]]:
        sink = Sink()
        model = parse_model(yaml.safe_load(text), "model", sink, name="m")
        assert sink.diagnostics == []
        return wire(model, small, sink), [d.code for d in sink.diagnostics]

    return wire_


def operands(graph: ModelGraph | None, name: str) -> Any:
    assert graph is not None
    found = next(item for item in graph.calls if item.name == name)

    def plain(operand: Any) -> Any:
        if isinstance(operand, TensorRef):
            return operand.name if operand.index is None else f"{operand.name}.{operand.index}"
        if isinstance(operand, Constant):
            return operand.value
        return [plain(item) for item in operand]

    named = {key: plain(item) for key, item in found.keyword_operands.items()}
    return named or [plain(item) for item in found.operands]


def test_an_entry_takes_the_entry_above(wired: Wire) -> None:
    graph, _ = wired("layers: {a: Dense, b: Dense, c: Dense}")
    assert [operands(graph, name) for name in "abc"] == [["input"], ["a"], ["b"]]


@pytest.mark.parametrize(
    ("cls", "expected"),
    [
        ("Add", [["a", "b"]]),
        ("Attention", ["a", "b"]),
        ("ops.add", ["a", "b"]),
        ("ops.concatenate", [["a", "b"]]),
        ("ops.einsum", ["a", "b"]),
    ],
)
def test_a_list_goes_in_as_the_signature_asks(wired: Wire, cls: str, expected: Any) -> None:
    graph, _ = wired(f"layers: {{a: Dense, b: Dense, it: {{class: {cls}, from: [a, b]}}}}")
    assert operands(graph, "it") == expected


def test_a_mapping_goes_in_by_name_with_numbers_and_single_outputs(wired: Wire) -> None:
    graph, _ = wired("layers: {a: Dense, it: {class: ops.add, from: {x1: a.1, x2: 0.5}}}")
    assert operands(graph, "it") == {"x1": "a.1", "x2": 0.5}


def test_a_mapping_into_a_nested_model_goes_in_in_the_order_of_its_inputs(wired: Wire) -> None:
    graph, _ = wired(
        """
        inputs: {p: , q: }
        layers:
          inner:
            from: {y: p, x: q}
            inputs: {x: , y: }
            layers: {sum: {class: Add, from: [x, y]}}
        """
    )
    assert operands(graph, "inner") == [["q", "p"]]


def test_a_shared_layer_is_one_definition_with_two_calls(wired: Wire) -> None:
    graph, _ = wired("layers: {a: Dense, b: {is: a}}")
    assert graph is not None
    assert list(graph.layers) == ["a"]
    assert [(item.name, item.layer) for item in graph.calls] == [("a", "a"), ("b", "a")]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("layers: {a: Dense, b: Dense}", "Sequential"),
        ("{layers: {a: Dense, b: Dense}, outputs: b}", "Sequential"),
        ("layers: {a: Dense, b: {layers: {c: Dense}}}", "Sequential"),
        ("{layers: {a: Dense, b: Dense}, class: Functional}", "Functional"),
        ("layers: {a: Dense, b: {class: Dense, from: a}}", "Functional"),
        ("layers: {a: Dense, b: {is: a}}", "Functional"),
        ("layers: {a: Dense, b: ops.abs}", "Functional"),
        ("layers: {a: Dense, b: {class: Dense, with: {training: true}}}", "Functional"),
        ("{layers: {a: Dense, b: Dense}, outputs: [a, b]}", "Functional"),
        ("{layers: {a: Dense, b: Dense}, outputs: {x: b}}", "Functional"),
    ],
)
def test_the_plainest_kind_that_serves_is_chosen(wired: Wire, text: str, kind: str) -> None:
    graph, codes = wired(text)
    assert codes == []
    assert graph is not None
    assert graph.kind == kind


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("layers: {a: {class: Dense, from: nope}, b: {class: Dense, from: nope}}", ["KG301"] * 2),
        ("layers: {a: Dense, b: {is: c}}", ["KG301"]),
        ("layers: {a: {is: b}, b: Dense}", ["KG302"]),
        ("layers: {a: Dense, b: {is: a}, c: {is: b}}", ["KG307"]),
        ("layers: {a: {class: Dense, from: a}}", ["KG303"]),
        ("layers: {a: {class: Add, from: [b, c]}, b: {class: Dense, from: c}, "
         "c: {class: Dense, from: a}}", ["KG303"]),
        ("layers: {a: {class: Dense, from: b}, b: Dense, c: {class: Dense, from: d}, d: Dense}",
         ["KG303", "KG303"]),
        ("layers: {a: Dense, b: Dense, c: {class: Dense, from: a}}", ["KG304"]),
        ("{inputs: {p: , q: }, layers: {a: {class: Dense, from: p}}}", ["KG304"]),
        ("{inputs: {p: , q: }, layers: {a: Dense}}", ["KG306"]),
        ("{inputs: {p: }, layers: {p: Dense}}", ["KG305"]),
        ("{class: Sequential, layers: {a: Dense, b: {is: a}}}", ["KG307"]),
        ("layers: {a: {layers: {b: {class: Dense, from: nope}}}}", ["KG301"]),
        ("layers: {a: {class: TimeDistributed, layer: {layers: {b: {class: Dense, from: x}}}}}",
         ["KG301"]),
        ("layers: {a: {class: TimeDistributed, layer: {layers: {b: ops.abs}}}}", ["KG307"]),
    ],
)  # fmt: skip
def test_each_fault_is_told_once(wired: Wire, text: str, codes: list[str]) -> None:
    graph, found = wired(text)
    assert found == codes
    assert graph is None


def test_a_chain_of_many_layers_is_wired_in_order(wired: Wire) -> None:
    names = [f"l{index}" for index in range(2000)]
    graph, codes = wired("layers:\n" + "\n".join(f"  {name}: Dense" for name in names))
    assert codes == []
    assert graph is not None
    taken = [next(references_in(item.operands)).name for item in graph.calls]
    assert taken == ["input", *names[:-1]]
