"""The model of a script: the functions that build it, as a person would write them.

This room owns the choice between a list of layers and a chain of calls, the names of the tensors,
and the order in which layers are made, on which their first weights depend. It must not know
about data or training.

Decisions:
- A tensor that only the next call takes is called `x`; all others bear the names of their entries.
- A nested model is a function of its own; a layer that is called twice is a variable.
- An op has no name. Where it makes one of several outputs, an `Identity` gives it the name by
  which losses and metrics find it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from kerasgen.emit.script.calls import (
    Body,
    ModelContext,
    call_items,
    is_deep,
    op_call,
    tensor_code,
)
from kerasgen.emit.script.code import (
    Bracketed,
    Code,
    Item,
    Names,
    call,
    function,
    listed,
    literal,
    mapped,
    statement,
    string,
)
from kerasgen.emit.script.code import (
    arguments as arguments_of,
)
from kerasgen.emit.script.objects import (
    is_op,
    object_code,
    takes_name,
    value_code,
)
from kerasgen.ir.graph import Call, LayerDef, ModelGraph
from kerasgen.ir.model import InputDef, TensorRef
from kerasgen.ir.trained_layers import TRAINABLE, is_factory, rules_of
from kerasgen.ir.values import ObjectDef, TensorSpec
from kerasgen.ir.walks import output_refs, references_in
from kerasgen.passes.wire import ENTRY_KINDS

CHAIN = "x"
"""What the tensor is called that only the next call takes."""

_DEEP = 200
"""Calls from which on Keras's recursion comes near Python's own limit of 1,000 frames."""


def model_functions(
    graph: ModelGraph, context: ModelContext, *, policy: str | None
) -> tuple[list[str], bool]:
    """The functions that build a model, nested ones first, `build_model(seed)` last.

    Args:
        graph: the model, wired and laid out.
        context: what the functions share.
        policy: the dtype policy of its layers, None for floatx.

    Returns:
        The functions, and whether the model is so deep that Python's limit must be raised.
    """
    functions: list[str] = []
    builders = _nested(graph, "", context, functions)
    head = ["    keras.utils.set_random_seed(seed)  # The first weights depend on it alone."]
    if policy is not None:
        # Only now: preprocessing works in full precision.
        head.append(f"    keras.config.set_dtype_policy({string(policy)})")
    body = _body(graph, "", graph.name, builders, context)
    text = f"Defines the model: {len(graph.calls)} layers, " + (
        "one after the other." if graph.kind == "Sequential" else "as a graph."
    )
    functions.append(function("build_model(seed)", text, [*head, *body]))
    return functions, len(graph.calls) > _DEEP


def _nested(
    graph: ModelGraph, prefix: str, context: ModelContext, functions: list[str]
) -> dict[str, str]:
    """Writes the functions of the nested models; layer name to function name."""
    builders: dict[str, str] = {}
    for name, layer in graph.layers.items():
        if isinstance(layer.definition, ModelGraph):
            inner = f"{prefix}{name}/"
            below = _nested(layer.definition, inner, context, functions)
            builder = context.functions.give(f"build_{name}")
            body = _body(layer.definition, inner, name, below, context)
            text = (
                f"Defines the part of {len(layer.definition.calls)} layers that is a model itself."
            )
            functions.append(function(f"{builder}()", text, body))
            builders[name] = builder
    return builders


def _body(
    graph: ModelGraph, prefix: str, title: str, builders: Mapping[str, str], context: ModelContext
) -> list[str]:
    """The lines of a function that makes a graph: in a chain, or call by call."""
    taken = {CHAIN, "inputs", "outputs", "model", "seed", "rules", "inner", "pattern", "trains"}
    taken |= {"fnmatchcase", *context.functions.taken}
    body = Body(graph=graph, prefix=prefix, builders=builders, names=Names(taken=taken))
    inputs = [_input(item, context.specs[prefix + item.name][0], context) for item in graph.inputs]
    arguments: dict[str, Code] = {"name": string(title)}
    arguments |= {k: value_code(v, (), context.catalog) for k, v in graph.arguments.items()}
    if graph.kind == "Sequential":
        return _chain(body, inputs[0], arguments, context)
    return _graph(body, inputs, arguments, context)


def _input(item: InputDef, spec: TensorSpec, context: ModelContext) -> Code:
    named: dict[str, Code] = {"shape": literal(spec.shape[1:]) if spec.shape[1:] else "()"}
    if spec.shape[0] is not None:
        named["batch_size"] = str(spec.shape[0])
    named["name"] = string(item.name)
    if spec.dtype != context.floatx:
        named["dtype"] = string(spec.dtype)
    return call("keras.Input", named=named)


def _chain(
    body: Body, entrance: Code, arguments: Mapping[str, Code], context: ModelContext
) -> list[str]:
    graph = body.graph
    made = [(graph.layers[c.layer], _made(c.layer, body, context)) for c in graph.calls]
    wrapped = [_asks_globally(layer.definition, context) for layer, _ in made]
    plain = all(_named_at_once(layer.definition, context) for layer, _ in made)
    if plain and not any(isinstance(layer.definition, ModelGraph) for layer, _ in made):
        items = listed([entrance, *(code for _, code in made)])
        return statement("return ", call("keras.Sequential", items, named=arguments))
    # Layer by layer, since each one's weights are to be made before the next layer is.
    lines = statement("model = ", call("keras.Sequential", named=arguments))
    lines += statement("", call("model.add", entrance))
    for (layer, code), globally in zip(made, wrapped, strict=True):
        if _named_at_once(layer.definition, context):
            lines += statement("", call("model.add", code))
        else:
            lines += _channels_last(statement("layer = ", code), globally)
            lines += [*_naming("layer", layer, context), "    model.add(layer)"]
    return [*lines, "    return model"]


def _graph(
    body: Body, inputs: Sequence[Code], arguments: Mapping[str, Code], context: ModelContext
) -> list[str]:
    graph = body.graph
    for item, code in zip(graph.inputs, inputs, strict=True):
        body.tensors[item.name] = body.names.give(item.name)
        body.lines += statement(f"{body.tensors[item.name]} = ", code)
    calls = Counter(c.layer for c in graph.calls)
    chained = set(_chained(graph))
    for one in graph.calls:
        made = graph.layers[one.layer].definition
        shared = calls[one.layer] > 1 or not _named_at_once(made, context)
        shared = shared and not is_op(made)
        _write_call(one, body, context, shared=shared, chained=one.name in chained)
    named = {"inputs": _joined([body.tensors[item.name] for item in graph.inputs])}
    outputs = _outputs(body, context)
    model = call("keras.Model", named={**named, "outputs": outputs, **arguments})
    return [*body.lines, *statement("return ", model)]


def _write_call(
    one: Call, body: Body, context: ModelContext, *, shared: bool, chained: bool
) -> None:
    """Writes the lines of one call to a body, and those of its layer where it has a name."""
    layer = body.graph.layers[one.layer]
    globally = _asks_globally(layer.definition, context)
    if is_op(layer.definition):
        code: Code = op_call(one, body, context)
    else:
        operands = call_items(one, body, context)
        if shared and one.layer not in body.layers:
            body.layers[one.layer] = body.names.give(f"{one.layer}_layer")
            making = _made(one.layer, body, context)
            lines = statement(f"{body.layers[one.layer]} = ", making)
            body.lines += _channels_last(lines, globally)
            body.lines += _naming(body.layers[one.layer], layer, context)
        if shared:
            code = arguments_of(body.layers[one.layer], operands)
        else:
            making = _made(one.layer, body, context)
            assert isinstance(making, Bracketed)
            code = replace(making, then=arguments_of("", operands))
    if is_deep(layer.definition):
        code = call("keras.tree.flatten", code)
    variable = CHAIN if chained else body.names.give(one.name)
    body.tensors[one.name] = variable
    body.lines += _channels_last(statement(f"{variable} = ", code), globally and not shared)


def _made(name: str, body: Body, context: ModelContext) -> Code:
    made = body.graph.layers[name].definition
    if isinstance(made, ModelGraph):
        return call(body.builders[name])
    return object_code(made, ENTRY_KINDS, context.catalog, name=name)


def _outputs(body: Body, context: ModelContext) -> Code:
    outputs = body.graph.outputs
    if isinstance(outputs, Mapping):
        return mapped({k: tensor_code(ref, body, context) for k, ref in outputs.items()})
    if isinstance(outputs, TensorRef):
        return tensor_code(outputs, body, context)
    makers = {c.name: c.layer for c in body.graph.calls}
    found = []
    for reference in outputs:
        tensor = tensor_code(reference, body, context)
        maker = makers.get(reference.name)
        if maker is not None and is_op(body.graph.layers[maker].definition):
            naming = call("layers.Identity", named={"name": string(maker)})
            code = replace(naming, then=arguments_of("", [Item(tensor)]))
            tensor = body.names.give(reference.name)
            body.lines += statement(f"{tensor} = ", code)
        found.append(tensor)
    return listed(found)


def _chained(graph: ModelGraph) -> Iterator[str]:
    """The calls whose tensor the next call takes, which takes no other, and nothing else does."""
    uses = Counter(ref.name for ref in output_refs(graph.outputs))
    for one in graph.calls:
        uses.update(ref.name for ref in references_in((*one.operands,)))
        uses.update(ref.name for ref in references_in(one.keyword_operands))
    ends = {ref.name for ref in output_refs(graph.outputs)}
    for one, following in zip(graph.calls, graph.calls[1:], strict=False):
        taken = [*references_in((*following.operands,)), *references_in(following.keyword_operands)]
        alone = [reference.name for reference in taken] == [one.name]
        if alone and uses[one.name] == 1 and one.name not in ends:
            yield one.name


def _named_at_once(made: ObjectDef | ModelGraph, context: ModelContext) -> bool:
    """Whether a layer is given its name by its constructor."""
    entry = None
    if isinstance(made, ObjectDef):
        entry = context.catalog.find(made.cls, ENTRY_KINDS)
    return entry is None or takes_name(entry)


def _naming(variable: str, layer: LayerDef, context: ModelContext) -> list[str]:
    """The line that gives a layer its name afterwards, where its constructor takes none."""
    if _named_at_once(layer.definition, context):
        return []
    lines = [f"    {variable}.name = {string(layer.name)}"]
    return [*lines, *_freezing(variable, layer.definition)]


def _freezing(variable: str, made: ObjectDef | ModelGraph) -> list[str]:
    """The lines that freeze what a factory has made, or some of its layers."""
    trained = made.arguments.get(TRAINABLE, True)
    if isinstance(made, ModelGraph) or not is_factory(made.cls) or trained is True:
        return []
    if trained is False:
        return [f"    {variable}.trainable = False"]
    rules = mapped({pattern: str(trains) for pattern, trains in rules_of(trained)})
    return [
        *statement("rules = ", rules),
        f"    for inner in {variable}.layers:",
        "        for pattern, trains in rules.items():",
        "            if pattern == type(inner).__name__ or fnmatchcase(inner.name, pattern):",
        "                inner.trainable = trains",
    ]


def _asks_globally(made: ObjectDef | ModelGraph, context: ModelContext) -> bool:
    """Whether what makes it asks the global data format alone, which must not be channels first."""
    if not context.channels_first or isinstance(made, ModelGraph):
        return False
    entry = context.catalog.find(made.cls, ENTRY_KINDS)
    return entry is not None and entry.kind == "application"


def _channels_last(lines: list[str], wrapped: bool) -> list[str]:
    if not wrapped:
        return lines
    return [
        '    keras.config.set_image_data_format("channels_last")  # The factory asks it alone.',
        *lines,
        '    keras.config.set_image_data_format("channels_first")',
    ]


def _joined(names: Sequence[str]) -> Code:
    return names[0] if len(names) == 1 else listed(names)
