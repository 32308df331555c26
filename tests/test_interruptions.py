"""Signals at random moments of a run: one line, the right code, a closed record, nobody left.

`pytest -m slow -n 0 -s tests/test_interruptions.py` tries every backend, with tables;
`KERASGEN_INTERRUPTIONS=100` is the number of trials of each.
"""

import os
import signal
from collections.abc import Iterator

import pytest
from interruption_trials import report, run_trials

COUNT = int(os.environ.get("KERASGEN_INTERRUPTIONS", "10"))

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="processes are looked for there"),
]


@pytest.fixture(autouse=True)
def _heeded() -> Iterator[None]:
    """Children of a shell's background ignore SIGINT, and theirs."""
    known = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, known)


@pytest.mark.parametrize("backend", ["jax", "tensorflow", "torch"])
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_at_any_moment_ends_a_run(backend: str, name: str) -> None:
    pytest.importorskip(backend)
    assert report(f"{backend} {name}", list(run_trials(backend, name, COUNT, 0))) == 0


def test_jobs_end_with_a_sweep_that_is_killed() -> None:
    trials = list(run_trials("jax", "SIGKILL", COUNT, 0, sweep=True))
    assert report("jax SIGKILL sweep", trials) == 0
