"""An override that is refused, as a diagnostic at the part of it that is wrong.

This room owns the record of a refusal, and the diagnostics of those that one override brings
about. Refusals of files stand in `report`; nothing is composed here.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import DictConfig, ListConfig, OmegaConf

from kerasgen.diagnostics import (
    Note,
    Sink,
    SourceLocation,
    Suggestion,
    as_override,
    describe,
    did_you_mean,
)
from kerasgen.foreign.regular_files import is_regular, lines_of
from kerasgen.frontend.compose.accepted_keys import BY_NAME
from kerasgen.frontend.compose.group_choices import groups_of
from kerasgen.frontend.compose.origins import SetByOverride, place_of_text, trace_origins
from kerasgen.frontend.compose.references import deepest_key, plain_node, sentence
from kerasgen.frontend.compose.refused_lines import place_of_choice, place_of_defaults
from kerasgen.frontend.compose.shortened_keys import whole_key
from kerasgen.frontend.former_keys import Written, former_key
from kerasgen.frontend.grammar import GROUPS, MODEL_KEYS, VALUE_GROUPS
from kerasgen.ir.values import Tree

FIXED_SECTIONS = ("", "backend", "data", "data.split", "compile", "fit", "tracking")
"""Sections whose keys are all in the composed config: another one cannot be added to them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleOverride:
    """An override without a sweep.

    Attributes:
        text: what is composed.
        written: what the user wrote, which may be a sweep that holds `text`.
        key: the key or group that it sets.
        group: whether it chooses an option of a group.
    """

    text: str
    written: str
    key: str
    group: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One refusal and what is known about it.

    Attributes:
        error: what was raised.
        culprit: the override without which it is not raised, if there is one.
        composed: the config without the culprit, to see which keys there are.
        loader: the loader that refused.
        config_name: name of the root config.
    """

    error: BaseException
    culprit: SingleOverride | None
    composed: DictConfig
    loader: ConfigLoader
    config_name: str

    @property
    def words(self) -> str:
        """What was raised, in its own words and in those of what it was raised from."""
        return f"{self.error}\n{self.error.__cause__ or ''}"


def unclosed(text: str) -> str | None:
    """What is wrong with an interpolation that has no end, None if all have one."""
    rest = re.sub(r"\$\{[^${}]*\}", "", text)
    while rest != (inner := re.sub(r"\$\{[^${}]*\}", "", rest)):
        rest = inner
    return "`${` has no closing `}`" if "${" in rest else None


def place_of_override(single: SingleOverride, *, value: str = "") -> SourceLocation:
    """Where an override stands: its key, or a value in it."""
    text = single.written
    found = re.compile(rf"(?<![\w.-]){re.escape(value)}(?![\w-])").search(text, text.find("=") + 1)
    if value and found:
        return place_of_text(text, key=single.key, at=found.start(), length=len(value))
    start = len(text) - len(text.lstrip("+~"))
    key = text[start:].partition("=")[0]
    return place_of_text(text, key=single.key, at=start, length=len(key))


def report_no_option(culprit: SingleOverride, fault: Fault, sink: Sink) -> None:
    """Reports a group for which something else than the name of an option is chosen."""
    word = culprit.written.partition("=")[2]
    help_text = did_you_mean("", fault.loader.get_group_options(culprit.key), listed=30)
    if word == "null" and culprit.key not in GROUPS:
        help_text = Suggestion(f"to choose none, write `~{culprit.key}`", f"~{culprit.key}")
    sink.report_at(
        "KG204",
        f"`{culprit.key}` is `{word}`, expected an option's name",
        location=place_of_override(culprit),
        help=help_text,
    )


def report_bad_override(fault: Fault, culprit: SingleOverride, sink: Sink) -> None:
    """Reports an override of a value that cannot be applied."""
    words, text, place = fault.words, culprit.written, place_of_override(culprit)
    if "item is already at" in words:
        sink.report_at(
            "KG103",
            f"`{culprit.key}` is already there",
            location=place,
            help=f"leave the `+` away: `{text.lstrip('+')}`",
        )
    elif any(part in words for part in ("Could not override", "does not exist", "out of range")):
        _report_absent(culprit, fault, sink)
    elif "is not an int" in words:
        parent, _, name = culprit.key.rpartition(".")
        sink.report_at(
            "KG103",
            f"`{parent}` is a list, which has no key `{name}`",
            location=place,
            help=f"write the list anew, `{parent}=[…]`, or make it a mapping of names to entries",
        )
    elif "Cannot merge DictConfig with ListConfig" in words:
        sink.report_at(
            "KG204",
            f"`{culprit.key}` is a list, expected a mapping",
            location=place,
            help="it is merged into the mapping that is there: name each entry, or write the list "
            "into a file of the group",
        )
    elif text.startswith("~") and isinstance(fault.error, TypeError):
        parent = culprit.key.rpartition(".")[0]
        sink.report_at(
            "KG103",
            f"an element of the list `{parent}` cannot be taken out",
            location=place,
            help=f"write the list anew: `{parent}=[…]`",
        )
    else:
        cause = fault.error.__cause__ or fault.error.__context__ or fault.error
        problem = unclosed(text) or sentence(cause)
        message = f"`{culprit.text}` cannot be used: {problem}"
        sink.report_at("KG109", message, location=place)


def _task_keys(composed: DictConfig) -> dict[str, Any]:
    """A composed config as plain data, without Hydra's own part."""
    names = [str(name) for name in composed if name != "hydra"]
    plain: dict[str, Any] = plain_node(OmegaConf.masked_copy(composed, names))
    return plain


def _report_absent(culprit: SingleOverride, fault: Fault, sink: Sink) -> None:
    composed, key, text = fault.composed, culprit.key, culprit.written
    inside = re.search(r"full_key: (\S+)", fault.words)
    if inside and inside.group(1).startswith(f"{key}."):
        key = inside.group(1)  # a key inside the mapping that the override holds
    parent, missing, siblings = deepest_key(composed, key)
    where = f"`{parent}`" if parent else "the config"
    found = OmegaConf.select(composed, parent) if parent else composed
    value = text.partition("=")[2]
    help_text: str | None
    if isinstance(found, ListConfig):
        help_text = f"it has {len(found)} elements; to add one, write the list anew"
    elif isinstance(found, str):
        named = "" if parent in BY_NAME else f"class: {found}, "
        whole = as_override(parent, f"{{{named}{missing}: {value}}}")
        help_text = f"{'give it arguments' if named else 'make it a mapping'}: `{whole}`"
    elif isinstance(found, bool | int | float):
        whole = as_override(parent, f"{{class: …, {missing}: {value}}}")
        help_text = f"it is {describe(found)}: write an object in its place, `{whole}`"
    else:
        keys = {} if parent and parent not in FIXED_SECTIONS else _task_keys(composed)
        help_text = (
            (did_you_mean(key, groups_of(fault.loader)) if "/" in key else None)
            or (None if parent else whole_key(key, keys))
            or _former(parent, missing, culprit)
            or _meant(parent, missing, siblings, culprit)
            or (whole_key(missing, keys) if keys else None)
        )
    if help_text is None and parent in FIXED_SECTIONS:
        help_text = did_you_mean(missing, siblings, listed=20)
    elif help_text is None and culprit.text.startswith("~"):
        help_text = "leave it out: there is nothing to take away"
    elif help_text is None:
        help_text = _how_to_add(parent, missing, culprit, siblings)
    location = place_of_override(culprit)
    if key != culprit.key:
        location = trace_origins([], [SetByOverride(key=culprit.key, text=text)], Sink()).locate(
            key, "key"
        )
    sink.report_at("KG103", f"{where} has no key `{missing}`", location=location, help=help_text)


def _meant(parent: str, name: str, siblings: Sequence[str], culprit: SingleOverride) -> str | None:
    """The nearest name; where it stands inside a key path, the whole of that is what is written."""
    found = did_you_mean(name, siblings, listed=0)
    path = f"{parent}.{name}" if parent else name
    if isinstance(found, Suggestion) and culprit.key.startswith(f"{path}."):
        whole = f"{path[: -len(name)]}{found.replacement}{culprit.key[len(path) :]}"
        return Suggestion(str(found), whole, sure=found.sure)
    return found


def _former(parent: str, key: str, culprit: SingleOverride) -> str | None:
    """What to write for a key that stands elsewhere today; None for what is taken out."""
    path = f"{parent}.{key}" if parent else key
    if culprit.text.startswith("~") or culprit.key != path:
        return None
    value: Tree = None
    with contextlib.suppress(HydraException):
        found = OverridesParser.create().parse_override(culprit.text).value()
        value = found if isinstance(found, str | int | float | list | dict) else None
    nothing: frozenset[str] = frozenset()
    return former_key(
        Written(section=parent, key=key, value=value, around={}, beside=nothing, typed=True)
    )


def _how_to_add(
    parent: str, name: str, culprit: SingleOverride, siblings: Sequence[str]
) -> str | None:
    """How to add a name that needs more than the override gives it."""
    path, value = f"{parent}.{name}", culprit.text.partition("=")[2]
    if parent == "fit.phases":
        return f"to add a phase, write `{as_override(f'+{culprit.key}', value)}`"
    if parent == "model" and name != "parameters":
        return did_you_mean(name, MODEL_KEYS)
    if path == "model.parameters" or parent == "model.parameters":
        wanted = culprit.key.rpartition(".")[2]
        known = did_you_mean("", siblings, listed=20) if parent == "model.parameters" else None
        return f"nothing asks for `${wanted}`" + (f"; {known}" if known else "")
    if culprit.key == path:
        inner = re.fullmatch(r"\{\s*([\w.]+\s*:.*)\}", value)
        if inner is not None and not re.match(r"class\s*:", inner[1]):
            return f"give it a class: `{as_override(path, f'{{class: …, {inner[1]}}}')}`"
        return f"give it a class: `{as_override(path, '{class: …}')}`"
    rest = culprit.key.removeprefix(f"{path}.")
    layer, _, argument = rest.rpartition(".")
    if name == "layers" and parent.startswith("model.layers.") and layer:
        return f"its layers are selected: write `'{parent}[{layer}].{argument}={value}'`"
    whole = as_override(path, f"{{class: …, {rest}: {value}}}")
    return f"it is not there yet: write the whole of it, `{whole}`"


def report_group_not_chosen(culprit: SingleOverride, fault: Fault, sink: Sink) -> None:
    """Reports an option for a group that no defaults list names; every config needs GROUPS."""
    text = culprit.written.lstrip("+~")
    group, _, option = text.partition("=")
    place, help_text = place_of_override(culprit), f"to add one, write `+{text}`"
    notes: list[Note] = []
    if group in GROUPS and (defaults := place_of_defaults(root_file(fault))):
        notes = [Note(message="this asks for another one", location=place)]
        place, help_text = defaults, f"write `- {group}: {option}` in this list"
    message = f"the config chooses no option of the group `{group}`"
    sink.report_at("KG103", message, location=place, help=help_text, notes=notes)


def root_file(fault: Fault) -> list[Path]:
    """The root config's file, if it is one."""
    for source in fault.loader.get_sources():
        file = Path(source.path) / f"{fault.config_name}.yaml"
        if source.scheme() == "file" and is_regular(file):
            return [file]
    return []


def choice_inside(
    group: str, files: Iterable[tuple[Path, str]]
) -> tuple[SourceLocation, str] | None:
    """Where a file of a group chooses an option of one within it, and how it may do so.

    The root config chooses behind it, so that it can neither choose anew nor override there.

    Args:
        group: the group within.
        files: the files that may be at fault, each with its group.
    """
    for file, around in files if group in VALUE_GROUPS else ():
        place = place_of_choice(group, None, [file])
        if around != group.partition("/")[0] or place is None or not (place.line and place.column):
            continue
        line, end = lines_of(file)[place.line - 1], place.column - 1 + place.length
        wanted = f"/{group}: {line[place.column - 1 : end]}"
        if (item := re.match(r"\s*-\s*(?=\S)", line)) is None:
            return place, f"write `- {wanted}`"
        whole = replace(place, column=item.end() + 1, length=end - item.end())
        return whole, Suggestion(f"write `{wanted}`", wanted)
    return None
