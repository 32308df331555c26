"""The names of the files of a run, and the version of its record.

This room owns names and words. It must not know how files are read or written.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

SCHEMA = 1
"""Version of the fields of `record.json`; a reader tells of a higher one."""

RECORD = "record.json"
CONFIG = "config.yaml"
OVERRIDES = "overrides.yaml"
KERAS = "keras.json"
DIAGNOSTICS = "diagnostics.json"
DATA = "data.json"
HISTORY = "history.csv"
METRICS = "metrics.json"
SUMMARY = "summary.txt"
MODEL = "model.keras"
PREDICTIONS = "predictions.npz"
LEARNING_CURVES = "learning_curves.png"
CONFUSION_MATRIX = "confusion_matrix.png"
PREDICTED_VS_TRUE = "predicted_vs_true.png"
TENSORBOARD = "tensorboard"
TRACEBACK = "traceback.txt"

Status: TypeAlias = Literal["running", "completed", "failed", "rejected"]
"""What a record says of its run; `rejected` is a run whose config had mistakes."""
