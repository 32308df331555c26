"""The page of a sweep in a real browser: all is drawn, nothing is asked for or complained of."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import CHROMIUM, Browser
from made_sweeps import HOSTILE, Made, grid, made_sweep

from kerasgen.sweep.report.swept_table import read_table
from kerasgen.sweep.report.written_report import written

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")

CHARTS = "document.querySelectorAll('.chart').length"
DRAWN = (
    "[...document.querySelectorAll('.chart')]"
    ".filter(c => c.querySelectorAll('svg path, svg text').length > 4).length"
)
SCROLL = """(async () => {
    for (const chart of document.querySelectorAll('.chart')) {
        chart.scrollIntoView();
        while (!chart.querySelector('svg')) await new Promise(requestAnimationFrame);
    }
    scrollTo(0, 0);
})()"""
"""Brings every chart into view, one after the other."""

ENDS = "[...document.querySelectorAll('.chart svg')].map(s => s.getBoundingClientRect().right)"
WIDTHS = "[...document.querySelectorAll('.chart svg')].map(s => s.getBoundingClientRect().width)"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("browser")) as started:
        yield started


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of a sweep of twenty, with hostile texts wherever a record may have them."""
    jobs = [
        Made(
            words=[*job.overrides[:-1], f"{HOSTILE}={HOSTILE}{n // 2 % 3}", job.overrides[-1]],
            test=job.test,
            history=job.history,
            fields=job.fields,
        )
        for n, job in enumerate(grid(24))
    ]
    jobs.append(Made(words="number=1", status="failed", fields={"error": HOSTILE}))
    folder = tmp_path_factory.mktemp("page")
    page = folder / "report.html"
    page.write_text(
        written(read_table(made_sweep(folder / HOSTILE[:9].replace("/", "_"), jobs)), "html")
    )
    return page


def seen(browser: Browser, page: Path, *, width: int = 1280, dark: bool = False) -> None:
    """Opens a page, and scrolls through all of it."""
    browser.open(page, width=width, dark=dark)
    browser.value_of(SCROLL)


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (1280, True), (390, False)])
def test_every_chart_is_drawn_and_fits(
    width: int, dark: bool, browser: Browser, report: Path
) -> None:
    browser.requests.clear()
    browser.messages.clear()
    seen(browser, report, width=width, dark=dark)
    assert browser.value_of(CHARTS) == browser.value_of(DRAWN) == 12
    assert browser.value_of("document.documentElement.scrollWidth") == width
    assert browser.value_of(f"Math.max(...{ENDS})") <= width
    assert browser.requests == [report.as_uri()]
    assert browser.messages == []
    assert "boom" not in browser.value_of("document.title")


def test_words_filter_the_leaderboard(browser: Browser, report: Path) -> None:
    browser.open(report)
    script = """(() => {
        const table = document.querySelector('#leaderboard table');
        const field = document.querySelector('#leaderboard input');
        field.value = 'SGD completed'; field.dispatchEvent(new Event('input'));
        return [...table.tBodies[0].rows].filter(row => !row.hidden).length;
    })()"""
    sgd = sum(job.overrides[0] == "optimizer=sgd" for job in grid(24))
    assert browser.value_of(script) == sgd


def test_a_brush_over_an_axis_chooses_jobs(browser: Browser, report: Path) -> None:
    """The upper half of the last axis, which is that of the figure."""
    browser.messages.clear()
    seen(browser, report)
    script = """(() => {
        const holder = document.querySelector('#parallel .chart');
        const chart = echarts.getInstanceByDom(holder);
        const axes = chart.getModel().queryComponents({mainType: 'parallelAxis'});
        const last = axes[axes.length - 1];
        const [low, high] = last.axis.scale.getExtent();
        chart.dispatchAction({type: 'axisAreaSelect', parallelAxisId: last.id,
                              intervals: [[(low + high) / 2, high]]});
        const only = document.querySelector('#parallel input');
        only.checked = true; only.dispatchEvent(new Event('change'));
        const rows = [...document.querySelectorAll('tr[data-row]')];
        const left = rows.filter(row => getComputedStyle(row).display !== 'none');
        const middle = (low + high) / 2;
        const above = rows.filter(row => Number(row.cells[2].textContent) >= middle);
        const told = document.querySelector('#parallel [role=status]').textContent;
        return [left.length, above.length, told];
    })()"""
    left, above, told = browser.value_of(script)
    assert 0 < left == above < 24
    assert told.startswith(f"{left} of 24 jobs; the best of them: ")
    assert browser.messages == []


def test_another_pair_of_settings_and_another_figure_can_be_chosen(
    browser: Browser, report: Path
) -> None:
    seen(browser, report)
    script = """((section) => {
        const field = document.querySelector(`${section} select`);
        const text = () => document.querySelector(`${section} .chart`).textContent;
        const before = text();
        field.value = '1'; field.dispatchEvent(new Event('change'));
        return before !== text();
    })"""
    assert browser.value_of(f"{script}('#interactions')")
    assert browser.value_of(f"{script}('#curves')")


def test_what_a_pointer_rests_on_is_told_as_text(browser: Browser, report: Path) -> None:
    browser.messages.clear()
    seen(browser, report)
    script = """(() => {
        const chart = echarts.getInstanceByDom(document.querySelector('#slices .chart'));
        chart.dispatchAction({type: 'showTip', seriesIndex: 0, dataIndex: 3});
        return document.querySelector('.tip').textContent;
    })()"""
    assert "boom" in browser.value_of(script)
    assert browser.value_of("document.querySelectorAll('.tip img, .tip script').length") == 0
    assert "boom" not in browser.value_of("document.title")
    assert browser.messages == []


def test_a_dark_page_prints_light_and_is_dark_again(browser: Browser, report: Path) -> None:
    seen(browser, report, dark=True)
    ink = "document.querySelector('#importance .chart svg text').getAttribute('fill')"
    before = browser.value_of(ink)
    printed = f"(dispatchEvent(new Event('beforeprint')), {ink})"
    assert browser.value_of(printed) != before
    assert browser.value_of(f"Math.max(...{WIDTHS})") <= 680
    assert browser.value_of(f"(dispatchEvent(new Event('afterprint')), {ink})") == before
    assert browser.printed().startswith(b"%PDF")


def test_charts_are_drawn_when_they_come_into_view_and_all_of_them_to_be_printed(
    browser: Browser, report: Path
) -> None:
    browser.open(report)
    assert browser.value_of(DRAWN) < 3
    browser.value_of("dispatchEvent(new Event('beforeprint'))")
    assert browser.value_of(DRAWN) == browser.value_of(CHARTS)
