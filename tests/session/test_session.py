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


def told(tmp_path: Path, layers: str) -> list[tuple[str, str]]:
    """What a fast check says of a model beside a table whose facts are not declared."""
    for name, text in (("data", TABLE.replace("clasification", "classification")), ("model", "")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "own.yaml").write_text(text or f"layers:\n{layers}", encoding="utf-8")
    session = Session(
        compose(["data=own", "model=own"], str(tmp_path)), Aim(data="closed", engine="none")
    )
    try:
        found = session.outlined.findings.found
    except CompileError as error:
        found = error.diagnostics
    return [(d.code, d.location.key if d.location else "") for d in found]


def test_a_name_is_known_to_be_wrong_whatever_the_facts_are(tmp_path: Path) -> None:
    layers = (
        '  a: {class: Dens, units: "${data.classes}"}\n  b: {class: Dense, unit: 1, units: 2}\n'
    )
    assert told(tmp_path, layers) == [
        ("KG201", "model.layers.a.class"),
        ("KG202", "model.layers.b.unit"),
    ]


def test_a_value_is_known_to_be_wrong_where_it_hangs_on_no_fact(tmp_path: Path) -> None:
    layers = (
        '  a: {class: Dense, units: "${data.classes}", use_bias: 3}\n'
        '  b: {class: Dense, units: 4, activation: "${data.classes}"}\n'
    )
    assert told(tmp_path, layers) == [("KG204", "model.layers.a.use_bias")]


def test_the_wiring_is_left_open_where_a_fact_says_which_entries_there_are(tmp_path: Path) -> None:
    layers = (
        '  a: {class: Dense, units: 3, repeat: "${data.classes}"}\n'
        "  b: {class: Dense, units: 3, from: a9}\n"
    )
    assert told(tmp_path, layers) == []


def test_a_reference_to_nothing_is_told_whatever_the_facts_are(tmp_path: Path) -> None:
    layers = (
        '  a: {class: Dense, units: "${data.classes}"}\n  b: {class: Dense, units: "${modl.x}"}\n'
    )
    assert told(tmp_path, layers) == [("KG105", "model.layers.b.units")]
