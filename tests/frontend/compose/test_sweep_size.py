import pytest
from omegaconf import DictConfig, OmegaConf

from kerasgen.diagnostics import CompileError
from kerasgen.frontend.compose.sweep_size import JOBS, check_jobs, count_jobs

BASIC = "hydra._internal.core_plugins.basic_sweeper.BasicSweeper"


def swept(parameters: dict[str, str], target: str = BASIC) -> DictConfig:
    return OmegaConf.create({"hydra": {"sweeper": {"_target_": target, "params": parameters}}})


@pytest.mark.parametrize(
    ("value", "jobs"),
    [("1,2,3", 3), ("range(10)", 10), ("range(0,10,3)", 4), ("range(10000000000000000)", 10**16),
     ("choice(a,b)", 2), ("5", 1), ("interval(0,1)", 1), ("[", 1)],
)  # fmt: skip
def test_values_are_counted_without_being_listed(value: str, jobs: int) -> None:
    assert count_jobs("x", value) == jobs


def test_sweeps_of_a_config_and_of_the_command_line_multiply() -> None:
    config = swept({"seed": f"range({JOBS})"})
    check_jobs(config, ["fit.epochs=3"])
    with pytest.raises(CompileError, match=f"the sweep has {2 * JOBS:,} jobs"):
        check_jobs(config, ["fit.epochs=3,4"])


def test_a_sweeper_that_draws_may_have_any_range() -> None:
    check_jobs(swept({"seed": "range(1000000)"}, "another.Sweeper"), ["fit.epochs=3,4"])
