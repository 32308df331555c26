"""Student's t distribution, as far as a table of seeds asks for it.

This room owns the two numbers alone: importing SciPy for them takes longer than all else that a
sweep does whose jobs are done. It must not know what is tested.
"""

from __future__ import annotations

import math

_TINY = 1e-300
_STEPS = 500


def two_sided(t: float, freedom: int) -> float:
    """The probability of a t at least as far from 0.

    Args:
        t: the value.
        freedom: degrees of freedom, at least 1.
    """
    if math.isinf(t):
        return 0.0
    square = t * t
    # The smaller of the two keeps its digits.
    return _beta(freedom / 2, 0.5, freedom / (freedom + square), square / (freedom + square))


def half_width(confidence: float, freedom: int) -> float:
    """The t within which, on both sides of 0, a share of the distribution lies.

    Args:
        confidence: the share, between 0 and 1.
        freedom: degrees of freedom, at least 1.
    """
    outside = 1 - confidence
    low, high = 0.0, 1.0
    while two_sided(high, freedom) > outside:
        low, high = high, 2 * high
    while True:
        middle = (low + high) / 2
        if middle in (low, high):
            return middle
        if two_sided(middle, freedom) > outside:
            low = middle
        else:
            high = middle


def _beta(a: float, b: float, x: float, rest: float) -> float:
    """The regularized incomplete beta function.

    Its continued fraction: DLMF 8.17.22, evaluated by Lentz's method.

    Args:
        a: first parameter.
        b: second parameter.
        x: where, between 0 and 1.
        rest: 1 - x.
    """
    if x <= 0 or rest <= 0:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):  # The fraction converges quickly below.
        return 1 - _beta(b, a, rest, x)
    scale = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    front = math.exp(scale + a * math.log(x) + b * math.log(rest)) / a
    c, d = 1.0, 1 / _kept(1 - (a + b) * x / (a + 1))
    found = d
    for m in range(1, _STEPS):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / _kept(1 + term * d)
            c = _kept(1 + term / c)
            found *= c * d
        if abs(c * d - 1) < 1e-16:
            break
    return front * found


def _kept(value: float) -> float:
    """A value by which may be divided."""
    return value if abs(value) > _TINY else _TINY
