"""A mapping that was to be an object and names no class, and what stands where `class` should.

This room owns the words for it: `_target_` of Hydra's `instantiate`, `type`, a class as the key of
its own arguments, a misspelling. Which classes exist is not known here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from kerasgen.catalog.entries import FOREIGN_PACKAGES
from kerasgen.diagnostics import (
    Sink,
    SourceLocation,
    Suggestion,
    as_yaml,
    closest,
    describe,
    is_slip,
)
from kerasgen.frontend.grammar import join
from kerasgen.ir.values import Tree

_OTHER_WORDS = ("_target_", "type", "cls", "class_name", "kind", "target")
"""Keys that name a class in other tools."""

_KERAS = (
    "keras",
    "tf_keras",
    "keras_core",
    "tensorflow.keras",
    "tf.keras",
    "tensorflow.python.keras",
)
"""Modules in which the classes of Keras are found."""


def report_no_class(value: Mapping[str, Tree], path: str, sink: Sink) -> None:
    """Reports KG203 for a mapping without the name of a class.

    Args:
        value: the mapping as plain data.
        path: its key path.
        sink: gets the mistake.
    """
    named = value.get("class")
    if "class" in value:
        message = f"`{path}` has {describe(named)} as its `class`, expected the name of a class"
        sink.report("KG203", message, key=join(path, "class"))
        return
    slip, help_text, whole = _slip(value, path, sink)
    message = f"`{path}` has no `class`, expected the name of a class"
    if whole and slip is not None:
        sink.report_at("KG203", message, _of_both(join(path, slip), sink), help=help_text)
    else:
        key = path if slip is None else join(path, slip)
        sink.report("KG203", message, key=key, at="key", help=help_text)


def _slip(value: Mapping[str, Tree], path: str, sink: Sink) -> tuple[str | None, str | None, bool]:
    """The key that was to be `class`, what to write, and whether in place of its value too."""
    for key, item in value.items():
        name = str(key)
        if name.lower() in _OTHER_WORDS:
            return name, *_other_word(name, item, path, sink)
        if len(value) == 1 and name[:1].isupper() and closest(name, ("class",)) is None:
            arguments = {"class": name, **(item if isinstance(item, Mapping) else {})}
            return name, f"write `{as_yaml(arguments)}`", False
        if (meant := closest(name, ("class", "block"))) is not None:
            sure = is_slip(name, meant, ("class", "block"))
            return name, Suggestion(f"did you mean `{meant}`?", meant, sure=sure), False
    return None, None, False


def _other_word(key: str, named: Tree, path: str, sink: Sink) -> tuple[str, bool]:
    """What to write in place of another word for `class`, which may name a module."""
    module, _, name = named.rpartition(".") if isinstance(named, str) else ("", "", "")
    if not isinstance(named, str):
        return f"write `class:` in place of `{key}:`", False
    if not module:
        return Suggestion(f"write `class` in place of `{key}`", "class"), False
    if any(module == known or module.startswith(f"{known}.") for known in _KERAS):
        if _of_both(join(path, key), sink) is None:
            return f"write `class: {name}` in place of `{key}`", False
        text = f"write `class: {name}` in place of `{key}: {named}`: a config names no module"
        return Suggestion(text, f"class: {name}"), True
    if (owner := FOREIGN_PACKAGES.get(module.partition(".")[0])) is not None:
        return (
            f"{owner} has its own classes: write the one of Keras that does the same, `class: …`",
            False,
        )
    return (
        f"a config names no module: write `class: {name}`, register the class with "
        f"`@kerasgen.register`, and run with `--trust {module}`",
        False,
    )


def _of_both(key: str, sink: Sink) -> SourceLocation | None:
    """The place of a key and its value together, None if they are not in one line."""
    first, last = sink.locate(key, "key"), sink.locate(key, "value")
    same = (first.file, first.line, first.override) == (last.file, last.line, last.override)
    if not same or first.column is None or last.column is None or last.column <= first.column:
        return None
    return replace(first, length=last.column + last.length - first.column)
