"""A drawing of a model as a Mermaid flowchart.

This room owns Mermaid's syntax, and that no text of a config can become any. Mermaid places its
boxes itself, so that nothing of `scene` is needed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kerasgen.emit.picture.captions import named_outputs, shown_spec, summarize_call
from kerasgen.emit.picture.folding import EVERYTHING_OPEN, Closed, Sketch
from kerasgen.ir.graph import Call, ModelGraph
from kerasgen.ir.model import Operand, TensorRef
from kerasgen.ir.walks import references_in
from kerasgen.passes.shapes import Specs

_UNQUOTED = set(" _-.,:()/=+*?!'")
"""What may stand in a Mermaid label besides letters and digits; all else becomes a number."""


def to_mermaid(
    graph: ModelGraph, specs: Specs, closed: Mapping[str, Closed] = EVERYTHING_OPEN
) -> str:
    """Writes a model as a Mermaid flowchart, which Markdown viewers draw.

    The id of a node follows from its name alone, so that a changed layer changes its own lines.

    Args:
        graph: the model.
        specs: the specs of its tensors; an edge whose tensor is not there has no label.
        closed: full name of a call that is drawn as one box to what stands in it.
    """
    sketch = Sketch(graph=graph, specs=specs, closed=closed)
    lines = [*_mermaid(graph, sketch, "", "  "), *_ends(graph, specs, "  ")]
    return "\n".join(["flowchart TD", *lines, ""])


def _mermaid(graph: ModelGraph, sketch: Sketch, prefix: str, indent: str) -> Iterator[str]:
    """The lines of a model: inputs, and calls with what goes into them."""
    for item in graph.inputs:
        yield f"{indent}{_id(prefix + item.name)}([{_quoted(item.name, 'input')}])"
    sources = {item.name: prefix + item.name for item in graph.inputs}
    met: set[str] = set()
    for call in graph.calls:
        definition = graph.layers[call.layer].definition
        name = prefix + call.name
        again = call.layer in met
        met.add(call.layer)
        sources[call.name] = name
        part = sketch.closed.get(name)
        if isinstance(definition, ModelGraph) and not again and part is None:
            yield f"{indent}subgraph {_id(name)}[{_quoted(call.name, definition.kind)}]"
            yield from _mermaid(definition, sketch, f"{prefix}{call.layer}/", indent + "  ")
            yield f"{indent}end"
        else:
            yield indent + _node(graph, call, name, part, again=again)
        yield from _call_edges(call, sources, sketch.specs, prefix, indent)


def _node(graph: ModelGraph, call: Call, name: str, part: Closed | None, *, again: bool) -> str:
    definition = graph.layers[call.layer].definition
    cls = definition.kind if isinstance(definition, ModelGraph) else definition.cls
    if part is not None:
        cls = part.label
    if again:
        # Double bars mark a call of something that is defined elsewhere.
        return f"{_id(name)}[[{_quoted(call.name, cls, f'same layer as {call.layer}')}]]"
    lines = [call.name, f"{cls} {summarize_call(definition, call)}"]
    if part is not None:
        lines.append(part.counts)
    return f"{_id(name)}[{_quoted(*lines)}]"


def _call_edges(
    call: Call, sources: Mapping[str, str], specs: Specs, prefix: str, indent: str
) -> Iterator[str]:
    """A line for each tensor that a call takes, from the node in `sources` that gives it."""
    named: list[tuple[str, Operand]] = [("", call.operands), *call.keyword_operands.items()]
    for argument, operand in named:
        for reference in references_in(operand):
            label = _edge_label(reference, specs, prefix, argument)
            source = _id(sources[reference.name])
            yield f"{indent}{source} -->{label} {_id(prefix + call.name)}"


def _ends(graph: ModelGraph, specs: Specs, indent: str) -> Iterator[str]:
    for name, reference in named_outputs(graph):
        end = f"output_{_id(name)}"
        yield f"{indent}{end}([{_quoted(name, 'output')}])"
        label = _edge_label(reference, specs, "", "")
        yield f"{indent}{_id(reference.name)} -->{label} {end}"


def _edge_label(reference: TensorRef, specs: Specs, prefix: str, argument: str) -> str:
    outputs = specs.get(prefix + reference.name, ())
    index = reference.index or 0
    shape = shown_spec(outputs[index]) if index < len(outputs) else ""
    chosen = "" if reference.index is None else f".{reference.index}"
    text = " ".join(filter(None, (argument, chosen, shape)))
    return f"|{_quoted(text)}|" if text else ""


def _id(name: str) -> str:
    """A name as a Mermaid id: letters and digits stay, all else is written by its bytes.

    Different names get different ids; the prefix keeps off Mermaid's own words (`end`).
    """
    coded = (
        character
        if character.isascii() and character.isalnum()
        else "__"
        if character == "_"
        else "".join(f"_{byte:02x}" for byte in character.encode(errors="surrogatepass"))
        for character in name
    )
    return "n_" + "".join(coded)


def _quoted(*lines: str) -> str:
    """Lines of a label in quotes; what Mermaid or HTML could read becomes a numbered entity."""
    coded = (
        "".join(c if c.isalnum() or c in _UNQUOTED else f"#{ord(c)};" for c in line.strip())
        for line in lines
    )
    return '"' + "<br/>".join(filter(None, coded)) + '"'
