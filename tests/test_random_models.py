"""Random models: config to model to config to model, and nothing is lost on the way.

`pytest -m slow tests/test_random_models.py` takes a thousand of them there and back.
"""

import copy
import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from omegaconf import OmegaConf
from random_models import RandomModel, random_model

from kerasgen.catalog.entries import Catalog
from kerasgen.diagnostics import Sink
from kerasgen.diagnostics.render import render_text

FEW = range(36)
MANY = range(1000)


@pytest.fixture
def remake(build_model: Callable[..., Any], catalog: Catalog) -> Callable[..., Any]:
    """Compiles a random model, writes the model as a config, compiles that; both, and the text."""
    from kerasgen.emit.text.config import write_config
    from kerasgen.engines.keras3.decompile.model import decompile_model

    def there_and_back(drawn: RandomModel) -> tuple[Any, Any, str]:
        from kerasgen.diagnostics import CompileError

        try:
            first = build_model(copy.deepcopy(drawn.section), drawn.inputs).model
        except CompileError as error:
            raise AssertionError(
                f"{render_text(error.diagnostics)}\n{json.dumps(drawn.section)}"
            ) from None
        model = decompile_model(first, catalog)
        text = write_config(model)
        section: Any = OmegaConf.to_container(OmegaConf.create(text), resolve=True)
        inputs = {item.name: item.shape for item in model.inputs}
        again = build_model(section, inputs).model
        assert write_config(decompile_model(again, catalog)) == text
        return first, again, text

    return there_and_back


def topology(config: Mapping[str, Any]) -> Any:
    """What a model is made of and how it hangs together.

    Neither what its entries are called counts, nor in which order a shared layer is called, nor
    whether a call's arguments have names.
    """
    layers = {layer["config"]["name"]: at for at, layer in enumerate(config["layers"])}
    nodes = {
        (layer["config"]["name"], number): node
        for layer in config["layers"]
        for number, node in enumerate(layer.get("inbound_nodes", ()))
    }
    terms: dict[tuple[str, int], str] = {}

    def term(name: str, number: int) -> str:
        """A call: its layer, and all that goes in, in order."""
        key = (name, number)
        if key not in terms:
            node = nodes.get(key, {"args": [], "kwargs": {}})
            given = [leaf(item) for item in (*node["args"], *node["kwargs"].values())]
            told = json.dumps([layers[name], given])
            terms[key] = hashlib.sha256(told.encode()).hexdigest()
        return terms[key]

    def leaf(value: Any) -> Any:
        if isinstance(value, Mapping) and value.get("class_name") == "__keras_tensor__":
            name, number, index = value["config"]["keras_history"]
            return [term(name, number), index]
        return [leaf(item) for item in value] if isinstance(value, list) else value

    def end(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: end(item) for key, item in value.items()}
        if not isinstance(value[0], str):
            return [end(item) for item in value]
        name, number, index = value
        # Keras counts the calls of a functional model from 1 here.
        inner = config["layers"][layers[name]]["config"]
        return [term(name, number - ("input_layers" in inner)), index]

    ends = end(config["output_layers"]) if "output_layers" in config else None
    return [[plain(layer) for layer in config["layers"]], ends]


def plain(value: Any) -> Any:
    """A definition without names; a model in it as its topology."""
    if isinstance(value, Mapping):
        if "layers" in value and "class_name" not in value:
            return topology(value)
        return {key: plain(item) for key, item in value.items() if key not in _UNEQUAL}
    return [plain(item) for item in value] if isinstance(value, list) else value


_UNEQUAL = frozenset({"name", "shared_object_id", "inbound_nodes"})


def assert_same(first: Any, again: Any, seed: int) -> None:
    """Holds two models against each other: structure, weights, outputs."""
    import keras

    assert topology(json.loads(again.to_json())["config"]) == topology(
        json.loads(first.to_json())["config"]
    )
    assert again.count_params() == first.count_params()
    assert [w.shape for w in again.weights] == [w.shape for w in first.weights]
    again.set_weights(first.get_weights())
    random = np.random.default_rng(seed)
    arrays = [
        random.normal(size=(2, *tensor.shape[1:])).astype(tensor.dtype) for tensor in first.inputs
    ]
    fed = arrays[0] if len(arrays) == 1 else arrays
    ours, theirs = again(fed), first(fed)
    assert isinstance(ours, dict) == isinstance(theirs, dict)
    pairs = zip(keras.tree.flatten(ours), keras.tree.flatten(theirs), strict=True)
    for one, other in pairs:
        assert np.array_equal(keras.ops.convert_to_numpy(one), keras.ops.convert_to_numpy(other))


@pytest.mark.parametrize("seed", FEW)
def test_a_random_model_comes_back_as_it_was(remake: Callable[..., Any], seed: int) -> None:
    first, again, _ = remake(random_model(seed))
    assert_same(first, again, seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", MANY)
def test_each_of_a_thousand_comes_back_as_it_was(remake: Callable[..., Any], seed: int) -> None:
    import keras

    keras.backend.clear_session()
    first, again, _ = remake(random_model(seed))
    assert_same(first, again, seed)


@pytest.mark.parametrize("seed", range(300))
def test_an_expanded_model_expands_to_itself(seed: int) -> None:
    from kerasgen.frontend.expand.whole_model import expand_model

    drawn = random_model(seed)
    sink = Sink()
    names = tuple(drawn.inputs)
    once = expand_model(copy.deepcopy(drawn.section), "model", sink, inputs=names).section
    assert [d.message for d in sink.diagnostics] == []
    assert expand_model(copy.deepcopy(once), "model", sink, inputs=names).section == once
    assert not {"blocks", "parameters"} & set(once)


def test_a_seed_draws_one_model() -> None:
    assert random_model(7) == random_model(7)
    assert random_model(7) != random_model(8)


def test_everything_that_the_language_has_is_drawn() -> None:
    text = json.dumps([random_model(seed).section for seed in range(300)])
    words = ('"block": ', '"repeat": ', '"if": ', '"after": ', '"is": ', '"with": ', "Sequential")
    words += ("Functional", '"return_state": true', '"outputs": {', '"outputs": [', '"layers": [')
    assert [word for word in words if word not in text] == []
