"""The model of a run: its graph, whose blocks open, and its layers with what they cost.

This room owns how a model is compiled again from the record, which neither opens data nor loads the
model that was trained, and how much of it is drawn.

Decisions:
- An engine that starts fast serves where it gives the same shapes; nothing is computed with it.
- Where it cannot be compiled here (parts of somebody's own, a backend that is not installed), the
  summary that the run has left stands in its place.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from kerasgen.diagnostics import CompileError
from kerasgen.emit.page.blocks import Block, Code, Drawing, Folded, Note, Section, Svg, Table
from kerasgen.emit.picture.folding import Sketch, folded, sketch_of
from kerasgen.emit.picture.svg import to_svg
from kerasgen.engine import EngineInForceError
from kerasgen.foreign.regular_files import ForeignFileError, read_text
from kerasgen.ir.graph import ModelGraph
from kerasgen.passes.cost import CostReport, human_bytes, scaled
from kerasgen.passes.shapes import shown_shape
from kerasgen.record.file_names import SUMMARY
from kerasgen.registry import Trust
from kerasgen.run.page.material import Material
from kerasgen.run.page.wording import word
from kerasgen.session.recorded import recorded_config
from kerasgen.session.session import Session
from kerasgen.session.states import CLOSED, Aim, Compiled, EngineDoubtError

MOST_DRAWN = 150
"""Boxes of one drawing; a larger one is told of alone."""

MOST_DRAWINGS = 150
"""Drawings of a page, those inside others included."""

MOST_LAYERS = 1_000
"""Layers that are listed."""

MOST_SUMMARY = 100_000
"""Characters of a summary that are shown."""


def architecture_section(material: Material, trust: Trust) -> Section:
    """The graph and the layers of the model of a run.

    Args:
        material: the run, or one of its folds.
        trust: modules whose parts the model may have.
    """
    folder = material.run.folder
    if not material.config:
        return Section(name="model", title="Model", blocks=())
    compiled = _compiled(folder, trust)
    blocks: list[Block] = []
    if isinstance(compiled, str):
        summary = _summary(folder)
        if summary:
            blocks.append(Note(text=f"No graph: {compiled}.", tone="warning"))
            blocks.append(Code(text=summary))
    else:
        program = compiled.program
        whole = sketch_of(program, compiled.findings.source_map)
        named = replace(whole.graph, name=material.run.name or whole.graph.name)
        sketch = folded(replace(whole, graph=named), 0)
        blocks.append(Note(text=_costs(program.cost)))
        blocks.append(_drawing(sketch, [MOST_DRAWINGS]))
        layers = _layers(program.cost)
        blocks.append(Folded(title=f"{len(program.cost.layers):,} layers", blocks=(layers,)))
    return Section(name="model", title="Model", blocks=tuple(blocks))


def _compiled(folder: Path, trust: Trust) -> Compiled | str:
    """The compiled program of a run, or why there is none."""
    try:
        recorded = recorded_config(folder, trust)
        try:
            return Session(recorded, Aim(data="closed", engine="light")).compiled
        except EngineDoubtError:
            return Session(recorded, CLOSED).compiled
    except CompileError as error:
        return f"the model cannot be compiled here ({error.diagnostics[0].message})"
    except (EngineInForceError, RecursionError, MemoryError) as error:
        return f"the model cannot be compiled here ({word(error)})"


def _summary(folder: Path) -> str:
    try:
        return read_text(folder / SUMMARY, within=folder)[:MOST_SUMMARY]
    except ForeignFileError:
        return ""


def _costs(cost: CostReport) -> str:
    told = [f"{cost.parameters:,} parameters"]
    if cost.trainable != cost.parameters:
        told.append(f"{cost.trainable:,} of them trained")
    told.append(f"{human_bytes(cost.parameter_bytes)} of weights")
    if cost.flops is not None:
        units = ("FLOPs", "kFLOPs", "MFLOPs", "GFLOPs", "TFLOPs")
        told.append(f"{scaled(cost.flops, 1000, units)} a sample")
    return ", ".join(told)


def _drawing(sketch: Sketch, left: list[int]) -> Drawing:
    """A drawing and those of its boxes; `left` holds how many more may be made."""
    left[0] -= 1
    graph = sketch.graph
    parts = []
    met: set[str] = set()
    for call in graph.calls:
        inside = isinstance(graph.layers[call.layer].definition, ModelGraph)
        if not inside or call.layer in met or left[0] <= 0:
            continue
        met.add(call.layer)
        part = sketch.closed[call.name]
        title = ", ".join(filter(None, (f"{call.name}: {part.label}", part.counts)))
        parts.append((title, _drawing(sketch.inside(call), left)))
    if len(graph.calls) > MOST_DRAWN:
        told = f"{len(graph.calls):,} boxes are no drawing to read; the layers are listed below."
        return Drawing(svg=None, told=told, parts=tuple(parts))
    return Drawing(svg=Svg(to_svg(graph, sketch.specs, sketch.closed)), parts=tuple(parts))


def _layers(cost: CostReport) -> Table:
    rows = [
        (
            word(layer.name),
            layer.cls,
            ", ".join(map(shown_shape, layer.shapes)),
            f"{layer.parameters:,}",
            f"{layer.trainable:,}",
            "" if layer.flops is None else f"{layer.flops:,}",
        )
        for layer in cost.layers[:MOST_LAYERS]
    ]
    caption = f"the first {MOST_LAYERS:,}" if len(cost.layers) > MOST_LAYERS else ""
    return Table(
        head=("layer", "class", "output shape", "parameters", "trained", "FLOPs a sample"),
        rows=tuple(rows),
        caption=caption,
        numbers=frozenset({3, 4, 5}),
        sortable=True,
    )
