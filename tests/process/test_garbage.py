"""Tests of the collector of garbage while a process starts."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from kerasgen.process import garbage


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    """The collector as it was, after the test."""
    threshold, enabled = gc.get_threshold(), gc.isenabled()
    yield
    gc.unfreeze()
    gc.set_threshold(*threshold)
    (gc.enable if enabled else gc.disable)()


def test_a_relaxed_collector_is_as_usual_once_the_engine_is_there() -> None:
    usual = gc.get_threshold()
    garbage.relax()
    assert gc.get_threshold() > usual
    with garbage.paused():
        assert not gc.isenabled()
    assert gc.isenabled()
    assert gc.get_threshold() == usual
    assert gc.get_freeze_count() > 1_000


def test_objects_of_a_process_that_is_not_ours_are_not_frozen() -> None:
    before = gc.get_freeze_count()
    with garbage.paused():
        pass
    assert gc.get_freeze_count() == before


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    with garbage.paused():
        pass
    assert not gc.isenabled()


def test_the_collector_works_again_after_an_import_that_fails() -> None:
    with pytest.raises(ImportError), garbage.paused():
        raise ImportError("no such engine")
    assert gc.isenabled()
