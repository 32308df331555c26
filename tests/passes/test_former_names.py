"""Names of Keras 1 and 2 and of other libraries: what is said of each, and that it can be done."""

import pytest

from kerasgen.catalog.entries import Catalog, ClassEntry, Kind
from kerasgen.diagnostics import Sink, Suggestion
from kerasgen.ir.values import ObjectDef, Value
from kerasgen.passes.former_arguments import LEFT_OUT, RENAMED, former_argument
from kerasgen.passes.former_names import NAMES, former_name, former_word
from kerasgen.passes.restated_arguments import Written
from kerasgen.passes.unknown_names import report_unknown_class


def argument(catalog: Catalog, cls: str, name: str, beside: str = "", **arguments: Value) -> str:
    found = next(
        entry for kind in catalog.entries if (entry := catalog.entries[kind].get(cls)) is not None
    )
    made = ObjectDef(cls=cls, arguments=arguments)
    names = frozenset(beside.split())
    former = former_argument(Written(definition=made, found=found, name=name, beside=names))
    assert former is not None
    return former.help


@pytest.mark.parametrize(
    ("cls", "name", "today"),
    [
        ("Dense", "output_dim", "units"),
        ("Dense", "W_regularizer", "kernel_regularizer"),
        ("Dense", "b_constraint", "bias_constraint"),
        ("Dense", "init", "kernel_initializer"),
        ("Dense", "bias", "use_bias"),
        ("Convolution2D", "nb_filter", "filters"),
        ("Conv2D", "border_mode", "padding"),
        ("Conv1D", "filter_length", "kernel_size"),
        ("Conv2D", "subsample", "strides"),
        ("Conv2D", "atrous_rate", "dilation_rate"),
        ("Conv2D", "out_channels", "filters"),
        ("MaxPooling1D", "pool_length", "pool_size"),
        ("MaxPooling2D", "border_mode", "padding"),
        ("LSTM", "output_dim", "units"),
        ("LSTM", "inner_activation", "recurrent_activation"),
        ("GRU", "inner_init", "recurrent_initializer"),
        ("SimpleRNN", "U_regularizer", "recurrent_regularizer"),
        ("LSTM", "dropout_W", "dropout"),
        ("ConvLSTM2D", "nb_filter", "filters"),
        ("ConvLSTM2D", "inner_activation", "recurrent_activation"),
        ("Embedding", "W_regularizer", "embeddings_regularizer"),
        ("Dropout", "p", "rate"),
        ("SpatialDropout2D", "p", "rate"),
        ("GaussianNoise", "sigma", "stddev"),
        ("BatchNormalization", "gamma_init", "gamma_initializer"),
        ("LayerNormalization", "eps", "epsilon"),
        ("LeakyReLU", "alpha", "negative_slope"),
        ("Adam", "lr", "learning_rate"),
        ("SGD", "lr", "learning_rate"),
        ("RMSprop", "alpha", "rho"),
        ("ReduceLROnPlateau", "epsilon", "min_delta"),
        ("L2", "l", "l2"),
        ("MaxNorm", "m", "max_value"),
        ("RandomNormal", "scale", "stddev"),
    ],
)
def test_a_former_argument_gets_todays_name(
    catalog: Catalog, cls: str, name: str, today: str
) -> None:
    found = argument(catalog, cls, name, **{name: 1})
    assert isinstance(found, Suggestion)
    assert (found.replacement, found.sure) == (today, True)


def test_an_argument_that_stands_beside_its_former_name_is_not_written_twice(
    catalog: Catalog,
) -> None:
    found = argument(catalog, "Dense", "output_dim", "units", units=3, output_dim=3)
    assert found == "leave it out: `units`, its name in Keras 3, is there too"
    merged = argument(catalog, "Adam", "lr", learning_rate=0.001, lr=0.1)
    assert isinstance(merged, Suggestion)


@pytest.mark.parametrize(
    ("cls", "name", "arguments", "words"),
    [
        (
            "SGD",
            "decay",
            {"learning_rate": 0.1, "decay": 1e-6},
            "write `learning_rate: {class: InverseTimeDecay, initial_learning_rate: 0.1, "
            "decay_steps: 1, decay_rate: 1e-06}` in place of `learning_rate` and `decay`",
        ),
        ("SGD", "decay", {"decay": 0}, "leave it out: a decay of 0 changes nothing"),
        ("Conv2D", "dim_ordering", {"dim_ordering": "th"}, "write `data_format: channels_first`"),
        (
            "Conv2D",
            "nb_row",
            {"nb_row": 3, "nb_col": 5},
            "write `kernel_size: [3, 5]` in place of `nb_row` and `nb_col`",
        ),
        ("LSTM", "forget_bias_init", {"forget_bias_init": "one"}, "write `unit_forget_bias: true`"),
        ("ModelCheckpoint", "period", {"period": 1}, "write `save_freq: epoch` in its place"),
        ("RandomUniform", "scale", {"scale": 0.1}, "write `minval: -0.1` and `maxval: 0.1`"),
        ("Adam", "betas", {"betas": (0.9, 0.99)}, "write `beta_1: 0.9` and `beta_2: 0.99`"),
        ("Dense", "input_dim", {"input_dim": 784}, "leave it out: the shape comes from the data"),
        ("BatchNormalization", "mode", {"mode": 0}, "leave it out: the axis that is normalized"),
        ("TensorBoard", "write_grads", {"write_grads": True}, "leave it out: Keras 3 writes no"),
        ("Nadam", "schedule_decay", {"schedule_decay": 0.1}, "leave it out: Keras 3 settles it"),
    ],
)
def test_what_is_said_in_another_way_today_is_no_suggestion(
    catalog: Catalog, cls: str, name: str, arguments: dict[str, Value], words: str
) -> None:
    found = argument(catalog, cls, name, " ".join(arguments), **arguments)
    assert not isinstance(found, Suggestion)
    assert found.startswith(words)


def _having(scope: str, catalog: Catalog) -> list[ClassEntry]:
    from kerasgen.passes.former_arguments import _scopes

    entries = [entry for kind in catalog.entries.values() for entry in kind.values()]
    return [entry for entry in entries if scope in _scopes(entry)]


@pytest.mark.parametrize("scope", [scope for scope in RENAMED if RENAMED[scope]])
def test_every_renamed_argument_is_one_that_keras_has_by_its_new_name_alone(
    scope: str, catalog: Catalog
) -> None:
    from kerasgen.data.sources.source_list import source_entries

    having = _having(scope, catalog.extended(source_entries()))
    assert having
    for old, new in RENAMED[scope].items():
        assert any(new in entry.parameters for entry in having), (old, new)
        ambiguous = [e.name for e in having if {old, new} <= set(e.parameters)]
        assert not ambiguous, (old, ambiguous)


@pytest.mark.parametrize("scope", LEFT_OUT)
def test_no_argument_of_keras_is_told_to_be_left_out(scope: str, catalog: Catalog) -> None:
    having = [entry for entry in _having(scope, catalog) if entry.kind != "source"]
    for name in LEFT_OUT[scope]:
        for entry in having:
            # Such an argument is found before the table is asked.
            assert name not in entry.parameters or former_argument(
                Written(definition=ObjectDef(cls=entry.name, arguments={name: 1}), found=entry,
                        name=name, beside=frozenset())
            ) is not None  # fmt: skip


@pytest.mark.parametrize("kind", NAMES)
def test_every_former_name_leads_to_one_that_keras_has(kind: str, catalog: Catalog) -> None:
    from kerasgen.data.sources.source_list import source_entries

    everything = catalog.extended(source_entries())
    for old, new in NAMES[kind].items():  # type: ignore[index]
        name = new.removeprefix("{class: ").partition(",")[0]
        known = [*everything.words((kind,)), *everything.names((kind,))]  # type: ignore[arg-type]
        assert name in known, (old, new)
        assert old not in known, old


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Dense(128, activation='relu')", "write `{class: Dense, units: 128, activation: relu}`"),
        ("keras.layers.Dense(units=3)", "write `{class: Dense, units: 3}`"),
        ("Flatten()", "write `Flatten`"),
        ("Dense(*sizes)", None),
        ("Dense(", None),
        ("Nothing(3)", None),
    ],
)
def test_a_call_of_python_is_written_as_an_object(
    catalog: Catalog, text: str, words: str | None
) -> None:
    assert former_name(ObjectDef(cls=text), ("layer",), catalog) == words


@pytest.mark.parametrize(
    ("word", "kind", "words"),
    [
        ("cosine_proximity", "loss", "write `cosine_similarity`, its name in Keras 3"),
        ("CrossEntropyLoss", "loss",
         "write `{class: SparseCategoricalCrossentropy, from_logits: true}`"),
        ("rmse", "metric", "write `root_mean_squared_error`, its name in Keras 3"),
        ("matthews_correlation", "metric", "Keras 3 has none"),
        ("xavier", "initializer", "write `glorot_uniform`, its name in Keras 3"),
        ("Linear", "layer", "write `Dense`, its name in Keras 3"),
        ("relu", "activation", None),
    ],
)  # fmt: skip
def test_a_former_word_gets_todays(word: str, kind: str, words: str | None) -> None:
    assert former_word(word, kind) == words  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Dens", "did you mean `Dense`?"),
        ("Wqzxyv", "one of your own is registered with `@kerasgen.register` and named by "
         "`--trust MODULE`"),
        ("MyDense", "did you mean `Dense`? one of your own is registered with "
         "`@kerasgen.register` and named by `--trust MODULE`"),
        ("torch.nn.Linear", "write `Dense`, its name in Keras 3"),
        ("torch.nn.Foo", "PyTorch has its own classes: write the one of Keras that does the same"),
        ("tensorflow.keras.layers.Dense", "write `Dense`, without a module"),
        ("mine.layers.Gate", "a config names no module: write `Gate`, register it with "
         "`@kerasgen.register`, and run with `--trust mine.layers`"),
    ],
)  # fmt: skip
def test_an_unknown_class_leads_on(catalog: Catalog, name: str, words: str) -> None:
    sink = Sink()
    report_unknown_class(ObjectDef(cls=name, path="x"), ("layer",), catalog, sink)
    assert sink.diagnostics[0].help == words


@pytest.mark.parametrize(
    ("word", "kind", "words"),
    [
        ("log_loss", "loss", "take `sparse_categorical_crossentropy` for indices"),
        ("F.cross_entropy", "loss", "take `sparse_categorical_crossentropy` for indices"),
        ("torch.nn.MSELoss", "loss", "write `MeanSquaredError`"),
        ("nn.BCEWithLogitsLoss", "loss", "write `{class: BinaryCrossentropy, from_logits: true}`"),
        ("sklearn.metrics.roc_auc_score", "metric", "write `auc`"),
        ("balanced_accuracy", "metric", "write `{class: Recall, average: macro}`"),
    ],
)
def test_a_word_of_another_library_is_known_with_its_module_and_without(
    word: str, kind: Kind, words: str
) -> None:
    assert str(former_word(word, kind)).startswith(words)


@pytest.mark.parametrize(
    ("cls", "name", "words"),
    [
        ("Adam", "momentum", "leave it out: `beta_1` is what comes next to it"),
        ("AdamW", "momentum", "leave it out: `beta_1` is what comes next to it"),
        ("Dense", "dropout", "leave it out: put `{class: Dropout, rate: …}` behind it"),
        ("Conv2D", "dropout", "leave it out: put `{class: Dropout, rate: …}` behind it"),
    ],
)
def test_what_is_another_thing_in_keras_is_not_led_to_a_name_that_looks_like_it(
    catalog: Catalog, cls: str, name: str, words: str
) -> None:
    assert argument(catalog, cls, name).startswith(words)
