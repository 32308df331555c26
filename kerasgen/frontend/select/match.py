"""Which entries of an expanded model a selector means, nested models included.

This room owns patterns: classes, globs on names, and what is said of one that matches nothing. It
must not know what is done with the entries that it finds.

Decisions:
- A pattern is a class if some entry has exactly this `class` (`Dropout`, `layers.Dropout` and
  `keras.layers.Dropout` are one), else a glob on the entries' names. Inside a nested model an
  entry has its own name and a dotted one: `conv*` finds `encoder.conv1`, and so does `encoder.*`.
- An entry that calls a layer again (`is`) has no arguments to set, and wildcards pass it over
  there; it is taken out with its layer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from kerasgen.diagnostics import Sink, did_you_mean
from kerasgen.frontend.compose.selector_syntax import Selector, place_in
from kerasgen.frontend.entry_names import named_entries
from kerasgen.frontend.grammar import is_model, join

_WILDCARDS = "*?["


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An entry of the model or of one inside it.

    Attributes:
        name: its name, with those of the models around it before it: `encoder.conv1`.
        path: its key path.
        layers: the `layers` that it stands in, by name or by number.
        key: its name or number there.
        by_class: whether it was found by its class.
    """

    name: str
    path: str
    layers: Any
    key: Any
    by_class: bool = False

    @property
    def value(self) -> Any:
        """The entry itself, as it is now."""
        return self.layers[self.key]

    @property
    def own_name(self) -> str:
        """Its name without those around it."""
        return self.name.rpartition(".")[2]

    @property
    def again(self) -> str | None:
        """The entry whose layer it calls again, if it does."""
        reused = self.value.get("is") if isinstance(self.value, Mapping) else None
        return reused if isinstance(reused, str) else None


def entries_of(section: Any, path: str, *, all_of_them: bool = False) -> Iterator[Found]:
    """The entries of a model and of the models inside it, outermost first.

    Args:
        section: the model.
        path: its key path.
        all_of_them: whether those that were taken out count as well.
    """
    waiting = [(section, path, "")]
    while waiting:
        model, at, prefix = waiting.pop(0)
        layers = model.get("layers")
        if not isinstance(layers, dict | list):
            continue
        keys = list(layers) if isinstance(layers, dict) else range(len(layers))
        for key, (name, value, where) in zip(
            keys, named_entries(layers, join(at, "layers")), strict=True
        ):
            if all_of_them or not is_out(value):
                full = f"{prefix}{name}"
                yield Found(name=full, path=where, layers=layers, key=key)
                waiting += _models(value, where, f"{full}.")


def _models(value: Any, path: str, prefix: str) -> Iterator[tuple[dict[str, Any], str, str]]:
    """The models in an entry, itself or an argument of it, with their key paths and prefixes."""
    if isinstance(value, dict) and is_model(value):
        yield value, path, prefix
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _models(item, join(path, key), f"{prefix}{key}.")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _models(item, join(path, index), f"{prefix}{index}.")


def is_out(value: Any) -> bool:
    """Whether an entry was taken out; of those that a user wrote, expansion left none."""
    return isinstance(value, Mapping) and value.get("if") is False


def class_of(value: Any) -> str | None:
    """The class that an entry or an object names, None if it names none."""
    cls = value.get("class") if isinstance(value, Mapping) else value
    return cls if isinstance(cls, str) else None


def _bare(cls: str | None) -> str | None:
    """A class without the modules that may be left away."""
    return None if cls is None else cls.removeprefix("keras.").removeprefix("layers.")


def matches_of(selector: Selector, entries: Sequence[Found]) -> list[Found]:
    """The entries that a selector means."""
    wanted = _bare(selector.pattern)
    of_class = [found for found in entries if _bare(class_of(found.value)) == wanted]
    if of_class:
        return [replace(found, by_class=True) for found in of_class]
    pattern = selector.pattern
    named = [
        found
        for found in entries
        if fnmatchcase(found.name if "." in pattern else found.own_name, pattern)
    ]
    if selector.operator != "~" and any(sign in pattern for sign in _WILDCARDS):
        return [found for found in named if found.again is None] or named
    return named


def inside_of(selector: Selector, entries: Sequence[Found]) -> Found | None:
    """The entry in which a selector looks, by its name or its key path."""
    paths = (f"model.layers.{selector.inside}", f"model.{selector.inside}")
    for found in entries:
        if found.name == selector.inside or found.path in paths:
            return found
    return None


def entries_inside(name: str, entries: Sequence[Found]) -> list[Found]:
    """The entries of the models in an entry, with the names that they have from there."""
    around = f"{name}."
    return [
        replace(found, name=found.name.removeprefix(around))
        for found in entries
        if found.name.startswith(around)
    ]


def report_no_holder(
    selector: Selector, holder: Found | None, entries: Sequence[Found], sink: Sink
) -> None:
    """Reports a selector into an entry that is not there, or has no layers (KG110)."""
    inside = selector.inside
    place = place_in(selector.text, selector.key, selector.text.index(inside), len(inside), sink)
    if holder is None:
        names = [found.name for found in entries]
        hint = did_you_mean(inside, names, listed=12)
        entry = inside.removesuffix(".layers")
        if entry != inside and entry in names:
            whole = selector.text.replace(f"{inside}[", f"{entry}[", 1)
            hint = f"a selector names the entry alone: write `{whole}`"
        sink.report_at("KG110", f"there is no entry `{inside}`", location=place, help=hint)
        return
    cls = class_of(holder.value)
    what = f"a `{cls}`" if cls else "no model"
    hint = f"to change the entry itself, write `model.layers.{inside}.…`"
    sink.report_at("KG110", f"`{inside}` is {what}, which has no layers", location=place, help=hint)


def report_nothing(selector: Selector, entries: Sequence[Found], sink: Sink) -> None:
    """Reports a selector that means none of the entries (KG110)."""
    pattern = selector.pattern
    classes = [cls for found in entries if (cls := class_of(found.value)) is not None]
    names = [found.name for found in entries]
    at = selector.text.index("[") + 1
    place = place_in(selector.text, selector.key, at, len(pattern), sink)
    inside = _holder(pattern, entries)
    if inside is not None:
        hint: str | None = f"it stands inside `{inside[0]}`: write `model.layers[{inside[1]}.…`"
    elif any(sign in pattern for sign in _WILDCARDS):
        hint = did_you_mean(pattern.strip("*?"), [*classes, *names], listed=0)
        hint = hint or "the entries are " + ", ".join(f"`{name}`" for name in names[:12])
    elif any(name.startswith(f"{pattern}_") for name in names):
        hint = f"its entries have names of their own: write `model.layers[{pattern}_*]…`"
    else:
        hint = did_you_mean(pattern, [*classes, *names], listed=20)
    text = f"no entry has the class or the name `{pattern}`"
    if not entries:
        text, hint = f"`{pattern}` matches nothing: the model has no entries", None
    sink.report_at("KG110", text, location=place, help=hint)


def _holder(pattern: str, entries: Sequence[Found]) -> tuple[str, str] | None:
    """The entry in whose arguments an object of the class stands, and the way there."""
    for found in entries:
        if isinstance(found.value, Mapping) and not is_model(found.value):
            for key, item in found.value.items():
                if key != "class" and isinstance(item, Mapping) and class_of(item) == pattern:
                    return found.name, f"{class_of(found.value) or found.name}].{key}"
    return None
