"""A sweep keeps what it composed when it began, whatever becomes of the files."""

from pathlib import Path
from typing import Any

import pytest

EDITING = """
def edit_then_run(composition, folder, **settings):
    from pathlib import Path
    code = run_experiment(composition, folder, **settings)
    Path("conf/experiment/mine.yaml").write_text("# @package _global_\\nseed: [50\\n")
    return code

module.run_experiment = edit_then_run
"""


def edit_during(application: Any, configs: Path) -> None:
    """The file of the recipe is spoiled by the end of the first job."""
    stand_in = application.folder.parent / "stand_in" / "sitecustomize.py"
    stand_in.write_text(stand_in.read_text() + EDITING)
    file = configs / "experiment" / "mine.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("# @package _global_\n# a line\nseed: 7\n")


@pytest.mark.parametrize(
    "settings",
    [[], ["hydra/launcher=basic"], ["hydra.sweeper.max_batch_size=1"]],
    ids=["process", "basic", "batches"],
)
def test_a_file_that_is_edited_during_a_sweep_changes_nothing(
    application: Any, settings: list[str]
) -> None:
    edit_during(application, application.folder / "conf")
    words = ["-m", "--config-dir", "conf", "experiment=mine", "fit.epochs=1,2", *settings]
    done = application.run(*words)
    assert done.returncode == 0, done.stderr
    figures = [record["metrics"]["test"]["accuracy"] for record in application.records().values()]
    assert figures == [0.32, 0.32]


@pytest.mark.slow
def test_a_job_that_is_refused_after_an_edit_is_told_at_its_line(application: Any) -> None:
    edit_during(application, application.folder / "conf")
    stand_in = application.folder.parent / "stand_in" / "sitecustomize.py"
    refusing = 'raise resolve(composition)[1].fail("KG204", "refused", key="seed")'
    stand_in.write_text(
        stand_in.read_text().replace(
            'raise Sink().fail("KG204", "refused by the stand-in")', refusing
        )
    )
    words = ["-m", "--config-dir", "conf", "experiment=mine", "name=fine,refuse"]
    done = application.run(*words)
    assert done.returncode == 2
    assert "conf/experiment/mine.yaml:3:7  (seed)" in done.stderr
