"""The engine: puts a run's settings in force before Keras is imported, and says what is in force.

This room owns keras.json, the environment variables that Keras reads at import, and the
settings that are made after it. Importing this module imports no Keras; `start_engine` does.
"""

from __future__ import annotations

import atexit
import contextlib
import dataclasses
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kerasgen.diagnostics import Sink
from kerasgen.engine import GIVEN_HOME, EngineInForceError
from kerasgen.foreign.regular_files import is_folder
from kerasgen.ir.program import BackendDef
from kerasgen.process import garbage
from kerasgen.process.interruption import finally_do, held
from kerasgen.process.packages import is_installed

KEYS = ("backend", "floatx", "epsilon", "image_data_format")
"""The keys of keras.json that Keras reads."""

PACKAGES: Mapping[str, str] = {"jax": "jax", "tensorflow": "tensorflow", "torch": "torch"}
"""Backend to the package that it needs; the one that is imported fastest comes first."""


def keras_json(settings: BackendDef) -> str:
    """The text of keras.json for the given settings."""
    content = {key: getattr(settings, key) for key in KEYS}
    return json.dumps(content | {"epsilon": float(settings.epsilon)}, indent=4) + "\n"


def preload_engine(settings: BackendDef, sink: Sink) -> None:
    """Imports Keras with the given settings, and goes no further: no backend computes anything.

    A process that has done this alone may be forked. In the child `start_engine` does the rest.

    Args:
        settings: what is to be in force.
        sink: gets a package that is not installed, or a setting that Keras refuses.

    Raises:
        CompileError: it cannot be imported with these settings.
    """
    with _explained(settings, sink):
        _import_keras(settings, sink)
    _preloaded.append(settings)


_preloaded: list[BackendDef] = []
"""The settings of an engine that was imported and not started, if there is one in this process."""


def start_engine(settings: BackendDef, sink: Sink) -> None:
    """Imports Keras with the given settings in force.

    Keras reads keras.json once, at import, from `$KERAS_HOME`; the user's own is never read. The
    home is a temporary folder whose `datasets` leads to the user's downloads. `KERAS_BACKEND`
    is set too, since it would win over the file.

    Args:
        settings: what is to be in force.
        sink: gets a package that is not installed, or a setting that Keras refuses.

    Raises:
        CompileError: the engine cannot be started with these settings.
        EngineInForceError: Keras was imported before with other settings.
    """
    if "keras" in sys.modules and not _preloaded:
        _assert_in_force(settings)
        _set_policy(settings, sink)
        if settings.deterministic:
            _make_deterministic(settings.backend)
        if settings.device is not None:  # The process's first config may have named another.
            _check_device(settings.device, sink)
        return
    with _explained(settings, sink):
        if not _preloaded:
            _import_keras(settings, sink)
        _preloaded.clear()
        with quiet_stderr(), garbage.paused():
            observed_devices()  # TensorFlow looks for its devices, loudly, at first use.
    import keras

    keep_quiet(keras.src.utils.module_utils.tensorflow)
    if settings.dtype_policy is not None:
        _set_policy(settings, sink)
    if settings.floatx == "bfloat16":
        keras.config.set_floatx("bfloat16")  # keras.json may not hold it, the setter may.
    if settings.deterministic:
        _make_deterministic(settings.backend)
    if settings.device is not None:
        _check_device(settings.device, sink)
    _assert_in_force(settings)


def _import_keras(settings: BackendDef, sink: Sink) -> None:
    package = PACKAGES[settings.backend]
    if not is_installed(package):
        raise sink.fail(
            "KG603",
            f"the backend `{settings.backend}` needs the package `{package}`",
            key="backend.backend",
            help=f"pip install 'kerasgen[{settings.backend}]'",
        )
    home = _make_home(keras_json(settings))
    os.environ |= {"KERAS_HOME": str(home), "KERAS_BACKEND": settings.backend}
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    with quiet_stderr(), garbage.paused():
        import keras  # noqa: F401 - it is there afterwards


@contextlib.contextmanager
def _explained(settings: BackendDef, sink: Sink) -> Iterator[None]:
    """Says what cannot be imported, or is refused by Keras."""
    try:
        yield
    except ImportError as error:
        raise sink.fail(
            "KG603",
            f"the backend `{settings.backend}` cannot be imported: {error}",
            key="backend.backend",
            help=f"pip install --upgrade 'kerasgen[{settings.backend}]'",
        ) from error
    except (ValueError, TypeError) as error:
        raise sink.fail("KG604", f"Keras refuses keras.json: {error}", key="backend") from error


@contextlib.contextmanager
def quiet_stderr() -> Iterator[None]:
    """Keeps back what libraries write to the process's stderr; it is shown if the block fails.

    TensorFlow's C++ code writes there, before any of its switches for that has an effect.

    Raises:
        BaseException: what the block raises.
    """
    sys.stderr.flush()
    with tempfile.TemporaryFile() as kept:
        terminal = os.dup(2)
        os.dup2(kept.fileno(), 2)
        try:
            yield
        except KeyboardInterrupt:
            raise  # What libraries have said does not explain it.
        except BaseException:
            os.dup2(terminal, 2)
            kept.seek(0)
            os.write(2, kept.read())
            raise
        finally:
            os.dup2(terminal, 2)
            os.close(terminal)


def keep_quiet(tensorflow: Any) -> None:
    """Lets TensorFlow start in silence beside another backend, where text is looked up by it.

    Args:
        tensorflow: the module as Keras has it, which is imported when it is first needed.
    """
    start = tensorflow.initialize

    def start_quietly() -> None:
        with quiet_stderr():
            start()
            if tensorflow.module is not None:
                tensorflow.module.config.list_physical_devices()

    tensorflow.initialize = start_quietly


def _check_device(device: str, sink: Sink) -> None:
    known = observed_devices()
    # `gpu` means the first one, as in `keras.device`.
    if device.lower() not in {name for d in known for name in (d.lower(), d.split(":")[0].lower())}:
        raise sink.fail(
            "KG604",
            f"there is no device `{device}`",
            key="backend.device",
            help="known: " + ", ".join(f"`{name}`" for name in known),
        )


@contextlib.contextmanager
def no_idle_tensorflow() -> Iterator[None]:
    """Keeps Keras from importing an installed TensorFlow that nothing uses (2 to 3 s).

    Seeding, saving and loading ask whether TensorFlow is there, and Keras answers by importing it
    under every backend. Where it is the backend, or is there already, all stays as it is.
    """
    import keras

    tensorflow = keras.src.utils.module_utils.tensorflow
    if keras.config.backend() == "tensorflow" or "tensorflow" in sys.modules:
        yield
        return
    known, tensorflow._available = tensorflow._available, False
    try:
        yield
    finally:
        tensorflow._available = known


def set_seed(seed: int) -> None:
    """Seeds Python's, NumPy's, Keras's and the backend's random generators."""
    import keras

    with no_idle_tensorflow():
        keras.utils.set_random_seed(seed)


def observed_settings() -> dict[str, object]:
    """The four settings that are in force in the imported Keras, as keras.json would say them."""
    import keras

    return {
        "backend": keras.config.backend(),
        "floatx": keras.config.floatx(),
        "epsilon": keras.config.epsilon(),
        "image_data_format": keras.config.image_data_format(),
        "dtype_policy": keras.config.dtype_policy().name,
    }


def in_force(settings: BackendDef) -> bool | None:
    """Whether Keras runs with these settings; None where it was not imported yet."""
    if "keras" not in sys.modules:
        return None
    wanted = {
        **{key: getattr(settings, key) for key in KEYS},
        "dtype_policy": settings.dtype_policy or settings.floatx,
    }
    return observed_settings() == wanted


def working_device(device: str | None) -> contextlib.AbstractContextManager[Any]:
    """The scope in which a run works on a device, as `keras.device` makes it; None for no choice.

    Args:
        device: a device that was found when the engine was started, such as `cpu:0`.
    """
    import keras

    if device is None:
        return contextlib.nullcontext()
    if keras.config.backend() == "torch" and device.lower() == "cpu:0":
        device = "cpu"  # PyTorch takes the two for different devices, and copies between them.
    scope: contextlib.AbstractContextManager[Any] = keras.device(device)
    return scope


def observed_devices() -> list[str]:
    """The devices that the backend in force can use, as Keras names them (`cpu:0`, `gpu:0`)."""
    import keras

    if keras.config.backend() == "torch":  # Keras 3.15 lists no devices for PyTorch.
        import torch

        return ["cpu:0", *(f"gpu:{index}" for index in range(torch.cuda.device_count()))]
    return [str(device) for device in keras.distribution.list_devices()]


def user_keras_home() -> Path:
    """The folder in which the user's own Keras keeps its settings and downloads."""
    try:
        return Path(_USER_HOME).expanduser() if _USER_HOME else Path.home() / ".keras"
    except RuntimeError:  # There is no such user, or no home.
        return Path(_USER_HOME or ".keras")


_USER_HOME = os.environ.get("KERAS_HOME", "")


def _make_home(content: str) -> Path:
    with held():  # of a folder that was made nobody may lose sight
        given = os.environ.pop(GIVEN_HOME, None)
        home = Path(given or tempfile.mkdtemp(prefix="kerasgen-home-"))
        atexit.register(_remove_home, home, os.getpid())
        finally_do(lambda: shutil.rmtree(home, ignore_errors=True))  # A fork forgets it.
    # bfloat16 is legal as floatx but not in the file.
    (home / "keras.json").write_text(content.replace('"bfloat16"', '"float32"'), encoding="utf-8")
    for folder in ("datasets", "models"):
        downloads = user_keras_home() / folder
        if is_folder(downloads):
            (home / folder).symlink_to(downloads, target_is_directory=True)
    return home


def _remove_home(home: Path, owner: int) -> None:
    """Removes the home of Keras, unless this process is a fork of the one that made it."""
    if os.getpid() == owner:
        shutil.rmtree(home, ignore_errors=True)


def _make_deterministic(backend: str) -> None:
    """Lets the backend compute the same again; what JAX compiles for a processor does so anyway."""
    if backend == "tensorflow":
        import tensorflow

        tensorflow.config.experimental.enable_op_determinism()
    elif backend == "torch":
        import torch

        torch.use_deterministic_algorithms(True)


def _set_policy(settings: BackendDef, sink: Sink) -> None:
    """Gives the layers to come their policy, which an earlier config of the process may have set.

    Raises:
        CompileError: KG604, Keras refuses it.
    """
    import keras

    wanted = settings.dtype_policy or settings.floatx
    if keras.config.dtype_policy().name == wanted:
        return
    try:
        keras.config.set_dtype_policy(wanted)
    except (ValueError, TypeError) as error:
        raise sink.fail("KG604", str(error), key="backend.dtype_policy") from error


def _assert_in_force(settings: BackendDef) -> None:
    found = observed_settings()
    wanted = dataclasses.asdict(settings)
    wrong = [key for key in KEYS if found[key] != wanted[key]]
    if wrong:
        told = ", ".join(f"{key} is {found[key]!r}, not {wanted[key]!r}" for key in wrong)
        message = f"Keras is in force with other settings than the config's: {told}"
        raise EngineInForceError(message, wrong)
