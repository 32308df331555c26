"""Answers that are masks: pictures in a folder, arrays in Python, nested in JSON lines."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import kerasgen
from kerasgen.diagnostics import CompileError
from kerasgen.frontend.compose.composition import compose
from kerasgen.process.exit_codes import DONE
from kerasgen.run.experiment import run_experiment
from kerasgen.verbs.predict import Question, predict_rows


@pytest.fixture(scope="module")
def run(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that tells bright pixels, 255 in their masks, from dark ones."""
    folder = tmp_path_factory.mktemp("masks")
    random = np.random.default_rng(0)
    lines = ["photo,mask"]
    for number in range(24):
        bright = random.integers(0, 2, (6, 5), dtype="uint8")
        Image.fromarray(bright * 200).convert("RGB").save(folder / f"{number}.png")
        Image.fromarray(bright * 255).save(folder / f"{number}m.png")
        lines.append(f"{number}.png,{number}m.png")
    (folder / "rows.csv").write_text("\n".join(lines))
    layer = "{class: Conv2D, filters: 2, kernel_size: 1, activation: softmax}"
    (folder / "conf" / "model").mkdir(parents=True)
    (folder / "conf" / "model" / "pixels.yaml").write_text(f"layers: {{pixels: {layer}}}\n")
    overrides = [
        *(f"backend={engine}", "data=table", f"data.source.path={folder}/rows.csv"),
        *("data.columns.photo=image", "data.columns.mask=image", "data.features=photo"),
        *("data.target=mask", "data.task=segmentation", "optimizer.learning_rate=0.5"),
        *(f"hydra.searchpath=[file://{folder}/conf]", "model=pixels"),
        *("fit.epochs=12", "fit.batch_size=8", "fit.verbose=0", "tracking.plots=false"),
    ]
    assert run_experiment(compose(overrides), folder / "run") == DONE
    return folder / "run"


@pytest.fixture
def asked(run: Path, tmp_path: Path) -> tuple[Path, np.ndarray]:
    """A folder of two images, and the masks that they should get."""
    bright = np.random.default_rng(1).integers(0, 2, (2, 6, 5), dtype="uint8")
    (tmp_path / "new" / "deep").mkdir(parents=True)
    for name, values in zip(("a.png", "deep/a.png"), bright, strict=True):
        Image.fromarray(values * 200).convert("RGB").save(tmp_path / "new" / name)
    return tmp_path / "new", bright * 255


def _refused(run: Path, rows: Path, output: Path | None) -> Any:
    with pytest.raises(CompileError) as caught:
        predict_rows(run, Question(rows=str(rows), output=output), print)
    (found,) = caught.value.diagnostics
    assert found.code == "KG605"
    return found


@pytest.mark.slow
def test_masks_are_pictures_called_as_their_images(
    run: Path, asked: tuple[Path, np.ndarray], tmp_path: Path
) -> None:
    rows, masks = asked
    predict_rows(run, Question(rows=str(rows), output=tmp_path / "masks"), print)
    with (tmp_path / "masks" / "answers.csv").open() as file:
        table = list(csv.DictReader(file))
    assert table == [{"file": n, "predicted": n} for n in ("a.png", "deep/a.png")]
    for row, mask in zip(table, masks, strict=True):
        with Image.open(tmp_path / "masks" / row["predicted"]) as picture:
            assert np.array_equal(np.asarray(picture), mask)
    assert "not empty" in _refused(run, rows, tmp_path / "masks").message


def test_masks_are_nested_in_json_lines_and_arrays_in_python(
    run: Path, asked: tuple[Path, np.ndarray], tmp_path: Path
) -> None:
    rows, masks = asked
    predict_rows(run, Question(rows=str(rows), output=tmp_path / "masks.jsonl"), print)
    lines = map(json.loads, (tmp_path / "masks.jsonl").read_text().splitlines())
    assert [line["predicted"] for line in lines] == masks.tolist()
    images = np.repeat(masks[..., None] // 255 * 200, 3, axis=-1)
    assert np.array_equal(kerasgen.load(run).predict(images)["predicted"], masks)


def test_a_table_cannot_hold_masks(
    run: Path, asked: tuple[Path, np.ndarray], tmp_path: Path
) -> None:
    found = _refused(run, asked[0], tmp_path / "masks.csv")
    assert found.location.override == f"--output {tmp_path}/masks.csv"
    assert "`-o masks`" in found.help
    assert _refused(run, asked[0], None).location.override == str(asked[0])
    assert not (tmp_path / "masks.csv").exists()
    assert "there is no folder" in _refused(run, asked[0], tmp_path / "no" / "masks").message


def test_pictures_of_one_name_and_rows_without_an_answer_are_told_apart(
    run: Path, asked: tuple[Path, np.ndarray], tmp_path: Path
) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("photo\nnew/a.png\nnew/none.png\nnew/a.png\n")
    question = Question(rows=str(rows), output=tmp_path / "masks", bad="column")
    predict_rows(run, question, print)
    with (tmp_path / "masks" / "answers.csv").open() as file:
        table = list(csv.DictReader(file))
    assert [row["predicted"] for row in table] == ["new/a.png", "", "new/a-2.png"]
    assert table[1]["problem"] == "`new/none.png` is not there"
