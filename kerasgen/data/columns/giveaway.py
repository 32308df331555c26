"""Whether a column alone tells the target: nearly always such a column is not there in earnest.

This room owns how that is measured. What is said of it stands in `passes.lint.suspicious_columns`.

Decisions:
- Half of the rows predict the other half, both ways, so that words which stand once tell nothing,
  however many there are: an identifier gives nothing away.
- A class is predicted as the most frequent one of a word, or of the nearest number; the figure is
  the share of mistakes of the majority's answer that are avoided. A number is predicted along a
  line, between its neighbours, or as what a word has on average; the figure is the share of the
  absolute error of the median that is avoided. 0 is no better than that, 1 is perfect.
- That a value is missing is a value like others: a column that is filled in afterwards tells the
  target by that alone.
"""

from __future__ import annotations

import numpy as np

from kerasgen.data.table import Array

CLASSES_TOLD, NUMBERS_TOLD = 0.98, 0.97
"""From which figure on a column gives classes, or numbers, away."""

LEAST_ROWS = 40
"""Rows below which nobody can tell."""

_LEAST_OTHERS = 8
"""Rows that are not of the most frequent class, below which nobody can tell."""


def class_skill(values: Array, classes: Array) -> float:
    """How well a column tells classes: from 0 for nothing to 1 for all.

    Args:
        values: numbers with NaN for missing ones, or words with empty ones.
        classes: the class of each row, as numbers or words.
    """
    labels = np.unique(classes, return_inverse=True)[1]
    most = np.bincount(labels).max() if len(labels) else 0
    if len(labels) < LEAST_ROWS or len(labels) - most < _LEAST_OTHERS:
        return 0.0
    guess = _class_of_word if values.dtype.kind == "U" else _class_of_number
    right = sum(
        int((guess(values[fitted], labels[fitted], values[others]) == labels[others]).sum())
        for fitted, others in _halves(len(labels))
    )
    return max(0.0, 1.0 - (len(labels) - right) / (len(labels) - int(most)))


def number_skill(values: Array, numbers: Array) -> float:
    """How well a column tells numbers: from 0 for nothing to 1 for all.

    Args:
        values: numbers with NaN for missing ones, or words with empty ones.
        numbers: the number of each row; rows without one do not count.
    """
    known = np.isfinite(numbers)
    values, numbers = values[known], numbers[known].astype("float64")
    if len(numbers) < LEAST_ROWS:
        return 0.0
    error = float(np.abs(numbers - np.median(numbers)).sum())
    if error == 0:
        return 0.0
    guesses = [_by_codes] if values.dtype.kind == "U" else [_by_line, _by_neighbours]
    missed = [0.0] * len(guesses)
    for fitted, others in _halves(len(numbers)):
        for place, guess in enumerate(guesses):
            found = guess(values[fitted], numbers[fitted], values[others])
            missed[place] += float(np.abs(numbers[others] - found).sum())
    return max(0.0, 1.0 - min(missed) / error)


def _halves(rows: int) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """Two halves of the rows, the same ones every time; each predicts the other."""
    order = np.random.default_rng(0).permutation(rows)
    one, other = order[::2], order[1::2]
    return (one, other), (other, one)


def _class_of_word(values: Array, labels: Array, asked: Array) -> Array:
    """The most frequent class of a word; of all rows for words that are new."""
    words, codes = np.unique(values, return_inverse=True)
    places = np.minimum(np.searchsorted(words, asked), len(words) - 1)
    found = _most_frequent(codes, labels)[places]
    return np.where(words[places] == asked, found, np.bincount(labels).argmax())


def _class_of_number(values: Array, labels: Array, asked: Array) -> Array:
    """The most frequent class of the nearest number; missing ones are a number of their own."""
    known, majority = np.isfinite(values), int(np.bincount(labels).argmax())
    found = np.full(len(asked), majority)
    if known.any():
        places, codes = np.unique(values[known], return_inverse=True)
        middles = (places[1:] + places[:-1]) / 2
        nearest = np.searchsorted(middles, np.nan_to_num(asked, posinf=0, neginf=0))
        found = _most_frequent(codes, labels[known])[nearest]
    absent = labels[~known]
    of_absent = int(np.bincount(absent).argmax()) if len(absent) else majority
    return np.where(np.isfinite(asked), found, of_absent)


def _most_frequent(codes: Array, labels: Array) -> Array:
    """The most frequent label of each code."""
    count = int(labels.max()) + 1
    pairs, rows = np.unique(codes * count + labels, return_counts=True)
    order = np.argsort(rows, kind="stable")
    found = np.zeros(int(codes.max()) + 1, dtype="int64")
    found[pairs[order] // count] = pairs[order] % count
    return found


def _by_line(values: Array, numbers: Array, asked: Array) -> Array:
    """Along the line of least squares."""
    known = np.isfinite(values)
    middle = float(np.median(numbers))
    if known.sum() < 2 or float(np.ptp(values[known])) == 0:
        return np.full(len(asked), middle)
    x, y = values[known].astype("float64"), numbers[known]
    spread = x - x.mean()
    slope = float((spread * y).sum() / (spread**2).sum())
    found = y.mean() + slope * (asked - x.mean())
    return np.where(np.isfinite(asked), found, middle)


def _by_neighbours(values: Array, numbers: Array, asked: Array) -> Array:
    """Between the nearest values, each with the mean of its rows."""
    known = np.isfinite(values)
    middle = float(np.median(numbers))
    if not known.any():
        return np.full(len(asked), middle)
    places, codes = np.unique(values[known], return_inverse=True)
    means = np.bincount(codes, numbers[known]) / np.bincount(codes)
    found = np.interp(np.nan_to_num(asked, posinf=0, neginf=0), places, means)
    return np.where(np.isfinite(asked), found, middle)


def _by_codes(values: Array, numbers: Array, asked: Array) -> Array:
    """What a word has on average; the median for words that are new."""
    words, codes = np.unique(values, return_inverse=True)
    means = np.bincount(codes, numbers) / np.bincount(codes)
    places = np.minimum(np.searchsorted(words, asked), len(words) - 1)
    return np.where(words[places] == asked, means[places], float(np.median(numbers)))
