"""Sweeps whose records are written by hand: what a test says of each job, and no more."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HOSTILE = (
    "</script><script>document.title='boom'</script><img src=x onerror=document.title='boom'>"
    "{a|b}\u202e\x1b[31m"
)


@dataclass(frozen=True, kw_only=True)
class Made:
    """A job; without a status it has not begun.

    Attributes:
        words: its overrides, in a line or one by one.
        test: its metrics of the test part.
        history: its figures, name to one an epoch.
    """

    words: str | Sequence[str]
    test: Mapping[str, float | str] = field(default_factory=dict)
    status: str | None = "completed"
    history: Mapping[str, Sequence[float]] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)

    @property
    def overrides(self) -> list[str]:
        return self.words.split() if isinstance(self.words, str) else list(self.words)


def made_sweep(folder: Path, jobs: Sequence[Made], **said: Any) -> Path:
    """The folder of a sweep.

    Args:
        folder: the folder, which is made.
        jobs: its jobs, each in a folder that is called as its number.
        said: what else its file says.
    """
    folder.mkdir(parents=True)
    named = []
    for number, job in enumerate(jobs):
        named.append(
            {
                "sha256": hashlib.sha256(json.dumps(job.overrides).encode()).hexdigest(),
                "folder": str(number),
                "overrides": job.overrides,
            }
        )
        if job.status is not None:
            _write_run(folder / str(number), job)
    (folder / "sweep.json").write_text(json.dumps({"schema": 1, "jobs": named, **said}))
    return folder


def _write_run(folder: Path, job: Made) -> None:
    folder.mkdir()
    fields = {
        "schema": 2,
        "status": job.status,
        "started": "2026-01-02T03:04:05+00:00",
        "overrides": job.overrides,
        "seconds": 2.0,
        "epochs": 3,
        "parameters": 100,
        "metrics": {"test": dict(job.test)} if job.test else {},
        **job.fields,
    }
    (folder / "record.json").write_text(json.dumps(fields))
    if job.history:
        names = ["epoch", *job.history]
        columns = list(job.history.values())
        rows = [[n, *cells] for n, cells in enumerate(zip(*columns, strict=True), 1)]
        lines = [",".join(map(str, row)) for row in (names, *rows)]
        (folder / "history.csv").write_text("\n".join([*lines, ""]))


def grid(count: int, seeds: int = 2) -> list[Made]:
    """Jobs over four settings, whose accuracy is known, and curves."""
    jobs = []
    for number in range(count // seeds):
        rate = 10.0 ** -(number % 4)
        units = (16, 32, 64)[number % 3]
        kind = ("adam", "sgd")[number // 4 % 2]
        for seed in range(seeds):
            accuracy = 0.9 - 0.05 * (number % 4) + units / 1000 + 0.01 * seed
            accuracy -= 0.0001 * number
            jobs.append(
                Made(
                    words=f"optimizer={kind} optimizer.learning_rate={rate} units={units} "
                    f"number={number} seed={seed}",
                    test={"loss": 1 - accuracy, "accuracy": accuracy},
                    history={"loss": [1.0, 0.5, 0.3], "val_accuracy": [0.1, 0.5, accuracy]},
                    fields={"seconds": 1.0 + number % 7, "parameters": 10 * units},
                )
            )
    return jobs
