"""A whole experiment as one Python script that needs Keras and no kerasgen.

This room owns the order of a script's parts, its imports, and which functions it quotes: both are
read off the text, so that a script has what it uses and nothing else. What each part says stands in
the modules beside this one, and what it calls in `kerasgen.runtime`.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from kerasgen.catalog.entries import Catalog
from kerasgen.diagnostics import Sink
from kerasgen.emit.script.calls import ModelContext
from kerasgen.emit.script.code import WIDTH, Names, call, docstring, prose, statement, string
from kerasgen.emit.script.data import preprocess_function
from kerasgen.emit.script.fitting import train_function
from kerasgen.emit.script.imports import Import, import_lines
from kerasgen.emit.script.model import model_functions
from kerasgen.emit.script.objects import WRAPPERS, imported_from
from kerasgen.emit.script.quote import Quotations, free_names
from kerasgen.emit.script.sources import (
    SourceContext,
    as_they_are,
    load_function,
    path_options,
)
from kerasgen.emit.script.steps import DataContext
from kerasgen.emit.script.training import (
    TrainingContext,
    compile_functions,
    main_function,
    options_function,
    save_function,
    set_up_function,
)
from kerasgen.ir.data import DataDef
from kerasgen.ir.graph import inner_graphs
from kerasgen.ir.program import FitDef, Program
from kerasgen.passes.augmentation import augmentation_of
from kerasgen.passes.class_weights import index_weights, known_classes, weighing_key
from kerasgen.passes.columns import declared_shape
from kerasgen.passes.compiled import CompiledProgram
from kerasgen.passes.ends import OutputSpec
from kerasgen.runtime.source_call import SourceCall

_KNOWN = (
    *(Import(module) for module in ("argparse", "json", "os", "sys", "keras")),
    Import("pathlib", "Path"),
    Import("fnmatch", "fnmatchcase"),
    Import("functools", "partial"),
    Import("numpy", alias="np"),
    Import("keras", "layers"),
    Import("keras", "ops"),
)
"""What the script's own text takes from elsewhere."""

_ENTRANCE = """\
if __name__ == "__main__":
    # Keras reads its backend from the environment, once, when it is imported.
    os.environ["KERAS_BACKEND"] = parse_arguments().backend
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")"""


def eject(
    compiled: CompiledProgram, source: SourceCall, catalog: Catalog, *, origin: str, sink: Sink
) -> str:
    """Writes the script that trains what a program trains, to the same numbers.

    Args:
        compiled: the program, compiled.
        source: how its data is read.
        catalog: where class names are found.
        origin: the command that made the script, for its docstring.
        sink: gets what cannot be written: KG611.

    Returns:
        The script, formatted as Ruff and Black would, with a newline at its end.

    Raises:
        CompileError: some part of the config has no form in a script.
    """
    program = replace(
        compiled.program,
        data=as_they_are(compiled.program.data, compiled.outputs),
        fit=_with_indices(compiled.program, sink),
    )
    foreign = _foreign(catalog, sink)
    _report_unwritten(compiled.program.fit, sink)
    sink.stop_on_errors()
    found = catalog.find(program.data.source.cls, ("source",))
    own = found if found is not None and found.origin else None
    context = SourceContext(
        data=program.data,
        source=source,
        classes={output: _classes(output, compiled.outputs) for output in program.data.target},
        given=program.data.split.takes_given,
        own=own,
    )
    function = source.function
    roots = {} if own else {function.__name__: (function.__module__, function.__name__)}
    quotations = Quotations(roots=roots)
    parts = _parts(program, compiled, context, catalog, quotations)
    return _assemble(_title(program, origin), parts, quotations, foreign)


def _parts(
    program: Program,
    compiled: CompiledProgram,
    loading: SourceContext,
    catalog: Catalog,
    quotations: Quotations,
) -> list[str]:
    """The functions of a script in order, its options first; names for those that are quoted."""
    graph = compiled.graph
    first = program.backend.image_data_format == "channels_first"
    model, deep = model_functions(
        graph,
        ModelContext(
            catalog=catalog,
            specs=compiled.specs,
            floatx=program.backend.floatx,
            channels_first=first,
            functions=Names(taken=set(_reserved(quotations))),
        ),
        policy=program.backend.dtype_policy,
    )
    training = TrainingContext(
        program=program,
        objective=compiled.objective,
        catalog=catalog,
        augmentation=augmentation_of(program.data, graph, compiled.outputs),
        paths=path_options(loading.source),
        deep=len(graph.calls) if deep else 0,
        phases=compiled.phases,
        inner=tuple(inner_graphs(graph)),
    )
    return [
        options_function(training),
        set_up_function(training),
        load_function(loading),
        preprocess_function(_data_context(program, compiled, catalog)),
        *model,
        *compile_functions(training),
        train_function(training),
        "evaluate",
        *(["predict", save_function()] if program.tracking.model else []),
        main_function(training),
    ]


def _data_context(program: Program, compiled: CompiledProgram, catalog: Catalog) -> DataContext:
    return DataContext(
        data=program.data,
        features=program.data.features,
        whole=_whole(program.data),
        graph=compiled.graph,
        specs=compiled.specs,
        outputs=compiled.outputs,
        channels_first=program.backend.image_data_format == "channels_first",
        catalog=catalog,
        preparation=compiled.preparation.preparation,
    )


def _whole(data: DataDef) -> frozenset[str]:
    """The columns that certainly have more than one axis: alone in an input of such a shape."""
    shapes = {name: declared_shape(data, name) for name in data.features}
    return frozenset(
        names[0]
        for name, names in data.features.items()
        if len(names) == 1 and len(shapes[name] or ()) > 1
    )


def _with_indices(program: Program, sink: Sink) -> FitDef:
    """The fit group with the names of classes that have weights as indices."""
    weights = program.fit.class_weight
    if not isinstance(weights, Mapping) or all(isinstance(key, int) for key in weights):
        return program.fit
    names, key = known_classes(program.data.facts), weighing_key(program)
    title = (key or "").rpartition(".")[2]
    for name in () if names else weights:
        if isinstance(name, str):
            sink.report(
                "KG611",
                f"`{title}` names the class `{name}`, and the order of the classes is known "
                "only when the data is opened",
                key=f"{key}.{name}",
                at="key",
                help="declare the names in their order: `data.facts.class_names: [...]`",
            )
    sink.stop_on_errors()
    found = index_weights(weights, names, sink, key)
    return replace(program.fit, class_weight={index: found[index] for index in found})


def _report_unwritten(fit: FitDef, sink: Sink) -> None:
    """Reports what of a training has no form in a script."""
    if fit.initial_weights is not None:
        sink.report(
            "KG611",
            "a script starts from weights that are drawn",
            key="fit.initial_weights",
            help="write `fit.initial_weights=null`, and load them in the script",
        )


def _classes(output: str, outputs: Sequence[OutputSpec]) -> int | None:
    known = {one.name: one.classes for one in outputs}
    return known.get(output, outputs[0].classes if len(outputs) == 1 else None)


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


def _registrations(used: Sequence[_Foreign]) -> list[str]:
    """The lines that tell Keras how to find what is one's own in a saved model."""
    lines = []
    saved = [one for one in used if one.title is not None]
    for one in sorted(saved, key=lambda one: one.attribute):
        title = "" if one.title == one.attribute else f", {string(one.title or '')}"
        register = f"register_keras_serializable({string(one.module)}{title})"
        lines += statement(f"keras.saving.{register}", call("", one.attribute), depth=0)
    return lines


def _assemble(
    title: str,
    parts: Sequence[str],
    quotations: Quotations,
    foreign: Mapping[str, _Foreign],
) -> str:
    """Puts a script together: what each function needs stands before it, constants before all."""
    imports = {one.name: one for one in _KNOWN}
    blocks: list[str] = []
    constants: list[str] = []
    for part in parts:
        for quoted in quotations.reached_from(part):
            imports |= quoted.imports
            (constants if quoted.constant else blocks).append(quoted.text)
        if not part.isidentifier():
            blocks.append(part)
    names = free_names("\n".join([_ENTRANCE, *constants, *blocks]))
    wanted = [one for name, one in imports.items() if name in names]
    used = [one for name, one in foreign.items() if name.partition(".")[0] in names]
    late = [one for one in wanted if not one.standard]
    late += [Import(one.module, one.attribute) for one in used]
    early = import_lines([one for one in wanted if one.standard], late=False)
    registrations = _registrations(used)
    entrance = [_ENTRANCE, "", *import_lines(late, late=True), *([""] if registrations else [])]
    options = blocks.pop(0)
    whole = [
        "\n".join([title, "", *early]),
        options,
        "\n\n".join(["\n".join([*entrance, *registrations]), *constants]),
        *blocks,
        'if __name__ == "__main__":\n    main()',
    ]
    return "\n\n\n".join(whole) + "\n"


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


def _reserved(quotations: Quotations) -> Iterable[str]:
    """The names that a script uses for what it imports and defines."""
    yield from (one.name for one in _KNOWN)
    yield from quotations.names()
    yield from ("parse_arguments", "set_up", "load_data", "preprocess", "build_model")
    yield from ("compile_model", "train", "save_and_reload", "main")
