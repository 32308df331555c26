"""The command `kerasgen import`, as a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from kerasgen.cli import main

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": ""}


def call(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kerasgen", "import", *words],
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.slow
def test_an_application_becomes_a_file_with_blocks(tmp_path: Path) -> None:
    done = call("applications.ResNet50", "-o", "resnet.yaml", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    text = (tmp_path / "resnet.yaml").read_text()
    assert text.startswith("# Made of keras.applications.ResNet50")
    assert "25,636,712 parameters" in text.splitlines()[0]
    assert text.count("\n") < 60
    assert set(yaml.safe_load(text)) == {"name", "blocks", "inputs", "layers"}


def test_a_target_that_is_nothing_is_a_diagnostic(tmp_path: Path) -> None:
    done = call("nothing.keras", folder=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "error[KG608]: there is no file `nothing.keras`" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_config_that_is_there_is_not_written_over_unasked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text("# written by hand\n")
    assert main(["import", "model.json", "-o", "mine.yaml"]) == 2
    assert Path("mine.yaml").read_text() == "# written by hand\n"
    shown = capsys.readouterr().err
    assert "error[KG605]: `mine.yaml` is there already" in shown
    assert "`--force` replaces it" in shown


def test_a_config_is_written_over_by_force(tmp_path: Path) -> None:
    layers = '[{"class_name": "Dense", "config": {"name": "d", "units": 3}}]'
    (tmp_path / "model.json").write_text(
        f'{{"class_name": "Sequential", "config": {{"name": "bare", "layers": {layers}}}}}'
    )
    (tmp_path / "mine.yaml").write_text("# written by hand\n")
    done = call("model.json", "-o", "mine.yaml", "--force", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "class: Dense" in (tmp_path / "mine.yaml").read_text()
