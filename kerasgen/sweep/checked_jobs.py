"""The configs of all jobs, checked before the first of them starts.

This room owns the report of what is wrong with several of them. What is checked is the business of
the session: all that can be said without an engine and without the data.

Decisions:
- Nothing starts where one job is refused: who has waited for nine of ten finds out first of all.
- Jobs that differ in their seed alone are one to the check.
- Where modules of one's own are trusted, each job checks itself: they would be imported here. So
  does one whose config asks for its own number, or for the time: that is answered when it starts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from kerasgen.diagnostics import CompileError, Diagnostic, Severity
from kerasgen.diagnostics.diagnostic import Note
from kerasgen.frontend.compose.frozen_config import FrozenConfig, thaw
from kerasgen.frontend.compose.resolvers import texts_in
from kerasgen.frontend.parse.program import MAXIMUM_SEED
from kerasgen.registry import Trust
from kerasgen.session.session import Session
from kerasgen.session.states import Aim
from kerasgen.sweep.outcomes import varying

_AIM = Aim(data="closed", engine="none")

_ASKED_LATER = re.compile(r"\$\{\s*(hydra|now)\b")

_MOST_NAMED = 3
"""Jobs that are named at a diagnostic."""


def check_jobs_first(jobs: Sequence[FrozenConfig], trust: Trust) -> None:
    """Checks the configs of all jobs.

    Args:
        jobs: the jobs.
        trust: modules whose parts the configs may name.

    Raises:
        CompileError: some are refused; each mistake is told once, with the jobs that have it.
    """
    if trust.modules:
        return
    known: dict[str, tuple[Diagnostic, ...]] = {}
    owners: dict[Diagnostic, list[int]] = {}
    told: dict[Diagnostic, Diagnostic] = {}
    for number, job in enumerate(jobs):
        seed = job.config.get("seed")
        known_seed = type(seed) is int and 0 <= seed <= MAXIMUM_SEED
        alike = {**job.config, "seed": 0} if known_seed else job.config
        key = replace(job, config=alike).content_hash()
        if key not in known:
            known[key] = _errors(job, trust)
        for found in known[key]:
            first = told.setdefault(_without_value(found), found)
            owners.setdefault(first, []).append(number)
    if not owners:
        return
    labels = [" ".join(own) for own in varying([job.overrides for job in jobs])]
    raise CompileError(
        [
            _with_jobs(found, [labels[n] for n in numbers], len(jobs))
            for found, numbers in owners.items()
        ]
    )


def _errors(job: FrozenConfig, trust: Trust) -> tuple[Diagnostic, ...]:
    composition = thaw(job, trust)
    if any(_ASKED_LATER.search(text) for _, text, _ in texts_in(composition.config)):
        return ()
    try:
        diagnostics = Session(composition, _AIM).outlined.findings.found
    except CompileError as error:
        diagnostics = error.diagnostics
    return tuple(found for found in diagnostics if found.severity is Severity.ERROR)


def _without_value(found: Diagnostic) -> Diagnostic:
    """What is wrong with a key, without the value that a job gives it: it is so in all jobs."""
    place = found.location
    if place is None or place.override is None or place.column is None:
        return found
    head = place.override.partition("=")[0]
    if place.column > len(head):
        return found
    return replace(found, location=replace(place, override=head, length=1))


def _with_jobs(found: Diagnostic, labels: Sequence[str], total: int) -> Diagnostic:
    """A diagnostic that says which jobs have it; of all jobs that need not be said."""
    if len(labels) == total:
        return found
    named = ", ".join(f"`{label}`" for label in labels[:_MOST_NAMED])
    more = f" and {len(labels) - _MOST_NAMED} more" if len(labels) > _MOST_NAMED else ""
    note = Note(message=f"in {len(labels)} of {total} jobs: {named}{more}; none was started")
    return replace(found, notes=(*found.notes, note))
