"""The first recipe of a table that names images, and masks of them."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from kerasgen.diagnostics import CompileError
from kerasgen.verbs.check import check_config
from kerasgen.verbs.describe import Asked, describe
from kerasgen.verbs.init import Wish, init

pytest.importorskip("polars")


@pytest.fixture
def street(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A table of images of 30 by 40 pixels, and masks of three classes."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    (tmp_path / "p").mkdir()
    lines = ["photo,mask,kind"]
    for number in range(30):
        classes = random.integers(0, 3, (30, 40), dtype="uint8")
        Image.fromarray(classes * 80).convert("RGB").save(f"p/{number}.jpg")
        Image.fromarray(classes).save(f"p/{number}.png")
        lines.append(f"p/{number}.jpg,p/{number}.png,{'ab'[number % 2]}")
    (tmp_path / "rows.csv").write_text("\n".join(lines))
    return tmp_path


def _data(street: Path, *, target: str | None = None) -> dict[str, object]:
    init(Wish(words=("rows.csv",), target=target))
    return yaml.safe_load((street / "conf/data/rows.yaml").read_text())


def test_paths_of_images_that_are_there_are_described_as_images(street: Path) -> None:
    found = describe(Asked(words=("rows.csv",))).figures.columns
    assert [column.type for column in found.values()] == ["image", "image", "category"]
    assert found["photo"].form == {"size": "[30, 40]"}
    (street / "p").rename(street / "q")
    missing = describe(Asked(words=("rows.csv",))).figures.columns
    assert missing["photo"].type != "image"


def test_a_target_of_masks_becomes_a_segmentation(street: Path, engine: str) -> None:
    data = _data(street, target="mask")
    image = {"type": "image", "size": [32, 32]}
    assert data["columns"] == {"photo": image, "mask": image, "kind": "category"}
    assert (data["features"], data["target"], data["task"]) == ("photo", "mask", "segmentation")
    overrides = ["experiment=rows", f"backend={engine}", "model.parameters.width=2"]
    outcome = check_config(overrides, (str(street / "conf"),), open_data=True)
    assert [d.message for d in outcome.diagnostics if d.severity.value == "error"] == []
    assert outcome.compiled is not None
    (output,) = outcome.compiled.outputs
    assert (output.classes, output.spec.shape) == (3, (None, 32, 32, 3))


def test_images_go_into_a_recipe_for_another_column(street: Path) -> None:
    data = _data(street)
    assert data["target"] == "kind"
    assert data["columns"]["photo"] == {"type": "image", "size": [30, 40]}


def test_masks_without_images_to_learn_from_are_told(street: Path) -> None:
    text = (street / "rows.csv").read_text().splitlines()
    (street / "rows.csv").write_text("\n".join(line.split(",", 1)[1] for line in text))
    with pytest.raises(CompileError) as caught:
        init(Wish(words=("rows.csv",), target="mask"))
    (found,) = caught.value.diagnostics
    assert found.code == "KG526"
    assert not (street / "conf").exists()
