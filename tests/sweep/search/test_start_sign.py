import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kerasgen.diagnostics import Sink
from kerasgen.record import provenance
from kerasgen.sweep.lost_machines import SILENCE
from kerasgen.sweep.search.opening import open_study
from kerasgen.sweep.search.settings import read_settings
from kerasgen.sweep.search.space import read_space
from kerasgen.sweep.search.start_sign import StartSign
from kerasgen.sweep.search.study import PROCESS, Study, StudyDef

pytest.importorskip("optuna", reason="the extra `search` is not installed")


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch, clock: Clock, tmp_path: Path) -> Callable[[str], Study]:
    """A start of one search on a host; this process is one of that host from then on."""

    def start(host: str) -> Study:
        monkeypatch.setattr(provenance.platform, "node", lambda: host)
        sink = Sink()
        settings = read_settings({"objective": "val_loss"}, sink)
        space = read_space({}, ("x=interval(-5,5)",), {}, sink)
        about = StudyDef(
            name="mine", space=space, objectives=settings.objectives, settings=settings, seed=3
        )
        study = open_study(about, tmp_path, sink)
        study.sign.lost.clock = clock
        return study

    return start


def signs(sweep: Path) -> list[Path]:
    return sorted(sweep.glob(".starts/*/.at_work"))


def test_a_setting_is_gone_on_with_once_its_start_has_given_no_sign_for_long(
    on: Any, clock: Clock, tmp_path: Path
) -> None:
    far = on("far")
    far.sign.renew()
    asked = far.ask()
    here = on("here")
    for _ in range(4):
        assert here.trials()[0].held
        clock.now += SILENCE - 1
        far.sign.renew()
    assert here.trials()[0].held
    clock.now += SILENCE
    assert not here.trials()[0].held
    assert here.adopt(0).values == asked.values
    assert on("far").trials()[0].held
    assert signs(tmp_path) == []  # No open setting names that of the first.


def test_the_sign_of_a_start_goes_with_it_and_comes_back_where_it_is_missed(
    on: Any, clock: Clock, tmp_path: Path
) -> None:
    one, two = on("here"), on("here")
    one.sign.renew()
    two.sign.renew()
    assert len(signs(tmp_path)) == 2
    two.sign.remove()
    assert [path.parent.name for path in signs(tmp_path)] == [one.sign.word]
    on("here")  # It finds no setting that names the first.
    assert signs(tmp_path) == []
    clock.now += SILENCE
    one.sign.renew()
    one.sign.renew()
    assert [path.parent.name for path in signs(tmp_path)] == [one.sign.word]
    one.sign.remove()
    assert list(tmp_path.glob(".starts")) == []


@pytest.mark.parametrize("word", ["../../there", "/there", 3, None, "a" * 32])
def test_a_strange_word_leads_nowhere_and_holds_its_setting(
    word: object, on: Any, clock: Clock, tmp_path: Path
) -> None:
    far = on("far")
    asked = far.inner.ask()
    asked.set_user_attr(PROCESS, {**far.sign.process(), "attempt": word})
    here = on("here")
    for _ in range(2):
        assert here.trials()[0].held
        clock.now += SILENCE


def test_no_sign_is_left_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "sweep").mkdir()
    (tmp_path / "victim").mkdir()
    os.symlink(tmp_path / "victim", tmp_path / "sweep" / ".starts")
    sign = StartSign(sweep=tmp_path / "sweep")
    sign.renew()
    sign.remove_left(())
    sign.remove()
    assert list((tmp_path / "victim").iterdir()) == []
