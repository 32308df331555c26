"""The figures of a server, as a reader of Prometheus's text takes them."""

import re

from kerasgen.verbs.serving.measures import Histogram, Measures

_LINE = re.compile(r'[a-z_]+(\{([a-z]+="[^"\n]*",?)+\})? [0-9.e+-]+')


def test_values_are_counted_below_each_bound() -> None:
    found = Histogram((1, 2, 4))
    for value in (1, 2, 3, 9):
        found.add(value)
    assert found.lines("x") == [
        'x_bucket{le="1"} 1',
        'x_bucket{le="2"} 2',
        'x_bucket{le="4"} 3',
        'x_bucket{le="+Inf"} 4',
        "x_sum 15.000000",
        "x_count 4",
    ]


def test_every_line_is_one_of_the_format_and_every_figure_is_told_once() -> None:
    measures = Measures()
    measures.request("/predict", 200, 0.02)
    measures.batch(3, 0.01)
    lines = measures.text({"ready": ("Whether it is.", 1)}).splitlines()
    told = [line for line in lines if line.startswith("# TYPE")]
    assert len(told) == len(set(told)) == 6
    assert all(_LINE.fullmatch(line) for line in lines if not line.startswith("#"))
    assert "kerasgen_ready 1" in lines
    assert "kerasgen_rows_total 3" in lines
