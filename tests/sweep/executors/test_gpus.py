import json
import os
from pathlib import Path
from typing import Any

import pytest

from kerasgen.sweep.executors.gpus import found_cards, places

SAID = (
    "CUDA_DEVICE_ORDER",
    "TF_FORCE_GPU_ALLOW_GROWTH",
    "XLA_CLIENT_MEM_FRACTION",
    "XLA_PYTHON_CLIENT_MEM_FRACTION",
)


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A stand-in for `nvidia-smi` with four cards."""

    def make(script: str = "printf '0\\n1\\n2\\n3\\n'") -> None:
        file = tmp_path / "bin" / "nvidia-smi"
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)
        monkeypatch.setenv("PATH", f"{file.parent}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        for name in SAID:  # Keras on TensorFlow, in this process, may have said one.
            monkeypatch.delenv(name, raising=False)

    return make


def test_cards_are_those_that_the_driver_counts(driver: Any) -> None:
    driver()
    assert found_cards() == ("0", "1", "2", "3")


def test_a_driver_that_fails_has_no_cards(driver: Any) -> None:
    driver("echo 'NVIDIA-SMI has failed'; exit 9")
    assert found_cards() == ()


@pytest.mark.parametrize(
    ("visible", "cards"),
    [
        ("2,0", ("2", "0")),
        ("", ()),
        ("-1", ()),
        ("1,-1,0", ("1",)),
        ("GPU-8f,GPU-a1", ("GPU-8f", "GPU-a1")),
    ],
)
def test_cards_that_the_sweep_does_not_see_do_not_count(
    visible: str, cards: tuple[str, ...], driver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver()
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert found_cards() == cards


def test_each_job_has_cards_of_its_own(driver: Any) -> None:
    driver()
    seen = [place["CUDA_VISIBLE_DEVICES"] for place in places(["0", "1", "2"], 1)]
    assert seen == ["0", "1", "2"]
    assert [place["CUDA_VISIBLE_DEVICES"] for place in places(["0", "1", "2"], 2)] == ["0,1"]
    assert {place["CUDA_DEVICE_ORDER"] for place in places(["0"], 1)} == {"PCI_BUS_ID"}


def test_two_jobs_of_a_card_keep_to_their_halves(
    driver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    driver()
    found = places(["0", "1"], 0.5)
    assert [place["CUDA_VISIBLE_DEVICES"] for place in found] == ["0", "1", "0", "1"]
    assert {place["XLA_CLIENT_MEM_FRACTION"] for place in found} == {"0.45"}
    assert {place["TF_FORCE_GPU_ALLOW_GROWTH"] for place in found} == {"true"}
    for name in ("XLA_PYTHON_CLIENT_MEM_FRACTION", "XLA_CLIENT_MEM_FRACTION"):
        monkeypatch.setenv(name, "0.2")  # JAX refuses to hear both.
        assert "XLA_CLIENT_MEM_FRACTION" not in places(["0"], 0.5)[0]
        monkeypatch.delenv(name)


TELL = """
import json, pathlib
names = ("CUDA_VISIBLE_DEVICES", "XLA_CLIENT_MEM_FRACTION")
pathlib.Path("told").mkdir(exist_ok=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("launcher", [pytest.param("process", marks=pytest.mark.slow), "warm"])
def test_jobs_of_a_sweep_see_their_own_cards(launcher: str, application: Any, driver: Any) -> None:
    driver()
    stand_in = application.folder.parent / "stand_in" / "sitecustomize.py"
    asked = 'print(json.dumps([os.environ.get(n) for n in names]), flush=True)\n    if name != "sl'
    text = TELL + stand_in.read_text().replace('if name != "sl', asked, 1)
    stand_in.write_text(text)
    environment = {**application.environment, "PATH": os.environ["PATH"]}
    environment.pop("CUDA_VISIBLE_DEVICES", None)
    object.__setattr__(application, "environment", environment)
    words = ("-m", "backend=jax", "seed=0,1,2", f"hydra/launcher={launcher}")
    done = application.run(
        *words, "hydra.launcher.n_jobs=auto", "hydra.launcher.gpus=2", "hydra.sweep.dir=s",
        "hydra.launcher.gpus_per_job=0.5",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    logs = sorted((application.folder / "s").glob("*/console.log"))
    told = [json.loads(log.read_text().splitlines()[0]) for log in logs]
    assert len(told) == 3
    assert {fraction for _, fraction in told} == {"0.45"}
    assert {cards for cards, _ in told} <= {"0", "1"}
    assert [cards for cards, _ in told][:2] == ["0", "1"]


def test_more_jobs_than_cards_have_room_for_are_refused(application: Any, driver: Any) -> None:
    driver()
    environment = {**application.environment, "PATH": os.environ["PATH"]}
    object.__setattr__(application, "environment", environment)
    done = application.run("-m", "seed=0,1", "hydra.launcher.n_jobs=9")
    assert done.returncode == 2
    assert "9 jobs at a time do not fit: 4 graphics cards, 1 for each job" in done.stderr
    assert application.records() == {}


def test_settings_of_cards_that_mean_nothing_are_refused_together(application: Any) -> None:
    settings = ("gpus=[0,0]", "gpus_per_job=1.5", "n_jobs=0")
    done = application.run("-m", "seed=0,1", *(f"hydra.launcher.{text}" for text in settings))
    assert done.returncode == 2
    assert done.stderr.count("error[KG204]") == 3
    assert application.records() == {}


@pytest.mark.slow
@pytest.mark.parametrize("setting", ["gpus=-1", "gpus=some", "gpus_per_job=0", "gpus=[1.5]"])
def test_a_setting_of_cards_that_means_nothing_is_refused(setting: str, application: Any) -> None:
    done = application.run("-m", "seed=0,1", f"hydra.launcher.{setting}")
    assert done.returncode == 2
    assert "error[KG204]" in done.stderr
    assert application.records() == {}
