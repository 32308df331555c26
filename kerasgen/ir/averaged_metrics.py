"""Metrics that a config may average over classes: the words for it."""

from __future__ import annotations

from collections.abc import Mapping

AVERAGE = "average"
"""The argument."""

AVERAGES = ("micro", "macro", "weighted")
"""What it may say, besides null for a figure of each class."""

AVERAGED: Mapping[str, float] = {"Precision": 1e-6, "Recall": 1e6}
"""Class of Keras to the `beta` at which an F-score is the very same.

`F = (1 + beta²) P R / (beta² P + R)` is the precision `P` for small ones, the recall `R` for large.
"""
