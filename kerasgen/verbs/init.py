"""A first recipe for data that somebody has: two config files that check and run as they are.

This room owns what is guessed of a file, a folder or an archive, and the files that say it. What a
table's columns are is described by `describe`.

Decisions:
- Nothing is asked: what was guessed stands in the files beside how it is said otherwise.
- A path below the folder of the recipe is written relative to it, any other one in full.
- All files are written, or none; one that is there stays.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from kerasgen.data.columns.rows import refuse_references
from kerasgen.diagnostics import CompileError, Sink, as_yaml
from kerasgen.emit.text.columns_yaml import columns_lines
from kerasgen.frontend.compose.config_folders import Folders
from kerasgen.ir.column_figures import ColumnFigures
from kerasgen.process.entry import reason_of
from kerasgen.record.files import write_atomically
from kerasgen.registry import NOBODY, Trust
from kerasgen.verbs.describe import Asked, Description, describe
from kerasgen.verbs.named_data import IMAGES, NamedData, named_data

_TARGETS = (
    *("target", "label", "labels", "class", "classes", "outcome", "output", "result", "response"),
    *("survived", "churn", "fraud", "spam", "default", "diagnosis", "species", "income", "sold"),
    *("quality", "price", "y"),
)
"""Names of columns that are what people want to know, the surest first."""

_LARGEST_SIZE = 256
"""Pixels of a side up to which images keep their size."""

_SIZE = 64

_SPLIT = "split: {test: 0.2, validation: 0.1, stratify: auto}"
_GIVEN = (
    "split: {test: given, validation: 0.1, stratify: auto}     # the data says what is for testing"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a recipe is wanted for.

    Attributes:
        words: a file, a folder or an archive, then overrides that say how it is read.
        target: the target column, None for what is guessed.
        folder: where the folder `conf` of the recipe is or will be.
        name: the name of the recipe, None for that of the data.
        config_dir: folders of configs that come before the shipped ones.
        trust: modules whose sources a config may name.
    """

    words: tuple[str, ...]
    target: str | None = None
    folder: Path = Path()
    name: str | None = None
    config_dir: Folders = None
    trust: Trust = NOBODY


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A first recipe.

    Attributes:
        name: the name of the experiment.
        files: path below the folder to text.
        guessed: what was guessed, as sentences.
    """

    name: str
    files: Mapping[Path, str]
    guessed: tuple[str, ...]


def init(wish: Wish) -> Recipe:
    """Looks at data and writes a first recipe for it.

    Raises:
        CompileError: the data cannot be read, or is of no form for which a recipe is known; KG526,
            there is no target; KG305, KG505 or KG506, no recipe would run; KG605, a file is there
            already or cannot be written.
    """
    sink = Sink()
    if not wish.words:
        raise sink.fail("KG106", "no data is named", help="name a file, a folder or an archive")
    named = named_data(wish.words[0], sink)
    name = _name(wish, named)
    if named.kind in ("table", "arrays"):
        recipe = _of_columns(wish, named, name, sink)
    else:
        recipe = _of_folder(wish, named, name)
    _write(recipe.files, wish.folder, sink)
    return recipe


def _name(wish: Wish, named: NamedData) -> str:
    """The name of a recipe: that of the data, in letters that a config's name may have."""
    stem = wish.name or Path(named.path.rstrip("*?[]/")).name.split(".")[0]
    plain = re.sub(r"\W+", "_", stem, flags=re.ASCII).strip("_").lower() or "data"
    return plain if plain[0].isalpha() else f"data_{plain}"


def _of_columns(wish: Wish, named: NamedData, name: str, sink: Sink) -> Recipe:
    """The recipe of a table or of arrays."""
    asked = Asked(
        words=wish.words, target=wish.target, config_dir=wish.config_dir, trust=wish.trust
    )
    found, guessed = _described(asked, named)
    columns = found.figures.columns
    target = wish.target
    if target is None:
        target, why = _guessed_target(columns, sink)
        guessed.append(f"the target is `{target}`: {why}; `--target COLUMN` names another")
        found = describe(replace(asked, words=(*asked.words, *_more(guessed)), target=target))
    column = columns[target]
    _check_usable(column, columns, found.targets.get(target), sink)
    if column.missing:
        guessed.append(f"rows without a value of `{target}` are left out")
    task = found.targets.get(target, "auto")
    ignored = {
        item: reason
        for item, reason in found.identifiers.items()
        if item != target and len(columns) > 2
    }
    guessed += [f"`{item}` is left out: {reason}" for item, reason in ignored.items()]
    images = any(item.type == "image" for item in columns.values())
    model = "table" if named.kind == "table" or not images else "convnet"
    lines = [
        f"# {found.figures.rows:,} rows, {len(columns):,} columns, as `kerasgen init` found them.",
        "source:",
        *(f"  {key}: {value}" for key, value in _source(found, named, wish.folder).items()),
    ]
    if named.kind == "table":
        lines += ["columns:                 # what each column is; `ignore` leaves it out"]
        lines += columns_lines(columns, {**ignored}, dropped=target if column.missing else None)
    lines += ["features: all" if not images else "features: x"]
    lines += [f"target: {as_yaml(target)}    # to learn another column, name it here"]
    lines += [f"task: {task}" if images else f"task: auto    # {task}"]
    lines += ["prepare: auto" if not images else _SCALED]
    lines += [_GIVEN if found.parts else _SPLIT]
    return _recipe(name, lines, model, found.figures.rows, guessed)


def _check_usable(
    target: ColumnFigures, columns: Mapping[str, ColumnFigures], task: str | None, sink: Sink
) -> None:
    """Refuses columns of which no recipe would run.

    Raises:
        CompileError: KG305, a name is a reference; KG505, one class; KG506, no value at all.
    """
    refuse_references(columns, sink)
    name, another = target.name, "name another column with `--target COLUMN`"
    if not target.known:
        sink.report("KG506", f"the target `{name}` has no value in any row", help=another)
    elif task == "classification" and target.distinct == 1:
        sink.report(
            "KG505", f"the target `{name}` has one class, expected two or more", help=another
        )
    sink.stop_on_errors()


_SCALED = "prepare:\n  scale: {class: Rescaling, scale: 0.00392156862745098}"


def _more(guessed: list[str]) -> list[str]:
    return ["data.source.header=false"] if any("no names" in text for text in guessed) else []


def _described(asked: Asked, named: NamedData) -> tuple[Description, list[str]]:
    """The description, without a header where the first line of a table is one of its rows."""
    told = any(word.startswith("data.source.header") for word in asked.words)
    nameless = replace(asked, words=(*asked.words, "data.source.header=false"))
    guess = (
        "the first line holds no names, and columns are called c0, c1, …: else write "
        "`data.source.header=true` behind the file"
    )
    try:
        found = describe(asked)
    except CompileError:
        if told or named.source != "Table":
            raise
        with contextlib.suppress(CompileError):  # Two cells of a row may well be the same.
            return describe(nameless), [guess]
        raise
    if told or named.source != "Table" or not _is_row(found.figures.columns):
        return found, []
    return describe(nameless), [guess]


def _is_row(columns: Mapping[str, ColumnFigures]) -> bool:
    """Whether half of the names are values: numbers, or words that stand in their column again."""
    values = [
        name
        for name, column in columns.items()
        if re.fullmatch(r"[-+]?\d+(\.\d+)?", name) or name in dict(column.frequent)
    ]
    return len(values) >= len(columns) / 2


def _guessed_target(columns: Mapping[str, ColumnFigures], sink: Sink) -> tuple[str, str]:
    """The column that is likely to be the target, and why."""
    usable = {
        name: column
        for name, column in columns.items()
        if not column.shape
        and column.type not in ("text", "date")
        and column.distinct != 1
        and column.known
        and not (column.unique and (column.whole or column.type == "category"))
    }
    if not usable:
        raise sink.fail(
            "KG526",
            "no column can be the target: all are texts, dates, identifiers or constants",
            help="name one with `--target COLUMN`",
        )
    lower = {name.lower(): name for name in usable}
    for word in _TARGETS:
        if word in lower:
            return lower[word], "its name says so"
    *_, last = usable
    first = next(iter(usable))
    if last != list(columns)[-1] and first == next(iter(columns)):
        return first, "it is the first column"
    return last, "it is the last column that can be one"


def _source(found: Description, named: NamedData, folder: Path) -> dict[str, str]:
    arguments = dict(found.definition.source.arguments)
    path = arguments.pop("path", named.path)
    written = {"class": named.source, "path": as_yaml(_path(str(path), folder))}
    return written | {key: as_yaml(value) for key, value in arguments.items()}


def _path(path: str, folder: Path) -> str:
    whole = Path(os.path.abspath(Path(path).expanduser()))
    root = Path(os.path.abspath(folder))
    return whole.relative_to(root).as_posix() if whole.is_relative_to(root) else str(whole)


def _of_folder(wish: Wish, named: NamedData, name: str) -> Recipe:
    """The recipe of a folder or an archive of images, sounds or texts in folders of classes."""
    guessed = ["the folders are the classes"]
    parts = any(re.match(r"(.*/)?(test|Test)/", member) for member in _names(Path(named.path)))
    path = as_yaml(_path(named.path, wish.folder))
    lines = [f"# {named.kind.capitalize()} in folders of classes, as `kerasgen init` found them."]
    lines += ["source:", f"  class: {named.source}", f"  path: {path}"]
    if named.kind == "images":
        size = _image_size(Path(named.path))
        guessed.append(f"images are brought to {size[0]} x {size[1]}: `data.source.size`")
        lines += [f"  size: [{size[0]}, {size[1]}]       # height and width of all images"]
        lines += ["features: image", "target: label", "task: classification", _SCALED]
    elif named.kind == "sounds":
        guessed.append("sounds are brought to one second: `data.source.length`")
        lines += ["  rate: 16000               # values a second", "  length: 16000   # one second"]
        lines += ["features: sound", "target: label", "task: classification", "prepare:"]
        lines += [f"  {step}" for step in _PITCHES]
    else:
        lines += ["columns:", "  text: text", "features: all", "target: label", "task: auto"]
        lines += ["prepare: auto"]
    lines += [_GIVEN if parts else _SPLIT]
    model = {"images": "convnet", "sounds": "convnet", "texts": "text"}[named.kind]
    return _recipe(name, lines, model, None, guessed)


_PITCHES = (
    "pitches: {class: MelSpectrogram, sampling_rate: 16000, fft_length: 512, "
    "sequence_stride: 256, num_mel_bins: 64}",
    "channel: {class: ops.expand_dims, axis: -1}",
    "scale: {class: Normalization, axis: null}",
)
"""Sounds as pictures of their pitches over time."""


def _names(place: Path) -> Iterator[str]:
    if place.is_dir():
        found = (file.relative_to(place).as_posix() for file in place.rglob("*"))
        yield from islice(found, 20_000)
    elif place.name.lower().endswith(".zip"):
        with zipfile.ZipFile(place) as archive:
            yield from archive.namelist()
    else:
        with tarfile.open(place) as archive:
            yield from (member.name for member in archive)


def _image_size(place: Path) -> tuple[int, int]:
    """The size of the first image, unless it is too large to be that of all."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(_first_image(place))) as image:
            width, height = image.size
    except (OSError, UnidentifiedImageError, StopIteration):
        return _SIZE, _SIZE
    small = min(width, height) >= 8 and max(width, height) <= _LARGEST_SIZE
    return (height, width) if small else (_SIZE, _SIZE)


def _first_image(place: Path) -> bytes:
    if place.is_dir():
        files = (f for f in place.rglob("*") if f.suffix.lower() in IMAGES and f.is_file())
        return next(files).read_bytes()
    if place.name.lower().endswith(".zip"):
        with zipfile.ZipFile(place) as archive:
            return archive.read(next(n for n in archive.namelist() if n.lower().endswith(IMAGES)))
    with tarfile.open(place) as archive:
        member = next(m for m in archive if m.isfile() and m.name.lower().endswith(IMAGES))
        opened = archive.extractfile(member)
        return opened.read() if opened is not None else b""


def _recipe(
    name: str, lines: list[str], model: str, rows: int | None, guessed: list[str]
) -> Recipe:
    """The two files of a recipe."""
    epochs, batch = 10, 32
    if rows is not None:
        epochs = 50 if rows < 2_000 else 20 if rows < 100_000 else 5
        batch = 16 if rows < 2_000 else 64 if rows < 20_000 else 256
    experiment = [
        "# @package _global_",
        f"# kerasgen run experiment={name}",
        "defaults:",
        f"  - override /data: {name}",
        f"  - override /model: {model}       # `kerasgen show model={model}`; others: model=…",
        f"fit: {{epochs: {epochs}, batch_size: {batch}}}",
    ]
    files = {
        Path("conf/data") / f"{name}.yaml": lines,
        Path("conf/experiment") / f"{name}.yaml": experiment,
    }
    texts = {path: "\n".join(text) + "\n" for path, text in files.items()}
    return Recipe(name=name, files=texts, guessed=tuple(guessed))


def _write(files: Mapping[Path, str], folder: Path, sink: Sink) -> None:
    """Writes all files, or none."""
    for path in files:
        if (folder / path).exists():
            sink.report(
                "KG605",
                f"`{folder / path}` is there already",
                help="give the recipe another name with `--name NAME`, or another folder with `-o`",
            )
    sink.stop_on_errors()
    written: list[Path] = []
    try:
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            write_atomically(folder / path, text)
            written.append(folder / path)
    except OSError as error:
        for path in written:
            path.unlink(missing_ok=True)
        raise sink.fail("KG605", f"`{folder}` cannot be written: {reason_of(error)}") from error
