"""The configs of a sweep's jobs: what is composed, and what a thousand of them hold."""

from typing import Any

import pytest
from hydra.types import RunMode
from omegaconf import DictConfig

from kerasgen.frontend.compose.composition import make_loader
from kerasgen.sweep.hydra.frozen_jobs import FreezingLoader


def test_a_thousand_jobs_that_differ_in_numbers_are_composed_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = make_loader()
    loader = FreezingLoader(made.get_search_path())
    master = loader.load_configuration("config", [], RunMode.RUN)
    composed: list[list[str]] = []
    load = FreezingLoader.load_configuration

    def counted(self: FreezingLoader, **asked: Any) -> DictConfig:
        composed.append(asked["overrides"])
        return load(self, **asked)

    monkeypatch.setattr(FreezingLoader, "load_configuration", counted)
    jobs = [
        loader.freeze_job(master, [f"optimizer={name}", f"seed={seed}"])
        for name in ("adam", "sgd")
        for seed in range(500)
    ]
    assert [words[-2] for words in composed] == ["optimizer=adam", "optimizer=sgd"]
    assert [job.config["seed"] for job in jobs[:500]] == list(range(500))
    assert len({job.content_hash() for job in jobs}) == 1000
    # What does not differ is held once.
    assert len({id(job.config["model"]) for job in jobs}) == 2
    assert len({id(job.hydra["launcher"]) for job in jobs}) == 2
