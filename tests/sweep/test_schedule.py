import json
from pathlib import Path
from typing import Any, cast

import pytest

from kerasgen.sweep import schedule
from kerasgen.sweep.job_source import ListedJobs, PlannedJob
from kerasgen.sweep.outcomes import Outcome
from kerasgen.sweep.schedule import JobLimits, Schedule


def refused(*_: object) -> None:
    raise PermissionError(13, "Permission denied")


@pytest.mark.parametrize(
    ("way", "told"),
    [
        ("link", "cannot be run anew: its folder is a link: name the folder that it leads to"),
        ("system", "cannot be run anew: permission denied"),
    ],
)
def test_a_job_whose_run_cannot_be_removed_fails_and_is_left(
    way: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "run").mkdir()
    record = tmp_path / "run" / "record.json"
    record.write_text(json.dumps({"schema": 2, "status": "completed", "overrides": ["seed=1"]}))
    folder = tmp_path / "run"
    if way == "link":
        folder = tmp_path / "0"
        folder.symlink_to(tmp_path / "run")
    else:
        monkeypatch.setattr(schedule, "remove_run", refused)
    left = record.read_bytes()
    kept: list[Outcome] = []
    job = PlannedJob(
        number=0, title="", overrides=("seed=1",), folder=folder, argv=(), anew=True,
        spec=lambda: pytest.fail("it is not to be started"),
    )  # fmt: skip
    sweep = Schedule(executor=cast("Any", None), limits=JobLimits(), keep=kept.append)
    outcomes = sweep.run(ListedJobs([job]))
    assert [(each.status, each.error) for each in outcomes.values()] == [("failed", told)]
    assert list(outcomes.values()) == kept
    assert record.read_bytes() == left
