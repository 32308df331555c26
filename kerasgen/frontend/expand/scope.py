"""What is in force at one place of a model: parameters, blocks, and the values they give.

This room owns the evaluation of values (`$width`, lists and mappings that hold expressions) and
of a block's parameters. How entries follow each other stands in `entries`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from kerasgen.diagnostics import Anchor, Note, Sink, Suggestion, closest, describe, did_you_mean
from kerasgen.frontend.expand.expressions import (
    ExpressionError,
    evaluate,
    is_expression,
    parameters_in,
)
from kerasgen.frontend.expand.written import Places, Use, parameter_remark, use_remarks
from kerasgen.frontend.grammar import join

INDEX = "index"
"""The parameter that counts the copies of a repeated entry."""

_MOST_COPIES = 10_000
"""The largest `repeat`."""

_FAILED = object()
"""Stands for the value of an expression that has none."""

MANDATORY = "???"
"""OmegaConf's word for a value that must be given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block as it was defined.

    Attributes:
        name: its name.
        definition: its parameters, inputs, layers, outputs as plain data.
        path: key path of the definition as written.
        scope: what is in force around the definition.
    """

    name: str
    definition: Mapping[str, Any]
    path: str
    scope: Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What is in force at one place.

    Attributes:
        values: parameter to value, those of the models around it included.
        given: parameter to the key path under which it got its value.
        blocks: block name to block.
        uses: the uses of blocks that lead here, outermost first.
        coming: parameters that are defined below this place.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    given: Mapping[str, str] = field(default_factory=dict)
    blocks: Mapping[str, Block] = field(default_factory=dict)
    uses: tuple[Use, ...] = ()
    coming: frozenset[str] = frozenset()

    def counted(self, index: int, path: str) -> Scope:
        """The scope of one copy of a repeated entry, whose key path as written is given."""
        return replace(
            self,
            values={**self.values, INDEX: index},
            given={**self.given, INDEX: f"{path}.repeat"},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """One value in both configs.

    Attributes:
        made: its key path in the expanded config.
        written: its key path in the config as written.
    """

    made: str
    written: str

    def step(self, key: str | int) -> Spot:
        """The value one step further down."""
        return Spot(made=join(self.made, key), written=join(self.written, key))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What all stages of one expansion share: where mistakes go, and what is noted of places.

    Attributes:
        sink: gets every mistake; what is wrong in a block is told once, not at each use.
        places: gets the places of the expanded entries.
        used: key paths of the blocks that an entry uses.
    """

    sink: Sink
    places: Places
    used: set[str] = field(default_factory=set)
    _told: set[tuple[str, str]] = field(default_factory=set)
    _looked_at: list[int] = field(default_factory=lambda: [0])

    @property
    def looked_at(self) -> int:
        """How many copies of entries were expanded so far, left-out ones included."""
        return self._looked_at[0]

    def look(self) -> None:
        """Counts one copy of an entry."""
        self._looked_at[0] += 1

    def has_told(self, code: str) -> bool:
        """Whether a mistake of this kind was reported."""
        return any(told == code for told, _ in self._told)

    def report(
        self,
        code: str,
        message: str,
        key: str,
        scope: Scope,
        *,
        at: Anchor = "value",
        hint: str | None = None,
        notes: Sequence[Note] = (),
    ) -> None:
        """Reports a mistake at a key path as written, with the uses of blocks that lead to it."""
        if (code, key) in self._told:
            return
        self._told.add((code, key))
        told = [
            Note(message=remark.message, location=self.sink.locate(remark.key, remark.at))
            for remark in use_remarks(scope.uses)
        ]
        self.sink.report(code, message, key=key, at=at, help=hint, notes=(*notes, *told))


def evaluated(value: Any, spot: Spot, scope: Scope, ground: Ground) -> Any:
    """A value with every expression in it computed; what cannot be computed becomes None."""
    if isinstance(value, str):
        if not is_expression(value):
            return value
        found = _computed(value, spot, scope, ground)
        return None if found is _FAILED else found
    if isinstance(value, Mapping):
        return {key: evaluated(item, spot.step(key), scope, ground) for key, item in value.items()}
    if isinstance(value, list):
        return [evaluated(item, spot.step(i), scope, ground) for i, item in enumerate(value)]
    return value


def _computed(text: str, spot: Spot, scope: Scope, ground: Ground) -> Any:
    try:
        value = evaluate(text, scope.values)
    except ExpressionError as error:
        hint, code = error.hint, "KG308"
        if error.unknown is not None:
            code, hint = "KG309", _unknown_hint(error.unknown, text, scope)
        message = str(error) if error.unknown is not None else f"`{text[:80]}`: {error}"
        notes = parameter_notes(text, scope, ground)
        ground.report(code, message, spot.written, scope, hint=hint, notes=notes)
        return _FAILED
    used = [
        parameter_remark(name, scope.given[name])
        for name in parameters_in(text)
        if name in scope.given
    ]
    ground.places.parameters[spot.made] = tuple(used)
    return value


def _unknown_hint(name: str, text: str, scope: Scope) -> str | None:
    if name == INDEX:
        return "`$index` counts the copies of an entry that has `repeat`"
    if name in scope.coming:
        return f"`{name}` is defined below: put it above"
    if not scope.values:
        return "write it under the model's `parameters`, or a plain `$` as `$$`"
    found = did_you_mean(f"${name}", [f"${known}" for known in scope.values])
    if isinstance(found, Suggestion):
        return Suggestion(found, text.replace(f"${name}", found.replacement))
    return found


def parameter_notes(text: Any, scope: Scope, ground: Ground) -> list[Note]:
    """What the parameters in an expression are, and where each is given; none in other values."""
    if not isinstance(text, str):
        return []
    return [
        Note(
            message=f"`{name}` is {describe(scope.values[name])}",
            location=ground.sink.locate(scope.given[name], "value"),
        )
        for name in parameters_in(text)
        if name in scope.given
    ]


def condition(value: Any, spot: Spot, scope: Scope, ground: Ground) -> bool:
    """Whether an `if` holds: a boolean, a number that is not 0, or an expression for one."""
    found = _control(value, spot, scope, ground)
    if isinstance(found, bool | int | float):
        return bool(found)
    if found is not _FAILED:
        ground.report(
            "KG204",
            f"`if` is {describe(found)}, expected true or false",
            spot.written,
            scope,
            hint="write a condition, as in `if: $dropout > 0`",
            notes=parameter_notes(value, scope, ground),
        )
    return True


def copies(value: Any, spot: Spot, scope: Scope, ground: Ground) -> int:
    """How many copies `repeat` asks for; 1 where it asks for nothing sensible."""
    found = _control(value, spot, scope, ground)
    if found is _FAILED:
        return 1
    if isinstance(found, float) and math.isfinite(found) and found == int(found):
        found = int(found)
    if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found <= _MOST_COPIES:
        ground.report(
            "KG204",
            f"`repeat` is {describe(found)}, expected an integer from 0 to {_MOST_COPIES:,}",
            spot.written,
            scope,
            notes=parameter_notes(value, scope, ground),
        )
        return 1
    return found


def _control(value: Any, spot: Spot, scope: Scope, ground: Ground) -> Any:
    """The value of `if` or `repeat`, whose every text is an expression."""
    if not isinstance(value, str):
        return value
    if is_expression(value):
        return _computed(value, spot, scope, ground)
    try:
        return evaluate(value, scope.values)
    except ExpressionError as error:
        message = f"`{value[:80]}`: {error}"
        ground.report("KG308", message, spot.written, scope, hint=error.hint)
        return _FAILED


def with_parameters(
    declared: Any,
    path: str,
    scope: Scope,
    ground: Ground,
    *,
    arguments: Mapping[str, Any] | None = None,
    used: Spot | None = None,
    name: str = "",
) -> Scope:
    """The scope inside a model or block: its parameters come on top.

    Args:
        declared: its `parameters` as plain data.
        path: key path of `parameters` as written.
        scope: what is in force around it.
        ground: where mistakes go.
        arguments: the values that a use of the block gives, computed; None for a model.
        used: the entry that uses the block.
        name: name of the block, for messages.
    """
    if declared is None:
        declared = {}
    if not isinstance(declared, Mapping):
        ground.report(
            "KG204", f"`parameters` is {describe(declared)}, expected a mapping", path, scope
        )
        return scope
    given_by_use = arguments or {}
    values, given = dict(scope.values), dict(scope.given)
    inside = replace(scope, values=values, given=given)  # filled below, one after the other
    for key, default in declared.items():
        own = join(path, key)
        if not _is_parameter_name(str(key), own, scope, ground):
            continue
        if key in given_by_use and used is not None:
            value, own = given_by_use[key], join(used.written, key)
        elif default == MANDATORY and used is not None:
            # An unknown argument was meant for one that is missing.
            if not any(closest(str(other), declared) == key for other in given_by_use):
                _report_missing(str(key), name, own, used, scope, ground)
            value = None
        else:
            before = replace(inside, coming=frozenset(declared) - set(values))
            value = evaluated(default, Spot(made=own, written=own), before, ground)
        values[str(key)], given[str(key)] = value, own
    return inside


def _report_missing(
    key: str, block: str, path: str, used: Spot, scope: Scope, ground: Ground
) -> None:
    ground.report(
        "KG203",
        f"the block `{block}` is given no `{key}`",
        used.written,
        scope,
        at="key",
        hint=f"write `{key}: …`",
        notes=[Note(message="it has no default", location=ground.sink.locate(path, "key"))],
    )


def _is_parameter_name(name: str, path: str, scope: Scope, ground: Ground) -> bool:
    if name.isidentifier() and name.isascii() and name != INDEX:
        return True
    hint = "use letters, digits and `_`, beginning with a letter"
    ground.report(
        "KG305",
        f"`{name}` cannot be the name of a parameter",
        path,
        scope,
        at="key",
        hint="`$index` counts the copies of a repeated entry" if name == INDEX else hint,
    )
    return False


def with_blocks(section: Mapping[str, Any], path: str, scope: Scope, ground: Ground) -> Scope:
    """The scope inside a model or block: the blocks that it defines come on top."""
    defined = section.get("blocks")
    if defined is None:
        return scope
    where = join(path, "blocks")
    if not isinstance(defined, Mapping):
        ground.report(
            "KG204", f"`blocks` is {describe(defined)}, expected a mapping of names", where, scope
        )
        return scope
    blocks = dict(scope.blocks)
    inside = replace(scope, blocks=blocks)
    for name, definition in defined.items():
        block_path = join(where, name)
        if not isinstance(definition, Mapping):
            ground.report(
                "KG204",
                f"the block `{name}` is {describe(definition)}, expected a mapping with `layers`",
                block_path,
                scope,
            )
            continue
        # The scope is shared, so that blocks may use those that are defined below them.
        blocks[str(name)] = Block(
            name=str(name), definition=definition, path=block_path, scope=inside
        )
    return inside
