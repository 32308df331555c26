"""What is promised about installing, testing and the files of the project."""

import re
import tomllib
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


def test_the_readme_lists_every_code() -> None:
    from kerasgen.diagnostics import CODES

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [code for code in CODES if f"| {code} |" not in readme] == []
