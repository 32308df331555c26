"""Step 2 of a script: the function `preprocess`.

This room owns in which order a script splits rows, prepares columns, and puts them into the form
that the model takes: that of `run.steps`. It must not know where the columns come from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kerasgen.emit.script.code import (
    Bracketed,
    Code,
    Item,
    Names,
    call,
    flat,
    function,
    listed,
    literal,
    mapped,
    statement,
    string,
)
from kerasgen.emit.script.series import EVERY, EVERY_ROW, forecast_rows, rows_of_series
from kerasgen.emit.script.sources import AS_THEY_ARE
from kerasgen.emit.script.steps import (
    DataContext,
    column_lines,
    input_lines,
)
from kerasgen.ir.data import DataDef
from kerasgen.ir.model import TensorRef
from kerasgen.ir.schema import ALL
from kerasgen.ir.values import TensorSpec
from kerasgen.passes.columns import apart_from_all, column_steps, infer_schema
from kerasgen.passes.division import ways_to_divide
from kerasgen.passes.ends import OutputSpec, fed_target
from kerasgen.passes.known_ahead import window_rows


def _split_call(context: DataContext) -> Code:
    """The call of `split_rows`, which tells the rows of each part."""
    split = context.data.split
    asked = {part: getattr(split, part) for part in ("test", "validation")}
    if split.fold is not None:
        asked["test"] = None
    sizes = mapped({part: literal(size) for part, size in asked.items()})
    known: dict[str, Code] = {}
    if split.stratify and (labels := _class_labels(context.data)) is not None:
        known["labels"] = labels
    if split.group is not None:
        known["groups"] = f"columns[{string(split.group)}]"
    if split.time is not None:
        known["times"] = call("moments", f"columns[{string(split.time)}]")
    draw, deal = ways_to_divide(split, stratified="labels" in known)
    named: dict[str, Code] = {"draw": _with(draw, known)}
    if split.by is not None:
        named["given"] = call("parts_of", f"columns[{string(split.by)}]")
    elif split.takes_given:
        named["given"] = "given"
    if (numbers := split.fold_numbers) is not None:
        fold = {"number": str(numbers[0]), "folds": str(numbers[1])}
        dealt = {} if deal is None else {"deal": _with(deal, known)}
        taken = call("partial", "take_fold", named={**fold, **dealt})
        if deal is None:
            taken = call("partial", "take_next_rows", named={**fold, **known})
        named["fold"] = taken
    return call("split_rows", f"len({_some_column(context)})", "seed", sizes, named=named)


def _with(function: str, known: Mapping[str, Code]) -> Code:
    """A function that knows of its rows what it asks for."""
    return call("partial", function, named=dict(known)) if known else function


def _class_labels(data: DataDef) -> str | None:
    """The class indices of the first target that has classes; None for no such target."""
    indices = infer_schema(data).class_indices
    for output, column in data.target.items():
        if column in indices:
            return f"columns[{string(column)}]"
        if data.task.get(output) == AS_THEY_ARE:
            return f"columns[{string(column)}].argmax(axis=1)"
    return None


def preprocess_function(context: DataContext) -> str:
    """Writes `preprocess(columns, seed)`: part name to inputs and targets."""
    data = context.data
    given = "given, " if data.split.takes_given else ""
    taken = {"rows", "columns", "x", "y", "parts", "part", "index", "inputs", "targets"}
    taken |= {
        "values",
        "name",
        "seed",
        "given",
        "training",
        "layer",
        "layers",
        "ops",
        "keras",
        "np",
    }
    names = Names(taken=taken)
    steps = column_lines(context, names)
    if data.windows is None:
        lines = statement("rows = ", _split_call(context))
    else:
        lines = rows_of_series(data, data.windows, given=data.split.takes_given)
    if any("[training]" in line for line in steps):
        lines.append('    training = rows["training"]')
    if ALL in [c for columns in context.features.values() for c in columns]:
        apart = list(apart_from_all(data))
        other = f" if name not in {flat(literal(apart))}" if apart else ""
        lines.append(f"    names = [name for name in columns{other}]")
    lines += steps
    if data.windows is not None:
        lines.append(EVERY_ROW)
    lines += [*_stacking_lines(context), *input_lines(context, names)]
    lines += ["    parts = {}", "    for part, index in rows.items():"]
    if data.windows is not None:
        lines[-1] = "    for part, begins in starts.items():"
    elif not _uses_index(context):
        lines[-1] = "    for part in rows:"
    lines += statement("inputs = ", _inputs_code(context), depth=2)
    lines += statement("targets = ", _targets_code(context), depth=2)
    if data.weights is not None and data.weights.column is not None:
        weights = f'columns[{string(data.weights.column)}][index].astype("float32")'
        lines.append(f"        weights = {weights}")
    column = None if data.weights is None else data.weights.column
    lines.append(f"        parts[part] = inputs, targets{', weights' * (column is not None)}")
    lines.append("    return parts")
    text = "Divides and prepares the data; what a layer learns, it learns of the training part."
    return function(f"preprocess(columns, {given}seed)", text, lines)


def _some_column(context: DataContext) -> str:
    labels = list(infer_schema(context.data).class_indices)
    for names in (labels, *context.features.values()):
        made = {entry.name for entry in column_steps(context.data)}
        for name in names:
            if name != ALL and (name in labels or name not in made):
                return f"columns[{string(name)}]"
    return "next(iter(columns.values()))"


def _stacking_lines(context: DataContext) -> list[str]:
    """The lines that give `x`: part to array, or part to input name to array."""
    stacked = {name: _stacked(names, context) for name, names in context.features.items()}
    made = next(iter(stacked.values())) if len(stacked) == 1 else mapped(stacked)
    comprehension = f"{{part: {flat(made)} for part, index in rows.items()}}"
    if len(comprehension) + 8 <= 88:
        return [f"    x = {comprehension}"]
    return [
        "    x = {}",
        "    for part, index in rows.items():",
        *statement("x[part] = ", made, depth=2),
    ]


def _stacked(names: Sequence[str], context: DataContext) -> Code:
    if len(names) == 1 and names[0] != ALL:
        column = f"columns[{string(names[0])}][index]"
        made = {entry.name for entry in column_steps(context.data)}
        return column if names[0] in context.whole - made else f"as_rows({column})"
    if ALL in names:
        rest = [string(name) for name in names if name != ALL]
        source = f"[*names, {', '.join(rest)}]" if rest else "names"
        return call("stack", f"[columns[name][index] for name in {source}]")
    listed_names = Bracketed("(", tuple(Item(string(name)) for name in names), ")")
    body = Item("columns[name][index] for name in ")
    if len(flat(listed_names)) < 40:
        return call("stack", f"[{flat(body.code)}{flat(listed_names)}]")
    return call("stack", listed(f"columns[{string(name)}][index]" for name in names))


def _inputs_code(context: DataContext) -> Code:
    several = len(context.graph.inputs) > 1
    rows = window_rows(context.data, context.features)
    made = []
    for item in context.graph.inputs:
        spec = context.specs[item.name][0]
        part = "part" if context.data.windows is None else string(EVERY)
        code = f"x[{part}][{string(item.name)}]" if several else f"x[{part}]"
        if context.data.windows is not None:
            code = f"windows({code}, begins, {rows[item.name]})"
        made.append(_placed(_cast(code, spec), len(spec.shape), context))
    return listed(made) if several else made[0]


def _cast(code: str, spec: TensorSpec) -> str:
    if spec.dtype == "string":
        return code
    # NumPy has no bfloat16 of its own; Keras casts on the way in.
    dtype = "float32" if spec.dtype == "bfloat16" else spec.dtype
    return f"{code}.astype({string(dtype)})"


def _placed(code: str, rank: int, context: DataContext) -> str:
    return f"channels_first({code})" if context.channels_first and rank >= 4 else code


def _uses_index(context: DataContext) -> bool:
    weights = context.data.weights
    return bool(context.data.target) or (weights is not None and weights.column is not None)


def _targets_code(context: DataContext) -> Code:
    targets = {output.name: _target(output, context) for output in context.outputs}
    if isinstance(context.graph.outputs, TensorRef):
        return next(iter(targets.values()))
    if isinstance(context.graph.outputs, Mapping):
        return mapped(targets)
    return listed(targets.values())


def _target(output: OutputSpec, context: DataContext) -> str:
    data = context.data
    several = len(context.features) > 1
    if not data.target:
        name = output.name if several else ""
        code, labels = f"x[part][{string(name)}]" if several else "x[part]", False
    else:
        column = data.target[output.name if output.name in data.target else ""]
        steps = [entry for entry in column_steps(data) if entry.name == column]
        labels = column in infer_schema(data).class_indices and not steps
        code = f"columns[{string(column)}][index]"
        if data.windows is not None:
            code = forecast_rows(column, data.windows)
    if output.encoded:
        whole = output.target is not None and len(output.target.shape) == len(output.spec.shape)
        code = f"{code}[..., 0]" if whole else code
        return f"one_hot({code}, {output.spec.shape[-1]})"
    fed = fed_target(output)
    rank = 0 if output.target is None else len(output.target.shape)
    if fed is not None and fed.shape[-1] == 1 and rank == len(fed.shape) - 1:
        code = f"{code}[..., np.newaxis]"
    code = f'{code}.astype("int32")' if labels else f"as_targets({code})"
    return _placed(code, 0 if fed is None else len(fed.shape), context)
