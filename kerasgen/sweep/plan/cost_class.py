"""Which jobs cost the same: what of a config does not change the time of a step.

This room owns the key of a cost class. It must not know what a class costs.

Decisions:
- Two jobs are of one class where they differ in what is certain to cost nothing: seed, name, lint,
  the number of epochs, and the numbers of an optimizer and of callbacks. All else may change a
  shape, a graph or the data, and makes another class; one too many is measured rather than one too
  few.
- A number that is 0 is another than one that is not: `momentum: 0` keeps no momentum.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from kerasgen.frontend.compose.frozen_config import FrozenConfig, pack

_NAMES = ("seed", "name", "lint")


def cost_class(job: FrozenConfig) -> str:
    """The key of the class of a job."""
    config: dict[str, object] = {
        key: value for key, value in job.config.items() if key not in _NAMES
    }
    config["optimizer"] = _without_numbers(config.get("optimizer"))
    fit = config.get("fit")
    if isinstance(fit, Mapping):
        known = {key: value for key, value in fit.items() if key != "epochs" or fit.get("phases")}
        known["callbacks"] = _without_numbers(fit.get("callbacks"))
        config["fit"] = known
    said = {"config": pack(config), "selectors": [text for text, _ in job.selectors]}
    text = json.dumps(said, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def epochs_of(job: FrozenConfig) -> int | None:
    """The epochs that a job's config says; None where it has phases, or an expression."""
    fit = job.config.get("fit")
    if not isinstance(fit, Mapping) or fit.get("phases"):
        return None
    epochs = fit.get("epochs")
    return epochs if type(epochs) is int and epochs > 0 else None


def may_end_early(job: FrozenConfig) -> bool:
    """Whether a callback of Keras may end a job's training before its time."""
    fit = job.config.get("fit")
    callbacks = fit.get("callbacks") if isinstance(fit, Mapping) else None
    named = callbacks.values() if isinstance(callbacks, Mapping) else callbacks or ()
    classes = (each.get("class") if isinstance(each, Mapping) else each for each in named)
    return any(str(each).rpartition(".")[2] == "EarlyStopping" for each in classes)


def _without_numbers(tree: object) -> object:
    if isinstance(tree, Mapping):
        return {key: _without_numbers(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_without_numbers(value) for value in tree]
    if isinstance(tree, int | float) and not isinstance(tree, bool):
        return "0" if tree == 0 else "number"
    return tree
