"""What a name means in a model that is being expanded: which tensors of the expanded one.

This room owns the names of tensors: of entries that became several, of entries that were left
out, of the outputs of blocks. It must not know how entries are expanded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from kerasgen.diagnostics import Anchor, describe, did_you_mean
from kerasgen.frontend.expand.scope import BlockCall, PathPair, Scope, evaluated
from kerasgen.frontend.grammar import join
from kerasgen.ir.values import Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """What a name stands for, in names of the expanded model.

    Attributes:
        operand: what the bare name means: a tensor, a number or a list; None if one of several
            outputs must be chosen.
        outputs: the outputs by number, where there are several of a block.
        named: the outputs by name, where a block names them.
        layers: the expanded entries whose layers it stands for.
        call: the use of the block that it came from, to use it again.
    """

    operand: Tree = None
    outputs: tuple[Tree, ...] = ()
    named: Mapping[str, Tree] = field(default_factory=dict)
    layers: tuple[str, ...] = ()
    call: BlockCall | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Namespace:
    """The names of one `layers` that is being expanded.

    Attributes:
        scope: what is in force.
        known: each name so far to what it stands for.
        declared: name to key path, of all entries, those that come later too.
        prefix: what stands before the expanded names of the entries; empty for those of a model.
    """

    scope: Scope
    known: dict[str, Binding]
    declared: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""


def one_tensor(takes: Tree) -> Tree:
    """What stands for an entry that is left out: what it would have taken, of several the first."""
    if isinstance(takes, Mapping | list) and takes:
        items = takes.values() if isinstance(takes, Mapping) else takes
        return one_tensor(next(iter(items)))
    return None if isinstance(takes, Mapping | list) else takes


def bind_outputs(outputs: Tree, known: Mapping[str, Binding], path: str, scope: Scope) -> Binding:
    """What the name of a used block stands for: its outputs."""
    if outputs is None:
        return known[""]
    names = Namespace(scope=scope, known=dict(known))
    if isinstance(outputs, str):
        return Binding(operand=_looked_up(outputs, path, names, strict=True))
    if isinstance(outputs, list | Mapping) and outputs:
        items: Iterable[tuple[str | int, Tree]] = (
            outputs.items() if isinstance(outputs, Mapping) else enumerate(outputs)
        )
        found = {
            str(key): _looked_up(item, join(path, key), names, strict=True) for key, item in items
        }
        each = tuple(found.values())
        named = found if isinstance(outputs, Mapping) else {}
        return Binding(operand=each[0] if len(each) == 1 else None, outputs=each, named=named)
    text = f"`outputs` is {describe(outputs)}, expected a name, a list of names or a mapping"
    scope.report("KG204", text, path)
    return known[""]


def taken(value: Tree, path: str, names: Namespace) -> Tree:
    """What `from` says, in names of the expanded model."""
    key = f"{path}.from"
    value = evaluated(value, PathPair(key, key), names.scope)
    if isinstance(value, Mapping):
        return {name: _operand(item, join(key, name), names) for name, item in value.items()}
    return _operand(value, key, names)


def _operand(value: Tree, key: str, names: Namespace) -> Tree:
    if isinstance(value, list):
        return [_operand(item, join(key, i), names) for i, item in enumerate(value)]
    return _looked_up(value, key, names, strict=bool(names.prefix))


def _looked_up(value: Tree, key: str, names: Namespace, *, strict: bool) -> Tree:
    """What one name stands for; a model's own unknown names are left to the wiring."""
    if not isinstance(value, str):
        return value
    base, dot, _ = value.partition(".")
    binding = names.known.get(base)
    if binding is None:
        if base in names.declared:
            hint = f"put `{base}` above the entry that takes it"
            names.scope.report("KG302", f"`{base}` comes later", key, hint=hint)
        elif strict:
            text = f"there is no entry or input `{base}`"
            options = [name for name in names.known if name]
            names.scope.report("KG301", text, key, hint=did_you_mean(base, options))
        return value
    if dot:
        return _output(value, binding, key, names.scope)
    if binding.operand is None:
        report_choice("this is", binding, key, names.scope, name=base)
    return binding.operand


def _output(value: str, binding: Binding, key: str, scope: Scope) -> Tree:
    """What a name with the name or number of an output behind it stands for."""
    base, _, output = value.partition(".")
    if not binding.outputs:
        return f"{binding.operand}.{output}" if isinstance(binding.operand, str) else value
    if output in binding.named:
        return binding.named[output]
    if output.isdigit() and int(output) < len(binding.outputs):
        return binding.outputs[int(output)]
    hint = did_you_mean(output, _output_names(binding))
    scope.report("KG301", f"`{base}` has no output `{output}`", key, hint=hint)
    return value


def _output_names(binding: Binding) -> list[str]:
    return [*binding.named] or [str(index) for index in range(len(binding.outputs))]


def report_choice(
    text: str,
    binding: Binding,
    path: str,
    scope: Scope,
    *,
    name: str = "",
    at: Anchor = "value",
) -> None:
    """Reports that one of several outputs must be chosen (KG306)."""
    options = _output_names(binding)
    if not name and binding.call is not None:
        name = binding.call.paths.written.rpartition(".")[2]
    count = len(binding.outputs)
    what = f"one of {count} outputs" if count else "more than one tensor"
    hint = None
    if options:
        listed = " or ".join(f"`{name or '…'}.{option}`" for option in options)
        hint = f"write {listed}" + (" under its `from`" if at == "key" else "")
    scope.report("KG306", f"{text} {what}, expected one tensor", path, at=at, hint=hint)


def settle_outputs(
    outputs: Tree,
    known: Mapping[str, Binding],
    last_entry: str | None,
    paths: PathPair,
    scope: Scope,
) -> Tree:
    """The outputs of a model in names of the expanded one, None for its last entry.

    A list in which a name stands for another one becomes a mapping, so that the outputs keep the
    names under which losses and metrics know them.
    """
    last = known[""]
    if outputs is None:
        if last_entry is None or last.operand == last_entry:
            return None
        if last.operand is None:
            report_choice("the last entry gives", last, paths.written, scope)
        return last.operand
    names = Namespace(scope=scope, known=dict(known))
    if isinstance(outputs, str):
        return _looked_up(outputs, paths.written, names, strict=False)
    if isinstance(outputs, list):
        found = list(_each(enumerate(outputs), paths, names))
        texts = [item for item in outputs if isinstance(item, str)]
        if found == outputs or len(texts) < len(outputs):
            return found
        titles = [text.replace(".", "_") for text in texts]  # `block.end` cannot be a name
        return dict(zip(titles, found, strict=True)) if len(set(titles)) == len(found) else found
    if isinstance(outputs, Mapping):
        return dict(zip(outputs, _each(outputs.items(), paths, names), strict=True))
    return outputs


def _each(
    items: Iterable[tuple[str | int, Tree]], paths: PathPair, names: Namespace
) -> Iterator[Tree]:
    for key, item in items:
        yield _looked_up(item, paths.step(key).written, names, strict=False)
