"""The pass that writes `layers: auto` out: a model for whatever the data is.

It owns which layers an input of a kind gets, and which head an output of a task. It gives what a
person would have written under `model.layers` and `model.outputs`, as plain data that is parsed as
any other is; the model's parameters (`$hidden`, `$dropout`, …) stay what they are.

Decisions:
- Inputs go through layers of their own until they are a row of numbers, and are joined then.
- Two classes are one number behind a sigmoid, more of them a softmax.
- The head of a number ends in the target's own units: a `Rescaling` by the mean and deviation of
  the training part, so that losses and metrics are in these units too. Behind it stands the
  exponential where the logarithm of the target was asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from kerasgen.ir.values import Tree

Facts = Mapping[str, Mapping[str, Tree]]
"""Name of an input or output to what the data says of it."""


@dataclass(slots=True, kw_only=True)
class WrittenModel:
    """What `layers: auto` stands for.

    Attributes:
        layers: name to entry, in order.
        outputs: the names of the heads; one name where there is one.
    """

    layers: dict[str, Tree] = field(default_factory=dict)
    outputs: Tree = None


def write_model(inputs: Facts, outputs: Facts) -> WrittenModel:
    """Writes a model out.

    Args:
        inputs: model input to its `kind`: `numbers`, `index` (with `words`), `tokens` (with `words`
            and `length`), `image`, `sequence`, or `steps` where zeros fill a sequence up.
        outputs: output to its `task`, `units`, and for numbers `mean` and `deviation`, of their
            `log` where that is asked for; the name is empty for one unnamed target.
    """
    work = ModelWork(taken={*inputs, *(name for name in outputs if name)})
    ends = [_encoded(name, facts, work) for name, facts in inputs.items()]
    joined = ends[0]
    if len(ends) > 1:
        joined = work.add("joined", {"class": "Concatenate", "from": [*ends]})
    hidden: dict[str, Tree] = {"class": "Dense", "units": "$hidden[$index]", "activation": "relu"}
    work.add("hidden", {**hidden, "repeat": "len($hidden)", "from": joined})
    body = work.add("drop", {"if": "$dropout > 0", "class": "Dropout", "rate": "$dropout"})
    heads = [_head(name, facts, body, work) for name, facts in outputs.items()]
    return WrittenModel(layers=work.layers, outputs=heads[0] if len(heads) == 1 else [*heads])


@dataclass(slots=True, kw_only=True)
class ModelWork:
    """What was written so far.

    Attributes:
        taken: names that are used up.
        layers: name to entry.
    """

    taken: set[str]
    layers: dict[str, Tree] = field(default_factory=dict)

    def add(self, name: str, entry: Mapping[str, Tree], *, exact: bool = False) -> str:
        """Adds an entry; gives its name, which has a number where it was taken."""
        title, number = name, 1
        while title in self.taken and not exact:
            number += 1
            title = f"{name}_{number}"
        self.taken.add(title)
        self.layers[title] = dict(entry)
        return title

    def chain(self, name: str, start: str, entries: Mapping[str, Mapping[str, Tree]]) -> str:
        """Adds entries that follow each other; gives the name of the last."""
        for ending, entry in entries.items():
            start = self.add(f"{name}_{ending}", {**entry, "from": start})
        return start


def _encoded(name: str, facts: Mapping[str, Tree], work: ModelWork) -> str:
    """The layers of one input; gives the name of what comes out, a row of numbers."""
    kind, words = facts.get("kind"), facts.get("words")
    if kind == "index":
        size = embedding_size(words)
        table: dict[str, Tree] = {"class": "Embedding", "input_dim": words, "output_dim": size}
        return work.chain(name, name, {"embedded": table, "flat": {"class": "Flatten"}})
    if kind == "tokens":
        return work.chain(name, name, _of_text(words))
    if kind == "image":
        convolution: dict[str, Tree] = {
            "class": "Conv2D",
            "filters": "$filters[$index]",
            "kernel_size": 3,
            "strides": 2,
            "padding": "same",
            "activation": "relu",
            "repeat": "len($filters)",
        }
        work.add(f"{name}_maps", {**convolution, "from": name})
        return work.add(f"{name}_pooled", {"class": "GlobalAveragePooling2D"})
    if kind == "steps":
        masked: dict[str, Tree] = {"class": "Masking"}
        memory: dict[str, Tree] = {"class": "GRU", "units": "$memory"}
        return work.chain(name, name, {"masked": masked, "memory": memory})
    if kind == "sequence":
        return work.chain(name, name, {"memory": {"class": "GRU", "units": "$memory"}})
    return name


def _of_text(words: Tree) -> dict[str, dict[str, Tree]]:
    """The mean of the words of a text, or the strongest of what a convolution finds in it."""
    return {
        "embedded": {"class": "Embedding", "input_dim": words, "output_dim": "$embedding"},
        "pooled": {"class": "GlobalAveragePooling1D", "if": "$window < 1"},
        "windows": {
            "class": "Conv1D",
            "filters": "$embedding",
            "kernel_size": "$window",
            "padding": "same",
            "activation": "relu",
            "if": "$window > 0",
        },
        "strongest": {"class": "GlobalMaxPooling1D", "if": "$window > 0"},
    }


def embedding_size(words: Tree) -> int:
    """Numbers for each word of a category, more for more words (a rule of thumb of fastai's)."""
    count = words if isinstance(words, int) else 2
    return int(min(50, max(2, round(1.6 * count**0.56))))


def _head(name: str, facts: Mapping[str, Tree], body: str, work: ModelWork) -> str:
    task, units = facts.get("task"), facts.get("units")
    classes = task == "classification"
    if classes and units == 2:
        head: dict[str, Tree] = {"class": "Dense", "units": 1, "activation": "sigmoid"}
    elif classes:
        head = {"class": "Dense", "units": units, "activation": "softmax"}
    elif task == "multilabel":
        head = {"class": "Dense", "units": units, "activation": "sigmoid"}
    elif "deviation" not in facts:
        head = {"class": "Dense", "units": units}
    else:
        dense = work.add(
            f"{name or 'value'}_scaled", {"class": "Dense", "units": units, "from": body}
        )
        scale = {"class": "Rescaling", "scale": facts["deviation"], "offset": facts["mean"]}
        if facts.get("log") is True:
            dense = work.add(f"{name or 'value'}_log", {**scale, "from": dense})
            scale = {"class": "ops.expm1"}
        return work.add(name or "value", {**scale, "from": dense}, exact=bool(name))
    titles = {"classification": "chance" if units == 2 else "scores", "multilabel": "chances"}
    title = name or titles.get(str(task), "value")
    return work.add(title, {**head, "from": body}, exact=bool(name))


def written_objective(outputs: Facts) -> dict[str, Tree]:
    """What the data asks of losses and metrics, by key of the compile group.

    Accuracy says little of a rare class. Of several heads, one that learns a number in its own
    units would drown the others: its loss counts as if the number had the deviation 1.
    """
    if len(outputs) == 1:
        rare = any("rarest" in facts for facts in outputs.values())
        f1: dict[str, Tree] = {"class": "F1Score", "threshold": 0.5}
        return {"metrics": ["accuracy", "precision", "recall", f1]} if rare else {}
    weights: dict[str, Tree] = {name: _loss_weight(facts) for name, facts in outputs.items()}
    return {"loss_weights": weights} if set(weights.values()) - {1.0} else {}


def _loss_weight(facts: Mapping[str, Tree]) -> float:
    deviation = facts.get("deviation")
    if facts.get("task") != "regression" or deviation is None or facts.get("log") is True:
        return 1.0
    numbers = deviation if isinstance(deviation, list) else [deviation]
    squares = [float(str(number)) ** 2 for number in numbers]
    return float(f"{len(squares) / sum(squares):.4g}")
