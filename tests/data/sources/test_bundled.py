"""The data sets of scikit-learn and Keras."""

import sys

import numpy as np
import pytest

from kerasgen.data.sources.bundled import KerasDataset, ScikitLearn
from kerasgen.diagnostics import CompileError


def test_the_digits_are_images_of_bytes_with_a_channel(sink):
    table = ScikitLearn(name="digits").read(None, sink)
    assert table.columns["image"].shape == (1797, 8, 8, 1)
    assert table.columns["image"].dtype == np.uint8
    assert table.class_names["label"] == tuple("0123456789")


def test_a_table_has_one_column_a_feature_with_a_name_for_the_command_line(sink):
    table = ScikitLearn(name="iris").read(None, sink)
    assert table.names == (
        "sepal_length",
        "sepal_width",
        "petal_length",
        "petal_width",
        "target",
    )
    assert table.class_names["target"] == ("setosa", "versicolor", "virginica")


@pytest.mark.parametrize("name", ["wine", "breast_cancer", "diabetes", "linnerud"])
def test_every_bundled_table_has_distinct_names_and_equal_rows(name, sink):
    table = ScikitLearn(name=name).read(None, sink)
    assert len(set(table.names)) == len(table.names) == len(table.columns)
    assert len({len(column) for column in table.columns.values()}) == 1


def test_only_the_wanted_columns_are_given_and_all_are_named(sink):
    table = ScikitLearn(name="wine").read(frozenset({"alcohol", "nothing"}), sink)
    assert list(table.columns) == ["alcohol"]
    assert len(table.names) == 14


def test_the_diabetes_table_was_not_scaled_with_its_test_rows(sink):
    table = ScikitLearn(name="diabetes").read(None, sink)
    assert table.columns["age"].max() == 79.0


def test_a_regression_has_no_class_names(sink):
    assert ScikitLearn(name="diabetes").read(None, sink).class_names == {}


def test_a_keras_data_set_is_read_from_a_local_file_without_keras(sink, tmp_path):
    before = "keras" in sys.modules
    path = tmp_path / "mnist.npz"
    images = np.zeros((3, 28, 28), dtype="uint8")
    np.savez(path, x_train=images, y_train=[1, 2, 3], x_test=images[:2], y_test=[1, 2])
    table = KerasDataset(name="mnist", path=str(path)).read(None, sink)
    assert table.columns["image"].shape == (5, 28, 28, 1)
    assert table.columns["label"].tolist() == [1, 2, 3, 1, 2]
    assert table.given.tolist() == [0, 0, 0, 2, 2]
    assert ("keras" in sys.modules) == before


def test_a_local_file_of_other_arrays_is_refused(sink, tmp_path):
    path = tmp_path / "mnist.npz"
    np.savez(path, a=[1], b=[2])
    with pytest.raises(CompileError):
        KerasDataset(name="mnist", path=str(path)).read(None, sink)
    (found,) = sink.diagnostics
    assert found.code == "KG502"
    assert found.message == f"`{path}` has no array `x_train` or `x`"


def test_a_housing_set_has_features_and_a_target(sink, tmp_path):
    path = tmp_path / "boston_housing.npz"
    np.savez(path, x=np.ones((4, 13)), y=[1.0, 2.0, 3.0, 4.0])
    table = KerasDataset(name="boston_housing", path=str(path)).read(None, sink)
    assert table.names == ("features", "target")
    assert table.given is None
