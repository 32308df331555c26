"""The pass that holds the model against the data, at its inputs.

It owns what shape an input has where the model leaves it out, and whether one that the model says
is what comes of the columns under `data.prepare`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from kerasgen.diagnostics import Note, Sink, did_you_mean
from kerasgen.ir.data import DataDef
from kerasgen.ir.model import InputDef
from kerasgen.ir.schema import ALL
from kerasgen.ir.values import Shape, TensorSpec
from kerasgen.passes.columns import declared_fact, declared_shape
from kerasgen.passes.shapes import compatible, shown_shape


def infer_inputs(
    inputs: tuple[InputDef, ...],
    data: DataDef,
    given: Mapping[str, Shape | None],
    floatx: str,
    sink: Sink,
) -> dict[str, TensorSpec]:
    """The specs of the model's inputs: what they declare, checked against what the data gives.

    Args:
        inputs: the model's inputs.
        data: the data, whose facts hold the shapes of its columns.
        given: what the data gives for each input after `data.prepare`, without the batch axis;
            None where not known.
        floatx: the default element type.
        sink: gets every mistake.

    Returns:
        Input name to spec, batch axis included; an input is missing if something is wrong.
    """
    check_input_names(inputs, data, sink)
    specs = {}
    for item in inputs:
        if item.name not in data.features:
            continue
        shape = given.get(item.name)
        if shape is None and item.shape is None:
            if not sink.errors:
                _report_unknown_shape(item.name, data, sink)
            continue
        if shape is not None and item.shape is not None and not compatible(item.shape, shape):
            sink.report(
                "KG402",
                f"the input `{item.name}` takes {shown_shape((None, *item.shape))}, and the data "
                f"gives {shown_shape((None, *shape))}",
                key=f"{item.path}.shape",
                help=_help_for_shape(item, data),
                notes=fact_notes("shape", item.name, data, sink),
            )
            continue
        row = shape if item.shape is None else item.shape
        whole = (item.batch_size, *(row or ()))
        specs[item.name] = TensorSpec(shape=whole, dtype=item.dtype or floatx)
    return specs


def check_input_names(inputs: Collection[InputDef], data: DataDef, sink: Sink) -> None:
    """Holds the names of the model's inputs against those of the data: KG402."""
    for item in inputs:
        if item.name not in data.features:
            _report_no_feature(item, data, sink)
    names = [item.name for item in inputs]
    for name in data.features:
        if name not in names:
            sink.report(
                "KG402",
                f"the data gives `{name}`, which is no input of the model",
                key=f"data.features.{name}",
                at="key",
                help=did_you_mean(name, names),
            )


def fact_notes(fact: str, name: str, data: DataDef, sink: Sink) -> list[Note]:
    """Where the fact of the data stands that an input or output is held against."""
    known = data.facts.get(fact)
    if known is None:
        return []
    inside = isinstance(known, Mapping) and name in known
    location = sink.locate(f"data.facts.{fact}" + f".{name}" * inside, "value")
    if location.line is None and location.override is None:
        return []  # The opened data said so, and no line of a config.
    return [Note(message="what is known of the data stands here", location=location)]


def _help_for_shape(item: InputDef, data: DataDef) -> str | None:
    """How to mend an input that takes the columns as they are, where `prepare` makes others."""
    if item.shape is None or item.shape != declared_fact(data, item.name):
        return None
    return (
        "that is `data.shape`, the shape of the columns before `data.prepare`: leave `shape` out, "
        "and the input takes what comes out of it"
    )


def _report_unknown_shape(name: str, data: DataDef, sink: Sink) -> None:
    told = declared_shape(data, name)
    if told is None:
        sink.report(
            "KG402",
            f"the shape of the input `{name}` is not known",
            key="data.facts",
            at="key",
            help="write `data.facts.shape`, or let the data be opened (`run.py`, or "
            "`kerasgen check --open-data`)",
        )
        return
    count = "" if ALL in data.features[name] else f"{len(data.features[name])} "
    one = f"write `shape: [{count.strip()}]` if each holds one number, else " if count else ""
    sink.report(
        "KG402",
        f"the shape of the input `{name}` behind `data.prepare` is not known: `{list(told)}` does "
        f"not tell what each of its {count}columns holds",
        key="data.facts.shape",
        help=f"{one}say which hold several, as in `data.facts.column_shape: {{COLUMN: [3]}}`, or "
        "let the data be opened (`run.py`, or `kerasgen check --open-data`)",
    )


def _report_no_feature(item: InputDef, data: DataDef, sink: Sink) -> None:
    names = ", ".join(f"`{name}`" for name in data.features)
    sink.report(
        "KG402",
        f"the model's input `{item.name}` is not among the data's inputs: {names}",
        key=item.path,
        at="key",
        help=did_you_mean(item.name, data.features),
    )
