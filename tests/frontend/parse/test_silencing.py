"""Silencing: the key and the comments that take a warning out, and what they leave alone."""

from pathlib import Path

import pytest

from kerasgen.diagnostics import Severity, Sink, SourceLocation
from kerasgen.frontend.parse.lint import parse_lint, silence
from kerasgen.ir.program import LintDef


def warned(file: Path, line: int, code: str = "KG726", severity: str = "warning") -> Sink:
    sink = Sink()
    place = SourceLocation(key="model.layers.a", file=str(file), line=line)
    sink.report_at(code, "careful", location=place, severity=Severity(severity))
    return sink


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "layers:\n"
        "  a: {rate: 0.95}  # kerasgen: ignore KG726\n"
        "  # wanted, as the paper says\n"
        "  # kerasgen: ignore KG723, KG726\n"
        "  # and more\n"
        "  b: {rate: 0.95}\n"
        "  c: {name: 'x# kerasgen: ignore KG726'}\n"
    )
    return path


@pytest.mark.parametrize(("line", "left"), [(1, 1), (2, 0), (6, 0), (7, 1)])
def test_a_comment_counts_for_its_line_or_the_one_below(config: Path, line: int, left: int) -> None:
    sink = warned(config, line)
    gone = silence(sink, LintDef())
    assert (len(sink.diagnostics), len(gone)) == (left, 1 - left)


def test_a_comment_names_the_codes_that_it_silences(config: Path) -> None:
    sink = warned(config, 2, code="KG723")
    assert silence(sink, LintDef()) == ()
    sink = warned(config, 6, code="KG723")
    assert [d.code for d in silence(sink, LintDef())] == ["KG723"]


def test_an_error_and_another_kind_of_warning_stay(config: Path) -> None:
    for sink in (warned(config, 2, severity="error"), warned(config, 2, code="KG107")):
        assert silence(sink, LintDef(ignore=("KG726", "KG107"))) == ()
        assert len(sink.diagnostics) == 1


def test_a_key_silences_wherever_the_warning_points() -> None:
    sink = Sink()
    sink.warn("KG726", "careful", key="model.layers.a.rate")
    sink.warn("KG723", "careful", key="model.layers.a")
    assert [d.code for d in silence(sink, LintDef(ignore=("KG726",)))] == ["KG726"]
    assert [d.code for d in sink.diagnostics] == ["KG723"]


def test_a_file_that_is_gone_silences_nothing(tmp_path: Path) -> None:
    sink = warned(tmp_path / "gone.yaml", 2)
    assert silence(sink, LintDef()) == ()


@pytest.mark.parametrize(
    ("section", "ignored"),
    [
        (None, ()),
        ({}, ()),
        ({"ignore": None}, ()),
        ({"ignore": "KG726"}, ("KG726",)),
        ({"ignore": ["KG726", "KG701"]}, ("KG726", "KG701")),
    ],
)
def test_the_section_holds_codes(section: object, ignored: tuple[str, ...]) -> None:
    sink = Sink()
    assert parse_lint(section, "lint", sink).ignore == ignored
    assert sink.diagnostics == []


@pytest.mark.parametrize(
    ("section", "code", "key", "hint"),
    [
        ([], "KG204", "lint", None),
        ({"ignored": []}, "KG107", "lint.ignored", "did you mean `ignore`?"),
        ({"ignore": 3}, "KG204", "lint.ignore", "write `ignore: [KG726]`"),
        ({"ignore": ["kg726"]}, "KG205", "lint.ignore.0", "did you mean `KG726`?"),
        ({"ignore": ["KG203"]}, "KG205", "lint.ignore.0", None),
        ({"ignore": [["KG726"]]}, "KG205", "lint.ignore.0", None),
        ({"ignore": [{"KG726": 1}]}, "KG205", "lint.ignore.0", None),
        ({"ignore": [None]}, "KG205", "lint.ignore.0", None),
    ],
)
def test_the_section_is_read_strictly(
    section: object, code: str, key: str, hint: str | None
) -> None:
    sink = Sink()
    parse_lint(section, "lint", sink)
    found = [(d.code, d.location.key if d.location else "", d.help) for d in sink.diagnostics]
    assert found == [(code, key, hint)]


@pytest.mark.parametrize("code", ["KG999", "KG201"])
def test_a_comment_that_can_silence_nothing_is_told_beside_the_warning(
    tmp_path: Path, code: str
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f"layers:\n  a: {{rate: 0.95}}  # kerasgen: ignore {code}\n")
    sink = warned(path, 2)
    assert silence(sink, LintDef()) == ()
    notes = [note.message for note in sink.diagnostics[0].notes]
    assert notes == [f"a comment here ignores `{code}`, which is no code of lint"]
