"""What a job's engine is imported with, read from the job.

This room owns which settings of an engine have their effect when it is imported. It must not import
any.
"""

from __future__ import annotations

import dataclasses

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from kerasgen.diagnostics import Sink
from kerasgen.frontend.parse.backend import parse_backend
from kerasgen.ir.program import BackendDef
from kerasgen.sweep.job_spec import JobSpec


def engine_settings(job: JobSpec) -> BackendDef | None:
    """What a job's engine is imported with, None where its config does not say it rightly."""
    try:
        section = OmegaConf.select(OmegaConf.create(dict(job.frozen.config)), "backend")
        plain = OmegaConf.to_container(section, resolve=True)
    except (OmegaConfBaseException, ValueError, TypeError):
        return None
    sink = Sink()
    found = parse_backend(plain, sink)  # type: ignore[arg-type]
    if found is None or sink.errors:
        return None
    # All else is put in force by the job itself.
    return dataclasses.replace(
        found,
        memory=None,
        device=None,
        deterministic=False,
        initial_weights="keras",
        dtype_policy=None,
    )
