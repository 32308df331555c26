"""Trainings that are killed at random moments go on, and end with the same bits.

`pytest -m slow -n 0 -s tests/test_killed_runs.py` tries every backend, with tables;
`KERASGEN_KILLS=30` is the number of trials of each.
"""

import os

import pytest
from kill_trials import TASKS, report, run_trials

COUNT = int(os.environ.get("KERASGEN_KILLS", "8"))


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "tensorflow", "torch"])
def test_a_killed_training_ends_with_the_same_bits(backend: str) -> None:
    pytest.importorskip(backend)
    trials = list(run_trials(backend, list(TASKS), COUNT, 0))
    assert report(backend, trials) == 0
