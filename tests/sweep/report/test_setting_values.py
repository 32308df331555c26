"""Overrides as names and values, and the axes on which values stand."""

import pytest

from kerasgen.sweep.report.setting_values import (
    MOST_PLACES,
    OTHERS,
    axis_of,
    named_values,
    read_value,
    short_text,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-3", -3),
        ("1e-3", 0.001),
        ("0.5", 0.5),
        (".5", 0.5),
        ("1.", 1.0),
        ("1e999", "1e999"),
        ("nan", "nan"),
        ("true", "true"),
        ("[1,2]", "[1,2]"),
        ("'a b'", "a b"),
        ("'", "'"),
        ("", ""),
        ("1" * 5000, "1" * 5000),
        ("a=b", "a=b"),
    ],
)
def test_a_value_is_a_number_or_a_text(text: str, value: object) -> None:
    assert read_value(text) == value
    assert type(read_value(text)) is type(value)


def test_overrides_are_parted_at_the_first_sign() -> None:
    found = named_values(["a.b=1", "+c={x: 1}", "++d=e=f", "~g", "~h=1", "nothing", "a.b=2"])
    assert found == {"a.b": 2, "c": "{x: 1}", "d": "e=f", "g": "(removed)", "h": "(removed)"}


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([0.1, 0.01, 0.001], "log"),
        ([1e-5, 1.0], "log"),
        ([32, 128], "linear"),
        ([0.0, 0.001, 1.0], "linear"),
        ([n / 1000 for n in range(1, 600)], "linear"),
        ([-1, 100], "linear"),
        (["a", 1], "places"),
        ([None, 1, 2], "linear"),
        ([None], "places"),
    ],
)
def test_numbers_that_span_decades_are_logarithmic(values: list[float], kind: str) -> None:
    assert axis_of("x", values).kind == kind


def test_texts_have_places_numbers_first() -> None:
    axis = axis_of("x", ["b", 10, 9, "a", None])
    assert list(axis.places) == ["9", "10", "(default)", "a", "b"]
    assert [axis.place(value) for value in (9, "b", None)] == [0, 4, 2]


def test_of_very_many_texts_the_rarest_share_a_place() -> None:
    values = [f"x{n}" for n in range(100)] + ["often"] * 3
    axis = axis_of("x", values)
    assert len(axis.places) == MOST_PLACES
    assert OTHERS in axis.places
    assert axis.place("often") != axis.place("x99") == axis.places[OTHERS]


def test_what_is_shown_is_short_and_on_one_line() -> None:
    assert short_text("a\nb\x1b") == "a\\nb\\x1b"
    assert len(short_text("x" * 10**6)) == 60
    assert "secret" not in short_text("sql://me:secret@host/x")
