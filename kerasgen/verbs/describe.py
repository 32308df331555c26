"""What data is: its columns with figures, its target, and what is suspicious in it.

This room owns the way from a file or a config to a description. How figures are counted stands in
`data.columns`, how they look in `emit.text.column_table`, and what is said of suspicious columns in
`passes.lint.suspicious_columns`.

Decisions:
- Only the group `data` of a config is read: a model that is not there yet is no hindrance, and no
  engine is started unless a source needs one.
- A target need not be named; without one nothing is said of what tells it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from kerasgen.data.columns.counted_rows import tallied, tallied_stream
from kerasgen.data.columns.hidden_forms import hidden_form, tell_form
from kerasgen.data.columns.row_chunks import chunks_of_table
from kerasgen.data.columns.rows import check_cells, refuse_unread, stripped
from kerasgen.data.columns.signs import signs_of_figures
from kerasgen.data.columns.tally import TableTally
from kerasgen.data.columns.types import infer_task
from kerasgen.data.sources.source_list import known_sources, make_source
from kerasgen.data.sources.table_file import TableFile
from kerasgen.data.table import Array, Source, Table
from kerasgen.diagnostics import Diagnostic, Sink, did_you_mean
from kerasgen.frontend.compose.composition import resolve_groups
from kerasgen.frontend.compose.config_folders import Folders
from kerasgen.frontend.compose.origins import place_of_option
from kerasgen.frontend.grammar import join
from kerasgen.frontend.parse.columns import IGNORE
from kerasgen.frontend.parse.data import parse_data, refuse_absent
from kerasgen.frontend.parse.lint import parse_lint, silence
from kerasgen.ir.column_figures import ColumnFigures, ColumnSigns, TableFigures
from kerasgen.ir.data import AUTO, DataDef
from kerasgen.ir.schema import ColumnType
from kerasgen.ir.values import Tree
from kerasgen.passes.columns import infer_schema
from kerasgen.passes.lint.suspicious_columns import ColumnView, lint_columns, lint_table
from kerasgen.passes.reach import check_source_reach
from kerasgen.registry import NOBODY, Trust
from kerasgen.runtime.errors import DataError
from kerasgen.runtime.split import PARTS
from kerasgen.session.composed_config import compose_config
from kerasgen.session.custom_parts import load_trusted
from kerasgen.verbs.file_columns import files_told, sizes_told
from kerasgen.verbs.named_data import NamedData, named_data

_NO_TEXT = ("null", "true", "false", "nan", "inf")
"""Words that an override reads as something else."""

_GROUPS = {"table": "table", "images": "images", "sounds": "sounds", "texts": "text_folder"}
"""Kind of data to the shipped option of `data` that reads any such."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """A description of data.

    Attributes:
        title: what was described.
        source: the class that reads it.
        figures: the figures of all columns.
        targets: target column to its task.
        definition: the data group.
        named: the file, folder or archive that was named, None for a config.
        file: the file in which the source of a config is written, None for none.
        diagnostics: what is suspicious.
        silenced: number of warnings that the config silences.
        identifiers: columns that look like identifiers, to what says so.
        parts: whether the source says which rows are for testing.
    """

    title: str
    source: str
    figures: TableFigures
    targets: Mapping[str, str]
    definition: DataDef
    named: NamedData | None
    file: Path | None
    diagnostics: tuple[Diagnostic, ...]
    silenced: int = 0
    identifiers: Mapping[str, str] = field(default_factory=dict)
    parts: bool = False

    @property
    def roles(self) -> dict[str, str]:
        """Columns that are no features, to what they are."""
        schema = infer_schema(self.definition, list(self.figures.columns)).columns
        roles = {name: column.roles for name, column in schema.items()}
        found = {name: "ignored" for name, role in roles.items() if "ignored" in role}
        return found | dict.fromkeys(self.targets, "target")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be described.

    Attributes:
        words: a file, folder or archive, or overrides.
        target: the target column, None for the config's.
        config_dir: folders of configs that come before the shipped ones.
        trust: modules whose sources a config may name.
    """

    words: tuple[str, ...]
    target: str | None = None
    config_dir: Folders = None
    trust: Trust = NOBODY


def describe(asked: Asked) -> Description:
    """Describes data.

    Args:
        asked: what is to be described.

    Raises:
        CompileError: it cannot be read, or the config has mistakes.
    """
    sink = Sink()
    named, words = _named(asked.words, sink)
    if asked.target is not None:
        words = [*words, f"data.target={_quoted(asked.target)}"]
    composition = compose_config(words, asked.config_dir, asked.trust)
    config, sink = resolve_groups(composition, ("data", "lint"), ungiven="data.target")
    definition = _definition(config.get("data"), sink)
    load_trusted(asked.trust, sink)
    check_source_reach(definition, sink, asked.trust)
    sink.stop_on_errors()
    source = make_source(definition.source, known_sources(), sink)
    tally, given, unread = _counted(source, definition, sink)
    _check_names(definition, [*tally.columns, *unread], asked.target, sink)
    if unlike := _unlike(definition, tally):
        table = source.read(unlike, sink)
        check_cells(definition, _stripped(definition, table), sink)
    sink.stop_on_errors()
    _tell_infinite(tally, definition, sink)
    figures = replace(_as_said(tally.figures(), definition), shared=_shared(tally, given))
    if isinstance(source, TableFile):
        figures = files_told(figures, tally, definition)
        figures = _forms_told(figures, tally, definition, sink)
    figures = sizes_told(figures, source)
    targets = _targets(definition, figures, tally)
    signs = signs_of_figures(
        figures.columns,
        tally.sample,
        tally.twins(),
        {name: task == "classification" for name, task in targets.items()},
        figures.repeated or 0,
    )
    _warn(definition, figures, signs, sink, placed=named is None)
    lint = parse_lint(config.get("lint"), "lint", sink)
    silenced = silence(sink, lint)
    place = sink.locate("data.source").file
    return Description(
        title=named.path if named else str(definition.source.arguments.get("path", "data")),
        source=definition.source.cls,
        figures=figures,
        targets=targets,
        definition=definition,
        named=named,
        file=None if place is None or named is not None else Path(place),
        diagnostics=tuple(sink.diagnostics),
        silenced=len(silenced),
        identifiers={n: s.identifier for n, s in signs.items() if s.identifier is not None},
        parts=given is not None and bool((given == PARTS.index("test")).any()),
    )


def words_of(named: NamedData) -> list[str]:
    """The overrides that read what was named."""
    group = _GROUPS.get(named.kind)
    if group is not None:
        return [f"data={group}", f"data.source.path={_quoted(named.path)}"]
    source = f"{{class: {named.source}, path: {_quoted(named.path)}}}"
    return ["data=none", f"data.source={source}", "data.features=all", "data.task=auto"]


def _quoted(text: str) -> str:
    """A text as an override holds it: plain where it may be."""
    if re.fullmatch(r"[A-Za-z][\w./-]*", text, re.ASCII) and text.lower() not in _NO_TEXT:
        return text
    return '"' + re.sub(r'(\\*)"', r'\1\1\\"', text) + '"'


def _named(words: Sequence[str], sink: Sink) -> tuple[NamedData | None, list[str]]:
    """A file among the words, and the overrides that all of them are."""
    if not words:
        raise sink.fail(
            "KG106",
            "nothing is named to describe",
            help="name a file, a folder or an archive, or a config: `kerasgen describe data=iris`",
        )
    first, *others = words
    if "=" in first and not Path(first).expanduser().exists():
        return None, [*words]
    found = named_data(first, sink)
    return found, [*words_of(found), *others]


def _definition(section: Tree, sink: Sink) -> DataDef:
    """The data group, of which only the source must be there.

    Raises:
        CompileError: it has mistakes, or there is no data.
    """
    if isinstance(section, Mapping) and section.get("source"):
        section = {key: value for key, value in section.items() if value != "???"}
        if not section.get("features"):
            section["features"] = "all"
        if not section.get("target"):
            # Nothing is learned then, and which task that would be is of no account.
            section |= {"target": None, "task": "autoencoding", "windows": None}
    definition = parse_data(section, sink)
    sink.stop_on_errors()
    assert definition is not None, "what is wrong with it was told"
    refuse_absent(definition, sink)
    return definition


def _counted(
    source: Source, definition: DataDef, sink: Sink
) -> tuple[TableTally, Array | None, tuple[str, ...]]:
    """The rows, counted, the part of each, and ignored columns that cannot be read.

    Large files are read some rows at a time, others whole.
    """
    if isinstance(source, TableFile):
        try:
            plain = not any(column.strip for column in definition.columns.values())
            tally = tallied_stream(source) if plain else None
            if tally is not None:
                return tally, None, ()
        except (DataError, OSError):
            pass  # Reading it whole tells what is wrong, with its place.
    table = source.read(None, sink)
    refuse_unread(definition, table, sink)
    sink.stop_on_errors()
    for name, values in table.columns.items():
        if values.dtype.kind == "c":
            message = f"the column `{name}` holds `{values.dtype}`, expected numbers"
            raise sink.fail("KG509", message, key="data.source")
    table = _stripped(definition, table)
    if not table.columns or not len(next(iter(table.columns.values()))):
        raise sink.fail("KG503", "the source has no rows", key="data.source")
    return tallied(chunks_of_table(table)), table.given, tuple(table.unread)


def _stripped(definition: DataDef, table: Table) -> Table:
    return replace(
        table,
        columns={
            name: stripped(values, definition.columns.get(name))
            for name, values in table.columns.items()
        },
    )


def _tell_infinite(tally: TableTally, definition: DataDef, sink: Sink) -> None:
    """Warns of numbers without an end, which no run takes."""
    for name, column in tally.columns.items():
        said = definition.columns.get(name)
        if column.infinite and (said is None or said.type != IGNORE):
            table = definition.source.cls == "Table"
            sink.warn(
                "KG506",
                f"the column `{name}` holds {column.infinite} infinite number"
                f"{'s' * (column.infinite > 1)}, expected finite ones",
                key="data.source",
                help="leave such rows out with `data.source.bad=skip`" if table else None,
            )


def _unlike(definition: DataDef, tally: TableTally) -> frozenset[str]:
    """Columns of which some cell may not be of the type that is said."""
    found = set()
    for name, said in definition.columns.items():
        column = tally.columns.get(name)
        if column is None or not (column.words or column.stray is not None):
            continue
        checked = {"number": False, "sequence": False, "date": column.dates}
        if not checked.get(said.type or "", said.type != "boolean" or column.truths):
            found.add(name)
    return frozenset(found)


def _shared(tally: TableTally, given: Array | None) -> dict[str, int]:
    """Part to its rows that are rows of the training part, where the source gives parts."""
    if given is None:
        return {}
    training = given == PARTS.index("training")
    counts = {part: tally.known_rows(training, given == n) for n, part in enumerate(PARTS) if n}
    return {part: count for part, count in counts.items() if count}


def _check_names(definition: DataDef, names: list[str], option: str | None, sink: Sink) -> None:
    """Reports columns that the config names, or the option `--target`, and the source lacks."""
    wanted = {join("data.columns", name): name for name in definition.columns}
    wanted |= {f"data.target.{o}" if o else "data.target": n for o, n in definition.target.items()}
    for key, name in wanted.items():
        if name in names:
            continue
        typed = option is not None and key == "data.target"
        place = sink.locate(key, "key" if key.startswith("data.columns") else "value")
        sink.report_at(
            "KG504",
            f"there is no column `{name}`",
            place_of_option("--target", name) if typed else place,
            help=did_you_mean(name, names, listed=40),
        )


def _as_said(figures: TableFigures, definition: DataDef) -> TableFigures:
    """Figures with the types that the config says."""
    columns = dict(figures.columns)
    for name, said in definition.columns.items():
        kind = said.type
        if kind is not None and kind != "ignore":
            columns[name] = replace(columns[name], type=kind, why="as `data.columns` says")
    return replace(figures, columns=columns)


def _forms_told(
    figures: TableFigures, tally: TableTally, definition: DataDef, sink: Sink
) -> TableFigures:
    """Figures that say which words are numbers or dates of another form; these are told."""
    columns = dict(figures.columns)
    for name, column in figures.columns.items():
        said, values = definition.columns.get(name), tally.sample.get(name)
        known = column.type in ("labels", "sequence") or (said is not None and said.type)
        if values is None or values.dtype.kind != "U" or known:
            continue
        if (form := hidden_form(values)) is None:
            continue
        row = "" if column.stray is None else f"; the first stands in row {column.stray.row + 1:,}"
        tell_form(name, form, sink, row)
        columns[name] = replace(column, hidden=form.what)
    return replace(figures, columns=columns)


def _targets(definition: DataDef, figures: TableFigures, tally: TableTally) -> dict[str, str]:
    found = {}
    for output, name in definition.target.items():
        task = definition.task.get(output, AUTO)
        if task == AUTO and name in tally.sample and not figures.columns[name].shape:
            task = infer_task(tally.sample[name], figures.columns[name].type)
        if name in figures.columns:
            found[name] = task
    return found


def _warn(
    definition: DataDef,
    figures: TableFigures,
    signs: Mapping[str, ColumnSigns],
    sink: Sink,
    *,
    placed: bool,
) -> None:
    schema = infer_schema(definition, list(figures.columns))
    fed = {name: "data.features" for name, c in schema.columns.items() if "feature" in c.roles}
    view = ColumnView(data=definition, inputs=fed, signs=signs, placed=placed)
    lint_columns(view, sink)
    classes = [
        name
        for output, name in definition.target.items()
        if name in figures.columns
        and _is_labels(figures.columns[name], definition.task.get(output))
    ]
    lint_table(view, figures, classes, sink)


def _is_labels(column: ColumnFigures, task: str | None) -> bool:
    words: tuple[ColumnType, ...] = ("category", "boolean", "ordinal")
    return task == "classification" or (task == AUTO and column.type in words)
