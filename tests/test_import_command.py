"""The command `kerasgen import`, as a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import yaml

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
