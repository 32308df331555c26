"""One job of a sweep: `python -m kerasgen.sweep.job OVERRIDE …`.

This room owns what sets a job apart from a single run: a refused one leaves a record, and the
record names this command, by which the job alone can be run again.
"""

from __future__ import annotations

import signal
import sys

from kerasgen.sweep.application import run_job_alone
from kerasgen.sweep.children import MODULE

if __name__ == "__main__":
    # The launcher asks a job to end by this signal, also below `nohup`, which ignores it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    arguments = sys.argv[1:]
    sys.exit(run_job_alone(arguments, argv=["-m", MODULE, *arguments]))
