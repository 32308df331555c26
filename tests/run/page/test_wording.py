"""Figures as a page tells them."""

import pytest

from kerasgen.run.page.wording import figure_text


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (0.123456, "0.1235"),
        (999.94, "999.9"),
        (1722.3, "1,722"),
        (-34329.7, "-34,330"),
        (17329.0, "17,329"),
        (3.2e9, "3.2e+09"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (1_234_567, "1,234,567"),
    ],
)
def test_a_figure_has_four_digits_and_no_exponent_where_it_can_be_read_without(
    value: float, told: str
) -> None:
    assert figure_text(value) == told
