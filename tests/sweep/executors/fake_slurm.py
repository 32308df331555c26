"""A stand-in for SLURM: `sbatch`, `srun`, `sacct`, `scancel` and `scontrol`, each a link to this.

It keeps a folder (`FAKE_SLURM`) with a file of the state of each job, runs a job at once on this
machine, and knows nothing of limits. A job that is queued again runs once its process has ended.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

NAMES = ("sbatch", "srun", "sacct", "scancel", "scontrol")


def install(folder: Path) -> dict[str, str]:
    """Makes the programs in a folder; gives the variables by which they are found."""
    (folder / "bin").mkdir(parents=True)
    for name in NAMES:
        program = folder / "bin" / name
        program.write_text(f"#!{sys.executable}\n{Path(__file__).read_text()}")
        program.chmod(0o755)
    (folder / "jobs").mkdir()
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return {"PATH": path, "FAKE_SLURM": str(folder / "jobs")}


def main(name: str, words: list[str]) -> int:
    folder = Path(os.environ["FAKE_SLURM"])
    if name == "sbatch":
        number = 100 + len(list(folder.glob("*.sh")))
        (folder / f"{number}.sh").write_text(Path(words[0]).read_text())
        (folder / f"{number}.state").write_text("PENDING")
        # A session of its own, as on another machine.
        subprocess.Popen(
            [sys.executable, __file__, "run", str(number)],
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        print(f"Submitted batch job {number}")
    elif name == "srun":
        command = words[next(at for at, word in enumerate(words) if sys.executable in word) :]
        (folder / f"{os.environ['SLURM_JOB_ID']}.pid").write_text(str(os.getpid()))
        files = {words[at]: words[at + 1] for at, word in enumerate(words) if word in LOGS}
        for number, flag in enumerate(LOGS, 1):
            log = files[flag].replace("%j", os.environ["SLURM_JOB_ID"]).replace("%t", "0")
            os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
        os.execv(command[0], command)
    elif name == "sacct":
        print("JobID|State|NodeList")
        for file in sorted(folder.glob("*.state")):
            print(f"{file.stem}|{file.read_text()}|node1")
    elif name == "scancel":
        (folder / f"{words[0]}.state").write_text("CANCELLED by 0")
        group = int((folder / f"{words[0]}.pid").read_text())
        for pid in descendants(group):
            os.kill(pid, signal.SIGTERM)
    elif name == "scontrol":
        (folder / f"{words[1]}.state").write_text("REQUEUED")
    else:
        run(folder, words[0])
    return 0


LOGS = ("--output", "--error")


def run(folder: Path, number: str) -> None:
    state = folder / f"{number}.state"
    while state.read_text() in ("PENDING", "REQUEUED"):
        state.write_text("RUNNING")
        environment = {**os.environ, "SLURM_JOB_ID": number, "SLURM_NTASKS": "1"}
        done = subprocess.run(["bash", folder / f"{number}.sh"], env=environment)
        if state.read_text() == "RUNNING":
            state.write_text("FAILED" if done.returncode else "COMPLETED")
        time.sleep(0.2)


def descendants(pid: int) -> list[int]:
    found = [pid]
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            if stat.read_text().rpartition(")")[2].split()[1] == str(pid):
                found += descendants(int(stat.parent.name))
        except OSError:
            continue
    return found


if __name__ == "__main__":
    words = sys.argv[1:]
    again = words[:1] == ["run"]
    sys.exit(main("run" if again else Path(sys.argv[0]).name, words[1:] if again else words))
