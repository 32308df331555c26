"""The pass that knows our own steps of `data.prepare`: what they learn, and make of a shape.

It owns what no engine can be asked of them. It must not import them: NumPy takes its time, and a
check needs shapes alone. A test holds it against the steps themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kerasgen.ir.values import ObjectDef, Shape

OWN_LEARNED: Mapping[str, tuple[str, ...]] = {
    "Impute": ("fill",),
    "Categories": ("vocabulary",),
    "Tokens": ("vocabulary",),
    "MultiHot": ("vocabulary",),
    "NumberSequence": ("length", "mean", "deviation"),
    "TargetEncoding": ("vocabulary", "means"),
}
"""Step to the arguments that it learns where they are not given."""


USUAL_PARTS = ("year", "month", "weekday")
"""What `DateParts` takes of a date where nothing is said."""


def has_open_width(definition: ObjectDef) -> bool:
    """Whether a step gives a place to each word of a vocabulary that it has yet to learn."""
    return definition.cls in ("Categories", "MultiHot") and own_shape(definition, [()]) == (None,)


def own_shape(definition: ObjectDef, shapes: Sequence[Shape]) -> Shape:
    """The shape of a row of what a step makes; None in it for a size that it has yet to learn.

    Args:
        definition: the step and its arguments.
        shapes: the shapes of rows of the columns that it takes.
    """
    if definition.cls == "Categories":
        if definition.arguments.get("output", "index") == "index":
            return ()
        vocabulary = definition.arguments.get("vocabulary")
        return (len(vocabulary) + 1,) if isinstance(vocabulary, tuple) else (None,)
    if definition.cls == "DateParts":
        parts = definition.arguments.get("parts", USUAL_PARTS)
        return (len(parts),) if isinstance(parts, tuple) else (None,)
    if definition.cls == "Tokens":
        length = definition.arguments.get("length", 200)
        return (length,) if isinstance(length, int) else (None,)
    if definition.cls == "MultiHot":
        vocabulary = definition.arguments.get("vocabulary")
        return (len(vocabulary) if isinstance(vocabulary, tuple) else None,)
    if definition.cls == "NumberSequence":
        length = definition.arguments.get("length")
        return (length if isinstance(length, int) else None, 2)
    if definition.cls == "TargetEncoding":
        classes = definition.arguments.get("classes")
        return (classes,) if isinstance(classes, int) else ()
    return shapes[0] if shapes else ()
