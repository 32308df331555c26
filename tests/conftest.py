"""What all tests share: one small engine in the test's process, and configs compiled with it.

A test that needs Keras asks for `engine` (or for a fixture that does) and imports it afterwards,
so that the settings in force are known and a test run without such tests imports no Keras.
"""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest
import yaml
from sampled_cases import leave_to_the_slow_suite
from shared_work import LONG_FILES, TENSORFLOW, SharedByBackend, backend_of
from xdist.remote import Producer

from kerasgen.catalog.entries import Catalog, ClassEntry, Parameter
from kerasgen.diagnostics import CompileError, Diagnostic, Sink
from kerasgen.diagnostics.render import render_text
from kerasgen.engine import Engine, StartedEngine
from kerasgen.engines.choice import engine_for
from kerasgen.ir.graph import ModelGraph
from kerasgen.ir.program import Program
from kerasgen.passes.compiled import CompiledProgram
from kerasgen.passes.outline import outline
from kerasgen.record.file_names import CONFIG, RECORD
from kerasgen.record.provenance import process_identity
from kerasgen.record.versions import SCHEMA

for _variable in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
    os.environ.setdefault(_variable, "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("MPLBACKEND", "Agg")
# JAX compiles each operation for each shape: most of the time goes into making it quick.
os.environ.setdefault(
    "XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
)
# Tests start some two hundred processes, each of which would read all sources anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

ROOT = Path(__file__).resolve().parent.parent
os.environ.setdefault("KERASGEN_CACHE", str(ROOT / ".pytest_cache" / "kerasgen"))


def pytest_configure(config: pytest.Config) -> None:
    """Chooses the backend of a process that runs tests; one that hands them out needs none."""
    worker: Mapping[str, Any] | None = getattr(config, "workerinput", None)
    if worker is not None and worker["workercount"] > 1:
        os.environ.setdefault("KERAS_BACKEND", backend_of(worker["workerid"]))
    elif worker is not None or not config.getoption("numprocesses"):
        os.environ.setdefault("KERAS_BACKEND", TENSORFLOW)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> SharedByBackend | None:
    """Shares the files out by backend, unless a backend or another way is asked for."""
    asked = "KERAS_BACKEND" in os.environ or config.getoption("dist") != "loadfile"
    return None if asked else SharedByBackend(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leaves cases to the slow suite, and puts the longest files first.

    So no worker is left with one at the end.
    """
    leave_to_the_slow_suite(items)
    places = {name: place for place, name in enumerate(LONG_FILES)}
    items.sort(key=lambda item: places.get(item.path.name, len(LONG_FILES)))


@dataclass(frozen=True, kw_only=True)
class Built:
    """A model that was compiled from a `model` section, with weights."""

    graph: ModelGraph
    specs: Any
    cost: Any
    model: Any
    diagnostics: list[Diagnostic]


class BuildModel(Protocol):
    """Compiles a `model` section, YAML text or plain data, for inputs of the given shapes."""

    def __call__(
        self,
        model: str | Mapping[str, Any],
        inputs: Mapping[str, Sequence[int | None]],
        *,
        seed: int = 0,
        dtypes: Mapping[str, str] | None = None,
    ) -> Built: ...


class MakeProgram(Protocol):
    """Parses a program around a `model` section; further groups by keyword."""

    def __call__(
        self,
        model: Any,
        inputs: Mapping[str, Sequence[int | None]] | None = None,
        **groups: Any,
    ) -> tuple[Program, Sink]: ...


def make_program(
    model: Any, inputs: Mapping[str, Sequence[int | None]] | None = None, **groups: Any
) -> tuple[Program, Sink]:
    from programs import read_program

    inputs = {"input": [4]} if inputs is None else inputs
    config = {
        "backend": {"backend": os.environ["KERAS_BACKEND"]},
        "data": {
            "source": {"class": "ScikitLearn", "name": "digits"},
            "features": {name: name for name in inputs},
            "target": "label",
            "task": "regression",
            "facts": {"shape": {name: list(shape) for name, shape in inputs.items()}},
        },
        "model": yaml.safe_load(model) if isinstance(model, str) else model,
        "optimizer": "adam",
        "compile": {},
        "fit": {},
        "tracking": {},
    }
    sink = Sink()
    return read_program(config | groups, sink)


@pytest.fixture(scope="session")
def program() -> MakeProgram:
    return make_program


@pytest.fixture(scope="session")
def engine() -> str:
    """Starts Keras once for the process; gives the backend's name."""
    from kerasgen.engines.keras3.environment import start_engine
    from kerasgen.ir.program import BackendDef

    backend = os.environ["KERAS_BACKEND"]
    start_engine(BackendDef(backend=backend), Sink())
    return backend


@pytest.fixture(scope="session")
def catalog(engine: str) -> Catalog:
    """Everything of Keras, and one data source."""
    from kerasgen.engines.keras3.introspection import keras_catalog

    parameters = {"name": Parameter(name="name")}
    return keras_catalog().extended(
        [ClassEntry(name="ScikitLearn", kind="source", parameters=parameters)]
    )


@pytest.fixture(scope="session")
def keras3(engine: str) -> Engine:
    """Keras as an engine, started."""
    return engine_for(engine)


@pytest.fixture(scope="session")
def started(keras3: Engine, catalog: Catalog) -> StartedEngine:
    """Keras as an engine, with everything that a config may name."""
    return StartedEngine(engine=keras3, catalog=catalog)


@pytest.fixture(scope="session")
def realize(keras3: Engine, catalog: Catalog) -> Callable[[CompiledProgram], Any]:
    """Makes the Keras model of a compiled program; its weights have no memory yet."""

    def make(compiled: CompiledProgram) -> Any:
        return keras3.realize(compiled, catalog).model  # type: ignore[attr-defined]

    return make


@pytest.fixture(scope="session")
def build_model(catalog: Catalog) -> BuildModel:
    """Takes a `model` section through check, wire and shapes, and gives its model memory."""
    from kerasgen.engines.keras3.build import KerasOracle
    from kerasgen.engines.keras3.deferred_weights import allocate_weights
    from kerasgen.engines.keras3.environment import set_seed
    from kerasgen.ir.values import TensorSpec
    from kerasgen.passes.catalog_check import check
    from kerasgen.passes.cost import TrainingSize, count_costs
    from kerasgen.passes.shapes import infer_shapes
    from kerasgen.passes.wire import wire

    def build(
        model: str | Mapping[str, Any],
        inputs: Mapping[str, Sequence[int | None]],
        *,
        seed: int = 0,
        dtypes: Mapping[str, str] | None = None,
    ) -> Built:
        program, sink = make_program(model, inputs)
        check(program, catalog, sink)
        graph = wire(program.model, catalog, sink)
        sink.stop_on_errors()
        assert graph is not None
        given = {
            name: TensorSpec(shape=(None, *shape), dtype=(dtypes or {}).get(name, "float32"))
            for name, shape in inputs.items()
        }
        set_seed(seed)
        oracle = KerasOracle(catalog)
        specs = infer_shapes(graph, given, oracle, sink)
        sink.stop_on_errors()
        cost = count_costs(graph, specs, oracle, TrainingSize(batch_size=32, slots=2))
        made = oracle.assemble(graph)
        allocate_weights(made)
        return Built(graph=graph, specs=specs, cost=cost, model=made, diagnostics=sink.diagnostics)

    return build


Same = Callable[[Sequence[str], Path], None]
Outcome = tuple[Any, list[Diagnostic]]
CompileConfig = Callable[..., Outcome]


@pytest.fixture(scope="session")
def compile_config(keras3: Engine, catalog: Catalog) -> CompileConfig:
    """Compiles overrides and config files: the compiled program or None, and the diagnostics.

    `compile_config(overrides, config_dir)`: the whole way from Hydra to what is trained.
    """

    def compile_(overrides: Sequence[str], config_dir: str | None = None) -> Outcome:
        from programs import read_program

        from kerasgen.compiler import compile_program
        from kerasgen.frontend.compose.composition import compose, resolve

        backend = f"backend={os.environ['KERAS_BACKEND']}"
        try:
            config, sink = resolve(compose([backend, *overrides], config_dir))
            program, sink = read_program(config, sink)
            outlined = outline(program, catalog, sink)
            compiled = compile_program(outlined, keras3, catalog, sink)
        except CompileError as error:
            return None, list(error.diagnostics)
        return compiled, sink.diagnostics

    return compile_


@pytest.fixture(
    params=["calls", pytest.param("history", marks=pytest.mark.slow)],
    ids=["what Keras is given", "history"],
)
def assert_trains_alike(
    request: pytest.FixtureRequest, engine: str, monkeypatch: pytest.MonkeyPatch
) -> Same:
    """Asserts that a config and its script train alike, by the overrides and a folder."""
    from ejected_scripts import assert_same_calls, assert_same_history

    compare = assert_same_calls if request.param == "calls" else assert_same_history

    def assert_same(overrides: Sequence[str], folder: Path) -> None:
        compare(overrides, folder, monkeypatch)

    return assert_same


@pytest.fixture
def config_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Writes config files below `tmp_path/conf`, goes to `tmp_path`, and gives the folder.

    `config_files({"model/mine.yaml": text})`; diagnostics then show `conf/model/mine.yaml`.
    """
    monkeypatch.chdir(tmp_path)

    def write(files: Mapping[str, str]) -> str:
        for name, text in files.items():
            path = tmp_path / "conf" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return "conf"

    return write


@pytest.fixture(scope="session")
def render() -> Callable[[Sequence[Diagnostic]], str]:
    return render_text


MakeRun = Callable[..., Path]


@pytest.fixture
def make_run(tmp_path: Path) -> MakeRun:
    """Writes a record: `make_run(id, config=text, **fields)`; gives back the folder."""

    def make(place: str, /, *, config: str | None = None, **fields: Any) -> Path:
        folder = tmp_path / place
        folder.mkdir(parents=True, exist_ok=True)
        record = {
            "schema": SCHEMA,
            "status": "completed",
            "name": "",
            "started": "2024-05-01T12:00:00.000+00:00",
            "process": process_identity(),
            "choices": {},
        }
        (folder / RECORD).write_text(json.dumps(record | fields), encoding="utf-8")
        if config is not None:
            (folder / CONFIG).write_text(config, encoding="utf-8")
        return folder

    return make
