"""A whole experiment as one Python script that needs Keras and no kerasgen.

This room owns the order of a script's parts, its imports, and which helper functions it has: both
are read off the text, so that a script has what it uses and nothing else. What each part says
stands in the `script_*` modules beside this one.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from kerasgen.catalog.entries import Catalog
from kerasgen.diagnostics import Sink, did_you_mean
from kerasgen.emit.script import functions as texts
from kerasgen.emit.script.calls import ModelContext
from kerasgen.emit.script.code import WIDTH, Names, call, docstring, prose, statement, string
from kerasgen.emit.script.columns import SourceContext, as_they_are
from kerasgen.emit.script.data import preprocess_function, split_function, takes_given
from kerasgen.emit.script.files import table_function
from kerasgen.emit.script.model import model_functions
from kerasgen.emit.script.objects import WRAPPERS, imported_from
from kerasgen.emit.script.sources import load_function
from kerasgen.emit.script.steps import DataContext
from kerasgen.emit.script.training import (
    TrainingContext,
    compile_function,
    evaluate_function,
    main_function,
    options_function,
    predict_function,
    save_function,
    set_up_function,
    train_function,
)
from kerasgen.ir.graph import ModelGraph
from kerasgen.ir.program import CompileDef, FitDef, Program
from kerasgen.passes.ends import OutputSpec
from kerasgen.passes.shapes import Specs

_STANDARD: Mapping[str, str] = {
    "argparse": "import argparse",
    "csv": "import csv",
    "io": "import io",
    "json": "import json",
    "os": "import os",
    "sys": "import sys",
    "tarfile": "import tarfile",
    "zipfile": "import zipfile",
    "fnmatchcase": "from fnmatch import fnmatchcase",
}
"""Name to the line of the standard library that imports it, in order."""

_KERAS: Mapping[str, str] = {
    "keras": "import keras  # noqa: E402",
    "np": "import numpy as np  # noqa: E402",
    "layers": "from keras import {}  # noqa: E402",
    "ops": "from keras import {}  # noqa: E402",
    "Image": "from PIL import Image  # noqa: E402",
    "datasets": "from sklearn import datasets  # noqa: E402",
    "StratifiedShuffleSplit": "from sklearn.model_selection import StratifiedShuffleSplit"
    "  # noqa: E402",
}
"""Name to the line that imports it, once the engine is chosen, in order."""

_ENTRANCE = """\
if __name__ == "__main__":
    # Keras reads its backend from the environment, once, when it is imported.
    os.environ["KERAS_BACKEND"] = parse_arguments().backend
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")"""


def eject(
    program: Program,
    *,
    graph: ModelGraph,
    specs: Specs,
    outputs: Sequence[OutputSpec],
    objective: CompileDef,
    catalog: Catalog,
    columns: tuple[str, ...],
    origin: str,
    sink: Sink,
) -> str:
    """Writes the script that trains what a program trains, to the same numbers.

    Args:
        program: the program as written.
        graph: the model as it is built, layout included.
        specs: the specs of its tensors.
        outputs: its outputs beside their targets, channels last.
        objective: loss and metrics, settled for every output.
        catalog: where class names are found.
        columns: the columns of a source whose columns are known beforehand, empty for others.
        origin: the command that made the script, for its docstring.
        sink: gets what cannot be written: KG611.

    Returns:
        The script, formatted as Ruff and Black would, with a newline at its end.

    Raises:
        CompileError: some part of the config has no form in a script.
    """
    program = replace(
        program,
        data=as_they_are(program.data, outputs),
        fit=_with_indices(program, sink),
    )
    first = program.backend.image_data_format == "channels_first"
    foreign = _foreign(catalog, sink)
    sink.stop_on_errors()
    source = SourceContext(
        data=program.data,
        names=columns,
        classes={output: _classes(output, outputs) for output in program.data.target},
        given=takes_given(program.data),
        own=catalog.find(program.data.source.cls, ("source",)),
    )
    loading = load_function(source, sink)
    data = DataContext(
        data=program.data,
        features=loading.features,
        whole=loading.whole,
        graph=graph,
        specs=specs,
        outputs=outputs,
        channels_first=first,
        catalog=catalog,
    )
    model, deep = model_functions(
        graph,
        ModelContext(
            catalog=catalog,
            specs=specs,
            floatx=program.backend.floatx,
            channels_first=first,
            functions=Names(taken=set(_reserved())),
        ),
        policy=program.backend.dtype_policy,
    )
    training = TrainingContext(
        program=program,
        objective=objective,
        catalog=catalog,
        paths=loading.paths,
        deep=len(graph.calls) if deep else 0,
    )
    reading = [table_function(source)] if program.data.source.cls == "Csv" else []
    parts: list[str | Mapping[str, str]] = [
        set_up_function(training),
        _helpers_of(texts.LOADING, program),
        *reading,
        loading.function,
        _helpers_of(texts.PREPARING, program),
        split_function(data),
        preprocess_function(data),
        *model,
        compile_function(training),
        texts.TRAINING,
        train_function(training),
        evaluate_function(),
        *_results(program, bool(program.data.split.test)),
        main_function(training),
    ]
    options = options_function(training)
    functions = _with_used(parts, options)
    return _assemble(_title(program, origin), options, functions, foreign)


def _with_indices(program: Program, sink: Sink) -> FitDef:
    """The fit group with the names of classes that have weights as indices."""
    weights = program.fit.class_weight
    if not isinstance(weights, Mapping) or all(isinstance(key, int) for key in weights):
        return program.fit
    known = program.data.facts.get("class_names")
    known = next(iter(known.values()), ()) if isinstance(known, Mapping) else known
    names = [str(name) for name in known] if isinstance(known, tuple | list) else []
    missing = [key for key in weights if isinstance(key, str) and key not in names]
    for name in missing:
        sink.report(
            "KG514" if names else "KG611",
            f"`class_weight` names the class `{name}`, which the target does not have"
            if names
            else f"`class_weight` names the class `{name}`, and the order of the classes is known "
            "only when the data is opened",
            key=f"fit.class_weight.{name}",
            at="key",
            help=did_you_mean(name, names, listed=20)
            if names
            else "declare the names in their order: `data.facts.class_names: [...]`",
        )
    found = {names.index(k) if k in names else k: weight for k, weight in weights.items()}
    return replace(program.fit, class_weight=found)


def _classes(output: str, outputs: Sequence[OutputSpec]) -> int | None:
    known = {one.name: one.classes for one in outputs}
    return known.get(output, outputs[0].classes if len(outputs) == 1 else None)


def _results(program: Program, test: bool) -> list[str | Mapping[str, str]]:
    parts: list[str | Mapping[str, str]] = []
    if test or program.tracking.model:
        parts.append(predict_function())
    if program.tracking.model:
        parts += [texts.SAVING, save_function()]
    return parts


def _helpers_of(offered: Mapping[str, str], program: Program) -> Mapping[str, str]:
    """The helpers, as the element type of the data wants them."""
    if program.backend.floatx != "bfloat16" or "in_batches" not in offered:
        return offered
    line = "        batches.append(ops.convert_to_numpy(function(*batch)))"
    return {**offered, "in_batches": offered["in_batches"].replace(line, texts.BFLOAT16)}


def _with_used(parts: Iterable[str | Mapping[str, str]], options: str) -> list[str]:
    """The functions in their order, with those helpers that they or other helpers call."""
    offered = {n: text for part in parts if not isinstance(part, str) for n, text in part.items()}
    used = _names_in("\n".join([options, *(part for part in parts if isinstance(part, str))]))
    while True:
        wanted = {name for name in offered if name in used}
        more = _names_in("\n".join(offered[name] for name in wanted))
        if more <= used:
            break
        used |= more
    return [
        text
        for part in parts
        for text in (
            [part] if isinstance(part, str) else [t for name, t in part.items() if name in used]
        )
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Foreign:
    """A class or function that a script imports from elsewhere than Keras's public modules.

    Attributes:
        module: the module.
        attribute: its name there.
        title: the name by which Keras saves it, None where Keras knows it, or never saves it.
    """

    module: str
    attribute: str
    title: str | None = None


def _foreign(catalog: Catalog, sink: Sink) -> dict[str, _Foreign]:
    """Name in a script to what it stands for."""
    wrapper = WRAPPERS["loss"]
    found = {wrapper: _Foreign(module="keras.src.losses.losses", attribute=wrapper)}
    for kind, entries in catalog.entries.items():
        for entry in entries.values():
            if (place := imported_from(entry)) is None:
                continue
            module, attribute = place
            if module == "__main__" or "<locals>" in attribute:
                sink.report(
                    "KG611",
                    f"`{entry.name}` stands in no module, so that no script can import it",
                    help="move it to the top level of a module",
                )
            saved = entry.origin and kind not in ("callback", "source")
            found[attribute] = _Foreign(
                module=module, attribute=attribute, title=entry.name if saved else None
            )
    return found


def _import_lines(used: Sequence[_Foreign]) -> list[str]:
    """The lines that import what a script uses, and tell Keras how to find it in a saved model."""
    lines = []
    for module in sorted({one.module for one in used}):
        names = sorted({one.attribute.partition(".")[0] for one in used if one.module == module})
        line = f"from {module} import {', '.join(names)}  # noqa: E402"
        if len(line) <= WIDTH:
            lines.append(line)
        else:
            inner = [f"    {name}," for name in names]
            lines += [f"from {module} import (  # noqa: E402", *inner, ")"]
    saved = [one for one in used if one.title is not None]
    lines += [""] if saved else []
    for one in sorted(saved, key=lambda one: one.attribute):
        title = "" if one.title == one.attribute else f", {string(one.title or '')}"
        register = f"register_keras_serializable({string(one.module)}{title})"
        lines += statement(f"keras.saving.{register}", call("", one.attribute), depth=0)
    return lines


def _assemble(
    title: str, options: str, functions: Sequence[str], foreign: Mapping[str, _Foreign]
) -> str:
    entrance = _ENTRANCE
    names = _names_in("\n".join([options, entrance, *functions]))
    standard = [line for name, line in _STANDARD.items() if name in names]
    paths = [name for name in ("Path", "PurePosixPath") if name in names]
    standard += [f"from pathlib import {', '.join(paths)}"] if paths else []
    short = ", ".join(name for name in ("layers", "ops") if name in names)
    lines = [line.format(short) for name, line in _KERAS.items() if name in names]
    used = [one for name, one in foreign.items() if name.partition(".")[0] in names]
    imports = [*dict.fromkeys(lines), *_import_lines(used)]
    constants = [text for name, text in texts.CONSTANTS.items() if name in names]
    blocks = [
        "\n".join([title, "", *standard]),
        options,
        "\n".join([entrance, "", *imports]) + "".join(f"\n\n{constant}" for constant in constants),
        *functions,
        'if __name__ == "__main__":\n    main()',
    ]
    return "\n\n\n".join(blocks) + "\n"


def _names_in(text: str) -> set[str]:
    return {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}


def _title(program: Program, origin: str) -> str:
    name = prose(program.name)
    first = f"Trains the experiment `{name}`."
    if len(first) > WIDTH - 6:
        first = "Trains an experiment."
    made = textwrap.wrap(f"Written by `{prose(origin)}`.", WIDTH, break_on_hyphens=False)
    rest = textwrap.wrap(
        "It needs Keras and its backend, and what is imported below. With the same data it draws "
        "the same rows, first weights and batches as that config, so that its history is the same.",
        WIDTH,
    )
    return "\n".join(docstring("\n".join([first, "", *made, "", *rest]), depth=0))


def _reserved() -> Iterable[str]:
    """The names that a script uses for what it imports and defines."""
    yield from (*_STANDARD, *_KERAS, "Path", "PurePosixPath", *texts.CONSTANTS)
    for functions in (texts.LOADING, texts.PREPARING, texts.TRAINING, texts.SAVING):
        yield from functions
    yield from ("parse_arguments", "set_up", "read_table", "load_data", "split_rows")
    yield from ("preprocess", "build_model", "compile_model", "train", "evaluate", "predict")
    yield from ("save_and_reload", "main")
