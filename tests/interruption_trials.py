"""Signals at random moments of a run's first seconds: what each leaves behind, as a table.

`python tests/interruption_trials.py --trials 100 --backends jax` sends SIGINT to runs, `--signal
SIGTERM` another signal, `--sweeps` SIGKILL to sweeps, whose jobs must end. A trial is right if the
exit code is that of the signal, one line is said, there is no traceback, the record is closed or
there is none, and no process and no half-written file stays.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from kerasgen.record.provenance import at_work
from kerasgen.record.status import OPEN

ROOT = Path(__file__).resolve().parents[1]

SECONDS = 8.0
"""The first seconds of a run, over which moments are spread at the least."""

PATIENCE = 60.0
"""Seconds in which a process must have ended after the signal."""

JOB = ("fit.epochs=1", "fit.verbose=2", "tracking.plots=true")


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What one signal did.

    Attributes:
        moment: seconds after the start.
        code: exit code, None for a process that had to be killed.
        said: what stderr got.
        state: what the record says, or `none`.
        faults: what is wrong, in words.
    """

    moment: float
    code: int | None
    said: str
    state: str
    faults: tuple[str, ...]


def main() -> int:
    """Runs the trials that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--backends", default="jax,tensorflow,torch")
    parser.add_argument("--signal", default="SIGINT")
    parser.add_argument("--sweeps", action="store_true", help="SIGKILL sweeps of three jobs")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    wrong = 0
    for backend in options.backends.split(","):
        name = "SIGKILL" if options.sweeps else options.signal
        trials = list(run_trials(backend, name, options.trials, options.seed, options.sweeps))
        wrong += report(f"{backend} {name}{' sweep' if options.sweeps else ''}", trials)
    return 1 if wrong else 0


def run_trials(
    backend: str, name: str, count: int, seed: int, sweep: bool = False
) -> Iterator[Trial]:
    """Makes trials on one backend, at moments that a seed gives."""
    chance = random.Random(seed)
    span = max(SECONDS, first_epoch(backend))
    made = 0
    while made < count:
        moment = chance.uniform(0, span)
        with tempfile.TemporaryDirectory(prefix="interruption-") as folder:
            found = one_trial(Path(folder), backend, getattr(signal, name), moment, sweep)
        if found is None:
            span = max(SECONDS / 2, span * 0.95)  # It had ended before.
            continue
        made += 1
        print(f"{backend} {name} {made}: {found}", flush=True)
        yield found


def first_epoch(backend: str) -> float:
    """Seconds until a run has its first epoch behind it, now."""
    with tempfile.TemporaryDirectory() as folder, started(Path(folder), backend) as process:
        begin = time.monotonic()
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith(b"fit"):
                return time.monotonic() - begin
    raise RuntimeError(f"no run on {backend} gets to its first epoch")


@contextmanager
def started(
    folder: Path, backend: str, *arguments: str, output: int | None = subprocess.PIPE
) -> Iterator["subprocess.Popen[bytes]"]:
    """A run in a working directory and with temporary files of its own."""
    temporary = folder / "tmp"
    temporary.mkdir()
    work = folder / "work"
    work.mkdir()
    environment = {**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": str(ROOT)}
    words = arguments or ("hydra.run.dir=outputs/run",)
    with (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as err:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "run.py"), f"backend={backend}", *JOB, *words],
            cwd=work,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output or out,
            stderr=err,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
        for pid in working_in(work):
            os.kill(pid, signal.SIGKILL)


def one_trial(
    folder: Path, backend: str, number: signal.Signals, moment: float, sweep: bool
) -> Trial | None:
    """One signal at one moment; None if the process had ended before."""
    words = ("-m", "seed=1,2,3", "hydra.launcher.n_jobs=2", "hydra.sweep.dir=outputs/sweep")
    with started(folder, backend, *(words if sweep else ()), output=None) as process:
        time.sleep(moment)
        if process.poll() is not None:
            return None
        sent = datetime.now(UTC)
        process.send_signal(number)
        try:
            code: int | None = process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            code = None
        if code == 0 and completed_before(sent, folder):
            return None
        work = folder / "work"
        until = time.monotonic() + (PATIENCE if sweep else 1.0)
        while (left := working_in(work)) and time.monotonic() < until:
            time.sleep(0.05)
        said = (folder / "stderr").read_text(errors="replace")
        printed = (folder / "stdout").read_text(errors="replace")
        return judged(folder, number, moment, code, said, printed, len(left))


def completed_before(moment: datetime, folder: Path) -> bool:
    """Whether there are runs, and each had closed its record: Python was ending by then."""
    records = [json.loads(f.read_text()) for f in (folder / "work").rglob("record.json")]
    return bool(records) and all(
        r["status"] == "completed" and datetime.fromisoformat(r["finished"]) < moment
        for r in records
    )


def judged(
    folder: Path,
    number: signal.Signals,
    moment: float,
    code: int | None,
    said: str,
    printed: str,
    left: int,
) -> Trial:
    """What a trial has left behind, and what of it is wrong."""
    records = [json.loads(f.read_text()) for f in sorted((folder / "work").rglob("record.json"))]
    killed = number == signal.SIGKILL
    faults = []
    if code != (-number if killed else 128 + number):
        faults.append(f"code {code}")
    line = "interrupted\n" if number == signal.SIGINT else f"interrupted by {number.name}\n"
    if not killed and said != line:
        faults.append("other words")
    if "Traceback" in said + printed:
        faults.append("traceback")
    # A job that was killed itself is shown as that; one that goes on is a fault.
    if any(r["status"] in OPEN and (not killed or at_work(r)) for r in records):
        faults.append("open record")
    if not killed and any(r["status"] not in (*OPEN, "interrupted") for r in records):
        faults.append("another status")
    if left:
        faults.append("orphans")
    rest = [*(folder / "work").rglob(".*"), *(() if killed else (folder / "tmp").iterdir())]
    rest = [path for path in rest if not path.name.startswith("torchinductor")]  # a lasting cache
    if rest:
        faults.append("left behind: " + ", ".join(sorted(path.name for path in rest)))
    if not killed and not records and (folder / "work" / "outputs").exists():
        faults.append("left behind: an empty folder")
    state = ", ".join(f"{r['status']}: {r.get('error')}" for r in records) or "none"
    return Trial(moment=moment, code=code, said=said, state=state, faults=tuple(faults))


def working_in(folder: Path) -> list[int]:
    """Processes whose working directory is the folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            if state not in "ZX" and Path(os.readlink(entry / "cwd")) == folder.resolve():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def report(title: str, trials: list[Trial]) -> int:
    """Prints the outcomes, and what was wrong; gives the number of wrong ones."""
    wrong = [trial for trial in trials if trial.faults]
    latest = max((trial.moment for trial in trials), default=0.0)
    print(f"{title}: {len(trials) - len(wrong)} of {len(trials)} right, up to {latest:.1f} s")
    for (code, state, faults), count in sorted(
        Counter((t.code, t.state, t.faults) for t in trials).items(), key=lambda item: -item[1]
    ):
        print(f"  {count:4}  code {code}  record {state}  {'; '.join(faults) or 'right'}")
    for trial in wrong:
        print(f"  -- at {trial.moment:.3f} s: {'; '.join(trial.faults)}\n{trial.said[-3000:]}")
    sys.stdout.flush()
    return len(wrong)


if __name__ == "__main__":
    # Children of a shell's background ignore SIGINT, and theirs.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main())
