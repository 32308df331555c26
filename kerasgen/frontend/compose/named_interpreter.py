"""The interpreter that a config names: a program that a run starts, so its user's word.

This room owns where a config says so, and how that is found and taken out again. Whose word it is
knows whoever asks.

Decisions:
- It stands there as plain text: what an interpolation leads to may be a stranger's.
- A record's is taken out, whoever looks at it or trains by it again: the command line, the
  environment or `engines install` names the one of this machine.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

KEY = "backend.runtime.python"
"""Where a config names the interpreter of Theano or CNTK."""

_STEPS = KEY.split(".")

_SWEPT = re.compile(r"backend(\.runtime(\.python)?)?\Z")

HELP = (
    f"name it where it is the user's word: `{KEY}=PATH` on the command line, or `KERASGEN_THEANO` "
    "or `KERASGEN_CNTK` in the environment"
)


class NamedInterpreter(NamedTuple):
    """An interpreter that a config names.

    Attributes:
        text: what stands there.
        plain: whether it stands there itself, and no interpolation leads to it.
    """

    text: str
    plain: bool

    @property
    def refusal(self) -> str:
        """The words in which it is refused."""
        what = "" if self.plain else "is an interpolation, and "
        return f"`{KEY}` {what}names a program that would be run: a config file cannot do that"


def named_interpreter(config: DictConfig) -> NamedInterpreter | None:
    """The interpreter that a composed config names, None if it names none."""
    node: Any = config
    plain, written = True, ""
    for step in _STEPS:
        inner = isinstance(node, DictConfig)
        node = node._get_node(step, validate_access=False) if inner else None
        if node is None or node._is_none() or node._is_missing():
            return None
        if node._is_interpolation():
            plain, written = False, str(node._value())
            if step == _STEPS[-1]:
                break  # What is null now need not be once the data has its facts.
            try:
                node = node._dereference_node()
            except OmegaConfBaseException:
                break
    return NamedInterpreter(text=written or str(node), plain=plain)


def may_sweep(key: str, texts: str) -> bool:
    """Whether a file may sweep over a key, as far as it names no interpreter by it.

    Args:
        key: the key path, without signs before it.
        texts: what it is swept over, as text.
    """
    if _SWEPT.match(key) is None:
        return True
    return key == "backend" and "python" not in texts


def without_interpreter(config: Mapping[str, Any]) -> dict[str, Any]:
    """Plain data without the interpreter that it names."""
    section = config.get(_STEPS[0])
    runtime = section.get(_STEPS[1]) if isinstance(section, Mapping) else None
    if not isinstance(section, Mapping) or not isinstance(runtime, Mapping):
        return dict(config)
    kept = {**section, _STEPS[1]: {**runtime, _STEPS[2]: None}}
    return {**config, _STEPS[0]: kept}
