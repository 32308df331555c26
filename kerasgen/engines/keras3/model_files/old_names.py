"""Old names: what classes and arguments of Keras 1 and 2 are called in Keras 3.

This room owns tables, and nothing else. They hold what the installed Keras cannot be asked, since
it knows its own names alone; a name that stayed is in none of them.
"""

from __future__ import annotations

from collections.abc import Mapping

CLASSES: Mapping[str, str] = {
    "Convolution1D": "Conv1D",
    "Convolution2D": "Conv2D",
    "Convolution3D": "Conv3D",
    "Deconvolution2D": "Conv2DTranspose",
    "Deconvolution3D": "Conv3DTranspose",
    "AtrousConvolution1D": "Conv1D",
    "AtrousConvolution2D": "Conv2D",
    "AtrousConv1D": "Conv1D",
    "AtrousConv2D": "Conv2D",
    "SeparableConvolution1D": "SeparableConv1D",
    "SeparableConvolution2D": "SeparableConv2D",
    "TimeDistributedDense": "Dense",
    "CuDNNLSTM": "LSTM",
    "CuDNNGRU": "GRU",
    "SyncBatchNormalization": "BatchNormalization",
    "ThresholdedReLU": "ReLU",
}
"""Classes of layers that have another name, or became a case of another one."""

REMOVED: Mapping[str, str] = {
    "LocallyConnected1D": "a layer with weights of its own at each place",
    "LocallyConnected2D": "a layer with weights of its own at each place",
    "MaxoutDense": "the largest of several dense layers",
    "Highway": "a dense layer with a gate around it",
    "SReLU": "an activation with four learned parameters",
    "ParametricSoftplus": "an activation with two learned parameters",
    "ConvRecurrent2D": "the base of recurrent convolutions",
    "RandomHeight": "an augmentation that changes the height of images",
    "RandomWidth": "an augmentation that changes the width of images",
    "CategoryCrossing": "a crossing of categories",
    "DenseFeatures": "the columns of `tf.feature_column`",
    "SequenceFeatures": "the columns of `tf.feature_column`",
    "Graph": "the graph models of Keras 0",
    "AutoEncoder": "the pair of an encoder and a decoder of Keras 0",
    "LinearModel": "a canned model",
    "WideDeepModel": "a canned model",
}
"""Classes that Keras had and has no more, with what they were."""

ARGUMENTS: Mapping[str, str] = {
    "nb_filter": "filters",
    "filter_length": "kernel_size",
    "border_mode": "padding",
    "subsample": "strides",
    "subsample_length": "strides",
    "stride": "strides",
    "atrous_rate": "dilation_rate",
    "dim_ordering": "data_format",
    "pool_length": "pool_size",
    "length": "size",
    "output_dim": "units",
    "init": "kernel_initializer",
    "inner_init": "recurrent_initializer",
    "beta_init": "beta_initializer",
    "gamma_init": "gamma_initializer",
    "depthwise_init": "depthwise_initializer",
    "pointwise_init": "pointwise_initializer",
    "forget_bias_init": "unit_forget_bias",
    "inner_activation": "recurrent_activation",
    "W_regularizer": "kernel_regularizer",
    "U_regularizer": "recurrent_regularizer",
    "b_regularizer": "bias_regularizer",
    "W_constraint": "kernel_constraint",
    "U_constraint": "recurrent_constraint",
    "b_constraint": "bias_constraint",
    "dropout_W": "dropout",
    "dropout_U": "recurrent_dropout",
    "bias": "use_bias",
    "p": "rate",
    "sigma": "stddev",
}
"""Arguments of Keras 1, in classes that do not have one of that name themselves."""

CLASS_ARGUMENTS: Mapping[str, Mapping[str, str]] = {
    "Embedding": {
        "init": "embeddings_initializer",
        "W_regularizer": "embeddings_regularizer",
        "W_constraint": "embeddings_constraint",
    },
    "PReLU": {"init": "alpha_initializer"},
    "LeakyReLU": {"alpha": "negative_slope"},
    "ReLU": {"theta": "threshold"},
}
"""Arguments that are called otherwise in one class alone."""

SIZES: Mapping[str, tuple[str, ...]] = {
    "Conv2D": ("nb_row", "nb_col"),
    "Conv2DTranspose": ("nb_row", "nb_col"),
    "SeparableConv2D": ("nb_row", "nb_col"),
    "Conv3D": ("kernel_dim1", "kernel_dim2", "kernel_dim3"),
    "Conv3DTranspose": ("kernel_dim1", "kernel_dim2", "kernel_dim3"),
}
"""Arguments of Keras 1 that became one `kernel_size`."""

WITHOUT_MEANING = frozenset(
    {"name", "batch_input_shape", "batch_shape", "input_shape", "input_dtype", "input_length"}
    | {"input_dim", "consume_less", "implementation", "create_input_layer", "build_config"}
    | {"experimental_autocast", "query_shape", "key_shape", "value_shape", "vocabulary_size"}
    | {"softmax_robust_masking", "compute_dtype", "layer_index", "dynamic", "rng_type"}
    | {"force_generator", "trainable"}
)
"""What says how a layer was made or computed, not what it computes, where no argument has it."""

EMPTY: Mapping[str, object] = {"groups": 1}
"""Arguments that say nothing at this value, in classes that Keras 3 gives none of that name."""

UNUSED: Mapping[str, frozenset[str]] = {
    name: frozenset({"kernel_initializer", "kernel_regularizer", "kernel_constraint", "filters"})
    for name in ("SeparableConv1D", "SeparableConv2D", "DepthwiseConv1D", "DepthwiseConv2D")
}
"""Arguments that Keras 2 wrote of a class and did not use in it."""

DATA_FORMATS: Mapping[str, str] = {"th": "channels_first", "tf": "channels_last"}
"""Values of `dim_ordering`."""


INITIALIZERS: Mapping[str, str] = {"zero": "zeros", "one": "ones"}
"""Words for initializers whose longer form Keras 3 has as a default."""

SCALED: Mapping[tuple[float, str, str], str] = {
    (1.0, "fan_avg", "uniform"): "GlorotUniform",
    (1.0, "fan_avg", "normal"): "GlorotNormal",
    (2.0, "fan_in", "uniform"): "HeUniform",
    (2.0, "fan_in", "normal"): "HeNormal",
    (1.0, "fan_in", "uniform"): "LecunUniform",
    (1.0, "fan_in", "normal"): "LecunNormal",
}
"""Cases of `VarianceScaling` with a name, by scale, mode and distribution."""

PENALTIES: Mapping[str, str] = {
    "WeightRegularizer": "L1L2",
    "L1L2Regularizer": "L1L2",
    "ActivityRegularizer": "L1L2",
}
"""Regularizers of Keras 1."""

CONSTRAINTS: Mapping[str, str] = {
    "maxnorm": "max_norm",
    "nonneg": "non_neg",
    "unitnorm": "unit_norm",
    "min_maxnorm": "min_max_norm",
}
"""Words for constraints of Keras 1."""

CONSTRAINT_ARGUMENTS: Mapping[str, str] = {
    "m": "max_value",
    "low": "min_value",
    "high": "max_value",
}
"""Their arguments."""
