"""What the step `Tokens` makes of texts, kept on the disk from one run to the next.

This room owns which texts are worth it, and what a vocabulary and its indices are called after.
Where arrays lie stands in `array_cache`, what the step does in `runtime.text_steps`.

Decisions:
- A vocabulary is called after the training texts and the arguments of the step, indices after the
  texts and the vocabulary. So another seed makes another vocabulary, and other texts of the same
  words make no false ones.
- Short texts are not kept: below `LEAST` characters the step is as quick as the disk.
- Nothing fails for the sake of the cache (KG540).
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from kerasgen.data.array_cache import FORM, NoRoomError, hindered_help, kept_array
from kerasgen.data.own_steps import fit_own, restore_own
from kerasgen.data.table import Array
from kerasgen.diagnostics import Sink
from kerasgen.engine import FittedStep
from kerasgen.ir.values import ObjectDef
from kerasgen.runtime.category_steps import as_words
from kerasgen.runtime.text_steps import WORD

LEAST = 4 * 2**20
"""Characters of texts below which they are made into indices anew: about a second of work."""

_STEP = f"1 {WORD.pattern} {unicodedata.unidata_version}"
"""What the indices of a text depend on beside the arguments: the step, and what a letter is."""

_ROWS = 4096
"""Texts that are looked at at a time."""


def is_kept(definition: ObjectDef, columns: Mapping[str, Array]) -> bool:
    """Whether what a step makes of some columns is worth keeping."""
    texts = next(iter(columns.values()), None)
    if definition.cls != "Tokens" or texts is None or texts.dtype.kind != "U":
        return False
    return texts.nbytes >= LEAST and _characters(texts) >= LEAST


def fit_kept(definition: ObjectDef, columns: Mapping[str, Array], sink: Sink) -> FittedStep:
    """Makes a step and fits it, as `fit_own` does, or takes what it has learned out of the cache.

    Args:
        definition: the step, of which `is_kept` is true.
        columns: what it takes, training rows alone.
        sink: hears why nothing is kept.

    Raises:
        ShapeError: it refuses its arguments or the columns.
    """

    def hindered(error: NoRoomError) -> None:
        sink.warn(
            "KG540", f"the tokens of texts are not kept: {error}", key="data", help=hindered_help()
        )

    if definition.arguments.get("vocabulary") is not None:
        fitted = fit_own(definition, columns)
        words: list[str] = []  # They stand among the arguments.
    else:
        (texts,) = columns.values()
        name = _digest(definition, texts, "vocabulary")
        vocabulary = kept_array(
            name, "texts", lambda: fit_own(definition, columns).learned["vocabulary"], hindered
        )
        fitted = restore_own(definition, {"vocabulary": vocabulary})
        words = vocabulary.tolist()

    def apply(taken: Mapping[str, Array]) -> Array:
        if not is_kept(definition, taken):
            return _applied(fitted, taken)
        (texts,) = taken.values()
        name = _digest(definition, texts, json.dumps(words))
        return kept_array(name, "texts", lambda: _applied(fitted, taken), hindered)

    return replace(fitted, apply=apply)


def _applied(fitted: FittedStep, columns: Mapping[str, Array]) -> Array:
    made: Array = fitted.apply(columns)
    return made


def _characters(texts: Array) -> int:
    return int(np.char.str_len(texts).sum())


def _digest(definition: ObjectDef, texts: Array, about: str) -> str:
    """What an array is called that is made of texts."""
    arguments = {name: repr(value) for name, value in sorted(definition.arguments.items())}
    told = json.dumps([FORM, _STEP, definition.cls, arguments, about, len(texts)])
    digest = hashlib.sha256(told.encode())
    for start in range(0, len(texts), _ROWS):
        some = as_words(texts[start : start + _ROWS]).tolist()
        digest.update(json.dumps([len(text) for text in some]).encode())
        digest.update("".join(some).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
