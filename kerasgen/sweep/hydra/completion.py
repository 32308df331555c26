"""Shell completion: what may stand where the cursor is on a command line of `run.py`.

This room owns the candidates: groups, their options, config keys, flags. The scripts that a shell
loads, and the protocol by which they ask (`COMP_LINE`, `COMP_POINT`), are Hydra's. Hydra's own
candidates are not taken: they know no `kerasgen run`, no options in folders of a group and no
`--config-dir`, and end in a traceback where the line does not compose.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Mapping, Sequence

from hydra.core.config_loader import ConfigLoader
from hydra.core.object_type import ObjectType
from hydra.plugins.completion_plugin import CompletionPlugin, DefaultCompletionPlugin
from hydra.types import RunMode

from kerasgen.frontend.grammar import VALUE_GROUPS

SHELLS: Mapping[str, str] = {"bash": " ", "zsh": " ", "fish": "\n"}
"""Shell to what separates the candidates that it is told."""


def asking_shell(overrides: Sequence[str]) -> str | None:
    """The shell that asks for candidates (`query=bash`), or None."""
    given = dict(text.partition("=")[::2] for text in overrides)
    shell = given.get("query")
    return shell if len(given) == 1 and shell in SHELLS else None


def typed_words() -> list[str]:
    """The words up to the cursor without the program; the last is the one to be completed."""
    line = os.environ.get("COMP_LINE", "")
    point = os.environ.get("COMP_POINT", "")
    if point.isdigit():
        # The shell counts bytes or characters, as its locale says; both agree in ASCII.
        line = line[: int(point)]
    try:
        words = shlex.split(line)
    except ValueError:  # a quotation that is still open
        words = line.split()
    if line[-1:].isspace() or not words:
        words.append("")
    return words[_program_length(words) :]


def _program_length(words: Sequence[str]) -> int:
    """How many words the program takes: `run.py`, or `python run.py`."""
    if not os.path.basename(words[0]).startswith("python"):
        return 1
    scripts = [index for index, word in enumerate(words) if word.endswith(".py")]
    return scripts[0] + 1 if scripts else len(words) - 1


def candidates(loader: ConfigLoader, name: str, overrides: Sequence[str], word: str) -> list[str]:
    """What the word may become.

    Args:
        loader: Hydra's loader over the config folders of the line.
        name: name of the root config.
        overrides: the overrides before the word.
        word: the word, which may be empty.

    Returns:
        Whole words, sorted. A group ends in `=`, a key with more below it in `.`.
    """
    prefix, file = CompletionPlugin._get_filename(word)
    if file is not None:
        return sorted(f"{prefix}{path}" for path in CompletionPlugin.complete_files(file))
    sign = next((sign for sign in ("++", "+", "~") if word.startswith(sign)), "")
    word = word[len(sign) :]

    def listed(group: str, kind: ObjectType) -> list[str]:
        found = loader.get_group_options(group, kind, name, list(overrides))
        return [option for option in found if not option.startswith(".")]

    if "=" in word and (options := _options(word, listed)):
        return sorted(sign + option for option in options)
    config = loader.load_configuration(name, list(overrides), RunMode.RUN)
    keys = DefaultCompletionPlugin(loader)._get_matches(config, word)
    if sign == "~":  # a whole key is deleted, or one below it
        keys += [key.rstrip(".=") for key in keys]
    groups = [] if "=" in word else _groups(word, listed)
    return sorted({sign + found for found in (*keys, *groups)})


def _groups(word: str, listed: Callable[[str, ObjectType], list[str]]) -> list[str]:
    """Groups that begin like the word; one that only holds other groups ends in a slash."""
    parent = word.rpartition("/")[0]
    found = [f"{group}=" for group in VALUE_GROUPS if group.startswith(word)]
    for name in listed(parent, ObjectType.GROUP):
        group = f"{parent}/{name}" if parent else name
        if not group.startswith(word):
            continue
        if listed(group, ObjectType.CONFIG):
            found.append(f"{group}=")
        elif listed(group, ObjectType.GROUP):
            found.append(f"{group}/")
    return found


def _options(word: str, listed: Callable[[str, ObjectType], list[str]]) -> list[str]:
    """Options of a group that begin like the word; folders of options end in a slash."""
    group, _, begun = word.partition("=")
    folder, slash, _ = begun.rpartition("/")
    within = f"{group}/{folder}" if folder else group
    options = listed(within, ObjectType.CONFIG)
    inner = listed(within, ObjectType.GROUP)
    options += [f"{name}/" for name in inner if f"{within}/{name}" not in VALUE_GROUPS]
    return [
        text
        for text in (f"{group}={folder}{slash}{name}" for name in options)
        if text.startswith(word)
    ]
