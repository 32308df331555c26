"""Doing what a help says: its words become overrides or edits, without anybody reading them.

The forms of a help are few: a `Suggestion` for the place that the diagnostic points at, an entry or
an override in backticks, a name to leave out, an entry to put above another one.
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from omegaconf import OmegaConf
from told_cases import Told

from kerasgen.diagnostics import Diagnostic, Suggestion
from kerasgen.frontend.fix import mend, override_hints

FILLED: Mapping[str, str] = {"units": "10", "rate": "0.5", "VALUE": "10"}
"""What a person writes where a help has `…` or `VALUE`."""

TICKED = re.compile(r"`'?([^`]*?)'?`")
ENTRY = re.compile(r"([\w.]+): (.+)", re.DOTALL)
OVERRIDE = re.compile(r"(?:\+|~)?[\w.\[\]*]+=.+|~[\w.]+", re.DOTALL)
SECTIONS = {"loss": "compile.loss", "metrics": "compile.metrics"}


@dataclass(frozen=True, kw_only=True)
class Change:
    """What is different where a help was obeyed.

    Attributes:
        files: path below the config folder to its new text.
        overrides: all overrides.
    """

    files: Mapping[str, str]
    overrides: tuple[str, ...]


def obey(told: Told, found: Diagnostic, config: Mapping[str, Any]) -> Change | None:
    """A case as a help would have it, None where no machine can tell.

    Args:
        told: the case; its files lie in `conf` of the working directory.
        found: the diagnostic.
        config: the composed config, as far as it could be composed.
    """
    assert found.help is not None
    if isinstance(found.help, Suggestion):
        return _replaced(told, found, found.help)
    if moved := re.match(r"put `(\w+)` above `(\w+)`", found.help):
        return _moved(told, moved[1], moved[2])
    if added := re.match(r"put `(\w+: \w+)` above `(\w+)`", found.help):
        return _added(told, added[1], added[2])
    key = "" if found.location is None else found.location.key
    wanted = _chosen(found.help, key) or _overrides(found.help, key, config)
    # The first way may be one that leaves something to a person, and the second none.
    wanted = wanted or [text for text in TICKED.findall(found.help) if text.startswith("~")]
    if not wanted:
        return None
    typed = found.location.override if found.location is not None else None
    groups = {text.partition("=")[0] for text in wanted if "." not in text.partition("=")[0]}
    kept = [
        text
        for text in told.overrides
        if (text != typed or _stays(text, found)) and text.partition("=")[0] not in groups
    ]
    return Change(files=told.files, overrides=(*kept, *wanted))


def _stays(text: str, found: Diagnostic) -> bool:
    """Whether an override that is at fault could be read, so that others can go on from it."""
    return found.code not in ("KG102", "KG103", "KG111", "KG125") and "=" in text


def _replaced(told: Told, found: Diagnostic, help_text: Suggestion) -> Change:
    sure = replace(found, help=Suggestion(help_text, help_text.replacement))
    files = dict(told.files)
    for mended in mend([sure]):
        files[mended.file.removeprefix("conf/")] = mended.after
    hints = override_hints([sure])
    overrides = tuple(hints.get(text, text) for text in told.overrides)
    return Change(files=files, overrides=overrides)


def _chosen(text: str, key: str) -> list[str]:
    """The override that takes one of many values which would do, none for other helps."""
    if text.startswith("choose one of "):
        names, engine = TICKED.findall(text), os.environ.get("KERAS_BACKEND", "jax")
        return [f"{key}={engine if engine in names else names[0]}"]
    if such := re.match(r"write a name such as `([\w.]+)`", text):
        return [f"{key}={such[1]}"]
    if apart := re.match(r"take `(\w+): \w+` out", text):
        return [f"~{key}" if key.endswith(f".{apart[1]}") else f"~{key}.{apart[1]}"]
    if below := re.match(r"\w.*? under `([\w.]+)`: `(\w+): (.*)`$", text):
        return [f"+{below[1]}.{below[2]}={below[3]}"]
    if bound := re.match(r"write (?:a `(\w+)` below|less than) (\d+)", text):
        return [f"{_inner(key, bound[1])}={int(bound[2]) // 2}"]
    if named := re.match(
        r"write a (lower|larger|number for|positive number) ?(?:`([\w.]+)`)?", text
    ):
        value = {"lower": "2", "larger": "64", "number for": "0.01"}.get(named[1], "1.0")
        return [f"{_inner(key, named[2])}={value}"]
    return []


def _inner(key: str, name: str | None) -> str:
    """The key path of an argument that a help names: a path itself, the key, or below the key."""
    if name is None or key.rpartition(".")[2] == name:
        return key
    return name if "." in name else f"{key}.{name}"


def _added(told: Told, entry: str, above: str) -> Change:
    """An entry is written above another one."""
    files = {}
    for path, text in told.files.items():
        lines = text.splitlines(keepends=True)
        at = [i for i, line in enumerate(lines) if line.lstrip().startswith(f"{above}:")]
        if at and path.startswith("model/"):
            blank = lines[at[0]][: len(lines[at[0]]) - len(lines[at[0]].lstrip())]
            lines.insert(at[0], f"{blank}{entry}\n")
        files[path] = "".join(lines)
    return Change(files=files, overrides=told.overrides)


def _moved(told: Told, name: str, above: str) -> Change:
    """One line of a layer is put above that of another."""
    files = {}
    for path, text in told.files.items():
        lines = text.splitlines(keepends=True)
        moving = [line for line in lines if line.lstrip().startswith(f"{name}:")]
        rest = [line for line in lines if line not in moving]
        at = [i for i, line in enumerate(rest) if line.lstrip().startswith(f"{above}:")]
        if moving and at:
            rest[at[0] : at[0]] = moving
        files[path] = "".join(rest)
    return Change(files=files, overrides=told.overrides)


def _overrides(text: str, key: str, config: Mapping[str, Any]) -> list[str]:
    """The overrides that do what the first alternative of a help says."""
    around, _, last = key.rpartition(".")
    tree = OmegaConf.create(dict(config))
    if last.isdigit() and not OmegaConf.is_list(OmegaConf.select(tree, around)):
        key = around  # one object stands where there may be a list
        around, _, last = key.rpartition(".")
    if text.startswith("leave it out"):
        return [f"~{key}"]
    if out := re.match(r"take `(\w+)` out of `([\w.]+)`", text):
        here = OmegaConf.select(tree, key)
        if OmegaConf.is_list(here):
            return [f"{key}=[{','.join(item for item in here if item != out[1])}]"]
        return [f"~model.layers.{out[2]}.{out[1]}"]
    if out := re.match(r"(?:leave|take) (?:`([\w.]+)`|the (\w+))(?: or `\w+`)? out", text):
        name = out[1] or out[2]
        if "." in name:
            return [f"~{name}"]
        return [f"~{around}.{name}" if last == name else f"~{key}.{name}"]
    text = re.sub(r" \((?!as in)[^()]*\)", "", text)
    first = re.split(r", or |; for |; a |, without|, counted", text)[0]
    found: list[str] = []
    at = re.search(r"` (?:at|under) `([\w.]+)`", first)
    for part in TICKED.findall(re.split(r" in place of | at | under ", first)[0]):
        filled = _filled(part)
        if OVERRIDE.fullmatch(filled) and ": " not in filled.partition("=")[0]:
            found.append(filled)
        elif entry := ENTRY.fullmatch(filled):
            found.append(_set(entry[1], entry[2], key, at[1] if at else "", config))
        elif (
            first.startswith(("write", "use")) and key and (part.startswith("{") or "." not in part)
        ):
            here = OmegaConf.select(tree, around) if around else None
            alone = OmegaConf.is_list(here) and len(here) == 1
            found.append(f"{around}=[{filled}]" if alone else f"{key}={filled}")
    replaced = re.search(r" in place of (.*)", text)
    names = TICKED.findall(replaced[1]) if replaced else [last] if "in its place" in text else []
    base = around if names else ""
    return [*(f"~{base}.{name}" for name in names), *found]


def _filled(part: str) -> str:
    name = re.match(r"[\w.]*?(\w+)[:=]", part)
    value = FILLED.get(name[1] if name else "", "10")
    return part.replace("…", value).replace("VALUE", value)


def _set(name: str, value: str, key: str, at: str, config: Mapping[str, Any]) -> str:
    """The override that writes an entry where a person would write it."""
    if "." in name or name in SECTIONS:
        path = SECTIONS.get(name, name)
    elif at:
        place = key if key.endswith(f".{at}") else at if "." in at else f"model.layers.{at}"
        path = f"{place}.{name}"
    else:
        here = OmegaConf.select(OmegaConf.create(dict(config)), key)
        last = key.rpartition(".")[2]
        # A bare class takes arguments, a bare word has other entries beside it.
        is_class = isinstance(here, str) and here[:1].isupper()
        inside = last != name and (is_class or OmegaConf.is_dict(here))
        path = f"{key}.{name}" if inside else f"{key.rpartition('.')[0]}.{name}"
    return f"{path}={value}"


def remaining(before: Sequence[Diagnostic], after: Sequence[Diagnostic], found: Diagnostic) -> str:
    """What is still, or newly, wrong where a help was obeyed; empty for nothing."""
    place = "" if found.location is None else found.location.key
    known = {(d.code, d.message) for d in before}
    for other in after:
        where = "" if other.location is None else other.location.key
        if (other.code, other.message) == (found.code, found.message):
            return f"still told: {other.code} {other.message}"
        new = (other.code, other.message) not in known
        if new and other.severity == "error" and (where.startswith(place) or not where):
            return f"newly told: {other.code} {other.message}"
    return ""
