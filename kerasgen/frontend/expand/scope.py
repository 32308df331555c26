"""What is in force at one place of a model: parameters, blocks, and the values they give.

This room owns the evaluation of values (`$width`, lists and mappings that hold expressions) and
of a block's parameters. What becomes of entries stands in `entries`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from kerasgen.diagnostics import Anchor, Note, Suggestion, closest, describe, did_you_mean
from kerasgen.diagnostics.source_map import Remark
from kerasgen.frontend.expand.block_uses import BlockUse, use_remarks
from kerasgen.frontend.expand.expressions import (
    ExpressionError,
    evaluate,
    is_expression,
    parameters_in,
)
from kerasgen.frontend.expand.state import ExpansionState
from kerasgen.frontend.grammar import join
from kerasgen.ir.values import Tree

INDEX = "index"
"""The parameter that counts the copies of a repeated entry."""

_MOST_COPIES = 10_000
"""The largest `repeat`."""

MANDATORY = "???"
"""OmegaConf's word for a value that must be given."""


class PathPair(NamedTuple):
    """The key paths of one value before and after expansion.

    Attributes:
        written: its key path in the config as written.
        expanded: its key path in the expanded config.
    """

    written: str
    expanded: str

    def step(self, key: str | int) -> PathPair:
        """The value one step further down."""
        return PathPair(join(self.written, key), join(self.expanded, key))


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
    definition: Mapping[str, Tree]
    path: str
    scope: Scope


class BlockCall(NamedTuple):
    """A block with the parameters that one use gives to it.

    Attributes:
        block: the block.
        arguments: parameter to computed value.
        paths: the entry that uses it.
    """

    block: Block
    arguments: Mapping[str, Tree]
    paths: PathPair


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What is in force at one place.

    Attributes:
        state: the state of the expansion, the same for all its scopes.
        values: parameter to value, those of the models around it included.
        given: parameter to the key path under which it got its value.
        blocks: block name to block.
        uses: the uses of blocks that lead here, outermost first.
        coming: parameters that are defined below this place.
    """

    state: ExpansionState
    values: Mapping[str, Tree] = field(default_factory=dict)
    given: Mapping[str, str] = field(default_factory=dict)
    blocks: Mapping[str, Block] = field(default_factory=dict)
    uses: tuple[BlockUse, ...] = ()
    coming: frozenset[str] = frozenset()

    def counted(self, index: int, path: str) -> Scope:
        """The scope of one copy of a repeated entry, whose key path as written is given."""
        return replace(
            self,
            values={**self.values, INDEX: index},
            given={**self.given, INDEX: f"{path}.repeat"},
        )

    def report(
        self,
        code: str,
        message: str,
        key: str,
        *,
        at: Anchor = "value",
        hint: str | None = None,
        notes: Sequence[Note] = (),
    ) -> None:
        """Reports a mistake at a key path as written, with the uses of blocks that lead to it."""
        if (code, key) in self.state.told:
            return
        self.state.told.add((code, key))
        sink = self.state.sink
        uses = [
            Note(message=remark.message, location=sink.locate(remark.key, remark.at))
            for remark in use_remarks(self.uses)
        ]
        sink.report(code, message, key=key, at=at, help=hint, notes=(*notes, *uses))


class _NoValueError(Exception):
    """An expression that has no value; it was reported."""


def evaluated(value: Tree, paths: PathPair, scope: Scope) -> Tree:
    """A value with every expression in it computed; what cannot be computed becomes None."""
    if isinstance(value, str):
        try:
            return _computed(value, paths, scope) if is_expression(value) else value
        except _NoValueError:
            return None
    if isinstance(value, Mapping):
        return {key: evaluated(item, paths.step(key), scope) for key, item in value.items()}
    if isinstance(value, list):
        return [evaluated(item, paths.step(i), scope) for i, item in enumerate(value)]
    return value


def _computed(text: str, paths: PathPair, scope: Scope) -> Tree:
    """The value of an expression.

    Raises:
        _NoValueError: it has none, which was reported.
    """
    try:
        value: Tree = evaluate(text, scope.values)
    except ExpressionError as error:
        hint, code = error.hint, "KG308"
        if error.unknown is not None:
            code, hint = "KG309", _unknown_hint(error.unknown, text, scope)
        message = str(error) if error.unknown is not None else f"`{text[:80]}`: {error}"
        notes = parameter_notes(text, scope)
        scope.report(code, message, paths.written, hint=hint, notes=notes)
        raise _NoValueError from None
    scope.state.values[paths.expanded] = tuple(
        Remark(message=f"`{name}` is given here", key=scope.given[name])
        for name in parameters_in(text)
        if name in scope.given
    )
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


def parameter_notes(text: Tree, scope: Scope) -> list[Note]:
    """What the parameters in an expression are, and where each is given; none in other values."""
    if not isinstance(text, str):
        return []
    return [
        Note(
            message=f"`{name}` is {describe(scope.values[name])}",
            location=scope.state.sink.locate(scope.given[name]),
        )
        for name in parameters_in(text)
        if name in scope.given
    ]


def condition(value: Tree, paths: PathPair, scope: Scope) -> bool:
    """Whether an `if` holds: a boolean, a number that is not 0, or an expression for one."""
    try:
        found = _control(value, paths, scope)
    except _NoValueError:
        return True
    if isinstance(found, bool | int | float):
        return bool(found)
    scope.report(
        "KG204",
        f"`if` is {describe(found)}, expected true or false",
        paths.written,
        hint="write a condition, as in `if: $dropout > 0`",
        notes=parameter_notes(value, scope),
    )
    return True


def repeat_count(value: Tree, paths: PathPair, scope: Scope) -> int:
    """How many copies `repeat` asks for; 1 where it asks for nothing sensible."""
    try:
        found = _control(value, paths, scope)
    except _NoValueError:
        return 1
    if isinstance(found, float) and math.isfinite(found) and found == int(found):
        found = int(found)
    if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found <= _MOST_COPIES:
        scope.report(
            "KG204",
            f"`repeat` is {describe(found)}, expected an integer from 0 to {_MOST_COPIES:,}",
            paths.written,
            notes=parameter_notes(value, scope),
        )
        return 1
    return found


def _control(value: Tree, paths: PathPair, scope: Scope) -> Tree:
    """The value of `if` or `repeat`, whose every text is an expression.

    Raises:
        _NoValueError: it has none, which was reported.
    """
    if not isinstance(value, str):
        return value
    if is_expression(value):
        return _computed(value, paths, scope)
    try:
        found: Tree = evaluate(value, scope.values)
    except ExpressionError as error:
        scope.report("KG308", f"`{value[:80]}`: {error}", paths.written, hint=error.hint)
        raise _NoValueError from None
    return found


def with_parameters(
    declared: Tree, path: str, scope: Scope, call: BlockCall | None = None
) -> Scope:
    """The scope inside a model or block: its parameters come on top.

    Args:
        declared: its `parameters` as plain data.
        path: key path of `parameters` as written.
        scope: what is in force around it.
        call: the use of the block, None for a model.
    """
    if declared is None:
        declared = {}
    if not isinstance(declared, Mapping):
        message = f"`parameters` is {describe(declared)}, expected a mapping"
        scope.report("KG204", message, path)
        return scope
    values, given = dict(scope.values), dict(scope.given)
    inside = replace(scope, values=values, given=given)  # filled below, one after the other
    for key, default in declared.items():
        own = join(path, key)
        if not _is_parameter_name(str(key), own, scope):
            continue
        if call is not None and key in call.arguments:
            value, own = call.arguments[key], join(call.paths.written, key)
        elif call is not None and default == MANDATORY:
            # An unknown argument was meant for one that is missing.
            if not any(closest(str(other), declared) == key for other in call.arguments):
                _report_missing(str(key), own, call, scope)
            value = None
        else:
            before = replace(inside, coming=frozenset(declared) - set(values))
            value = evaluated(default, PathPair(own, own), before)
        values[str(key)], given[str(key)] = value, own
    return inside


def _report_missing(key: str, path: str, call: BlockCall, scope: Scope) -> None:
    place = scope.state.sink.locate(path, "key")
    scope.report(
        "KG203",
        f"the block `{call.block.name}` is given no `{key}`",
        call.paths.written,
        at="key",
        hint=f"write `{key}: …`",
        notes=[Note(message="it has no default", location=place)],
    )


def _is_parameter_name(name: str, path: str, scope: Scope) -> bool:
    if name.isidentifier() and name.isascii() and name != INDEX:
        return True
    hint = "use letters, digits and `_`, beginning with a letter"
    scope.report(
        "KG305",
        f"`{name}` cannot be the name of a parameter",
        path,
        at="key",
        hint="`$index` counts the copies of a repeated entry" if name == INDEX else hint,
    )
    return False


def with_blocks(section: Mapping[str, Tree], path: str, scope: Scope) -> Scope:
    """The scope inside a model or block: the blocks that it defines come on top."""
    defined = section.get("blocks")
    if defined is None:
        return scope
    where = join(path, "blocks")
    if not isinstance(defined, Mapping):
        message = f"`blocks` is {describe(defined)}, expected a mapping of names"
        scope.report("KG204", message, where)
        return scope
    blocks = dict(scope.blocks)
    inside = replace(scope, blocks=blocks)
    for name, definition in defined.items():
        block_path = join(where, name)
        if not isinstance(definition, Mapping):
            found = describe(definition)
            message = f"the block `{name}` is {found}, expected a mapping with `layers`"
            scope.report("KG204", message, block_path)
            continue
        # The scope is shared, so that blocks may use those that are defined below them.
        blocks[str(name)] = Block(
            name=str(name), definition=definition, path=block_path, scope=inside
        )
    return inside
