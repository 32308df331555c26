"""One job of a sweep: `python -m kerasgen.sweep.executors.job OVERRIDE …`.

This room owns what sets a job apart from a single run: a refused one leaves a record, the record
names this command, by which the job alone can be run again, and a job ends with its sweep.
"""

from __future__ import annotations

import sys

from kerasgen.process.entry import begin


def run() -> int:
    """Runs the job that the command line names."""
    from kerasgen.process.interruption import follow_parent
    from kerasgen.sweep.executors.process import MODULE, take_lifeline
    from kerasgen.sweep.hydra.command_line import run_job_alone

    if (lifeline := take_lifeline()) is not None:
        follow_parent(lifeline)
    arguments = sys.argv[1:]
    return run_job_alone(arguments, argv=["-m", MODULE, *arguments])


if __name__ == "__main__":
    begin(run, job=True)
