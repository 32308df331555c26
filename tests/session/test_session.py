"""A session: which stage tells what, and in which order."""

from pathlib import Path

import pytest

from kerasgen.diagnostics import CompileError
from kerasgen.frontend.compose.composition import compose
from kerasgen.session.session import Session
from kerasgen.session.states import CLOSED, OPENED, Aim

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


@pytest.mark.parametrize("aim", [OPENED, CLOSED, Aim(data="closed", engine="none")])
def test_a_mistake_in_the_data_group_is_not_hidden_by_the_facts_that_it_lacks(
    aim: Aim, tmp_path: Path
) -> None:
    for name, text in (("data", TABLE), ("model", MODEL)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "bad.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(CompileError) as caught:
        _ = Session(compose(["data=bad", "model=bad"], str(tmp_path)), aim).outlined
    assert [d.location and d.location.key for d in caught.value.diagnostics] == ["data.task"]
