"""Selection: selectors are applied to the expanded model, nested models included.

This room owns what a selector makes of the entries that it means, and where a value that it set was
written. It works on plain data, between expansion and parsing; how a selector is read stands in
`compose.selector_syntax`, which entries it means in `match`. It must not know which classes exist
or what they accept.

Decisions:
- What a class pattern means must be there in every entry: an entry that does not write `strides`
  has Keras's default, which nothing here can multiply, and leaving it out would change some
  layers in silence. A glob is taken for a pattern on the whole key path, and passes such over.
- Taking out marks an entry `if: false` and expands once more, so that one room alone knows who
  takes whose output. It also reads a `$name` in a selector's value, of which no parameter is left.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from kerasgen.diagnostics import Sink, describe, did_you_mean
from kerasgen.diagnostics.source_map import Mark, Replacement
from kerasgen.frontend.compose.origins import SetByOverride, trace_origins
from kerasgen.frontend.compose.selector_syntax import Selector, place_in, read_selectors
from kerasgen.frontend.expand.whole_model import LocatedConfig, expand_model
from kerasgen.frontend.grammar import SELECTORS, feature_names, join
from kerasgen.frontend.select.match import (
    Found,
    class_of,
    entries_inside,
    entries_of,
    inside_of,
    matches_of,
    report_no_holder,
    report_nothing,
)
from kerasgen.ir.trained_layers import TRAINABLE, are_rules, bare, is_factory, with_rule

_MISSING = object()


@dataclass(slots=True)
class _Work:
    """What goes on while selectors are applied.

    Attributes:
        sink: where mistakes go.
        places: key path to where its value was written.
        inner: the key paths with a place below them; to look for one would take seconds.
    """

    sink: Sink
    places: dict[str, Mark] = field(default_factory=dict)
    inner: set[str] = field(default_factory=set)

    def report(
        self,
        selector: Selector,
        code: str,
        message: str,
        hint: str | None,
        *,
        of_value: bool = False,
    ) -> None:
        """Reports what is wrong with a selector, at its argument or at its value."""
        begin, end = selector.spot
        if of_value:
            begin, end = selector.text.index("=") + 1, len(selector.text)
        place = place_in(selector.text, selector.key, begin, end - begin, self.sink)
        self.sink.report_at(code, message, location=place, help=hint)


def select_config(config: Mapping[str, Any], sink: Sink) -> LocatedConfig:
    """A config with its selectors applied to its model.

    Args:
        config: plain data with an expanded model; its selectors stand as text in a list.
        sink: gets every mistake, and knows where the expanded config was written.

    Returns:
        The config without the list, and where it was written now; its model is the one that was
        given if there is no selector.
    """
    selected = {key: value for key, value in config.items() if key != SELECTORS}
    written, model = config.get(SELECTORS) or [], config.get("model")
    if not written or not isinstance(model, Mapping):
        return LocatedConfig(config=selected, source_map=sink.source_map)
    known = len(sink.errors)
    selectors = read_selectors(written, sink)
    section, places = apply_selectors(model, selectors, sink)
    if len(sink.errors) > known:
        return LocatedConfig(config={**selected, "model": None}, source_map=sink.source_map)
    source_map = sink.source_map.through(Replacement(marks=places))
    again = expand_model(
        section, "model", sink.over(source_map), inputs=feature_names(config.get("data"))
    )
    if again.step is not None:
        # What entries were copied from is known already; here one is made of one.
        source_map = source_map.through(replace(again.step, copied=False))
    return LocatedConfig(config={**selected, "model": again.section}, source_map=source_map)


def apply_selectors(
    section: Mapping[str, Any], selectors: Sequence[Selector], sink: Sink, path: str = "model"
) -> tuple[dict[str, Any], dict[str, Mark]]:
    """Applies selectors to an expanded model, one after the other.

    Args:
        section: the model as plain data; it stays as it is.
        selectors: the selectors, with their values resolved.
        sink: gets KG110 for a selector that matches nothing, and what else cannot be done.
        path: key path of the model.

    Returns:
        The new section, in which entries that were taken out have `if: false`; and for each key
        path that was set, where the selector and its value stand.
    """
    changed: dict[str, Any] = copy.deepcopy(dict(section))
    work = _Work(sink)
    for selector in selectors:
        _apply(selector, changed, path, work)
    return changed, work.places


def _apply(selector: Selector, section: dict[str, Any], path: str, work: _Work) -> None:
    entries = list(entries_of(section, path))
    if selector.inside:
        holder = inside_of(selector, entries)
        if holder is not None and is_factory(class_of(holder.value)):
            _train_inside(selector, holder, work)
            return
        # A model that is an argument is no entry itself: `wrapped.layer`.
        within = entries_inside(selector.inside if holder is None else holder.name, entries)
        if not within:
            report_no_holder(selector, holder, entries, work.sink)
            return
        entries = within
    matches = matches_of(selector, entries)
    if not matches:
        report_nothing(selector, entries, work.sink)
    elif selector.operator != "~":
        _change(selector, matches, work)
    elif selector.steps:
        taken = [_take_argument(selector.steps, found) for found in matches]
        if not any(taken):
            _report_unwritten(selector, matches, work)
    else:
        _take_out(matches, entries)


def _train_inside(selector: Selector, holder: Found, work: _Work) -> None:
    """Notes in a factory's entry which of its layers are trained; they are not known here."""
    if selector.operator != "=" or selector.steps != (TRAINABLE,):
        message = f"of the layers of a factory, `{TRAINABLE}` alone can be set"
        hint = f"write `{selector.text.partition(']')[0].lstrip('+~')}].{TRAINABLE}=false`"
        work.report(selector, "KG111", message, hint)
        return
    if not isinstance(selector.value, bool):
        found = describe(selector.value)
        message = f"`{TRAINABLE}` is {found}, expected true or false"
        work.report(selector, "KG204", message, None, of_value=True)
        return
    entry = _opened(holder.layers, holder.key, making=True)
    written = entry.get(TRAINABLE, True)
    if not are_rules(written):
        return  # It is reported where it stands.
    entry[TRAINABLE] = with_rule(written, selector.pattern, selector.value)
    path = join(holder.path, f"{TRAINABLE}.{bare(selector.pattern)}")
    at = selector.text.index("[") + 1
    place = place_in(selector.text, selector.key, at, len(selector.pattern), work.sink)
    marks = _marks(selector, work.sink)
    _note(path, path, {"": replace(marks[""], key=place)}, work)


def _take_out(matches: Sequence[Found], entries: Sequence[Found]) -> None:
    """Marks entries as taken out, and with them those that call their layers again."""
    gone = {id(found.layers): set[str]() for found in matches}
    for found in matches:
        gone[id(found.layers)].add(found.own_name)
    for found in entries:
        names = gone.get(id(found.layers), set())
        if found.own_name in names or found.again in names:
            value = found.value
            entry = dict(value) if isinstance(value, Mapping) else {"class": value}
            found.layers[found.key] = {**entry, "if": False}


def _take_argument(steps: Sequence[str], found: Found) -> bool:
    node = found.value
    for step in steps[:-1]:
        node = _child(node, step)
    if not isinstance(node, dict) or steps[-1] not in node:
        return False
    del node[steps[-1]]
    return True


def _child(node: Any, step: str) -> Any:
    """What stands under a step, `_MISSING` if nothing does."""
    if isinstance(node, Mapping):
        return node.get(step, _MISSING)
    if isinstance(node, list) and step.isdigit() and int(step) < len(node):
        return node[int(step)]
    return _MISSING


def _change(selector: Selector, matches: Sequence[Found], work: _Work) -> None:
    """Sets an argument of every match, or computes it anew."""
    marks = _marks(selector, work.sink)
    first, unwritten = "", []
    for found in matches:
        node = _around(selector, found)
        old = _MISSING if node is _MISSING else _child(node, selector.steps[-1])
        in_list = isinstance(node, list)
        if node is _MISSING or (old is _MISSING and (selector.operator != "=" or in_list)):
            unwritten.append(found)
            continue
        value = _new_value(selector, found, old, work)
        if value is _MISSING:
            return
        node[int(selector.steps[-1]) if in_list else selector.steps[-1]] = value
        path = join(found.path, ".".join(selector.steps))
        first = first or path
        _note(path, first, marks, work)
    if not first or any(found.by_class for found in unwritten):
        _report_unwritten(selector, unwritten, work)


def _around(selector: Selector, found: Found) -> Any:
    """The mapping or list that holds the argument, `_MISSING` if there is none."""
    making = selector.operator == "="
    node = _opened(found.layers, found.key, making)
    for step in selector.steps[:-1]:
        if _child(node, step) is _MISSING:
            if not (making and step == "with" and isinstance(node, dict)):
                return _MISSING
            node[step] = {}
        node = _opened(node, int(step) if isinstance(node, list) else step, making)
    return node


def _opened(holder: Any, key: Any, making: bool) -> Any:
    """The mapping or list under a key, `_MISSING` if there is something else.

    A bare class (`drop: Dropout`, `kernel_initializer: HeNormal`) becomes an object there if an
    argument of it is to be made.
    """
    if making and isinstance(holder[key], str):
        holder[key] = {"class": holder[key]}
    return holder[key] if isinstance(holder[key], dict | list) else _MISSING


def _new_value(selector: Selector, found: Found, old: Any, work: _Work) -> Any:
    """What an argument becomes; `_MISSING` where it cannot be computed, which is reported."""
    if selector.operator == "=":
        return copy.deepcopy(selector.value)
    argument, by = ".".join(selector.steps), cast(Any, selector.value)  # asked below
    for number, what in ((by, "the value"), (old, f"`{argument}` of `{found.name}`")):
        if isinstance(number, bool) or not isinstance(number, int | float):
            message = f"{what} is {describe(number)}, expected a number for `{selector.operator}`"
            hint = "set it with `=`"
            work.report(selector, "KG204", message, hint, of_value=number is by)
            return _MISSING
    try:
        return _computed(old, selector.operator, by)
    except ArithmeticError as error:
        message = f"`{argument}` of `{found.name}` cannot be computed: {error}"
        work.report(selector, "KG308", message, None)
        return _MISSING


def _computed(old: int | float, operator: str, by: int | float) -> int | float:
    """A number changed by another; an integer stays one where that is exact.

    Raises:
        ArithmeticError: division by zero, or a result that is no number.
    """
    value: int | float
    if operator == "*=":
        value = old * by
    elif operator == "+=":
        value = old + by
    elif operator == "-=":
        value = old - by
    elif isinstance(old, int) and isinstance(by, int) and by and old % by == 0:
        value = old // by
    else:
        value = old / by
    if isinstance(old, int) and isinstance(value, float) and value.is_integer():
        value = int(value)
    return value


def _marks(selector: Selector, sink: Sink) -> dict[str, Mark]:
    """Where a selector and its value stand (under ""), and what stands inside the value."""
    begin, end = selector.spot
    key = place_in(selector.text, selector.key, begin, end - begin, sink)
    at = selector.text.index("=") + 1
    value = place_in(selector.text, selector.key, at, 0, sink)
    inner = {}
    if value.override is not None:
        traced = trace_origins(
            [], [SetByOverride(key="x", text=value.override, value=selector.value)], Sink()
        )
        inner = {path[1:]: mark for path, mark in traced.marks.items() if path.startswith("x.")}
        value = traced.marks["x"].value
    return {"": Mark(key=key, value=value), **inner}


def _note(path: str, first: str, marks: Mapping[str, Mark], work: _Work) -> None:
    """Notes where what was set at a key path, and below it, stands in the selector.

    Args:
        path: the key path.
        first: the key path in the first entry that the selector changed, which speaks for all.
        marks: the places by what comes behind the key path.
        work: gets them.
    """
    if path in work.inner:
        for known in [known for known in work.places if known.startswith(f"{path}.")]:
            del work.places[known]
    for below, mark in marks.items():
        shown, at = f"{first}{below}", f"{path}{below}"
        work.places[at] = Mark(
            key=replace(mark.key, key=shown), value=replace(mark.value, key=shown)
        )
        around = at.rpartition(".")[0]
        while around and around not in work.inner:
            work.inner.add(around)
            around = around.rpartition(".")[0]


def _report_unwritten(selector: Selector, unwritten: Sequence[Found], work: _Work) -> None:
    argument = ".".join(selector.steps)
    names = ", ".join(f"`{found.name}`" for found in unwritten[:3])
    names += f" and {len(unwritten) - 3} more" if len(unwritten) > 3 else ""
    verb = "writes" if len(unwritten) == 1 else "write"
    known = [
        key
        for found in unwritten
        if isinstance(found.value, Mapping)
        for key in found.value
        if key not in ("class", "layers")
    ]
    hint = did_you_mean(selector.steps[0], known, listed=0)
    if hint is None and selector.operator not in ("=", "~"):
        hint = f"what is not written has Keras's default: set it with `=`, or write `{argument}`"
    elif hint is None and selector.operator == "=" and len(selector.steps) > 1:
        parent, last = ".".join(selector.steps[:-1]), selector.steps[-1]
        hint = f"set the whole of it: `{parent}={{class: …, {last}: …}}`"
    nothing = all(not found.by_class for found in unwritten) or selector.operator == "~"
    code = "KG110" if nothing else "KG103"
    work.report(selector, code, f"{names} {verb} no `{argument}`", hint)
