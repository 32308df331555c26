"""The first section of a page: what the run is, how it ended, how good it is.

This room owns which figures stand at the head, and beside which others. Nothing of a run is judged
here that its record does not say: a figure is set beside what needs no model.
"""

from __future__ import annotations

from collections.abc import Mapping

from kerasgen.emit.page.blocks import Block, Cell, Facts, Note, Section, Table, Tone
from kerasgen.passes.lint.directions import direction
from kerasgen.record.file_names import RECORD
from kerasgen.record.files import number
from kerasgen.record.runs import PARTS
from kerasgen.run.page.material import Material
from kerasgen.run.page.wording import duration_text, figure_text, plural, word

_STATES = {
    "completed": "It has completed.",
    "running": "It is running, or was when this page was made.",
    "created": "It has only begun.",
    "interrupted": "It was interrupted; `kerasgen resume` goes on with it.",
    "killed": "Its process has ended before it could close its record; `kerasgen resume` goes on.",
    "failed": "It has failed.",
    "pruned": "The search to which it belongs has ended it; `kerasgen resume` goes on with it.",
    "rejected": "Its config or its data was refused.",
}

MOST_WARNINGS = 40
"""Warnings that are told in full."""

MOST_METRICS = 40
"""Metrics that are told."""


def overview_section(material: Material) -> Section:
    """What a run is, its figures, and what was warned of."""
    run = material.run
    blocks: list[Block] = []
    if run.status != "completed":
        blocks.append(Note(text=_STATES.get(run.status, ""), title=run.status, tone="warning"))
    if isinstance(error := material.fields.get("error"), str):
        blocks.append(Note(text=word(error), title="why", tone="bad"))
    blocks.append(Facts(pairs=_facts(material)))
    blocks += _figures(material)
    blocks += _warnings(material)
    blocks += [
        Note(text=reason, title=f"left out: {name}", tone="warning")
        for name, reason in material.left_out.items()
        if name != RECORD
    ]
    return Section(name="summary", title="Summary", blocks=tuple(blocks))


def _facts(material: Material) -> dict[str, str]:
    run, weights = material.run, material.group("weights")
    data = material.group("data")
    samples = data.get("samples")
    sizes = samples if isinstance(samples, Mapping) else {}
    found = {
        "state": run.status,
        "run": run.id,
        "started": "" if run.started is None else _moment(material.fields.get("started")),
        "took": duration_text(run.seconds),
        "epochs": "" if run.epochs is None else f"{run.epochs:,}",
        "weights of epoch": _kept(weights),
        "parameters": _count(material.fields.get("parameters")),
        "backend": run.backend or "",
        "samples": ", ".join(f"{word(p)} {_count(n)}" for p, n in sizes.items() if _count(n)),
        "seed": word(material.fields["seed"]) if "seed" in material.fields else "",
        "tags": ", ".join(run.tags),
    }
    if resumed := material.fields.get("resumed"):
        found["resumed"] = plural(len(resumed), "time") if isinstance(resumed, list) else ""
    if folds := material.group("folds"):
        completed = folds.get("completed")
        done = len(completed) if isinstance(completed, list) else 0
        found["folds"] = f"{done} of {word(folds.get('count'))} completed"
    return {name: value for name, value in found.items() if value}


def _moment(value: object) -> str:
    return word(value)[:19].replace("T", " ")


def _kept(weights: Mapping[str, object]) -> str:
    epoch, by = weights.get("epoch"), weights.get("set_by")
    if number(epoch) is None:
        return ""
    return f"{word(epoch)} (chosen by {word(by)})" if by is not None else f"{word(epoch)}, the last"


def _count(value: object) -> str:
    found = number(value)
    return "" if found is None or not found.is_integer() else f"{int(found):,}"


def _figures(material: Material) -> list[Block]:
    """A table of the metrics of each part, beside what needs no model."""
    metrics = material.run.metrics
    parts = [part for part in PARTS if metrics.get(part)]
    if not parts:
        return []
    names = list(dict.fromkeys(name for part in parts for name in metrics[part]))[:MOST_METRICS]
    deviation = material.group("folds").get("deviation")
    spreads = deviation if isinstance(deviation, Mapping) else {}
    first = parts[0]
    baselines = _baselines(material, first)
    rows: list[tuple[Cell | str, ...]] = []
    for name in names:
        values = [metrics[part].get(name) for part in parts]
        beside = [found.get(name) for found in baselines.values()]
        better = direction(name)
        texts = [
            _cell(value, spreads.get(part), name) for part, value in zip(parts, values, strict=True)
        ]
        cells = [Cell(text=text, bold=place == 0) for place, text in enumerate(texts)]
        told = [_beside(value, values[0], better) for value in beside]
        rows.append((word(name), *cells, *told))
    head = ("metric", *parts, *(f"{word(name)} ({first})" for name in baselines))
    table = Table(
        head=head,
        rows=tuple(rows),
        caption="mean ± deviation over the folds" if spreads else "",
        numbers=frozenset(range(1, len(head))),
    )
    blocks: list[Block] = [table]
    if baselines:
        blocks.append(
            Note(
                text="The last columns are what needs no model: one answer for all rows, or the "
                "value known last. A figure in bold there is as good as the run's, or better."
            )
        )
    return blocks


def _cell(value: float | None, spreads: object, name: str) -> str:
    text = "" if value is None else figure_text(value)
    spread = number(spreads.get(name)) if isinstance(spreads, Mapping) else None
    return text if spread is None or not text else f"{text} ± {spread:.2g}"


def _beside(value: float | None, own: float | None, better: str | None) -> Cell:
    if value is None:
        return Cell(text="")
    as_good = (
        own is not None
        and better is not None
        and (value <= own if better == "min" else value >= own)
    )
    return Cell(text=figure_text(value), bold=as_good)


def _baselines(material: Material, part: str) -> dict[str, dict[str, float]]:
    """What needs no model, by its name: its figures on a part."""
    told = material.group("baselines").get(part)
    found: dict[str, dict[str, float]] = {}
    for name, figures in list(told.items())[:4] if isinstance(told, Mapping) else ():
        read = (
            {key: number(value) for key, value in figures.items()}
            if isinstance(figures, Mapping)
            else {}
        )
        found[str(name)] = {key: value for key, value in read.items() if value is not None}
    return {name: figures for name, figures in found.items() if figures}


def _warnings(material: Material) -> list[Block]:
    found: list[Block] = []
    for told in material.diagnostics[:MOST_WARNINGS]:
        place = told.get("location")
        key = place.get("key") if isinstance(place, Mapping) else None
        text = word(told.get("message"))
        text += f" ({word(key)})" if isinstance(key, str) and key else ""
        if isinstance(hint := told.get("help"), str):
            text += f": {word(hint)}"
        tone: Tone = "bad" if told.get("severity") == "error" else "warning"
        title = f"{word(told.get('severity'))} {word(told.get('code'))}"
        found.append(Note(text=text, title=title, tone=tone))
    if (more := len(material.diagnostics) - MOST_WARNINGS) > 0:
        found.append(Note(text=f"{more} more stand in diagnostics.json."))
    return found
