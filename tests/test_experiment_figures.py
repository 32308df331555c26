"""Shipped experiments on their real files: their scores beside linear models and trivial answers.

    pytest -m slow -n 0 -s tests/test_experiment_figures.py

prints a line for each. The linear model is scikit-learn's, on the rows of the same parts.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from plain_models import opened, plain_scores
from test_shipped import DATASETS, REAL, files_of

from kerasgen.frontend.compose.composition import compose
from kerasgen.process.exit_codes import DONE
from kerasgen.run.experiment import run_experiment


@dataclass(frozen=True, kw_only=True)
class Figure:
    """What an experiment is measured by.

    Attributes:
        metric: its name in the record.
        plain: its name among the scores of plain models.
        least: what it must reach; for an error, what it must not exceed.
        error: whether less is better.
    """

    metric: str = "accuracy"
    plain: str = "accuracy"
    least: float
    error: bool = False


FIGURES: Mapping[str, Figure] = {
    "adult": Figure(least=0.85),
    "diabetes": Figure(least=0.7),
    "penguins": Figure(least=0.95),
    "sms": Figure(metric="f1_score", plain="f1", least=0.9),
    "diamonds": Figure(
        metric="mean_absolute_error", plain="mean_absolute_error", least=400, error=True
    ),
}


def scored(experiment: str, folder: Path) -> dict[str, float]:
    """The metrics of the test part after a whole run."""
    data = DATASETS / REAL[experiment]
    if not data.exists():
        pytest.skip(f"{data.name} is not there")
    overrides = [f"experiment={experiment}", *files_of(experiment, data), "fit.verbose=0"]
    assert run_experiment(compose([*overrides, "tracking.plots=false"]), folder / "run") == DONE
    found: dict[str, float] = json.loads((folder / "run" / "record.json").read_text())["metrics"][
        "test"
    ]
    return found


@pytest.mark.slow
@pytest.mark.parametrize("experiment", FIGURES)
def test_an_experiment_is_no_worse_than_a_linear_model(
    engine: str, tmp_path: Path, experiment: str
) -> None:
    figure, found = FIGURES[experiment], scored(experiment, tmp_path)
    score = found[figure.metric]
    files = files_of(experiment, DATASETS / REAL[experiment])
    scores = plain_scores(opened([f"experiment={experiment}", f"backend={engine}", *files]))
    linear, trivial = (scores[name][figure.plain] for name in ("linear", "trivial"))
    shown = ", ".join(f"{name} {value:.4f}" for name, value in sorted(found.items()))
    print(f"\n{experiment}: {shown}; {figure.plain}: linear {linear:.4f}, trivial {trivial:.4f}")
    if figure.error:
        assert score <= min(figure.least, linear, trivial)
    else:
        assert score >= max(figure.least, linear, trivial)


@pytest.mark.slow
def test_a_convnet_reads_99_of_100_digits(engine: str, tmp_path: Path) -> None:
    assert scored("mnist_convnet", tmp_path)["accuracy"] >= 0.99
