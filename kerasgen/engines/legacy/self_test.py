"""The check of an engine of Keras 2.3.1 for real: its process starts, and trains a layer.

This room owns the steps and in which order they are told. It needs no Keras 3.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from kerasgen.engine import EngineLostError
from kerasgen.engine.runtimes import CheckStep
from kerasgen.engines.legacy.runtimes import (
    RuntimeFaultError,
    ask_interpreter,
    check_answer,
    theano_flags,
)
from kerasgen.engines.legacy.translation.untranslated import NAMES
from kerasgen.engines.legacy.worker_process import Runtime, Worker

_PATIENCE = {"start": 120.0, "train": 900.0}
"""Seconds that the process may take to start, and to train; Theano compiles for minutes."""

_STEPS = 5

_RATE = 0.1

_MODEL = {
    "name": "check",
    "layers": [
        {
            "class_name": "InputLayer",
            "name": "rows",
            "config": {"name": "rows", "batch_input_shape": [None, 3], "dtype": "float32"},
            "inbound_nodes": [],
        },
        {
            "class_name": "Dense",
            "name": "dense",
            "config": {"name": "dense", "units": 1, "kernel_initializer": "zeros"},
            "inbound_nodes": [[["rows", 0, 0, {}]]],
        },
    ],
    "input_layers": [["rows", 0, 0]],
    "output_layers": [["dense", 0, 0]],
}
"""One dense layer, as Keras 2.3.1 writes it."""

_PREPARED = {
    "model": _MODEL,
    "floatx": "float32",
    "epsilon": 1e-7,
    "trained": ["dense/0", "dense/1"],
    "optimizer": {"class": "SGD", "options": {"momentum": 0.0, "nesterov": False}},
    "losses": [
        {
            "class": "MeanSquaredError",
            "sparse": False,
            "weight": 1.0,
            "options": {"reduction": "sum_over_batch_size"},
        }
    ],
}
"""What the process is told before it trains."""


class _SlowError(Exception):
    """A step that took longer than it may."""


def check_engine(engine: str, python: Path) -> Iterator[CheckStep]:
    """Checks an engine step by step; a step that fails is the last.

    Args:
        engine: `theano` or `cntk`.
        python: its interpreter.
    """
    try:
        asked = ask_interpreter(python)
        version = ".".join(str(part) for part in asked.python)
        yield CheckStep(name="interpreter", told=f"Python {version}, {python}")
        check_answer(engine, asked)
    except RuntimeFaultError as fault:
        yield CheckStep(name="packages", told=str(fault), failed=True, help=fault.advice)
        return
    names = ("keras", engine, "numpy", "scipy", "h5py")
    told = ", ".join(f"{name} {asked.packages[name]}" for name in names if name in asked.packages)
    yield CheckStep(name="packages", told=told)
    yield from _computed(Runtime(engine=engine, python=python, flags=theano_flags(python)))


def _computed(runtime: Runtime) -> Iterator[CheckStep]:
    """The steps in which the engine's process runs."""
    name = "start"
    worker: Worker | None = None
    try:
        worker = Worker(runtime)
        begun = time.monotonic()
        with _at_most(name, worker):
            told, _ = worker.ask("hello")
        took = time.monotonic() - begun
        version = f"{NAMES[runtime.engine]} {told.get('version')}"
        yield CheckStep(name=name, told=f"{version} answers, in {took:.1f} s")
        name, begun = "train", time.monotonic()
        with _at_most(name, worker):
            difference = _trained(worker)
        took = time.monotonic() - begun
        if not difference <= 1e-5:
            told_difference = f"{_STEPS} steps differ from the formula by {difference:.1e}"
            yield CheckStep(name=name, told=told_difference, failed=True)
            return
        told_steps = f"{_STEPS} steps, as the formula has them to {difference:.1e}, in {took:.1f} s"
        yield CheckStep(name=name, told=told_steps)
    except (EngineLostError, _SlowError, KeyError, ValueError, AttributeError) as error:
        text = str(error) or type(error).__name__
        yield CheckStep(name=name, told=text, failed=True, help=_help_for(text))
    finally:
        if worker is not None:
            worker.end()


def _trained(worker: Worker) -> float:
    """Trains a dense layer; gives the largest difference to what the formula of SGD gives."""
    random = np.random.default_rng(0)
    x = random.normal(size=(8, 3)).astype("float32")
    y = random.normal(size=(8, 1)).astype("float32")
    kernel, bias = np.zeros((3, 1), "float32"), np.zeros(1, "float32")
    laid = {"weight/dense/0": kernel, "weight/dense/1": bias}
    worker.ask_with("prepare", _PREPARED, laid)
    fed = {"x0": x, "y0": y, "w0": np.ones(8, "float32")}
    for step in range(1, _STEPS + 1):
        worker.ask_with("train", {"step": step, "rate": _RATE}, fed)
        slope = 2 * (x @ kernel + bias - y) / len(x)
        kernel, bias = kernel - _RATE * x.T @ slope, bias - _RATE * slope.sum(0)
    _, found = worker.ask("weights")
    pairs = ((found["weight/dense/0"], kernel), (found["weight/dense/1"], bias))
    return max(float(np.max(np.abs(own - expected))) for own, expected in pairs)


@contextlib.contextmanager
def _at_most(name: str, worker: Worker) -> Iterator[None]:
    """Inside, the process is killed when it takes longer than it may.

    Raises:
        _SlowError: it was.
    """
    slow = threading.Event()

    def give_up() -> None:
        slow.set()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(worker.pid, signal.SIGKILL)

    timer = threading.Timer(_PATIENCE[name], give_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    except EngineLostError:
        if slow.is_set():
            raise _SlowError(f"it does not answer within {_PATIENCE[name]:.0f} seconds") from None
        raise
    finally:
        timer.cancel()


def _help_for(text: str) -> str | None:
    """What to do about a failure, by the words in which the engine tells it."""
    if "libmpi" in text:
        return "`kerasgen engines install cntk --replace` makes a stand-in for MPI"
    if "g++" in text or "Python.h" in text:
        return "install a C++ compiler and the headers of that Python"
    return None
