"""The application as a process, with a stand-in for the experiment that needs no Keras.

The stand-in is what a child finds in place of `kerasgen.run.experiment`: it keeps a real record,
and the run's `name` says how it ends (`fail`, `kill`, `exit`, `raise`, `refuse`, `sleep`).
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]

STAND_IN = """
import logging, os, sys, time, types

def run_experiment(composition, folder, *, argv=None, keep_rejected=False, listeners=()):
    from kerasgen.diagnostics import (CompileError, Sink)
    from kerasgen.diagnostics.render import render_text
    from kerasgen.frontend.compose.composition import resolve
    from kerasgen.record.run_folder import Invocation, open_record
    asked = Invocation(
        argv=argv, overrides=composition.overrides, choices=composition.choices)
    try:
        config, _ = resolve(composition)
        name = config["name"] or ""
        if name == "refuse":
            raise Sink().fail("KG204", "refused by the stand-in")
        record = open_record(folder, Sink(), asked)
    except CompileError as error:
        print(render_text(error.diagnostics), file=sys.stderr)
        if keep_rejected and name == "refuse":
            open_record(folder, Sink(), asked).finish("rejected", error="refused")
        return 2
    logging.getLogger("a.backend").info("noise")
    heavy = sorted({"keras", "tensorflow", "jax"} & set(sys.modules))
    if name != "sleep":
        print("ran", config["backend"]["backend"], config["seed"], heavy, flush=True)
    if name == "kill":
        os.kill(os.getpid(), 9)
    if name == "exit":
        sys.exit(0)
    if name == "raise":
        raise RuntimeError("a bug")
    if name == "fail":
        record.finish("failed", error="it failed")
        return 1
    try:
        if name == "sleep":
            print("sleeps", flush=True)
            time.sleep(60)
    except KeyboardInterrupt:
        record.finish("interrupted", error="interrupted")
        return 130
    metrics = {"test": {"loss": 0.5, "accuracy": 0.25 + config["seed"] / 100}}
    record.finish("completed", metrics=metrics, environment=os.environ.get("FROM_HYDRA"))
    if listeners:
        tell_measured(folder, config["fit"]["epochs"])
    return 0

def tell_measured(folder, epochs):
    from kerasgen.run.measured import NAME, MeasuredRun, PhaseTimes, Spent, Weight
    import json
    second = Spent(wall=1.0, cpu=0.5)
    phase = PhaseTimes(total=second, setup=second, epoch=second, validation=Spent(), state=Spent(),
        epochs=epochs, validations=0, states=0)
    weight = Weight(memory=3 * 2**20, shared=2**20, disk=2**10)
    measured = MeasuredRun(start=second, rest=second, phases=(phase,), weight=weight)
    (folder / NAME).write_text(json.dumps(measured.to_plain()))

module = types.ModuleType("kerasgen.run.experiment")
module.run_experiment = run_experiment
sys.modules["kerasgen.run.experiment"] = module
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """The application in a working directory of its own.

    Attributes:
        folder: the working directory.
        environment: the environment of its processes.
        program: what is started before the arguments.
        launcher: what sweeps are started with that name no other launcher.
    """

    folder: Path
    environment: Mapping[str, str]
    program: tuple[str, ...] = (sys.executable, str(ROOT / "run.py"))
    launcher: str = "process"

    def command(self, *arguments: str | bytes) -> list[str | bytes]:
        named = any("hydra/launcher" in os.fsdecode(text) for text in arguments)
        own = [] if named or "-m" not in arguments else [f"hydra/launcher={self.launcher}"]
        return [*self.program, *arguments, *own]

    def run(self, *arguments: str | bytes) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            stdin=subprocess.DEVNULL,
        )

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def records(self) -> dict[str, dict[str, Any]]:
        """Every record by its folder's name."""
        found = sorted(self.folder.rglob("record.json"))
        return {file.parent.name: json.loads(file.read_text()) for file in found}

    def left_behind(self) -> list[str]:
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*"))


@pytest.fixture
def application(tmp_path: Path) -> Application:
    (tmp_path / "stand_in").mkdir()
    (tmp_path / "stand_in" / "sitecustomize.py").write_text(STAND_IN)
    (tmp_path / "cwd").mkdir()
    environment = {name: text for name, text in os.environ.items() if name != "KERAS_BACKEND"}
    environment["PYTHONPATH"] = str(tmp_path / "stand_in")
    return Application(folder=tmp_path / "cwd", environment=environment)
