"""JSON Schema for objects: every class of a catalog with its arguments, and what stands for one.

This room owns the form of an object in a schema: a mapping with `class`, whose arguments follow
from the class, or a bare name. What the entries of a model have beyond that stands next door.

Which arguments are known is a chain of conditions on `class`, first by kind and initial, then by
name: an editor that looks at one object tries some forty conditions in place of five hundred.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from kerasgen.catalog.entries import DOTTED, MODULES, Catalog, ClassEntry, Kind
from kerasgen.emit.schema.values import REFERENCE, Schema, argument, enumeration, one_of, ref
from kerasgen.frontend.grammar import ENTRY_KEYS, MODEL_KINDS

_UNSUGGESTED: Schema = {"doNotSuggest": True}
"""A property that an editor proposes from elsewhere, or not at all.

The word is not of the standard, and beside a `$ref` it would not count.
"""

CALLED: tuple[Kind, ...] = ("layer", "op", "application")
"""Kinds whose objects can be entries of a model."""


def class_definitions(catalog: Catalog) -> dict[str, Schema]:
    """One definition for each class, `layer.Dense`: its arguments, none of them required."""
    found: dict[str, Schema] = {}
    for kind, entries in catalog.entries.items():
        for name, entry in entries.items():
            found[_definition(kind, name)] = _class_schema(entry, found)
    return found


def object_definitions(catalog: Catalog, kinds: Sequence[Kind]) -> dict[str, Schema]:
    """Definitions for a value that is an object of some kinds, by the kinds joined with `_or_`.

    `initializer` is the value: a word, a bare class, an object, or a list of these;
    `initializer_word` the words alone; `initializer_object` the mapping, with its arguments
    checked where it has a class; `initializer_class` the name of the class.
    """
    title = "_or_".join(kinds)
    bare = bare_names(catalog, kinds)
    known = list(dict.fromkeys((*catalog.words(kinds), *bare)))
    others: list[Schema] = [
        {"type": "object", "allOf": [ref(f"{title}_object")]},
        {"type": "array", "items": ref(title)},
    ]
    if kinds == ("schedule",):
        others.append({"type": "number"})
    # A policy may be named after a quantization: `int8_from_float32`.
    pattern = f"{REFERENCE}|_from_" if "dtype_policy" in kinds else REFERENCE
    mapping: Schema = {
        "type": "object",
        "properties": {"class": ref(f"{title}_class")},
        "if": {"required": ["class"]},
        "then": choose(catalog, kinds, complete=True),
    }
    if "layer" in kinds:
        mapping["properties"] |= dict.fromkeys(ENTRY_KEYS, False)
        mapping = {
            "if": {"anyOf": [{"required": ["layers"]}, is_model()]},
            "then": ref("model"),
            "else": mapping,
        }
    return {
        title: one_of(ref(f"{title}_word"), *others, pattern=pattern),
        f"{title}_word": enumeration([*known, None]),
        f"{title}_object": mapping,
        f"{title}_class": class_names(catalog, kinds),
    }


def class_names(
    catalog: Catalog, kinds: Sequence[Kind], *, further: Mapping[str, str] | None = None
) -> Schema:
    """What `class` may hold: the names of some kinds, with the first lines of their documentation.

    Args:
        catalog: the classes.
        kinds: which kinds.
        further: further names, with what is said of them.
    """
    told = {
        name: entry.summary
        for kind in kinds
        for name, entry in zip(catalog.names((kind,)), _entries(catalog, kind), strict=True)
    }
    told = {**(further or {}), **told}
    modules = "|".join(MODULES[kind].replace(".", r"\.") for kind in kinds if kind not in DOTTED)
    # Other ways to write a known name: with its module, as in `ops.nn.relu` and `losses.Huber`.
    dotted = r"^keras\.|^ops\.[a-z]+\." + (rf"|^({modules})\." if modules else "")
    pattern = f"{dotted}|{REFERENCE}"
    return {
        "type": "string",
        **one_of(enumeration(list(told), list(told.values())), pattern=pattern),
    }


def bare_names(catalog: Catalog, kinds: Sequence[Kind]) -> list[str]:
    """Names that may stand without arguments, since none is required."""
    return [
        written
        for kind in kinds
        for written, entry in zip(catalog.names((kind,)), _entries(catalog, kind), strict=True)
        if not _required(entry)
    ]


def choose(catalog: Catalog, kinds: Sequence[Kind], *, complete: bool) -> Schema:
    """The arguments of whatever class a mapping names.

    Args:
        catalog: the classes.
        kinds: which kinds; of two classes of one name the first kind's counts.
        complete: whether the required arguments must be there.
    """
    branches: dict[str, Schema] = {}
    for kind in kinds:
        names = catalog.names((kind,))
        for written, name, entry in zip(
            names, catalog.entries.get(kind, {}), _entries(catalog, kind), strict=True
        ):
            branch = ref(_definition(kind, name))
            if complete and _required(entry):
                # Beside a `$ref` other keywords would not count.
                branch = {"allOf": [branch], "required": _required(entry)}
            branches.setdefault(written, branch)
    return {"allOf": _grouped(branches, _stem)}


def is_model() -> Schema:
    """The condition that a mapping says that it is a model."""
    return {"required": ["class"], "properties": {"class": {"enum": list(MODEL_CLASSES)}}}


_KINDS = {"Sequential": "A chain of layers.", "Functional": "A graph of layers."}

MODEL_CLASSES: Mapping[str, str] = {name: _KINDS[kind] for name, kind in MODEL_KINDS.items()}
"""Classes whose objects have layers of their own, and what they are."""


def _grouped(branches: Mapping[str, Schema], stem: Callable[[str], str]) -> list[Schema]:
    groups: dict[str, dict[str, Schema]] = {}
    for name, branch in branches.items():
        groups.setdefault(stem(name), {})[name] = branch
    found: list[Schema] = []
    for group in groups.values():
        inner = [_when((name,), branch) for name, branch in group.items()]
        found += inner if len(inner) < 3 else [_when(group, {"allOf": inner})]
    return found


def _when(names: Iterable[str], then: Schema) -> Schema:
    wanted = list(names)
    test: Schema = {"const": wanted[0]} if len(wanted) == 1 else {"enum": wanted}
    return {"if": {"properties": {"class": test}}, "then": then}


def _stem(name: str) -> str:
    """The module of a dotted name with the initial, or the initial alone."""
    module, _, last = name.rpartition(".")
    return f"{module}.{last[:1]}"


def _class_schema(entry: ClassEntry, shared: dict[str, Schema]) -> Schema:
    properties: Schema = {"class": {}}
    properties |= {name: argument(p) for name, p in entry.parameters.items() if not p.variadic}
    if entry.kind in CALLED:
        properties |= dict.fromkeys(ENTRY_KEYS, _UNSUGGESTED)
        if entry.call and not entry.open_ended:
            call = {"allOf": [ref(_call_definition(entry, shared))], **_UNSUGGESTED}
            properties |= {"from": call, "with": call}
        if "name" in properties:  # an entry's key is its name
            properties["name"] = {"allOf": [properties["name"]], **_UNSUGGESTED}
    if entry.kind == "optimizer":
        properties["defaults"] = _UNSUGGESTED  # a file of the group may be made of others
    schema: Schema = {"description": entry.summary} if entry.summary else {}
    schema["properties"] = properties
    if not entry.open_ended:
        schema["additionalProperties"] = False
    return schema


def _call_definition(entry: ClassEntry, shared: dict[str, Schema]) -> str:
    """The name of the definition of the call's arguments, which many classes have in common.

    Only a mapping has keys to be checked: a tensor's name under `from` passes.
    """
    names = [name for name, parameter in entry.call.items() if not parameter.variadic]
    title = ".".join(("call", *names))
    shared.setdefault(
        title, {"properties": {name: {} for name in names}, "additionalProperties": False}
    )
    return title


def _required(entry: ClassEntry) -> list[str]:
    return [name for name, parameter in entry.parameters.items() if parameter.required]


def _entries(catalog: Catalog, kind: Kind) -> list[ClassEntry]:
    return list(catalog.entries.get(kind, {}).values())


def _definition(kind: Kind, name: str) -> str:
    return f"{kind}.{name}"
