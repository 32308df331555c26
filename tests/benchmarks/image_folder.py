"""Benchmark: the 50,000 JPEG files of CIFAR-10 to batches, decoded anew and from the cache.

Needs the data set beside the checkout; it is unpacked into the folder of the benchmark. Kerasgen's
side reads the source and copies batches out of it, as a training does; the other one goes once
through `keras.utils.image_dataset_from_directory`. What importing takes is left out on both sides.
"""

from __future__ import annotations

import re
import tarfile
from pathlib import Path

from measuring import DATASETS, SCRIPTS, Options, Report, Row, pair_row, python
from measuring import run_process as run

NAME = "image folder"

SIZE, BATCH = (32, 32), 256

OURS = """
import sys, time
import numpy as np
from kerasgen.data.sources.images import ImageFolder
from kerasgen.diagnostics import Sink

height, width, batch = map(int, sys.argv[2:5])
wall, cpu = time.perf_counter(), time.process_time()
images = ImageFolder(path=sys.argv[1], size=(height, width)).read(None, Sink()).columns["image"]
rows = 0
for start in range(0, len(images), batch):
    rows += len(np.array(images[start : start + batch]))
print(f"{rows} rows, cpu {time.process_time() - cpu:.3f}, wall {time.perf_counter() - wall:.3f}")
"""


def measure(options: Options) -> Report:
    """Measures both sides in turns."""
    report, archive = Report(), DATASETS / "cifar10_jpg.tar.gz"
    if not archive.is_file():
        report.remarks.append(f"passed over, there is no {archive}")
        return report
    with tarfile.open(archive) as tar:
        tar.extractall(options.folder, filter="data")
    folder = next(options.folder.glob("*/train"))
    words = [str(folder), *map(str, (*SIZE, BATCH))]
    figures: dict[str, list[tuple[float, float]]] = {"cold": [], "cached": [], "Keras": []}
    for number in range(options.rounds):
        cache = {"KERASGEN_CACHE": str(options.folder / f"cache-{number}")}
        for name in ("cold", "cached"):
            figures[name].append(_timed(python("-c", OURS, *words), cache))
        script = python(str(SCRIPTS / "image_batches.py"), *words)
        figures["Keras"].append(_timed(script, {"KERAS_BACKEND": "tensorflow"}))
    for case in ("cold", "cached"):
        for place, figure in enumerate(("CPU s", "wall s")):
            ours, theirs = ([pair[place] for pair in figures[side]] for side in (case, "Keras"))
            report.rows.append(pair_row(ours, theirs, benchmark=NAME, case=case, figure=figure))
    report.rows.append(_size(options.folder))
    return report


def _timed(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """CPU and wall seconds that a process says its work took."""
    output = run(command, environment=environment).output
    told = re.search(r"50000 rows, cpu ([\d.]+), wall ([\d.]+)", output)
    if told is None:
        raise RuntimeError(f"{' '.join(command)} printed no figures:\n{output[-2000:]}")
    return float(told.group(1)), float(told.group(2))


def _size(folder: Path) -> Row:
    """What is kept of one reading."""
    kept = sum(file.stat().st_size for file in (folder / "cache-0").rglob("*.npy"))
    return Row(benchmark=NAME, case="kept on the disk", figure="MB", kerasgen=kept / 1e6)
