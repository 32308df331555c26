"""One config for each rule of lint that needs no rows: what it warns of, and what it lets pass."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml


def data(
    shape: str = "[20]",
    classes: int | None = 10,
    task: str = "classification",
    more: str = "",
    facts: str = "",
) -> str:
    count = f"classes: {classes}, " if classes is not None else ""
    return f"""
source: {{class: ScikitLearn, name: digits}}
features: x
target: y
task: {task}
split: {{test: 0.2, validation: 0.1}}
facts: {{{count}shape: {shape}, samples: 1000{facts}}}
{more}
"""


CLASSES = data()
TWO = data(classes=2)
AMOUNT = data(classes=None, task="regression")
IMAGE = data(shape="[8, 8, 3]")
ONE_HOT = data(classes=3, more="prepare: {y: {class: CategoryEncoding, num_tokens: 3, from: y}}")
SEVERAL = data(classes=3, task="multilabel", facts=", target_shape: [3]")
TEXT = data(shape="[5]", more="split: {test: 0.2}").replace(
    "split: {test: 0.2, validation: 0.1}\n", ""
)
PAIR = """
source: {class: ScikitLearn, name: digits}
features: x
target: {a: y, b: z}
task: {a: classification, b: regression}
split: {validation: 0.1}
facts: {classes: {a: 3}, shape: [20], samples: 1000}
"""

SOFTMAX = "{class: Dense, units: 10, activation: softmax}"
SIGMOID = "{class: Dense, units: 1, activation: sigmoid}"


def layers(*entries: str) -> str:
    names = "abcdefgh"
    return "layers:\n" + "".join(f"  {names[i]}: {entry}\n" for i, entry in enumerate(entries))


PLAIN = layers(SOFTMAX)
BINARY = layers(SIGMOID)
NUMBER = layers("{class: Dense, units: 1}")
TWO_ENDS = """
inputs: [input]
layers:
  a: {class: Dense, units: 3, activation: softmax}
  b: {class: Dense, units: 1, from: input}
outputs: [a, b]
"""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A config that a rule warns of, at a key, and how its good twin differs.

    Attributes:
        code: the code of the rule.
        key: where the warning points.
        bad: group to its YAML text.
        good: the groups that are otherwise in the good twin.
    """

    code: str
    key: str
    bad: Mapping[str, str]
    good: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.code} {self.key}"


def parsed(groups: Mapping[str, str]) -> dict[str, Any]:
    """A whole config with the given groups."""
    defaults = {
        "data": CLASSES,
        "model": PLAIN,
        "optimizer": "adam",
        "compile": "{}",
        "fit": "{epochs: 10}",
        "tracking": "{}",
    }
    return {key: yaml.safe_load(text) for key, text in {**defaults, **groups}.items()}


def layer_case(code: str, key: str, bad: str, good: str, **groups: str) -> Case:
    return Case(code=code, key=key, bad={"model": bad, **groups}, good={"model": good})


def group_case(code: str, key: str, group: str, bad: str, good: str, **groups: str) -> Case:
    return Case(code=code, key=key, bad={group: bad, **groups}, good={group: good})


def callback(text: str) -> str:
    return f"{{epochs: 10, callbacks: {{c: {text}}}}}"


LOGIT = "{loss: {class: BinaryCrossentropy, from_logits: true}, metrics: [%s]}"
CASES: tuple[Case, ...] = (
    # objective
    layer_case(
        "KG701",
        "compile.loss",
        layers("{class: Dense, units: 20}", "{class: Reshape, target_shape: [20]}"),
        layers(
            "{class: Dense, units: 20, activation: sigmoid}",
            "{class: Reshape, target_shape: [20]}",
        ),
        data=data(classes=None, task="autoencoding").replace("target: y\n", ""),
        compile="{loss: binary_crossentropy}",
    ),
    layer_case(
        "KG701",
        "compile.loss",
        "layers: {m: {class: Sequential, layers: {s: " + SOFTMAX + "}}}",
        "layers: {m: {class: Sequential, layers: {s: {class: Dense, units: 10}}}}",
        compile="{loss: {class: SparseCategoricalCrossentropy, from_logits: true}}",
    ),
    layer_case(
        "KG702",
        "model.layers.a.activation",
        layers("{class: Dense, units: 1, activation: softmax}"),
        BINARY,
        data=TWO,
    ),
    layer_case(
        "KG703",
        "model.layers.a.activation",
        layers("{class: Dense, units: 10, activation: sigmoid}"),
        PLAIN,
        compile="{loss: sparse_categorical_crossentropy}",
    ),
    group_case(
        "KG704",
        "compile.loss",
        "compile",
        "{loss: binary_crossentropy}",
        "{loss: categorical_crossentropy}",
        data=ONE_HOT,
        model=layers("{class: Dense, units: 3, activation: softmax}"),
    ),
    layer_case(
        "KG705",
        "model.layers.a.activation",
        layers("{class: Dense, units: 1, activation: tanh}"),
        BINARY,
        data=TWO,
        compile="{loss: binary_crossentropy, metrics: []}",
    ),
    layer_case(
        "KG705",
        "model.layers.a.activation",
        layers("{class: Dense, units: 10, activation: relu}"),
        layers("{class: Dense, units: 10}"),
        compile="{loss: {class: SparseCategoricalCrossentropy, from_logits: true}}",
    ),
    group_case(
        "KG706",
        "compile.loss",
        "compile",
        "{loss: sparse_categorical_crossentropy}",
        "{loss: binary_crossentropy}",
        data=TWO,
        model=BINARY,
    ),
    layer_case(
        "KG707",
        "model.layers.a.activation",
        BINARY,
        layers("{class: Dense, units: 1, activation: tanh}"),
        data=TWO,
        compile="{loss: hinge, metrics: []}",
    ),
    group_case(
        "KG708",
        "compile.loss.label_smoothing",
        "compile",
        "{loss: {class: BinaryCrossentropy, label_smoothing: 1.0}}",
        "{loss: {class: BinaryCrossentropy, label_smoothing: 0.1}}",
        data=TWO,
        model=BINARY,
    ),
    group_case(
        "KG709",
        "compile.metrics.0",
        "compile",
        LOGIT % "accuracy",
        LOGIT % "{class: BinaryAccuracy, threshold: 0.0}",
        data=TWO,
        model=NUMBER,
    ),
    group_case(
        "KG709",
        "compile.metrics.0",
        "compile",
        LOGIT % "AUC",
        LOGIT % "{class: AUC, from_logits: true}",
        data=TWO,
        model=NUMBER,
    ),
    group_case(
        "KG710",
        "compile.metrics.0",
        "compile",
        "{metrics: [accuracy]}",
        "{metrics: [mae]}",
        data=AMOUNT,
        model=NUMBER,
    ),
    group_case(
        "KG711",
        "compile.metrics.0",
        "compile",
        "{metrics: [accuracy]}",
        "{metrics: [binary_accuracy]}",
        data=SEVERAL,
        model=layers("{class: Dense, units: 3, activation: sigmoid}"),
    ),
    group_case(
        "KG711",
        "compile.metrics.0",
        "compile",
        "{metrics: [F1Score]}",
        "{metrics: [{class: F1Score, threshold: 0.5}]}",
        data=SEVERAL,
        model=layers("{class: Dense, units: 3, activation: sigmoid}"),
    ),
    group_case(
        "KG711",
        "compile.metrics.0",
        "compile",
        "{metrics: [sparse_categorical_accuracy]}",
        "{metrics: [binary_accuracy]}",
        data=TWO,
        model=BINARY,
    ),
    group_case(
        "KG711",
        "compile.metrics.0",
        "compile",
        "{metrics: [binary_accuracy]}",
        "{metrics: [categorical_accuracy]}",
        data=ONE_HOT,
        model=layers("{class: Dense, units: 3, activation: softmax}"),
    ),
    group_case(
        "KG711",
        "compile.metrics.0",
        "compile",
        "{metrics: [precision]}",
        "{metrics: [{class: Precision, average: macro}]}",
        data=ONE_HOT,
        model=layers("{class: Dense, units: 3, activation: softmax}"),
    ),
    group_case(
        "KG711",
        "compile.metrics.0",
        "compile",
        "{metrics: [F1Score]}",
        "{metrics: [{class: F1Score, threshold: 0.5}]}",
        data=TWO,
        model=BINARY,
    ),
    group_case(
        "KG711",
        "compile.metrics.0",
        "compile",
        "{metrics: [{class: MeanIoU, num_classes: 2}]}",
        "{metrics: [{class: BinaryIoU, target_class_ids: [0, 1]}]}",
        data=TWO,
        model=BINARY,
    ),
    group_case(
        "KG712",
        "compile.metrics.0",
        "compile",
        "{metrics: [{class: SparseTopKCategoricalAccuracy, k: 10}]}",
        "{metrics: [{class: SparseTopKCategoricalAccuracy, k: 3}]}",
    ),
    group_case(
        "KG713",
        "compile.loss_weights.b",
        "compile",
        "{loss_weights: {a: 1.0, b: 0.0}}",
        "{loss_weights: {a: 1.0, b: 0.1}}",
        data=PAIR,
        model=TWO_ENDS,
    ),
    layer_case(
        "KG714",
        "model.layers.a.dtype",
        layers("{class: Dense, units: 10, activation: softmax, dtype: mixed_float16}"),
        PLAIN,
    ),
    # model
    layer_case(
        "KG720",
        "model.layers.b",
        layers(SOFTMAX, "{class: Dropout, rate: 0.5}"),
        layers("{class: Dropout, rate: 0.5}", SOFTMAX),
        compile="{loss: sparse_categorical_crossentropy}",
    ),
    layer_case(
        "KG720",
        "model.layers.b",
        layers("{class: Dense, units: 1}", "BatchNormalization"),
        layers("BatchNormalization", "{class: Dense, units: 1}"),
        data=AMOUNT,
    ),
    layer_case(
        "KG721",
        "model.layers.b",
        layers("{class: Dense, units: 10, activation: relu}", "Softmax"),
        layers("{class: Dense, units: 10}", "Softmax"),
        compile="{loss: sparse_categorical_crossentropy}",
    ),
    layer_case(
        "KG721",
        "model.layers.b.activation",
        layers(SOFTMAX, "{class: Activation, activation: softmax}"),
        layers(
            "{class: Dense, units: 10, activation: relu}",
            "{class: Activation, activation: relu}",
            SOFTMAX,
        ),
        compile="{loss: sparse_categorical_crossentropy}",
    ),
    layer_case(
        "KG722",
        "model.layers.a.activation",
        layers("{class: Dense, units: 30, activation: softmax}", SOFTMAX),
        layers("{class: Dense, units: 30, activation: relu}", SOFTMAX),
    ),
    layer_case(
        "KG723",
        "model.layers.a",
        layers("{class: Dense, units: 30}", SOFTMAX),
        layers("{class: Dense, units: 4}", SOFTMAX),
    ),
    layer_case(
        "KG724",
        "model.layers.a",
        layers("{class: Dense, units: 9, activation: relu}", "Flatten", SOFTMAX),
        layers("Flatten", "{class: Dense, units: 9, activation: relu}", SOFTMAX),
        data=IMAGE,
    ),
    layer_case(
        "KG725",
        "model.layers.a.kernel_initializer",
        layers(
            "{class: Dense, units: 9, activation: relu, kernel_initializer: zeros}", SOFTMAX
        ),
        layers("{class: Dense, units: 10, activation: softmax, kernel_initializer: zeros}"),
    ),
    layer_case(
        "KG726",
        "model.layers.a.rate",
        layers("{class: Dropout, rate: 0.9}", SOFTMAX),
        layers("{class: Dropout, rate: 0.5}", SOFTMAX),
    ),
    layer_case(
        "KG727",
        "model.layers.a.trainable",
        layers("{class: Dense, units: 10, activation: softmax, trainable: false}"),
        layers("{class: Dense, units: 9, activation: relu, trainable: false}", SOFTMAX),
    ),
    layer_case(
        "KG728",
        "model.layers.c",
        layers(
            "{class: Embedding, input_dim: 9, output_dim: 4, mask_zero: true}",
            "{class: Dropout, rate: 0.1}",
            "Flatten",
            SOFTMAX,
        ),
        layers(
            "{class: Embedding, input_dim: 9, output_dim: 4, mask_zero: true}",
            "{class: Dropout, rate: 0.1}",
            "{class: LSTM, units: 4}",
            SOFTMAX,
        ),
    ),
    layer_case(
        "KG729",
        "model.layers.b.axis",
        layers("{class: Dense, units: 10}", "{class: Softmax, axis: 0}"),
        layers("{class: Dense, units: 10}", "{class: Softmax, axis: 1}"),
        compile="{loss: sparse_categorical_crossentropy}",
    ),
    layer_case(
        "KG730",
        "model.layers.b.axis",
        layers(
            "{class: Conv2D, filters: 4, kernel_size: 3}",
            "{class: BatchNormalization, axis: 1}",
            "Flatten",
            SOFTMAX,
        ),
        layers(
            "{class: Conv2D, filters: 4, kernel_size: 3}",
            "{class: BatchNormalization, axis: 3}",
            "Flatten",
            SOFTMAX,
        ),
        data=IMAGE,
    ),
    group_case(
        "KG731",
        "model.layers.a",
        "data",
        data(shape="[3, 32, 32]"),
        data(
            shape="[3, 32, 32]",
            more="prepare: {turn: {class: Permute, dims: [2, 3, 1]}}",
        ),
        model=layers(
            "{class: Conv2D, filters: 4, kernel_size: 3, padding: same}", "Flatten", SOFTMAX
        ),
    ),
    layer_case(
        "KG732",
        "model.layers.a",
        layers("{class: Rescaling, scale: 0.004}", "Flatten", SOFTMAX),
        layers("Flatten", SOFTMAX),
        data=data(
            shape="[8, 8, 3]", more="prepare: {scale: {class: Rescaling, scale: 0.004}}"
        ),
    ),
    layer_case(
        "KG732",
        "model.layers.e",
        layers(
            "{class: RandomFlip, mode: horizontal}",
            "{class: Resizing, height: 4, width: 4}",
            "{class: ZeroPadding2D, padding: 1}",
            "{class: MaxPooling2D, pool_size: 2}",
            "{class: Rescaling, scale: 0.004}",
            "Flatten",
            SOFTMAX,
        ),
        layers(
            "{class: Resizing, height: 4, width: 4}",
            "{class: BatchNormalization}",
            "{class: Rescaling, scale: 0.004}",
            "Flatten",
            SOFTMAX,
        ),
        data=data(
            shape="[8, 8, 3]", more="prepare: {scale: {class: Rescaling, scale: 0.004}}"
        ),
    ),
    layer_case(
        "KG733",
        "model.layers.a.momentum",
        layers("{class: BatchNormalization, momentum: 0.1}", SOFTMAX),
        layers("{class: BatchNormalization, momentum: 0.9}", SOFTMAX),
    ),
    group_case(
        "KG734",
        "fit.batch_size",
        "fit",
        "{batch_size: 1}",
        "{batch_size: 2}",
        model=layers("BatchNormalization", SOFTMAX),
    ),
    # training
    group_case(
        "KG740",
        "fit.callbacks.c.monitor",
        "fit",
        callback("{class: EarlyStopping, monitor: val_acc, mode: max}"),
        callback("{class: EarlyStopping, monitor: val_accuracy, mode: max}"),
    ),
    group_case(
        "KG740",
        "fit.callbacks.c",
        "data",
        CLASSES.replace(", validation: 0.1", ""),
        CLASSES,
        fit=callback("{class: EarlyStopping, patience: 3}"),
    ),
    group_case(
        "KG740",
        "fit.callbacks.c.monitor",
        "fit",
        callback("{class: EarlyStopping, monitor: val_accuracy, mode: max}"),
        callback("{class: EarlyStopping, monitor: val_a_accuracy, mode: max}"),
        data=PAIR,
        model=TWO_ENDS,
        compile="{metrics: {a: [accuracy], b: [mae]}}",
    ),
    group_case(
        "KG741",
        "fit.callbacks.c.mode",
        "fit",
        callback("{class: EarlyStopping, monitor: val_accuracy, mode: min}"),
        callback("{class: EarlyStopping, monitor: val_loss, mode: min}"),
    ),
    group_case(
        "KG742",
        "fit.callbacks.c.patience",
        "fit",
        callback("{class: EarlyStopping, patience: 10}"),
        callback("{class: EarlyStopping, patience: 10, restore_best_weights: true}"),
    ),
    group_case(
        "KG742",
        "fit.callbacks.c",
        "fit",
        callback("ReduceLROnPlateau"),
        callback("{class: ReduceLROnPlateau, patience: 3}"),
    ),
    group_case(
        "KG742",
        "fit.callbacks.c.save_freq",
        "fit",
        callback("{class: ModelCheckpoint, filepath: m.keras, save_freq: 5000}"),
        callback("{class: ModelCheckpoint, filepath: m.keras, save_freq: 20}"),
    ),
    group_case(
        "KG743",
        "optimizer.learning_rate.decay_steps",
        "optimizer",
        "{class: SGD, learning_rate: {class: CosineDecay, initial_learning_rate: 0.1, "
        "decay_steps: 10}}",
        "{class: SGD, learning_rate: {class: CosineDecay, initial_learning_rate: 0.1, "
        "decay_steps: 230}}",
    ),
    group_case(
        "KG743",
        "optimizer.learning_rate.decay_steps",
        "optimizer",
        "{class: SGD, learning_rate: {class: CosineDecay, initial_learning_rate: 0.1, "
        "decay_steps: 1000}}",
        "{class: SGD, learning_rate: {class: CosineDecay, initial_learning_rate: 0.1, "
        "decay_steps: 20, alpha: 0.1}}",
    ),
    group_case(
        "KG743",
        "optimizer.learning_rate.boundaries",
        "optimizer",
        "{class: SGD, learning_rate: {class: PiecewiseConstantDecay, boundaries: [100, 900], "
        "values: [0.1, 0.01, 0.001]}}",
        "{class: SGD, learning_rate: {class: PiecewiseConstantDecay, boundaries: [100, 200], "
        "values: [0.1, 0.01, 0.001]}}",
    ),
    group_case(
        "KG743",
        "optimizer.learning_rate.decay_steps",
        "optimizer",
        "{class: SGD, learning_rate: {class: ExponentialDecay, initial_learning_rate: 0.1, "
        "decay_steps: 5, decay_rate: 0.5}}",
        "{class: SGD, learning_rate: {class: ExponentialDecay, initial_learning_rate: 0.1, "
        "decay_steps: 100, decay_rate: 0.5}}",
    ),
    group_case(
        "KG743",
        "optimizer.learning_rate.warmup_steps",
        "optimizer",
        "{class: SGD, learning_rate: {class: CosineDecay, initial_learning_rate: 0.0, "
        "decay_steps: 200, warmup_target: 0.1, warmup_steps: 500}}",
        "{class: SGD, learning_rate: {class: CosineDecay, initial_learning_rate: 0.0, "
        "decay_steps: 200, warmup_target: 0.1, warmup_steps: 30}}",
    ),
    group_case(
        "KG744",
        "fit.callbacks.c",
        "fit",
        callback("{class: ReduceLROnPlateau, patience: 2}"),
        callback("{class: EarlyStopping, patience: 2}"),
        optimizer="{class: SGD, learning_rate: {class: CosineDecay, initial_learning_rate: 0.1, "
        "decay_steps: 230}}",
    ),
    group_case(
        "KG745",
        "optimizer.learning_rate",
        "optimizer",
        "{class: Adam, learning_rate: 2.0}",
        "{class: Adadelta, learning_rate: 1.0}",
    ),
    group_case(
        "KG745",
        "optimizer.learning_rate",
        "optimizer",
        "{class: SGD, learning_rate: 0.0}",
        "{class: SGD, learning_rate: 1.0}",
    ),
    group_case(
        "KG746",
        "optimizer.nesterov",
        "optimizer",
        "{class: SGD, nesterov: true}",
        "{class: SGD, nesterov: true, momentum: 0.9}",
    ),
    group_case(
        "KG746",
        "optimizer.beta_1",
        "optimizer",
        "{class: Adam, beta_1: 0.999, beta_2: 0.9}",
        "{class: Adam, beta_1: 0.9, beta_2: 0.999}",
    ),
    group_case(
        "KG746",
        "optimizer.rho",
        "optimizer",
        "{class: RMSprop, rho: 1.0}",
        "{class: RMSprop, rho: 0.99}",
    ),
    group_case(
        "KG747",
        "optimizer.clipnorm",
        "optimizer",
        "{class: SGD, clipnorm: 0.0}",
        "{class: SGD, clipnorm: 1.0}",
    ),
    group_case(
        "KG748",
        "optimizer.gradient_accumulation_steps",
        "optimizer",
        "{class: SGD, gradient_accumulation_steps: 1000}",
        "{class: SGD, gradient_accumulation_steps: 4}",
    ),
    group_case(
        "KG749",
        "fit.validation_freq",
        "fit",
        "{epochs: 10, validation_freq: 20}",
        "{epochs: 10, validation_freq: 10}",
    ),
    group_case(
        "KG750", "fit.batch_size", "fit", "{batch_size: 1000}", "{batch_size: 720}"
    ),
    group_case(
        "KG752",
        "fit.class_weight",
        "fit",
        "{class_weight: {0: 1.0, 1: 2.0}}",
        "{}",
        data=AMOUNT,
        model=NUMBER,
    ),
    group_case(
        "KG753",
        "fit.class_weight.10",
        "fit",
        "{class_weight: {1: 1.0, 10: 2.0}}",
        "{class_weight: {0: 1.0, 9: 2.0}}",
    ),
    group_case(
        "KG753",
        "fit.class_weight.0",
        "fit",
        "{class_weight: {0: -1.0}}",
        "{class_weight: balanced}",
    ),
    group_case(
        "KG760",
        "data.features",
        "data",
        CLASSES.replace("features: x", "features: [a, y]").replace("[20]", "[2]"),
        CLASSES.replace("features: x", "features: [a, b]").replace("[20]", "[2]"),
    ),
    group_case(
        "KG760",
        "data.features",
        "data",
        data(shape="[2]", more="prepare: {b: {class: ops.mod, from: [y, 2]}}").replace(
            "features: x", "features: [a, b]"
        ),
        data(shape="[2]", more="prepare: {b: {class: ops.mod, from: [a, 2]}}").replace(
            "features: x", "features: [a, b]"
        ),
    ),
    group_case(
        "KG766",
        "data.prepare.x",
        "data",
        data(shape="[1]", more="prepare: {x: {class: Hashing, num_bins: 9, from: x}}"),
        data(
            shape="[1]",
            more="prepare: {x: {class: Hashing, num_bins: 9, output_mode: one_hot, from: x}}",
        ),
    ),
)  # fmt: skip
