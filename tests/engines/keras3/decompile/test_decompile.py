"""Models written by hand in Keras, decompiled to a config and compiled again: difference 0."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from omegaconf import OmegaConf

from kerasgen.catalog.entries import Catalog
from kerasgen.diagnostics import CompileError, Sink
from kerasgen.ir.model import ModelDef
from kerasgen.ir.values import ObjectDef

RoundTrip = Callable[[Any], str]


@pytest.fixture
def round_trip(build_model: Callable[..., Any], catalog: Catalog, tmp_path: Path) -> RoundTrip:
    """Takes a model there and back, holds weights and outputs against it, gives the config.

    The weights come out of the model's own `.keras` file.
    """
    import keras

    from kerasgen.emit.text.config import write_config
    from kerasgen.engines.keras3.decompile.model import decompile_model

    def compare(original: Any) -> str:
        model = decompile_model(original, catalog)
        text = write_config(model)
        section: Any = OmegaConf.to_container(OmegaConf.create(text), resolve=True)
        inputs = {item.name: item.shape for item in model.inputs}
        dtypes = {item.name: item.dtype or "float32" for item in model.inputs}
        remade = build_model(section, inputs, dtypes=dtypes).model
        assert [w.shape for w in remade.weights] == [w.shape for w in original.weights]
        original.save(tmp_path / "original.keras")
        remade.load_weights(tmp_path / "original.keras")
        random = np.random.default_rng(5)
        arrays = []
        for name, shape in inputs.items():
            sizes = (2, *(size or 6 for size in shape or ()))
            whole = dtypes[name].startswith("int")
            array = random.integers(0, 5, sizes) if whole else random.normal(size=sizes)
            arrays.append(array.astype(dtypes[name]))
        fed = arrays[0] if len(arrays) == 1 else arrays
        named = isinstance(original.input, dict) if hasattr(original, "input") else False
        ours, theirs = (
            remade(fed),
            original(dict(zip(inputs, arrays, strict=True)) if named else fed),
        )
        assert isinstance(ours, dict) == isinstance(theirs, dict)
        for one, other in zip(keras.tree.flatten(ours), keras.tree.flatten(theirs), strict=True):
            assert np.array_equal(
                keras.ops.convert_to_numpy(one), keras.ops.convert_to_numpy(other)
            )
        assert write_config(decompile_model(remade, catalog)) == text
        return text

    return compare


def entries(text: str) -> dict[str, Any]:
    layers = yaml.safe_load(text)["layers"]
    assert isinstance(layers, dict)
    return layers


def refusal(action: Callable[[], object]) -> list[tuple[str, str]]:
    with pytest.raises(CompileError) as caught:
        action()
    return [(d.code, d.message) for d in caught.value.diagnostics]


def test_a_chain_says_only_what_is_no_default(round_trip: RoundTrip) -> None:
    import keras
    from keras import layers

    text = round_trip(
        keras.Sequential(
            [
                keras.Input((8, 8, 1)),
                layers.Conv2D(4, 3, padding="same", activation="relu", name="conv"),
                layers.MaxPooling2D(2, name="pool"),
                layers.Flatten(name="flat"),
                layers.Dense(3, kernel_initializer="he_normal", name="scores"),
            ]
        )
    )
    assert entries(text) == {
        "conv": {
            "class": "Conv2D",
            "filters": 4,
            "kernel_size": 3,
            "padding": "same",
            "activation": "relu",
        },
        "pool": "MaxPooling2D",
        "flat": "Flatten",
        "scores": {"class": "Dense", "units": 3, "kernel_initializer": "he_normal"},
    }


def test_shared_layers_operators_slices_and_constants_come_back(round_trip: RoundTrip) -> None:
    import keras
    from keras import layers, ops

    left, right = keras.Input((4,), name="left"), keras.Input((4,), name="right side")
    dense = layers.Dense(4, name="dense")
    one, other = dense(left), dense(right)
    mixed = 1 - (one + other * 2.0)
    chosen = ops.where(mixed > 0, mixed, one)
    cut = ops.concatenate([chosen, one], axis=-1)[:, 1:7:2]
    first, second, third = ops.split(cut, 3, axis=1)
    last = ops.einsum("bi,bj->bij", first, third)
    model = keras.Model([left, right], {"a": second, "b": last, "c": mixed})
    layers_ = entries(round_trip(model))
    assert layers_["dense_2"] == {"is": "dense", "from": "right_side"}
    # Keras counts the names of its nodes over the whole process.
    (cut_entry,) = [entry for name, entry in layers_.items() if name.startswith("get_item")]
    assert cut_entry["key"] == [":", "1:7:2"]
    (product,) = [entry for name, entry in layers_.items() if name.startswith("multiply")]
    assert product["from"] == ["dense_2", 2.0]


def test_states_masks_and_call_arguments_come_back(round_trip: RoundTrip) -> None:
    import keras
    from keras import layers

    tokens = keras.Input((5,), dtype="int32", name="tokens")
    embedded = layers.Embedding(10, 8, mask_zero=True, name="embed")(tokens)
    whole, h, c = layers.LSTM(8, return_state=True, return_sequences=True, name="encode")(embedded)
    decoded = layers.LSTM(8, return_sequences=True, name="decode")(embedded, initial_state=[h, c])
    seen = layers.MultiHeadAttention(2, 4, name="look")(decoded, whole, use_causal_mask=True)
    both = layers.Bidirectional(layers.GRU(4, return_sequences=True), name="both")(seen)
    cells = layers.RNN([layers.LSTMCell(3), layers.GRUCell(3)], name="cells")(both)
    each = layers.TimeDistributed(keras.Sequential([layers.Dense(2)]), name="each")(both)
    found = entries(round_trip(keras.Model(tokens, [cells, each, c])))
    assert found["decode"]["from"]["initial_state"] == ["encode.1", "encode.2"]
    assert found["look"]["with"] == {"use_causal_mask": True}
    assert found["both"]["layer"]["class"] == "GRU"
    assert "backward_layer" not in found["both"]


def test_nested_models_stay_models(round_trip: RoundTrip) -> None:
    import keras
    from keras import layers

    inside = keras.Input((4,))
    hidden = layers.Dense(4, activation="relu")(inside)
    tower = keras.Model(inside, layers.Add()([inside, hidden]), name="tower")
    head = keras.Sequential([layers.Dense(3), layers.BatchNormalization()], name="head")
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    joined = layers.Concatenate()([tower(a), tower(b)])
    found = entries(round_trip(keras.Model([a, b], [head(joined), head(joined, training=False)])))
    assert found["tower_2"] == {"is": "tower", "from": "b"}
    assert list(found["head"]["layers"].values())[1] == "BatchNormalization"


def test_policies_seeds_and_objects_come_back(round_trip: RoundTrip) -> None:
    import keras
    from keras import layers

    text = round_trip(
        keras.Sequential(
            [
                keras.Input((4,)),
                layers.Dense(2, dtype="mixed_bfloat16", trainable=False, name="half"),
                layers.Dense(
                    2,
                    kernel_initializer=keras.initializers.RandomUniform(seed=3),
                    kernel_regularizer=keras.regularizers.L2(0.5),
                    kernel_constraint="non_neg",
                    name="made",
                ),
                layers.Dropout(0.5, seed=7, name="drop"),
                layers.Normalization(mean=[0.0, 1.0], variance=[1.0, 4.0], name="scale"),
                layers.Activation(keras.activations.gelu, name="act"),
            ]
        )
    )
    found = entries(text)
    assert found["half"]["dtype"] == "mixed_bfloat16"
    assert found["made"]["kernel_initializer"] == {"class": "RandomUniform", "seed": 3}
    assert found["made"]["kernel_constraint"] == "non_neg"
    assert found["drop"] == {"class": "Dropout", "rate": 0.5, "seed": 7}


def test_named_inputs_come_back(round_trip: RoundTrip) -> None:
    import keras

    inputs = {"p": keras.Input((4,), name="p"), "q": keras.Input((4,), name="q")}
    text = round_trip(keras.Model(inputs, keras.layers.Dot(axes=1)([inputs["p"], inputs["q"]])))
    assert yaml.safe_load(text)["inputs"] == {"p": {"shape": [4]}, "q": {"shape": [4]}}


def test_a_lambda_is_refused_by_name_and_never_run(catalog: Catalog, tmp_path: Path) -> None:
    import keras

    from kerasgen.engines.keras3.decompile.text import import_model

    ran: list[int] = []

    def spy(tensor: Any) -> Any:
        ran.append(1)
        return tensor

    inputs = keras.Input((4,))
    model = keras.Model(inputs, keras.layers.Lambda(spy, name="trick")(inputs))
    model.save(tmp_path / "model.keras")
    ran.clear()
    found = refusal(lambda: import_model(str(tmp_path / "model.keras"), Sink(), catalog=catalog))
    assert [code for code, _ in found] == ["KG609"]
    assert "`trick` is a `Lambda`" in found[0][1]
    assert ran == []


def test_layers_in_the_way_for_one_reason_are_told_once(catalog: Catalog) -> None:
    import keras

    from kerasgen.engines.keras3.decompile.model import decompile_model

    class Mine(keras.layers.Layer):  # type: ignore[misc, name-defined]
        def call(self, inputs: Any) -> Any:
            return inputs

    inputs = keras.Input((4,))
    model = keras.Model(inputs, Mine(name="two")(Mine(name="one")(inputs)))
    with pytest.raises(CompileError) as caught:
        decompile_model(model, catalog)
    (found,) = caught.value.diagnostics
    assert (found.code, found.message.split("`")[1]) == ("KG609", "one")
    assert [note.message for note in found.notes] == ["so it is with `two`"]


def test_a_class_that_only_calls_itself_keras_is_refused(catalog: Catalog) -> None:
    from kerasgen.engines.keras3.decompile.model import decompile_model

    layer = {"module": "keras.src.saving", "class_name": "Evil", "config": {"name": "x"}}
    config = {"name": "m", "layers": [layer]}
    assert refusal(lambda: decompile_model(config, catalog))[0][0] == "KG609"


def test_a_model_without_layers_is_refused_wherever_it_stands(catalog: Catalog) -> None:
    from kerasgen.engines.keras3.decompile.model import decompile_model

    bare = {"name": "bare", "layers": []}
    place = {"class_name": "InputLayer", "config": {"name": "i", "batch_shape": [None, 3]}}
    inner = {"module": "keras", "class_name": "Sequential", "config": bare}
    for config in (bare, {**bare, "layers": [place]}, {"name": "m", "layers": [place, inner]}):
        ((code, message),) = refusal(lambda config=config: decompile_model(config, catalog))
        assert code == "KG609"
        assert message == "`bare` is a model without layers, of which a config needs one"


def test_what_get_config_gives_is_taken_too(catalog: Catalog) -> None:
    import keras

    from kerasgen.engines.keras3.decompile.model import decompile_model

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, name="d")], name="net")
    made = decompile_model(json.loads(json.dumps(model.get_config())), catalog)
    assert isinstance(made, ModelDef)
    assert made.name == "net"
    assert [e.definition for e in made.entries] == [ObjectDef(cls="Dense", arguments={"units": 2})]


@pytest.mark.parametrize(
    ("name", "content", "code", "words"),
    [
        ("a.keras", b"", "KG608", "is empty"),
        ("a.keras", b"PK\x03\x04junk", "KG608", "not a zip archive"),
        ("a.h5", b"\x89HDF\r\n\x1a\n", "KG608", "HDF5"),
        ("a.json", b"{", "KG608", "not JSON"),
        ("a.json", b"[1, 2]", "KG608", "not the JSON of a Keras model"),
        ("a.json", b"\xff\xfe\x00", "KG608", "not JSON"),
        ("a.json", b"[" * 100_000, "KG614", "nested too deeply"),
        ("a.json", b'{"a": ' + b'{"a":' * 500 + b"1" + b"}" * 501, "KG614", "nested too deeply"),
    ],
)
@pytest.mark.usefixtures("engine")
def test_a_file_that_is_no_model_is_a_diagnostic(
    name: str, content: bytes, code: str, words: str, tmp_path: Path
) -> None:
    from kerasgen.engines.keras3.decompile.sources import find_model

    (tmp_path / name).write_bytes(content)
    found = refusal(lambda: find_model(str(tmp_path / name), Sink()))
    assert found[0][0] == code
    assert words in found[0][1]


@pytest.mark.usefixtures("engine")
def test_an_archive_is_read_within_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from kerasgen.engines.keras3.decompile.sources import find_model
    from kerasgen.engines.keras3.model_files import containers

    monkeypatch.setattr(containers, "_LARGEST", 1000)
    path = tmp_path / "bomb.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", " " * 100_000)
    found = refusal(lambda: find_model(str(path), Sink()))
    assert found[0][0] == "KG614"


@pytest.mark.usefixtures("engine")
def test_a_misspelt_application_is_told_the_right_one() -> None:
    from kerasgen.engines.keras3.decompile.sources import find_model

    with pytest.raises(CompileError) as caught:
        find_model("applications.ResNet5O", Sink())
    assert "ResNet50" in (caught.value.diagnostics[0].help or "")


def test_a_factory_of_ones_own_is_run(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kerasgen.engines.keras3.decompile.text import import_model

    monkeypatch.chdir(tmp_path)
    (tmp_path / "own_factory.py").write_text(
        "import keras\n\ndef make():\n"
        "    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, name='d')])\n"
    )
    made = import_model("own_factory:make", Sink(), catalog=catalog)
    assert made.parameters == 10
    assert made.text.startswith("# Made of own_factory:make, 10 parameters.\n")
    found = refusal(lambda: import_model("own_factory:nope", Sink(), catalog=catalog))
    assert found[0][0] == "KG608"
