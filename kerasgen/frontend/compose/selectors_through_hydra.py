"""The way of selectors through Hydra, whose grammar cannot read `[` in a key.

This room owns the loader that takes selectors out of the overrides before Hydra sees them and
puts them back where Hydra keeps overrides, and the carrier: an ordinary override in whose key a
selector is written, for the sweepers, which expand overrides by themselves. What a selector means
is not known here.

Decisions:
- A carrier holds all of the selector, so that it can be read in any process, and its value is the
  selector's, so that every kind of sweep that a sweeper knows works with it.
- Carriers are seen by sweepers alone. What is shown, recorded or named after overrides holds the
  selector as written, with the one value of the job.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from hydra._internal.config_loader_impl import get_overrides_dirname
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, OverrideType, ValueType
from hydra.errors import ConfigCompositionException
from hydra.types import RunMode
from omegaconf import DictConfig, ListConfig, open_dict

from kerasgen.diagnostics import Sink
from kerasgen.frontend.compose.loader import ComposedLoader
from kerasgen.frontend.compose.references import plain_node
from kerasgen.frontend.compose.selector_syntax import head_of, is_selector, read_selector
from kerasgen.frontend.grammar import SELECTORS

_CARRIER = re.compile(rf"\+{SELECTORS}\.s\d+_((?:[A-Za-z0-9]|_[0-9a-f]{{2}})+)=(.*)", re.DOTALL)
_ESCAPED = re.compile(r"(?:_[0-9a-f]{2})+")


class SelectorLoader(ComposedLoader):
    """Hydra's config loader, with selectors and carriers among the overrides.

    A config that it loads has the selectors in `hydra.overrides.task` and in the override
    dirname, and behind those of the config files in the list `selectors`.
    """

    def load_configuration(
        self,
        config_name: str | None,
        overrides: list[str],
        run_mode: RunMode,
        from_shell: bool = True,
        validate_sweep_overrides: bool = True,
    ) -> DictConfig:
        """Composes a config.

        Raises:
            ConfigCompositionException: a selector cannot be read, or is a sweep outside of one.
        """
        texts = [as_written(text) for text in overrides]
        selectors = [text for text in texts if is_selector(text)]
        _check(selectors, sweeps=run_mode == RunMode.MULTIRUN or not validate_sweep_overrides)
        config = super().load_configuration(
            config_name, others(texts), run_mode, from_shell, validate_sweep_overrides
        )
        if selectors:
            _put_back(config, texts, selectors)
        return config

    def compute_defaults_list(
        self, config_name: str | None, overrides: list[str], run_mode: RunMode
    ) -> Any:
        """The defaults list, on which selectors have no influence."""
        texts = others([as_written(text) for text in overrides])
        return super().compute_defaults_list(config_name, texts, run_mode)


def others(overrides: Sequence[str]) -> list[str]:
    """The overrides that are no selectors."""
    return [text for text in overrides if not is_selector(text)]


def carried(overrides: Sequence[str]) -> list[str]:
    """The overrides with a carrier in the place of each selector."""
    return [
        carrier(text, number) if is_selector(text) else text
        for number, text in enumerate(overrides)
    ]


def carrier(text: str, number: int) -> str:
    """The override that carries a selector; its value is the selector's, a sweep or not.

    Args:
        text: the selector.
        number: tells it from the others, which a sweeper may know by their keys alone.
    """
    head, equal, value = text.partition("=")
    key = re.sub(
        "[^A-Za-z0-9]", lambda found: "".join(f"_{b:02x}" for b in found.group().encode()), head
    )
    return f"+{SELECTORS}.s{number}_{key}={value if equal else 'null'}"


def as_written(text: str) -> str:
    """The selector that a carrier carries; any other override as it is."""
    found = _CARRIER.fullmatch(text)
    if found is None:
        return text
    head = _ESCAPED.sub(
        lambda part: bytes.fromhex(part.group().replace("_", "")).decode(), found[1]
    )
    return head if head.startswith("~") else f"{head}={found[2]}"


def with_carriers(parameters: Mapping[str, Any], first: int) -> dict[str, Any]:
    """The parameters of a sweeper (key to sweep) with carriers in the place of selectors.

    Args:
        parameters: key to sweep, as `hydra.sweeper.params` holds them.
        first: number of the first carrier.
    """
    renamed = {}
    for number, (key, value) in enumerate(parameters.items(), first):
        text = str(key)
        renamed[head_of(carrier(f"{text}=", number)) if is_selector(text) else text] = value
    return renamed


def _check(selectors: Sequence[str], *, sweeps: bool) -> None:
    sink = Sink()
    for text in selectors:
        text.encode()  # a UnicodeError for what is no UTF-8, as the files that are written need it
        read_selector(text, sink, sweeps=sweeps)
    if sink.errors:
        raise ConfigCompositionException(sink.errors[0].message)


def _put_back(config: DictConfig, texts: Sequence[str], selectors: Sequence[str]) -> None:
    """Writes selectors where Hydra keeps overrides, in the order of the command line."""
    kept = list(plain_node(config.hydra.overrides.task))
    task: list[str] = []
    for text in texts:
        if is_selector(text):
            task.append(text)
        elif kept and kept[0] == text:
            task.append(kept.pop(0))
    config.hydra.overrides.task = task
    form = config.hydra.job.config.override_dirname
    config.hydra.job.override_dirname = get_overrides_dirname(
        overrides=[parsed_for_name(text) for text in task],
        kv_sep=form.kv_sep,
        item_sep=form.item_sep,
        exclude_keys=form.exclude_keys,
    )
    written = config.get(SELECTORS)
    if written is None or isinstance(written, ListConfig):  # else it is refused where it is read
        with open_dict(config):
            config[SELECTORS] = [*(plain_node(written) if written else []), *selectors]


def parsed_for_name(text: str) -> Override:
    """An override as Hydra's names of folders take it; of a selector its key alone counts."""
    if not is_selector(text):
        return OverridesParser.create().parse_override(text)
    key = re.sub(r"[*+/-]$", "", head_of(text).lstrip("+~"))
    return Override(
        type=OverrideType.CHANGE,
        key_or_group=key,
        value_type=ValueType.ELEMENT,
        _value=None,
        input_line=text,
    )
