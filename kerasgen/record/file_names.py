"""The names of the files in the folder of a run.

This room owns names. It must not know how files are read or written.
"""

from __future__ import annotations

RECORD = "record.json"
CONFIG = "config.yaml"
SOURCE_MAP = "source_map.json"
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
FORECAST = "forecast.png"
TRACEBACK = "traceback.txt"

TAGS = "tags.json"
"""Words that people have given the run: no run writes them."""

TENSORBOARD = "tensorboard"
"""A folder: event files as TensorBoard writes them."""

WANDB = "wandb"
"""A folder: a run as Weights & Biases keeps it."""

PREPARE = "prepare"
"""A folder: what the steps of `data.prepare` have learned, and what the columns are."""

CHECKPOINTS = "checkpoints"
"""A folder: states of the training, from which it can go on."""

FOLDS = "folds"
"""A folder: the runs of the folds, each in a folder that is called as its number."""

CONSOLE = "console.log"
"""What a job of a sweep has printed; it is there before the run, and stays."""

ASKED, ANSWERED = ".asked.json", ".answered.json"
"""By these a job of a search asks whether it goes on; they are there for moments alone."""

SIGN = ".at_work"
"""The sign of life of a job of a sweep, for other machines; it is there while the job runs."""

RESULTS = (
    CONFIG,
    SOURCE_MAP,
    OVERRIDES,
    KERAS,
    DIAGNOSTICS,
    DATA,
    HISTORY,
    METRICS,
    SUMMARY,
    MODEL,
    PREDICTIONS,
    LEARNING_CURVES,
    # A model of several outputs has a picture of each, with the output's name in the file's.
    CONFUSION_MATRIX.replace(".", "*."),
    PREDICTED_VS_TRUE.replace(".", "*."),
    FORECAST.replace(".", "*."),
    TRACEBACK,
    TAGS,
    ASKED,
    ANSWERED,
    SIGN,
)
"""Patterns of what stands in the folder of a run after its record is opened."""
