"""The figures that the jobs of a search have, which are known once a model is compiled.

This room owns the question for them: a check in a process of its own, since an engine is needed.
It must not import one, nor Optuna.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from kerasgen.ir.names import snake_case
from kerasgen.sweep.executors.process import child_environment

_LONGEST_CHECK = 600
"""Seconds that the check may take."""


def job_figures(overrides: Sequence[str], flags: Sequence[str]) -> tuple[str, ...]:
    """The figures of a job on one part of the data, the main one first.

    Args:
        overrides: its overrides, as written.
        flags: those that say where configs are and whose code may run.

    Returns:
        Their names as Keras has them, without `val_`; none where its check fails.
    """
    command = [sys.executable, "-P", "-m", "kerasgen", "check", "--json", *flags, *overrides]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=child_environment(unbuffered=False),
            timeout=_LONGEST_CHECK,
            check=False,
        )
        outputs = json.loads(done.stdout)["outputs"]
        if len(outputs) == 1:
            return (*map(_name, outputs[0]["metrics"]), "loss")
        named = [
            f"{output['name']}_{name}"
            for output in outputs
            for name in (*map(_name, output["metrics"]), "loss")
        ]
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError):
        return ()
    return ("loss", *named)


def _name(metric: Any) -> str:
    """What a metric is called in the figures of a run."""
    if isinstance(metric, Mapping):
        return str(metric.get("name") or snake_case(str(metric["class"])))
    return str(metric)
