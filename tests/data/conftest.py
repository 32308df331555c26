"""Data groups written as YAML, opened, split and prepared in one call."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from kerasgen.data.opened import OpenedData, open_data
from kerasgen.data.split import PartRows
from kerasgen.diagnostics import CompileError, Diagnostic, Sink
from kerasgen.frontend.parse.data import parse_data
from kerasgen.ir.data import DataDef

DATASETS = Path(__file__).resolve().parents[3] / "shared" / "datasets"


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture(scope="session")
def define() -> Callable[[str], DataDef]:
    """Parses a data group."""

    def parse(text: str) -> DataDef:
        sink = Sink()
        definition = parse_data(yaml.safe_load(text), sink)
        assert definition is not None, sink.diagnostics
        return definition

    return parse


@pytest.fixture(scope="session")
def open_text(define: Callable[[str], DataDef]) -> Callable[[str], OpenedData]:
    """Opens a data group."""
    return lambda text: open_data(define(text), Sink())


@pytest.fixture(scope="session")
def refused(define: Callable[[str], DataDef]) -> Callable[[str], list[Diagnostic]]:
    """Opens a data group that has mistakes, and gives them."""

    def attempt(text: str) -> list[Diagnostic]:
        with pytest.raises(CompileError) as caught:
            open_data(define(text), Sink())
        return list(caught.value.diagnostics)

    return attempt


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., str]:
    """Writes named arrays as a `.npz` file; gives a data group that reads `x` and `y` of it."""

    def write(rest: str = "task: classification", **arrays: Any) -> str:
        path = tmp_path / "arrays.npz"
        np.savez(path, **{name: np.asarray(array) for name, array in arrays.items()})
        return f"{{source: {{class: Arrays, path: {path}}}, features: x, target: y, {rest}}}"

    return write


@pytest.fixture
def split(define: Callable[[str], DataDef]) -> Callable[..., tuple[OpenedData, PartRows]]:
    """Opens and splits a data group."""

    def divide(text: str, seed: int = 0) -> tuple[OpenedData, PartRows]:
        definition = define(text)
        opened = open_data(definition, Sink(), seed=seed)
        return opened, opened.parts

    return divide


@pytest.fixture
def dataset() -> Callable[[str], Path]:
    """A file of the data sets beside the checkout; the test is skipped where it is not there."""

    def find(name: str) -> Path:
        path = DATASETS / name
        if not path.exists():
            pytest.skip(f"the data set {name} is not beside the checkout")
        return path

    return find
