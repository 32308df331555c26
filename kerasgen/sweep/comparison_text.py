"""A comparison of sweeps as text for a person.

This room owns the sections and columns of that text, and the words for what a test says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kerasgen.emit.text.alignment import aligned
from kerasgen.foreign.printable import cut, shown
from kerasgen.sweep.report.setting_values import read_value, short_text
from kerasgen.sweep.report.swept_table import COMPLETED, SettingRow, SweptTable, Way
from kerasgen.sweep.settings_over_seeds import SIGNIFICANCE
from kerasgen.sweep.sweep_comparison import PairTest, SweepComparison

_MOST_VALUES = 8
"""Values of a setting that are listed."""

_WIDTH = 60


def sweeps_text(found: SweepComparison) -> str:
    """What sweeps have tried, and what came of it, side by side."""
    tables = found.tables
    rows: list[Sequence[str]] = [
        ("", *(shown(str(table.folder)) for table in tables)),
        _line("sweep", found),
    ]
    rows += [
        ("  jobs", *(f"{len(table.rows)}" for table in tables)),
        ("  completed", *(f"{table.counts[COMPLETED]}" for table in tables)),
        ("  settings", *(f"{len({row.setting for row in table.rows})}" for table in tables)),
        ("  seconds", *map(_seconds, tables)),
    ]
    if any(found.common):
        rows.append(("  runs of the first", *(f"{count}" for count in found.common)))
    rows += _best_rows(found)
    rows.append(_line("settings" if found.settings else "settings: the same", found))
    rows += [(f"  {short_text(each.name)}", *map(_values, each.values)) for each in found.settings]
    text = "\n".join(aligned(rows))
    if found.settings and found.alike:
        text += f"\nthe same in all: {cut(', '.join(map(short_text, found.alike)), 400)}"
    return text


def _best_rows(found: SweepComparison) -> list[Sequence[str]]:
    goal = found.tables[0].goal
    if goal is None:
        return [_line("no job has a metric", found)]
    if goal.way is None:
        told = f"best: nothing says whether a small or a large {shown(goal.metric)} is good"
        return [_line(told, found)]

    def cells(value: Callable[[SettingRow], str]) -> list[str]:
        return [value(table.settings[0]) if table.settings else "-" for table in found.tables]

    rows: list[Sequence[str]] = [
        _line(f"best by {shown(goal.metric)}", found),
        ("  mean", *cells(lambda each: f"{each.figures.mean:.4g}")),
        ("  n", *cells(lambda each: str(len(each.figures.values)))),
        ("  95 % interval", *cells(_interval)),
        ("  setting", *cells(_setting)),
    ]
    for label, tests in (("  beside the first", found.best), ("  all pairs", found.pairs)):
        if any(tests):
            rows.append((label, *(_test_text(test, goal.way) for test in tests)))
    return rows


def _line(title: str, found: SweepComparison) -> Sequence[str]:
    return (title, *[""] * len(found.tables))


def _seconds(table: SweptTable) -> str:
    seconds = [row.seconds for row in table.rows if row.seconds is not None]
    return f"{sum(seconds):.1f}" if seconds else "-"


def _interval(each: SettingRow) -> str:
    interval = each.figures.interval
    return "-" if interval is None else f"{interval[0]:.4g} to {interval[1]:.4g}"


def _setting(each: SettingRow) -> str:
    """What makes a setting; of the only one of a sweep all its overrides."""
    text = " ".join(each.rows[0].setting) if each.label == "all" else each.brief
    return short_text(text, _WIDTH) or "-"


def _values(values: Sequence[str]) -> str:
    if not values:
        return "-"
    numbers = [value for text in values if not isinstance(value := read_value(text), str)]
    if len(numbers) == len(values) > _MOST_VALUES:
        return f"{min(numbers):g} to {max(numbers):g}, {len(values)} values"
    told = ", ".join(map(short_text, values[:_MOST_VALUES]))
    more = len(values) - _MOST_VALUES
    return cut(told, _WIDTH) + (f" and {more} more" if more > 0 else "")


def _test_text(test: PairTest | None, way: Way) -> str:
    """What a test says: nothing is called better or worse that is not shown to be."""
    if test is None:
        return "-"
    if test.difference is None or test.probability is None:
        return "too few pairs"
    told = f"{test.difference:+.2g}, {test.count} pairs, p {test.probability:.2g}"
    if test.probability >= SIGNIFICANCE:
        return f"not shown to differ ({told})"
    better = (test.difference > 0) == (way == "max")
    return f"{'better' if better else 'worse'} ({told})"
