"""Benchmark: how long the commands take that train nothing, against `import keras`.

`kerasgen runs` lists 5,000 records, written here in the form in which a run leaves them: by the
index that an earlier listing has left, and without one.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from measuring import ONE_THREAD, Options, Report, figures, in_turns, pair_row, python
from measuring import run_process as run

NAME = "start-up"

RECORDS = 5_000


def measure(options: Options) -> Report:
    """Measures each command in turns with the import of Keras."""
    backend = options.backends[0]
    outputs = options.folder / "records"
    _write_records(outputs, backend)
    kerasgen = python("-m", "kerasgen")
    listing = [*kerasgen, "runs", "--outputs", str(outputs)]
    unindexed = "kerasgen runs, no index"
    commands = {
        "import keras": python("-c", "import keras"),
        "import hydra": python("-c", "import hydra"),
        "import kerasgen": python("-c", "import kerasgen"),
        "kerasgen --help": [*kerasgen, "--help"],
        "run.py --help": python("run.py", "--help"),
        f"kerasgen runs, {RECORDS} records": listing,
        f"{unindexed}, {RECORDS} records": listing,
        "kerasgen show, resolved config": [*kerasgen, "show", f"backend={backend}"],
        "kerasgen check": [*kerasgen, "check", f"backend={backend}"],
    }
    environment = {**ONE_THREAD, "KERAS_BACKEND": backend}
    # A cache that cannot be written: no index is there.
    uncached = {**environment, "KERASGEN_CACHE": os.devnull}
    variables = dict.fromkeys(commands, environment)
    variables[f"{unindexed}, {RECORDS} records"] = uncached
    jobs = {
        name: lambda _, name=name: run(commands[name], environment=variables[name])
        for name in commands
    }
    for job in jobs.values():
        job(0)  # Once unmeasured: byte code and file caches.
    usages = in_turns(jobs, options.rounds)
    rows = []
    for figure, unit in (("cpu", "CPU s"), ("wall", "wall s")):
        found = {name: figures(rounds, figure) for name, rounds in usages.items()}
        keras = found.pop("import keras")
        rows += [
            pair_row(seconds, keras, benchmark=NAME, case=name, figure=unit)
            for name, seconds in found.items()
        ]
    return Report(rows=rows, remarks=[f"the reference is `import keras` on {backend}"])


def _write_records(outputs: Path, backend: str) -> None:
    """Records of completed runs: one real one, copied with other numbers."""
    first = outputs / "0"
    run(python("run.py", f"backend={backend}", "fit.epochs=1", f"hydra.run.dir={first}"))
    fields = json.loads((first / "record.json").read_text(encoding="utf-8"))
    for number in range(1, RECORDS):
        folder = outputs / f"{number}"
        folder.mkdir()
        fields["metrics"]["test"]["accuracy"] = number / RECORDS
        fields["seed"] = number
        (folder / "record.json").write_text(json.dumps(fields, indent=2), encoding="utf-8")
