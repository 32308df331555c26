from pathlib import Path

import pytest
from hydra.types import RunMode
from omegaconf import OmegaConf

from kerasgen.frontend.compose.composition import compose, make_loader, resolve
from kerasgen.frontend.compose.frozen_config import freeze, thaw
from kerasgen.registry import NOBODY, Trust
from kerasgen.sweep import job_spec
from kerasgen.sweep.job_spec import JobSpec, read_job_spec, settled


def a_job(*overrides: str) -> JobSpec:
    loader = make_loader()
    config = loader.load_configuration("config", list(overrides), RunMode.RUN)
    return JobSpec(
        number=3,
        folder=Path("s/3"),
        frozen=freeze(config, loader),
        config_name="config",
        trust=Trust(modules=("mine",), folder="here"),
        argv=("-m", "x", "seed=1", "\udcff"),
    )


def test_a_job_comes_out_of_its_text_as_it_went_in() -> None:
    job = a_job("seed=1", "model=convnet", "model.layers[Dropout].rate=0.3", "name='é\"'")
    again = read_job_spec(job.to_json())
    assert again == job
    assert again.frozen.content_hash() == job.frozen.content_hash()


def test_places_travel_with_a_job() -> None:
    job = read_job_spec(a_job("fit.epochs=0").to_json())
    _, sink = resolve(thaw(job.frozen, NOBODY))
    assert sink.source_map == compose(["fit.epochs=0"]).source_map
    sink.report("KG204", "refused", key="fit.epochs")
    assert sink.diagnostics[0].location is not None
    assert sink.diagnostics[0].location.override == "fit.epochs=0"


def test_what_only_the_sweep_knows_is_settled_before_a_job_travels() -> None:
    told = {"sweep": {"dir": "s"}}
    sweep = OmegaConf.create({"moment": "${now:%H-%M-%S-%f}", "hydra": told})
    moment = sweep.moment
    name = "name='${now:%H-%M-%S-%f}_${hydra:job.num}_${hydra:run.dir}_${hydra:sweep.dir}'"
    job = a_job(name, "seed=${hydra:job.num}", "fit.epochs=${data.classes}")
    config = settled(job.frozen, sweep, 3, Path("s/3")).config
    assert config["name"] == f"{moment}_3_s/3_s"
    assert config["seed"] == 3
    assert config["fit"]["epochs"] == "${data.classes}"  # type: ignore[index]


def test_a_config_that_asks_nothing_is_settled_as_hydra_would(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    loader = make_loader()
    words = ["model=convnet", "seed=3", "model.layers[Dropout].rate=0.3", "hydra.job.chdir=true"]
    config = loader.load_configuration("config", words, RunMode.RUN)
    frozen = freeze(config, loader)
    quick = job_spec.settled(frozen, config, 7, Path("s/7"))
    monkeypatch.setattr(job_spec, "asks", lambda frozen: True)
    assert quick == job_spec.settled(frozen, config, 7, Path("s/7"))
    asking = loader.load_configuration("config", ["name=${hydra:job.num}"], RunMode.RUN)
    monkeypatch.undo()
    assert job_spec.settled(freeze(asking, loader), asking, 7, Path("s/7")).config["name"] == 7
