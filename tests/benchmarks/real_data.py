"""Benchmark: two recipes on real data, each beside its hand-written script, one run of both.

Needs the data sets beside the checkout, and minutes. Accuracy, seconds an epoch, and whether the
histories agree bit by bit.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from histories import compare_histories, epoch_seconds
from measuring import DATASETS, SCRIPTS, Options, Report, Row, python
from measuring import run_process as run

NAME = "real data"

RECIPES = {
    "book/cifar10_mlp": ("book_cifar10_mlp.py", "cifar10_jpg.tar.gz"),
    "mnist_convnet": ("mnist_convnet.py", "mnist.npz"),
}
"""Experiment to its hand-written script and its data."""


def measure(options: Options) -> Report:
    """Runs both recipes on the first backend."""
    report = Report()
    for experiment, (script, data) in RECIPES.items():
        if (DATASETS / data).is_file():
            _measure_recipe(experiment, script, DATASETS / data, options, report)
        else:
            report.remarks.append(f"{experiment}: passed over, there is no {DATASETS / data}")
    return report


def _measure_recipe(
    experiment: str, script: str, data: Path, options: Options, report: Report
) -> None:
    backend = options.backends[0]
    folder = options.folder / backend / script.removesuffix(".py")
    ours, theirs = folder / "kerasgen", folder / "by_hand"
    settings = [f"backend={backend}", f"data.source.path={data}", f"hydra.run.dir={ours}"]
    kerasgen = run(python("run.py", f"experiment={experiment}", *settings))
    by_hand = run(
        python(str(SCRIPTS / script), str(data), str(theirs)),
        environment={"KERAS_BACKEND": backend},
    )
    test = json.loads((ours / "metrics.json").read_text())["test"]["accuracy"]
    told = re.search(r"test accuracy ([\d.]+)", by_hand.output)
    figures = {
        "s/epoch": (epoch_seconds(ours / "history.csv"), epoch_seconds(theirs / "history.csv")),
        "CPU s": (kerasgen.cpu, by_hand.cpu),
        "wall s": (kerasgen.wall, by_hand.wall),
        "test accuracy": (test, float(told.group(1)) if told else None),
    }
    report.rows.extend(
        Row(benchmark=NAME, case=experiment, figure=figure, kerasgen=ours_, reference=theirs_)
        for figure, (ours_, theirs_) in figures.items()
    )
    compared = compare_histories(ours / "history.csv", theirs / "history.csv")
    report.remarks.append(f"{experiment} on {backend}: {compared}")
