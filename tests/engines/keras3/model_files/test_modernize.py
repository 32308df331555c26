"""Models that old Keras wrote become configs that compile, with as many weights as they had."""

import contextlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from kerasgen.catalog.entries import Catalog
from kerasgen.diagnostics import CompileError, Diagnostic, Sink
from kerasgen.diagnostics.render import render_text

HERE = Path(__file__).parent
REFUSED = sorted(path.name for path in (HERE / "refused").iterdir())

PARAMETERS = {
    "k107_branches.json": 95,
    "k110_bidirectional.json": 480,
    "k110_merges.json": 180,
    "k122_conv2d_tf.yaml": 257,
    "k122_nested_graph.json": 147,
    "k122_shapes.json": 343,
    "k208_mlp.json": 242,
    "k224_frames.json": 445,
    "k231_cells.json": 204,
    "k231_states.json": 266,
    "k3_augmented.json": 336,
    "k3_branches.json": 82,
    "k3_recurrent.json": 674,
    "k3_volumes.json": 266,
    "k3_wrapped.json": 607,
    "tf115_gru.json": 318,
    "tf115_mlp.yaml": 242,
    "tfk_attention.json": 138,
    "tfk_mapping.json": 36,
    "tfk_nested.json": 289,
    "tfk_operations.json": 38,
}
"""Files that Keras 1.0.7 to 3.15 wrote, with the weights that were saved beside them."""

Import = Callable[[Any], tuple[str, list[Diagnostic]]]


@pytest.fixture
def imported(catalog: Catalog, tmp_path: Path) -> Import:
    """Imports a topology; gives the text of the config and what was reported."""
    from kerasgen.engines.keras3.decompile.text import import_model

    def run(topology: Any) -> tuple[str, list[Diagnostic]]:
        (tmp_path / "model.json").write_text(json.dumps(topology))
        sink = Sink()
        try:
            made = import_model(str(tmp_path / "model.json"), sink, catalog=catalog)
        except CompileError as error:
            return "", list(error.diagnostics)
        return made.text, sink.diagnostics

    return run


def chain(*layers: tuple[str, Mapping[str, Any]], version: str = "2.2.4", **more: Any) -> Any:
    """A Sequential model; the first layer says what shape goes in."""
    made = [
        {"class_name": cls, "config": {"name": f"l{number}", **config}}
        for number, (cls, config) in enumerate(layers)
    ]
    inner = made if version.startswith("1") else {"name": "net", "layers": made}
    return {"class_name": "Sequential", "config": inner, "keras_version": version} | more


def entries(text: str) -> list[Any]:
    return list(yaml.safe_load(text)["layers"].values())


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_file_of_any_keras_becomes_a_config_with_its_weights(name: str, catalog: Catalog) -> None:
    from kerasgen.engines.keras3.decompile.text import import_model, read_config

    made = import_model(str(HERE / "seeds" / name), Sink(), catalog=catalog)
    assert made.parameters == PARAMETERS[name]
    assert [entry.name for entry in read_config(made.text).entries]


def test_the_seeds_are_all_listed() -> None:
    assert sorted(PARAMETERS) == sorted(os.listdir(HERE / "seeds"))


@pytest.mark.parametrize(
    ("cls", "config", "shape", "expected"),
    [
        ("Dense", {"output_dim": 3, "init": "he_normal", "bias": False}, [4],
         {"class": "Dense", "units": 3, "use_bias": False, "kernel_initializer": "he_normal"}),
        ("Convolution2D", {"nb_filter": 2, "nb_row": 3, "nb_col": 1, "border_mode": "same",
                           "subsample": [1, 1], "dim_ordering": "th"}, [3, 8, 8],
         {"class": "Conv2D", "filters": 2, "kernel_size": [3, 1], "padding": "same",
          "data_format": "channels_first"}),
        ("Convolution1D", {"nb_filter": 2, "filter_length": 3, "subsample_length": 2}, [8, 3],
         {"class": "Conv1D", "filters": 2, "kernel_size": 3, "strides": 2}),
        ("AtrousConvolution2D", {"nb_filter": 2, "nb_row": 3, "nb_col": 3, "atrous_rate": [2, 2],
                                 "dim_ordering": "tf"}, [8, 8, 3],
         {"class": "Conv2D", "filters": 2, "kernel_size": 3, "dilation_rate": 2}),
        ("MaxPooling1D", {"pool_length": 3, "stride": 2, "border_mode": "valid"}, [8, 3],
         {"class": "MaxPooling1D", "pool_size": 3, "strides": 2}),
        ("LSTM", {"output_dim": 3, "inner_activation": "sigmoid", "forget_bias_init": "zero",
                  "dropout_W": 0.25, "dropout_U": 0.0, "consume_less": "cpu"}, [4, 2],
         {"class": "LSTM", "units": 3, "unit_forget_bias": False, "dropout": 0.25}),
        ("Dropout", {"p": 0.5}, [4], {"class": "Dropout", "rate": 0.5}),
        ("GaussianNoise", {"sigma": 0.1}, [4], {"class": "GaussianNoise", "stddev": 0.1}),
        ("LeakyReLU", {"alpha": 0.2}, [4], {"class": "LeakyReLU", "negative_slope": 0.2}),
        ("ThresholdedReLU", {"theta": 0.7}, [4], {"class": "ReLU", "threshold": 0.7}),
        ("TimeDistributedDense", {"output_dim": 3}, [5, 4], {"class": "Dense", "units": 3}),
        ("ZeroPadding2D", {"padding": [1, 2, 3, 4], "dim_ordering": "tf"}, [8, 8, 1],
         {"class": "ZeroPadding2D", "padding": [[1, 2], [3, 4]]}),
        ("Embedding", {"input_dim": 9, "output_dim": 2, "init": "uniform", "dropout": 0.0}, [5],
         {"class": "Embedding", "input_dim": 9, "output_dim": 2}),
        ("Dense", {"output_dim": 2, "W_regularizer": {"name": "WeightRegularizer", "l1": 0.0,
                                                      "l2": 0.009999999776482582},
                   "b_constraint": {"name": "MaxNorm", "m": 2, "axis": 0}}, [4],
         {"class": "Dense", "units": 2, "kernel_regularizer": "l2",
          "bias_constraint": "max_norm"}),
    ],
)  # fmt: skip
def test_names_of_keras_1_become_those_of_today(
    cls: str, config: Mapping[str, Any], shape: list[int], expected: Any, imported: Import
) -> None:
    first = {"batch_input_shape": [None, *shape], "input_dtype": "float32", **config}
    text, reported = imported(chain((cls, first), version="1.2.2"))
    assert reported == []
    assert entries(text) == [expected]


@pytest.mark.parametrize(
    ("cls", "config", "expected"),
    [
        ("CuDNNLSTM", {"units": 2}, {"class": "LSTM", "units": 2}),
        ("CuDNNGRU", {"units": 2}, {"class": "GRU", "units": 2}),
        ("GRU", {"units": 2, "recurrent_activation": "sigmoid"},
         {"class": "GRU", "units": 2, "reset_after": False}),
        ("LSTM", {"units": 2, "time_major": False, "implementation": 1},
         {"class": "LSTM", "units": 2, "recurrent_activation": "hard_sigmoid"}),
        ("SyncBatchNormalization", {"axis": [2], "renorm": False},
         {"class": "BatchNormalization", "axis": 2}),
        ("Dense", {"units": 2, "dtype": {"class_name": "Policy",
                                         "config": {"name": "mixed_float16"}}},
         {"class": "Dense", "units": 2, "dtype": "mixed_float16"}),
        ("Dense", {"units": 2, "kernel_initializer": {"class_name": "GlorotUniformV2",
                                                      "config": {}}},
         {"class": "Dense", "units": 2}),
        ("Dense", {"units": 2, "kernel_initializer": {"class_name": "VarianceScaling", "config": {
            "scale": 2.0, "mode": "fan_in", "distribution": "normal", "seed": None}}},
         {"class": "Dense", "units": 2, "kernel_initializer": "he_normal"}),
        ("Dense", {"units": 2, "activation": {"class_name": "LeakyReLU", "config": {
            "name": "a", "alpha": 0.1}}},
         {"class": "Dense", "units": 2,
          "activation": {"class": "LeakyReLU", "negative_slope": 0.1}}),
    ],
)  # fmt: skip
def test_what_keras_2_meant_is_said(
    cls: str, config: Mapping[str, Any], expected: Any, imported: Import
) -> None:
    text, _ = imported(chain((cls, {"batch_input_shape": [None, 5, 4], **config})))
    assert entries(text) == [expected]


def test_an_activation_of_its_own_computes_the_old_hard_sigmoid(imported: Import) -> None:
    layer = {"batch_input_shape": [None, 4], "activation": "hard_sigmoid"}
    text, reported = imported(chain(("Activation", layer)))
    assert reported == []
    assert entries(text) == [
        {"class": "Rescaling", "scale": 0.2, "offset": 0.5},
        {"class": "ReLU", "max_value": 1.0},
    ]


def test_a_strided_convolution_of_theano_is_padded_as_there(imported: Import) -> None:
    config = {
        "batch_input_shape": [None, 8, 8, 1], "filters": 2, "kernel_size": [3, 2],
        "strides": [2, 2], "padding": "same", "data_format": "channels_last",
    }  # fmt: skip
    text, _ = imported(chain(("Conv2D", config), backend="theano"))
    assert entries(text) == [
        {"class": "ZeroPadding2D", "padding": [[1, 1], [1, 0]]},
        {"class": "Conv2D", "filters": 2, "kernel_size": [3, 2], "strides": 2},
    ]
    assert len(entries(imported(chain(("Conv2D", config), backend="tensorflow"))[0])) == 1


def test_a_layer_that_left_its_order_of_axes_out_has_that_of_the_others(imported: Import) -> None:
    conv = {
        "batch_input_shape": [None, 3, 8, 8], "nb_filter": 2, "nb_row": 3, "nb_col": 3,
        "dim_ordering": "th",
    }  # fmt: skip
    text, _ = imported(chain(("Convolution2D", conv), ("UpSampling2D", {"size": [2, 2]}),
                             version="1.1.0"))  # fmt: skip
    assert entries(text)[1] == {"class": "UpSampling2D", "data_format": "channels_first"}


def test_a_model_of_keras_0_is_read(imported: Import) -> None:
    layers = [
        {"name": "Dense", "output_dim": 3, "input_shape": [4], "init": "glorot_uniform"},
        {"name": "Activation", "activation": "relu"},
        {"name": "Dense", "output_dim": 2},
    ]
    text, _ = imported({"name": "Sequential", "layers": layers})
    assert text.splitlines()[0].endswith("23 parameters.")
    assert [e["class"] for e in entries(text)] == ["Dense", "Activation", "Dense"]


def test_nothing_of_a_file_is_run(imported: Import) -> None:
    layer = {"function": ["x", None, None], "function_type": "lambda", "module": "os"}
    text, reported = imported(chain(("Lambda", {"batch_input_shape": [None, 4], **layer})))
    assert text == ""
    assert [d.code for d in reported] == ["KG609"]
    assert "`l0` is a `Lambda`, which holds code" in reported[0].message


def test_a_file_name_does_not_become_yaml(catalog: Catalog, tmp_path: Path) -> None:
    from kerasgen.engines.keras3.decompile.text import import_model, read_config

    name = 'm\nlayers: {evil: Dense} # "\u202e\x1b[31m.json'
    path = tmp_path / name
    path.write_text((HERE / "seeds" / "k208_mlp.json").read_text())
    made = import_model(str(path), Sink(), catalog=catalog)
    assert made.text.splitlines()[1].startswith("name:")
    assert made.text.split("\n", 1)[0].isprintable()
    assert len(read_config(made.text).entries) > 1


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_reads_as_it_should(
    name: str, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kerasgen.engines.keras3.decompile.text import import_model

    monkeypatch.chdir(HERE / "refused" / name)
    sink = Sink()
    with contextlib.suppress(CompileError):
        import_model("model.json", sink, catalog=catalog)
    rendered = render_text(sink.diagnostics) + "\n"
    expected = Path("expected.txt")
    if os.environ.get("KERASGEN_UPDATE_SNAPSHOTS"):
        expected.write_text(rendered)
    assert rendered == expected.read_text()


def test_a_layer_of_words_is_made_under_every_backend(imported: Import) -> None:
    layer = {
        "batch_input_shape": [None, 3], "dtype": "string", "vocabulary": ["a", "b"],
        "num_oov_indices": 1, "invert": False, "output_mode": "int", "sparse": False,
    }  # fmt: skip
    text, reported = imported(chain(("StringLookup", layer), version="2.9.0"))
    assert [d.message for d in reported] == []
    assert entries(text) == [{"class": "StringLookup", "vocabulary": ["a", "b"]}]


def test_a_model_of_ones_own_without_a_config_is_refused(imported: Import) -> None:
    _, reported = imported({"class_name": "MyModel", "keras_version": "2.3.1"})
    assert [d.code for d in reported] == ["KG609"]


@pytest.mark.parametrize(
    "broken",
    [
        {"units": 10**30},
        {"units": float("nan")},
        {"dtype": {"class_name": "DTypePolicy", "module": "keras"}},
        {"activation": {"class_name": "function", "module": "builtins", "config": "exec"}},
        {"kernel_initializer": {"class_name": "GlorotUniform", "module": "keras.initializers",
                                "config": {"seed": []}}},
    ],
)  # fmt: skip
def test_an_argument_that_keras_cannot_take_is_refused(broken: Any, imported: Import) -> None:
    source = json.loads((HERE / "seeds" / "k3_branches.json").read_text())
    source["config"]["layers"][2]["config"] |= broken
    text, reported = imported(source)
    assert text == ""
    assert {d.code for d in reported} <= {"KG401", "KG608", "KG609"}
