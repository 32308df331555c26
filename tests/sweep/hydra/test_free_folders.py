import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from omegaconf import DictConfig, OmegaConf

from kerasgen.diagnostics import CompileError
from kerasgen.sweep.hydra.free_folders import require_free, require_readable, require_search
from kerasgen.sweep.job_source import PlannedJob
from kerasgen.sweep.sweep_file import NAME, SearchFacts, SweepWriter, SweptJob

FACTS = {"study": "mine", "storage": "study.journal"}


@pytest.fixture
def config(tmp_path: Path) -> DictConfig:
    given = [f"hydra.sweep.dir={tmp_path}"]
    said = {"sweep": {"dir": str(tmp_path)}, "overrides": {"hydra": given}}
    return OmegaConf.create({"hydra": said})


def message(call: Callable[..., object], *arguments: Any) -> str:
    with pytest.raises(CompileError) as raised:
        call(*arguments)
    (found,) = raised.value.diagnostics
    assert (found.code, found.location.override[:16]) == ("KG605", "hydra.sweep.dir=")
    return found.message


def complete(folder: Path, *overrides: str) -> None:
    folder.mkdir()
    said = {"schema": 2, "status": "completed", "overrides": list(overrides)}
    (folder / "record.json").write_text(json.dumps(said))


def test_a_job_does_not_take_the_folder_of_another_that_has_completed(
    config: DictConfig, tmp_path: Path
) -> None:
    complete(tmp_path / "0", "seed=1")
    job = PlannedJob(
        number=0, title="", overrides=("seed=2",), folder=tmp_path / "0", argv=(),
        spec=lambda: pytest.fail("it is not to be started"),
    )  # fmt: skip
    assert "holds a run that is completed, of another job: `seed=1`" in message(
        require_free, [job], config
    )


@pytest.mark.parametrize("text", ["{", '{"schema": 2}', '{"schema": 1, "jobs": [3]}'])
def test_a_file_that_cannot_be_read_is_not_written_over(
    text: str, config: DictConfig, tmp_path: Path
) -> None:
    require_readable(config)
    (tmp_path / NAME).write_text(text)
    assert message(require_readable, config).startswith(f"`{tmp_path / NAME}` ")


def test_a_search_does_not_take_the_folder_of_another_sweep(
    config: DictConfig, tmp_path: Path
) -> None:
    job = SweptJob(identity="a", folder="0", overrides=("seed=1",))
    SweepWriter(tmp_path).write([job])
    require_search(FACTS, config)  # Nothing has completed there.
    complete(tmp_path / "0", "seed=1")
    told = "` is the folder of {}, with a job completed; no job was started"
    assert message(require_search, FACTS, config).endswith(told.format("a grid"))
    ways = (("loss", "minimize"),)
    SweepWriter(tmp_path).write([job], SearchFacts(objectives=ways, search={"sha256": "b"}))
    assert message(require_search, FACTS, config).endswith(told.format("another search"))
    SweepWriter(tmp_path).write([job], SearchFacts(objectives=ways, search={"a": 1, **FACTS}))
    require_search(FACTS, config)
