"""The script of a config that divides, weighs or repeats rows trains as its run does."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from ejected_scripts import QUICK, Same

DIVISIONS: Mapping[str, Sequence[str]] = {
    "groups": ["data.split.group=patient"],
    "groups without classes": ["data.split.group=patient", "data.split.stratify=false"],
    "a column of parts": ["data.split={by: part, test: given, validation: given}"],
    "the newest rows": ["data.split.time=day"],
    "a fold": ["data.split.fold=2/4"],
    "a fold of groups": ["data.split.fold=3/4", "data.split.group=patient"],
    "a fold in time": ["data.split.fold=2/3", "data.split.time=day"],
    "weights of rows": ["data.weights=worth", "compile.weighted_metrics=[accuracy]"],
    "weights of classes by their names": ["data.weights={no: 1.0, yes: 3.0}"],
    "more rows of the smaller class": ["data.weights={class: oversample}"],
    "fewer rows of the larger class": ["data.weights={class: undersample}"],
    "a fold in the order of the rows": [
        "data.split.fold=2/3",
        "data.split.shuffle=false",
        "data.split.stratify=false",
    ],
}


@pytest.fixture
def visits(tmp_path: Path) -> list[str]:
    """A config of a table of visits."""
    pytest.importorskip("polars")
    random = np.random.default_rng(0)
    lines = ["dose,ward,patient,part,day,worth,ill"]
    for row in range(120):
        dose, patient = random.random(), row % 30
        part = ["train", "train", "Validation", "TEST"][patient % 4]
        day = f"2024-{1 + row % 12:02d}-{1 + row % 28:02d}"
        ward, ill = random.choice(["east", "west"]), "yes" if dose > 0.7 else "no"
        worth = 1 + row % 3
        lines.append(f"{dose:.4f},{ward},p{patient},{part},{day},{worth},{ill}")
    path = tmp_path / "visits.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return ["data=table", "model=table", f"data.source.path={path}", "data.target=ill", *QUICK]


@pytest.mark.parametrize("name", DIVISIONS)
def test_the_script_of_a_division_trains_as_its_run_does(
    engine: str, tmp_path: Path, name: str, visits: list[str], assert_trains_alike: Same
) -> None:
    assert_trains_alike([*visits, *DIVISIONS[name]], tmp_path / "both")
