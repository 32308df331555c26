"""Modules of one's own: how they are loaded, and what is said of one that fails."""

import importlib
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kerasgen.catalog.entries import Catalog
from kerasgen.diagnostics import CompileError, Diagnostic, Severity, Sink
from kerasgen.engines.keras3.engine import Keras3Engine
from kerasgen.frontend.compose.composition import compose
from kerasgen.registry import Trust
from kerasgen.session.custom_parts import loaded_files, with_custom_parts
from kerasgen.session.session import Session
from kerasgen.session.states import CLOSED, Outlined

LAYER = """\
import keras
import kerasgen

@kerasgen.register
class {name}(keras.layers.Layer):
    def call(self, inputs):
        return inputs
"""

ENGINE = Keras3Engine()

Load = Callable[[str, str], tuple[Catalog, Sink]]


@pytest.fixture(autouse=True)
def apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, engine: str) -> None:
    """A register, a path of modules and a working directory that go away with the test."""
    monkeypatch.setattr("kerasgen.registry._PARTS", [])
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Writes a module and has it trusted."""

    def write_and_load(module: str, text: str) -> tuple[Catalog, Sink]:
        path = tmp_path.joinpath(*module.split(".")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        for name in (module, module.partition(".")[0]):
            monkeypatch.delitem(sys.modules, name, raising=False)
        sink = Sink()
        return with_custom_parts(ENGINE, Trust(modules=(module,), folder=str(tmp_path)), sink), sink

    return write_and_load


def refused(act: Callable[[], object]) -> Diagnostic:
    with pytest.raises(CompileError) as caught:
        act()
    (found,) = caught.value.diagnostics
    assert found.code == "KG610"
    return found


def test_a_trusted_module_in_the_folder_of_the_command_is_loaded(load: Load) -> None:
    catalog, sink = load("own_pack.layers", LAYER.format(name="OwnGate"))
    entry = catalog.find("OwnGate", ("layer",))
    assert entry is not None
    assert entry.origin == "own_pack.layers:OwnGate"
    assert sink.diagnostics == []


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("x = 1\ndef f(:\n", 2, "SyntaxError: invalid syntax"),
        ("import kerasgen\n\nraise OSError('no')\n", 3, "OSError: no"),
        ("import not_there_at_all\n", 1, "No module named 'not_there_at_all'"),
        ("import kerasgen\nkerasgen.register(kind='x')(len)\n", 2, "has the kind `x`"),
        ("import json\n\njson.loads('{')\n", 3, "JSONDecodeError"),
        ("import sys\nsys.exit(3)\n", 2, "SystemExit: 3"),
    ],
)
def test_a_module_that_fails_is_told_with_its_line(
    load: Load, text: str, line: int, told: str
) -> None:
    found = refused(lambda: load("own_faulty", text))
    assert found.message.startswith("the module `own_faulty` cannot be imported: ")
    assert told in found.message
    assert found.location is not None
    assert (found.location.file, found.location.line) == ("own_faulty.py", line)


@pytest.mark.parametrize(
    ("name", "message", "fix"),
    [
        ("nowhere_at_all", "there is no module `nowhere_at_all`", "run the command in the folder"),
        ("json.nowhere", "there is no module `json.nowhere`", "run the command in the folder"),
        ("layers.py", "`layers.py` is no name of a module", "write `--trust layers`"),
        ("own/layers.py", "`own/layers.py` is no name of a module", "write `--trust own.layers`"),
    ],
)
def test_what_is_no_module_is_told_with_what_to_write(name: str, message: str, fix: str) -> None:
    found = refused(lambda: with_custom_parts(ENGINE, Trust(modules=(name,)), Sink()))
    assert found.message == message
    assert (found.help or "").startswith(fix)


def test_a_module_that_registers_nothing_is_a_warning(load: Load) -> None:
    _, sink = load("own_empty", "x = 1\n")
    (found,) = sink.diagnostics
    assert (found.severity, found.message) == (
        Severity.WARNING,
        "the module `own_empty` registers nothing",
    )


def test_a_file_in_the_folder_takes_no_module_s_place(load: Load) -> None:
    import json

    with_parts_of = load("own_first", LAYER.format(name="OwnFirst"))
    assert with_parts_of[1].diagnostics == []
    Path("colorsys.py").write_text("raise SystemExit\n", encoding="utf-8")
    sys.modules.pop("colorsys", None)
    import colorsys

    assert Path(colorsys.__file__ or "").parent == Path(json.__file__).parent.parent


def test_the_record_has_the_files_of_what_was_loaded(load: Load) -> None:
    load("own_pack.more", LAYER.format(name="OwnMore"))
    (found,) = loaded_files(Trust(modules=("own_pack.more",)))
    assert (found["module"], found["file"]) == ("own_pack.more", "own_pack/more.py")
    assert len(found["sha256"]) == 64


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Installs a package that offers parts, written as text."""

    def install(text: str) -> None:
        site = tmp_path / "site"
        info = site / "gates-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text("Name: gates\nVersion: 1.0\n", encoding="utf-8")
        (info / "entry_points.txt").write_text(
            "[kerasgen.parts]\ngates = installed_gates\n", encoding="utf-8"
        )
        (site / "installed_gates.py").write_text(text, encoding="utf-8")
        monkeypatch.delitem(sys.modules, "installed_gates", raising=False)
        monkeypatch.syspath_prepend(str(site))
        importlib.invalidate_caches()

    return install


def outlined(*overrides: str) -> Outlined:
    """A config of the engine in force, outlined without its data."""
    composition = compose([f"backend={os.environ['KERAS_BACKEND']}", *overrides])
    found = Session(composition, CLOSED).outlined
    assert isinstance(found, Outlined)
    return found


GATED = ("~model.layers.hidden1", "+model.layers.gate=InstalledGate")


def test_an_installed_package_is_loaded_for_a_name_that_nothing_else_has(
    package: Callable[[str], None],
) -> None:
    package(LAYER.format(name="InstalledGate"))
    assert outlined().catalog.find("InstalledGate", ("layer",)) is None
    assert "installed_gates" not in sys.modules
    assert outlined(*GATED).catalog.find("InstalledGate", ("layer",)) is not None


def test_a_package_that_fails_is_named(package: Callable[[str], None]) -> None:
    package("raise OSError('broken')\n")
    with pytest.raises(CompileError) as caught:
        outlined(*GATED)
    found, unknown = caught.value.diagnostics
    assert (found.code, found.severity) == ("KG610", Severity.WARNING)
    assert found.message == (
        "the package `gates` offers parts in `installed_gates`, which cannot be imported: "
        "OSError: broken"
    )
    assert unknown.code == "KG201"
