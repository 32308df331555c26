"""The diagnostic record, its sink, its renderings and the search for the nearest name."""

from pathlib import Path

import pytest

from kerasgen.diagnostics import (
    CODES,
    CompileError,
    Diagnostic,
    Note,
    Severity,
    Sink,
    SourceLocation,
    SourceMap,
    closest,
    describe,
    did_you_mean,
)
from kerasgen.diagnostics.render import closing_text, count_text, render_json, render_text
from kerasgen.diagnostics.source_map import Mark


def diagnostic(**fields: object) -> Diagnostic:
    given = {"code": "KG202", "severity": Severity.ERROR, "message": "no", **fields}
    return Diagnostic(**given)  # type: ignore[arg-type]


def test_a_place_in_a_file_is_shown_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("cnn.yaml").write_text("layers:\n  conv1: {class: Conv2D, kernal_size: 3}\n")
    place = SourceLocation(
        key="model.layers.conv1.kernal_size", file="cnn.yaml", line=2, column=26, length=11
    )
    found = diagnostic(
        message="`Conv2D` has no argument `kernal_size`",
        location=place,
        help="did you mean `kernel_size`?",
        notes=(Note(message="first here"), Note(message="used here", location=place)),
    )
    assert render_text([found]) == (
        "error[KG202]: `Conv2D` has no argument `kernal_size`\n"
        "  --> cnn.yaml:2:26  (model.layers.conv1.kernal_size)\n"
        "   |\n"
        " 2 |   conv1: {class: Conv2D, kernal_size: 3}\n"
        "   |                          ^^^^^^^^^^^\n"
        "  = help: did you mean `kernel_size`?\n"
        "  = note: first here\n"
        "  = note: used here\n"
        "    --> cnn.yaml:2:26  (model.layers.conv1.kernal_size)"
    )


def test_a_place_in_an_override_is_shown_with_the_override() -> None:
    place = SourceLocation(key="fit.epoch", override="fit.epoch=3", column=1, length=9)
    assert render_text([diagnostic(location=place)]) == (
        "error[KG202]: no\n  --> command line  (fit.epoch)\n   |\n   | fit.epoch=3\n   | ^^^^^^^^^"
    )


def test_a_file_that_is_gone_still_gives_its_place() -> None:
    place = SourceLocation(key="a", file="nowhere.yaml", line=7, column=2)
    assert render_text([diagnostic(location=place)]) == (
        "error[KG202]: no\n  --> nowhere.yaml:7:2  (a)"
    )


def test_a_key_without_a_written_place_is_named() -> None:
    assert render_text([diagnostic(location=SourceLocation(key="compile.loss"))]) == (
        "error[KG202]: no\n  --> config  (compile.loss)"
    )


def test_json_holds_everything_as_plain_data() -> None:
    place = SourceLocation(key="a.b", file="f.yaml", line=3, column=4, length=2)
    found = diagnostic(location=place, help="do", notes=(Note(message="n"),))
    assert render_json([found]) == [
        {
            "code": "KG202",
            "severity": "error",
            "message": "no",
            "location": {"key": "a.b", "file": "f.yaml", "line": 3, "column": 4, "override": None},
            "help": "do",
            "notes": [{"message": "n", "location": None}],
        }
    ]


def test_the_sink_keeps_the_order_and_no_repeats() -> None:
    sink = Sink()
    for message in ("one", "two", "one"):
        sink.report("KG201", message, key="a")
    sink.add([*sink.diagnostics, diagnostic(message="three")])
    assert [d.message for d in sink.diagnostics] == ["one", "two", "three"]


def test_the_sink_asks_the_source_map_for_the_place() -> None:
    key, value = SourceLocation(file="key.yaml"), SourceLocation(file="value.yaml")
    sink = Sink(SourceMap(marks={"a": Mark(key=key, value=value)}))
    sink.report("KG201", "x", key="a", at="key")
    sink.report("KG201", "y", key="a")
    sink.report("KG201", "z")
    assert [d.location and d.location.file for d in sink.diagnostics] == [
        "key.yaml",
        "value.yaml",
        None,
    ]


def test_a_stage_stops_on_errors_alone() -> None:
    sink = Sink()
    sink.warn("KG701", "careful")
    sink.stop_on_errors()
    sink.report("KG201", "wrong")
    with pytest.raises(CompileError) as raised:
        sink.stop_on_errors()
    assert [d.message for d in raised.value.diagnostics] == ["careful", "wrong"]


def test_fail_reports_and_gives_the_error_to_raise() -> None:
    sink = Sink()
    error = sink.fail("KG601", "no json", key="backend.keras_json")
    assert isinstance(error, CompileError)
    assert str(error) == "KG601: no json"


def test_a_code_that_is_not_in_the_table_is_a_bug() -> None:
    with pytest.raises(KeyError, match="KG999"):
        Sink().report("KG999", "x")


def test_codes_have_their_form_and_a_meaning_of_their_own() -> None:
    assert all(len(code) == 5 and code.startswith("KG") for code in CODES)
    assert len(set(CODES.values())) == len(CODES)


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("kernal_size", ["filters", "kernel_size"], "kernel_size"),
        ("dense", ["Dense", "Denser"], "Dense"),
        ("max_pooling_2d", ["MaxPooling2D"], "MaxPooling2D"),
        ("sgd", ["SGD", "Adam"], "SGD"),
        ("Conv", ["Conv2DTranspose", "Conv1D"], "Conv1D"),
        ("zzz", ["Dense"], None),
        ("x", [], None),
    ],
)
def test_the_nearest_name_is_found(name: str, options: list[str], expected: str | None) -> None:
    assert closest(name, options) == expected


def test_few_options_are_listed_where_none_is_near() -> None:
    assert did_you_mean("zzz", ["b", "a"]) == "known: `a`, `b`"
    assert did_you_mean("zzz", [str(n) for n in range(20)]) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "null"),
        (True, "the boolean `true`"),
        ("x", 'the string "x"'),
        (3, "the number `3`"),
        (0.5, "the number `0.5`"),
        ({}, "a mapping"),
        ([], "a list"),
        ((), "a list"),
    ],
)
def test_a_value_is_described_with_its_kind(value: object, expected: str) -> None:
    assert describe(value) == expected


def test_a_long_string_is_cut_short() -> None:
    assert describe("x" * 100) == f'the string "{"x" * 37}..."'


def test_the_closing_line_counts_by_severity() -> None:
    warning = diagnostic(severity=Severity.WARNING)
    assert count_text([diagnostic(), warning, diagnostic()]) == "2 errors, 1 warning"
    assert count_text([]) == ""


def test_a_report_ends_with_the_codes_that_more_is_told_of() -> None:
    warning = diagnostic(code="KG701", severity=Severity.WARNING)
    told = [diagnostic(), warning, diagnostic()]
    codes = f"{diagnostic().code} {warning.code}"
    assert closing_text(told) == f"2 errors, 1 warning\nmore: kerasgen explain {codes}"
    assert closing_text([]) == "no errors, no warnings"
    assert closing_text([], silenced=2) == "no errors, no warnings, 2 silenced"


def test_control_characters_are_escaped_and_not_obeyed() -> None:
    found = Diagnostic(
        code="KG502",
        severity=Severity.ERROR,
        message="no column `\x1b[31mred\u202e\n`",
        location=SourceLocation(override="a=\x1b[2J", column=3, length=4),
        help="\x07",
    )
    assert render_text([found]) == (
        "error[KG502]: no column `\\x1b[31mred\\u202e\\n`\n"
        "  --> command line\n"
        "   |\n"
        "   | a=\ufffd[2J\n"
        "   |   ^^^^\n"
        "  = help: \\x07"
    )


def test_a_long_line_is_shown_around_its_place() -> None:
    place = SourceLocation(override="x" * 5000 + "here" + "y" * 5000, column=5001, length=4)
    found = Diagnostic(code="KG502", severity=Severity.ERROR, message="m" * 5000, location=place)
    message, _, _, line, marks = render_text([found]).splitlines()
    assert message == "error[KG502]: " + "m" * 1000 + "…"
    assert len(line) < 220
    assert line[marks.index("^") : marks.rindex("^") + 1] == "here"


def test_many_errors_that_say_the_same_are_counted() -> None:
    from kerasgen.diagnostics import Sink
    from kerasgen.diagnostics.render import count_text, render_json, render_text

    sink = Sink()
    for number in range(976):
        sink.report("KG204", f'`units` is the string "x{number}", expected an integer')
    sink.report("KG202", "`Dense` has no argument `unts`")
    blocks = render_text(sink.diagnostics).split("\n\n")
    assert blocks[5:] == [
        "error[KG204]: and 971 more like it",
        "error[KG202]: `Dense` has no argument `unts`",
    ]
    assert count_text(sink.diagnostics) == "977 errors"
    assert len(render_json(sink.diagnostics)) == 977


def test_of_many_names_the_nearest_are_told_first_and_else_how_to_list_them() -> None:
    many = [
        *(f"{n}_other" for n in range(30)),
        "images_of_cars_from_above",
        "cifar_images_2015_small",
    ]
    told = did_you_mean("imagefolder", many, otherwise="ask for the list")
    assert (
        told
        == "the nearest: `images_of_cars_from_above`, `cifar_images_2015_small`; ask for the list"
    )
    assert (
        did_you_mean("imagefolder", many)
        == "the nearest: `images_of_cars_from_above`, `cifar_images_2015_small`"
    )
    assert did_you_mean("zzz", many, otherwise="ask for the list") == "ask for the list"
    assert did_you_mean("imagefolder", many, listed=0) is None


def test_a_password_is_shown_in_no_rendering() -> None:
    override = "name=postgresql://ann:wordfish@host"
    location = SourceLocation(key="name", override=override, column=6, length=4)
    told = Diagnostic(
        code="KG103",
        severity=Severity.ERROR,
        message=f"`{override}` is unknown",
        location=location,
        help=f"write `{override}`",
    )
    assert "wordfish" not in render_text([told])
    assert "wordfish" not in str(render_json([told]))
    assert "ann:***@host" in render_text([told])
