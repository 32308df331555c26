"""The weights of classes that a config names: which class each one is for.

This room owns the way from names of classes to their indices. It must not know where the names come
from, nor how weights are balanced.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kerasgen.diagnostics import Sink, did_you_mean
from kerasgen.ir.program import Program


def weighing_key(program: Program) -> str | None:
    """The key path of what makes classes count differently; None where nothing does."""
    weights = program.data.weights
    if weights is not None and weights.column is None:
        return "data.weights"
    return None if program.fit.class_weight is None else "fit.class_weight"


def known_classes(facts: Mapping[str, object]) -> list[str]:
    """The names of the classes of the first target that has any, by index; empty if unknown."""
    known = facts.get("class_names")
    known = next(iter(known.values()), ()) if isinstance(known, Mapping) else known
    return [str(name) for name in known] if isinstance(known, tuple | list) else []


def index_weights(
    weights: Mapping[str | int, float], names: Sequence[str], sink: Sink, key: str | None
) -> dict[int, float]:
    """Class index to weight.

    Args:
        weights: name or index of a class to its weight.
        names: the names of the classes, by index.
        sink: gets a name that no class has: KG514.
        key: where the weights are written.

    Raises:
        CompileError: a class is not there.
    """
    title = (key or "").rpartition(".")[2]
    for name in weights:
        if isinstance(name, str) and name not in names:
            sink.report(
                "KG514",
                f"`{title}` names the class `{name}`, which the target does not have",
                key=f"{key}.{name}",
                at="key",
                help=did_you_mean(name, names, listed=20),
            )
    sink.stop_on_errors()
    return {names.index(k) if isinstance(k, str) else k: weight for k, weight in weights.items()}
