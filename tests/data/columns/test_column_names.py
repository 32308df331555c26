"""Names of columns that are known before the data is opened."""

from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from kerasgen.data.columns.names import check_known_columns, known_columns
from kerasgen.data.sources.bundled import BundledName, KerasDataset, KerasName, ScikitLearn
from kerasgen.diagnostics import Sink
from kerasgen.frontend.parse.data import parse_data
from kerasgen.ir.values import ObjectDef


def known(cls: str, **arguments: str) -> tuple[str, ...] | None:
    return known_columns(ObjectDef(cls=cls, path="data.source", arguments=arguments))


@pytest.mark.parametrize("name", get_args(BundledName))
def test_the_names_of_a_bundled_data_set_are_those_that_it_gives(name: BundledName) -> None:
    assert known("ScikitLearn", name=name) == ScikitLearn(name=name).read(None, Sink()).names


@pytest.mark.parametrize("name", get_args(KerasName))
def test_the_names_of_a_data_set_of_keras_are_those_that_it_gives(
    name: KerasName, tmp_path: Path
) -> None:
    file = tmp_path / "a.npz"
    np.savez(file, x=np.zeros((3, 2)), y=np.zeros(3))
    given = KerasDataset(name=name, path=str(file)).read(None, Sink()).names
    assert known("KerasDataset", name=name) == given


def test_nothing_is_known_of_files_that_name_their_own_columns() -> None:
    assert known("Csv", path="gone.csv") is None
    assert known("Arrays", path="gone.npz") is None
    assert known("ScikitLearn", name="nope") is None


def test_a_table_whose_config_names_its_columns_needs_no_file() -> None:
    sink = Sink()
    source = {"class": "Csv", "path": "gone.csv", "header": False, "columns": ["a", "b"]}
    section = {"source": source, "features": ["a", "c"], "target": "b", "task": "regression"}
    data = parse_data(section, sink)
    assert data is not None
    check_known_columns(data, sink)
    assert [found.code for found in sink.diagnostics] == ["KG504"]
