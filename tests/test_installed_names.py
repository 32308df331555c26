"""Shipped configs have short names where they come out of an installed package."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kerasgen.cli import main
from kerasgen.diagnostics import render as rendering

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of packages in which kerasgen lies as a wheel puts it there."""
    site = tmp_path_factory.mktemp("installed") / "lib" / "site-packages"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "kerasgen", site / "kerasgen", ignore=ignored)
    shutil.copytree(ROOT / "conf", site / "kerasgen" / "conf", ignore=ignored)
    return site


def called(site: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "kerasgen", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_diagnostic_names_a_shipped_config_short_and_shows_its_line(
    installed: Path, tmp_path: Path
) -> None:
    done = called(installed, tmp_path, "check", "--fast", "~model.layers.hidden1.class")
    assert done.returncode == 2
    assert str(installed) not in done.stderr
    assert "  --> kerasgen:model/mlp.yaml:5:3  (model.layers.hidden1)" in done.stderr
    assert " 5 |   hidden1: {class: Dense, units: 128" in done.stderr


def test_show_names_shipped_configs_short(installed: Path, tmp_path: Path) -> None:
    own = tmp_path / "conf" / "fit" / "mine.yaml"
    own.parent.mkdir(parents=True)
    own.write_text("epochs: 3\n")
    done = called(installed, tmp_path, "show", "fit=mine")
    assert "# kerasgen:data/digits.yaml:3" in done.stdout
    assert "# conf/fit/mine.yaml:1" in done.stdout
    assert str(installed) not in done.stdout


def test_in_a_checkout_the_path_is_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["show"]) == 0
    assert "# conf/data/digits.yaml:3" in capsys.readouterr().out


def test_only_files_of_the_package_are_named_short(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(rendering, "INSTALLED", tmp_path / "conf")
    monkeypatch.chdir(tmp_path)
    assert rendering.file_text("conf/fit/default.yaml") == "kerasgen:fit/default.yaml"
    assert rendering.file_text("conf2/fit/default.yaml") == "conf2/fit/default.yaml"
    assert rendering.file_text(str(tmp_path / "conf" / "a.yaml")) == "kerasgen:a.yaml"
