"""The words of the language: they stand in one table, from which the stages and the schema read."""

import json
from pathlib import Path
from typing import Any

import pytest

from kerasgen.diagnostics import Sink
from kerasgen.frontend import grammar
from kerasgen.frontend.compose import accepted_keys
from kerasgen.frontend.entry_names import named_entries
from kerasgen.frontend.parse.data import parse_data
from kerasgen.ir.values import Tree

SCHEMA = Path(__file__).resolve().parents[2] / "conf" / ".schema" / "definitions.json"


def properties(definition: str) -> set[str]:
    definitions: dict[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))["definitions"]
    return set(definitions[definition]["properties"])


def test_the_schema_knows_the_words_of_models_and_entries() -> None:
    assert properties("model") == set(grammar.MODEL_KEYS)
    assert properties("block") == set(grammar.BLOCK_KEYS)
    assert properties("entry_object") == {*grammar.LAYER_KEYS, *grammar.USE_KEYS}
    assert properties("entry_object") == {"class", "is", "block", *grammar.ENTRY_KEYS}


def test_what_expansion_takes_away_is_no_key_of_an_expanded_model() -> None:
    assert not set(grammar.EXPANDED_MODEL_KEYS) & set(grammar.EXPANSION_KEYS)
    assert {*grammar.EXPANDED_MODEL_KEYS, "parameters", "blocks"} == set(grammar.MODEL_KEYS)


def test_every_section_has_a_kind_for_overrides_that_add_to_it() -> None:
    assert {*accepted_keys._KINDS[""], grammar.SELECTORS} == set(grammar.SECTIONS)
    assert set(accepted_keys._KINDS["data"]) == set(grammar.DATA_KEYS)
    assert set(accepted_keys._KINDS["model"]) == set(grammar.MODEL_KEYS)


def test_the_entries_of_a_list_have_the_names_that_keras_would_give() -> None:
    entries = named_entries(["Dense", {"class": "layers.Conv2D"}, "Dense", {"layers": []}], "m")
    assert [(entry.name, entry.path) for entry in entries] == [
        ("dense", "m.0"),
        ("conv2d", "m.1"),
        ("dense_1", "m.2"),
        ("model", "m.3"),
    ]


@pytest.mark.parametrize(
    ("features", "names"),
    [
        ("image", ("input",)),
        (["x", "y"], ("input",)),
        ({"left": "a", "right": ["b", "c"]}, ("left", "right")),
    ],
)
def test_expansion_and_parser_give_the_inputs_the_same_names(
    features: Tree, names: tuple[str, ...]
) -> None:
    section: Tree = {"source": "S", "features": features, "target": "t", "task": "regression"}
    data = parse_data(section, Sink())
    assert data is not None
    assert tuple(data.features) == grammar.feature_names(section) == names


def test_a_data_group_without_data_gives_no_input() -> None:
    assert grammar.feature_names({"source": None, "features": []}) == ()


def test_columns_that_cannot_be_read_are_told_at_their_name() -> None:
    sink = Sink()
    parse_data({"source": "S", "features": {"input": 3}, "target": 4, "task": "regression"}, sink)
    assert [found.location.key for found in sink.errors if found.location is not None] == [
        "data.features.input",
        "data.target",
    ]
