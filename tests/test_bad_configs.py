"""One tiny bad config for each code that the passes report, with its rendering byte for byte.

Everything that a stage finds is told at once, each fault once, at its line and column.
"""

# ruff: noqa: E501 - what is rendered stands here as it is

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

DATA = """\
source: {class: ScikitLearn, name: digits}
features: image
target: label
task: classification
facts: {classes: 10, shape: [8, 8, 1]}
"""

PAIR = """\
source: {class: ScikitLearn, name: digits}
features: {left: left, right: right}
target: label
task: classification
facts: {classes: 10, shape: {left: [4], right: [4]}}
"""


@dataclass(frozen=True, kw_only=True)
class Bad:
    """A config with faults: the model, further files and overrides, and what is said of it."""

    model: str
    expected: str
    data: str = DATA
    overrides: tuple[str, ...] = ()


CASES: Mapping[str, Bad] = {
    "KG201 unknown classes": Bad(
        model="""\
layers:
  flatten: Flatten
  hidden: {class: Dens, units: 3}
  more: {class: Conv3, filters: 3}
  scores: {class: Dense, units: 10}
""",
        expected="""\
error[KG201]: there is no layer `Dens`
  --> conf/model/bad.yaml:3:19  (model.layers.hidden.class)
   |
 3 |   hidden: {class: Dens, units: 3}
   |                   ^^^^
  = help: did you mean `Dense`?

error[KG201]: there is no layer `Conv3`
  --> conf/model/bad.yaml:4:17  (model.layers.more.class)
   |
 4 |   more: {class: Conv3, filters: 3}
   |                 ^^^^^
  = help: did you mean `Conv3D`?""",
    ),
    "KG202 unknown arguments silence the missing ones": Bad(
        model="""\
layers:
  conv: {class: Conv2D, filters: 8, kernal_size: 3}
  flatten: Flatten
  scores: {class: Dense, units: 10, from: {input: flatten}}
""",
        expected="""\
error[KG202]: `Conv2D` has no argument `kernal_size`
  --> conf/model/bad.yaml:2:37  (model.layers.conv.kernal_size)
   |
 2 |   conv: {class: Conv2D, filters: 8, kernal_size: 3}
   |                                     ^^^^^^^^^^^
  = help: did you mean `kernel_size`?

error[KG202]: the call of `Dense` has no argument `input`
  --> conf/model/bad.yaml:4:44  (model.layers.scores.from.input)
   |
 4 |   scores: {class: Dense, units: 10, from: {input: flatten}}
   |                                            ^^^^^
  = help: did you mean `inputs`?""",
    ),
    "KG203 missing arguments": Bad(
        model="""\
layers:
  flatten: Flatten
  hidden: {class: Dense, activation: relu}
  drop: Dropout
  scores: {class: Dense, units: 10}
""",
        expected="""\
error[KG203]: `Dense` has no `units`
  --> conf/model/bad.yaml:3:3  (model.layers.hidden)
   |
 3 |   hidden: {class: Dense, activation: relu}
   |   ^^^^^^
  = help: write `units: …`

error[KG203]: `Dropout` has no `rate`
  --> conf/model/bad.yaml:4:3  (model.layers.drop)
   |
 4 |   drop: Dropout
   |   ^^^^
  = help: write `rate: …`""",
    ),
    "KG204 entries of the wrong kind": Bad(
        model="""\
layers:
  flatten: Flatten
  empty:
  hidden: 3
""",
        expected="""\
error[KG204]: entry `empty` is empty, expected a class
  --> conf/model/bad.yaml:3:3  (model.layers.empty)
   |
 3 |   empty:
   |   ^^^^^
  = help: write its class, or take the entry out with `'~model.layers[empty]'`

error[KG204]: `model.layers.hidden` is the number `3`, expected an object
  --> conf/model/bad.yaml:4:11  (model.layers.hidden)
   |
 4 |   hidden: 3
   |           ^""",
    ),
    "KG204 values of the wrong kind": Bad(
        model="""\
layers:
  flatten: Flatten
  hidden: {class: Dense, units: '12', use_bias: 'false', kernel_regularizer: 0.1}
  scores: {class: Dense, units: 10.0}
""",
        expected="""\
error[KG204]: `units` is the string "12", expected an integer
  --> conf/model/bad.yaml:3:33  (model.layers.hidden.units)
   |
 3 |   hidden: {class: Dense, units: '12', use_bias: 'false', kernel_regularizer: 0.1}
   |                                 ^^^^
  = help: write it without quotes: `units: 12`

error[KG204]: `use_bias` is the string "false", expected true or false
  --> conf/model/bad.yaml:3:49  (model.layers.hidden.use_bias)
   |
 3 |   hidden: {class: Dense, units: '12', use_bias: 'false', kernel_regularizer: 0.1}
   |                                                 ^^^^^^^
  = help: write `use_bias: true` or `use_bias: false`, without quotes

error[KG204]: `kernel_regularizer` is the number `0.1`, expected a regularizer
  --> conf/model/bad.yaml:3:78  (model.layers.hidden.kernel_regularizer)
   |
 3 |   hidden: {class: Dense, units: '12', use_bias: 'false', kernel_regularizer: 0.1}
   |                                                                              ^^^
  = help: say which: `kernel_regularizer: {class: L2, l2: 0.1}`

error[KG204]: `units` is the number `10.0`, expected an integer
  --> conf/model/bad.yaml:4:33  (model.layers.scores.units)
   |
 4 |   scores: {class: Dense, units: 10.0}
   |                                 ^^^^
  = help: write `units: 10`""",
    ),
    "KG205 unknown words": Bad(
        model="""\
layers:
  flatten: Flatten
  hidden: {class: Dense, units: 12, activation: rleu, kernel_initializer: he_norml}
  scores: {class: Dense, units: 10}
""",
        overrides=("compile.metrics=[acuracy]",),
        expected="""\
error[KG205]: `rleu` is not an activation of Keras
  --> conf/model/bad.yaml:3:49  (model.layers.hidden.activation)
   |
 3 |   hidden: {class: Dense, units: 12, activation: rleu, kernel_initializer: he_norml}
   |                                                 ^^^^
  = help: did you mean `relu`?

error[KG205]: `he_norml` is not an initializer of Keras
  --> conf/model/bad.yaml:3:75  (model.layers.hidden.kernel_initializer)
   |
 3 |   hidden: {class: Dense, units: 12, activation: rleu, kernel_initializer: he_norml}
   |                                                                           ^^^^^^^^
  = help: did you mean `he_normal`?

error[KG205]: `acuracy` is not a metric of Keras
  --> command line  (compile.metrics.0)
   |
   | compile.metrics=[acuracy]
   |                  ^^^^^^^
  = help: did you mean `accuracy`?""",
    ),
    "KG206 refused arguments are found in all groups at once": Bad(
        model="""\
layers:
  flatten: Flatten
  hidden: {class: Dense, units: -3}
  drop: {class: Dropout, rate: 1.5}
  scores: {class: Dense, units: 10}
""",
        overrides=("optimizer=sgd", "optimizer.momentum=2.0",),
        expected="""\
error[KG206]: `SGD` refuses its arguments: `momentum` must be a float between [0, 1]
  --> command line  (optimizer.momentum)
   |
   | optimizer.momentum=2.0
   |                    ^^^

error[KG206]: `Dense` refuses its arguments: Received an invalid value for `units`, expected a positive integer. Received: units=-3
  --> conf/model/bad.yaml:3:33  (model.layers.hidden.units)
   |
 3 |   hidden: {class: Dense, units: -3}
   |                                 ^^

error[KG206]: `Dropout` refuses its arguments: Invalid value received for argument `rate`. Expected a float value between 0 and 1. Received: rate=1.5
  --> conf/model/bad.yaml:4:32  (model.layers.drop.rate)
   |
 4 |   drop: {class: Dropout, rate: 1.5}
   |                                ^^^""",
    ),
    "KG206 arguments of an object inside another": Bad(
        model="""\
layers:
  flatten: Flatten
  hidden: {class: Dense, units: 3, kernel_initializer: {class: VarianceScaling, scale: -1.0}}
  scores: {class: Dense, units: 10}
""",
        overrides=("optimizer.learning_rate={class: CosineDecay, initial_learning_rate: 0.1, decay_steps: 0}",),
        expected="""\
error[KG206]: `CosineDecay` refuses its arguments: Argument `decay_steps` must be > 0. Received: decay_steps=0
  --> command line  (optimizer.learning_rate.decay_steps)
   |
   | optimizer.learning_rate={class: CosineDecay, initial_learning_rate: 0.1, decay_steps: 0}
   |                                                                                       ^

error[KG206]: `VarianceScaling` refuses its arguments: Argument `scale` must be positive float. Received: scale=-1.0
  --> conf/model/bad.yaml:3:88  (model.layers.hidden.kernel_initializer.scale)
   |
 3 |   hidden: {class: Dense, units: 3, kernel_initializer: {class: VarianceScaling, scale: -1.0}}
   |                                                                                        ^^^^""",
    ),
    "KG301 references to nothing": Bad(
        model="""\
layers:
  flatten: Flatten
  hidden: {class: Dense, units: 3, from: flaten}
  again: {is: hiden}
  scores: {class: Dense, units: 10}
outputs: score
""",
        expected="""\
error[KG301]: there is no entry or input `flaten`
  --> conf/model/bad.yaml:3:42  (model.layers.hidden.from)
   |
 3 |   hidden: {class: Dense, units: 3, from: flaten}
   |                                          ^^^^^^
  = help: did you mean `flatten`?

error[KG301]: there is no entry `hiden`
  --> conf/model/bad.yaml:4:15  (model.layers.again.is)
   |
 4 |   again: {is: hiden}
   |               ^^^^^
  = help: did you mean `hidden`?

error[KG301]: there is no entry or input `score`
  --> conf/model/bad.yaml:6:10  (model.outputs)
   |
 6 | outputs: score
   |          ^^^^^
  = help: did you mean `scores`?""",
    ),
    "KG302 a reference to a later entry": Bad(
        model="""\
layers:
  flatten: Flatten
  sum: {class: Add, from: [flatten, late]}
  late: {class: Dense, units: 64, from: flatten}
  scores: {class: Dense, units: 10, from: sum}
""",
        expected="""\
error[KG302]: `sum` takes `late`, which comes later
  --> conf/model/bad.yaml:3:37  (model.layers.sum.from.1)
   |
 3 |   sum: {class: Add, from: [flatten, late]}
   |                                     ^^^^
  = help: put `late` above `sum`""",
    ),
    "KG303 a cycle is told once": Bad(
        model="""\
layers:
  flatten: Flatten
  a: {class: Dense, units: 3, from: b}
  b: {class: Dense, units: 3, from: c}
  c: {class: Dense, units: 3, from: a}
  scores: {class: Dense, units: 10}
""",
        expected="""\
error[KG303]: the entries take each other: `a` -> `b` -> `c` -> `a`
  --> conf/model/bad.yaml:3:37  (model.layers.a.from)
   |
 3 |   a: {class: Dense, units: 3, from: b}
   |                                     ^""",
    ),
    "KG304 a dead layer": Bad(
        model="""\
layers:
  flatten: Flatten
  lost: {class: Dense, units: 3}
  scores: {class: Dense, units: 10, from: flatten}
""",
        expected="""\
error[KG304]: nothing takes `lost`, and it is no output
  --> conf/model/bad.yaml:3:3  (model.layers.lost)
   |
 3 |   lost: {class: Dense, units: 3}
   |   ^^^^
  = help: name it under `outputs`, or take it out with `~model.layers.lost`""",
    ),
    "KG305 names that cannot be used": Bad(
        model="""\
layers:
  "a b": Flatten
  c.d: Flatten
  scores: {class: Dense, units: 10}
outputs: [scores, scores]
""",
        expected="""\
error[KG305]: `a b` cannot be a name
  --> conf/model/bad.yaml:2:3  (model.layers.a b)
   |
 2 |   "a b": Flatten
   |   ^^^^^
  = help: use letters, digits, `_` and `-`, beginning with a letter or `_`

error[KG305]: `c.d` cannot be a name
  --> conf/model/bad.yaml:3:3  (model.layers.c.d)
   |
 3 |   c.d: Flatten
   |   ^^^
  = help: use letters, digits, `_` and `-`, beginning with a letter or `_`

error[KG305]: the output `scores` stands twice
  --> conf/model/bad.yaml:5:19  (model.outputs.1)
   |
 5 | outputs: [scores, scores]
   |                   ^^^^^^
  = help: give the outputs names: `outputs: {first: …, second: …}`""",
    ),
    "KG305 a name that clashes with the input": Bad(
        model="""\
layers:
  input: Flatten
  scores: {class: Dense, units: 10}
""",
        expected="""\
error[KG305]: `input` is the name of an input or of another entry
  --> conf/model/bad.yaml:2:3  (model.layers.input)
   |
 2 |   input: Flatten
   |   ^^^^^
  = help: give the entry another name""",
    ),
    "KG306 several outputs by default": Bad(
        model="""\
layers:
  rows: {class: Reshape, target_shape: [8, 8]}
  lstm: {class: LSTM, units: 4, return_state: true}
  scores: {class: Dense, units: 10}
""",
        expected="""\
error[KG306]: `lstm` gives 3 tensors, and one must be chosen
  --> conf/model/bad.yaml:4:3  (model.layers.scores)
   |
 4 |   scores: {class: Dense, units: 10}
   |   ^^^^^^
  = help: write `from: lstm.0` for the first""",
    ),
    "KG306 several inputs by default": Bad(
        model="""\
inputs: {left: {shape: [4]}, right: {shape: [4]}}
layers:
  hidden: {class: Dense, units: 3}
  scores: {class: Dense, units: 10}
""",
        data=PAIR,
        expected="""\
error[KG306]: `hidden` is the first entry of a model with the inputs `left`, `right`
  --> conf/model/bad.yaml:3:3  (model.layers.hidden)
   |
 3 |   hidden: {class: Dense, units: 3}
   |   ^^^^^^
  = help: say which it takes, as in `from: left`""",
    ),
    "KG307 keys that cannot stand there": Bad(
        model="""\
class: Sequential
layers:
  flatten: {class: Flatten, name: flat}
  again: {is: flatten, rate: 2}
  scores: {class: Dense, units: 10}
""",
        expected="""\
error[KG307]: `again` calls `flatten` again and cannot have `rate`
  --> conf/model/bad.yaml:4:24  (model.layers.again.rate)
   |
 4 |   again: {is: flatten, rate: 2}
   |                        ^^^^
  = help: leave it out: a shared layer's arguments stand in the entry that makes it""",
    ),
    "KG308 an expression that cannot be read, in a block": Bad(
        model="""\
blocks:
  head:
    parameters: {width: 4}
    layers:
      hidden: {class: Dense, units: $width *}
layers:
  flatten: Flatten
  first: {block: head}
  second: {block: head, width: 8}
""",
        expected="""\
error[KG308]: `$width *`: it is no expression
  --> conf/model/bad.yaml:5:37  (model.blocks.head.layers.hidden.units)
   |
 5 |       hidden: {class: Dense, units: $width *}
   |                                     ^^^^^^^^
  = help: put text in quotes inside the expression, and write a plain `$` as `$$`
  = note: `width` is the number `4`
    --> conf/model/bad.yaml:3:25  (model.blocks.head.parameters.width)
  = note: `first` uses the block `head`
    --> conf/model/bad.yaml:8:3  (model.layers.first)""",
    ),
    "KG309 a parameter that is not there": Bad(
        model="""\
parameters: {width: 4}
layers:
  flatten: Flatten
  scores: {class: Dense, units: 2 * $widht}
""",
        expected="""\
error[KG309]: there is no parameter `widht`
  --> conf/model/bad.yaml:4:33  (model.layers.scores.units)
   |
 4 |   scores: {class: Dense, units: 2 * $widht}
   |                                 ^^^^^^^^^^
  = help: did you mean `$width`?""",
    ),
    "KG310 blocks that use each other": Bad(
        model="""\
blocks:
  one: {layers: {inner: {block: two}}}
  two: {layers: {inner: {block: one}}}
layers:
  flatten: Flatten
  both: {block: one}
""",
        expected="""\
error[KG310]: the blocks use each other: `one` -> `two` -> `one`
  --> conf/model/bad.yaml:3:33  (model.blocks.two.layers.inner.block)
   |
 3 |   two: {layers: {inner: {block: one}}}
   |                                 ^^^
  = note: `both_inner` uses the block `two`
    --> conf/model/bad.yaml:2:18  (model.blocks.one.layers.inner)
  = note: `both` uses the block `one`
    --> conf/model/bad.yaml:6:3  (model.layers.both)""",
    ),
    "KG307 a graph that says it is sequential": Bad(
        model="""\
class: Sequential
layers:
  flatten: Flatten
  both: {class: Add, from: [flatten, flatten]}
  scores: {class: Dense, units: 10}
""",
        expected="""\
error[KG307]: a Sequential model is a plain chain of layers with one input
  --> conf/model/bad.yaml:1:8  (model.class)
   |
 1 | class: Sequential
   |        ^^^^^^^^^^
  = help: take `class: Sequential` out, or `from`, `is`, `with`, ops and `outputs`""",
    ),
    "KG401 a layer that cannot take its input": Bad(
        model="""\
layers:
  flatten: Flatten
  conv: {class: Conv2D, filters: 3, kernel_size: 3}
  scores: {class: Dense, units: 10}
""",
        expected="""\
error[KG401]: `conv` (Conv2D) cannot take (None, 64) from `flatten`: expected min_ndim=4, found ndim=2. Full shape received: (None, 64)
  --> conf/model/bad.yaml:3:3  (model.layers.conv)
   |
 3 |   conv: {class: Conv2D, filters: 3, kernel_size: 3}
   |   ^^^^""",
    ),
    "KG401 shapes that cannot be merged": Bad(
        model="""\
layers:
  flatten: Flatten
  a: {class: Dense, units: 3}
  b: {class: Dense, units: 4, from: flatten}
  sum: {class: Add, from: [a, b]}
  scores: {class: Dense, units: 10}
""",
        expected="""\
error[KG401]: `sum` (Add) cannot take (None, 3) from `a`, (None, 4) from `b`: Inputs have incompatible shapes. Received shapes (3,) and (4,)
  --> conf/model/bad.yaml:5:3  (model.layers.sum)
   |
 5 |   sum: {class: Add, from: [a, b]}
   |   ^^^
  = note: `a` has shape (None, 3)
  = note: `b` has shape (None, 4)""",
    ),
    "KG402 an input that the data does not have": Bad(
        model="""\
inputs:
  image: {shape: [8, 8, 1]}
layers:
  flatten: Flatten
  scores: {class: Dense, units: 10}
""",
        expected="""\
error[KG402]: the model's input `image` is not among the data's inputs: `input`
  --> conf/model/bad.yaml:2:3  (model.inputs.image)
   |
 2 |   image: {shape: [8, 8, 1]}
   |   ^^^^^
  = help: known: `input`

error[KG402]: the data gives `input`, which is no input of the model
  --> conf/data/bad.yaml:2:1  (data.features.input)
   |
 2 | features: image
   | ^^^^^^^^
  = help: known: `image`""",
    ),
    "KG402 an input of another shape": Bad(
        model="""\
inputs:
  input: {shape: [28, 28, 1]}
layers:
  flatten: Flatten
  scores: {class: Dense, units: 10}
""",
        expected="""\
error[KG402]: the input `input` takes (None, 28, 28, 1), and the data gives (None, 8, 8, 1)
  --> conf/model/bad.yaml:2:18  (model.inputs.input.shape)
   |
 2 |   input: {shape: [28, 28, 1]}
   |                  ^^^^^^^^^^^
  = note: what is known of the data stands here
    --> conf/data/bad.yaml:5:29  (data.facts.shape)""",
    ),
    "KG403 as many scores as classes": Bad(
        model="""\
layers:
  flatten: Flatten
  scores: {class: Dense, units: 7, activation: softmax}
""",
        expected="""\
error[KG403]: the output `scores` gives 7 scores, and the target has 10 classes: expected 10
  --> conf/model/bad.yaml:3:33  (model.layers.scores.units)
   |
 3 |   scores: {class: Dense, units: 7, activation: softmax}
   |                                 ^
  = help: write `units: ${data.classes}`
  = note: what is known of the data stands here
    --> conf/data/bad.yaml:5:18  (data.facts.classes)""",
    ),
    "KG403 a loss for other targets": Bad(
        model="""\
layers:
  flatten: Flatten
  scores: {class: Dense, units: 10, activation: softmax}
""",
        overrides=("+data.facts.target_shape=[10]", "compile.loss=sparse_categorical_crossentropy"),
        expected="""\
error[KG403]: `sparse_categorical_crossentropy` takes class indices, and the target of `scores` is one-hot
  --> command line  (compile.loss)
   |
   | compile.loss=sparse_categorical_crossentropy
   |              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  = help: use `categorical_crossentropy`""",
    ),
    "KG701 logits of probabilities": Bad(
        model="""\
layers:
  flatten: Flatten
  scores: {class: Dense, units: 10, activation: softmax}
""",
        overrides=("compile.loss={class: SparseCategoricalCrossentropy, from_logits: true}",),
        expected="""\
warning[KG701]: `SparseCategoricalCrossentropy` expects logits, and `scores` ends with `softmax`
  --> command line  (compile.loss)
   |
   | compile.loss={class: SparseCategoricalCrossentropy, from_logits: true}
   |              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  = help: take `from_logits` or `softmax` out""",
    ),
    "KG701 probabilities of logits": Bad(
        model="""\
layers:
  flatten: Flatten
  scores: {class: Dense, units: 10}
""",
        overrides=("compile.loss=sparse_categorical_crossentropy",),
        expected="""\
warning[KG701]: `sparse_categorical_crossentropy` expects probabilities, and `scores` ends without an activation
  --> command line  (compile.loss)
   |
   | compile.loss=sparse_categorical_crossentropy
   |              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  = help: write `{class: SparseCategoricalCrossentropy, from_logits: true}`, or give the last layer a softmax or sigmoid""",
    ),
}  # fmt: skip


@pytest.mark.parametrize("bad", CASES.values(), ids=list(CASES))
def test_a_fault_is_told_at_its_place(
    bad: Bad,
    compile_config: Callable[..., Any],
    config_files: Callable[..., str],
    render: Callable[..., str],
) -> None:
    folder = config_files({"model/bad.yaml": bad.model, "data/bad.yaml": bad.data})
    compiled, diagnostics = compile_config(["model=bad", "data=bad", *bad.overrides], folder)
    assert render(diagnostics) == bad.expected
    assert (compiled is None) == any(d.severity == "error" for d in diagnostics)


def test_every_code_of_the_passes_has_a_bad_config() -> None:
    from kerasgen.diagnostics import CODES

    shown = {name.split()[0] for name in CASES}
    # The warnings from KG702 on have their cases with the rules that give them.
    assert shown >= {code for code in CODES if code[:3] in ("KG2", "KG3", "KG4")} | {"KG701"}
