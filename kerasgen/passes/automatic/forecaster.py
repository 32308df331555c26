"""The pass that writes `layers: auto` out for a forecast: from windows of rows to the rows behind.

It owns which layers read a window, and the head that gives the numbers of the horizon. It gives
what a person would have written, as `model_layers` does for samples that are rows.

Decisions:
- `$reader` reads the window: `dense` takes all its numbers at once, `conv` looks at neighbours,
  `gru` remembers. What it says is added to a linear forecast (`$linear`), so that the model has
  at hand what a linear one would say; with `none` there is nothing else.
- With `$change` the model says how far the horizon is from the last value known, which is added
  before the units come back.
- What is known ahead goes in twice: the rows of the window as all others do, and those of the
  horizon beside what is made of the window.
- An entry that an `if` takes out stands for the first of what it takes, so that the readers stand
  one behind the other, of which one is left.
- The head ends in the target's own units: a `Rescaling` by the mean and deviation of the training
  part, and behind it the exponential where the logarithm was asked for (`scale: log`).
"""

from __future__ import annotations

from collections.abc import Mapping

from kerasgen.ir.data import WindowsDef
from kerasgen.ir.values import Tree
from kerasgen.passes.automatic.model_layers import Facts, ModelWork, WrittenModel, embedding_size

_READ = "$reader != 'none'"
"""Whether more than a linear forecast is made of the window."""

_BESIDE = f"$linear and {_READ}"
"""Whether a linear forecast stands beside it."""

_KINDS = {"numbers": "sequence"}
"""What an input of rows is once it comes in windows, where that is something else."""


def series_kinds(
    inputs: Mapping[str, Mapping[str, Tree]], windows: WindowsDef, rows: Mapping[str, int]
) -> dict[str, dict[str, Tree]]:
    """What each input is in windows.

    Args:
        inputs: model input to what it is for a single row.
        windows: length and horizon.
        rows: model input to the rows of its windows.
    """
    found: dict[str, dict[str, Tree]] = {}
    for name, facts in inputs.items():
        found[name] = {**facts, "kind": _KINDS.get(str(facts["kind"]), facts["kind"])}
        if rows.get(name, windows.length) > windows.length:
            found[name]["ahead"] = {"length": windows.length, "horizon": windows.horizon}
    return found


def write_forecaster(inputs: Facts, outputs: Facts) -> WrittenModel:
    """Writes a model of a forecast out.

    Args:
        inputs: model input to its `kind`: `sequence`, `index` or `tokens` (with `words`), `image`;
            where it is known `ahead`, with the `length` and `horizon` of its rows.
        outputs: output to its `horizon`; its number of `targets`, None for one that has no axis;
            `mean` and `deviation`, a number or one for each target, where these are known; whether
            these are of the `log`; and where its past stands, scaled by them, as `past` (`input`,
            `step` and `places`). The name is empty for one unnamed target.
    """
    work = ModelWork(taken={*inputs, *(name for name in outputs if name)})
    sequences = {name: _as_sequence(name, facts, work) for name, facts in inputs.items()}
    cuts = {name: facts["ahead"] for name, facts in inputs.items() if "ahead" in facts}
    ends = [
        _rows_of(sequences[name], name, cuts[name], work) if name in cuts else sequences[name]
        for name in inputs
    ]
    window = ends[0]
    if len(ends) > 1:
        window = work.add("joined", {"class": "Concatenate", "axis": -1, "from": [*ends]})
    gru: dict[str, Tree] = {"if": "$reader == 'gru'", "class": "GRU", "units": "$memory"}
    memory = work.add("memory", {**gru, "from": window})
    convolution: dict[str, Tree] = {
        "if": "$reader == 'conv'",
        "class": "Conv1D",
        "filters": "$filters[$index]",
        "kernel_size": 3,
        "padding": "causal",
        "activation": "relu",
        "repeat": "len($filters)",
    }
    maps = work.add("maps", {**convolution, "from": memory})
    flat = work.add("flat", {"if": "$reader != 'gru'", "class": "Flatten", "from": maps})
    coming = [_horizon_of(sequences[name], name, cut, work) for name, cut in cuts.items()]
    if coming:
        work.add("with_known", {"class": "Concatenate", "from": [flat, *coming]})
    hidden: dict[str, Tree] = {"class": "Dense", "units": "$hidden[$index]", "activation": "relu"}
    work.add("hidden", {**hidden, "repeat": f"len($hidden) if {_READ} else 0"})
    dropped = f"{_READ} and $dropout > 0"
    body = work.add("drop", {"if": dropped, "class": "Dropout", "rate": "$dropout"})
    straight = work.add("window", {"if": _BESIDE, "class": "Flatten", "from": window})
    if coming:
        beside: dict[str, Tree] = {"if": _BESIDE, "class": "Concatenate"}
        straight = work.add("window_with_known", {**beside, "from": [straight, *coming]})
    heads = [_head(name, facts, (body, straight), work) for name, facts in outputs.items()]
    return WrittenModel(layers=work.layers, outputs=heads[0] if len(heads) == 1 else [*heads])


def _as_sequence(name: str, facts: Mapping[str, Tree], work: ModelWork) -> str:
    """The layers of one input; gives the name of what comes out, a row of numbers a step."""
    kind, words = facts.get("kind"), facts.get("words")
    if kind == "index":
        size = embedding_size(words)
        table: dict[str, Tree] = {"class": "Embedding", "input_dim": words, "output_dim": size}
        flat: dict[str, Tree] = {"class": "TimeDistributed", "layer": {"class": "Flatten"}}
        return work.chain(name, name, {"embedded": table, "flat": flat})
    if kind == "tokens":
        table = {"class": "Embedding", "input_dim": words, "output_dim": "$embedding"}
        mean: dict[str, Tree] = {"class": "ops.mean", "axis": 2}
        return work.chain(name, name, {"embedded": table, "mean": mean})
    if kind == "image":
        flat = {"class": "TimeDistributed", "layer": {"class": "Flatten"}}
        return work.chain(name, name, {"flat": flat})
    return name


def _rows_of(sequence: str, name: str, cut: Tree, work: ModelWork) -> str:
    """The rows of the window of what is known ahead; gives the name of the layer."""
    assert isinstance(cut, Mapping)
    cropping: list[Tree] = [0, cut["horizon"]]
    return work.chain(name, sequence, {"past": {"class": "Cropping1D", "cropping": cropping}})


def _horizon_of(sequence: str, name: str, cut: Tree, work: ModelWork) -> str:
    """The rows of the horizon of what is known ahead, as numbers; gives the name of the last."""
    assert isinstance(cut, Mapping)
    cropping: list[Tree] = [cut["length"], 0]
    coming: dict[str, Tree] = {"class": "Cropping1D", "cropping": cropping}
    return work.chain(name, sequence, {"coming": coming, "steps": {"class": "Flatten"}})


def _head(name: str, facts: Mapping[str, Tree], ends: tuple[str, str], work: ModelWork) -> str:
    """The layers of one output; gives the name of the last."""
    horizon, targets = facts.get("horizon"), facts.get("targets")
    assert isinstance(horizon, int)
    title = name or "forecast"
    units = horizon * (targets if isinstance(targets, int) else 1)
    body, straight = ends
    dense = work.add(f"{title}_steps", {"class": "Dense", "units": units, "from": body})
    line: dict[str, Tree] = {"if": _BESIDE, "class": "Dense", "units": units, "from": straight}
    linear = work.add(f"{title}_line", line)
    entries: dict[str, Mapping[str, Tree]] = {
        f"{title}_sum": {"if": _BESIDE, "class": "Add", "from": [dense, linear]}
    }
    if isinstance(targets, int):
        entries[f"{title}_table"] = {"class": "Reshape", "target_shape": [horizon, targets]}
    past = facts.get("past")
    if isinstance(past, Mapping) and "deviation" in facts:
        known = _last_value(title, past, single=targets is None, work=work)
        above = list(entries)[-1]
        entries[f"{title}_change"] = {"if": "$change", "class": "Add", "from": [above, known]}
    if "deviation" in facts:
        scale = {"scale": facts["deviation"], "offset": facts["mean"]}
        entries[f"{title}_scaled"] = {"class": "Rescaling", **scale}
    if facts.get("log") is True:
        entries[f"{title}_grown"] = {"class": "ops.expm1"}
    last = list(entries)[-1]
    if last == f"{title}_sum":  # A number that nothing is known of ends as it is.
        entries[last := f"{title}_end"] = {"class": "Identity"}
    for entry_name, entry in entries.items():
        final = entry_name == last
        work.add(title if final else entry_name, entry, exact=final and bool(name))
    return title


def _last_value(title: str, past: Mapping[str, Tree], *, single: bool, work: ModelWork) -> str:
    """The layers that take the last value known of a window; gives the name of the last."""
    step, places = past["step"], past["places"]
    assert isinstance(places, list)
    asked: dict[str, Tree] = {"if": "$change"}
    cut: dict[str, Tree] = {"class": "Cropping1D", "cropping": [step, 0], "from": past["input"]}
    last = work.add(f"{title}_last", {**asked, **cut})
    values: list[Tree] = []
    for place in places:
        taken: dict[str, Tree] = {"class": "ops.take", "axis": 2, "from": [last, place]}
        values.append(work.add(f"{title}_known", {**asked, **taken}))
    if single:
        return str(values[0])
    return work.add(f"{title}_level", {**asked, "class": "ops.stack", "axis": -1, "from": values})
