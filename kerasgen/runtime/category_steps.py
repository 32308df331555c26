"""Words of a column become indices, or a place for each; unknown words have their own.

Keras's `StringLookup` does the same with TensorFlow alone; this needs NumPy. Index 0 is
for what is unknown, rare or missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from kerasgen.runtime.different_words import MOST_WORDS, different_words
from kerasgen.runtime.errors import DataError
from kerasgen.runtime.values import Array


class Categories:
    """Gives the index of each word in a vocabulary, from 1, or zeros and a single one.

    Words in fewer rows than `rare` are unknown. Without a vocabulary it learns one: the
    words of the rows in the order of how often they come, then of the alphabet.
    """

    LEARNED = ("vocabulary",)

    def __init__(
        self,
        vocabulary: Sequence[str] | None = None,
        rare: int = 0,
        most: int | None = None,
        unknown: str = "own",
        output: str = "index",
    ) -> None:
        if output not in ("index", "one_hot") or unknown not in ("own", "error"):
            problem = "`output` is `index` or `one_hot`, `unknown` is `own` or `error`"
            raise DataError(problem, about="output")
        if most is not None and most < 1:
            raise DataError(f"`most` is {most}, expected 1 or more", about="most")
        self.vocabulary = (
            None if vocabulary is None else distinct_words(vocabulary, "vocabulary")
        )
        self.rare = rare
        self.most = most
        self.unknown = unknown
        self.output = output

    def adapt(self, words: Array) -> None:
        """Learns the vocabulary."""
        self.vocabulary = frequent_words(count_words(words), self.rare)[: self.most]

    def __call__(self, words: Array) -> Array:
        """Gives an index a row, or a place for each word."""
        text = as_words(words)
        few = None
        if len(text) > MOST_WORDS and text.ndim == 1:
            few = different_words(text)
        indices = self.indices(text) if few is None else self.indices(few[1])[few[0]]
        if self.unknown == "error" and (strange := np.flatnonzero(indices == 0)).size:
            row = int(strange[0])
            raise DataError(f'"{text[row]}" in row {row + 1} is unknown', about="words")
        if self.output == "index":
            return indices
        places = np.arange(len(self.vocabulary or []) + 1, dtype="int32")
        return np.asarray(indices[:, np.newaxis] == places, dtype="float32")

    def indices(self, text: Array) -> Array:
        """The index of each word, 0 for one that is unknown."""
        vocabulary = self.vocabulary or []
        order = np.argsort(np.asarray(vocabulary, dtype="str"))
        known = np.asarray(vocabulary, dtype="str")[order]
        indices = np.zeros(len(text), dtype="int32")
        if len(known):
            place = np.minimum(np.searchsorted(known, text), len(known) - 1)
            hit = known[place] == text
            indices[hit] = order[place[hit]].astype("int32") + 1
        return indices

    def learned(self) -> dict[str, Array]:
        """What it has learned, by argument."""
        return {"vocabulary": np.asarray(self.vocabulary or [], dtype="str")}


class Ordinal:
    """Gives the rank of each word in an order, from 0 for the lowest to 1."""

    def __init__(self, order: Sequence[str]) -> None:
        self.order = distinct_words(order, "order")

    def __call__(self, words: Array) -> Array:
        """Gives the ranks."""
        ranks = {word: rank for rank, word in enumerate(self.order)}
        steps = max(1, len(self.order) - 1)
        found = np.empty(len(words), dtype="float32")
        for row, word in enumerate(as_words(words).tolist()):
            if word not in ranks:
                raise DataError(f'"{word}" in row {row + 1} has no rank', about="order")
            found[row] = ranks[word] / steps
        return found


def count_words(values: Array) -> Counter[str]:
    """How many rows have each word; a number is one, a missing one is empty."""
    counts: Counter[str] = Counter()
    if values.dtype.kind == "U" and (few := different_words(values.ravel())):
        numbers = np.bincount(few[0], minlength=len(few[1]))
        return Counter(dict(zip(few[1].tolist(), numbers.tolist(), strict=True)))
    for start in range(0, len(values), 65_536):
        counts.update(as_words(values[start : start + 65_536]).ravel().tolist())
    return counts


def frequent_words(counts: Mapping[str, int], least: int = 0) -> list[str]:
    """The words of `least` rows or more: the most frequent first, then by name."""
    kept = [word for word, count in counts.items() if word and count >= least]
    return sorted(kept, key=lambda word: (-counts[word], word))


def as_words(values: Array) -> Array:
    """Words as they are, numbers by their digits; a number that is missing is empty."""
    if values.dtype.kind == "U":
        return values
    found, places = np.unique(values, return_inverse=True)
    words = [number_word(number) for number in found.tolist()]
    return np.asarray(words, dtype="str")[places.reshape(values.shape)]


def number_word(number: float) -> str:
    """How a number is written as a word: whole ones without a point."""
    if number != number:
        return ""
    return (
        str(int(number))
        if abs(number) < 2**63 and number == int(number)
        else str(number)
    )


def distinct_words(words: Sequence[str], about: str) -> list[str]:
    """Words of a list, each once.

    Raises:
        DataError: they are no list, or one stands twice.
    """
    if isinstance(words, str):
        raise DataError(f"`{about}` is one word, expected a list", about=about)
    listed = [str(word) for word in words]
    twice = next((word for word in listed if listed.count(word) > 1), None)
    if twice is not None:
        raise DataError(f"`{twice}` stands twice in `{about}`", about=about)
    return listed
