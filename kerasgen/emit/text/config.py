"""A model as a config: the surface form becomes plain data, and plain data readable YAML.

This room owns the look of a config that is written by the program: one line an entry where it
fits, nothing that the language takes by default, and scalars that PyYAML and OmegaConf both read
back as what they are. It is the way back from `frontend.parse.model`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kerasgen.ir.model import (
    INPUT,
    Constant,
    Entry,
    InputDef,
    ModelDef,
    Operand,
    Outputs,
)
from kerasgen.ir.values import ObjectDef, Value
from kerasgen.passes.fold.blocks import BlockDef, FoldedModel
from kerasgen.passes.fold.search import WIDTH, BlockUse, Expression

_PLAIN_TEXT = re.compile(r"[A-Za-z_$][\w.$-]*(?: [\w.$*+/()-]+)*\Z", re.ASCII)
"""Text that needs no quotes, if it is none of the words below."""

_YAML_WORDS = frozenset(
    {"null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf", "infinity"}
)


def write_config(model: ModelDef | FoldedModel) -> str:
    """A model as the text of a config of the group `model`.

    Args:
        model: the model; folded or plain.

    Returns:
        YAML with a newline at its end; parsing it gives the model back.
    """
    return data_yaml({key: _escaped(value) for key, value in model_data(model).items()})


def model_data(model: ModelDef | FoldedModel) -> dict[str, Any]:
    """A model as plain data: as a YAML reader gives its config, but for texts: these are plain."""
    blocks: Mapping[str, BlockDef] = {}
    if isinstance(model, FoldedModel):
        blocks, model = model.blocks, model.model
    data: dict[str, Any] = {"name": model.name} | _model_head(model)
    if blocks:
        data["blocks"] = {name: _block_data(block) for name, block in blocks.items()}
    return data | _model_body(model)


def entries_data(entries: Iterable[Entry]) -> dict[str, Any]:
    """Entries by name as plain data; a class without arguments is its bare name."""
    return {entry.name: _entry_data(entry) for entry in entries}


def data_yaml(data: Mapping[str, Any]) -> str:
    """Plain data as YAML in the style of the shipped configs."""
    return "".join(f"{line}\n" for line in _lines(data, "", top=True))


def _model_head(model: ModelDef) -> dict[str, Any]:
    data: dict[str, Any] = {"class": model.kind} if model.kind else {}
    return data | {key: _value_data(value) for key, value in model.arguments.items()}


def _model_body(model: ModelDef) -> dict[str, Any]:
    data: dict[str, Any] = {}
    if model.inputs:
        data["inputs"] = _inputs_data(model.inputs)
    data["layers"] = entries_data(model.entries)
    if model.outputs is not None:
        data["outputs"] = _outputs_data(model.outputs)
    return data


def _block_data(block: BlockDef) -> dict[str, Any]:
    data: dict[str, Any] = {}
    if block.parameters:
        data["parameters"] = {key: _value_data(value) for key, value in block.parameters.items()}
    if block.inputs != (INPUT,):
        data["inputs"] = list(block.inputs)
    data["layers"] = entries_data(block.entries)
    return data


def _inputs_data(inputs: tuple[InputDef, ...]) -> object:
    named: dict[str, dict[str, Any]] = {}
    for item in inputs:
        facts = {
            "shape": None if item.shape is None else list(item.shape),
            "dtype": item.dtype,
            "batch_size": item.batch_size,
        }
        named[item.name] = {key: value for key, value in facts.items() if value is not None}
    return named if any(named.values()) else list(named)


def _entry_data(entry: Entry) -> object:
    wiring: dict[str, Any] = {}
    if entry.takes is not None:
        wiring["from"] = _takes_data(entry.takes)
    if entry.call_arguments:
        wiring["with"] = {key: _value_data(value) for key, value in entry.call_arguments.items()}
    if entry.reuses is not None:
        return {"is": entry.reuses} | wiring
    if isinstance(entry.definition, ModelDef):
        return _model_head(entry.definition) | wiring | _model_body(entry.definition)
    assert entry.definition is not None, "an entry makes something or calls it again"
    data = object_data(entry.definition)
    if not wiring and len(data) == 1 and "class" in data:
        return entry.definition.cls
    return data | wiring


def _takes_data(takes: Operand | Mapping[str, Operand]) -> object:
    if isinstance(takes, Mapping):
        return {key: _takes_data(operand) for key, operand in takes.items()}
    if isinstance(takes, tuple):
        return [_takes_data(operand) for operand in takes]
    return takes.value if isinstance(takes, Constant) else takes.written


def _outputs_data(outputs: Outputs) -> object:
    if isinstance(outputs, Mapping):
        return {name: reference.written for name, reference in outputs.items()}
    if isinstance(outputs, tuple):
        return [reference.written for reference in outputs]
    return None if outputs is None else outputs.written


def object_data(definition: ObjectDef) -> dict[str, Any]:
    """An object as plain data: its class and its arguments."""
    word = "block" if isinstance(definition, BlockUse) else "class"
    return {word: definition.cls} | {
        key: _value_data(value) for key, value in definition.arguments.items()
    }


def _value_data(value: Value) -> object:
    if isinstance(value, ObjectDef):
        return object_data(value)
    if isinstance(value, ModelDef):
        return _model_head(value) | _model_body(value)
    if isinstance(value, tuple):
        return [_value_data(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _value_data(item) for key, item in value.items()}
    return value


def _escaped(value: object) -> object:
    """Plain data in which no text is an expression of the language, or of OmegaConf, by chance."""
    if isinstance(value, Mapping):
        return {key: _escaped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_escaped(item) for item in value]
    if isinstance(value, str) and not isinstance(value, Expression):
        return value.replace("$", "$$").replace("${", "\\${")
    return value


def _lines(data: Mapping[str, Any], indent: str, *, top: bool = False) -> Iterator[str]:
    """The lines of a mapping in block style."""
    for key, value in data.items():
        head = f"{indent}{_scalar(str(key))}:"
        open_up = key in ("layers", "blocks", "parameters") and (top or key != "layers")
        one_line = f"{head} {_flow(value)}"
        if isinstance(value, Mapping) and value and (open_up or len(one_line) > WIDTH):
            yield head
            # The blocks of a model are opened up, and so are their layers.
            yield from _lines(value, indent + "  ", top=top and key == "layers")
            continue
        if isinstance(value, list) and len(one_line) > WIDTH:
            yield head
            yield from _list_lines(value, indent + "  ")
            continue
        yield one_line


def _list_lines(items: list[Any], indent: str) -> Iterator[str]:
    """The lines of a list: plain values side by side, all else below one another."""
    if not any(isinstance(item, Mapping | list) for item in items):
        line = f"{indent}["
        for number, item in enumerate(items):
            piece = _flow(item) + ("]" if number == len(items) - 1 else ",")
            if len(line) + len(piece) > WIDTH and line.strip() != "[":
                yield line.rstrip()
                line = f"{indent} "
            line += piece + " "
        yield line.rstrip()
        return
    for item in items:
        one_line = f"{indent}- {_flow(item)}"
        if len(one_line) <= WIDTH or not item:
            yield one_line
        elif isinstance(item, Mapping):
            first, *rest = _lines(item, indent + "  ")
            yield f"{indent}- {first.strip()}"
            yield from rest
        else:
            yield f"{indent}-"
            yield from _list_lines(item, indent + "  ")


def _flow(value: object) -> str:
    """A value on one line."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_scalar(str(key))}: {_flow(item)}" for key, item in value.items())
        return f"{{{inner}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_flow(item) for item in value)}]"
    return _scalar(value)


def _scalar(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, int):
        return str(value)
    text = str(value)
    if _PLAIN_TEXT.match(text) and text.lower() not in _YAML_WORDS:
        return text
    return _quoted(text)


def _float(value: float) -> str:
    if math.isnan(value):
        return ".nan"
    if math.isinf(value):
        return ".inf" if value > 0 else "-.inf"
    text = repr(value)
    mantissa, exponent, power = text.partition("e")
    # Without a point PyYAML takes a number with an exponent for a string.
    return text if "." in mantissa else f"{mantissa}.0{exponent}{power}"


def _quoted(text: str) -> str:
    """Text between quotes; JSON's form is YAML's too, but for what cannot be printed."""
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(
        c if c.isprintable() else "\\U%08X" % ord(c)  # noqa: UP031 - the width is YAML's
        for c in quoted
    )
