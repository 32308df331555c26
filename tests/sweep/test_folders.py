import subprocess
import sys
from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from kerasgen.diagnostics import CompileError, Sink
from kerasgen.frontend.compose.hydra_settings import place_of_setting
from kerasgen.sweep.folders import claim, folder_override, release

ROOT = Path(__file__).parents[2]


def test_a_new_folder_gets_a_number_if_it_is_there(tmp_path: Path) -> None:
    names = [claim(tmp_path / "a" / "b", new=True, sink=Sink()).folder.name for _ in range(3)]
    assert names == ["b", "b-1", "b-2"]


def test_a_named_folder_may_be_there(tmp_path: Path) -> None:
    first = claim(tmp_path / "a", new=False, sink=Sink())
    second = claim(tmp_path / "a", new=False, sink=Sink())
    assert (first.own, second.own) == (True, False)
    assert second.folder == first.folder


def test_processes_that_ask_for_the_same_folder_each_get_their_own(tmp_path: Path) -> None:
    script = (
        "import sys, pathlib\n"
        "from kerasgen.diagnostics import Sink\n"
        "from kerasgen.sweep.folders import claim, release\n"
        "print('ready', flush=True)\n"
        "sys.stdin.readline()\n"
        "for _ in range(20):\n"
        "    release(claim(pathlib.Path(sys.argv[1]) / 'given' / 'back', new=True, sink=Sink()))\n"
        "    print(claim(pathlib.Path(sys.argv[1]) / 'x', new=True, sink=Sink()).folder)\n"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    folders = [
        line for process in started for line in process.communicate(timeout=60)[0].split("\n")
    ]
    got = [folder for folder in folders if folder]
    assert [process.returncode for process in started] == [0, 0, 0]
    assert len(got) == len(set(got)) == 60


def test_giving_back_takes_away_what_was_made_and_is_empty(tmp_path: Path) -> None:
    release(claim(tmp_path / "a" / "b" / "c", new=True, sink=Sink()))
    assert list(tmp_path.iterdir()) == []


def test_giving_back_keeps_what_came_to_lie_in_the_folder(tmp_path: Path) -> None:
    claimed = claim(tmp_path / "a" / "b", new=True, sink=Sink())
    (claimed.folder / "x").write_text("")
    release(claimed)
    assert (tmp_path / "a" / "b" / "x").exists()
    release(claimed, emptied=True)
    assert list(tmp_path.iterdir()) == []


def test_giving_back_never_empties_a_folder_that_was_there(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x").write_text("")
    release(claim(tmp_path / "a", new=False, sink=Sink()), emptied=True)
    assert (tmp_path / "a" / "x").exists()


@pytest.mark.parametrize("name", ["file", "file/below", "/proc/nope"])
def test_a_folder_that_cannot_be_made_is_reported_and_leaves_nothing(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CompileError) as caught:
        claim(tmp_path / name, new=False, sink=Sink())
    assert caught.value.diagnostics[0].code == "KG605"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    "text",
    [
        "outputs/2026-01-31/12-00-00-123456",
        "12",
        "1e3",
        "a b",
        "a=b,c",
        "it's",
        'say "x"',
        "end\\",
        'both \\" of',
        "é/ü",
        "a$b",
        "{x}[y](z)",
        "-m",
        "~/x",
        "null",
        " blank ",
    ],
)
def test_the_override_of_a_folder_gives_the_folder_back(text: str) -> None:
    override = OverridesParser.create().parse_override(folder_override("hydra.run.dir", Path(text)))
    assert override.key_or_group == "hydra.run.dir"
    config = OmegaConf.create({"dir": override.value()})
    assert str(config.dir) == str(Path(text))


def test_a_setting_that_is_given_twice_is_told_at_the_last_one() -> None:
    given = ["hydra.run.dir=a", "hydra.run.dir=bcd"]
    config = OmegaConf.create({"hydra": {"overrides": {"hydra": given}}})
    place = place_of_setting(config, "hydra.run.dir")
    assert (place.override, place.column, place.length) == (given[1], 15, 3)
