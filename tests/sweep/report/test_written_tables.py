"""A sweep as CSV, JSON and LaTeX."""

import csv
import io
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from made_sweeps import HOSTILE, Made, grid, made_sweep

from kerasgen.sweep.report.swept_table import read_table
from kerasgen.sweep.report.written_tables import latex_text, table_csv, table_json, table_latex

ODD = [
    Made(words=["f==1+1", "x=-cmd", "seed=0"], test={"accuracy": 0.25}),
    Made(words=[f"f={HOSTILE}", "x=-2", "seed=1"], status="failed", fields={"error": "=boom"}),
    Made(words=["f=a,b", "x=%_&#$~^\\{}", "seed=2"], status=None),
]


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_csv_has_a_row_a_job_and_figures_in_full(tmp_path: Path) -> None:
    table = read_table(made_sweep(tmp_path / "s", grid(20)))
    rows = rows_of(table_csv(table))
    assert len(rows) == 20
    for row, job in zip(rows, grid(20), strict=True):
        assert float(row["test_accuracy"]) == job.test["accuracy"]
        assert float(row["seconds"]) == job.fields["seconds"]
        assert row["parameters"] == str(job.fields["parameters"])
        assert row["overrides"] == job.words
        assert row["seed"] == job.overrides[-1].removeprefix("seed=")
    assert {row["status"] for row in rows} == {"completed"}


def test_no_cell_of_a_csv_is_a_formula(tmp_path: Path) -> None:
    text = table_csv(read_table(made_sweep(tmp_path / "s", ODD)))
    rows = rows_of(text)
    assert [row["f"] for row in rows[::2]] == ["'=1+1", "a,b"]
    assert [row["x"] for row in rows] == ["'-cmd", "-2", "%_&#$~^\\{}"]
    assert rows[1]["reason"] == "'=boom"
    assert not {"\x1b", "\u202e"} & set(text)


def test_json_has_what_the_page_has(tmp_path: Path) -> None:
    jobs = [*grid(20), Made(words="units=1 seed=0", test={"accuracy": "NaN"})]
    told = json.loads(table_json(read_table(made_sweep(tmp_path / "s", jobs))))
    assert told["metric"] == {"name": "test_accuracy", "better": "max"}
    assert len(told["jobs"]) == 21
    assert told["jobs"][0]["settings"]["optimizer.learning_rate"] == 1.0
    assert told["jobs"][0]["command"].startswith("kerasgen run optimizer=adam ")
    assert told["jobs"][-1]["metrics"]["test"]["accuracy"] == "NaN"
    assert told["settings"][0]["n"] == 2
    assert told["settings"][0]["probability"] is None


def test_latex_shows_every_sign_as_it_is() -> None:
    assert latex_text("a_b & 50% \\x{}") == r"a\_b \& 50\% \textbackslash{}x\{\}"
    assert latex_text("--a") == "{-}{-}a"
    assert latex_text("ü\u202e") == "?\\textbackslash{}u202e"


def test_latex_has_a_line_a_job(tmp_path: Path) -> None:
    text = table_latex(read_table(made_sweep(tmp_path / "s", ODD)))
    lines = text.splitlines()
    body = lines[lines.index("\\endfoot") + 1 : lines.index("\\end{longtable}")]
    assert len(body) == 3
    columns = lines[1].split("{")[-1].rstrip("}")
    assert {line.replace("\\&", "").count(" & ") for line in body} == {len(columns) - 1}


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="LaTeX is not installed")
def test_latex_compiles(tmp_path: Path) -> None:
    table = read_table(made_sweep(tmp_path / "s", [*ODD, *grid(8)]))
    document = (
        "\\documentclass{article}\\usepackage{booktabs,longtable,textcomp}"
        "\\begin{document}\\input{sweep.tex}\\end{document}"
    )
    (tmp_path / "sweep.tex").write_text(table_latex(table))
    (tmp_path / "all.tex").write_text(document)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout[-1000:]
    assert (tmp_path / "all.pdf").is_file()
