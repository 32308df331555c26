"""Random generators for a while: what is made or tried out leaves those of the process alone.

This room owns the scope in which Python's, NumPy's and Keras's global generators start from a seed,
and are afterwards what they were. Keras draws from Python's generator for whatever has no seed of
its own: an initializer, a dropout, a generator of seeds. So a model depends on its seed alone, and
its making leaves no trace.

Decisions:
- The backends' own generators are left alone: nothing of Keras draws from them while a layer is
  made without memory.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator

import numpy as np
from keras.src.backend.common import global_state
from keras.src.random.seed_generator import GLOBAL_SEED_GENERATOR
from keras.src.utils.rng_utils import GLOBAL_RANDOM_SEED


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Inside, generators are as `keras.utils.set_random_seed` leaves them; then as before.

    Args:
        seed: the seed.
    """
    python, numpy = random.getstate(), np.random.get_state()
    names = (GLOBAL_RANDOM_SEED, GLOBAL_SEED_GENERATOR)
    keras = {name: global_state.get_global_attribute(name) for name in names}
    random.seed(seed)
    np.random.seed(seed)
    global_state.set_global_attribute(GLOBAL_RANDOM_SEED, seed)
    global_state.set_global_attribute(GLOBAL_SEED_GENERATOR, None)
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
        for name, value in keras.items():
            global_state.set_global_attribute(name, value)


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Inside, something is tried out; the generators are afterwards what they were."""
    with seeded(0):
        yield
