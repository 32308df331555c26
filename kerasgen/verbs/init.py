"""A first recipe for data that somebody has: config files that check and run as they are.

This room owns what is guessed of a table or of arrays, and the three files of a recipe: data, model
and experiment. What a table's columns are is described by `describe`; what is said of folders of
classes, and of the model, stands in `recipes`.

Decisions:
- Nothing is asked: what was guessed stands in the files beside how it is said otherwise.
- A path below the folder of the recipe is written relative to it, any other one in full.
- All files are written, or none; one that is there stays.
- A recipe takes the place of no shipped option, unless its name is said.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kerasgen.data.columns.rows import refuse_references
from kerasgen.diagnostics import CompileError, Sink, as_yaml
from kerasgen.emit.text.columns_yaml import columns_lines
from kerasgen.frontend.compose.config_folders import Folders, config_folder
from kerasgen.frontend.compose.origins import place_of_option
from kerasgen.ir.column_figures import ColumnFigures
from kerasgen.process.entry import reason_of
from kerasgen.record.files import write_atomically
from kerasgen.registry import NOBODY, Trust
from kerasgen.verbs.describe import Asked, Description, describe
from kerasgen.verbs.named_data import NamedData, named_data
from kerasgen.verbs.recipes.autoencoder import draft_of_one_array
from kerasgen.verbs.recipes.class_folders import SMALLEST_SIZE, draft_of_folders, facts_lines
from kerasgen.verbs.recipes.draft import SCALED, Draft, split_line
from kerasgen.verbs.recipes.first_model import model_text
from kerasgen.verbs.recipes.likely_target import likely_target
from kerasgen.verbs.recipes.masks import mask_lines, with_sizes
from kerasgen.verbs.recipes.windows import checked_series, series_lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a recipe is wanted for.

    Attributes:
        words: a file, a folder or an archive, then overrides that say how it is read.
        target: the target column, None for what is guessed.
        time: the column that orders the rows of a forecast, None for rows without an order.
        series: the column that tells the series of a forecast apart, None for one series.
        folder: where the folder `conf` of the recipe is or will be.
        name: the name of the recipe, None for that of the data.
        config_dir: folders of configs that come before the shipped ones.
        trust: modules whose sources a config may name.
    """

    words: tuple[str, ...]
    target: str | None = None
    time: str | None = None
    series: str | None = None
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
            there is no target; KG126, an option would do nothing; KG305, KG504, KG505, KG506 or
            KG545, no recipe would run; KG605, a file is there already or cannot be written.
    """
    sink = Sink()
    if not wish.words:
        raise sink.fail("KG106", "no data is named", help="name a file, a folder or an archive")
    named = named_data(wish.words[0], sink)
    _refuse_vain(wish, named, sink)
    name, said = _name(wish, named)
    if named.kind in ("table", "arrays"):
        draft = _of_columns(wish, named, sink)
    else:
        draft = draft_of_folders(named, _path(named.path, wish.folder), sink)
    recipe = _recipe(name, replace(draft, guessed=(*said, *draft.guessed)))
    _write(recipe.files, wish.folder, sink)
    return recipe


def _refuse_vain(wish: Wish, named: NamedData, sink: Sink) -> None:
    """Refuses options that would do nothing.

    Raises:
        CompileError: KG126, `series` without `time`, or `time` for what is no table.
    """
    if wish.time is None and wish.series is not None:
        raise sink.fail_at(
            "KG126",
            "`--series` does nothing without `--time`",
            place_of_option("--series", wish.series),
            help="name the column that orders the rows: `--time COLUMN`",
        )
    if wish.time is not None and named.kind != "table":
        raise sink.fail_at(
            "KG126",
            f"`--time` orders the rows of a table, and `{named.path}` holds {named.kind}",
            place_of_option("--time", wish.time),
        )


def _name(wish: Wish, named: NamedData) -> tuple[str, list[str]]:
    """The name of a recipe, and what is said of it: that of the data, in letters of a config's."""
    stem = wish.name or Path(named.path.rstrip("*?[]/")).name.split(".")[0]
    plain = re.sub(r"\W+", "_", stem, flags=re.ASCII).strip("_").lower() or "data"
    name = plain if plain[0].isalpha() else f"data_{plain}"
    shipped = [
        f"`{group}={name}`"
        for group in ("data", "model", "experiment")
        if (config_folder() / group / f"{name}.yaml").is_file()
    ]
    if not shipped:
        return name, []
    options = " and ".join(shipped)
    if wish.name is not None:
        return name, [f"{options} from now on means the recipe's file here, not the shipped one"]
    other = f"my_{name}"
    return other, [
        f"the recipe is called `{other}`, as {options} is shipped; `--name` says another"
    ]


def _of_columns(wish: Wish, named: NamedData, sink: Sink) -> Draft:
    """The recipe of a table or of arrays."""
    asked = Asked(
        words=wish.words, target=wish.target, config_dir=wish.config_dir, trust=wish.trust
    )
    found, guessed = _described(asked, named)
    columns = found.figures.columns
    source = [f"  {key}: {value}" for key, value in _source(found, named, wish.folder).items()]
    if len(columns) == 1:
        return _of_one_column(wish, found, ["source:", *source], named.kind, sink)
    target = wish.target
    if wish.time is not None:
        series = checked_series(wish.time, wish.series, target, found.definition, columns)
        if series != wish.series:
            guessed.append(
                f"the series are told apart by `{series}`: times stand once for each of its "
                "values; `--series COLUMN` names another"
            )
        wish = replace(wish, series=series)
    if target is None:
        target, why = likely_target(_told_columns(wish, columns), sink)
        guessed.append(f"the target is `{target}`: {why}; `--target COLUMN` names another")
        found = describe(replace(asked, words=(*asked.words, *_more(guessed)), target=target))
    column = columns[target]
    masks = column.type == "image" and not column.shape
    if masks:
        columns = with_sizes(columns, target, sink)
        guessed.append(f"`{target}` holds masks, a class for each pixel: a segmentation")
    task = found.targets.get(target, "auto")
    _check_usable(column, columns, task, wish.target)
    if column.missing:
        guessed.append(f"rows without a value of `{target}` are left out")
    ignored = {
        item: reason
        for item, reason in found.identifiers.items()
        if item not in (target, wish.time, wish.series) and len(columns) > 2
    }
    guessed += [f"`{item}` is left out: {reason}" for item, reason in ignored.items()]
    lines = [
        f"# {found.figures.rows:,} rows, {len(columns):,} columns, as `kerasgen init` found them.",
        *("source:", *source),
    ]
    if named.kind == "table":
        lines += ["columns:                 # what each column is; `ignore` leaves it out"]
        lines += columns_lines(columns, {**ignored}, dropped=target if column.missing else None)
    shown = f"target: {as_yaml(target)}    # to learn another column, name it here"
    image = _only_image(columns, target, task)
    if wish.time is not None:
        lines += ["features: all    # their past goes in", shown, "task: forecasting"]
        lines += series_lines(wish.time, wish.series, columns)
    elif masks:
        lines += mask_lines(columns, target, shown, given=found.parts)
    elif image is None:
        lines += ["features: all", shown, f"task: auto    # {task}", "prepare: auto"]
        lines += [split_line(given=found.parts, stratify="auto")]
    else:
        bright = image.high is not None and image.high > 1
        lines += [f"features: {as_yaml(image.name)}", shown, f"task: {task}"]
        lines += [*(SCALED if bright else ()), split_line(given=found.parts, stratify="true")]
        lines += facts_lines(column.distinct or 0, image.shape)
    model = "series" if wish.time is not None else "unet" if masks else "table"
    model = model if image is None else "convnet"
    rows = found.figures.rows
    return Draft(lines=tuple(lines), model=model, rows=rows, guessed=tuple(guessed))


def _of_one_column(
    wish: Wish, found: Description, source: Sequence[str], kind: str, sink: Sink
) -> Draft:
    """The recipe of an array alone, which is learned from itself.

    Raises:
        CompileError: KG526, it is a target with nothing to learn from; or as for
            `draft_of_one_array`.
    """
    ((name, column),) = found.figures.columns.items()
    if wish.target is None and wish.time is None and kind == "arrays":
        given, rows = found.parts, found.figures.rows
        return draft_of_one_array(column, source, rows, sink, given=given)
    place = None if wish.target is None else place_of_option("--target", wish.target)
    raise sink.fail_at(
        "KG526",
        f"there is one column, `{name}`, and no other to learn from it",
        place,
        help="a recipe takes columns to learn from, and one to learn; an autoencoder, which "
        "learns its own input, is shown by `kerasgen show experiment=autoencoder`",
    )


def _told_columns(wish: Wish, columns: Mapping[str, ColumnFigures]) -> Mapping[str, ColumnFigures]:
    """The columns that may be the target, as far as the wish says."""
    if wish.time is None:
        return columns
    return {
        name: column
        for name, column in columns.items()
        if name not in (wish.time, wish.series) and column.type == "number"
    }


def _only_image(
    columns: Mapping[str, ColumnFigures], target: str, task: str
) -> ColumnFigures | None:
    """The images of arrays that hold nothing else than them and their classes."""
    features = [column for name, column in columns.items() if name != target]
    if any(column.form for column in features):  # Paths of a table are prepared by `auto`.
        return None
    if len(features) != 1 or task != "classification" or features[0].type != "image":
        return None
    height, width, *_ = features[0].shape or (0, 0)
    return features[0] if min(height or 0, width or 0) >= SMALLEST_SIZE else None


def _check_usable(
    target: ColumnFigures,
    columns: Mapping[str, ColumnFigures],
    task: str | None,
    wished: str | None,
) -> None:
    """Refuses columns of which no recipe would run.

    Raises:
        CompileError: KG305, a name is a reference; KG505, one class; KG506, no value at all.
    """
    sink = Sink()
    refuse_references(columns, sink)
    name, another = target.name, "name another column with `--target COLUMN`"
    place = None if wished is None else place_of_option("--target", wished)
    if not target.known:
        message = f"the target `{name}` has no value in any row"
        sink.report_at("KG506", message, place, help=another)
    elif task == "classification" and target.distinct == 1:
        message = f"the target `{name}` has one class, expected two or more"
        sink.report_at("KG505", message, place, help=another)
    sink.stop_on_errors()


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


def _source(found: Description, named: NamedData, folder: Path) -> dict[str, str]:
    arguments = dict(found.definition.source.arguments)
    path = arguments.pop("path", named.path)
    written = {"class": named.source, "path": as_yaml(_path(str(path), folder))}
    return written | {key: as_yaml(value) for key, value in arguments.items()}


def _path(path: str, folder: Path) -> str:
    whole = Path(os.path.abspath(Path(path).expanduser()))
    root = Path(os.path.abspath(folder))
    return whole.relative_to(root).as_posix() if whole.is_relative_to(root) else str(whole)


def _recipe(name: str, draft: Draft) -> Recipe:
    """The three files of a recipe."""
    rows = draft.rows
    epochs = 50 if rows < 2_000 else 20 if rows < 100_000 else 5
    batch = 8 if rows < 100 else 16 if rows < 2_000 else 64 if rows < 20_000 else 256
    # Images, sounds and texts take longer, and more memory.
    if draft.model not in ("table", "series"):
        epochs, batch = min(epochs, 20), min(batch, 32)
    experiment = [
        "# @package _global_",
        f"# kerasgen run experiment={name}",
        "defaults:",
        f"  - override /data: {name}        # conf/data/{name}.yaml",
        f"  - override /model: {name}       # conf/model/{name}.yaml; others: model=…",
        f"fit: {{epochs: {epochs}, batch_size: {batch}}}",
    ]
    files = {
        Path("conf/data") / f"{name}.yaml": "\n".join(draft.lines) + "\n",
        Path("conf/model") / f"{name}.yaml": model_text(draft, name),
        Path("conf/experiment") / f"{name}.yaml": "\n".join(experiment) + "\n",
    }
    return Recipe(name=name, files=files, guessed=draft.guessed)


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
