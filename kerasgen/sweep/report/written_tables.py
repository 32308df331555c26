"""A sweep as CSV, JSON and LaTeX: a row a job, with its settings, state, figures and cost.

This room owns these forms. What a row holds stands in `swept_table`.

Decisions:
- A text that a spreadsheet would take for a formula has an apostrophe before it, as a person would
  type it; numbers are left as they are. JSON has the same texts as they are.
- LaTeX has the settings in which jobs differ, in a `longtable` with the rules of `booktabs`, and
  figures of four digits: it is to be read. Who computes takes CSV or JSON.
"""

from __future__ import annotations

import csv
import io
import json
import math
import unicodedata
from collections.abc import Sequence

from kerasgen.foreign.passwords import without_passwords
from kerasgen.foreign.printable import shown
from kerasgen.record.files import plain
from kerasgen.session.run_selection import metric
from kerasgen.sweep.report.setting_values import short_text, value_text
from kerasgen.sweep.report.swept_table import JobRow, SettingRow, SweptTable

_FORMULA = ("=", "+", "-", "@", "\t", "\r")

_MOST_COLUMNS = 8

_SPECIAL = {
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "'": r"\textquotesingle{}",
    "`": r"\textasciigrave{}",
    "-": "{-}",  # Two of them would become one dash.
}


def table_csv(table: SweptTable) -> str:
    """A sweep as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = table.names
    seed = ("seed",) if any(row.seed for row in table.rows) else ()
    head = ("job", *names, *seed, "status", *table.metrics, "epochs", "seconds", "parameters")
    writer.writerow(map(_cell, (*head, "run", "reason", "overrides")))
    for row in table.rows:
        own = [row.settings.get(name, "") for name in (*names, *seed)]
        figures = [_metric(row, name) for name in table.metrics]
        cost = (_epochs(row), row.seconds, row.parameters)
        told = (_folder(row), row.reason, " ".join(row.overrides))
        writer.writerow(map(_cell, (row.name, *own, row.status, *figures, *cost, *told)))
    return text.getvalue()


def table_json(table: SweptTable) -> str:
    """A sweep as one JSON document."""
    goal = table.goal
    said = {
        "schema": 1,
        "sweep": str(table.folder),
        "metric": None if goal is None else {"name": goal.metric, "better": goal.way},
        "objectives": [{"name": each.metric, "better": each.way} for each in table.objectives],
        "jobs": [
            {
                "job": row.name,
                "settings": dict(row.settings),
                "overrides": list(row.overrides),
                "status": row.status,
                "reason": row.reason or None,
                "run": _folder(row) or None,
                "borrowed": row.borrowed,
                "metrics": {} if row.run is None else row.run.metrics,
                "epochs": _epochs(row),
                "seconds": row.seconds,
                "parameters": row.parameters,
                "command": row.command,
            }
            for row in table.rows
        ],
        "settings": list(map(_setting, table.settings)),
    }
    return json.dumps(plain(said), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def table_latex(table: SweptTable) -> str:
    """A sweep as a table of LaTeX, to be read into a document with `booktabs` and `longtable`."""
    settings = table.varied[:_MOST_COLUMNS]
    metrics = [] if table.goal is None else [table.goal.metric]
    metrics += [name for name in table.metrics if name not in metrics][: 3 - len(metrics)]
    seed = ["seed"] if table.has_seeds else []
    head = ["job", *settings, *seed, "status", *metrics, "seconds", "parameters"]
    numeric = [name for name in settings if table.axes[name].kind != "places"]
    columns = "".join(
        "r" if name in (*numeric, *metrics, "seconds", "parameters") else "l" for name in head
    )
    lines = [
        "% needs \\usepackage{booktabs,longtable,textcomp}",
        f"\\begin{{longtable}}{{{columns}}}",
        "\\toprule",
        _line(head),
        "\\midrule",
        "\\endhead",
        "\\bottomrule",
        "\\endfoot",
    ]
    ranked = {row.name for row in table.judged}
    for row in (*table.judged, *(row for row in table.rows if row.name not in ranked)):
        own = [value_text(row.settings[name]) if name in row.settings else "" for name in settings]
        own += [row.seed] if table.has_seeds else []
        figures = [_digits(_metric(row, name)) for name in metrics]
        cost = [_digits(row.seconds), _digits(row.parameters)]
        lines.append(_line([row.name, *own, row.status, *figures, *cost]))
    return "\n".join([*lines, "\\end{longtable}", ""])


def latex_text(text: str) -> str:
    """A text as LaTeX shows it; what its fonts do not have is replaced."""
    composed = unicodedata.normalize("NFC", short_text(text))
    return "".join(_SPECIAL.get(sign, sign if " " <= sign <= "~" else "?") for sign in composed)


def _line(cells: Sequence[str]) -> str:
    return " & ".join(map(latex_text, cells)) + r" \\"


def _digits(value: float | None) -> str:
    if value is None:
        return ""
    whole = math.isfinite(value) and value == int(value) and abs(value) < 1e15
    return f"{value:.0f}" if whole else f"{value:.4g}"


def _cell(value: object) -> object:
    """A cell that no spreadsheet runs."""
    if value is None:
        return ""
    if isinstance(value, int | float):
        return plain(value)
    text = shown(without_passwords(str(value)))
    return f"'{text}" if text.startswith(_FORMULA) else text


def _setting(each: SettingRow) -> dict[str, object]:
    figures = each.figures
    return {
        "setting": each.label,
        "jobs": [row.name for row in each.rows],
        "n": len(figures.values),
        "mean": figures.mean,
        "deviation": figures.deviation,
        "interval": figures.interval,
        "behind_best": figures.behind,
        "probability": figures.probability,
    }


def _metric(row: JobRow, name: str) -> float | None:
    return None if row.run is None else metric(row.run, name)


def _epochs(row: JobRow) -> int | None:
    return None if row.run is None else row.run.epochs


def _folder(row: JobRow) -> str:
    return "" if row.run is None else str(row.run.folder)
