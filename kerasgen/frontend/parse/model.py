"""Parsing of models and objects: plain data becomes the surface IR.

This room owns the syntax of objects, entries and models: which keys there are and what form each
takes. It must not know which classes exist or what they accept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from kerasgen.diagnostics import Sink, describe, did_you_mean
from kerasgen.frontend.entry_names import named_entries
from kerasgen.frontend.grammar import (
    AGAIN_KEYS,
    CALL_KEYS,
    EXPANDED_MODEL_KEYS,
    EXPANSION_KEYS,
    MODEL_KEYS,
    MODEL_KINDS,
    is_model,
    join,
)
from kerasgen.frontend.parse.objects_without_class import report_no_class
from kerasgen.frontend.parse.tensors import (
    check_name,
    emptiness,
    parse_inputs,
    parse_operand,
    parse_outputs,
)
from kerasgen.frontend.sections import check_value, report_unknown_key
from kerasgen.ir.model import Entry, ModelDef, Operand
from kerasgen.ir.values import ObjectDef, Tree, Value


def parse_model(
    section: Tree, path: str, sink: Sink, *, name: str, nested: bool = False
) -> ModelDef:
    """Parses a model: `class`, `inputs`, `layers`, `outputs`.

    Args:
        section: the model as plain data.
        path: key path of the model.
        sink: gets every mistake.
        name: name of the model where it gives none itself.
        nested: whether it is an entry of another model, where `from`, `with`, `is` may stand.
    """
    if not isinstance(section, Mapping):
        sink.report("KG204", f"`{path}` is {describe(section)}, expected a mapping", key=path)
        return ModelDef(name=name, path=path)
    kind = _parse_kind(section, path, sink)
    for key in section:
        if key in EXPANSION_KEYS:
            _refuse_misplaced(str(key), path, sink)
        elif key not in EXPANDED_MODEL_KEYS and not (nested and key in CALL_KEYS):
            report_unknown_key(str(key), MODEL_KEYS, path, sink, section)
    layers = section.get("layers")
    title = section.get("name") or name
    if check_value(title, str, join(path, "name"), sink) and "/" in str(title):
        sink.report("KG305", f"`{title}` cannot be the name of a model", key=join(path, "name"))
    if not layers:
        sink.report(
            "KG203",
            f"`{path}` has no layers",
            key=join(path, "layers"),
            at="key",
            help="write them as an ordered mapping of names under `layers`",
        )
    return ModelDef(
        name=str(title),
        kind=kind,
        inputs=parse_inputs(section.get("inputs"), join(path, "inputs"), sink),
        entries=parse_entries(layers, join(path, "layers"), sink) if layers else (),
        outputs=parse_outputs(section.get("outputs"), join(path, "outputs"), sink),
        arguments=_model_arguments(section, path, sink),
        path=path,
    )


def _model_arguments(section: Mapping[str, Tree], path: str, sink: Sink) -> dict[str, Value]:
    """What a model says of its weights."""
    trained = section.get("trainable", True)
    known = check_value(trained, bool, join(path, "trainable"), sink)
    return {"trainable": bool(trained)} if "trainable" in section and known else {}


def parse_entries(section: Tree, path: str, sink: Sink) -> tuple[Entry, ...]:
    """Parses `layers` (or `prepare`): an ordered mapping of names, or a list that gets names."""
    if not isinstance(section, Mapping | list):
        sink.report("KG204", f"`{path}` is {describe(section)}, expected a mapping", key=path)
        return ()
    pairs = named_entries(section, path)
    entries = []
    for name, value, entry_path in pairs:
        if check_name(name, entry_path, sink) and value is not None:
            entries.append(_parse_entry(name, value, entry_path, sink))
        elif value is None:
            # Not `~` and the key path: Hydra takes a key without a value for one that is not there.
            out = f" with `'~model.layers[{name}]'`" if entry_path.startswith("model.") else ""
            sink.report(
                "KG204",
                f"entry `{name}` is empty, expected a class",
                key=entry_path,
                at="key",
                help=f"write its class, or take the entry out{out}",
            )
    return tuple(entries)


def parse_value(value: Tree, path: str, sink: Sink) -> Value:
    """Parses an argument: mappings with `class` become objects, everything else stays as it is."""
    if isinstance(value, Mapping):
        if is_model(value):
            return parse_model(value, path, sink, name=path.rpartition(".")[2])
        if "class" in value:
            return parse_object(value, path, sink)
        return {str(key): parse_value(item, join(path, key), sink) for key, item in value.items()}
    if isinstance(value, list):
        return tuple(parse_value(item, join(path, i), sink) for i, item in enumerate(value))
    return _plain(value)


def parse_object(value: Tree, path: str, sink: Sink) -> ObjectDef | None:
    """Parses an object: a bare class name, or a mapping with `class` and arguments."""
    if isinstance(value, str) and value:
        return ObjectDef(cls=value, path=path, bare=True)
    if not isinstance(value, Mapping):
        sink.report("KG204", f"`{path}` is {describe(value)}, expected an object", key=path)
        return None
    cls = value.get("class")
    if not isinstance(cls, str) or not cls:
        report_no_class(value, path, sink)
        return None
    return ObjectDef(
        cls=cls,
        arguments={
            str(key): parse_value(item, join(path, key), sink)
            for key, item in value.items()
            if key != "class"
        },
        path=path,
    )


def _parse_entry(name: str, value: Tree, path: str, sink: Sink) -> Entry:
    if not isinstance(value, Mapping):
        return Entry(name=name, definition=parse_object(value, path, sink), path=path)
    for key in value:
        if key in EXPANSION_KEYS:
            _refuse_misplaced(str(key), path, sink)
    definition: ObjectDef | ModelDef | None = None
    if "is" in value:
        if not isinstance(value["is"], str) or not value["is"]:
            found = describe(value["is"])
            sink.report(
                "KG204", f"`is` is {found}, expected the name of an entry", key=join(path, "is")
            )
        extra = [key for key in value if key not in AGAIN_KEYS]
        for key in extra:
            sink.report(
                "KG307",
                f"`{name}` calls `{value['is']}` again and cannot have `{key}`",
                key=join(path, key),
                at="key",
                help="leave it out: a shared layer's arguments stand in the entry that makes it",
            )
    elif is_model(value):
        definition = parse_model(value, path, sink, name=name, nested=True)
    elif not any(key in value for key in ("block", "repeat", "if")):
        rest = {key: item for key, item in value.items() if key not in ("from", "with", "after")}
        definition = parse_object(rest, path, sink)
    return Entry(
        name=name,
        definition=definition,
        reuses=str(value["is"]) if "is" in value else None,
        takes=_parse_takes(value, join(path, "from"), sink),
        call_arguments=_parse_with(value.get("with"), join(path, "with"), sink),
        path=path,
    )


def _parse_takes(
    value: Mapping[str, Tree], path: str, sink: Sink
) -> Operand | Mapping[str, Operand] | None:
    taken = value.get("from")
    if taken is None:
        return None
    if taken in ({}, [], ""):
        sink.report("KG204", f"`from` is {emptiness(taken)}, expected a tensor", key=path)
        return None
    if isinstance(taken, Mapping):
        operands = {str(k): parse_operand(item, join(path, k), sink) for k, item in taken.items()}
        return {key: operand for key, operand in operands.items() if operand is not None}
    return parse_operand(taken, path, sink)


def _parse_with(value: Tree, path: str, sink: Sink) -> Mapping[str, Value]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        sink.report("KG204", f"`with` is {describe(value)}, expected a mapping", key=path)
        return {}
    return {str(key): parse_value(item, join(path, key), sink) for key, item in value.items()}


def _parse_kind(
    section: Mapping[str, Tree], path: str, sink: Sink
) -> Literal["Sequential", "Functional"] | None:
    cls = section.get("class")
    if cls is None:
        return None
    if isinstance(cls, str) and cls in MODEL_KINDS:
        return MODEL_KINDS[cls]
    sink.report(
        "KG201",
        f"a model cannot be {describe(cls)}, expected `Sequential` or `Functional`",
        key=join(path, "class"),
        help=did_you_mean(str(cls), MODEL_KINDS),
    )
    return None


def _refuse_misplaced(key: str, path: str, sink: Sink) -> None:
    sink.report(
        "KG307",
        f"`{key}` cannot stand here",
        key=join(path, key),
        at="key",
        help="it belongs to a model and the entries of its `layers`",
    )


def _plain(value: Tree) -> Value:
    return value if isinstance(value, bool | int | float | str) or value is None else str(value)
