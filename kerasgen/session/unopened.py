"""What is certain of a config before the facts of its data are known.

This room owns the question which mistakes hold whatever the facts turn out to be. Values stand in
for the facts, and what these could have brought about is left out. It must not open data or start
an engine.

Decisions:
- Names, and reaches too far, are the same whatever the facts are.
- A value that has the wrong form has it in any case where no interpolation stands in what is
  written there: then it comes from no fact.
- A model whose entries hang on no interpolation (`repeat`, `if`) is wired in the same way in any
  case.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from omegaconf import DictConfig

from kerasgen.catalog.entries import Catalog
from kerasgen.data.column_names import check_known_columns
from kerasgen.diagnostics import CompileError, Diagnostic, Sink
from kerasgen.frontend.compose.composition import Composition, resolve, title_of
from kerasgen.frontend.compose.references import plain_node, references_of, value_at
from kerasgen.frontend.compose.selector_syntax import SELECTORS
from kerasgen.ir.data import DataDef
from kerasgen.passes.check import check_source
from kerasgen.passes.outline import outline
from kerasgen.passes.reach import REACHING
from kerasgen.session.early_checks import look_at
from kerasgen.session.reading import read_program

ANY_SOURCE = "data.source."
"""Below it, values may be left to be given: what is not opened need not be known."""

_STAND_INS: Mapping[str, Any] = {"classes": 2, "shape": [1]}
"""Facts of the data that a model may ask for."""

_NAMES = frozenset({"KG104", "KG107", "KG201", "KG202", "KG203", "KG205"}) | REACHING
"""Mistakes in names, and reaches too far."""

_WIRED = frozenset({"KG301", "KG302", "KG303", "KG304", "KG305", "KG306", "KG307"})
"""Mistakes in the wiring."""

_COUNTING = ("repeat", "if", SELECTORS)
"""Keys that say which entries a model has."""


def check_unopened(
    composition: Composition, data: DataDef, catalog: Catalog, sink: Sink, *, needed: bool
) -> None:
    """Checks what is certain before the data is opened for its facts.

    Args:
        composition: what was composed.
        data: its data group.
        catalog: every class that it may name.
        sink: gets every mistake.
        needed: whether files that are not there are mistakes.

    Raises:
        CompileError: there are errors.
    """
    check_source(data, catalog, sink, composition.trust)
    if not sink.errors:
        try:
            look_at(data, sink, needed=needed)
        except CompileError as error:
            sink.add(error.diagnostics)
    found = check_without_facts(composition, catalog)
    sink.add(() if found is None else found.diagnostics)
    sink.stop_on_errors()


def check_without_facts(composition: Composition, catalog: Catalog) -> Sink | None:
    """Checks a config without facts of its data, as far as that needs no engine.

    Args:
        composition: what was composed.
        catalog: every class that it may name.

    Returns:
        What is certain, or None if nothing is: a reference leads nowhere, whatever the facts are.
    """
    data = composition.config.get("data")
    declared = plain_node(data).get("facts") if isinstance(data, DictConfig) else None
    known = {key: value for key, value in (declared or {}).items() if value != "???"}
    kept, written = composition.sink(), plain_node(composition.config)
    try:
        config, sink = resolve(composition, {**_STAND_INS, **known}, ungiven=ANY_SOURCE)
    except CompileError as error:
        kept.add(found for found in error.diagnostics if not _hangs_on_facts(found, written))
        return kept if kept.errors else None
    trial = Sink(kept.source_map)
    try:
        program, sink = read_program(config, sink, name=title_of(composition))
        trial = Sink(sink.source_map)
        trial.add(sink.diagnostics)
        check_known_columns(program.data, kept)
        outline(program, catalog, trial, composition.trust)
    except CompileError as error:
        trial.add(error.diagnostics)
    kept.add(found for found in trial.diagnostics if _is_certain(found, written))
    return kept


def _hangs_on_facts(found: Diagnostic, written: Any) -> bool:
    """Whether what cannot be resolved refers to a fact of the data, perhaps by way of others."""
    waiting = [found.location.key] if found.location is not None else []
    seen: set[str] = set()
    while waiting:
        key = waiting.pop()
        value = value_at(written, key)
        if key.startswith("data.") and value is None:
            return True
        seen.add(key)
        waiting += [reference for reference in references_of(str(value)) if reference not in seen]
    return False


def _is_certain(found: Diagnostic, written: Any) -> bool:
    """Whether a mistake is there whatever the facts are."""
    if found.code in _NAMES:
        return True
    if found.code in _WIRED:
        return not any(
            "$" in str(value)
            for group in ("model", SELECTORS)
            for key, value in _pairs(written.get(group))
            if key in _COUNTING
        )
    if found.code != "KG204" or found.location is None:
        return False
    value = value_at(written, found.location.key)
    return value is not None and "$" not in str(value)


def _pairs(node: Any) -> Iterator[tuple[str, Any]]:
    """Every key of a config's part with its value, however deep; a list's items have no key."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield str(key), value
            yield from _pairs(value)
    elif isinstance(node, list):
        for item in node:
            yield "", item
            yield from _pairs(item)
