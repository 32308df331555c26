"""The steps of `data.prepare` that Keras has no layer for, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kerasgen.runtime.category_steps import Categories, Ordinal
from kerasgen.runtime.date_steps import DateParts
from kerasgen.runtime.label_steps import MultiHot
from kerasgen.runtime.number_steps import Impute, IsMissing, LogScale
from kerasgen.runtime.sequence_steps import NumberSequence
from kerasgen.runtime.target_steps import TargetEncoding
from kerasgen.runtime.text_steps import Tokens

STEPS: Mapping[str, Callable[..., Any]] = {
    "Impute": Impute,
    "IsMissing": IsMissing,
    "LogScale": LogScale,
    "Categories": Categories,
    "Ordinal": Ordinal,
    "DateParts": DateParts,
    "Tokens": Tokens,
    "MultiHot": MultiHot,
    "NumberSequence": NumberSequence,
    "TargetEncoding": TargetEncoding,
}
"""Name to class. One that learns has `adapt` and `learned`.

One that learns of a target too takes it in `adapt`, and has `of_training` for the rows
that it has learned from.
"""
