"""What a composed config grows to when its interpolations are written out.

An interpolation that is taken twice doubles, so that a page of text can ask for more memory than
there is. This room owns the estimate, which is made before anything is resolved; the limits that
it is held against stand in `config_limits`. What the values mean is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from omegaconf import DictConfig, OmegaConf

from kerasgen.diagnostics import Sink
from kerasgen.frontend.compose.config_limits import CHARACTERS, FILES_HELP, LINKS, VALUES


def check_composed(config: DictConfig, sink: Sink) -> None:
    """Checks what a composed config grows to before its interpolations are resolved.

    Interpolations that refer to themselves are passed over: resolving finds them at once.

    Args:
        config: the composed config.
        sink: gets KG902 at the first key that grows too large or leads too far.
    """
    path = ""
    try:
        plain = OmegaConf.to_container(config, resolve=False)
        growth = _Growth(root=plain)
        for path, parents, text in _interpolations(plain, "", ()):
            problem = growth.of(text, parents, 0).problem()
            if problem is not None:
                sink.report("KG902", f"`{path}` {problem}", key=path)
                return
    except RecursionError:
        shown = f"`{path}` leads through" if path else "the config is nested in"
        sink.report("KG902", f"{shown} too many levels", key=path or None)
        return
    problem = growth.of(plain, (), 0).problem()
    if problem is not None:
        sink.report("KG902", f"the config {problem}", help=FILES_HELP)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Extent:
    """What a value comes to: keys and values, characters, and links that lead to its end."""

    values: int = 1
    characters: int = 0
    links: int = 0

    def problem(self) -> str | None:
        """What is too much about it, None for nothing."""
        for count, limit, what in (
            (self.values, VALUES, "keys and values"),
            (self.characters, CHARACTERS, "characters"),
        ):
            if count > limit:
                shown = f"{count:,}" if count < 10**15 else f"about 10^{len(str(count)) - 1}"
                return f"comes to {shown} {what}, expected at most {limit:,}"
        if self.links > LINKS:
            return f"leads through more than {LINKS} interpolations, expected fewer"
        return None


_Parents = tuple[Any, ...]
"""The containers around a value, outermost first."""


@dataclass(slots=True)
class _Growth:
    """Extents of the values of one config, each worked out once."""

    root: Any
    known: dict[int, _Extent] = field(default_factory=dict)
    open: set[int] = field(default_factory=set)

    def of(self, value: Any, parents: _Parents, links: int) -> _Extent:
        """The extent of a value; what refers to itself counts for nothing here."""
        if not isinstance(value, Mapping | list):
            text = value if isinstance(value, str) else ""
            return (
                self._of_text(text, parents, links)
                if "${" in text
                else _Extent(characters=len(text))
            )
        key = id(value)
        if key not in self.known:
            if key in self.open or links > LINKS:
                return _Extent(links=links if links > LINKS else 0)
            self.open.add(key)
            items = list(value.values()) if isinstance(value, Mapping) else value
            parts = [self.of(item, (*parents, value), links) for item in items]
            self.open.discard(key)
            self.known[key] = _sum([_Extent(values=1 + isinstance(value, Mapping) * len(items)),
                                    *parts])  # fmt: skip
        return self.known[key]

    def _of_text(self, text: str, parents: _Parents, links: int) -> _Extent:
        key = hash((text, tuple(map(id, parents))))
        if key not in self.known:
            if key in self.open or links > LINKS:
                return _Extent(links=links if links > LINKS else 0)
            self.open.add(key)
            found = [self._find(reference, parents) for reference in _references(text)]
            targets = [self.of(*place, links + 1) for place in found if place is not None]
            whole = re.fullmatch(r"\$\{[^${}]*\}", text) is not None
            parts = [_Extent(characters=len(text), links=1)] + [
                _Extent(
                    # In a longer text what is referred to is one value, as text.
                    values=target.values if whole else 0,
                    characters=target.characters,
                    links=target.links + 1,
                )
                for target in targets
            ]
            self.open.discard(key)
            self.known[key] = _sum(parts)
        return self.known[key]

    def _find(self, reference: str, parents: _Parents) -> tuple[Any, _Parents] | None:
        """What a reference leads to, with the containers around it."""
        steps = len(reference) - len(reference.lstrip("."))
        around = list(parents[: len(parents) - steps + 1]) if steps else []
        node = around.pop() if around else self.root
        for part in filter(None, re.split(r"[.\[\]]+", reference.lstrip("."))):
            around.append(node)
            if isinstance(node, Mapping):
                named = part if part in node else int(part) if part.isdigit() else part
                if named not in node:
                    return None
                node = node[named]
            elif isinstance(node, list) and part.isdigit() and int(part) < len(node):
                node = node[int(part)]
            else:
                return None
        return node, tuple(around)


def _sum(parts: Sequence[_Extent]) -> _Extent:
    return _Extent(
        values=sum(part.values for part in parts),
        characters=sum(part.characters for part in parts),
        links=max(part.links for part in parts),
    )


def _references(text: str) -> Iterator[str]:
    """Every key path that a string may refer to, arguments of resolvers included."""
    for inner in re.findall(r"\$\{([^${}]*)\}", text):
        _, colon, arguments = inner.partition(":")
        yield from (part.strip() for part in (arguments.split(",") if colon else [inner]))


def _interpolations(
    value: Any, path: str, parents: _Parents
) -> Iterator[tuple[str, _Parents, str]]:
    """Every string with an interpolation: its key path, what is around it, and its text."""
    if isinstance(value, str):
        if "${" in value:
            yield path, parents, value
        return
    pairs = enumerate(value) if isinstance(value, list) else ()
    for key, item in value.items() if isinstance(value, Mapping) else pairs:
        yield from _interpolations(item, f"{path}.{key}" if path else str(key), (*parents, value))
