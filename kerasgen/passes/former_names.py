"""Classes and words that Keras no longer knows, and what says the same today.

This room owns the table of them: names of Keras 1 and 2, of TensorFlow and of PyTorch, and the
calls of Python that stand where a name is expected (`Dense(128)`). It must not report anything.

Decisions:
- It is written by hand, because no installed Keras can be asked for the names of others.
- A bare name in the table means the same without further arguments, and is a `Suggestion`, which
  `--fix` may write. Everything else is said in words: an object to write, or that there is none.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from kerasgen.catalog.entries import Catalog, ClassEntry, Kind
from kerasgen.diagnostics import Suggestion, as_yaml
from kerasgen.ir.values import ObjectDef, Value

_LAYERS: Mapping[str, str] = {
    "AtrousConvolution1D": "Conv1D",
    "AtrousConvolution2D": "Conv2D",
    "AtrousConv1D": "Conv1D",
    "AtrousConv2D": "Conv2D",
    "Deconvolution2D": "Conv2DTranspose",
    "Deconvolution3D": "Conv3DTranspose",
    "Deconv2D": "Conv2DTranspose",
    "Deconv3D": "Conv3DTranspose",
    "ConvTranspose1d": "Conv1DTranspose",
    "ConvTranspose2d": "Conv2DTranspose",
    "ConvTranspose3d": "Conv3DTranspose",
    "TimeDistributedDense": "Dense",
    "CuDNNLSTM": "LSTM",
    "CuDNNGRU": "GRU",
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
    "BatchNorm": "BatchNormalization",
    "BatchNorm1d": "BatchNormalization",
    "BatchNorm2d": "BatchNormalization",
    "BatchNorm3d": "BatchNormalization",
    "LayerNorm": "LayerNormalization",
    "GroupNorm": "GroupNormalization",
    "RMSNorm": "RMSNormalization",
    "SyncBatchNormalization": "{class: BatchNormalization, synchronized: true}",
    "SyncBatchNorm": "{class: BatchNormalization, synchronized: true}",
    "InstanceNorm2d": "{class: GroupNormalization, groups: -1}",
    "InstanceNormalization": "{class: GroupNormalization, groups: -1}",
    "LSTMV1": "LSTM",
    "LSTMV2": "LSTM",
    "GRUV1": "GRU",
    "GRUV2": "GRU",
    "RNNCell": "SimpleRNNCell",
    "Linear": "Dense",
    "FullyConnected": "Dense",
    "FC": "Dense",
    "Dropout1d": "SpatialDropout1D",
    "Dropout2d": "SpatialDropout2D",
    "Dropout3d": "SpatialDropout3D",
    "AvgPool1d": "AveragePooling1D",
    "AvgPool2d": "AveragePooling2D",
    "AvgPool3d": "AveragePooling3D",
    "MaxPool1d": "MaxPooling1D",
    "MaxPool2d": "MaxPooling2D",
    "MaxPool3d": "MaxPooling3D",
    "AdaptiveAvgPool1d": "AdaptiveAveragePooling1D",
    "AdaptiveAvgPool2d": "AdaptiveAveragePooling2D",
    "AdaptiveMaxPool2d": "AdaptiveMaxPooling2D",
    "Upsample": "UpSampling2D",
    "ZeroPad2d": "ZeroPadding2D",
    "ThresholdedReLU": "{class: ReLU, threshold: 1.0}",
    "MultiheadAttention": "MultiHeadAttention",
    "Tanh": "{class: Activation, activation: tanh}",
    "Sigmoid": "{class: Activation, activation: sigmoid}",
    "GELU": "{class: Activation, activation: gelu}",
    "SiLU": "{class: Activation, activation: silu}",
    "Swish": "{class: Activation, activation: silu}",
    "SELU": "{class: Activation, activation: selu}",
    "ReLU6": "{class: ReLU, max_value: 6}",
    "LogSoftmax": "{class: Activation, activation: log_softmax}",
    "Softplus": "{class: Activation, activation: softplus}",
    "Mish": "{class: Activation, activation: mish}",
}

_LOSSES: Mapping[str, str] = {
    "cosine_proximity": "cosine_similarity",
    "cosine": "cosine_similarity",
    "kullback_leibler_divergence": "kl_divergence",
    "MSELoss": "MeanSquaredError",
    "L1Loss": "MeanAbsoluteError",
    "BCELoss": "BinaryCrossentropy",
    "KLDivLoss": "KLDivergence",
    "SmoothL1Loss": "Huber",
    "squared_error": "mean_squared_error",
    "absolute_error": "mean_absolute_error",
    "mse_loss": "mean_squared_error",
    "l1_loss": "mean_absolute_error",
    "smooth_l1_loss": "huber",
    "huber_loss": "huber",
    "binary_cross_entropy": "binary_crossentropy",
    "binary_cross_entropy_with_logits": "{class: BinaryCrossentropy, from_logits: true}",
    "HuberLoss": "Huber",
    "BCEWithLogitsLoss": "{class: BinaryCrossentropy, from_logits: true}",
    "CrossEntropyLoss": "{class: SparseCategoricalCrossentropy, from_logits: true}",
}

_METRICS: Mapping[str, str] = {
    "rmse": "root_mean_squared_error",
    "f1": "f1_score",
    "roc_auc": "auc",
    "roc_auc_score": "auc",
    "accuracy_score": "accuracy",
    "precision_score": "precision",
    "recall_score": "recall",
    "neg_mean_squared_error": "mean_squared_error",
    "neg_mean_absolute_error": "mean_absolute_error",
    "auroc": "auc",
    "iou": "io_u",
    "r2": "r2_score",
    "cosine_proximity": "cosine_similarity",
    "kullback_leibler_divergence": "kl_divergence",
    "top5": "top_k_categorical_accuracy",
    "top_5_accuracy": "top_k_categorical_accuracy",
}

_OPTIMIZERS: Mapping[str, str] = {
    "GradientDescentOptimizer": "SGD",
    "AdamOptimizer": "Adam",
    "RMSPropOptimizer": "RMSprop",
    "AdagradOptimizer": "Adagrad",
    "AdadeltaOptimizer": "Adadelta",
    "FtrlOptimizer": "Ftrl",
    "AdamWeightDecay": "AdamW",
    "NAdam": "Nadam",
    "momentum": "{class: SGD, momentum: 0.9}",
    "Momentum": "{class: SGD, momentum: 0.9}",
    "MomentumOptimizer": "{class: SGD, momentum: 0.9}",
    "nag": "{class: SGD, momentum: 0.9, nesterov: true}",
}

_INITIALIZERS: Mapping[str, str] = {
    "glorot": "glorot_uniform",
    "xavier": "glorot_uniform",
    "xavier_uniform": "glorot_uniform",
    "xavier_normal": "glorot_normal",
    "Xavier": "GlorotUniform",
    "kaiming_uniform": "he_uniform",
    "kaiming_normal": "he_normal",
    "gaussian": "random_normal",
}

_REGULARIZERS: Mapping[str, str] = {
    "activity_l1": "l1",
    "activity_l2": "l2",
    "activity_l1l2": "l1l2",
    "WeightRegularizer": "L1L2",
    "ActivityRegularizer": "L1L2",
}

_ACTIVATIONS: Mapping[str, str] = {
    "lrelu": "leaky_relu",
    "none": "linear",
    "None": "linear",
    "identity": "linear",
    "logistic": "sigmoid",
}

_SOURCES: Mapping[str, str] = {
    "ImageDataGenerator": "ImageFolder",
    "ImageDataset": "ImageFolder",
    "image_dataset_from_directory": "ImageFolder",
    "flow_from_directory": "ImageFolder",
    "read_csv": "Csv",
    "CsvDataset": "Csv",
    "Npz": "Arrays",
    "Numpy": "Arrays",
    "npz": "Arrays",
    **{
        name: f"{{class: KerasDataset, name: {name}}}"
        for name in ("mnist", "fashion_mnist", "cifar10", "cifar100", "imdb", "reuters")
    },
    **{
        f"load_{name}": f"{{class: ScikitLearn, name: {name}}}"
        for name in ("digits", "iris", "wine", "breast_cancer", "diabetes")
    },
}

NAMES: Mapping[Kind, Mapping[str, str]] = {
    "layer": _LAYERS,
    "loss": _LOSSES,
    "metric": _METRICS,
    "optimizer": _OPTIMIZERS,
    "initializer": _INITIALIZERS,
    "regularizer": _REGULARIZERS,
    "activation": _ACTIVATIONS,
    "source": _SOURCES,
}
"""Kind, then the former name, to today's: a name, or an object in YAML."""

_GONE: Mapping[Kind, Mapping[str, str]] = {
    "layer": {
        "MaxoutDense": "Keras 3 has none; `ops.max` over a `Dense` and a `Reshape` computes it",
        "Highway": "Keras 3 has none; `Dense`, `Multiply` and `Add` compute it",
        "LocallyConnected1D": "Keras 3 has none; a `Conv1D` shares its kernel over all places",
        "LocallyConnected2D": "Keras 3 has none; a `Conv2D` shares its kernel over all places",
        "SReLU": "Keras 3 has none; a `PReLU` learns its slope",
        "ParametricSoftplus": "Keras 3 has none; an `Activation` gives a plain `softplus`",
        "DenseFeatures": "Keras 3 has no feature columns; take preprocessing layers, as `Hashing`",
        "RandomHeight": "Keras 3 has none; a `RandomZoom` stretches images",
        "RandomWidth": "Keras 3 has none; a `RandomZoom` stretches images",
        "Merge": "each way to merge is a layer: `Add`, `Multiply`, `Average`, `Maximum`, "
        "`Concatenate`, `Dot`",
    },
    "loss": {
        **dict.fromkeys(
            (
                *("crossentropy", "cross_entropy", "CrossEntropy", "Crossentropy", "ce", "nll"),
                *("log_loss", "logloss", "neg_log_loss", "softmax_cross_entropy", "softmax_loss"),
            ),
            "take `sparse_categorical_crossentropy` for indices of classes, "
            "`categorical_crossentropy` for one-hot labels, `binary_crossentropy` for two classes",
        ),
        "NLLLoss": "take `sparse_categorical_crossentropy` behind a `softmax`",
        "rmse": "Keras 3 has none; `mean_squared_error` has its minimum at the same place",
    },
    "metric": {
        "fmeasure": "`f1_score` is its name today, and counts over the whole epoch",
        "fbeta_score": "write `{class: FBetaScore, beta: …}`",
        **dict.fromkeys(("matthews_correlation", "mcc"), "Keras 3 has none"),
        "balanced_accuracy": "write `{class: Recall, average: macro}`, which is the same",
    },
}
"""What has no name of the same meaning today, and what is near to it."""


MERGED: Mapping[str, str] = {
    "sum": "Add",
    "mul": "Multiply",
    "ave": "Average",
    "max": "Maximum",
    "concat": "Concatenate",
    "dot": "Dot",
}
"""The mode of Keras 1's `Merge` to the layer that merges so."""


def former_name(definition: ObjectDef, kinds: Sequence[Kind], catalog: Catalog) -> str | None:
    """The help for a class that is not known by its name, None where the name was never one.

    Args:
        definition: the object as written; its class may be a word, or a call of Python.
        kinds: what it may be.
        catalog: the classes that there are.
    """
    name = definition.cls.rpartition(".")[2] if "(" not in definition.cls else definition.cls
    if name in ("Merge", "merge") and "layer" in kinds:
        mode = definition.arguments.get("mode", "sum")
        if isinstance(mode, str) and mode in MERGED:
            return f"write `class: {MERGED[mode]}` in place of `class` and `mode`"
    for kind in kinds:
        if (found := former_word(name, kind)) is not None:
            return found
    return called(definition.cls, kinds, catalog)


def former_word(word: str, kind: Kind) -> str | None:
    """The help for a word that stands for an object of a kind; None where it was never one."""
    word = word.rpartition(".")[2]
    if (new := NAMES.get(kind, {}).get(word)) is not None:
        if new.startswith("{"):
            return f"write `{new}`"
        return Suggestion(f"write `{new}`, its name in Keras 3", new)
    return _GONE.get(kind, {}).get(word)


def called(text: str, kinds: Sequence[Kind], catalog: Catalog) -> str | None:
    """What to write for a call of Python (`Dense(128, activation="relu")`), None for none."""
    if not text.endswith(")"):
        return None
    try:
        call = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if not isinstance(call, ast.Call):
        return None
    named = ast.unparse(call.func)
    found = catalog.find(named, kinds) or catalog.find(named.rpartition(".")[2], kinds)
    if found is None:
        return None
    arguments = _arguments(call, found)
    if arguments is None:
        return None
    written = ", ".join(f"{key}: {as_yaml(value)}" for key, value in arguments.items())
    return f"write `{{class: {found.name}, {written}}}`" if written else f"write `{found.name}`"


def _arguments(call: ast.Call, found: ClassEntry) -> dict[str, Value] | None:
    """The arguments of a call by their names; None where one is no plain value."""
    names = [name for name, parameter in found.parameters.items() if not parameter.variadic]
    if len(call.args) > len(names) or any(item.arg is None for item in call.keywords):
        return None
    pairs = [*zip(names, call.args, strict=False)]
    pairs += [(str(item.arg), item.value) for item in call.keywords]
    try:
        return {name: ast.literal_eval(value) for name, value in pairs}
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None
