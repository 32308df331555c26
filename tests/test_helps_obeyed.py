"""Every help of every snapshot is obeyed, and what it says to write is accepted.

A help is done by a machine (`obeying`), the config is checked again, and its diagnostic must be
gone, with no new error in its place. Of the cases that share a code, the first is obeyed at once,
the others by `pytest -m slow tests/test_helps_obeyed.py`. `python tests/test_helps_obeyed.py`
prints the figure.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from obeying import Change, obey, remaining
from told_cases import Told, told

from kerasgen.diagnostics import CompileError, Diagnostic
from kerasgen.diagnostics.codes import CODES
from kerasgen.session.composed_config import compose_config
from kerasgen.verbs.check import check_config

pytestmark = [
    pytest.mark.filterwarnings("ignore:Layer 'c' .of type Flatten. was passed an input"),
    pytest.mark.filterwarnings("ignore:Explicitly requested dtype"),
]

BY_A_PERSON: dict[str, str] = {
    "add `--": "a flag of the command line, which no config has",
    "if you trust the file": "whose file it is, and where, is not known",
    "write it on the command line (`hydra": "what Hydra is to call is the person's",
    "let the shell put it in": "the variable is the person's",
    "name it where it is the user's word": "which program is to run is the person's",
    "write the number in base 10": "which number is meant is the person's",
    "known: ": "names what there is, and leaves the choice",
    "use letters, ": "any name will do",
    "give the entry another name": "any name will do",
    "relative paths start": "where the file lies is not known",
    "quote text that holds": "a rule for what cannot be read",
    "the command line takes such letters": "which file is the person's",
    "a key with blanks stands": "a rule for what cannot be read",
    "write it as in ": "a rule for what cannot be read",
    "put text in quotes": "a rule for what cannot be read",
    "give the outputs names": "the names are the person's",
    "write boundaries": "any numbers in the range will do",
    "count the classes": "the classes are the person's",
    "give `cut` its `vocabulary`": "the words are the person's",
}
"""Beginnings of helps that no machine can obey, and why."""

BEHIND: dict[str, str] = {
    "unknown_metric": "the misspelt metric is not one for ten classes",
    "KG309 a parameter that is not there": "the parameter gives too few scores",
}
"""Cases with a further fault in the same place, which comes to light when the first is mended."""


def checked(case: Told, change: Change, root: Path) -> list[Diagnostic]:
    write(change, root)
    backend = [] if any(o.startswith("backend") for o in change.overrides) else [BACKEND]
    outcome = check_config([*change.overrides, *backend], "conf", open_data=case.opened)
    return list(outcome.diagnostics)


BACKEND = f"backend={os.environ.get('KERAS_BACKEND', 'jax')}"


def write(change: Change, root: Path) -> None:
    folder = root / "conf"
    folder.mkdir(exist_ok=True)
    for name, text in change.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def composed(change: Change) -> dict[str, Any]:
    from kerasgen.frontend.compose.references import plain_node

    try:
        plain: dict[str, Any] = plain_node(compose_config(change.overrides, "conf").config)
    except CompileError:
        return {}
    return plain


def outcomes(case: Told, root: Path) -> list[tuple[str, str]]:
    """Each help of a case that a machine can obey, with what is wrong afterwards."""
    written = Change(files=case.files, overrides=case.overrides)
    before = checked(case, written, root)
    config = composed(written)
    code = case.name.partition(" ")[0]
    found = []
    if code in CODES and code not in {diagnostic.code for diagnostic in before}:
        found.append((code, "it is not told, so nobody can obey its help"))
    for told_once in before:
        if told_once.help is None or told_once.help.startswith(tuple(BY_A_PERSON)):
            continue
        write(written, root)
        change = obey(case, told_once, config)
        if change is None or change == written:
            found.append((told_once.help, "no machine can tell what to write"))
            continue
        after = checked(case, change, root)
        if case.name in BEHIND:
            after = [d for d in after if d.code == told_once.code]
        found.append((told_once.help, remaining(before, after, told_once)))
    return found


def cases() -> Iterator[Any]:
    """All cases; those of a code after its first are slow."""
    seen: set[str] = set()
    for case in told():
        code = case.name.partition(" ")[0]
        yield pytest.param(case, id=case.name, marks=[pytest.mark.slow] if code in seen else [])
        seen.add(code)


@pytest.mark.parametrize("case", list(cases()))
def test_what_a_help_says_to_write_is_accepted(
    case: Told, engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert [(text, wrong) for text, wrong in outcomes(case, tmp_path) if wrong] == []


def figure() -> None:
    """Prints how many of the helps were accepted as they were obeyed."""
    import tempfile
    import warnings

    warnings.simplefilter("ignore")
    count = accepted = 0
    for case in told():
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            for text, wrong in outcomes(case, Path(folder)):
                count += 1
                accepted += not wrong
                if wrong:
                    print(f"{case.name}: {text}\n    {wrong}")
            os.chdir("/")
    print(f"{accepted} of {count} helps accepted")


if __name__ == "__main__":
    figure()
