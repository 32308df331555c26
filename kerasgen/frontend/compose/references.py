"""What a config refers to: how far a key path leads, and which values cannot be resolved.

This room owns the walk through a composed config and the diagnostics of references that lead
nowhere. It must not know what a key means, apart from `data`, whose facts may be referred to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import InterpolationResolutionError, OmegaConfBaseException

from kerasgen.diagnostics import Diagnostic, Note, Sink, Suggestion, closest, is_slip
from kerasgen.diagnostics.source_map import Remark
from kerasgen.frontend.sections import report_no_group
from kerasgen.ir.data import FACTS
from kerasgen.ir.values import Tree

_MANDATORY_PARAMETER = re.compile(r"(?:.*\.)?blocks\.[^.]+\.parameters\.[^.]+")
"""Key path of a block's parameter: `???` there asks the uses of the block for a value."""

_REFERENCE = re.compile(r"\$\{([A-Za-z_][\w.-]*)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unresolved:
    """A value that cannot be resolved.

    Attributes:
        key: its dotted key path.
        written: the value as it was written.
        error: why, None for a mandatory value that is not given.
    """

    key: str
    written: str
    error: Exception | None


def report_unresolved(
    config: DictConfig, sink: Sink, *, below: str = "", ungiven: str | None = None
) -> tuple[Diagnostic, ...]:
    """Reports every value that is not given (KG106) or refers to nothing (KG105).

    Args:
        config: the whole config.
        sink: gets the diagnostics.
        below: the group that is looked through, empty for all.
        ungiven: key path below which a mandatory value may be missing (empty for everywhere), or
            None for nowhere.

    Returns:
        Those that tell of a reference.
    """
    node = config[below] if below else config
    references: list[Diagnostic] = []
    for found in unresolved(node, below):
        if found.error is not None:
            known = len(sink.diagnostics)
            _report_reference(found, found.error, config, sink)
            references += sink.diagnostics[known:]
        else:
            report_missing(found.key, sink, ungiven=ungiven)
    return tuple(references)


def report_missing(key: str, sink: Sink, *, ungiven: str | None = None) -> None:
    """Reports a mandatory value that is not given (KG106), where it must be.

    Args:
        key: its key path.
        sink: gets the diagnostic.
        ungiven: key path below which it may be missing, as for `report_unresolved`.
    """
    free = ungiven is not None and f"{key}.".startswith(ungiven)
    if free or _MANDATORY_PARAMETER.fullmatch(key):
        return
    sink.report(
        "KG106",
        f"`{key}` must be given",
        key=key,
        help=f"write `{key}=…` on the command line, or the value in a config",
    )


def remarks_on_references(config: DictConfig) -> dict[str, tuple[Remark, ...]]:
    """Tells where the values come from that interpolations give.

    Args:
        config: the composed config, its interpolations unresolved.

    Returns:
        Key path of each value that holds `${…}` to a remark for each key that it refers to.
    """
    found = {}
    try:
        written = plain_node(config)
        for key, text in _texts(written, ""):
            if "${" in text and (remarks := tuple(_remarks(written, text))):
                found[key] = remarks
    except RecursionError:
        return {}  # Resolving refuses a config that is nested so deeply.
    return found


def _texts(value: Tree, path: str) -> Iterator[tuple[str, str]]:
    """Every text in plain data with its key path."""
    pairs: Iterable[tuple[Tree, Tree]] = enumerate(value) if isinstance(value, list) else ()
    for key, item in value.items() if isinstance(value, dict) else pairs:
        where = f"{path}.{key}" if path else str(key)
        if isinstance(item, str):
            yield where, item
        elif isinstance(item, dict | list):
            yield from _texts(item, where)


def _remarks(written: Tree, text: str) -> Iterator[Remark]:
    for reference in references_of(text):
        source, fact = reference, f"data.facts.{reference.removeprefix('data.')}"
        if reference.startswith("data.") and value_at(written, fact) is not None:
            source = fact  # Facts are offered as keys of `data` while a config is resolved.
        if value_at(written, source) is not None:
            yield Remark(message=f"the value of `${{{reference}}}` is given here", key=source)


def value_at(written: Tree, key: str) -> Tree:
    """What stands under a key path of plain data; None for nothing."""
    for part in key.split("."):
        if isinstance(written, dict):
            written = written.get(part)
        elif isinstance(written, list) and part.isdigit() and int(part) < len(written):
            written = written[int(part)]
        else:
            return None
    return written


def missing_keys(value: Tree, path: str = "") -> Iterator[str]:
    """The key path of every mandatory value (`???`) that is not given in plain data."""
    if value == "???":
        yield path
        return
    pairs: Iterable[tuple[Tree, Tree]] = enumerate(value) if isinstance(value, list) else ()
    for key, item in value.items() if isinstance(value, dict) else pairs:
        if isinstance(item, dict | list) or item == "???":
            yield from missing_keys(item, f"{path}.{key}" if path else str(key))


def unresolved(node: DictConfig | ListConfig, path: str) -> Iterator[Unresolved]:
    """Every leaf that is missing or cannot be resolved; `path` is the key path of the node."""
    keys: Sequence[Any] = list(node.keys()) if isinstance(node, DictConfig) else range(len(node))
    written = plain_node(node)
    for key in keys:
        key_path = f"{path}.{key}" if path else str(key)
        if OmegaConf.is_missing(node, key):
            yield Unresolved(key=key_path, written="???", error=None)
            continue
        elsewhere = OmegaConf.is_interpolation(node, key)
        try:
            child = node[key]
            if elsewhere and isinstance(child, DictConfig | ListConfig):
                OmegaConf.to_container(child, resolve=True)
        except (OmegaConfBaseException, RecursionError) as error:
            yield Unresolved(key=key_path, written=str(written[key]), error=error)
            continue
        if isinstance(child, DictConfig | ListConfig) and not elsewhere:
            yield from unresolved(child, key_path)


def _report_reference(found: Unresolved, error: Exception, config: DictConfig, sink: Sink) -> None:
    if "data" not in config and "${data." in found.written:
        report_no_group("data", sink)
        return
    if (misspelt := _misspelt_fact(found.written, config)) is not None:
        wrong, right = misspelt
        sink.report(
            "KG105",
            f"`{found.written}` cannot be resolved: the data has no fact `{right}`",
            key=f"data.facts.{wrong}",
            at="key",
            help=Suggestion(f"did you mean `{right}`?", right),
            notes=[Note(message="it is needed here", location=sink.locate(found.key, "value"))],
        )
        return
    message = f"`{found.written}` cannot be resolved"
    if isinstance(error, RecursionError) or "Recursive interpolation" in str(error):
        message = f"`{found.written}` refers to itself"
    elif (whole := _list_with_a_name(found.written, config)) is not None:
        message += f": `{whole}` is a list"
    elif isinstance(error, InterpolationResolutionError):
        text = str(error).strip().split("\n", 1)[0]
        text = re.sub(r"^\w+ raised while resolving interpolation: ", "", text)
        message += ": " + lowered(text.strip("\"'"))
    sink.report("KG105", message, key=found.key, help=_reference_help(found, config))


def _list_with_a_name(written: str, config: DictConfig) -> str | None:
    """The list of which a reference asks something by a name, as if it were a mapping."""
    for reference in references_of(written):
        parent, missing, _ = deepest_key(config, reference)
        if isinstance(_select(config, parent), ListConfig) and not missing.isdigit():
            return parent
    return None


def _misspelt_fact(written: str, config: DictConfig) -> tuple[str, str] | None:
    """A fact of the data that is written otherwise than a reference calls it: both names."""
    for reference in references_of(written):
        section, _, name = reference.partition(".")
        facts = _keys_of(config, "data.facts") if section == "data" else []
        if name in FACTS and name not in facts:
            near = closest(name, [fact for fact in facts if fact not in FACTS])
            if near is not None:
                return near, name
    return None


def _reference_help(found: Unresolved, config: DictConfig) -> str | None:
    """How to mend the first reference in a value that leads nowhere."""
    written = found.written
    for reference in references_of(written):
        parent, missing, siblings = deepest_key(config, reference)
        if missing in siblings:
            continue
        if parent == "data" and missing not in FACTS:
            siblings = [*siblings, *FACTS]  # They may be left out, but are known by name.
        near = closest(missing, siblings)
        if near is not None:
            fixed = _put_right(reference, config)
            if fixed is None or f"{found.key}.".startswith(f"{fixed}."):
                return None
            whole = written.replace(f"${{{reference}}}", f"${{{fixed}}}")
            sure = is_slip(missing, near, siblings)
            return Suggestion(f"did you mean `${{{fixed}}}`?", whole, sure=sure)
        if parent in ("data.shape", "data.target_shape"):
            known = ", ".join(f"`{name}`" for name in siblings if not name.isdigit())
            one = f"it is one for all: write `${{{parent}}}`"
            return f"it is told of {known}" if known else one
        task = OmegaConf.select(config, "data.task", throw_on_resolution_failure=False)
        if (parent, missing) == ("data", "classes") and task in ("regression", "autoencoding"):
            return f"the data is for {task} and has no classes: choose another model for it"
        if parent == "data" and missing in FACTS and _is_absent(config):
            value = 10 if missing == "classes" else "…"
            return f"without data, facts are given by hand: write `data.facts.{missing}={value}`"
        if parent == "data" and missing not in FACTS and "." not in reference[5:]:
            known = ", ".join(f"`{fact}`" for fact in FACTS)
            return f"facts of the data, under `data.facts`, are {known}"
        if parent == "data":
            return (
                f"`{missing}` is a fact of the data: write it under `data.facts`, "
                "or let the data be opened (`run.py`, or `kerasgen check --open-data`)"
            )
    return None


def _is_absent(config: DictConfig) -> bool:
    """Whether there are no data on purpose, as with `data=none`."""
    data = config._get_node("data")
    return isinstance(data, DictConfig) and "source" in data and data.get("source") is None


def _put_right(reference: str, config: DictConfig) -> str | None:
    """A reference with each step that is not there as the one that is nearest, None for none."""
    parts = reference.split(".")
    for at, part in enumerate(parts):
        siblings = _keys_of(config, ".".join(parts[:at]))
        if parts[:at] == ["data"]:
            siblings = [*siblings, *FACTS]
        near = part if part in siblings else closest(part, siblings)
        if near is None:
            return None
        parts[at] = near
    return ".".join(parts)


def deepest_key(config: DictConfig, key: str) -> tuple[str, str, list[str]]:
    """How far a key path leads.

    Returns:
        The longest part of it that is there, the first step that is not (or the last step), and
        what there is beside that step.
    """
    parent, parts = "", key.split(".")
    for part in parts[:-1]:
        path = f"{parent}.{part}" if parent else part
        if _select(config, path) is None:
            siblings = _keys_of(config, parent)
            if part not in siblings:
                return parent, part, siblings
            # The key is there, and null: what is below it is what is not.
        parent = path
    return parent, parts[-1], _keys_of(config, parent)


def _select(config: DictConfig, path: str) -> Any:
    """What there is under a key path; None if nothing is, or if it cannot be resolved."""
    try:
        return OmegaConf.select(config, path)
    except (OmegaConfBaseException, RecursionError):
        return None


def _keys_of(config: DictConfig, path: str) -> list[str]:
    node = _select(config, path) if path else config
    if isinstance(node, DictConfig):
        return [str(key) for key in node if path or key != "hydra"]
    return [str(index) for index in range(len(node))] if isinstance(node, ListConfig) else []


def references_of(text: str) -> list[str]:
    """The key paths that a text's interpolations refer to."""
    return _REFERENCE.findall(text)


def plain_node(node: object) -> Any:
    """A part of a config as plain data, as it was written: interpolations stay text."""
    return OmegaConf.to_container(node, resolve=False)


def lowered(text: str) -> str:
    """A sentence as a message begins: in lower case, unless it begins with a name (`IntNode`)."""
    return text[:1].lower() + text[1:] if re.match(r"[A-Z]?[a-z]*(?![\w.])", text) else text


def sentence(error: object) -> str:
    """The first line of an exception, as a diagnostic's message begins."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    lines = (str(error).strip() or type(error).__name__).split("\n")
    # `In 'model/mlp': ValidationError raised while composing config:` says nothing by itself.
    line = lines[1] if lines[0].endswith(":") and len(lines) > 1 else lines[0]
    return lowered(re.sub(r"^[Ii]n '?[\w/-]+'?: ", "", line).rstrip("."))
