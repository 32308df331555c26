"""The pass that writes the steps of one column out, as its type wants it.

It owns which steps a column of a type gets under `prepare: auto`, and when a column tells nothing.
Which columns become one model input stands in `written_out`.

Decisions:
- A category has a place for each word up to `MOST_PLACES` words, and is an index for an embedding
  beyond that; where it shares an input with other columns, it has places.
- A number that is missing in the training part is filled with the mean, and a second column says
  where. One that is missing nowhere there must not be missing later.
- What tells nothing is left out: a column without any value, with a single one, or of words that
  are nearly all different.
- Of a category of many words the most frequent are kept. The others are unknown words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from kerasgen.ir.data import ColumnDef
from kerasgen.ir.schema import ColumnType
from kerasgen.ir.values import Tree
from kerasgen.passes.step_shapes import USUAL_PARTS

MOST_PLACES = 32
"""Words of a category up to which each has a place of its own."""

MOST_KEPT = 1_000
"""Words of a category that are kept, where nobody says which."""

MOST_TOKENS = 20_000
"""Words of the vocabulary of a text."""

MOST_WORDS = 200
"""Words that are kept of a text."""

_DIFFERENT = 0.9
"""Share of rows with a word of their own, from which on words are names rather than categories."""

_FILLS = ("mean", "median", "mode")


MOST_WINDOW = 512
"""Values of a sound of which the pitches are told at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingColumn:
    """What the training rows say of a column.

    Attributes:
        type: what its values are.
        missing: whether a value is missing.
        missing_elsewhere: whether a value is missing in any row, of another part if not here.
        rows: number of rows that have a value, None where nobody counted.
        words: its words, the most frequent first; empty for numbers.
        longest: numbers of the longest cell of a sequence, or of a sound of one channel; None for
            others.
        low: the smallest number, None for words.
        high: the largest number, None for words.
        alike: whether different numbers become one in the precision of a model.
    """

    type: ColumnType
    missing: bool = False
    missing_elsewhere: bool = False
    rows: int | None = None
    words: tuple[str, ...] = ()
    longest: int | None = None
    low: float | None = None
    high: float | None = None
    alike: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """What goes into a model alone.

    Attributes:
        column: the column.
        kind: `index`, `tokens`, `image`, `sequence`, or `steps` for a sequence that was filled up.
        words: number of its words, None for none.
    """

    column: str
    kind: str
    words: int | None = None


@dataclass(slots=True, kw_only=True)
class ColumnWork:
    """What was written out so far.

    Attributes:
        taken: names of columns.
        shared: columns that share an input with others.
        targets: column that a word may be encoded by, to its number of classes; None for a number.
        prepare: name to step.
        column: the column whose steps are written.
        sources: name of a step to its column.
        pieces: column to what of it is stacked.
        alone: column to what of it goes in alone.
        left_out: column to why it goes in nowhere.
    """

    taken: set[str]
    shared: set[str]
    targets: Mapping[str, int | None] = field(default_factory=dict)
    prepare: dict[str, Tree] = field(default_factory=dict)
    column: str = ""
    sources: dict[str, str] = field(default_factory=dict)
    pieces: dict[str, list[str]] = field(default_factory=dict)
    alone: dict[str, End] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)

    def free(self, name: str) -> str:
        """A name that an entry may have, with a number where it is taken."""
        bare = unicodedata.normalize("NFKD", name.replace("ß", "ss"))  # é is e and an accent
        bare = "".join(sign for sign in bare if not unicodedata.combining(sign))
        plain = re.sub(r"\W+", "_", bare, flags=re.ASCII).strip("_") or "column"
        plain = f"column_{plain}" if plain[0].isdigit() else plain
        title, number = plain, 1
        while title in self.taken:
            number += 1
            title = f"{plain}_{number}"
        self.taken.add(title)
        return title

    def step(self, name: str, made: str, takes: str, **arguments: Tree) -> str:
        """Adds a step; gives the name of the column that it makes."""
        title = self.free(name)
        self.prepare[title] = {"class": made, **arguments, "from": takes}
        self.sources[title] = self.column
        return title

    def stack(self, made: str) -> None:
        """Stacks a column with others."""
        self.pieces[self.column].append(made)


def treat(name: str, column: TrainingColumn, said: ColumnDef, work: ColumnWork) -> None:
    """Writes the steps of a column out, or notes why it is left out."""
    write = _TREATMENTS.get(column.type)
    if write is None:
        return
    reason = _tells_nothing(column, said)
    if reason:
        work.left_out[name] = reason
        return
    work.column = name
    work.pieces[name] = []
    write(name, column, said, work)


def _tells_nothing(column: TrainingColumn, said: ColumnDef) -> str | None:
    """Why a column tells nothing; None where it may tell something."""
    if column.rows == 0 or (column.type == "labels" and not column.words and not said.vocabulary):
        return "it has no value in the training part"
    if column.alike:
        return "its whole numbers are so large that a model takes them for one"
    if column.type == "number" and not column.missing and column.low is not None:
        return "it has a single value in the training part" if column.low == column.high else None
    if column.type not in ("category", "boolean") or column.rows is None or said.vocabulary:
        return None
    if len(column.words) == 1 and not column.missing:
        return "it has a single value in the training part"
    many = len(column.words) > max(MOST_PLACES, _DIFFERENT * column.rows)
    if many and not said.encode and not said.rare:
        return "its words are nearly all different, as names are"
    return None


def _number(name: str, column: TrainingColumn, said: ColumnDef, work: ColumnWork) -> None:
    current, missing = name, said.missing
    absent = column.missing or column.missing_elsewhere
    if missing in _FILLS or missing == "indicator" or (missing is None and absent):
        strategy = missing if missing in _FILLS else "mean"
        indicator = missing == "indicator" or (missing is None and column.missing)
        current = work.step(f"{name}_filled", "Impute", name, strategy=strategy)
        if indicator:
            work.stack(work.step(f"{name}_missing", "IsMissing", name))
    elif isinstance(missing, int | float):
        current = work.step(f"{name}_filled", "Impute", name, fill=float(missing))
    if said.scale == "log":
        current = work.step(f"{name}_log", "LogScale", current)
    if said.scale == "minmax":
        low, high = column.low or 0.0, column.high or 0.0
        width = (high - low) or 1.0
        current = work.step(
            f"{name}_scaled", "Rescaling", current, scale=1.0 / width, offset=-low / width
        )
    elif said.scale != "none":
        current = work.step(f"{name}_scaled", "Normalization", current)
    work.stack(current)


def _category(name: str, column: TrainingColumn, said: ColumnDef, work: ColumnWork) -> None:
    words = list(said.vocabulary or column.words[:MOST_KEPT])
    few = len(words) <= MOST_PLACES or name in work.shared
    encode = said.encode or ("one_hot" if few else "embedding")
    if encode == "target":
        _by_target(name, work)
        return
    arguments: dict[str, Tree] = {"vocabulary": [*words]}
    if said.unknown == "error":
        arguments["unknown"] = "error"
    if encode == "one_hot":
        places = work.step(f"{name}_places", "Categories", name, **arguments, output="one_hot")
        work.stack(places)
    else:
        index = work.step(f"{name}_index", "Categories", name, **arguments)
        work.alone[name] = End(column=index, kind="index", words=len(words) + 1)


def _by_target(name: str, work: ColumnWork) -> None:
    for target, classes in work.targets.items():
        title = f"{name}_by_{target}"
        several: dict[str, Tree] = {} if classes is None else {"classes": classes}
        made = work.step(title, "TargetEncoding", name, of=target, **several)
        work.stack(work.step(f"{title}_scaled", "Normalization", made))


def _labels(name: str, column: TrainingColumn, said: ColumnDef, work: ColumnWork) -> None:
    words: list[Tree] = [*(said.vocabulary or column.words[:MOST_KEPT])]
    apart: dict[str, Tree] = {} if said.separator is None else {"separator": said.separator}
    work.stack(work.step(f"{name}_places", "MultiHot", name, vocabulary=words, **apart))


def _ordinal(name: str, column: TrainingColumn, said: ColumnDef, work: ColumnWork) -> None:
    del column
    order: list[Tree] = [*(said.order or ())]
    work.stack(work.step(f"{name}_rank", "Ordinal", name, order=order))


def _date(name: str, column: TrainingColumn, said: ColumnDef, work: ColumnWork) -> None:
    parts: list[Tree] = [*(said.parts or USUAL_PARTS)]
    made = work.step(f"{name}_parts", "DateParts", name, parts=parts)
    if column.missing or column.missing_elsewhere:
        made = work.step(f"{name}_filled", "Impute", made)
    work.stack(work.step(f"{name}_scaled", "Normalization", made))


def _text(name: str, column: TrainingColumn, said: ColumnDef, work: ColumnWork) -> None:
    del column
    tokens, length = said.tokens or MOST_TOKENS, said.length or MOST_WORDS
    rare: dict[str, Tree] = {} if said.rare is None else {"rare": said.rare}
    made = work.step(f"{name}_tokens", "Tokens", name, tokens=tokens, length=length, **rare)
    work.alone[name] = End(column=made, kind="tokens", words=tokens)


def _image(name: str, column: TrainingColumn, said: ColumnDef, work: ColumnWork) -> None:
    del said
    bytes_ = (column.high or 0.0) > 1.0
    made = work.step(f"{name}_scaled", "Rescaling", name, scale=1 / 255) if bytes_ else name
    work.alone[name] = End(column=made, kind="image")


def _audio(name: str, column: TrainingColumn, said: ColumnDef, work: ColumnWork) -> None:
    del said
    if column.longest is None:  # several channels
        work.alone[name] = End(column=name, kind="sequence")
        return
    window = min(MOST_WINDOW, 2 ** max(4, (column.longest // 4).bit_length() - 1))
    made = work.step(
        f"{name}_pitches",
        "MelSpectrogram",
        name,
        fft_length=window,
        sequence_stride=window // 2,
        num_mel_bins=window // 8,
    )
    picture = work.step(f"{name}_picture", "ops.expand_dims", made, axis=-1)
    scaled = work.step(f"{name}_scaled", "Normalization", picture, axis=None)
    work.alone[name] = End(column=scaled, kind="image")


def _sequence(name: str, column: TrainingColumn, said: ColumnDef, work: ColumnWork) -> None:
    if column.longest is None:
        work.alone[name] = End(column=name, kind="sequence")
        return
    length = said.length or column.longest
    scaled: dict[str, Tree] = {"mean": 0.0, "deviation": 1.0} if said.scale == "none" else {}
    made = work.step(f"{name}_steps", "NumberSequence", name, length=length, **scaled)
    work.alone[name] = End(column=made, kind="steps")


_TREATMENTS: Mapping[ColumnType, Callable[[str, TrainingColumn, ColumnDef, ColumnWork], None]] = {
    "number": _number,
    "boolean": _category,
    "category": _category,
    "ordinal": _ordinal,
    "date": _date,
    "text": _text,
    "image": _image,
    "audio": _audio,
    "sequence": _sequence,
    "labels": _labels,
}
"""Type to what writes the steps of such a column."""
