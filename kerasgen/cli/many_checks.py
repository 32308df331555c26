"""What `kerasgen check --all` and `kerasgen check -m` print: one table, and every diagnostic."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace

from kerasgen.cli.shared_arguments import place_of, trust_of
from kerasgen.diagnostics import CompileError
from kerasgen.diagnostics.render import more_text, render_text
from kerasgen.frontend.compose.config_folders import ConfigPlace
from kerasgen.process.exit_codes import DONE, REFUSED
from kerasgen.verbs.check import LEFT
from kerasgen.verbs.many_checks import Case, Checked, Manner, check_many, many_text

MOST = 200
"""Jobs of a sweep that are checked."""


def act(options: argparse.Namespace) -> int:
    """Checks every experiment, or every job of a sweep.

    Raises:
        CompileError: the sweep cannot be composed, or no experiment fits the pattern.
    """
    place = place_of(options)
    if options.all is None:
        cases, jobs = _jobs(options.overrides, place)
    else:
        cases = _experiments(options.all, options.overrides, place)
        jobs = len(cases)
    manner = Manner(
        place=place,
        trust=trust_of(options),
        fast=options.fast,
        open_data=options.open_data,
        own_engine=options.own_engine,
    )
    found = check_many(cases, manner)
    valid = all(made.valid for made in found)
    if options.json:
        print(json.dumps(_report(found, jobs, valid=valid), indent=2))
    else:
        _print(found, jobs)
    return DONE if valid else REFUSED


def _experiments(pattern: str, overrides: Sequence[str], place: ConfigPlace) -> list[Case]:
    from fnmatch import fnmatchcase

    from kerasgen.diagnostics import Sink, did_you_mean
    from kerasgen.frontend.compose.composition import make_loader
    from kerasgen.frontend.compose.group_choices import options_of
    from kerasgen.frontend.compose.origins import place_of_text

    names = sorted(options_of("experiment", make_loader(place)))
    chosen = [name for name in names if fnmatchcase(name, pattern)]
    if not chosen:
        text = f"--all {pattern}"
        raise Sink().fail_at(
            "KG104",
            f"no experiment fits `{pattern}`",
            location=place_of_text(text, at=len("--all ")),
            help=did_you_mean(pattern, names, listed=20),
        )
    return [case for name in chosen for case in _of_experiment(name, overrides, place)]


def _of_experiment(name: str, overrides: Sequence[str], place: ConfigPlace) -> list[Case]:
    """An experiment as one case, or as the jobs of the sweep for which it asks."""
    from kerasgen.session.composed_config import compose_config

    words = (f"experiment={name}", *overrides)
    try:
        run = compose_config(words, place).run
        if run is not None and run.sweeps:
            jobs, _ = _jobs(words, place)
            several = len(jobs) > 1
            return [replace(job, name=f"{name} {job.name}" if several else name) for job in jobs]
    except CompileError:  # It is told again, where the case is checked.
        pass
    return [Case(name=name, overrides=words)]


def _jobs(overrides: Sequence[str], place: ConfigPlace) -> tuple[list[Case], int]:
    """The jobs of a sweep that are checked, and how many there are."""
    from kerasgen.sweep.jobs import planned_jobs
    from kerasgen.sweep.outcomes import varying

    jobs = planned_jobs(overrides, place)
    distinct = list(dict.fromkeys(jobs))[:MOST]
    labels = varying(distinct)
    return [
        Case(name=" ".join(label) or "the config", overrides=job)
        for label, job in zip(labels, distinct, strict=True)
    ], len(jobs)


def _report(found: Sequence[Checked], jobs: int, *, valid: bool) -> dict[str, object]:
    checked = [
        {"name": made.case.name, "overrides": list(made.case.overrides), **made.report}
        for made in found
    ]
    return {"schema": 1, "valid": valid, "configs": jobs, "checked": checked}


def _print(found: Sequence[Checked], jobs: int) -> None:
    from kerasgen.passes.cost import human_bytes

    alike: dict[str, list[Checked]] = {}
    for made in found:
        alike.setdefault(render_text(made.diagnostics), []).append(made)
    for text, several in alike.items():
        if text:
            others = f", and {len(several) - 1:,} more" if len(several) > 1 else ""
            stream = sys.stdout if several[0].valid else sys.stderr
            print(f"{several[0].case.name}{others}:\n\n{text}\n", file=stream, flush=True)
    print(many_text(found, human_bytes))
    refused = sum(not made.valid for made in found)
    outside = f" of {jobs:,} configs" if jobs > len(found) else ""
    passed = len(found) - refused
    print(f"\n{len(found):,}{outside} checked: {passed:,} in order, {refused:,} refused")
    if left := sum(LEFT[0] in made.report["unchecked"] for made in found):
        print(f"not checked: of {left:,}, {LEFT[0]}")
    if more := more_text([told for made in found for told in made.diagnostics]):
        print(more)
