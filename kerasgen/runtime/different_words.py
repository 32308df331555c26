"""The few different words of a column, and a number for each row that says which it is.

Words are told apart by a hash of 64 bits that is made letter by letter, of many rows at
once, and no word becomes an object of Python but the different ones.
"""

from __future__ import annotations

import numpy as np

from kerasgen.runtime.values import Array

MOST_WORDS = 4_096
"""Different words up to which a column is one of few."""

HASHED_ROWS = 16_384
"""Rows that are looked at at a time, so that they stay near the processor."""

SLOTS = 2**16
"""Places of a table that finds a word by some bits of its hash."""

PRIME = np.uint64(0x9E3779B97F4A7C15)


def different_words(words: Array) -> tuple[Array, Array] | None:
    """The number of each row's word, and the words by number; None for many words.

    None, too, where two words have one hash. They are numbered in the order in which
    they come first.
    """
    known = np.zeros(0, dtype="uint64")
    found = np.zeros(0, dtype=words.dtype)
    numbers = np.empty(len(words), dtype="int32")
    finder = WordFinder(known)
    for start in range(0, len(words), HASHED_ROWS):
        rows = words[start : start + HASHED_ROWS]
        hashes = hash_words(rows)
        places, right = finder.find(hashes)
        if not right.all():
            missing = np.flatnonzero(~right)
            first = np.sort(np.unique(hashes[missing], return_index=True)[1])
            known = np.concatenate([known, hashes[missing[first]]])
            found = np.concatenate([found, rows[missing[first]]])
            if len(known) > MOST_WORDS:
                return None
            finder = WordFinder(known)
            places, _ = finder.find(hashes)
        if (found[places] != rows).any():
            return (
                None  # two words of one hash: whoever counts them one by one knows them
            )
        numbers[start : start + HASHED_ROWS] = places
    return numbers, found


def hash_words(words: Array) -> Array:
    """A number of 64 bits for each word, equal for equal ones of an array."""
    found = np.zeros(len(words), dtype="uint64")
    rows = np.ascontiguousarray(words).view("uint32").reshape(len(words), -1)
    for letters in rows.T:
        found = (found ^ letters) * PRIME
        found ^= found >> np.uint64(29)
    return found


class WordFinder:
    """Finds the numbers of words by their hashes."""

    def __init__(self, known: Array) -> None:
        self.known = known
        self.order = np.argsort(known)
        self.ordered = known[self.order]
        self.shift: np.uint64 | None = None
        self.table = np.zeros(0, dtype="int32")
        for shift in map(np.uint64, range(0, 49, 4)):
            slots = known >> shift & np.uint64(SLOTS - 1)
            if 0 < len(known) == len(np.unique(slots)):
                self.shift = shift
                self.table = np.zeros(SLOTS, dtype="int32")
                self.table[slots] = np.arange(len(known))
                break

    def find(self, hashes: Array) -> tuple[Array, Array]:
        """The numbers of words, and which of them are right: others are not known."""
        if not len(self.known):
            return np.zeros(len(hashes), "int32"), np.zeros(len(hashes), dtype=bool)
        if self.shift is None:
            places = np.searchsorted(self.ordered, hashes)
            found = self.order[np.minimum(places, len(self.order) - 1)]
        else:
            found = self.table[hashes >> self.shift & np.uint64(SLOTS - 1)]
        return found, self.known[found] == hashes
