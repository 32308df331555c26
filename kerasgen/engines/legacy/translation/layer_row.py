"""What a translated layer is, and what most of them have in common.

This room owns the two records and the arguments that are the same in Keras 2.3.1. Which layers
there are stands in `layer_table`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from kerasgen.engines.legacy.translation import values
from kerasgen.engines.legacy.translation.untranslated import RefusedError
from kerasgen.engines.legacy.translation.values import Config

Shape: TypeAlias = Sequence[int | None]
"""A shape, batch axis first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A layer that is to be translated.

    Attributes:
        engine: `theano` or `cntk`.
        config: its config in Keras 3.
        shapes: the shapes of what goes in, at its first call.
        masked: whether a mask comes with it.
    """

    engine: str
    config: Config
    shapes: Sequence[Shape]
    masked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A layer as Keras 2.3.1 knows it.

    Attributes:
        cls: its class there.
        config: its arguments, without its name.
        padding: the arguments of a layer of zeros before it, None for none.
        flipped: number of a weight to the axes along which it lies the other way round.
    """

    cls: str
    config: dict[str, Any]
    padding: tuple[str, dict[str, Any]] | None = None
    flipped: Mapping[int, tuple[int, ...]] = field(default_factory=dict)


_PARTS = (
    *("kernel", "bias", "depthwise", "pointwise", "recurrent", "beta", "gamma", "alpha"),
    "embeddings",
)
"""What weights are called before `_initializer` and the like."""


def plain_arguments(asked: Asked, *names: str) -> dict[str, Any]:
    """Arguments that are the same in both, and what stands for weights of a layer."""
    found = {name: asked.config[name] for name in names if name in asked.config}
    for part in _PARTS:
        if f"{part}_initializer" in asked.config:
            found[f"{part}_initializer"] = "zeros"  # They are handed over.
        if asked.config.get(f"{part}_regularizer") is not None:
            found[f"{part}_regularizer"] = values.regularizer(asked.config[f"{part}_regularizer"])
        if asked.config.get(f"{part}_constraint") is not None:
            found[f"{part}_constraint"] = values.constraint(asked.config[f"{part}_constraint"])
    if "activation" in asked.config:
        found["activation"] = values.activation(asked.config["activation"])
    if asked.config.get("activity_regularizer") is not None:
        found["activity_regularizer"] = values.row_penalty(asked.config["activity_regularizer"])
    return found


def unless(reason: str, *names: str) -> Callable[[Asked], None]:
    """Refuses arguments that Keras 2.3.1 does not have, where they are set."""

    def check(asked: Asked) -> None:
        for name in names:
            if asked.config.get(name) not in (None, False, []):
                raise RefusedError(reason.format(name))

    return check


NO_ARGUMENT = "Keras 2.3.1 has no argument `{}` there"


def flipped(asked: Asked, ranks: Mapping[int, int]) -> Mapping[int, tuple[int, ...]]:
    """The weights that Theano, which convolves, has the other way round."""
    if asked.engine != "theano":
        return {}
    return {number: tuple(range(rank)) for number, rank in ranks.items()}
