"""Every config of the tests that is told something: what is snapshotted, and the cases of lint.

Each case is a set of config files with overrides, so that it can be changed as a help says, and
checked again.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from lint_cases import CASES as LINT_CASES
from lint_cases import parsed
from test_bad_configs import CASES as BAD_CASES

BROKEN = Path(__file__).resolve().parent / "broken"
OPENED = {
    "config_without_data_that_is_opened",
    "facts_that_the_data_contradicts",
    "file_that_is_not_there",
}
"""Cases in which the data must be opened."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """One config that is told something.

    Attributes:
        name: what it is called in a test.
        files: path below the config folder to text.
        overrides: what is typed.
        opened: whether the data must be opened.
    """

    name: str
    files: Mapping[str, str]
    overrides: tuple[str, ...]
    opened: bool = False


def broken() -> Iterator[Told]:
    for folder in sorted(path for path in BROKEN.iterdir() if path.is_dir()):
        yield Told(
            name=folder.name,
            files={
                file.relative_to(folder).as_posix(): file.read_text()
                for file in folder.rglob("*.yaml")
            },
            overrides=tuple((folder / "overrides.txt").read_text().splitlines()),
            opened=folder.name in OPENED,
        )


def bad() -> Iterator[Told]:
    for name, case in BAD_CASES.items():
        yield Told(
            name=name,
            files={"model/bad.yaml": case.model, "data/bad.yaml": case.data},
            overrides=("model=bad", "data=bad", *case.overrides),
        )


def linted() -> Iterator[Told]:
    for case in LINT_CASES:
        groups = parsed(dict(case.bad))
        # Their columns are made up: a source whose columns no check knows has them.
        groups["data"]["source"] = {"class": "Arrays", "path": "arrays.npz"}
        files = {
            f"{group}/bad.yaml": yaml.safe_dump(
                value if isinstance(value, dict) else {"class": value.capitalize()}, sort_keys=False
            )
            for group, value in groups.items()
            if group not in ("backend",)
        }
        fit = {"epochs": 10, "batch_size": 32, **groups["fit"]}
        files["fit/bad.yaml"] = yaml.safe_dump(fit, sort_keys=False)
        choices = tuple(f"{name.partition('/')[0]}=bad" for name in files)
        yield Told(name=case.name, files=files, overrides=choices)


def told() -> list[Told]:
    """All of them, each with a name of its own."""
    found = [*broken(), *bad(), *linted()]
    names = [case.name for case in found]
    return [
        Told(
            name=f"{case.name} #{index}" if names.count(case.name) > 1 else case.name,
            files=case.files,
            overrides=case.overrides,
            opened=case.opened,
        )
        for index, case in enumerate(found)
    ]
