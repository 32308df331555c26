"""Planning: what a config says of its data is judged before the data is opened."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kerasgen.diagnostics import CompileError
from kerasgen.frontend.compose.composition import compose
from kerasgen.session.planning import compile_declared, plan_run

TABLE = """\
source: {class: Csv, path: table.csv}
features: [a, b]
target: c
task: clasification
"""

MODEL = """\
layers:
  scores: {class: Dense, units: "${data.classes}"}
"""


@pytest.mark.parametrize("planned", [plan_run, compile_declared])
def test_a_mistake_in_the_data_group_is_not_hidden_by_the_facts_that_it_lacks(
    planned: Callable[..., object], tmp_path: Path
) -> None:
    for name, text in (("data", TABLE), ("model", MODEL)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "bad.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(CompileError) as caught:
        planned(compose(["data=bad", "model=bad"], str(tmp_path)))
    assert [d.location and d.location.key for d in caught.value.diagnostics] == ["data.task"]
