"""Keras's data sets: nothing is downloaded unless it is wanted."""

import urllib.request

import pytest

from kerasgen.data.sources.bundled import KerasDataset
from kerasgen.diagnostics import CompileError, Sink


@pytest.fixture
def cache(engine, tmp_path, monkeypatch):
    """An empty cache of Keras's own."""
    from keras.src.backend import config

    monkeypatch.setattr(config, "keras_home", lambda: str(tmp_path))
    return tmp_path / "datasets"


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "cifar10", "california_housing"])
def test_a_data_set_that_is_not_cached_is_refused_with_the_way_out(name, cache, capsys):
    sink = Sink()
    with pytest.raises(CompileError):
        KerasDataset(name=name).read(None, sink)
    (found,) = sink.diagnostics
    assert found.code == "KG501"
    assert found.message == f"`{name}` is not in Keras's cache, and `download` is false"
    assert "data.source.path" in found.help
    assert "data.source.download=true" in found.help
    assert capsys.readouterr().out == ""


def test_a_file_that_the_user_put_into_the_cache_is_not_deleted(cache):
    cache.mkdir()
    (cache / "mnist.npz").write_bytes(b"not the file that Keras knows")
    with pytest.raises(CompileError):
        KerasDataset(name="mnist").read(None, Sink())
    assert (cache / "mnist.npz").exists()


def test_the_network_is_open_again_afterwards(cache, monkeypatch):
    monkeypatch.setattr(urllib.request, "_opener", None)
    with pytest.raises(CompileError):
        KerasDataset(name="mnist").read(None, Sink())
    assert urllib.request._opener is None


def test_a_download_that_fails_names_the_local_file_as_the_way_out(cache, monkeypatch):
    from kerasgen.engines.keras3 import datasets

    def fail(module):
        raise Exception("URL fetch failure on https://…: None -- no route")

    monkeypatch.setattr(datasets, "_load", fail)
    sink = Sink()
    with pytest.raises(CompileError):
        KerasDataset(name="mnist", download=True).read(None, sink)
    (found,) = sink.diagnostics
    assert (found.code, found.location.key) == ("KG501", "data.source.download")
    assert found.message.startswith("`mnist` could not be loaded: URL fetch failure")
    assert "data.source.path" in found.help


def test_a_cached_data_set_has_its_given_test_part(engine, monkeypatch):
    import numpy as np

    from kerasgen.engines.keras3 import datasets

    pair = (np.zeros((3, 28, 28), "uint8"), np.array([0, 1, 2]))
    monkeypatch.setattr(datasets, "_load", lambda module: (pair, (pair[0][:1], pair[1][:1])))
    table = KerasDataset(name="mnist").read(None, Sink())
    assert table.columns["image"].shape == (4, 28, 28, 1)
    assert table.given.tolist() == [0, 0, 0, 2]
