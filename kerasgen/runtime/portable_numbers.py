"""Random numbers that are the same, bit for bit, wherever NumPy runs.

Decisions:
- The bits are those of Philox, a counter-based generator whose stream NumPy promises to
  keep; its key is a hash, so that any two keys give streams that have nothing to do
  with each other.
- All that follows is made of the four operations and the square root in float64, which
  every machine rounds alike. NumPy's own normal numbers, logarithms and cosines are
  not: they differ between its versions and between processors in the last bit.
- A normal number is the quantile of a number between 0 and 1, by Wichura's algorithm AS
  241. So one that is cut off at two standard deviations is one of a narrower part of
  them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kerasgen.runtime.values import Array

NUMBERS_AT_ONCE = 2**16
"""Numbers that are made at once: they stay in the processor's cache."""

TWO_DEVIATIONS = 0.02275013194817921
"""How often a normal number lies two standard deviations below the mean, or more."""

CENTRAL_QUANTILE = (
    (
        2.5090809287301226727e3,
        3.3430575583588128105e4,
        6.7265770927008700853e4,
        4.5921953931549871457e4,
        1.3731693765509461125e4,
        1.9715909503065514427e3,
        1.3314166789178437745e2,
        3.3871328727963666080e0,
    ),
    (
        5.2264952788528545610e3,
        2.8729085735721942674e4,
        3.9307895800092710610e4,
        2.1213794301586595867e4,
        5.3941960214247511077e3,
        6.8718700749205790830e2,
        4.2313330701600911252e1,
        1.0,
    ),
)
"""AS 241 within 0.425 of the middle: the two polynomials, highest power first."""

OUTER_QUANTILE = (
    (
        7.74545014278341407640e-4,
        2.27238449892691845833e-2,
        2.41780725177450611770e-1,
        1.27045825245236838258e0,
        3.64784832476320460504e0,
        5.76949722146069140550e0,
        4.63033784615654529590e0,
        1.42343711074968357734e0,
    ),
    (
        1.05075007164441684324e-9,
        5.47593808499534494600e-4,
        1.51986665636164571966e-2,
        1.48103976427480074590e-1,
        6.89767334985100004550e-1,
        1.67638483018380384940e0,
        2.05319162663775882187e0,
        1.0,
    ),
)
"""The same outside of it, where the root of the logarithm is at most 5."""

FAR_QUANTILE = (
    (
        2.01033439929228813265e-7,
        2.71155556874348757815e-5,
        1.24266094738807843860e-3,
        2.65321895265761230930e-2,
        2.96560571828504891230e-1,
        1.78482653991729133580e0,
        5.46378491116411436990e0,
        6.65790464350110377720e0,
    ),
    (
        2.04426310338993978564e-15,
        1.42151175831644588870e-7,
        1.84631831751005468180e-5,
        7.86869131145613259100e-4,
        1.48753612908506148525e-2,
        1.36929880922735805310e-1,
        5.99832206555887937690e-1,
        1.0,
    ),
)
"""The same where it is larger."""


def key_of_words(words: Sequence[Any]) -> int:
    """Makes a key of 128 bits of some words and numbers."""
    text = json.dumps(list(words), ensure_ascii=True, separators=(",", ":"))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "little")


def portable_numbers(
    key: int,
    shape: Sequence[int],
    transform: Callable[[Array], Array],
    line: tuple[float, float] = (0.0, 1.0),
    dtype: str = "float64",
) -> Array:
    """Draws numbers between 0 and 1, makes others of them, and puts these on a line."""
    found = np.empty(int(np.prod(shape, dtype="int64")), dtype)
    source = np.random.Philox(key=key)
    for start in range(0, len(found), NUMBERS_AT_ONCE):
        part = found[start : start + NUMBERS_AT_ONCE]
        bits = source.random_raw(len(part)) >> np.uint64(12)
        between = (bits.astype("float64") + 0.5) * 2.0**-52
        part[:] = line[0] + line[1] * transform(between)
    return found.reshape(tuple(shape))


def normal_quantile(between: Array) -> Array:
    """Gives the normal numbers below which these parts of all normal numbers lie."""
    centered = between - 0.5
    central = np.abs(centered) <= 0.425
    inside = centered * fraction(CENTRAL_QUANTILE, 0.180625 - centered * centered)
    outside = centered[~central]
    nearer = np.where(outside < 0, between[~central], 1.0 - between[~central])
    root = np.sqrt(-portable_logarithm(nearer))
    tail = np.where(
        root <= 5.0,
        fraction(OUTER_QUANTILE, root - 1.6),
        fraction(FAR_QUANTILE, root - 5.0),
    )
    inside[~central] = np.where(outside < 0, -tail, tail)
    return inside


def middle_quantile(between: Array) -> Array:
    """Gives the same of the normal numbers within two deviations of the mean."""
    return normal_quantile(TWO_DEVIATIONS + (1.0 - 2.0 * TWO_DEVIATIONS) * between)


def fraction(polynomials: Sequence[Sequence[float]], values: Array) -> Array:
    """Divides the values of two polynomials."""
    above, below = (polynomial(factors, values) for factors in polynomials)
    quotient: Array = above / below
    return quotient


def polynomial(factors: Sequence[float], values: Array) -> Array:
    """Gives the values of a polynomial, whose highest power stands first."""
    total = np.full_like(values, factors[0])
    for factor in factors[1:]:
        total = total * values + factor
    return total


def portable_logarithm(values: Array) -> Array:
    """Gives natural logarithms, by the series of the inverse hyperbolic tangent."""
    mantissa, exponent = np.frexp(values)
    small = mantissa < 0.7071067811865476
    mantissa, exponent = np.where(small, mantissa * 2.0, mantissa), exponent - small
    ratio = (mantissa - 1.0) / (mantissa + 1.0)
    series = polynomial([1.0 / power for power in range(23, 0, -2)], ratio * ratio)
    found: Array = exponent * 0.6931471805599453 + 2.0 * ratio * series
    return found
