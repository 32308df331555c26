"""One job of a sweep: `python -m kerasgen.sweep.executors.job OVERRIDE …`.

A sweep hands the job over on the standard input; without that it is composed from the overrides.

This room owns what sets a job apart from a single run: a refused one leaves a record, the record
names this command, by which the job alone can be run again, and a job ends with its sweep.
"""

from __future__ import annotations

import sys

from kerasgen.process.entry import begin


def run() -> int:
    """Runs the job that the sweep hands over, else the one that the command line names."""
    from kerasgen.process.interruption import follow_parent
    from kerasgen.sweep.executors.cores import keep_to
    from kerasgen.sweep.executors.leftovers import adopt_orphans
    from kerasgen.sweep.executors.process import MODULE, take_cores, take_job, take_lifeline
    from kerasgen.sweep.executors.sign import Sign
    from kerasgen.sweep.hydra.command_line import run_job_alone, run_job_frozen
    from kerasgen.sweep.job_spec import read_job_spec

    adopt_orphans()
    lifeline, content = take_lifeline(), take_job()
    job = None if content is None else read_job_spec(content)
    if lifeline is not None:
        follow_parent(lifeline, Sign.of(job).renew)
    keep_to(take_cores())
    if job is not None:
        return run_job_frozen(job)
    arguments = sys.argv[1:]
    return run_job_alone(arguments, argv=["-m", MODULE, *arguments])


if __name__ == "__main__":
    begin(run, job=True)
