"""What `layers: auto` stands for, by what the data is."""

import pytest

from kerasgen.passes.automatic.model_layers import write_model, written_objective

CLASSES = {"": {"task": "classification", "units": 3}}


def _classes(found):
    return {name: entry["class"] for name, entry in found.layers.items()}


def test_numbers_go_into_the_hidden_layers_at_once():
    found = write_model({"input": {"kind": "numbers"}}, CLASSES)
    assert _classes(found) == {"hidden": "Dense", "drop": "Dropout", "scores": "Dense"}
    assert found.layers["hidden"]["from"] == "input"
    assert found.outputs == "scores"


@pytest.mark.parametrize(
    ("facts", "classes"),
    [
        ({"kind": "index", "words": 40}, ["Embedding", "Flatten"]),
        ({"kind": "tokens", "words": 40}, ["Embedding", "GlobalAveragePooling1D"]),
        ({"kind": "image"}, ["Conv2D", "GlobalAveragePooling2D"]),
        ({"kind": "sequence"}, ["GRU"]),
        ({"kind": "steps"}, ["Masking", "GRU"]),
    ],
)
def test_an_input_goes_through_layers_of_its_kind(facts, classes):
    found = write_model({"a": {"kind": "numbers"}, "b": facts}, CLASSES)
    assert list(_classes(found).values())[: len(classes)] == classes
    assert found.layers["joined"]["class"] == "Concatenate"


@pytest.mark.parametrize(
    ("facts", "name", "units", "activation"),
    [
        ({"task": "classification", "units": 2}, "chance", 1, "sigmoid"),
        ({"task": "classification", "units": 5}, "scores", 5, "softmax"),
        ({"task": "multilabel", "units": 5}, "chances", 5, "sigmoid"),
        ({"task": "regression", "units": 2}, "value", 2, None),
    ],
)
def test_a_head_is_that_of_its_task(facts, name, units, activation):
    found = write_model({"input": {"kind": "numbers"}}, {"": facts})
    head = found.layers[name]
    assert (head["units"], head.get("activation")) == (units, activation)


def test_a_number_comes_out_in_its_own_units():
    facts = {"task": "regression", "units": 1, "mean": 50.0, "deviation": 4.0}
    found = write_model({"input": {"kind": "numbers"}}, {"": facts})
    assert found.layers["value"] == {
        **{"class": "Rescaling", "scale": 4.0, "offset": 50.0},
        "from": "value_scaled",
    }


def test_each_target_has_a_head_by_its_name():
    outputs = {"kind": CLASSES[""], "price": {"task": "regression", "units": 1}}
    found = write_model({"hidden": {"kind": "numbers"}}, outputs)
    assert found.outputs == ["kind", "price"]
    assert "hidden_2" in found.layers  # the input has taken the other name


def test_a_number_whose_logarithm_is_learned_comes_out_in_its_own_units():
    facts = {"task": "regression", "units": 1, "mean": 8.0, "deviation": 1.5, "log": True}
    found = write_model({"input": {"kind": "numbers"}}, {"price": facts})
    assert list(_classes(found).values())[-3:] == ["Dense", "Rescaling", "ops.expm1"]
    assert found.layers["price"] == {"class": "ops.expm1", "from": "price_log"}


def test_accuracy_is_not_all_that_is_said_of_a_rare_class():
    rare = {"task": "classification", "units": 2, "rarest": 0.1}
    assert "recall" in written_objective({"": rare})["metrics"]
    assert written_objective(CLASSES) == {}
    assert written_objective({"a": rare, "b": rare}) == {}


def test_a_number_in_its_own_units_does_not_drown_other_heads():
    price = {"task": "regression", "units": 1, "mean": 50.0, "deviation": 4.0}
    pair = {"task": "regression", "units": 2, "mean": [0.0, 1.0], "deviation": [1.0, 3.0]}
    outputs = {"price": price, "pair": pair, "grown": {**price, "log": True}, **CLASSES}
    weights = written_objective(outputs)["loss_weights"]
    assert weights == {"price": 1 / 16, "pair": 0.2, "grown": 1.0, "": 1.0}
    assert written_objective({"price": price}) == {}


def test_the_words_of_a_text_are_read_in_windows_or_all_at_once():
    found = write_model({"text": {"kind": "tokens", "words": 9}}, CLASSES)
    conditions = {name: entry.get("if") for name, entry in found.layers.items()}
    assert conditions["text_pooled"] == "$window < 1"
    assert conditions["text_windows"] == conditions["text_strongest"] == "$window > 0"
