"""Parsing of tensors: what goes into a model, into an entry, and what comes out.

This room owns the syntax of `inputs`, `outputs`, `from`, and of names. It must not know which
tensors there are.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from kerasgen.diagnostics import Sink, describe
from kerasgen.frontend.grammar import INPUT_KEYS, join
from kerasgen.frontend.sections import check_value, report_unknown_key
from kerasgen.ir.model import NAME, Constant, InputDef, Operand, Outputs, TensorRef
from kerasgen.ir.values import Tree


def check_name(name: str, path: str, sink: Sink) -> bool:
    """Whether a name can be used; reports KG305 if not."""
    if NAME.match(name):
        return True
    sink.report(
        "KG305",
        f"`{name}` cannot be a name",
        key=path,
        at="key",
        help="use letters, digits, `_` and `-`, beginning with a letter or `_`",
    )
    return False


def parse_operand(value: Tree, path: str, sink: Sink) -> Operand | None:
    """Parses what `from` holds: a tensor's name, a number, or a list of these."""
    if isinstance(value, str):
        return parse_reference(value, path)
    if isinstance(value, bool | int | float):
        return Constant(value=value, path=path)
    if isinstance(value, list):
        items = [parse_operand(item, join(path, i), sink) for i, item in enumerate(value)]
        return tuple(item for item in items if item is not None)
    sink.report(
        "KG204",
        f"`{path}` is {describe(value)}, expected the name of a tensor",
        key=path,
    )
    return None


def parse_reference(text: str, path: str) -> TensorRef:
    """Parses the name of a tensor: `name`, or `name.1` for the second output of an entry."""
    name, dot, index = text.rpartition(".")
    if dot and index.isdigit():
        return TensorRef(name=name, index=int(index), path=path)
    return TensorRef(name=text, path=path)


def parse_inputs(section: Tree, path: str, sink: Sink) -> tuple[InputDef, ...]:
    """Parses `inputs`: a list of names, or a mapping from names to shapes and element types."""
    if section is None:
        return ()
    if isinstance(section, list):
        section = dict.fromkeys(map(str, section))
    if not isinstance(section, Mapping):
        sink.report("KG204", f"`inputs` is {describe(section)}, expected a mapping", key=path)
        return ()
    return tuple(
        _parse_input(str(name), value, join(path, name), sink) for name, value in section.items()
    )


def _parse_input(name: str, value: Tree, path: str, sink: Sink) -> InputDef:
    check_name(name, path, sink)
    if isinstance(value, list):
        return InputDef(name=name, shape=parse_shape(value, path, sink), path=path)
    if value is not None and not isinstance(value, Mapping):
        sink.report("KG204", f"input `{name}` is {describe(value)}, expected a mapping", key=path)
        return InputDef(name=name, path=path)
    section = value or {}
    for key in section:
        if key not in INPUT_KEYS:
            report_unknown_key(str(key), INPUT_KEYS, path, sink)
    shape, dtype = section.get("shape"), section.get("dtype")
    rows = section.get("batch_size")
    if rows is not None:
        key = join(path, "batch_size")
        if check_value(rows, int, key, sink) and isinstance(rows, int) and rows < 1:
            sink.report("KG204", f"`batch_size` is {rows}, expected a positive integer", key=key)
    return InputDef(
        name=name,
        shape=None if shape is None else parse_shape(shape, join(path, "shape"), sink),
        dtype=None if dtype is None else str(dtype),
        batch_size=rows if isinstance(rows, int) and rows > 0 else None,
        path=path,
    )


def parse_shape(value: Tree, path: str, sink: Sink) -> tuple[int | None, ...] | None:
    """Parses a shape without its batch axis: a list of positive integers and null."""
    items = value if isinstance(value, list) else []
    sizes = [
        size
        for size in items
        if size is None
        or (isinstance(size, int) and not isinstance(size, bool) and 0 < size < 2**63)
    ]
    if isinstance(value, list) and len(sizes) == len(items):
        return tuple(sizes)
    shown = value if isinstance(value, list) else describe(value)
    sink.report(
        "KG204",
        f"a shape cannot be {shown}, expected a list of positive integers or null",
        key=path,
        help="a mapping has a shape for each input of the data: `${data.shape.NAME}`"
        if isinstance(value, dict) and value and all(isinstance(v, list) for v in value.values())
        else "leave the batch axis out: `[28, 28, 1]`",
    )
    return None


def parse_outputs(value: Tree, path: str, sink: Sink) -> Outputs:
    """Parses `outputs`: one name, a list of names, or a mapping from output names to entries."""
    if value is None:
        return None
    if isinstance(value, str) and value:
        return parse_reference(value, path)
    if isinstance(value, list) and value and (names := _names(value)):
        references = [parse_reference(item, join(path, i)) for i, item in enumerate(names)]
        for index, item in enumerate(names):
            if item in names[:index]:
                sink.report(
                    "KG305",
                    f"the output `{item}` stands twice",
                    key=join(path, index),
                    help="give the outputs names: `outputs: {first: …, second: …}`",
                )
        return tuple(references)
    if isinstance(value, Mapping) and value and (names := _names(value.values())):
        for key in value:
            check_name(str(key), join(path, key), sink)
        named = zip(value, names, strict=True)
        return {str(key): parse_reference(item, join(path, key)) for key, item in named}
    empty = value in ({}, [], "")
    sink.report(
        "KG204",
        f"`outputs` is {emptiness(value) if empty else describe(value)}, "
        "expected a name, a list of names or a mapping",
        key=path,
    )
    return None


def emptiness(value: Tree) -> str:
    """An empty value, as a message says it."""
    if isinstance(value, str):
        return "an empty string"
    return "an empty mapping" if isinstance(value, Mapping) else "an empty list"


def _names(values: Collection[Tree]) -> list[str]:
    """The values, if every one is a name; none otherwise."""
    names = [value for value in values if isinstance(value, str) and value]
    return names if len(names) == len(values) else []
