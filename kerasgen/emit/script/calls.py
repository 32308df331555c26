"""The calls of a model in a script: which tensors and constants go in, and in which form.

This room owns operands, the items of structured results, and the way in which a function of
`keras.ops` is given its arguments. It must not know in which order calls are written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from kerasgen.catalog.entries import Catalog
from kerasgen.emit.script.code import (
    Code,
    Item,
    Names,
    call,
    flat,
    listed,
    literal,
    string,
)
from kerasgen.emit.script.code import (
    arguments as arguments_of,
)
from kerasgen.emit.script.objects import (
    argument_codes,
    public_name,
    tupled,
    value_code,
)
from kerasgen.ir.graph import Call, ModelGraph
from kerasgen.ir.model import Constant, Operand, TensorRef
from kerasgen.ir.values import ObjectDef
from kerasgen.passes.shapes import Specs


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelContext:
    """What the building functions of a script share.

    Attributes:
        catalog: where class names are found.
        specs: the specs of all tensors.
        floatx: the element type that inputs have unless they say another.
        channels_first: whether the global image data format is channels first.
        functions: names of the script's functions.
    """

    catalog: Catalog
    specs: Specs
    floatx: str
    channels_first: bool
    functions: Names


@dataclass(slots=True)
class Body:
    """The lines of a building function, and its variables.

    Attributes:
        graph: the model.
        prefix: what stands before the names of its tensors in those of the outermost model.
        builders: name of a nested model to the function that builds it.
        names: gives the names of variables.
        tensors: name of an input or call to its variable.
        layers: name of a shared layer to its variable.
        lines: the lines so far.
    """

    graph: ModelGraph
    prefix: str
    builders: Mapping[str, str]
    names: Names
    tensors: dict[str, str] = field(default_factory=dict)
    layers: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)


def call_items(one: Call, body: Body, context: ModelContext) -> tuple[Item, ...]:
    """What goes into a call: tensors by position and by name, and plain arguments."""
    items = [Item(_operand(operand, body, context)) for operand in one.operands]
    items += [
        Item(_operand(operand, body, context), f"{key}=")
        for key, operand in one.keyword_operands.items()
    ]
    for key, value in one.arguments.items():
        items.append(Item(value_code(value, (), context.catalog), f"{key}="))
    return tuple(items)


def op_call(one: Call, body: Body, context: ModelContext) -> Code:
    """The call of a function of `keras.ops`, with its plain arguments."""
    made = body.graph.layers[one.layer].definition
    assert isinstance(made, ObjectDef)
    entry = context.catalog.find(made.cls, ("op",))
    assert entry is not None
    items = list(call_items(one, body, context))
    if entry.name == "get_item" and "key" in made.arguments:
        return f"{flat(items[0].code)}[{_key(made.arguments['key'])}]"
    named = {k: tupled(v) for k, v in argument_codes(made, entry, context.catalog).items()}
    functions = [p for p in entry.parameters.values() if p.required and p.value == "object"]
    if functions:  # `map(f, xs)`: what stands before the tensors is given by name, and so are they.
        names = iter([name for name in entry.call if name not in one.keyword_operands])
        items = [item if item.prefix else Item(item.code, f"{next(names)}=") for item in items]
    leading: list[Item] = []
    if any(parameter.variadic for parameter in entry.call.values()):
        # What a function requires before its `*args` goes in by position.
        required = [p.name for p in entry.parameters.values() if p.required and p.name in named]
        leading = [Item(named.pop(name)) for name in required]
    items += [Item(code, f"{key}=") for key, code in named.items()]
    return arguments_of(public_name(entry), (*leading, *items))


def _operand(operand: Operand, body: Body, context: ModelContext) -> Code:
    if isinstance(operand, TensorRef):
        return tensor_code(operand, body, context)
    if isinstance(operand, Constant):
        return literal(operand.value)
    codes = [_operand(item, body, context) for item in operand]
    if operand and all(_is_constant(item) for item in operand):
        return call("np.array", listed(codes), named={"dtype": _dtype(operand, context)})
    return listed(codes)


def _is_constant(operand: Operand) -> bool:
    if isinstance(operand, tuple):
        return bool(operand) and all(_is_constant(item) for item in operand)
    return isinstance(operand, Constant)


def _dtype(operand: Operand, context: ModelContext) -> str:
    """The element type of an array of constants, as NumPy finds it: of all numbers together."""
    kinds = set(_kinds(operand))
    if kinds == {bool}:
        return '"bool"'
    return '"int32"' if kinds <= {bool, int} else string(context.floatx)


def _kinds(operand: Operand) -> Iterator[type]:
    if isinstance(operand, Constant):
        yield type(operand.value)
    elif isinstance(operand, tuple):
        for item in operand:
            yield from _kinds(item)


def _key(key: object) -> str:
    """What stands between the brackets of an item; slices are written as text in a config."""
    if isinstance(key, tuple):
        return ", ".join(_key(item) for item in key)
    if isinstance(key, str) and key != "...":
        return ":".join(str(int(bound)) if bound.strip() else "" for bound in key.split(":"))
    return "..." if key == "..." else repr(key)


def tensor_code(reference: TensorRef, body: Body, context: ModelContext) -> str:
    """The tensor that a reference means: a variable, or one item of it."""
    variable = body.tensors[reference.name]
    makers = {c.name: c.layer for c in body.graph.calls}
    maker = makers.get(reference.name)
    several = len(context.specs[body.prefix + reference.name]) > 1
    deep = maker is not None and is_deep(body.graph.layers[maker].definition)
    return f"{variable}[{reference.index or 0}]" if several or deep else variable


def is_deep(made: ObjectDef | ModelGraph) -> bool:
    """Whether a call may give tensors in a structure, which are counted flat."""
    if isinstance(made, ModelGraph):
        return not isinstance(made.outputs, TensorRef)
    return made.cls.rpartition(".")[2] == "RNN" and made.arguments.get("return_state") is True
