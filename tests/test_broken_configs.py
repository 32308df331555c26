"""Broken configs, one mistake each: where each diagnostic points, and how it reads.

A case is a folder of `tests/broken`: a config folder with `overrides.txt` (one a line) and
`expected.txt`, the rendering byte for byte. In the files, the line that is at fault ends in the
comment `# here`; where no line has it, the fault lies in an override.
`KERASGEN_UPDATE_SNAPSHOTS=1 pytest tests/test_broken_configs.py` writes the renderings anew.
"""

import os
import shutil
from pathlib import Path

import pytest

from kerasgen.diagnostics.render import render_text
from kerasgen.frontend.compose.config_folders import config_folder
from kerasgen.verbs.check import check_config

BROKEN = Path(__file__).resolve().parent / "broken"
CASES = sorted(path.name for path in BROKEN.iterdir() if path.is_dir())
OPENED = {
    "config_without_data_that_is_opened",
    "facts_that_the_data_contradicts",
    "file_that_is_not_there",
}
"""Cases in which the data must be opened."""


@pytest.fixture(scope="module")
def outcome(request, engine: str, tmp_path_factory: pytest.TempPathFactory):
    """What checking the case finds, in a working directory that has only its files."""
    case, place = BROKEN / request.param, tmp_path_factory.mktemp("broken")
    shutil.copytree(case, place / "conf")
    overrides = (case / "overrides.txt").read_text().splitlines()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        yield case, check_config(overrides, "conf", open_data=request.param in OPENED)


def test_there_are_at_least_twenty() -> None:
    assert len(CASES) >= 20


@pytest.mark.parametrize("outcome", CASES, indirect=True)
def test_a_diagnostic_points_at_the_line_that_is_at_fault(outcome) -> None:
    case, found = outcome
    marked = [
        (path.relative_to(case).as_posix(), number)
        for path in case.rglob("*.yaml")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if line.endswith("# here")
    ]
    places = [diagnostic.location for diagnostic in found.diagnostics]
    if marked:
        pointed = {(str(place.file).removeprefix("conf/"), place.line) for place in places}
        assert pointed == set(marked)
    else:
        overrides = (case / "overrides.txt").read_text().splitlines()
        assert {place.override for place in places} <= set(overrides)


@pytest.mark.parametrize("outcome", CASES, indirect=True)
def test_a_diagnostic_reads_as_it_should(outcome) -> None:
    case, found = outcome
    rendered = render_text(found.diagnostics).replace(os.getcwd(), "/home/me") + "\n"
    rendered = rendered.replace(str(config_folder()), "/shipped").replace("kerasgen:", "/shipped/")
    snapshot = case / "expected.txt"
    if os.environ.get("KERASGEN_UPDATE_SNAPSHOTS"):
        snapshot.write_text(rendered)
    assert rendered == snapshot.read_text()
