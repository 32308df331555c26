"""Selectors: `model.layers[Dropout].rate=0.3` as written becomes what to find and what to do.

This room owns the grammar of a selector; of its value, Hydra does. It must not know which entries a
model has: finding and changing them stands in `select.apply`, the way through Hydra in
`selectors_through_hydra`.

Decisions:
- `=` sets an argument whether or not the entry writes it, since Keras has a default for most; it
  replaces what was there and merges nothing. `+` is for one that no matching entry writes yet,
  as in Hydra; `++` is the same as `=`.
- `[0]` is no selector: Hydra's own `model.layers.0.units` reaches an element of a list.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, Quote, QuotedString
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from kerasgen.diagnostics import Sink, SourceLocation, describe
from kerasgen.diagnostics.source_map import Mark
from kerasgen.frontend.compose.origins import place_of_text
from kerasgen.frontend.compose.references import sentence
from kerasgen.frontend.grammar import EXPANSION_KEYS, SELECTORS
from kerasgen.ir.values import Tree

MOST_SELECTORS = 1_000
"""Selectors of a config; each of them is held against every layer."""

_BEGIN = "model.layers["
_INSIDE = re.compile(r"model\.layers\.([\w-]+(?:\.[\w-]+)*)\[", re.ASCII)
_TAKE_OUT = "~"
_OPERATORS = ("=", "*=", "+=", "-=", "/=")
_FORM = "write it as in `model.layers[Dropout].rate=0.3` or `model.layers[conv*].filters*=2`"
_ARGUMENT = re.compile(r"(?:\.[A-Za-z_0-9]\w*)+", re.ASCII)
_UNUSABLE = re.compile(r"[\s,='\"{}()$\\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """A selector that could be read.

    Attributes:
        text: the selector as written.
        key: its key path in the config; empty if it comes from none.
        pattern: a class, or a pattern of names.
        inside: the entry in which they are looked for, empty for all of them.
        steps: the argument below an entry, step by step; empty for the entry itself.
        operator: one of `=`, `*=`, `+=`, `-=`, `/=`, or `~` to take out.
        several: whether the value is a sweep.
        value: what is set or computed with; None for a sweep and for `~`.
    """

    text: str
    key: str = ""
    pattern: str
    inside: str = ""
    steps: tuple[str, ...]
    operator: str
    several: bool = False
    value: Tree = None

    @property
    def head(self) -> str:
        """What stands before the `=`, or the whole where there is none."""
        return head_of(self.text)

    @property
    def spot(self) -> tuple[int, int]:
        """Where the argument stands in the text, or the pattern if there is none: begin, end."""
        begin = self.text.index("[") + 1
        end = begin + len(self.pattern)
        if self.steps:
            begin = end + 2
            end = begin + len(".".join(self.steps))
        return begin, end


def is_selector(text: str) -> bool:
    """Whether an override is meant as a selector: its key holds a `[` and what no index is."""
    found = re.search(r"\[(.*)", head_of(text), re.DOTALL)
    return found is not None and re.match(r"\d+(\]|$)", found.group(1)) is None


def head_of(text: str) -> str:
    """What stands before the first `=`."""
    return text.partition("=")[0]


def read_selector(text: str, sink: Sink, *, key: str = "", sweeps: bool = False) -> Selector | None:
    """Reads a selector.

    Args:
        text: the selector.
        sink: gets what is wrong with it: KG111, and KG102 for a sweep that is not allowed.
        key: its key path in the config, under which the sink finds it; empty for none.
        sweeps: whether its value may be a sweep (`0.1,0.2`).

    Returns:
        The selector, or None if it cannot be read.
    """
    try:
        return _read(text, key, sweeps)
    except _UnreadableError as error:
        sink.report_at(
            error.code,
            str(error),
            location=place_in(text, key, error.at, error.length, sink),
            help=error.hint,
        )
        return None


def read_selectors(written: Tree, sink: Sink) -> tuple[Selector, ...]:
    """Reads the list of selectors that a config holds; what cannot be read is reported.

    Args:
        written: what stands under the config's key `selectors`.
        sink: gets every mistake: KG111, KG204, KG902.
    """
    if written is None:
        return ()
    if not isinstance(written, list):
        message = f"`{SELECTORS}` is {describe(written)}, expected a list of selectors"
        sink.report("KG204", message, key=SELECTORS, help=_FORM)
        return ()
    if len(written) > MOST_SELECTORS:
        sink.report(
            "KG902",
            f"`{SELECTORS}` lists {len(written):,} selectors, expected at most {MOST_SELECTORS:,}",
            key=f"{SELECTORS}.{MOST_SELECTORS}",
            help="write what layers have in common as parameters of the model",
        )
        return ()
    found = []
    for index, text in enumerate(written):
        key = f"{SELECTORS}.{index}"
        if isinstance(text, str):
            found.append(read_selector(text, sink, key=key))
        else:
            message = f"`{key}` is {describe(text)}, expected a selector in quotes"
            sink.report("KG204", message, key=key, help=_FORM)
    return tuple(selector for selector in found if selector is not None)


def marks_of_given(written: Tree, overrides: Sequence[str]) -> dict[str, Mark]:
    """Where the selectors of the command line stand; they are the last of a config's list.

    Args:
        written: what stands under the config's key `selectors`.
        overrides: the overrides as written.
    """
    given = [text for text in overrides if is_selector(text)]
    first = len(written) - len(given) if isinstance(written, list) else 0
    places = [place_of_text(text) for text in given]
    return {
        f"{SELECTORS}.{index}": Mark(key=place, value=place)
        for index, place in enumerate(places, first)
    }


def place_in(text: str, key: str, at: int, length: int, sink: Sink) -> SourceLocation:
    """The place of a part of a selector.

    Args:
        text: the selector.
        key: its key path in the config, empty for none.
        at: where the part begins, from 0.
        length: characters of the part; 0 for all from there.
        sink: finds the key.
    """
    whole = sink.locate(key, "value") if key else None
    length = max(1, length or len(text) - at)
    if whole is None or (whole.override is None and whole.file is None):
        return place_of_text(text, at=at, length=length)
    if whole.override is None and whole.length not in (len(text), len(text) + 2):
        return whole  # a YAML text of several lines, or with escapes
    quoted = whole.override is None and whole.length == len(text) + 2
    return SourceLocation(
        file=whole.file,
        line=whole.line,
        override=whole.override,
        column=(whole.column or 1) + quoted + at,
        length=length,
    )


def with_value(selector: Selector, value: Tree) -> str:
    """The text of a selector whose interpolations are resolved to a value."""
    if not _refers(selector.value):
        return selector.text
    return f"{selector.head}={_written(value)}"


class _UnreadableError(Exception):
    """What is wrong with a selector, and where."""

    def __init__(
        self, message: str, at: int, length: int = 0, *, hint: str | None = _FORM, code: str = ""
    ) -> None:
        self.at, self.length, self.hint, self.code = at, length, hint, code or "KG111"
        super().__init__(message)


def _read(text: str, key: str, sweeps: bool) -> Selector:
    prefix = text[: len(text) - len(text.lstrip("+~"))]
    if prefix not in ("", "+", "++", _TAKE_OUT):
        raise _UnreadableError(
            f"a selector cannot begin with `{prefix}`, expected `+`, `++`, `~` or nothing",
            0,
            len(prefix),
        )
    at = len(prefix)
    within = _INSIDE.match(text, at)
    if within is None and not text.startswith(_BEGIN, at):
        found = head_of(text)[at:].partition("[")[0]
        raise _UnreadableError(
            f"a selector begins with `{_BEGIN}`, received `{found}[`", at, len(found) + 1
        )
    begin = at + len(_BEGIN) if within is None else within.end()
    inside = "" if within is None else within.group(1)
    end = _closing(text, begin)
    pattern = text[begin:end]
    _check_pattern(pattern, begin)
    steps, at = _steps(text, end + 1)
    if prefix == _TAKE_OUT:
        if text[at:]:
            raise _UnreadableError(f"`{text[at:]}` behind what is to be taken out", at)
        return Selector(
            text=text, key=key, pattern=pattern, inside=inside, steps=steps, operator=_TAKE_OUT
        )
    operator = next((word for word in _OPERATORS if text.startswith(word, at)), None)
    if not steps:
        hint = f"write the argument, as in `{text[:at]}.rate=0.3`, or take entries out with `~`"
        raise _UnreadableError("there is no argument behind `]`", at, hint=hint)
    if operator is None:
        listed = ", ".join(f"`{word}`" for word in _OPERATORS)
        raise _UnreadableError(f"expected one of {listed} behind `{text[:at]}`", at)
    if prefix and operator != "=":
        hint = f"leave the `{prefix}` away"
        raise _UnreadableError(f"`{prefix}` goes with `=` alone", 0, len(prefix), hint=hint)
    several, value = _value(text, at + len(operator), sweeps)
    return Selector(
        text=text,
        key=key,
        pattern=pattern,
        inside=inside,
        steps=steps,
        operator=operator,
        several=several,
        value=value,
    )


def _closing(text: str, begin: int) -> int:
    """Where the bracket is closed before `begin`; a pattern may hold brackets itself."""
    depth = 1
    for at in range(begin, len(text)):
        depth += {"[": 1, "]": -1}.get(text[at], 0)
        if depth == 0:
            return at
    raise _UnreadableError("the `[` is not closed", begin - 1, 1)


def _check_pattern(pattern: str, at: int) -> None:
    if not pattern:
        raise _UnreadableError(
            "there is nothing between `[` and `]`, expected a class or a pattern of names",
            at - 1,
            2,
        )
    if found := _UNUSABLE.search(pattern):
        raise _UnreadableError(
            f"`{found.group()}` can stand in no name",
            at + found.start(),
            1,
            hint="`*`, `?` and `[…]` are wildcards; for several patterns write several selectors",
        )


def _steps(text: str, at: int) -> tuple[tuple[str, ...], int]:
    """The argument that begins at `at`, and where it ends."""
    found = _ARGUMENT.match(text, at)
    if found is None:
        return (), at
    steps = tuple(found.group()[1:].split("."))
    if steps[0] in EXPANSION_KEYS:
        hint = "change it in the config, or by the entry's own key: `model.layers.NAME.…`"
        if steps[0] == "if":
            hint = f"`~{text[:at].lstrip('+~')}` takes the entries out"
        raise _UnreadableError(
            f"`{steps[0]}` has had its effect before selectors are applied",
            at + 1,
            len(steps[0]),
            hint=hint,
        )
    return steps, found.end()


def _value(text: str, at: int, sweeps: bool) -> tuple[bool, Tree]:
    """Whether the value is a sweep, and the value if it is none."""
    try:
        override = OverridesParser.create().parse_override(f"x={text[at:]}")
        several = bool(override.is_sweep_override())
        found = None if several else override.value()
        value = found if isinstance(found, str | int | float | list | dict) else None
        # Both are to be nodes of a config, which refuses an interpolation that never ends.
        OmegaConf.create([text, value])
    except (HydraException, OmegaConfBaseException) as error:
        hint = "quote text that holds spaces, commas or brackets: \"…='a, b'\""
        raise _UnreadableError(
            f"the value cannot be read: {sentence(error)}", at, hint=hint
        ) from error
    if several and not sweeps:
        hint = "add -m to sweep over them, or write a list as `…=[a,b]`"
        raise _UnreadableError("several values for one key", at, hint=hint, code="KG102")
    return several, value


def _refers(value: Tree) -> bool:
    """Whether there is an interpolation in a value."""
    if isinstance(value, str):
        return "${" in value
    items = value.values() if isinstance(value, Mapping) else value
    return isinstance(items, Iterable) and any(map(_refers, items))


def _written(value: Tree) -> str:
    """A value as Hydra's grammar reads it back."""
    if isinstance(value, str):
        return str(QuotedString(text=value, quote=Quote.single).with_quotes())
    if isinstance(value, list):
        return f"[{','.join(map(_written, value))}]"
    if isinstance(value, Mapping):
        return f"{{{','.join(f'{key}:{_written(item)}' for key, item in value.items())}}}"
    return str(Override._get_value_element_as_str(value))
