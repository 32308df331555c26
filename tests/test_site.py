"""The site that the pages of the manual make, where its builder is installed."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

pytest.importorskip("zensical")
pytestmark = pytest.mark.slow


def build(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).with_name("zensical"), "build", "--strict"]
    return subprocess.run(
        [*command, "-f", folder / ".zensical.toml"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copy(ROOT / ".zensical.toml", tmp_path)
    shutil.copytree(ROOT / "kerasgen" / "manual", tmp_path / "kerasgen" / "manual")
    return tmp_path


def test_every_page_is_built(project: Path) -> None:
    done = build(project)
    assert done.returncode == 0, done.stdout
    pages = sorted(path.with_suffix("") for path in (project / "kerasgen/manual").rglob("*.md"))
    site = project / "build" / "site"
    names = [page.relative_to(project / "kerasgen/manual") for page in pages]
    assert [name for name in names if not (site / name).with_suffix(".html").exists()] == []


@pytest.mark.parametrize("link", ["nowhere.md", "sweeps.md#nowhere"])
def test_a_broken_link_fails_the_site(project: Path, link: str) -> None:
    with (project / "kerasgen/manual/topics/lists.md").open("a", encoding="utf-8") as page:
        page.write(f"\n[broken]({link})\n")
    assert build(project).returncode != 0
