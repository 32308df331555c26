"""A composed config as plain data: what was composed once is composed nowhere again.

This room owns the way of a composition into plain data and back, and the identity of what it says.
It must not know who runs it, where, or what a key means.

Decisions:
- References between values stay as written: facts of the data are known only once it is opened.
  What the clock, Hydra or Python would answer at the time is put in their place.
- The identity is that of the values alone. Where they were written, by which overrides and from
  which files does not count. The order of keys does: it is that of a model's layers, which a
  program says by other means (`ir.canonical`).
- Hydra's own settings go along for whoever runs a job as Hydra does; they have no identity.
"""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field

from hydra import version
from hydra.conf import HydraConf
from hydra.core.config_loader import ConfigLoader
from hydra.core.utils import setup_globals
from omegaconf import DictConfig, OmegaConf, open_dict

from kerasgen.diagnostics import Diagnostic, Sink, SourceMap
from kerasgen.frontend.compose.composition import Composition, read_composition
from kerasgen.frontend.compose.references import plain_node
from kerasgen.frontend.compose.resolvers import texts_in
from kerasgen.frontend.compose.selector_syntax import read_selector
from kerasgen.frontend.grammar import SELECTORS
from kerasgen.registry import Trust

_ANSWERED = re.compile(r"\$\{\s*(?:now|hydra|python_version)\s*:[^${}]*\}")
"""What is asked of the clock, of Hydra or of Python, with no other question in it."""

_PAIRS, _BYTES = "pairs", "base64"
"""The one key of a mapping that stands for what JSON has no form for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenConfig:
    """A composed config, frozen.

    Attributes:
        config: the config without selectors, references as written.
        selectors: the selectors as written, each with its key path.
        hydra: Hydra's own settings.
        source_map: where each value was written.
        overrides: the task overrides as written.
        choices: group to chosen option, Hydra's own groups left out.
        folders: the user's folders of configs.
        diagnostics: what was found while composing.
    """

    config: Mapping[str, object]
    selectors: tuple[tuple[str, str], ...] = ()
    hydra: Mapping[str, object] = field(default_factory=dict)
    source_map: SourceMap = field(default_factory=SourceMap)
    overrides: tuple[str, ...] = ()
    choices: Mapping[str, str | None] = field(default_factory=dict)
    folders: tuple[str, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    _hash: str | None = field(init=False, default=None, repr=False, compare=False)

    def content_hash(self) -> str:
        """The SHA-256 of what the config says, in hexadecimal; it is computed once."""
        if self._hash is None:
            object.__setattr__(self, "_hash", self._computed_hash())
        assert self._hash is not None
        return self._hash

    def _computed_hash(self) -> str:
        said = {
            "config": pack(dict(self.config)),
            "selectors": [text for text, _ in self.selectors],
        }
        text = json.dumps(said, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()


def freeze(config: DictConfig, loader: ConfigLoader) -> FrozenConfig:
    """Freezes what a loader has just composed.

    Args:
        config: the composed config with its `hydra` node; it stays as it is.
        loader: the loader.
    """
    composition = read_composition(config.copy(), loader)
    return FrozenConfig(
        config=plain_node(composition.config),
        selectors=tuple((selector.text, selector.key) for selector in composition.selectors),
        hydra=settings_of_hydra(config),
        source_map=composition.source_map,
        overrides=composition.overrides,
        choices=composition.choices,
        folders=composition.folders,
        diagnostics=composition.diagnostics,
    )


def thaw(frozen: FrozenConfig, trust: Trust) -> Composition:
    """The composition that was frozen.

    Args:
        frozen: the frozen config.
        trust: whose code may run for it.
    """
    _set_up()
    config = OmegaConf.create(dict(frozen.config))
    OmegaConf.set_struct(config, True)
    read = (read_selector(text, Sink(), key=key) for text, key in frozen.selectors)
    return Composition(
        config=config,
        source_map=frozen.source_map,
        overrides=frozen.overrides,
        choices=frozen.choices,
        folders=frozen.folders,
        diagnostics=frozen.diagnostics,
        selectors=tuple(selector for selector in read if selector is not None),
        trust=trust,
    )


def thaw_for_hydra(frozen: FrozenConfig) -> DictConfig:
    """The config as Hydra's loader gave it, with its `hydra` node and with its selectors."""
    _set_up()
    config = OmegaConf.create(dict(frozen.config))
    hydra = OmegaConf.structured(HydraConf)
    OmegaConf.set_struct(hydra, False)  # Options of Hydra's groups add keys.
    del hydra["defaults"]  # which composing has used up
    hydra.merge_with(dict(frozen.hydra))
    OmegaConf.set_struct(config, True)
    with open_dict(config):
        if frozen.selectors:
            config[SELECTORS] = [text for text, _ in frozen.selectors]
        config["hydra"] = hydra
    OmegaConf.set_struct(config.hydra, None)
    return config


def settings_of_hydra(config: DictConfig) -> dict[str, object]:
    """Hydra's own settings in a config as plain data, interpolations as written."""
    plain = OmegaConf.to_container(config.hydra, resolve=False, enum_to_str=True)
    assert isinstance(plain, dict)
    return {str(key): value for key, value in plain.items()}


def asks(frozen: FrozenConfig) -> bool:
    """Whether a config asks the clock, Hydra or Python for something."""
    waiting: list[object] = [frozen.config]
    while waiting:
        found = waiting.pop()
        if isinstance(found, str):
            if "$" in found and _ANSWERED.search(found):
                return True
        elif isinstance(found, Mapping):
            waiting += found.values()
        elif isinstance(found, list):
            waiting += found
    return False


def answer_in(config: DictConfig) -> None:
    """Puts what the clock, Hydra and Python answer now in the place of the questions.

    Args:
        config: a config whose `hydra` node is in force; it is changed.
    """
    for key, text, node in list(texts_in(config)):
        if key.partition(".")[0] == "hydra":
            continue  # Overrides stand there as they were written.
        if _ANSWERED.fullmatch(text):
            node._set_value(_answer(text, config))
        else:
            node._set_value(_ANSWERED.sub(lambda found: str(_answer(found.group(), config)), text))


def _answer(question: str, config: DictConfig) -> str | int | float:
    """The answer to one question; the question itself where that is no plain value."""
    asking = OmegaConf.create({"answer": question})
    OmegaConf.copy_cache(from_config=config, to_config=asking)
    answer = asking.answer
    return answer if isinstance(answer, str | int | float) and "$" not in str(answer) else question


def _set_up() -> None:
    """Makes OmegaConf know Hydra's resolvers, as a loader does."""
    version.setbase("1.3")
    setup_globals()


def pack(tree: object) -> object:
    """A tree in the forms of JSON, whatever its keys and values are; `unpack` takes it back."""
    if isinstance(tree, dict):
        if all(isinstance(key, str) and key not in (_PAIRS, _BYTES) for key in tree):
            return {key: pack(value) for key, value in tree.items()}
        return {_PAIRS: [[key, pack(value)] for key, value in tree.items()]}
    if isinstance(tree, list):
        return [pack(item) for item in tree]
    if isinstance(tree, bytes):
        return {_BYTES: b64encode(tree).decode("ascii")}
    return tree


def unpack(packed: object) -> object:
    """The tree that `pack` has put into the forms of JSON."""
    if isinstance(packed, dict):
        if isinstance(pairs := packed.get(_PAIRS), list):
            return {key: unpack(value) for key, value in pairs}
        if isinstance(text := packed.get(_BYTES), str):
            return b64decode(text)
        return {key: unpack(value) for key, value in packed.items()}
    if isinstance(packed, list):
        return [unpack(item) for item in packed]
    return packed
