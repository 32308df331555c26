"""The use of a block: which parameters it is given, and what goes into its inputs.

This room owns the mistakes of a use. How the block's entries are laid out stands in
`entries`.
"""

from __future__ import annotations

from collections.abc import Mapping

from kerasgen.diagnostics import describe, did_you_mean
from kerasgen.frontend.expand.scope import BlockCall, Scope
from kerasgen.frontend.expand.tensor_names import Binding
from kerasgen.frontend.grammar import BLOCK_KEYS, join
from kerasgen.frontend.sections import report_unknown_key
from kerasgen.ir.model import INPUT
from kerasgen.ir.values import Tree


def can_be_used(call: BlockCall, scope: Scope) -> bool:
    """Whether a use comes to an end; reports it if not, and every argument without a parameter."""
    block = call.block
    chain = [use.block for use in scope.uses]
    if block.name in chain:
        circle = [*chain[chain.index(block.name) :], block.name]
        listed = " -> ".join(f"`{name}`" for name in circle)
        where = call.paths.step("block").written
        scope.report("KG310", f"the blocks use each other: {listed}", where)
        return False
    declared = block.definition.get("parameters") or {}
    for key in call.arguments:
        if isinstance(declared, Mapping) and key not in declared:
            scope.report(
                "KG202",
                f"the block `{block.name}` has no parameter `{key}`",
                call.paths.step(key).written,
                at="key",
                hint=did_you_mean(key, declared, listed=15),
            )
    for key in block.definition:
        if key not in BLOCK_KEYS:
            report_unknown_key(str(key), BLOCK_KEYS, block.path, scope.state.sink)
    return True


def bind_inputs(call: BlockCall, takes: Tree, scope: Scope) -> dict[str, Binding] | None:
    """What the inputs of a block stand for where it is used, or None if that is not said."""
    block = call.block
    names = _input_names(call, scope)
    if names is None:
        return None
    key = call.paths.step("from").written
    if isinstance(takes, Mapping):
        for name in takes:
            if name not in names:
                text = f"the block `{block.name}` has no input `{name}`"
                hint = did_you_mean(str(name), names)
                scope.report("KG202", text, join(key, name), at="key", hint=hint)
        missing = [name for name in names if name not in takes]
        if missing:
            text = f"the block `{block.name}` is given no `{missing[0]}`"
            scope.report("KG203", text, key, at="key")
            return None
        return {name: Binding(operand=takes[name]) for name in names}
    if len(names) == 1:
        return {names[0]: Binding(operand=takes)}
    if isinstance(takes, list) and len(takes) == len(names):
        return {name: Binding(operand=item) for name, item in zip(names, takes, strict=True)}
    given = len(takes) if isinstance(takes, list) else 1
    listed = ", ".join(f"{name}: …" for name in names)
    scope.report(
        "KG307",
        f"the block `{block.name}` has {len(names)} inputs and is given {given}",
        key,
        hint=f"name its tensors: `from: {{{listed}}}`",
    )
    return None


def _input_names(call: BlockCall, scope: Scope) -> list[str] | None:
    """The names of a block's inputs, None if they are written in another form."""
    declared = call.block.definition.get("inputs") or [INPUT]
    if isinstance(declared, str):
        return [declared]
    names = list(declared) if isinstance(declared, Mapping | list) else []
    found = [name for name in names if isinstance(name, str)]
    if names and len(found) == len(names):
        return found
    text = f"`inputs` of a block is {describe(declared)}, expected a list of names"
    scope.report("KG204", text, f"{call.block.path}.inputs")
    return None
