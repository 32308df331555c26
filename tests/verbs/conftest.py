"""Small runs that are served and exported: a table of numbers and words, and images."""

import csv
from pathlib import Path

import numpy as np
import pytest

from kerasgen.frontend.compose.composition import compose
from kerasgen.process.exit_codes import DONE
from kerasgen.run.experiment import run_experiment

NAMES = ("age", "city", "member")


def rows_of_table(count: int, seed: int = 0) -> list[list[str]]:
    """Rows in which whoever is older than 40 and from Rome is a member."""
    random = np.random.default_rng(seed)
    rows = []
    for number in range(count):
        age, city = int(random.integers(20, 60)), str(random.choice(["Rome", "Oslo"]))
        member = "yes" if age > 40 and city == "Rome" else "no"
        rows.append(["" if number % 17 == 3 else str(age), city, member])
    return rows


@pytest.fixture(scope="module")
def table_run(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a table of a number and a word."""
    folder = tmp_path_factory.mktemp("served")
    with (folder / "members.csv").open("w", newline="") as file:
        csv.writer(file).writerows([NAMES, *rows_of_table(200)])
    return _trained(
        folder / "outputs" / "table",
        [
            *(f"backend={engine}", "data=table", "model=table", "data.target=member"),
            f"data.source.path={folder / 'members.csv'}",
        ],
    )


@pytest.fixture(scope="module")
def image_run(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the shipped digits."""
    return _trained(tmp_path_factory.mktemp("served") / "outputs" / "digits", [f"backend={engine}"])


def _trained(folder: Path, overrides: list[str]) -> Path:
    more = ["fit.epochs=1", "fit.verbose=0", "tracking.plots=false"]
    assert run_experiment(compose([*overrides, *more]), folder) == DONE
    return folder
