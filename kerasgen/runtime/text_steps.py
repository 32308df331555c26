"""Texts become rows of word indices, with plain Python and NumPy.

Keras's `TextVectorization` does the same with TensorFlow alone. Index 0 fills short
texts, 1 is for words that are not in the vocabulary.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from kerasgen.runtime.category_steps import as_words, frequent_words
from kerasgen.runtime.errors import DataError
from kerasgen.runtime.values import Array

WORD = re.compile(r"\w+(?:['\u2019]\w+)*|[^\w\s]")
"""A word, which may have an apostrophe in it, or a single sign."""


class Tokens:
    """Gives the indices of the first words of a text, in lower case.

    Without a vocabulary it learns one: the `tokens - 2` words that come most often, and
    `rare` times at the least.
    """

    LEARNED = ("vocabulary",)

    def __init__(
        self,
        tokens: int = 20_000,
        length: int = 200,
        vocabulary: Sequence[str] | None = None,
        rare: int = 0,
    ) -> None:
        if tokens < 3 or length < 1:
            problem = "a text needs 3 `tokens` and a `length` of 1 at the least"
            raise DataError(problem, about="tokens")
        self.tokens = tokens
        self.length = length
        self.rare = rare
        self.vocabulary = None if vocabulary is None else [str(w) for w in vocabulary]

    def adapt(self, texts: Array) -> None:
        """Learns the vocabulary."""
        counts: Counter[str] = Counter()
        for text in as_words(texts).tolist():
            counts.update(WORD.findall(text.lower()))
        self.vocabulary = frequent_words(counts, self.rare)[: self.tokens - 2]

    def __call__(self, texts: Array) -> Array:
        """Gives a row of indices for each text."""
        places = {word: place for place, word in enumerate(self.vocabulary or [], 2)}
        found = np.zeros((len(texts), self.length), dtype="int32")
        for row, text in enumerate(as_words(texts).tolist()):
            words = WORD.findall(text.lower())[: self.length]
            found[row, : len(words)] = [places.get(word, 1) for word in words]
        return found

    def learned(self) -> dict[str, Array]:
        """What it has learned, by argument."""
        return {"vocabulary": np.asarray(self.vocabulary or [], dtype="str")}
