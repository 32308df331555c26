"""The cores of the machine, shared out among the jobs that run at a time.

This room owns which cores a job works on, and how libraries that were imported before they knew
learn of it. It must not know what a job does.

Decisions:
- A job is kept to its cores by the system: TensorFlow, XLA, OpenMP and BLAS ask it how many there
  are. Variables of the environment are left as the user has them.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence


def usable_cores() -> tuple[int, ...]:
    """The cores on which this process may work, empty where the system does not say."""
    if hasattr(os, "sched_getaffinity"):
        return tuple(sorted(os.sched_getaffinity(0)))
    return ()


def shares(cores: Sequence[int], jobs: int) -> list[tuple[int, ...] | None]:
    """The cores of each of some jobs that run at a time; None for all of them.

    Args:
        cores: the cores.
        jobs: how many jobs run at a time.
    """
    if jobs < 2 or not cores:
        return [None] * jobs
    each = max(1, len(cores) // jobs)
    found: list[tuple[int, ...] | None] = []
    for number in range(jobs):
        first = number * each % len(cores)
        found.append(tuple(cores[first : first + each]))
    return found


def keep_to(cores: Sequence[int] | None) -> None:
    """Keeps this process to some cores.

    Args:
        cores: the cores, None for all of them.
    """
    if cores is not None:
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, cores)


def tell_libraries() -> None:
    """Tells libraries that a fork has got imported how many cores there are by now."""
    if "OMP_NUM_THREADS" in os.environ:
        return
    count = len(usable_cores()) or 1
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(min(torch.get_num_threads(), count))
    if "OPENBLAS_NUM_THREADS" not in os.environ:
        import threadpoolctl

        # It was imported with a single thread, so that it could be forked.
        threadpoolctl.threadpool_limits(count, user_api="blas")
