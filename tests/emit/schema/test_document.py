"""The JSON Schemas, held against a validator of their own, the shipped configs and the language.

`KERASGEN_UPDATE_SNAPSHOTS=1 pytest tests/emit/schema` writes the shipped ones anew.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from referencing import Registry, Resource
from ruamel.yaml import YAML

from kerasgen.catalog.entries import Catalog
from kerasgen.diagnostics import Sink
from kerasgen.emit.schema.document import FILES, SHARED, make_schemas, schema_text, whole_schema
from kerasgen.frontend.grammar import VALUE_GROUPS

ROOT = Path(__file__).resolve().parents[3]
CONF = ROOT / "conf"
SHIPPED = CONF / ".schema"
CONFIGS = sorted(path.relative_to(CONF).as_posix() for path in CONF.rglob("*.yaml"))

SEEN = {
    "backend_that_keras_3_does_not_have": "backend.backend",
    "key_that_yaml_reads_as_a_boolean": "model.layers",
    "missing_argument": "model.layers.hidden",
    "unknown_activation": "model.layers.hidden.activation",
    "unknown_argument": "model.layers.conv1",
    "unknown_class": "model.layers.flatten",
    "unknown_initializer": "model.layers.scores.kernel_initializer",
    "unknown_key_in_a_group": "fit",
    "unknown_loss": "compile.loss",
    "unknown_metric": "compile.metrics.1",
    "unknown_optimizer": "optimizer.class",
    "wrong_kind_of_value": "model.layers.hidden.units",
}
"""Broken configs whose fault one file shows, and where it must be told."""

UNSEEN = (
    "class_merged_into_a_chosen_file",
    "cycle",
    "dead_layer",
    "declared_shape_that_tells_no_column",
    "facts_that_the_data_contradicts",
    "file_that_is_not_there",
    "forward_reference",
    "input_that_does_not_fit_the_data",
    "interpolation_that_leads_nowhere",
    "loss_of_another_form_than_the_labels",
    "mandatory_value_not_given",
    "output_that_does_not_fit_the_target",
    "shape_conflict",
    "text_column_without_a_vocabulary",
    "unknown_reference",
    "value_that_the_class_refuses",
)
"""Broken configs whose fault only the compiler finds: it lies between files, names or shapes."""


def read(text: str) -> Any:
    """YAML as editors read it, whose 1.2 takes `on` for a word."""
    return YAML(typ="safe", pure=True).load(text)


def group_of(file: str) -> str:
    inner = [group for group in VALUE_GROUPS if file.startswith(f"{group}/")]
    group = inner[0].rpartition("/")[2] if inner else file.partition("/")[0]
    return group if "/" in file else "config"


class Validators:
    """Validators of the shipped schemas, one a group, that find the definitions beside them."""

    def __init__(self) -> None:
        self.schemas = {
            path.stem: json.loads(path.read_text(encoding="utf-8"))
            for path in SHIPPED.glob("*.json")
        }
        self._registry: Registry[Any] = Registry().with_resources(
            (f"{name}.json", Resource.from_contents(schema))
            for name, schema in self.schemas.items()
        )

    def errors(self, group: str, text: str) -> dict[str, str]:
        """Key path, the group first, to what the validator says of it."""
        found = {}
        for error in self.of(group).iter_errors(read(text)):
            found[".".join(map(str, (group, *error.absolute_path)))] = error.message
        return found

    def of(self, group: str) -> Draft7Validator:
        return Draft7Validator(self.schemas[group], registry=self._registry)

    def proposed(self, group: str, text: str, path: Sequence[str | int]) -> list[Any]:
        """The words that an editor proposes for the value at a path, as `enum` and `anyOf` say."""
        config, words = read(text), []
        for schema in self._at(self.schemas[group], config, path):
            for part in (schema, *map(self._followed, schema.get("anyOf", ()))):
                words += part.get("enum", ())
        return words

    def _at(
        self, schema: Any, value: Any, path: Sequence[str | int]
    ) -> Iterator[Mapping[str, Any]]:
        """Every schema that holds at a path of a value."""
        schema = self._followed(schema)
        if not isinstance(schema, dict):
            return
        for part in schema.get("allOf", ()):
            yield from self._at(part, value, path)
        if "if" in schema:
            test = Draft7Validator(
                {**self._absolute(schema["if"])}, registry=self._registry
            ).is_valid(value)
            yield from self._at(schema.get("then" if test else "else", {}), value, path)
        if not path:
            yield schema
        elif isinstance(value, Mapping):
            below = schema.get("properties", {}).get(path[0], schema.get("additionalProperties"))
            yield from self._at(below, value[path[0]], path[1:])
        elif isinstance(value, list):
            yield from self._at(schema.get("items"), value[int(path[0])], path[1:])

    def _followed(self, schema: Any) -> Any:
        while isinstance(schema, dict) and "$ref" in schema:
            schema = self.schemas[SHARED]["definitions"][schema["$ref"].rpartition("/")[2]]
        return schema

    @staticmethod
    def _absolute(schema: Mapping[str, Any]) -> dict[str, Any]:
        return json.loads(json.dumps(schema).replace("#/def", f"{SHARED}.json#/def"))


@pytest.fixture(scope="module")
def shipped() -> Validators:
    return Validators()


@pytest.fixture(scope="module")
def installed(catalog: Catalog) -> Catalog:
    """All that the installed Keras and the data sources offer."""
    from kerasgen.data.own_steps import step_entries
    from kerasgen.data.sources.source_list import source_entries
    from kerasgen.engines.keras3.introspection import keras_catalog

    return keras_catalog().extended([*source_entries(), *step_entries()])


def test_the_shipped_schemas_are_those_of_the_installed_keras(installed: Catalog) -> None:
    texts = {f"{n}.json": schema_text(s) for n, s in make_schemas(installed).items()}
    if os.environ.get("KERASGEN_UPDATE_SNAPSHOTS"):
        for name, text in texts.items():
            (SHIPPED / name).write_text(text, encoding="utf-8")
    written_for = json.loads((SHIPPED / f"{SHARED}.json").read_text(encoding="utf-8"))["$comment"]
    if written_for != f"Keras {installed.version}":
        pytest.skip(f"the shipped schemas are of {written_for}, Keras {installed.version} is here")
    differing = [
        name for name, text in texts.items() if (SHIPPED / name).read_text("utf-8") != text
    ]
    assert differing == [], "write them anew: kerasgen schema -o conf/.schema"


def test_each_schema_is_one_of_the_draft(shipped: Validators) -> None:
    assert set(shipped.schemas) == {SHARED, *FILES}
    for schema in shipped.schemas.values():
        Draft7Validator.check_schema(schema)


def test_the_definitions_are_small_enough_for_an_editor() -> None:
    assert (SHIPPED / f"{SHARED}.json").stat().st_size < 2_000_000


@pytest.mark.parametrize("file", CONFIGS)
def test_a_shipped_config_is_accepted(file: str, shipped: Validators) -> None:
    text = (CONF / file).read_text(encoding="utf-8")
    assert shipped.errors(group_of(file), text) == {}


@pytest.mark.parametrize("file", CONFIGS)
def test_a_shipped_config_names_its_schema(file: str) -> None:
    lines = (CONF / file).read_text(encoding="utf-8").splitlines()
    line = lines[1] if lines[0].startswith("# @package") else lines[0]
    _, mark, written = line.partition("# yaml-language-server: $schema=")
    assert mark
    assert (CONF / file).parent.joinpath(written).resolve() == SHIPPED / f"{group_of(file)}.json"


@pytest.mark.parametrize("case", SEEN)
def test_a_broken_config_is_refused_at_its_fault(case: str, shipped: Validators) -> None:
    (file,) = (ROOT / "tests" / "broken" / case).rglob("*.yaml")
    assert SEEN[case] in shipped.errors(file.parent.name, file.read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", UNSEEN)
def test_a_fault_that_one_file_does_not_show_passes(case: str, shipped: Validators) -> None:
    (file,) = (ROOT / "tests" / "broken" / case).rglob("*.yaml")
    assert shipped.errors(file.parent.name, file.read_text(encoding="utf-8")) == {}


ACCEPTED = {
    "parameters and expressions": (
        "model",
        """
        parameters: {width: 128, dropout: 0.2}
        layers:
          flatten: Flatten
          hidden: {class: Dense, units: $width, activation: relu, repeat: 2}
          drop: {if: $dropout > 0, class: Dropout, rate: $dropout}
          scores: {class: Dense, units: "${data.classes}", activation: softmax}
        """,
    ),
    "a parameter that must be given": ("block", "parameters:\n  n: ???\nlayers: {a: ReLU}"),
    "a list of entries": ("model", "layers: [Flatten, {class: Dense, units: 3}]"),
    "a nested and a shared model": (
        "model",
        """
        inputs:
          left: {shape: [28, 28, 1]}
          right: {shape: [28, null, 1], dtype: float32}
        layers:
          tower:
            class: Sequential
            from: left
            layers: {conv: {class: Conv2D, filters: 8, kernel_size: 3}}
          tower_right: {is: tower, from: right}
          gap: {class: ops.subtract, from: [tower, tower_right]}
          size: {class: ops.abs}
          same: {class: Dense, units: 1, activation: sigmoid}
        outputs: same
        """,
    ),
    "tensors by name and call arguments": (
        "model",
        """
        layers:
          encoder: {class: LSTM, units: 64, return_state: true}
          decoder: {class: LSTM, units: 64, from: {sequences: w, initial_state: [e.1, e.2]}}
          look:
            class: MultiHeadAttention
            num_heads: 4
            key_dim: 16
            from: {query: decoder, value: tokens}
            with: {use_causal_mask: false}
        outputs: {a: look, b: encoder.1}
        """,
    ),
    "a block and its use": (
        "model",
        """
        defaults: [/block@blocks.residual: residual, _self_]
        layers:
          stage: {block: residual, filters: 32, repeat: 3, strides: 2 if $index == 0 else 1}
        """,
    ),
    "objects in objects": (
        "model",
        """
        layers:
          both: {class: Bidirectional, layer: {class: LSTM, units: 3, name: inner}}
          dense:
            class: Dense
            units: 3
            kernel_initializer: {class: RandomUniform, minval: 0.0}
            activation: {class: LeakyReLU, negative_slope: 0.1}
            dtype: {class: DTypePolicy, name: mixed_float16}
        """,
    ),
    "a class with its module": (
        "model",
        "layers: {a: {class: layers.Dense, units: 3}, b: {class: keras.ops.abs}}",
    ),
    "a layer spliced in": ("model", "layers: {a: {class: GaussianNoise, stddev: 1, after: b}}"),
    "a schedule": (
        "optimizer",
        "{class: SGD, learning_rate: {class: CosineDecay, initial_learning_rate: 0.1, "
        "decay_steps: 1000}, momentum: 0.9}",
    ),
    "a file laid over another": ("optimizer", "defaults: [adam]\nlearning_rate: 0.1"),
    "a model laid over another": (
        "model",
        "defaults: [mlp]\nlayers: {hidden1: {units: 5}, drop1: {class: GaussianDropout}}",
    ),
    "a recipe that names one argument": (
        "experiment",
        "defaults: [override /model: mlp]\nmodel: {layers: {hidden1: {units: 5}}}\nseed: 3",
    ),
    "a recipe with nothing in it": ("experiment", "# @package _global_"),
    "losses by output": (
        "compile",
        "loss: {a: mse, b: {class: BinaryCrossentropy, label_smoothing: 0.1}}\n"
        "metrics: {a: [accuracy], b: [accuracy, AUC, {class: F1Score, threshold: 0.5}]}\n"
        "loss_weights: {a: 1, b: 0.5}",
    ),
    "callbacks": ("fit", "callbacks: {stop: {class: EarlyStopping, patience: 3}}\nepochs: 3"),
    "tasks by output": (
        "data",
        "source: {class: ScikitLearn, name: digits}\nfeatures: {left: image, right: [a, b]}\n"
        "target: {digit: label, odd: odd}\ntask: {digit: classification, odd: regression}\n"
        "prepare: {odd: {class: ops.mod, from: [label, 2]}}\nsplit: {test: given}\n"
        "facts: {classes: {digit: 10}, shape: {left: [8], right: [8, null]}}",
    ),
    **{
        f"weights: {weights}": (
            "data",
            "source: {class: ScikitLearn, name: digits}\nfeatures: image\ntarget: label\n"
            f"task: classification\nsplit: {{fold: 2/5, group: kind}}\nweights: {weights}",
        )
        for weights in ("worth", "{class: balanced}", "{spam: 5.0, ham: 1}", "null")
    },
    "interpolations and missing values": (
        "fit",
        "epochs: ${other.epochs}\nbatch_size: ???\nshuffle: ${oc.env:SHUFFLE}",
    ),
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_what_the_language_allows_is_accepted(case: str, shipped: Validators) -> None:
    assert shipped.errors(*ACCEPTED[case]) == {}


REFUSED = {
    "an argument that the class has not": (
        "optimizer",
        "{class: SGD, beta_1: 0.9}",
        {"optimizer": "Additional properties are not allowed ('beta_1' was unexpected)"},
    ),
    "a missing argument of an inner object": (
        "optimizer",
        "{class: SGD, learning_rate: {class: CosineDecay, initial_learning_rate: 0.1}}",
        {"optimizer.learning_rate": "'decay_steps' is a required property"},
    ),
    "a bare class that needs arguments": (
        "model",
        "layers: {a: Dense}",
        {"model.layers.a": None},
    ),
    "a name inside an entry": (
        "model",
        "layers: {a: {class: ReLU, name: b}}",
        {"model.layers.a": "False schema does not allow 'b'"},
    ),
    "an entry without a class": (
        "model",
        "layers: {a: {units: 3}}",
        {"model.layers.a": "'class' is a required property"},
    ),
    "an argument beside a shared layer": (
        "model",
        "layers: {a: ReLU, b: {is: a, rate: 1}}",
        {"model.layers.b": "Additional properties are not allowed ('rate' was unexpected)"},
    ),
    "a call argument that the layer has not": (
        "model",
        "layers: {a: {class: Dropout, rate: 0.1, with: {trainning: true}}}",
        {
            "model.layers.a.with": "Additional properties are not allowed "
            "('trainning' was unexpected)"
        },
    ),
    "a wrong argument of a nested model's layer": (
        "model",
        "layers: {t: {layers: {a: {class: Dense, unit: 3}}}}",
        {"model.layers.t.layers.a": None},
    ),
    "a wrong argument in a recipe": (
        "experiment",
        "model: {layers: {a: {class: Dense, unit: 3}}}",
        {"experiment.model.layers.a": None},
    ),
    "a group that is not there": ("experiment", "fitt: {epochs: 3}", {"experiment": None}),
    "a shape that is none": (
        "model",
        "inputs: {a: {shape: [28, 0]}}\nlayers: {a: ReLU}",
        {"model.inputs.a.shape.1": "0 is less than the minimum of 1"},
    ),
    "a source that is not there": (
        "data",
        "source: {class: Scikit}\nfeatures: image",
        {"data.source.class": None},
    ),
    "data without a source": (
        "data",
        "features: image",
        {"data": "'source' is a required property"},
    ),
    "a number of epochs below one": (
        "fit",
        "epochs: 0",
        {"fit.epochs": "0 is less than the minimum of 1"},
    ),
    "a callback of another kind": (
        "fit",
        "callbacks: {stop: {class: Adam}}",
        {"fit.callbacks.stop.class": None},
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_the_language_refuses_is_told_at_its_place(case: str, shipped: Validators) -> None:
    group, text, wanted = REFUSED[case]
    found = shipped.errors(group, text)
    for place, message in wanted.items():
        assert place in found
        assert message is None or found[place] == message


@pytest.mark.parametrize(
    ("group", "text", "path", "words"),
    [
        ("model", "layers: {a: {class: De}}", "layers.a.class", {"Dense", "ops.add", "Model"}),
        ("model", "layers: {a: }", "layers.a", {"Flatten", "GlobalAveragePooling2D"}),
        (
            "model",
            "layers: {a: {class: Dense, units: 3, activation: }}",
            "layers.a.activation",
            {"relu", "softmax", "ReLU"},
        ),
        (
            "model",
            "layers: {a: {class: Dense, kernel_initializer: {class: }}}",
            "layers.a.kernel_initializer.class",
            {"HeNormal", "RandomUniform"},
        ),
        ("optimizer", "class: ", "class", {"Adam", "SGD"}),
        ("compile", "loss: ", "loss", {"mse", "sparse_categorical_crossentropy"}),
        ("compile", "metrics: [accuracy, x]", "metrics.1", {"accuracy", "AUC"}),
        ("fit", "callbacks: {a: {class: }}", "callbacks.a.class", {"EarlyStopping"}),
        ("data", "task: ", "task", {"classification", "regression"}),
        ("backend", "backend: ", "backend", {"tensorflow", "jax", "torch"}),
        ("experiment", "optimizer: {class: }", "optimizer.class", {"Adam", "SGD"}),
    ],
)
def test_an_editor_finds_the_words_to_propose(
    group: str, text: str, path: str, words: set[str], shipped: Validators
) -> None:
    keys = [int(key) if key.isdigit() else key for key in path.split(".")]
    assert words <= set(shipped.proposed(group, text, keys))


def test_the_text_of_an_argument_is_that_of_keras(installed: Catalog) -> None:
    layers, ops = installed.entries["layer"], installed.entries["op"]
    units = layers["Dense"].parameters["units"]
    assert units.description == "Positive integer, dimensionality of the output space."
    assert ops["concatenate"].parameters["axis"].description.startswith("The axis along which")


def test_an_abbreviation_ends_no_sentence(installed: Catalog) -> None:
    layers = installed.entries["layer"].values()
    texts = [p.description for entry in layers for p in entry.parameters.values()]
    assert not any(text.endswith(("ie.", "e.g.")) for text in texts)


def test_a_choice_of_the_schema_is_one_of_the_parser() -> None:
    from kerasgen.emit.schema.document import _CHOICES
    from kerasgen.frontend.parse.backend import parse_backend

    for key, words in _CHOICES.items():
        for word, good in [(word, True) for word in words] + [("nonesuch", False)]:
            sink = Sink()
            parse_backend({"backend": "jax"} | {key: word}, sink)
            assert (sink.errors == []) == good


@pytest.mark.parametrize("group", FILES)
def test_a_whole_schema_refers_to_no_other_file(group: str, shipped: Validators) -> None:
    whole = whole_schema(shipped.schemas, group)
    assert ".json#" not in json.dumps(whole)
    assert json.loads(schema_text(whole)) == whole


def test_a_whole_schema_judges_as_the_files_do(shipped: Validators) -> None:
    validator = Draft7Validator(whole_schema(shipped.schemas, "optimizer"))
    assert validator.is_valid({"class": "Adam", "learning_rate": 0.1})
    assert not validator.is_valid({"class": "Adam", "learning_rat": 0.1})
