"""The small expression language: what it computes, and what it refuses."""

from typing import Any

import pytest

from kerasgen.frontend.expand.expressions import ExpressionError, evaluate, is_expression, unescaped

VALUES = {
    "width": 8,
    "widths": [16, 32],
    "index": 1,
    "rate": 0.5,
    "word": "relu",
    "init": {"class": "HeNormal", "seed": 1},
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$width", 8),
        (" $widths ", [16, 32]),
        ("$init", {"class": "HeNormal", "seed": 1}),
        ("$width * 2 + 1", 17),
        ("$width // 3", 2),
        ("$width % 3", 2),
        ("2 ** $index", 2),
        ("-$width", -8),
        ("$widths[$index]", 32),
        ("$widths[-1]", 32),
        ("2 if $index == 0 else 1", 1),
        ("$rate > 0 and not $index == 0", True),
        ("$rate > 1 or $index", 1),
        ("0 < $rate <= 0.5", True),
        ("min($width, 3) + max(1, 2)", 5),
        ("round($rate * 3)", 2),
        ("int($width / 3)", 2),
        ("len($widths)", 2),
        ("[1] * $index + [$width]", [1, 8]),
        ("$word == 'relu'", True),
        ("'$width' + $word", "$widthrelu"),
        ("'relu' if true else null", "relu"),
        ("$width in $widths", False),
        ("$init['seed']", 1),
    ],
)
def test_an_expression_has_a_value(text: str, value: Any) -> None:
    found = evaluate(text, VALUES)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("$depth", "there is no parameter `depth`"),
        ("width * $width", "`width` is no parameter and no number"),
        ("relu if $rate else 1", "`relu` is no parameter"),
        ("$width.real", "an attribute cannot stand"),
        ("__import__('os').system('true') + $width", "cannot stand"),
        ("open($word)", "a call of anything but the functions"),
        ("(lambda: $width)()", "cannot stand"),
        ("[x for x in $widths]", "a comprehension cannot stand"),
        ("$widths[0:1]", "a slice cannot stand"),
        ("$width if", "it is no expression"),
        ("9 ** 9 ** $width", "too large a number"),
        ("[1] * 10000 + [$width]", "more than 10000 items"),
        ("[1, 2] * 9999 + $widths", "more than 10000 items"),
        ("$width / 0", "divides by zero"),
        ("$widths[2]", "item 2 of 2"),
        ("$word - 1", 'the string "relu" - `1` has no value'),
        ("-$word", "has no sign"),
        ("$word < 1", "cannot be compared"),
        ("$width is 8", "compares with `is`"),
        ("$width @ 2", "none of + - * / // % **"),
        ("1e308 * 10 * $width", "not finite"),
        ("(-8) ** 0.5 * $rate", "not finite"),
        ("(" * 400 + "$width" + ")" * 400, "no expression"),
        ("1 + " * 400 + "$width", "expected at most 1000"),
        ("int($word)", "`int` cannot be computed"),
    ],
)
def test_what_is_no_expression_is_refused_with_a_reason(text: str, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        evaluate(text, VALUES)
    assert message in str(caught.value)


def test_a_forgotten_dollar_is_proposed() -> None:
    with pytest.raises(ExpressionError) as caught:
        evaluate("width + $rate", VALUES)
    assert caught.value.hint == "did you mean `$width`?"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("$width", True),
        ("a $b", True),
        ("$$width", False),
        ("costs 5 $", False),
        ("$5", False),
        ("relu", False),
        (3, False),
        (None, False),
    ],
)
def test_only_text_with_a_name_behind_a_dollar_is_an_expression(value: Any, expected: bool) -> None:
    assert is_expression(value) is expected


def test_two_dollars_are_one_in_the_end() -> None:
    assert unescaped({"a": ["$$x", 1], "b": "$$$$"}) == {"a": ["$x", 1], "b": "$$"}


@pytest.mark.parametrize("text", ["[[$w] * 9999] * 9999", "[[$w] * 9000, [$w] * 9000]"])
def test_lists_in_lists_count_with_all_that_they_hold(text: str) -> None:
    with pytest.raises(ExpressionError, match="more than 10000 items"):
        evaluate(text, {"w": 1})
