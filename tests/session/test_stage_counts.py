"""How often each stage is computed: once in every command, and twice only for facts that must be
found.
"""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from call_counts import counted

from kerasgen.cli import main
from kerasgen.ir.model import ModelDef
from kerasgen.sweep.hydra.command_line import main as train

COMPUTED = (
    "kerasgen.frontend.expand.whole_model.expand_config",
    "kerasgen.frontend.select.apply.select_config",
    "kerasgen.frontend.parse.program.parse_program",
    "kerasgen.passes.catalog_check.check",
    "kerasgen.passes.wire.wire",
    "kerasgen.passes.preparation.check_preparation",
)
"""What depends on the facts of the data."""

ONCE = (
    "hydra._internal.defaults_list.create_defaults_list",
    "kerasgen.frontend.parse.backend.parse_backend",
    "kerasgen.frontend.parse.data.parse_data",
    "kerasgen.passes.outline.outline",
    "kerasgen.catalog.store.load_catalog",
)
"""What is computed once in any case."""

STAGES = [dotted.rpartition(".")[2] for dotted in (*COMPUTED, *ONCE)]

Count = Callable[..., Counter[str]]

TABLE = """\
source: {class: Csv, path: table.csv}
features: [a, b]
target: c
task: classification
split: {test: 0.2, validation: 0.1}
"""


def is_model(model: ModelDef, *_: object) -> bool:
    """Whether the model is wired, and not the preparation of the data."""
    return model.path == "model"


@pytest.fixture
def count(engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Count:
    """Runs a command and counts; `train` stands for `run.py`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "conf" / "data").mkdir(parents=True)
    (tmp_path / "conf" / "data" / "table.yaml").write_text(TABLE, encoding="utf-8")
    rows = "".join(f"{number % 7},{number % 5},{'xyz'[number % 3]}\n" for number in range(90))
    (tmp_path / "table.csv").write_text(f"a,b,c\n{rows}", encoding="utf-8")

    def run(command: str, *words: str) -> Counter[str]:
        quick = ["fit.epochs=1", "fit.verbose=0", "tracking.plots=false", "tracking.model=false"]
        given = [f"backend={engine}", *words]
        with counted((*COMPUTED, *ONCE), {"wire": is_model}) as counts:
            code = train([*given, *quick]) if command == "train" else main([command, *given])
        assert code == 0
        return counts

    return run


def test_a_run_with_declared_facts_computes_each_stage_once(count: Count) -> None:
    assert count("train") == dict.fromkeys(STAGES, 1)


def test_a_run_whose_config_refers_to_facts_that_must_be_found_is_read_twice(count: Count) -> None:
    found = count("train", "data=table")
    # Before the data is opened with stand-ins, and once with the facts.
    twice = {dotted.rpartition(".")[2] for dotted in COMPUTED}
    assert found == {name: 2 if name in twice else 1 for name in STAGES}


def test_a_run_whose_config_refers_to_no_fact_is_read_once(count: Count) -> None:
    found = count("train", "data=table", "model.layers.scores.units=3")
    assert found == dict.fromkeys(STAGES, 1)


@pytest.mark.parametrize(
    "words",
    [["check", "--own-engine"], ["check", "--open-data"], ["check", "--fast"], ["eject"]],
    ids=" ".join,
)
def test_every_command_computes_each_stage_once(count: Count, words: list[str]) -> None:
    assert count(*words) == dict.fromkeys(STAGES, 1)
