"""The engine in processes of its own: which settings are in force, and what is said if not."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kerasgen.engines.keras3.environment import keep_quiet, keras_json
from kerasgen.ir.program import BackendDef

ROOT = Path(__file__).resolve().parents[3]

START = """
import json, sys
from kerasgen.engines.keras3.environment import observed_devices, observed_settings, start_engine
from kerasgen.diagnostics import CompileError, Sink
from kerasgen.ir.program import BackendDef
{before}
settings = BackendDef(**json.loads(sys.argv[1]))
try:
    start_engine(settings, Sink())
except CompileError as error:
    found = error.diagnostics[-1]
    print(json.dumps({{"code": found.code, "message": found.message, "help": found.help}}))
    raise SystemExit
{after}
print(json.dumps(observed_settings() | {{"devices": observed_devices()}}))
"""


def start(
    home: Path,
    *,
    before: str = "",
    after: str = "",
    env: dict[str, str] | None = None,
    **settings: Any,
) -> tuple[dict[str, Any], str]:
    """Starts the engine in a process whose home folder is `home`; gives its answer and stderr."""
    inherited = {
        key: value for key, value in os.environ.items() if not key.startswith(("KERAS", "TF_CPP"))
    }
    done = subprocess.run(
        [sys.executable, "-c", START.format(before=before, after=after), json.dumps(settings)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        cwd=ROOT,
        env=inherited | {"HOME": str(home), "PYTHONPATH": str(ROOT)} | (env or {}),
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer, done.stderr


HOSTILE = '{"backend": "theano", "floatx": "float16", "image_data_format": "channels_first"}'


SETTINGS: dict[str, Any] = {
    "floatx": "float64",
    "epsilon": 1e-5,
    "image_data_format": "channels_first",
}


def seen_by_hostile_user(home: Path, backend: str) -> tuple[dict[str, Any], str]:
    """Starts a backend for a user whose `keras.json` says something else, and saves a model."""
    file = home / ".keras" / "keras.json"
    file.parent.mkdir()
    file.write_text(HOSTILE)
    (file.parent / "datasets").mkdir()
    after = """
import os
from pathlib import Path
assert (Path(os.environ["KERAS_HOME"]) / "datasets").resolve() == Path.home() / ".keras/datasets"
"""
    if backend == "torch":
        after += SAVES
    return start(home, after=after, env={"KERAS_BACKEND": "numpy"}, backend=backend, **SETTINGS)


SAVES = """
import keras
from kerasgen.engines.keras3.training import load_model, save_model
path = Path.home() / "model.keras"
save_model(keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]), path)
load_model(path)
"""


@pytest.fixture(scope="module")
def torch_home(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any], str]:
    """The home of a user of PyTorch; what was in force; what was said on stderr."""
    home = tmp_path_factory.mktemp("home")
    return home, *seen_by_hostile_user(home, "torch")


@pytest.mark.parametrize(
    "backend", ["tensorflow", "jax", pytest.param("torch", marks=pytest.mark.slow)]
)
def test_the_run_s_settings_are_in_force_whatever_the_user_s_are(
    tmp_path: Path, backend: str, request: pytest.FixtureRequest
) -> None:
    if backend == "torch":
        home, seen, stderr = request.getfixturevalue("torch_home")
    else:
        home = tmp_path
        seen, stderr = seen_by_hostile_user(home, backend)
    settings = {"backend": backend, **SETTINGS}
    assert {key: seen[key] for key in settings} == settings
    assert seen["devices"] == ["cpu:0"]
    assert stderr == ""
    assert (home / ".keras/keras.json").read_text() == HOSTILE
    assert sorted(path.name for path in (home / ".keras").iterdir()) == ["datasets", "keras.json"]


@pytest.mark.slow
def test_a_model_is_read_quietly_under_another_backend(
    torch_home: tuple[Path, dict[str, Any], str],
) -> None:
    home, _, stderr = torch_home
    assert [path.name for path in home.glob("*model*")] == ["model.keras"]
    assert stderr == ""


AGAIN = """
try:
    start_engine(BackendDef(backend="jax", epsilon=0.5), Sink())
except RuntimeError as error:
    bug = str(error)
try:
    start_engine(BackendDef(backend="jax", device="cpu:7"), Sink())
except CompileError as error:
    found = error.diagnostics[-1]
print(json.dumps({"bug": bug, "code": found.code, "message": found.message}))
raise SystemExit
"""


@pytest.fixture(scope="module")
def asked_again(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A home without a Keras folder, and what an engine there says to other settings."""
    home = tmp_path_factory.mktemp("plain")
    return home, start(home, after=AGAIN, backend="jax")[0]


@pytest.mark.slow
def test_a_user_without_a_keras_folder_gets_none(asked_again: tuple[Path, dict[str, Any]]) -> None:
    assert not (asked_again[0] / ".keras").exists()


@pytest.mark.slow
def test_a_dtype_policy_and_bfloat16_are_set_after_the_import(tmp_path: Path) -> None:
    seen, _ = start(tmp_path, backend="jax", dtype_policy="mixed_float16")
    assert (seen["dtype_policy"], seen["floatx"]) == ("mixed_float16", "float32")
    seen, _ = start(tmp_path, backend="jax", floatx="bfloat16")
    assert (seen["dtype_policy"], seen["floatx"]) == ("bfloat16", "bfloat16")


@pytest.mark.slow
def test_an_unknown_dtype_policy_is_told(tmp_path: Path) -> None:
    seen, _ = start(tmp_path, backend="jax", dtype_policy="mixed_float17")
    assert seen["code"] == "KG604"
    assert "mixed_float17" in seen["message"]


@pytest.mark.slow
def test_an_unknown_device_is_told_with_the_known_ones(tmp_path: Path) -> None:
    seen, _ = start(tmp_path, backend="jax", device="gpu:3")
    assert seen == {
        "code": "KG604",
        "message": "there is no device `gpu:3`",
        "help": "known: `cpu:0`",
    }


def test_an_unknown_device_is_told_by_an_engine_that_runs_too(
    asked_again: tuple[Path, dict[str, Any]],
) -> None:
    seen = asked_again[1]
    assert (seen["code"], seen["message"]) == ("KG604", "there is no device `cpu:7`")


ABSENT = """
import importlib.abc
class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "jax":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
"""

UNFINDABLE = """
import importlib.util
find_spec = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name == "jax" else find_spec(name)
"""


@pytest.mark.parametrize("before", [ABSENT, UNFINDABLE], ids=["raises", "finds nothing"])
def test_a_backend_that_is_not_installed_is_told_with_its_extra(
    tmp_path: Path, before: str
) -> None:
    seen, _ = start(tmp_path, before=before, backend="jax")
    assert seen["code"] == "KG603"
    assert "`jax`" in seen["message"]
    assert "'kerasgen[jax]'" in seen["help"]


def test_other_settings_than_those_in_force_are_a_bug(
    asked_again: tuple[Path, dict[str, Any]],
) -> None:
    assert "epsilon is 1e-07, not 0.5" in asked_again[1]["bug"]


def test_keras_json_has_the_four_keys_and_a_float() -> None:
    assert json.loads(keras_json(BackendDef(epsilon=1))) == {
        "backend": "tensorflow",
        "floatx": "float32",
        "epsilon": 1.0,
        "image_data_format": "channels_last",
    }


def test_tensorflow_starts_in_silence_beside_another_backend(
    capfd: pytest.CaptureFixture[str],
) -> None:
    class Loud:
        module: Any = None

        def initialize(self) -> None:
            os.write(2, b"imported\n")
            devices = SimpleNamespace(list_physical_devices=lambda: os.write(2, b"looked\n"))
            self.module = SimpleNamespace(config=devices)

    tensorflow = Loud()
    keep_quiet(tensorflow)
    tensorflow.initialize()
    assert tensorflow.module is not None
    assert capfd.readouterr().err == ""


def test_what_tensorflow_said_is_shown_where_it_cannot_start(
    capfd: pytest.CaptureFixture[str],
) -> None:
    def fail() -> None:
        os.write(2, b"a library is lacking\n")
        raise ImportError

    tensorflow = SimpleNamespace(initialize=fail, module=None)
    keep_quiet(tensorflow)
    with pytest.raises(ImportError):
        tensorflow.initialize()
    assert capfd.readouterr().err == "a library is lacking\n"
