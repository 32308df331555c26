"""Mending config files: what is replaced, and what is left as it is."""

import os
from pathlib import Path

import pytest

from kerasgen.diagnostics import Diagnostic, Severity, SourceLocation, Suggestion
from kerasgen.frontend.fix import mend, override_hints

TEXT = """\
# A comment that stays.
layers:
    flatten:   Flaten     # two blanks and this comment stay
    hidden: {class: 'Dense',  unts: 4, activation: "rleu"}
    sum: {class: Add, from: [hiden.1, flatten]}
"""


def wrong(line: int, text: str, replacement: str, *, file: str = "mine.yaml") -> Diagnostic:
    source = TEXT.splitlines()[line - 1]
    return Diagnostic(
        code="KG201",
        severity=Severity.ERROR,
        message="wrong",
        help=Suggestion(f"did you mean `{replacement}`?", replacement),
        location=SourceLocation(
            file=file, line=line, column=source.index(text) + 1, length=len(text)
        ),
    )


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "mine.yaml"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_only_the_misspelt_words_change(file: Path) -> None:
    found = [
        wrong(3, "Flaten", "Flatten"),
        wrong(4, "unts", "units"),
        wrong(4, '"rleu"', "relu"),
        wrong(5, "hiden.1", "hidden"),
    ]
    (mended,) = mend([*found, found[0]])
    assert file.read_text() == TEXT
    mended.write()
    expected = TEXT.replace("Flaten ", "Flatten ").replace("unts", "units")
    expected = expected.replace('"rleu"', '"relu"').replace("hiden.1", "hidden.1")
    assert file.read_text() == expected
    assert len(mended.edits) == 4
    assert list(file.parent.iterdir()) == [file]


def test_the_difference_is_a_unified_diff(file: Path) -> None:
    (mended,) = mend([wrong(3, "Flaten", "Flatten")])
    assert mended.difference().splitlines() == [
        "--- mine.yaml",
        "+++ mine.yaml (mended)",
        "@@ -1,5 +1,5 @@",
        " # A comment that stays.",
        " layers:",
        "-    flatten:   Flaten     # two blanks and this comment stay",
        "+    flatten:   Flatten     # two blanks and this comment stay",
        "     hidden: {class: 'Dense',  unts: 4, activation: \"rleu\"}",
        "     sum: {class: Add, from: [hiden.1, flatten]}",
    ]


def test_line_ends_and_a_missing_last_one_stay(file: Path) -> None:
    file.write_bytes(TEXT.rstrip("\n").replace("\n", "\r\n").encode())
    (mended,) = mend([wrong(3, "Flaten", "Flatten")])
    mended.write()
    content = file.read_bytes()
    assert content.count(b"\r\n") == TEXT.count("\n") - 1
    assert not content.endswith(b"\n")


@pytest.mark.parametrize(
    "diagnostic",
    [
        wrong(4, "{class: 'Dense',  unts: 4, activation: \"rleu\"}", "Dense"),
        wrong(3, "Flaten", "Flaten"),
        wrong(3, "Flaten", "{a: [b"),
        wrong(3, "Flaten", "Flatten", file="absent.yaml"),
    ],
)
def test_what_cannot_be_mended_safely_is_left_alone(file: Path, diagnostic: Diagnostic) -> None:
    assert mend([diagnostic]) == []


def test_files_that_are_not_the_users_are_left_alone(file: Path) -> None:
    assert mend([wrong(3, "Flaten", "Flatten")], untouched=file.parent.resolve()) == []


def test_a_file_that_changed_meanwhile_is_not_overwritten(file: Path) -> None:
    (mended,) = mend([wrong(3, "Flaten", "Flatten")])
    file.write_text("layers: {}\n")
    with pytest.raises(OSError, match="was changed meanwhile"):
        mended.write()
    assert file.read_text() == "layers: {}\n"


def test_the_mode_of_a_file_stays(file: Path) -> None:
    file.chmod(0o640)
    (mended,) = mend([wrong(3, "Flaten", "Flatten")])
    mended.write()
    assert os.stat(file).st_mode & 0o777 == 0o640


def test_an_override_is_proposed_in_whole() -> None:
    text = "optimizer.learning_rat=0.1"
    diagnostic = Diagnostic(
        code="KG103",
        severity=Severity.ERROR,
        message="wrong",
        help=Suggestion("did you mean `learning_rate`?", "learning_rate"),
        location=SourceLocation(override=text, column=1, length=len("optimizer.learning_rat")),
    )
    assert override_hints([diagnostic]) == {text: "optimizer.learning_rate=0.1"}
