"""Rules of lint about columns: what should not be fed, though Keras trains with it.

It owns what is said of suspicious columns, by a run and by `kerasgen describe`. It must not see
rows: what they say of a column comes in as signs, told from the training rows alone in a run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from kerasgen.diagnostics import Sink, as_override
from kerasgen.diagnostics.diagnostic import Anchor
from kerasgen.foreign.printable import cut
from kerasgen.ir.column_figures import ColumnFigures, ColumnSigns, TableFigures
from kerasgen.ir.data import DataDef
from kerasgen.ir.schema import ALL

_MANY_WORDS, _FEW_ROWS = 32, 10
"""Words of a category from which on few rows for each are told, and how few."""

_UNBALANCED = 10
"""How many times the rows of the smallest class the largest one has, where that is told."""

_RARE = "{type: category, rare: 10}"

_TYPED = re.compile(r"[A-Za-z_][\w-]*", re.ASCII)
_TYPED_IN_BRACES = re.compile(r"[\w][\w .$%*@?|/+-]*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnView:
    """What a rule on columns sees.

    Attributes:
        data: the data group, as far as it was written.
        inputs: feature column to the key path of the features that have it.
        signs: column to what is suspicious in it.
        placed: whether there is a config in which a column has its place.
    """

    data: DataDef
    inputs: Mapping[str, str]
    signs: Mapping[str, ColumnSigns]
    placed: bool = True

    def place(self, column: str) -> tuple[str | None, Anchor]:
        """Where a column is written: what it is said to be, else the features."""
        said = self.data.columns.get(column)
        if said is not None and said.path:
            return said.path, "key"
        return (self.inputs[column] if self.placed else None), "value"

    def warn(
        self, code: str, column: str, message: str, mend: str, reason: str, sink: Sink
    ) -> None:
        """Reports what a rule found in a column."""
        key, at = self.place(column)
        sink.warn(code, message, key=key, at=at, help=mend, notes=[reason])

    def leave_out(self, column: str) -> str:
        """How a column is left out of the features."""
        if all(ALL in names for names in self.data.features.values()):
            return f"leave it out: `{said_of_column(column, 'ignore')}`"
        return f"take `{column}` out of `data.features`"


def said_of_column(column: str, word: str) -> str:
    """What is typed to say what a column is; what cannot be typed is an entry of a config."""
    if _TYPED.fullmatch(column):
        return as_override(f"data.columns.{column}", word)
    if _TYPED_IN_BRACES.fullmatch(column):
        return f"'data.columns={{{column}: {word}}}'"
    return f'columns: {{"{column}": {word}}}'


def columns_that_give_away(view: ColumnView, sink: Sink) -> None:
    """KG770: a column that is known only when the target is."""
    if len(view.inputs) < 2:  # the one feature of a simple table may well tell all
        return
    for name, signs in _features(view):
        for target, skill in signs.gives_away.items():
            view.warn(
                "KG770",
                name,
                f"the feature `{name}` alone tells the target `{target}` ({skill:.1%} better than "
                "guessing)",
                view.leave_out(name),
                "if it is known only after the target is, the model is worth nothing when it is "
                "asked",
                sink,
            )


def identifiers(view: ColumnView, sink: Sink) -> None:
    """KG771: names of rows, of which new rows have others."""
    for name, signs in _features(view):
        if signs.identifier is not None and len(view.inputs) > 1:
            view.warn(
                "KG771",
                name,
                f"the feature `{name}` looks like an identifier: {signs.identifier}",
                view.leave_out(name),
                "a model can but learn rows by heart from it",
                sink,
            )


def columns_that_say_nothing(view: ColumnView, sink: Sink) -> None:
    """KG772: one value, or hardly any."""
    for name, signs in _features(view):
        if signs.constant is not None:
            what = f"is `{cut(signs.constant)}` in all rows" if signs.constant else "has no value"
            reason = "there is nothing to learn from it"
        elif signs.mostly_missing is not None:
            what = f"has no value in {signs.mostly_missing:.0%} of the rows"
            reason = "what stands in the other rows is learned from few of them"
        else:
            continue
        view.warn("KG772", name, f"the feature `{name}` {what}", view.leave_out(name), reason, sink)


def columns_twice(view: ColumnView, sink: Sink) -> None:
    """KG773: the same column under two names."""
    for name, signs in _features(view):
        if signs.same_as is not None and signs.same_as in view.inputs:
            view.warn(
                "KG773",
                name,
                f"the feature `{name}` is `{signs.same_as}` again",
                view.leave_out(name),
                "it counts twice, and says nothing more",
                sink,
            )


def words_in_capitals(view: ColumnView, sink: Sink) -> None:
    """KG774: words of a feature that are one word but for their capitals."""
    for name, signs in _features(view):
        warn_of_capitals(name, signs.alike, sink)


def alike_but_for_capitals(words: Iterable[str]) -> tuple[str, ...]:
    """The first words that are one word but for their capitals; none where all differ."""
    written: dict[str, list[str]] = {}
    for word in sorted(words):
        written.setdefault(word.casefold(), []).append(word)
    return next((tuple(some) for some in written.values() if len(some) > 1), ())


def warn_of_capitals(column: str, alike: Sequence[str], sink: Sink) -> None:
    """KG774: words of a column that are one word but for their capitals; none is no warning."""
    if not alike:
        return
    one, *others = alike
    sink.warn(
        "KG774",
        f"words of `{column}` differ in capitals alone: `{cut(one)}`, "
        + ", ".join(f"`{cut(word)}`" for word in others),
        help="write each word in one way in the data",
        notes=["each of them counts as a word of its own"],
    )


COLUMN_RULES: Sequence[Callable[[ColumnView, Sink], None]] = (
    columns_that_give_away,
    identifiers,
    columns_that_say_nothing,
    columns_twice,
    words_in_capitals,
)
"""Every rule about columns that a run tells."""


def lint_columns(view: ColumnView, sink: Sink) -> None:
    """Applies every rule about columns.

    Args:
        view: the columns.
        sink: gets the warnings.
    """
    for rule in COLUMN_RULES:
        rule(view, sink)


def lint_table(view: ColumnView, figures: TableFigures, labels: Sequence[str], sink: Sink) -> None:
    """Tells what a description tells, and a run does not.

    Args:
        view: the columns.
        figures: the figures of the whole table.
        labels: the targets that are classes.
        sink: gets the warnings.
    """
    for name, column in figures.columns.items():
        said = view.data.columns.get(name)
        if name in view.inputs and (said is None or said.rare is None):
            _warn_of_rare(view, column, sink)
    for name in labels:
        _warn_of_balance(view, figures.columns[name], sink)
        _warn_of_no_choice(view, figures.columns[name], sink)
    for name in labels:
        words = (word for word, _ in figures.columns[name].frequent)
        warn_of_capitals(name, alike_but_for_capitals(words), sink)
    if figures.repeated:
        count, first = figures.repeated, (figures.first_repeated or 0) + 1
        what = f"{count:,} rows stand" if count > 1 else "a row stands"
        sink.warn(
            "KG527",
            f"{what} there again, the first in row {first:,}",
            help="take repeated rows out of the data: drawn at random, copies come to lie in "
            "several parts",
        )
    for part, count in figures.shared.items():
        sink.warn(
            "KG767",
            f"{count:,} rows of the {part} part are also rows of the training part",
            help="take the rows that both parts share out of one",
        )


def _warn_of_rare(view: ColumnView, column: ColumnFigures, sink: Sink) -> None:
    """KG774: categories of many words that hardly any row has."""
    signs = view.signs.get(column.name)
    if column.type != "category" or not column.distinct or column.distinct <= _MANY_WORDS:
        return
    if column.stray is not None or column.hidden is not None:
        return
    rows = column.known / column.distinct
    if rows < _FEW_ROWS and (signs is None or signs.identifier is None):
        view.warn(
            "KG774",
            column.name,
            f"`{column.name}` has {column.distinct:,} words, with {rows:.2g} rows each on average",
            f"write `{said_of_column(column.name, _RARE)}`",
            "what is said of a word is learned from its few rows",
            sink,
        )


def _warn_of_balance(view: ColumnView, column: ColumnFigures, sink: Sink) -> None:
    """KG774: classes of which one has hardly any row beside another."""
    classes = column.frequent
    if len(classes) < 2 or column.distinct != len(classes):
        return
    (most, many), (least, few) = classes[0], classes[-1]
    if many < _UNBALANCED * few:
        return
    sink.warn(
        "KG774",
        f"the classes of `{column.name}` are unbalanced: `{cut(most)}` has "
        f"{many / column.known:.1%} of the rows, `{cut(least)}` {few:,} "
        f"row{'' if few == 1 else 's'}",
        key="data.target" if view.placed else None,
        help="write `fit.class_weight=balanced`, and look at more than accuracy: "
        "`'compile.metrics=[accuracy, AUC]'`"
        if len(classes) == 2
        else "write `fit.class_weight=balanced`",
        notes=["a model that always answers with the largest class is right that often"],
    )


def _warn_of_no_choice(view: ColumnView, column: ColumnFigures, sink: Sink) -> None:
    """KG774: a target with one class, or with none."""
    if column.known and column.distinct != 1:
        return
    what = f"the one class `{cut(column.frequent[0][0])}`" if column.frequent else "no value"
    sink.warn(
        "KG774",
        f"the target `{column.name}` has {what}",
        key="data.target" if view.placed else None,
        help="name another column as the target",
        notes=["a run needs two classes or more"],
    )


def _features(view: ColumnView) -> list[tuple[str, ColumnSigns]]:
    return [(name, view.signs[name]) for name in view.inputs if name in view.signs]
