"""Means over one setting and over two, against NumPy."""

from collections import defaultdict
from pathlib import Path

import numpy as np
from made_sweeps import Made, grid, made_sweep

from kerasgen.sweep.report.slices import heat_map, means_over
from kerasgen.sweep.report.swept_table import read_table


def test_the_means_of_a_setting_are_those_of_its_settings(tmp_path: Path) -> None:
    table = read_table(made_sweep(tmp_path / "s", grid(48)))
    found = means_over(table.axes["units"], table.settings)
    for each in found:
        figures = [
            row.figure
            for row in table.rows
            if row.settings["units"] == each.value and row.figure is not None
        ]
        assert np.isclose(each.mean, np.mean(figures))
        assert each.count == len(figures) // 2
    assert [each.value for each in found] == [16, 32, 64]


def test_two_settings_have_a_cell_for_each_pair(tmp_path: Path) -> None:
    table = read_table(made_sweep(tmp_path / "s", grid(48)))
    found = heat_map(table.axes["units"], table.axes["optimizer"], table.settings)
    assert (found.columns, found.rows) == (("16", "32", "64"), ("adam", "sgd"))
    groups = defaultdict(list)
    for row in table.rows:
        groups[row.settings["units"], row.settings["optimizer"]].append(row.figure)
    for column, line, mean, count in found.cells:
        expected = groups[int(found.columns[column]), found.rows[line]]
        assert np.isclose(mean, np.mean(np.array(expected, dtype=float)))
        assert count == len(expected) // 2


def test_many_numbers_are_binned_by_equal_counts(tmp_path: Path) -> None:
    jobs = [Made(words=f"a={n**3} b={n % 2}", test={"score": n}) for n in range(80)]
    table = read_table(made_sweep(tmp_path / "s", jobs))
    found = heat_map(table.axes["a"], table.axes["b"], table.settings)
    assert len(found.columns) == 8
    counts = np.zeros(8)
    for column, _, _, count in found.cells:
        counts[column] += count
    assert counts.tolist() == [10] * 8
    assert means_over(table.axes["a"], table.settings) == []


def test_a_number_that_a_job_lacks_is_left_out(tmp_path: Path) -> None:
    jobs = [Made(words="a=1 b=2", test={"score": 1}), Made(words="a=2", test={"score": 2})]
    table = read_table(made_sweep(tmp_path / "s", jobs))
    assert means_over(table.axes["b"], table.settings) == []
    assert len(heat_map(table.axes["a"], table.axes["b"], table.settings).cells) == 1
