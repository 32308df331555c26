"""Words of a command line that are no overrides, and what was meant by them.

This room owns the reading of such words: an override that is torn apart by spaces, the folder of
a run, a file, the bare name of an option, a flag that there is not. It runs only after something
was refused, looks at names and at the first bytes of small files, and composes nothing.

Decisions:
- Every help holds what can be typed as it stands, with the names of the user's own files.
- A file is known by where it lies: in a config folder it is an option, elsewhere the group comes
  from the folder around it, and at last from the keys that begin its lines.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NoReturn

from hydra.core.config_loader import ConfigLoader
from hydra.types import RunMode

from kerasgen.diagnostics import CompileError, Sink, Suggestion, closest, did_you_mean
from kerasgen.foreign.regular_files import is_folder, is_regular, is_there, path_of
from kerasgen.frontend.compose.composition import make_loader
from kerasgen.frontend.compose.config_folders import ROOT
from kerasgen.frontend.compose.config_limits import is_within_limits
from kerasgen.frontend.compose.data_file_command import words_for_data
from kerasgen.frontend.compose.group_choices import ENDINGS, groups_of, option_of, options_of
from kerasgen.frontend.compose.origins import place_of_text
from kerasgen.frontend.compose.references import plain_node
from kerasgen.frontend.compose.shortened_keys import whole_key
from kerasgen.frontend.grammar import GROUPS

RECORD_FILE = "record.json"
"""The file by which the folder of a run is known."""

_KEY = re.compile(r"[+~]{0,2}[A-Za-z_][\w./@-]*")
_SPACED = re.compile(rf"\s*({_KEY.pattern})\s*=\s*(\S.*?)\s*")
_STAMP = re.compile(r"\d[\d-]*-[\d-]*(?:/[\d-]*)?")
"""A part of the name that a run gets from its date and time."""

_MODELS = (".keras", ".h5", ".hdf5", ".pb", ".json")
_DATA = (".csv", ".tsv", ".npz", ".npy", ".zip", ".tar", ".gz", ".png", ".jpg", ".jpeg")
_SOURCES: Mapping[str, str] = {".csv": "Csv", ".tsv": "Csv", ".npz": "Arrays", ".npy": "Arrays"}
"""The source of `data` that reads a file of this ending."""

_TELLING = (
    ("model", {"layers", "outputs", "inputs"}),
    ("data", {"source", "features", "target", "prepare", "split"}),
    ("fit", {"epochs", "batch_size", "callbacks"}),
    ("compile", {"loss", "metrics"}),
    ("optimizer", {"learning_rate"}),
)
"""Groups with keys by which a file of theirs is known."""


def joined(words: Sequence[str], loader: ConfigLoader, sink: Sink) -> list[str]:
    """The words that can be read one by one; an override over several words is reported.

    Args:
        words: words of a command line, in the place of overrides.
        loader: Hydra's configs.
        sink: gets KG102 for each override that spaces tear apart.
    """
    kept, index = [], 0
    while index < len(words):
        meant, count = _over_several(words[index : index + 3], loader)
        if count == 1:
            kept.append(words[index])
        else:
            text = " ".join(words[index : index + count])
            sink.report_at(
                "KG102",
                "an override is one word, without spaces around its `=`",
                location=place_of_text(text),
                help=f"write `{meant}`",
            )
        index += count
    return kept


def _over_several(words: Sequence[str], loader: ConfigLoader) -> tuple[str, int]:
    """What the first words mean together, and how many of them do."""
    first, second, third = [*words, "", "", ""][:3]
    if _KEY.fullmatch(first) and second:
        if second == "=" and third:
            return f"{first}={_quoted(third)}", 3
        if second.startswith("=") and len(second) > 1:
            return f"{first}{_quoted(second)}", 2
        if second in options_of(first, loader):
            return f"{first}={second}", 2
    whole = first.endswith("=") and _KEY.fullmatch(first[:-1])
    if whole and second and not re.search("[=~]", second):
        return f"{first}{_quoted(second)}", 2
    return first, 1


def report_stray(word: str, loader: ConfigLoader, sink: Sink) -> bool:
    """Reports a word that cannot be read as an override, if it is known what was meant.

    Args:
        word: the word.
        loader: Hydra's configs.
        sink: gets KG102 for a form that is wrong, KG125 for what is no override at all.

    Returns:
        Whether it was reported.
    """
    place = place_of_text(word)
    if (spaced := _SPACED.fullmatch(word)) and re.search(r"\s=|=\s", word):
        sink.report_at(
            "KG102",
            "an override has no spaces around its `=`",
            location=place,
            help=f"write `{spaced[1]}={_quoted(spaced[2])}`",
        )
        return True
    if "=" in word or word.startswith("~"):
        return False
    meant, count = _over_several(word.split(), loader)
    if count > 1 and not is_there(word):
        sink.report_at(
            "KG102",
            f"`{word}` is no override: `=` stands between key and value",
            location=place,
            help=f"write `{meant}`",
        )
        return True
    key, colon, value = word.partition(":")
    if colon and value and _KEY.fullmatch(key) and not is_there(word):
        sink.report_at(
            "KG102",
            f"`{word}` is no override: `=` stands between key and value",
            location=place,
            help=f"write `{key}={_quoted(value.strip())}`",
        )
        return True
    found = _there(word, loader) or _bare_option(word, loader) or _not_there(word, loader)
    found = found if word.strip() else ("an override is empty", "leave it out")
    if found is None:
        return False
    message, help_text = found
    sink.report_at("KG125", message, location=place, help=help_text)
    return True


def refuse_flags(flags: Sequence[str], words: Sequence[str], known: Iterable[str]) -> NoReturn:
    """Refuses flags that there are not: misspelt ones, and overrides that are written as flags.

    Args:
        flags: the flags, with their dashes.
        words: all words of the command line.
        known: the flags that there are.

    Raises:
        CompileError: always; KG126 for each flag.
    """
    sink, loader = Sink(), make_loader()
    config = loader.load_configuration(ROOT, [], RunMode.RUN)
    keys = {**dict.fromkeys(_groups(loader)), **plain_node(config)}
    offered = [flag for flag in known if flag.startswith("--")]
    for flag in flags:
        following = words[words.index(flag) + 1 :][:1] if flag in words else []
        _report_flag(flag, following[0] if following else "", offered, keys, sink)
    raise CompileError(sink.diagnostics)


def _report_flag(
    flag: str, following: str, known: Sequence[str], keys: Mapping[str, Any], sink: Sink
) -> None:
    """Reports a flag that there is not; the word that follows it may be its value."""
    name, equal, value = flag.partition("=")
    if not equal and following and not re.search("^-|=", following):
        value = following
    help_text: str | None
    key = name.lstrip("-").replace("-", "_")
    there, near = key.partition(".")[0] in keys, closest(name, known)
    if not there and isinstance(meant := whole_key(key, keys), Suggestion):
        key, there = meant.replacement, True
    if not there:
        help_text = str(did_you_mean(name, known)) if near else did_you_mean("", known, listed=30)
    else:
        written = f"{key}={_quoted(value) if value else 'VALUE'}"
        help_text = f"what a config says has no dashes: write `{written}`"
    sink.report_at(
        "KG126",
        f"there is no flag `{name}`",
        location=place_of_text(flag if equal or not value else f"{flag} {value}", length=len(name)),
        help=help_text,
    )


def file_of_choice(group: str, value: str, loader: ConfigLoader) -> tuple[str, str | None] | None:
    """Message and help for a file that stands in the place of an option, None if it is none."""
    file = path_of(value)
    if file.suffix not in ENDINGS:
        return _instead_of_option(value, group, loader)
    if not ("/" in value or is_regular(file)):
        return None
    if is_regular(file):
        return (
            f"`{value}` lies in no folder of configs for the group `{group}`",
            _beside(file, [group]) or _placed(file, group, file.stem),
        )
    near = closest(file.stem, options_of(group, loader))
    help_text = f"write `{group}={near}`" if near else f"write `{group}=OPTION`"
    return f"there is no file `{value}`, expected an option of the group `{group}`", help_text


def _instead_of_option(
    value: str, group: str, loader: ConfigLoader
) -> tuple[str, str | None] | None:
    """Message and help for a run, a model or data whose path stands in the place of an option."""
    path = path_of(value)
    if value in options_of(group, loader) or not ("/" in value or path.suffix):
        return None
    found = _there(value, loader) or _run_of_listing(value)
    if found is None:
        return None
    told, help_text = found
    if group == "data" and (line := words_for_data(value)) is not None:
        help_text = f"write `{line}`, or the same into `my_conf/data/{path.stem}.yaml`"
    elif group == "data" and path.suffix in _SOURCES:
        source = f"source: {{class: {_SOURCES[path.suffix]}, path: {value}}}"
        help_text = (
            f"write a config with `{source}` to `my_conf/data/{path.stem}.yaml`, and "
            f"`--config-dir my_conf data={path.stem}`"
        )
    return told.replace("expected an override", f"expected an option of `{group}`"), help_text


def _quoted(value: str) -> str:
    """A value as it is typed into a shell behind a `=`."""
    if not re.search(r"[\s,{}\[\]()'\"]", value):
        return value
    return value if re.fullmatch(r"[\[{].*[\]}]|\"[^\"]*\"|'[^']*'", value) else f"'{value}'"


def _there(word: str, loader: ConfigLoader) -> tuple[str, str | None] | None:
    path = path_of(word)
    if is_folder(path):
        return _folder(path, word, loader)
    return _file(path, word, loader) if is_regular(path) else None


def _not_there(word: str, loader: ConfigLoader) -> tuple[str, str | None] | None:
    path = Path(word)
    if (listed := _run_of_listing(word)) is not None:
        return listed
    if "/" not in word and path.suffix not in (*ENDINGS, *_MODELS, *_DATA):
        return None
    message = f"there is nothing at `{word}`, and an override is written `key=value`"
    groups = _groups(loader)
    for part in reversed(path.parts[:-1]):
        if part in groups and (near := closest(path.stem, options_of(part, loader))):
            return message, f"write `{part}={near}`"
    runs = path.parts[0] == "outputs"
    return message, "`kerasgen runs` lists the runs that there are" if runs else None


def _folder(path: Path, word: str, loader: ConfigLoader) -> tuple[str, str | None]:
    quoted = shlex.quote(word)
    if is_there(path / RECORD_FILE):
        return f"`{word}` is the folder of a run, expected an override", _of_run(path)
    if any(path.glob(f"*/{RECORD_FILE}")):
        return (
            f"`{word}` is a folder of runs, expected an override",
            f"`kerasgen runs --outputs {quoted}` lists them",
        )
    if any(any((path / group).glob("*.yaml")) for group in _groups(loader)):
        return (
            f"`{word}` is a folder of configs, expected an override",
            f"write `--config-dir {quoted}`",
        )
    return f"`{word}` is a folder, expected an override", "an override is written `key=value`"


def _run_of_listing(word: str) -> tuple[str, str | None] | None:
    """What is said of a run that is named as `kerasgen runs` lists it, below `outputs`."""
    folder = path_of("outputs") / word
    if _STAMP.fullmatch(word) and not is_there(folder / RECORD_FILE):
        return _part_of_runs(word, folder)
    if "/" not in word or not is_there(folder / RECORD_FILE):
        return None
    return f"`{word}` is a run below `outputs`, expected an override", _of_run(folder)


def _part_of_runs(word: str, folder: Path) -> tuple[str, str | None]:
    """What is said of the beginning or the end of a run's name."""
    if is_folder(folder):
        shown = shlex.quote(str(folder))
        return (
            f"`{word}` is a folder of runs below `outputs`, expected an override",
            f"`kerasgen runs --outputs {shown}` lists them",
        )
    records = path_of("outputs").glob(f"**/{RECORD_FILE}")
    named = [file.parent for file in islice(records, 1000) if word in str(file.parent)]
    if len(named) == 1:
        return f"`{word}` is a part of the name of a run, expected an override", _of_run(named[0])
    what = "several runs have" if named else "no run has"
    return (
        f"{what} `{word}` in the name, and an override is written `key=value`",
        "`kerasgen runs` lists the runs that there are",
    )


def _of_run(folder: Path) -> str:
    quoted = shlex.quote(str(folder))
    return (
        f"`kerasgen show {quoted}` looks into it, "
        f"`kerasgen run --config-path {quoted}` trains its config again"
    )


def _file(path: Path, word: str, loader: ConfigLoader) -> tuple[str, str | None]:
    if is_there(path.parent / RECORD_FILE) and path.suffix in (*ENDINGS, ".json"):
        return f"`{word}` is a file of a run, expected an override", _of_run(path.parent)
    quoted = shlex.quote(word)
    if path.suffix in ENDINGS:
        return f"`{word}` is a file, expected an override", _of_config(path, loader)
    if path.name == "keras.json":
        return f"`{word}` is a file, expected an override", f"write `backend.keras_json={quoted}`"
    if path.suffix == ".py":
        return (
            f"`{word}` is a module, expected an override",
            f"write `--trust {path.stem}` to let configs name what is in it",
        )
    if path.suffix in _MODELS:
        made = shlex.quote(f"conf/model/{path.stem}.yaml")
        return (
            f"`{word}` is a model, expected an override",
            f"`kerasgen import {quoted} -o {made}` makes a config of it",
        )
    help_text = None
    if path.suffix in _DATA:
        line = words_for_data(word)
        help_text = "data is named by its config" + (f": write `{line}`" if line else "")
    return f"`{word}` is a file, expected an override", help_text


def _of_config(path: Path, loader: ConfigLoader) -> str:
    """How the option is written that a config file is, or where to put it."""
    groups = _groups(loader)
    for group in groups:
        if (option := option_of(path, group, loader.get_sources())) is not None:
            return f"write `{group}={option}`"
    return _beside(path, groups) or _placed(path, _told_group(path), path.stem)


def _beside(path: Path, groups: Iterable[str]) -> str | None:
    """How a file in a group's folder is chosen, None if it lies in none of these."""
    parts = path.parts
    for index in range(len(parts) - 2, -1, -1):
        if parts[index] in groups:
            folder = shlex.quote(str(Path(*parts[:index])) if index else ".")
            option = "/".join((*parts[index + 1 : -1], path.stem))
            return f"write `--config-dir {folder} {parts[index]}={option}`"
    return None


def _placed(path: Path, group: str, option: str) -> str:
    folder = "my_conf"
    place = shlex.quote(f"{folder}/{group}/{option}.yaml")
    return f"put it at `{place}`, and write `--config-dir {folder} {group}={option}`"


def _told_group(path: Path) -> str:
    """The group that the keys at the beginning of a file's lines speak of."""
    if not is_within_limits(path):
        return "experiment"
    text = path.read_text(encoding="utf-8", errors="replace")
    keys = set(re.findall(r"^(\w+):", text, re.M))
    if "@package _global_" in text or keys & {*GROUPS, "defaults"}:
        return "experiment"
    return next((group for group, telling in _TELLING if keys & telling), "experiment")


def _bare_option(word: str, loader: ConfigLoader) -> tuple[str, str] | None:
    holders = [group for group in _groups(loader) if word in options_of(group, loader)]
    if word in _groups(loader):
        listed = ", ".join(f"`{option}`" for option in sorted(options_of(word, loader)))
        return f"`{word}` is a group, of which no option is chosen", (
            f"write `{word}=OPTION` with one of {listed}"
        )
    if not holders:
        return None
    forms = " or ".join(f"`{group}={word}`" for group in holders)
    return f"`{word}` is the name of an option, expected an override", f"write {forms}"


def _groups(loader: ConfigLoader) -> list[str]:
    """The groups of a config, in which a user chooses."""
    return [name for name in groups_of(loader) if name not in ("hydra", "block")]
