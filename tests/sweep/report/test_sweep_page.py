"""The page of a sweep as a parser reads it: its sections, its rows, its data, and what acts."""

import json
import re
import time
from pathlib import Path

import pytest
from made_sweeps import HOSTILE, Made, grid, made_sweep
from page_reader import ReadPage, read_page

from kerasgen.sweep.report.swept_table import read_table
from kerasgen.sweep.report.written_report import written

SECTIONS = (
    *("summary", "best", "leaderboard", "seeds", "importance", "parallel", "slices"),
    *("interactions", "curves", "pareto"),
)


def page_of(folder: Path, jobs: list[Made], by: str | None = None, **said: object) -> ReadPage:
    return read_page(written(read_table(made_sweep(folder / "sweep", jobs, **said), by), "html"))


def drawn(read: ReadPage) -> dict[str, list[dict[str, object]]]:
    """The charts of a page by their kind."""
    found: dict[str, list[dict[str, object]]] = {}
    for chart in json.loads(read.scripts[1])["charts"]:
        found.setdefault(chart["kind"], []).append(chart)
    return found


def rows_in(read: ReadPage) -> list[str]:
    return [
        attributes["data-row"] or "" for tag, attributes in read.tags if "data-row" in attributes
    ]


def test_a_sweep_of_twenty_has_every_section(tmp_path: Path) -> None:
    read = page_of(tmp_path, grid(20))
    assert tuple(read.sections) == SECTIONS
    assert sorted(map(int, rows_in(read))) == list(range(20))
    assert (read.unclosed, read.acting, read.addresses[0]) == ([], [], "#summary")
    assert all(address.startswith("#") for address in read.addresses)
    (policy,) = [
        attributes["content"]
        for tag, attributes in read.tags
        if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy is not None
    assert policy.startswith("default-src 'none'; ")
    assert len(read.scripts) == 4
    assert "Apache ECharts" in read.scripts[2]
    assert "The Apache Software Foundation" in read.scripts[2]


def test_the_charts_hold_every_job_and_setting(tmp_path: Path) -> None:
    charts = drawn(page_of(tmp_path, grid(20)))
    assert {kind: len(found) for kind, found in charts.items()} == {
        "spread": 1,
        "bars": 1,
        "parallel": 1,
        "strip": 4,
        "heat": 1,
        "curves": 1,
        "points": 2,
    }
    (parallel,), (curves,) = charts["parallel"], charts["curves"]
    assert {line[0] for line in parallel["lines"]} == set(range(20))  # type: ignore[attr-defined]
    kinds = {axis["name"]: axis["kind"] for axis in parallel["axes"]}  # type: ignore[attr-defined]
    assert kinds == {
        "optimizer": "places",
        "learning_rate": "log",
        "units": "linear",
        "number": "linear",
        "test_accuracy": "linear",
    }
    assert len(curves["jobs"]) == 20  # type: ignore[arg-type]
    assert curves["names"] == ["val_accuracy", "loss"]


def test_a_leaderboard_is_in_the_order_of_the_figures(tmp_path: Path) -> None:
    jobs = grid(20)
    read = page_of(tmp_path, jobs)
    figures = [float(jobs[int(place)].test["accuracy"]) for place in rows_in(read)]
    assert figures == sorted(figures, reverse=True)


@pytest.mark.parametrize("count", [1, 2])
def test_a_sweep_of_one_or_two_jobs_says_that_it_tells_little(count: int, tmp_path: Path) -> None:
    jobs = [Made(words=f"a={n}", test={"accuracy": n / 2}) for n in range(count)]
    read = page_of(tmp_path, jobs)
    assert len(rows_in(read)) == count
    if count == 2:
        assert "Each setting ran once" in read.sections["seeds"]
        assert "are too few to tell" in read.sections["importance"]
        assert "may do so by chance" in read.sections["best"]


def test_what_is_not_shown_to_be_worse_is_not_called_worse(tmp_path: Path) -> None:
    figures = {"a=1": (0.90, 0.80, 0.85), "a=2": (0.80, 0.90, 0.84), "a=3": (0.40, 0.30, 0.36)}
    jobs = [
        Made(words=f"{words} seed={seed}", test={"accuracy": figure})
        for words, own in figures.items()
        for seed, figure in enumerate(own)
    ]
    read = page_of(tmp_path, jobs)
    assert "Of 2 others, 1 is not shown to be worse than the first" in read.sections["best"]
    table = read.sections["seeds"]
    assert re.search(r"a=2 .*? not shown to be worse", table)
    assert re.search(r"a=3 .*? worse by 0.5", table)


def test_jobs_that_did_not_complete_are_told_with_their_reasons(tmp_path: Path) -> None:
    jobs = [
        *grid(4),
        Made(words="number=9 seed=0", status="failed", fields={"error": "killed by signal 9"}),
        Made(words="number=8 seed=0", status="pruned"),
        Made(words="number=7 seed=0", status=None),
    ]
    read = page_of(tmp_path, jobs)
    assert "killed by signal 9" in read.sections["failures"]
    assert "number=8" in read.sections["pruned"]
    assert "1 job of 7 are still to come" in read.sections["summary"]
    assert len(rows_in(read)) == 7


def test_several_objectives_have_a_front(tmp_path: Path) -> None:
    jobs = [
        Made(words=f"a={n}", test={"accuracy": 0.5 + n / 10, "mae": (n - 2) ** 2}) for n in range(4)
    ]
    said = [
        {"metric": "test_accuracy", "direction": "maximize"},
        {"metric": "test_mae", "direction": "minimize"},
    ]
    read = page_of(tmp_path, jobs, objectives=said, search={})
    assert "Pareto front: 2 of 4 settings" in read.sections["pareto"]
    (points, *_) = drawn(read)["points"]
    assert points["front"] == [0, 1]


def test_without_a_direction_nothing_is_called_best(tmp_path: Path) -> None:
    read = page_of(tmp_path, [Made(words=f"a={n}", test={"speed": n}) for n in range(12)])
    assert "best" not in read.sections
    assert "pareto" not in read.sections
    assert "--by=+test_speed" in read.sections["summary"]


def test_texts_of_a_stranger_become_no_markup(tmp_path: Path) -> None:
    jobs = [
        Made(
            words=[f"{HOSTILE}={HOSTILE}{n % 3}", f"b={n}", f"seed={HOSTILE}"],
            test={HOSTILE: n / 20, "accuracy": n / 20},
            status=("completed", "failed", HOSTILE)[n % 3],
            history={"loss": [1, 2]},
            fields={"error": HOSTILE, "argv": ["--trust", HOSTILE], "name": HOSTILE},
        )
        for n in range(40)
    ]
    read = page_of(tmp_path, jobs, by="accuracy")
    assert (read.unclosed, read.acting, len(read.scripts)) == ([], [], 4)
    assert not [tag for tag, _ in read.tags if tag == "img"]
    assert json.loads(read.scripts[1])["shared"]["jobs"]
    assert not {"\x1b", "\u202e"} & set("".join(read.sections.values()) + read.scripts[1])


def test_figures_that_exploded_stand_in_no_mean(tmp_path: Path) -> None:
    jobs = [
        Made(
            words=f"a={n} seed={seed}",
            test={"loss": 1.7e308 if n % 2 else -1.7e308 if n == 2 else n + seed / 9},
            fields={"seconds": 1.7e308, "parameters": 10**300},
        )
        for n in range(30)
        for seed in range(2)
    ]
    read = page_of(tmp_path, jobs)
    assert len(rows_in(read)) == 60
    assert "1.7e+308" in read.sections["leaderboard"]
    assert "mean test_loss 0.05556 of 2 seeds" in read.sections["best"]
    text = written(read_table(tmp_path / "sweep"), "tex")
    assert text.count("1.7e+308") > 30


def test_the_same_sweep_makes_the_same_bytes(tmp_path: Path) -> None:
    folder = made_sweep(tmp_path / "s", grid(20))
    assert written(read_table(folder), "html") == written(read_table(folder), "html")


@pytest.mark.slow
def test_five_hundred_jobs_make_a_page_of_bounded_size_in_bounded_time(tmp_path: Path) -> None:
    folder = made_sweep(tmp_path / "s", grid(500))
    began = time.process_time()
    text = written(read_table(folder), "html")
    assert time.process_time() - began < 12  # 3 on a free core
    read = read_page(text)
    assert len(rows_in(read)) == 500
    assert len(text) < 3_000_000
    (curves,) = drawn(read)["curves"]
    assert len(curves["jobs"]) == 100  # type: ignore[arg-type]
    assert "100 jobs of 500" in read.sections["curves"]


def test_records_that_are_damaged_are_jobs_that_wait(tmp_path: Path) -> None:
    folder = made_sweep(tmp_path / "s", grid(20))
    for number, content in enumerate([b"{", b"", b"[]", b'{"schema": 2}', b"\xff" * 9]):
        (folder / str(number) / "record.json").write_bytes(content)
    (folder / "6" / "history.csv").write_text("epoch,loss\n1,a\n")
    record = folder / "7" / "record.json"
    record.write_text(json.dumps({**json.loads(record.read_text()), "parameters": 1e400}))
    read = read_page(written(read_table(folder), "html"))
    assert len(rows_in(read)) == 20
    assert "15 completed, 5 waiting" in read.sections["summary"]
