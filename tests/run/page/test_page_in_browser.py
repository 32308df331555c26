"""A report in a real browser: nothing is asked of the network, nothing complained of, all fits."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from browser import CHROMIUM, Browser

from kerasgen.emit.page.markup import page_html
from kerasgen.record.file_names import DATA
from kerasgen.run.page.document import run_page

WriteRun = Callable[..., Path]

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")

HOSTILE = (
    "</script><script>document.title = 'boom'</script><img src=x onerror=document.title='boom'>"
)

METRICS = ("accuracy", "precision", "recall", "f1_score", "AUC")

MODEL = """
data: {task: classification, source: {class: none}}
model:
  layers:
    flat: {class: Dense, units: 4}
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("browser")) as started:
        yield started


@pytest.fixture
def report(write_run: WriteRun, tmp_path: Path) -> Path:
    """A report with wide tables, pictures and long words, some of them hostile."""
    random = np.random.default_rng(0)
    scores = random.dirichlet(np.ones(12), 200).astype("float32")
    true = random.integers(0, 12, 200).astype("int32")
    folder = write_run(
        "run",
        name="a_name_that_has_no_end_and_no_space_in_it_" * 3,
        arrays={"predicted": scores, "true": true},
        classes=[f"class_{n}_{'x' * 30}" for n in range(11)] + [HOSTILE],
        metrics={"test": {"accuracy": 0.5, "loss": 1.0}, "validation": {"accuracy": 0.6}},
        baselines={"test": {HOSTILE: {"accuracy": 0.1, "loss": 2.0}}},
        diagnostics=[{"code": "KG101", "severity": "warning", "message": HOSTILE}],
        packages={"keras": "3.15.1", HOSTILE: "1"},
        config=MODEL,
    )
    page = tmp_path / "report.html"
    page.write_text(page_html(run_page(folder, folder.parent)), encoding="utf-8")
    return page


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390, 360])
def test_a_page_fits_its_window_and_asks_for_nothing(
    width: int, dark: bool, browser: Browser, report: Path
) -> None:
    browser.requests.clear()
    browser.messages.clear()
    browser.open(report, width=width, dark=dark)
    assert browser.value_of("document.documentElement.scrollWidth") == width
    assert [url for url in browser.requests if not url.startswith("data:")] == [report.as_uri()]
    assert browser.messages == []
    assert "boom" not in browser.value_of("document.title")
    paper = browser.value_of("getComputedStyle(document.body).backgroundColor")
    assert (paper == "rgb(255, 255, 255)") is not dark


def test_what_is_wide_scrolls_by_itself(browser: Browser, report: Path) -> None:
    browser.open(report, width=360)
    widest = "Math.max(...[...document.querySelectorAll('.table')].map(t => t.scrollWidth))"
    assert browser.value_of(widest) > 360


def test_the_words_over_a_table_are_read_without_scrolling(browser: Browser, report: Path) -> None:
    browser.open(report, width=360)
    ends = "[...document.querySelectorAll('.caption')].map(c => c.getBoundingClientRect().right)"
    assert 0 < browser.value_of(f"Math.max(...{ends})") <= 360


def test_a_hash_stays_in_its_cell(browser: Browser, write_run: WriteRun, tmp_path: Path) -> None:
    folder = write_run("hashed")
    parts = {"training": {"samples": 9, "rows": f"sha256:{'0123456789abcdef' * 4}"}}
    (folder / DATA).write_text(json.dumps({"source": {"class": "Csv"}, "parts": parts}))
    page = tmp_path / "hashed.html"
    page.write_text(page_html(run_page(folder, folder.parent)), encoding="utf-8")
    browser.open(page)
    cells = "[...document.querySelectorAll('#data td')]"
    assert browser.value_of(f"{cells}.every(cell => cell.scrollWidth <= cell.clientWidth)")


def test_the_end_of_a_forecast_is_seen_on_a_phone(
    browser: Browser, write_run: WriteRun, tmp_path: Path
) -> None:
    rows = np.arange(20, 32)[:, np.newaxis] + np.arange(4)
    true = np.sin(rows).astype("float32")
    arrays = {"rows": rows.astype("int64"), "predicted": true + 0.1, "true": true}
    config = "data: {task: forecasting, windows: {length: 8, horizon: 4}}\n"
    folder = write_run("ahead", arrays=arrays, coding="amounts", config=config)
    page = tmp_path / "ahead.html"
    page.write_text(page_html(run_page(folder, folder.parent)), encoding="utf-8")
    browser.open(page, width=360)
    figure = "document.querySelector('.wide .figure')"
    assert browser.value_of(f"{figure}.scrollLeft") > 100
    assert browser.value_of(f"{figure}.querySelector('text').getBoundingClientRect().height") > 8


def test_a_click_makes_the_page_dark_and_light_again(browser: Browser, report: Path) -> None:
    browser.open(report)
    click = "document.getElementById('theme').click(), getComputedStyle(document.body).color"
    first, second = browser.value_of(click), browser.value_of(click)
    assert first != second
    assert second == "rgb(27, 31, 36)"


def test_a_click_on_a_column_sorts_its_numbers(browser: Browser, report: Path) -> None:
    browser.open(report)
    cells = "[...table.tBodies[0].rows].map(row => Number(row.cells[0].textContent))"
    script = f"""(() => {{
        const table = document.querySelector('#curves table[data-sortable]');
        const button = table.tHead.rows[0].cells[0].querySelector('button');
        button.click(); button.click();
        return {cells};
    }})()"""
    assert browser.value_of(script) == [3, 2, 1]


def test_what_is_printed_is_light_and_whole(browser: Browser, report: Path) -> None:
    browser.open(report, dark=True)
    assert browser.printed().startswith(b"%PDF")
    browser.ask("Emulation.setEmulatedMedia", media="print")
    paper = browser.value_of("getComputedStyle(document.body).backgroundColor")
    shown = browser.value_of("getComputedStyle(document.querySelector('nav')).display")
    assert (paper, shown) == ("rgb(255, 255, 255)", "none")
    browser.ask("Emulation.setEmulatedMedia", media="")


def test_a_broad_table_fits_the_paper(
    browser: Browser, write_run: WriteRun, tmp_path: Path
) -> None:
    names = [f"{part}{name}" for part in ("", "val_") for name in ("loss", *METRICS)]
    history = f"epoch,seconds,{','.join(names)}\n1,12.75{',0.123456' * len(names)}\n"
    page = tmp_path / "broad.html"
    folder = write_run("broad", history=history)
    page.write_text(page_html(run_page(folder, folder.parent)), encoding="utf-8")
    browser.open(page, width=720)  # what an A4 page leaves between its margins
    browser.ask("Emulation.setEmulatedMedia", media="print")
    ends = "[...document.querySelectorAll('table')].map(t => t.getBoundingClientRect().right)"
    opened = "document.querySelectorAll('details').forEach(part => { part.open = true; })"
    assert browser.value_of(f"({opened}, Math.max(...{ends}))") <= 720
    browser.ask("Emulation.setEmulatedMedia", media="")
