"""What is promised about installing, testing and the files of the project."""

import re
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_ci_calls_the_test_command_of_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (command,) = set(re.findall(r"^pip install '\.\[test\]' && pytest$", readme, re.MULTILINE))
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert command.replace("install ", "install -q ") in script.splitlines()


def test_every_dependency_has_bounds_or_a_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    project = tomllib.loads(text)["project"]
    extras = project["optional-dependencies"]
    needed = [*project["dependencies"], *(name for names in extras.values() for name in names)]
    assert [name for name in needed if ">=" not in name and "==" not in name] == []


def test_the_wheel_has_the_pages_of_the_manual_and_that_of_a_report() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    wheel = tomllib.loads(text)["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel.keys() == {"packages", "force-include"}
    assert wheel["packages"] == ["kerasgen"]
    # What git ignores is left out of a wheel, whatever its package.
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    patterns = [line.strip("/") for line in ignored if line and not line.startswith("#")]
    pages = [path.relative_to(ROOT) for path in (ROOT / "kerasgen" / "manual").rglob("*.md")]
    assert len(pages) > 50
    report = ROOT / "kerasgen" / "emit" / "page"
    names = ("page.html", "page.css", "page.js", "charts.js", "echarts/echarts.min.js")
    licenses = ("echarts/LICENSE", "echarts/LICENSE-d3", "echarts/NOTICE")
    pages += [(report / name).relative_to(ROOT) for name in (*names, *licenses)]
    assert all((ROOT / page).is_file() for page in pages)
    assert [page for page in pages for part in page.parts if _matches(part, patterns)] == []


def _matches(name: str, patterns: list[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
