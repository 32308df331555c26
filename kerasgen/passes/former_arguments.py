"""Arguments that Keras no longer knows by the name that was written, and what says the same today.

This room owns the table of them: names of Keras 1 and 2, and those of other libraries for the
same thing. It must not report anything.

Decisions:
- It is written by hand, because no installed Keras can be asked for the names of an older one.
- A name stands here only where the thing meant is certain. What has one meaning and the same value
  under another name is a `Suggestion`, which `--fix` may write; what changes its place or its
  value is said in words, by `restated_arguments`.
- An entry is kept to the classes that had the argument: `alpha` is the slope of `LeakyReLU`, and
  an argument of its own elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping

from kerasgen.catalog.entries import ClassEntry
from kerasgen.diagnostics import Suggestion
from kerasgen.passes.restated_arguments import RESTATED, Former, Written

_KERNEL = {
    "init": "kernel_initializer",
    "W_regularizer": "kernel_regularizer",
    "b_regularizer": "bias_regularizer",
    "W_constraint": "kernel_constraint",
    "b_constraint": "bias_constraint",
    "bias": "use_bias",
    "weight_initializer": "kernel_initializer",
    "weights_initializer": "kernel_initializer",
    "weight_regularizer": "kernel_regularizer",
    "activation_fn": "activation",
}

RENAMED: Mapping[str, Mapping[str, str]] = {
    "dense": {
        **_KERNEL,
        "output_dim": "units",
        "out_features": "units",
        "num_units": "units",
        "num_outputs": "units",
        "output_size": "units",
    },
    "convolution": {
        **_KERNEL,
        "nb_filter": "filters",
        "nb_filters": "filters",
        "num_filters": "filters",
        "num_outputs": "filters",
        "out_channels": "filters",
        "filter_length": "kernel_size",
        "filter_size": "kernel_size",
        "subsample": "strides",
        "subsample_length": "strides",
        "stride": "strides",
        "border_mode": "padding",
        "atrous_rate": "dilation_rate",
        "dilation": "dilation_rate",
        "depthwise_init": "depthwise_initializer",
        "pointwise_init": "pointwise_initializer",
    },
    "recurrent": {
        **_KERNEL,
        "output_dim": "units",
        "hidden_size": "units",
        "num_units": "units",
        "inner_init": "recurrent_initializer",
        "inner_activation": "recurrent_activation",
        "U_regularizer": "recurrent_regularizer",
        "U_constraint": "recurrent_constraint",
        "dropout_W": "dropout",
        "dropout_U": "recurrent_dropout",
    },
    "Embedding": {
        "init": "embeddings_initializer",
        "W_regularizer": "embeddings_regularizer",
        "W_constraint": "embeddings_constraint",
        "num_embeddings": "input_dim",
        "vocab_size": "input_dim",
        "vocabulary_size": "input_dim",
        "embedding_dim": "output_dim",
        "embedding_size": "output_dim",
    },
    "dropout": {"p": "rate", "drop_prob": "rate", "drop_rate": "rate"},
    "GaussianNoise": {"sigma": "stddev", "std": "stddev"},
    "pooling": {
        "pool_length": "pool_size",
        "kernel_size": "pool_size",
        "stride": "strides",
        "border_mode": "padding",
    },
    "upsampling": {"length": "size", "scale_factor": "size"},
    "normalization": {
        "beta_init": "beta_initializer",
        "gamma_init": "gamma_initializer",
        "eps": "epsilon",
        "num_groups": "groups",
    },
    "LeakyReLU": {"alpha": "negative_slope"},
    "ReLU": {"theta": "threshold", "alpha": "negative_slope"},
    "PReLU": {"init": "alpha_initializer"},
    "ELU": {},
    "Reshape": {"dims": "target_shape", "shape": "target_shape"},
    "ZeroPadding2D": {"pad": "padding"},
    "Concatenate": {"concat_axis": "axis", "dim": "axis"},
    "Dot": {"dot_axes": "axes"},
    "optimizer": {
        "lr": "learning_rate",
        "eps": "epsilon",
        "beta1": "beta_1",
        "beta2": "beta_2",
        "clip_norm": "clipnorm",
        "clip_value": "clipvalue",
        "gradient_clip_norm": "clipnorm",
    },
    "RMSprop": {"alpha": "rho", "decay_rate": "rho"},
    "ReduceLROnPlateau": {"epsilon": "min_delta", "threshold": "min_delta"},
    "ModelCheckpoint": {"path": "filepath"},
    "EarlyStopping": {"restore_best": "restore_best_weights"},
    "L1": {"l": "l1"},
    "L2": {"l": "l2"},
    "MaxNorm": {"m": "max_value"},
    "RandomNormal": {"scale": "stddev", "std": "stddev"},
    "TruncatedNormal": {"scale": "stddev", "std": "stddev"},
    "Orthogonal": {"scale": "gain"},
    "ImageFolder": {
        "directory": "path",
        "folder": "path",
        "root": "path",
        "image_size": "size",
        "target_size": "size",
    },
    "Csv": {"file": "path", "filename": "path", "filepath": "path", "csv": "path"},
    "Arrays": {"file": "path", "filename": "path", "filepath": "path"},
}
"""Scope, then the former name, to today's: the same value means the same."""

_SHAPE = "the shape comes from the data, or stands under the model's `inputs`"
_BY_KERAS = "Keras 3 settles it by itself"

LEFT_OUT: Mapping[str, Mapping[str, str]] = {
    "layer": {
        "input_shape": _SHAPE,
        "batch_input_shape": _SHAPE,
        "input_dim": _SHAPE,
        "in_features": _SHAPE,
        "in_channels": _SHAPE,
        "input_size": _SHAPE,
        "num_features": _SHAPE,
        "normalized_shape": _SHAPE,
        "input_length": _SHAPE,
        "input_dtype": "the type of an input stands under the model's `inputs`",
        "weights": "a layer begins with the weights of its initializers",
        "inplace": _BY_KERAS,
        "batch_first": "the batch is the first axis in Keras",
        "time_major": "the batch is the first axis in Keras",
        "consume_less": _BY_KERAS,
        "implementation": _BY_KERAS,
        "fused": _BY_KERAS,
        "mode": "the axis that is normalized is `axis`",
        "renorm": "Keras 3 has no batch renormalization",
        "renorm_clipping": "Keras 3 has no batch renormalization",
        "renorm_momentum": "Keras 3 has no batch renormalization",
        "virtual_batch_size": "Keras 3 has no batches inside of batches",
        "track_running_stats": "a normalization always keeps them",
    },
    "Embedding": {
        "dropout": "put `{class: SpatialDropout1D, rate: …}` behind it",
        "padding_idx": "`mask_zero: true` hides the index 0",
    },
    **{
        scope: {
            "dropout": "put `{class: Dropout, rate: …}` behind it",
            "batch_norm": "put a `BatchNormalization` behind it",
        }
        for scope in ("dense", "convolution")
    },
    **{
        cls: {"momentum": "`beta_1` is what comes next to it; `SGD` takes a momentum"}
        for cls in ("Adam", "AdamW", "Adamax", "Nadam", "Lamb", "Lion")
    },
    "optimizer": {
        "schedule_decay": _BY_KERAS,
        "dampening": "Keras's SGD has none",
        "foreach": _BY_KERAS,
        "fused": _BY_KERAS,
    },
    "TensorBoard": {
        "write_grads": "Keras 3 writes no gradients",
        "batch_size": "it is `fit.batch_size`",
        "embeddings_layer_names": "`embeddings_freq` alone asks for them",
        "embeddings_data": "`embeddings_freq` alone asks for them",
    },
    "ModelCheckpoint": {
        "options": "Keras 3 takes none",
        "save_format": "the ending of `filepath` says it: `.keras`",
    },
    "source": {
        "batch_size": "it is `fit.batch_size`",
        "class_mode": "the form of the labels follows from the loss",
        "label_mode": "the form of the labels follows from the loss",
        "horizontal_flip": "a `RandomFlip` among the model's layers does that",
        "vertical_flip": "a `RandomFlip` among the model's layers does that",
        "rotation_range": "a `RandomRotation` among the model's layers does that",
        "zoom_range": "a `RandomZoom` among the model's layers does that",
        "width_shift_range": "a `RandomTranslation` among the model's layers does that",
        "height_shift_range": "a `RandomTranslation` among the model's layers does that",
        "rescale": "a `Rescaling` step under `data.prepare` does that",
        "validation_split": "it is `data.split.validation`",
        "shuffle": "it is `data.split.shuffle`",
        "seed": "it is the config's `seed`",
    },
}
"""Scope, then the former name, to why nothing is written in its place."""

_SCOPES: Mapping[str, tuple[str, ...]] = {
    "dense": ("Dense", "EinsumDense"),
    "recurrent": ("LSTM", "GRU", "SimpleRNN", "LSTMCell", "GRUCell", "SimpleRNNCell"),
    "dropout": ("Dropout", "AlphaDropout", "GaussianDropout", "SpatialDropout"),
    "normalization": ("BatchNormalization", "LayerNormalization", "GroupNormalization"),
    "upsampling": ("UpSampling",),
}


def former_argument(written: Written) -> Former | None:
    """What became of an argument that a class does not have.

    Args:
        written: the argument.

    Returns:
        What to write today, or None where the name was never one for this class.
    """
    name, scopes = written.name, _scopes(written.found)
    for scope in scopes:
        if (restate := RESTATED.get(scope, {}).get(name)) is not None:
            return restate(written)
    for scope in scopes:
        new = RENAMED.get(scope, {}).get(name)
        if new is not None and new in written.found.parameters:
            if new in written.beside:
                return Former(help=f"leave it out: `{new}`, its name in Keras 3, is there too")
            return Former(help=Suggestion(f"write `{new}`, its name in Keras 3", new), means=(new,))
    for scope in scopes:
        if (reason := LEFT_OUT.get(scope, {}).get(name)) is not None:
            return Former(help=f"leave it out: {reason}")
    return None


def _scopes(found: ClassEntry) -> list[str]:
    """The scopes whose former names a class had, the narrowest first."""
    name = found.name.replace("Convolution", "Conv")
    scopes = [found.name]
    scopes += [scope for scope, begins in _SCOPES.items() if name.startswith(begins)]
    if "Conv" in name and found.kind == "layer":
        scopes.append("recurrent" if "LSTM" in name else "convolution")
        scopes += ["convolution"] * ("LSTM" in name)
    if "Pool" in name:
        scopes.append("pooling")
    return [*scopes, found.kind]
