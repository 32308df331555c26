"""Arguments that classes have in a config, and not in Keras.

This room owns what is said of them. What becomes of each stands in the pass that takes it out
again before Keras is asked: `trainable` of a model of `keras.applications`, `average` of a metric.
"""

from __future__ import annotations

from kerasgen.catalog.entries import Kind, Parameter
from kerasgen.engines.keras3.docstrings import opening
from kerasgen.ir.averaged_metrics import AVERAGE, AVERAGED, AVERAGES
from kerasgen.ir.trained_layers import TRAINABLE

_TRAINED = (
    "Whether the model's weights are trained: true, false, a list of the layers that stay "
    "trainable, or a mapping of layers to true or false. A layer is a class or a pattern of names."
)

_AVERAGE = (
    "How the classes are averaged: `micro`, `macro`, `weighted` by their rows, or null for a "
    "figure of each; the largest score of a row is its class. Left out, scores are counted apart."
)


def added_arguments(name: str, kind: Kind) -> dict[str, Parameter]:
    """The arguments that a class has here besides its own.

    Args:
        name: its public name.
        kind: what it is.
    """
    if kind == "application":
        trained = Parameter(
            name=TRAINABLE,
            default=True,
            value="layers",
            nullable=False,
            description=opening(_TRAINED),
        )
        return {TRAINABLE: trained}
    if kind == "metric" and name in AVERAGED:
        average = Parameter(
            name=AVERAGE, value="str", choices=AVERAGES, description=opening(_AVERAGE)
        )
        return {AVERAGE: average}
    return {}
