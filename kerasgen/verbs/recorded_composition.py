"""The config of a run as one to train by again.

This room owns how what a record holds becomes a composition, with what is said otherwise of it.

Decisions:
- The config is the run's own as it was settled; its files may have changed since. It is resolved,
  so that `${…}` in it is text: a stranger's record asks for nothing of this machine.
- That of a run of folds was not settled, since each fold settles its own. Its interpolations are
  resolved, as far as a config file may have such.
- The interpreter of an engine that it names is not run; another one is named or found.
- What is said otherwise is shown at the command line, all else where it was written then.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from omegaconf import OmegaConf

from kerasgen.diagnostics import Sink, SourceLocation, SourceMap
from kerasgen.diagnostics.source_map import NOWHERE, Mark, Replacement
from kerasgen.foreign.printable import cut
from kerasgen.frontend.compose.composition import Composition
from kerasgen.frontend.compose.named_interpreter import (
    HELP,
    KEY,
    named_interpreter,
    without_interpreter,
)
from kerasgen.frontend.compose.origins import SetByOverride, trace_origins
from kerasgen.frontend.compose.overridden import overridden, read_overrides_of
from kerasgen.frontend.compose.resolvers import resolver_problem, texts_in
from kerasgen.record.file_names import CONFIG, OVERRIDES, RECORD, SOURCE_MAP
from kerasgen.record.read import (
    read_config,
    read_known_record,
    read_overrides,
    read_source_map,
    required,
)
from kerasgen.registry import Trust

Read = TypeVar("Read")

_INTERPOLATION = re.compile(r"(\\*)\$\{")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRun:
    """What a record holds of how a run was made.

    Attributes:
        folder: the folder of the run.
        fields: its record.
        config: its config as plain data.
        overrides: the overrides as they were written.
        source_map: where its config was written.
    """

    folder: Path
    fields: Mapping[str, Any]
    config: Mapping[str, Any]
    overrides: tuple[str, ...]
    source_map: SourceMap

    @property
    def of_folds(self) -> bool:
        """Whether it is a run of several folds."""
        return "folds" in self.fields

    def composed(
        self,
        overrides: Sequence[str],
        trust: Trust,
        *,
        sections: Sequence[str] | None = None,
        silent: Sequence[str] = (),
    ) -> Composition:
        """Its config with other values, to train by.

        Args:
            overrides: what is said otherwise.
            trust: modules whose parts it may name, and whether it may open connections.
            sections: the groups that may be changed, None for all.
            silent: overrides that nobody has written, and no record tells of.

        Raises:
            CompileError: the overrides cannot be read, or change something else; KG114, a config
                that is not settled calls a resolver that no file may call.
        """
        sink = Sink()
        known = without_interpreter(self.config)
        wanted = overridden(known, [*silent, *overrides], sections, sink)
        config = OmegaConf.create(wanted if self.of_folds else _literal(wanted))
        for key, text, _ in texts_in(config):
            if self.of_folds and (problem := resolver_problem(text, key)) is not None:
                told = f"`{key}` is `{cut(text)}`, which {problem}"
                place = SourceLocation(file=str(self.folder / CONFIG), key=key)
                sink.report_at("KG114", f"{told}: a config file cannot do that", place)
        if (named := named_interpreter(config)) is not None and not named.plain:
            place = SourceLocation(file=str(self.folder / CONFIG), key=KEY)
            sink.report_at("KG121", named.refusal, place, help=HELP)
        sink.stop_on_errors()
        return Composition(
            config=config,
            source_map=_with_overrides(self.source_map, overrides),
            overrides=(*self.overrides, *overrides),
            choices=_texts(self.fields.get("choices")),
            trust=trust,
        )


def read_recorded_run(folder: Path, *, edited: bool = False) -> RecordedRun:
    """Reads what a record holds of how a run was made.

    Args:
        folder: the folder of the run.
        edited: whether files count that were edited since the run has written them.

    Raises:
        CompileError: KG606 or a code of its own, a file of it is not there or cannot be read.
    """
    fields = _read(lambda: read_known_record(folder), folder / RECORD)
    known = {} if edited else fields
    return RecordedRun(
        folder=folder,
        fields=fields,
        config=_read(lambda: read_config(folder, known), folder / CONFIG),
        overrides=tuple(_read(lambda: read_overrides(folder, known), folder / OVERRIDES)),
        source_map=NOWHERE
        if "folds" in fields
        else _read(lambda: read_source_map(folder, known), folder / SOURCE_MAP),
    )


def _read(read: Callable[[], Read], path: Path) -> Read:
    """What a file of the run holds."""
    with required(path):
        return read()


def _literal(tree: Any) -> Any:
    """Plain data in which OmegaConf finds no interpolation, and reads the same texts."""
    if isinstance(tree, Mapping):
        return {key: _literal(item) for key, item in tree.items()}
    if isinstance(tree, list):
        return [_literal(item) for item in tree]
    return _INTERPOLATION.sub(r"\1\1\\${", tree) if isinstance(tree, str) else tree


def _with_overrides(source_map: SourceMap, overrides: Sequence[str]) -> SourceMap:
    """The map in which what overrides set stands at the command line."""
    said = [
        SetByOverride(key=read.key_or_group, text=text, value=None)
        for text, read in zip(overrides, read_overrides_of(overrides), strict=True)
        if not read.is_delete()
    ]
    if not said:
        return source_map
    traced = trace_origins((), said, Sink()).marks
    marks = {  # What is around it stands where it stood.
        key: Mark(key=replace(traced[key].key, key=key), value=replace(traced[key].value, key=key))
        for key in {each.key for each in said}
    }
    return source_map.through(Replacement(marks=marks))


def _texts(found: object) -> dict[str, str | None]:
    pairs = found.items() if isinstance(found, Mapping) else ()
    return {str(key): value for key, value in pairs if value is None or isinstance(value, str)}
