"""Keys that a user wrote without the section in which they stand, and words for them.

This room owns the search for the whole key path behind `epochs=5` or `lr=0.1`. It reads a
composed config as plain data and must not know what a key means, apart from the few words that
other programs have for the most used keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kerasgen.diagnostics import Suggestion

_WORDS: Mapping[str, str] = {
    "lr": "learning_rate",
    "epoch": "epochs",
    "nb_epoch": "epochs",
    "num_epochs": "epochs",
    "n_epochs": "epochs",
    "max_epochs": "epochs",
    "bs": "batch_size",
    "batch": "batch_size",
    "batchsize": "batch_size",
    "metric": "metrics",
    "dataset": "data",
    "network": "model",
    "net": "model",
    "arch": "model",
    "architecture": "model",
    "opt": "optimizer",
    "optim": "optimizer",
    "dtype": "floatx",
    "random_state": "seed",
    "random_seed": "seed",
}
"""Words of other programs to ours; Keras's own former words are told where a class is known."""

_DEEPEST = 4
"""Sections around a key that is found by its name alone."""

_LISTED = 6
"""Key paths that a help lists."""


def whole_key(key: str, config: Mapping[str, Any]) -> str | None:
    """What is meant by a key path that the config does not have at its root.

    Args:
        key: the key path as written.
        config: the composed config as plain data.

    Returns:
        A help text, a `Suggestion` where it is certain; None if nothing is found.
    """
    first, _, rest = key.partition(".")
    word = _WORDS.get(first, first)
    level: list[tuple[str, Any]] = [("", config)]
    for _ in range(_DEEPEST):
        paths = [
            f"{path}{word}"
            for path, section in level
            if isinstance(section, Mapping) and word in section and path + word != first
        ]
        if paths:
            return _told(paths, rest, config)
        level = [
            (f"{path}{name}.", inner)
            for path, section in level
            if isinstance(section, Mapping)
            for name, inner in section.items()
            if isinstance(inner, Mapping)
        ]
    return None


def _told(paths: list[str], rest: str, config: Mapping[str, Any]) -> str:
    wholes = [f"{path}.{rest}" if rest else path for path in paths]
    if len(wholes) > 1:
        shown = ", ".join(f"`{whole}`" for whole in wholes[:_LISTED])
        return f"say where: {shown}" + (", …" if len(wholes) > _LISTED else "")
    text = wholes[0] if _is_there(wholes[0], config) else f"+{wholes[0]}"
    return Suggestion(f"did you mean `{text}`?", text)


def _is_there(key: str, config: Any) -> bool:
    for part in key.split("."):
        if not isinstance(config, Mapping) or part not in config:
            return False
        config = config[part]
    return True
