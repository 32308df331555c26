"""`kerasgen explain` as a process: what it imports, its codes, and what goes through a pipe."""

import os
import subprocess
import sys
from pathlib import Path

from kerasgen.diagnostics import Sink
from kerasgen.session.catalog import child_catalog, say_on_stderr, stored_catalog

ROOT = Path(__file__).resolve().parents[2]

_CALL = """
import sys
from kerasgen.cli import main
code = main(sys.argv[1:])
heavy = {"keras", "numpy", "hydra", "omegaconf"} & sys.modules.keys()
sys.exit(f"imported: {heavy}" if heavy else code)
"""


def call(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", _CALL, "explain", *words],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_class_is_told_without_keras(tmp_path: Path) -> None:
    if stored_catalog() is None:
        child_catalog(Sink(), say_on_stderr)
    done = call("Dense", "fit.epochs", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Dense\n\n`keras.layers.Dense`, a layer.")
    assert "- `units`: an integer, must be given." in done.stdout
    assert "\n\n\nfit.epochs\n\nDefault: `10`.\n" in done.stdout
    assert "\033" not in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_word_is_refused(tmp_path: Path) -> None:
    done = call("Dence", folder=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "did you mean `Dense`?" in done.stderr
    assert done.stderr.endswith("\n1 error\nmore: kerasgen explain KG622\n")


def test_alone_it_lists_what_can_be_asked(tmp_path: Path) -> None:
    done = call(folder=tmp_path)
    assert done.returncode == 0
    assert "Groups of the config" in done.stdout
