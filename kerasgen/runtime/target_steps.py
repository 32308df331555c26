"""Words become numbers by what the target is where they stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasgen.runtime.category_steps import as_words
from kerasgen.runtime.errors import DataError
from kerasgen.runtime.values import Array


class TargetEncoding:
    """Gives the mean of a target over the rows of each word.

    The mean of all rows counts as `smooth` rows more of each word, and stands for
    words that are not known. With `classes` there is a place for the share of each
    class. A row that it learns from gets the mean of rows in other folds, since its
    own target must not be told to the model.
    """

    LEARNED = ("vocabulary", "means")

    def __init__(
        self,
        of: str,
        classes: int | None = None,
        smooth: float = 10.0,
        folds: int = 5,
        vocabulary: Sequence[str] | None = None,
        means: Sequence[Any] | None = None,
    ) -> None:
        if smooth <= 0 or folds < 2:
            problem = "`smooth` is above 0, and `folds` 2 or more"
            raise DataError(problem, about="smooth")
        self.of = of
        self.classes = classes
        self.smooth = smooth
        self.folds = folds
        self.vocabulary = None if vocabulary is None else np.asarray(vocabulary, "str")
        self.means = None if means is None else np.asarray(means, "float64")

    def adapt(self, words: Array, target: Array) -> None:
        """Learns the mean of the target for each word, and last that of all rows."""
        aims = self.aims(target)
        self.vocabulary, places = np.unique(as_words(words), return_inverse=True)
        means = self.smoothed(places, aims, len(self.vocabulary))
        self.means = np.vstack([means, aims.mean(axis=0)])

    def of_training(self, words: Array, target: Array) -> Array:
        """Gives the rows that it learns from the means of other folds."""
        aims = self.aims(target)
        known, places = np.unique(as_words(words), return_inverse=True)
        fold = np.arange(len(aims)) % min(self.folds, len(aims))
        found = np.empty_like(aims)
        for number in range(int(fold.max()) + 1):
            others = fold != number
            means = self.smoothed(places[others], aims[others], len(known))
            found[~others] = means[places[~others]]
        return self.shaped(found)

    def __call__(self, words: Array) -> Array:
        """Gives the mean of each word, or the share of each class."""
        if self.vocabulary is None or self.means is None:
            raise DataError("it has learned nothing yet", about="column")
        text, last = as_words(words), len(self.vocabulary)
        places = np.minimum(np.searchsorted(self.vocabulary, text), last - 1)
        known = self.vocabulary[places] == text
        return self.shaped(self.means[np.where(known, places, last)])

    def aims(self, target: Array) -> Array:
        """What there is a mean of: the target, or a column for each class.

        Raises:
            DataError: it is not one number a row, or there are too few rows.
        """
        if target.ndim != 1 or target.dtype.kind not in "iuf" or len(target) < 2:
            problem = f"`{self.of}` must be a number or a class in two rows or more"
            raise DataError(problem, about="of")
        if self.classes is None:
            return target.astype("float64")[:, np.newaxis]
        return np.asarray(target[:, np.newaxis] == np.arange(self.classes), "float64")

    def smoothed(self, places: Array, aims: Array, words: int) -> Array:
        """The mean of each word, drawn toward that of all rows."""
        counts = np.bincount(places, minlength=words)[:, np.newaxis]
        sums = [np.bincount(places, weights=one, minlength=words) for one in aims.T]
        drawn = np.stack(sums, axis=1) + self.smooth * aims.mean(axis=0)
        return np.asarray(drawn / (counts + self.smooth))

    def shaped(self, means: Array) -> Array:
        """Single numbers, or a row for each."""
        plain = means.astype("float32")
        return plain[:, 0] if self.classes is None else plain

    def learned(self) -> dict[str, Array]:
        """What it has learned, by argument."""
        return {
            "vocabulary": np.asarray(self.vocabulary),
            "means": np.asarray(self.means),
        }
