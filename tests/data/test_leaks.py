"""What is learned of the data is learned of the training part: other rows change no bit of it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kerasgen.data.opened import open_data
from kerasgen.data.own_steps import step_entries
from kerasgen.data.preparation import prepare_data
from kerasgen.diagnostics import Sink

COLUMNS = """{
  middle: {type: number, missing: median}, mode: {type: number, missing: mode},
  skewed: {type: number, scale: log}, bounded: {type: number, scale: minmax},
  few: category, many: {type: category, encode: embedding}, rare: {type: category, rare: 3},
  level: {type: ordinal, order: [low, mid, high]}, truth: boolean,
  born: {type: date, parts: [year, month]}, note: {type: text, tokens: 30, length: 5}}"""

STEPS = """{
  auto: true,
  scaled: {class: Normalization, from: plain},
  place: {class: Discretization, num_bins: 4, from: plain}}"""


def row(random: np.random.Generator, part: str, wild: bool) -> str:
    size = 1e6 if wild else 1.0
    word = "strange" if wild else "usual"
    amount = random.normal() * size
    missing = random.random() < (0.9 if wild else 0.2)
    cells = [
        "" if missing else f"{amount:.4f}",
        "" if missing else str(random.integers(0, 4) + (900 if wild else 0)),
        f"{abs(amount) ** 2:.4f}",
        f"{amount:.3f}",
        random.choice([f"{word}{n}" for n in range(3)]),
        random.choice([f"{word}{n}" for n in range(40)]),
        random.choice([f"{word}{n}" for n in range(20)]),
        random.choice(["low", "mid", "high"]),
        random.choice(["yes", "no"]),
        f"{1800 if wild else 2020}-0{random.integers(1, 9)}-11",
        f"{word} words of {random.integers(0, 40)} and {random.integers(0, 9)} more",
        f"{amount:.4f}",
        random.choice(["a", "b"]),
        part,
    ]
    return ",".join(map(str, cells))


def written(folder: Path, *, wild: bool) -> Path:
    """A table of which the training rows are always the same."""
    random, other = np.random.default_rng(0), np.random.default_rng(1 if wild else 2)
    names = "middle,mode,skewed,bounded,few,many,rare,level,truth,born,note,plain,kind,part"
    lines = [names]
    for number in range(160):
        part = ("train", "train", "validation", "test")[number % 4]
        lines.append(row(random if part == "train" else other, part, wild and part != "train"))
    path = folder / f"{'wild' if wild else 'tame'}.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_no_bit_of_what_is_learned_depends_on_other_rows(define, started, tmp_path) -> None:
    pytest.importorskip("polars")
    started = replace(started, catalog=started.catalog.extended(step_entries()))
    found = []
    for wild in (False, True):
        path = written(tmp_path, wild=wild)
        definition = define(
            f"{{source: {{class: Table, path: {path}}}, features: all, target: kind, "
            f"task: auto, columns: {COLUMNS}, prepare: {STEPS}, "
            "split: {by: part, test: given, validation: given, stratify: auto}}"
        )
        opened = open_data(definition, Sink())
        prepared = prepare_data(opened, opened.parts, opened.definition, started, Sink())
        found.append((opened, prepared))
    (tame, first), (odd, second) = found

    assert tame.fingerprint != odd.fingerprint
    learned = [step for step in first.fitted.learned.values() if step]
    assert len(learned) >= 10
    assert first.fitted == second.fitted
    assert tame.written["prepare"] == odd.written["prepare"]
    assert tame.facts["inputs"] == odd.facts["inputs"]
    for name, values in first.training.x.items():
        assert np.array_equal(values, second.training.x[name])
    assert any(
        not np.array_equal(values, second.test.x[name]) for name, values in first.test.x.items()
    )


def test_values_that_are_missing_in_other_rows_alone_are_filled(define, started, tmp_path) -> None:
    pytest.importorskip("polars")
    started = replace(started, catalog=started.catalog.extended(step_entries()))
    lines = ["amount,born,kind,part"]
    for number in range(40):
        part = "test" if number % 4 == 3 else "train"
        blank = part == "test" and number > 20
        born = "" if blank else f"20{number % 20 + 10}-01-02"
        lines.append(f"{'' if blank else number},{born},{'ab'[number % 2]},{part}")
    path = tmp_path / "gaps.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    definition = define(
        f"{{source: {{class: Table, path: {path}}}, features: all, target: kind, task: auto, "
        "prepare: auto, split: {by: part, test: given}}"
    )
    opened = open_data(definition, Sink())
    prepared = prepare_data(opened, opened.parts, opened.definition, started, Sink())
    names = [entry.name for entry in opened.definition.prepare]

    assert "amount_filled" in names
    assert "amount_missing" not in names  # in the training part it would always be 0
    for values in prepared.test.x.values():
        assert np.isfinite(values).all()
    step = next(call for call in prepared.fitted.learned if call.startswith("amount_filled"))
    mean = float(np.mean([n for n in range(40) if n % 4 != 3]))
    assert mean in [float(values) for values in prepared.fitted.learned[step].values()]
