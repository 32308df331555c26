"""Classes and arguments that are not there, and what was likely meant by them.

This room owns the words for an unknown class, and for an unknown and a missing argument. What had
another name once stands in `former_names` and `former_arguments`; whether a name is known is asked
in `catalog_check`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kerasgen.catalog.entries import DOTTED, FOREIGN_PACKAGES, MODULES, Catalog, ClassEntry, Kind
from kerasgen.diagnostics import CompileError, Diagnostic, Sink, Suggestion, did_you_mean
from kerasgen.ir.values import ObjectDef
from kerasgen.passes.former_names import former_name
from kerasgen.passes.restated_arguments import Former

ANY_OBJECT: tuple[Kind, ...] = tuple(kind for kind in MODULES if kind not in (*DOTTED, "source"))
"""What an object may be where the argument does not say."""

_HYDRA_WORDS: Mapping[str, str] = {
    "_target_": "leave it out: `class` says what is made",
    "_partial_": "leave it out: kerasgen makes an object when it has all that it needs",
    "_recursive_": "leave it out: objects inside of objects are always made",
    "_convert_": "leave it out: arguments are plain values",
    "_args_": "write each of them with its name",
}
"""Words of Hydra's `instantiate`, which makes nothing here."""


class UnknownNamesError(CompileError):
    """The end of a stage in which names were met that the catalog does not have.

    Attributes:
        names: the names; each may be that of a part of one's own that was not loaded.
    """

    def __init__(self, diagnostics: Sequence[Diagnostic], names: Sequence[str]) -> None:
        super().__init__(diagnostics)
        self.names = tuple(names)


def report_unknown_class(
    definition: ObjectDef, kinds: Sequence[Kind], catalog: Catalog, sink: Sink
) -> None:
    """Reports KG201 for an object whose class is not known."""
    words = " or ".join(sorted({kind.replace("_", " ") for kind in kinds if kind not in DOTTED}))
    title = words if len(kinds) <= 3 else "public class"
    sink.report(
        "KG201",
        f"there is no {title} `{definition.cls}`",
        key=f"{definition.path}.class",
        help=_help_for_class(definition, kinds, catalog),
    )


def _help_for_class(definition: ObjectDef, kinds: Sequence[Kind], catalog: Catalog) -> str | None:
    last = definition.cls.rpartition(".")[2]
    if (former := former_name(definition, kinds, catalog)) is not None:
        return former
    if "." in definition.cls and catalog.find(last, kinds) is not None:
        return Suggestion(f"write `{last}`, without a module", last)
    if module := _module_in(definition.cls):
        if (owner := FOREIGN_PACKAGES.get(module.partition(".")[0])) is not None:
            return f"{owner} has its own classes: write the one of Keras that does the same"
        return (
            f"a config names no module: write `{last}`, register it with "
            f"`@kerasgen.register`, and run with `--trust {module}`"
        )
    if definition.cls in catalog.words(("activation",)) and "layer" in kinds:
        return f"write `{{class: Activation, activation: {definition.cls}}}`"
    other = catalog.find(definition.cls, ANY_OBJECT)
    if other is not None and len(kinds) <= 3:
        return f"`{definition.cls}` is of the kind {other.kind.replace('_', ' ')}"
    names = [*catalog.names(kinds), *(catalog.words(kinds) if definition.bare else ())]
    near = did_you_mean(definition.cls, names, listed=20)
    if not definition.cls.isidentifier() or not definition.cls[:1].isupper():
        return near
    own = "one of your own is registered with `@kerasgen.register` and named by `--trust MODULE`"
    if near is None:
        return own
    if not isinstance(near, Suggestion):
        return f"{near}; {own}"
    if not near.sure and _is_called_after(definition.cls, near.replacement.rpartition(".")[2]):
        return Suggestion(f"{near} {own}", near.replacement, sure=False)
    return near


def _is_called_after(name: str, known: str) -> bool:
    """Whether a name says what a class of one's own is made of: `MyDense`, `AttentionGate`."""
    before, found, behind = name.partition(known)
    return bool(found) and (len(before) > 1 or (len(behind) > 2 and behind[0].isupper()))


def _module_in(name: str) -> str | None:
    """The module that a dotted name names, None for a name of Keras's and one without a module."""
    module = name.rpartition(".")[0]
    first = module.partition(".")[0]
    keras_names = {"keras", *(path.partition(".")[0] for path in MODULES.values())}
    return None if not module or first in keras_names or "(" in name else module


def report_unknown_argument(
    definition: ObjectDef, found: ClassEntry, name: str, former: Former | None, sink: Sink
) -> None:
    """Reports KG202 for an argument that a class does not have.

    Args:
        definition: the object as written.
        found: its class.
        name: the argument.
        former: what became of it, where the class had it once.
        sink: gets the mistake.
    """
    path = f"{definition.path}.{name}"
    help_text: str | None
    cls_place = sink.locate(f"{definition.path}.class", "value")
    if cls_place.override is not None and sink.locate(path, "key").override is None:
        help_text = (
            f"`{name}` stands in the chosen file, into which `{cls_place.override}` was merged: "
            f"choose another file of the group (as in `optimizer=sgd`), or delete it with `~{path}`"
        )
    elif name == "_target_" and "class" not in sink.beside(definition.path, ("class",), name):
        module = _module_in(str(definition.arguments[name]))
        target = str(definition.arguments[name]).rpartition(".")[2]
        trust = "" if module is None else f", and run with `--trust {module}`"
        help_text = f"write `class: {target}` in its place{trust}: a config names no module"
    elif name in _HYDRA_WORDS:
        help_text = _HYDRA_WORDS[name]
    elif former is not None and name not in found.call:
        help_text = former.help
    elif found.kind == "activation":
        help_text = (
            "an activation function takes no arguments: use a layer that has them, "
            "as in `{class: LeakyReLU, negative_slope: 0.1}`"
        )
    elif name in found.call:
        where = "from" if found.call[name].tensor else "with"
        help_text = f"it is an argument of the call: write it under `{where}`"
    else:
        help_text = did_you_mean(name, found.parameters, listed=15)
    sink.report(
        "KG202", f"`{definition.cls}` has no argument `{name}`", key=path, at="key", help=help_text
    )


def missing_arguments(definition: ObjectDef, found: ClassEntry) -> list[str]:
    """The arguments that a class requires and an object is not given."""
    required = [name for name, parameter in found.parameters.items() if parameter.required]
    return [name for name in required if name not in definition.arguments]


def report_missing_argument(definition: ObjectDef, name: str, sink: Sink) -> None:
    """Reports KG203 for an argument that is required and not given."""
    sink.report(
        "KG203",
        f"`{definition.cls}` has no `{name}`",
        key=definition.path,
        at="key",
        help=f"write `{name}: …`",
    )
