"""The pass that asks how far a program reaches: files, connections, downloads, code.

It owns what a config file may not bring about, since the file may be a stranger's: a callback that
writes outside the folder of the run, a connection or a download that the user did not ask for, an
object in Keras's serialized form, which names code. The user's word is what stands on the command
line: a typed value, or the flag in `Trust`. Whether a class or an argument exists is checked
elsewhere.

Decisions:
- Every string that a callback is given is looked at, however deep it stands and whatever its
  argument is called: no word of Keras's looks like a path that leads out.
- A callback opens a connection if an argument of it has an address as its default, which only
  such a callback has; or if it is given one.
- Weights that an application downloads by default count as a download also where a copy of them may
  lie in Keras's cache, which only Keras finds out.
"""

from __future__ import annotations

import posixpath
import re
import string
from collections.abc import Iterator, Mapping

from kerasgen.catalog.entries import Catalog, ClassEntry
from kerasgen.diagnostics import Sink
from kerasgen.ir.data import DataDef
from kerasgen.ir.model import Entry, ModelDef
from kerasgen.ir.program import Program
from kerasgen.ir.values import ObjectDef
from kerasgen.passes.callback_files import (
    RECORDED,
    callback_entry,
    opens_connection,
    path_arguments,
)
from kerasgen.registry import NOBODY, Trust

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_DRIVE = re.compile(r"[A-Za-z]:[\\/]|\\\\")
_FORMAT = re.compile(r"([ <>=^]?[+-]?0?\d{0,3}(\.\d{1,3})?[bdeEfFgGn%]?)\Z")
_SERIALIZED = ("class_name", "registered_name")
"""Keys by which Keras knows an object in its serialized form."""

_SAVED_PROGRAMS = ("TFSMLayer",)
"""Layers that run a program from a file; that they do so is said in their documentation alone."""

_EMPTIED = ("backup_dir",)
"""Arguments whose folder Keras deletes when training ends, as its code alone says."""

_SQLITE = "sqlite:///"
"""How the address of a file of SQLite begins; behind it stands its path."""

_ALLOW = "add `--allow-connections` on the command line"


def check_reach(program: Program, catalog: Catalog, sink: Sink, trust: Trust = NOBODY) -> None:
    """Checks how far a program reaches.

    Args:
        program: the program as written.
        catalog: the classes that it may name.
        sink: gets every mistake; it knows what was typed on the command line.
        trust: what the command line allows.
    """
    check_source_reach(program.data, sink, trust)
    parts: list[tuple[str, object]] = [
        (entry.path, part)
        for entry in (*program.data.prepare, *program.data.augment)
        for part in (entry.definition, entry.call_arguments)
    ]
    compiled = program.compile
    parts += [("model", program.model), ("optimizer", program.optimizer)]
    parts += [(f"compile.{n}", getattr(compiled, n)) for n in ("loss", "metrics")]
    parts += [("compile.weighted_metrics", compiled.weighted_metrics)]
    parts += [
        (phase.optimizer.path, phase.optimizer)
        for phase in program.fit.phases.values()
        if phase.optimizer is not None
    ]
    for path, part in parts:
        for at, value in _within(part, path):
            _check_value(value, at, catalog, sink, trust)
    for callback in program.fit.callbacks.values():
        _check_callback(callback, catalog, sink, trust)
    if program.tracking.mlflow is not None:
        _check_store(program.tracking.mlflow.uri, "tracking.mlflow.uri", sink, trust)
    if program.tracking.wandb is not None and program.tracking.wandb.mode == "online":
        _check_online("tracking.wandb.mode", sink, trust)


def check_source_reach(data: DataDef, sink: Sink, trust: Trust = NOBODY) -> None:
    """Checks the data source alone, which may be opened before all else."""
    source = data.source
    for path, value in _within(source, source.path):
        _check_plain(value, path, sink, trust)
    path = f"{source.path}.download"
    wanted = source.arguments.get("download")
    if wanted is True and not _is_typed(path, sink) and not trust.connections:
        sink.report(
            "KG117",
            f"`{path}` is true in a config file, expected on the command line",
            key=path,
            help=f"write `{path}=true` on the command line",
        )


def _check_value(value: object, path: str, catalog: Catalog, sink: Sink, trust: Trust) -> None:
    """Checks one value; objects that it holds are met by themselves."""
    _check_plain(value, path, sink, trust)
    if not isinstance(value, ObjectDef):
        return
    entry = catalog.find(value.cls, ("application", "layer"))
    if entry is not None and entry.kind == "application":
        _check_weights(value, entry, sink, trust)
    elif entry is not None and entry.name in _SAVED_PROGRAMS:
        at = f"{value.path}.filepath"
        if not _is_typed(at, sink):
            sink.report(
                "KG118",
                f"`{value.cls}` runs the program that is saved in a file, which a config file "
                "cannot ask for",
                key=value.path,
                help=f"if you trust the file, write `{at}=…` on the command line",
            )


def _check_plain(value: object, path: str, sink: Sink, trust: Trust) -> None:
    """What holds for a value anywhere: no serialized object, no address."""
    if isinstance(value, Mapping) and any(key in value for key in _SERIALIZED):
        name = next(str(value[key]) for key in _SERIALIZED if key in value)
        sink.report(
            "KG116",
            f"`{name}` is written in Keras's serialized form",
            key=path,
            at="key",
            help="write the name of a function of Keras's, as in `activation: relu`"
            if name == "function"
            else "write the class and its arguments: `{class: Dense, units: 10}`",
        )
    elif isinstance(value, str) and _ADDRESS.match(value) and not trust.connections:
        sink.report(
            "KG115",
            f"`{value}` is an address, to which a connection may be opened",
            key=path,
            help=f"name a local file, or {_ALLOW}",
        )


def _check_weights(definition: ObjectDef, entry: ClassEntry, sink: Sink, trust: Trust) -> None:
    parameter, path = entry.parameters.get("weights"), f"{definition.path}.weights"
    default = parameter.default if parameter is not None else None
    weights = definition.arguments.get("weights", default)
    if not isinstance(weights, str) or (weights != default and re.search(r"[./\\]", weights)):
        return  # null, or a local file
    if trust.connections or ("weights" in definition.arguments and _is_typed(path, sink)):
        return
    written = "weights" in definition.arguments
    sink.report(
        "KG117",
        f"`{definition.cls}` starts from weights that are downloaded (`{weights}`)",
        key=path if written else definition.path,
        help=f"write `weights: null`, or {_ALLOW}",
    )


def _check_callback(callback: ObjectDef, catalog: Catalog, sink: Sink, trust: Trust) -> None:
    entry = callback_entry(callback, catalog)
    connects = entry is not None and opens_connection(entry)
    if connects and not trust.connections:
        sink.report(
            "KG115",
            f"`{callback.cls}` opens a connection",
            key=callback.path,
            help=_ALLOW,
        )
        return
    paths = path_arguments(entry) if entry is not None else {}
    for path, value in _within(callback, callback.path):
        _check_plain(value, path, sink, trust)
        if not isinstance(value, str) or _ADDRESS.match(value) or connects:
            continue
        name = path.removeprefix(f"{callback.path}.").partition(".")[0]
        if name in paths and posixpath.normpath(value).lower().partition("/")[0] in RECORDED:
            sink.report(
                "KG113",
                f"`{value}` is a file in which the run records itself, expected another name",
                key=path,
                help=f"write a name such as `own_{_last(value)}`",
            )
            continue
        problem = path_problem(value, pattern=name in paths)
        if name in _EMPTIED and posixpath.normpath(value) == ".":
            problem = "is the folder of the run itself, which the callback deletes"
        if problem is not None and not _is_typed(path, sink):
            sink.report(
                "KG113",
                f"`{value}` {problem}, expected a relative path below the folder of the run",
                key=path,
                help=f"write a name such as `{_last(value)}`, or another folder on the command "
                f"line: `{path}=…`",
            )


def _check_store(uri: str, path: str, sink: Sink, trust: Trust) -> None:
    """Checks where a tracker keeps its runs: a server, or a place below the working directory."""
    if _ADDRESS.match(uri) and not uri.lower().startswith(_SQLITE):
        _check_plain(uri, path, sink, trust)
        return
    place = uri[len(_SQLITE) :] if uri.lower().startswith(_SQLITE) else uri
    problem = path_problem(place)
    if problem is not None and not _is_typed(path, sink):
        sink.report(
            "KG113",
            f"`{uri}` {problem}, expected a path below the working directory",
            key=path,
            help=f"write another one, or name this one on the command line: `{path}=…`",
        )


def _check_online(path: str, sink: Sink, trust: Trust) -> None:
    if not trust.connections:
        sink.report(
            "KG115",
            "a run in Weights & Biases opens a connection while it is `online`",
            key=path,
            help=f"write `offline`, or {_ALLOW}",
        )


def path_problem(text: str, *, pattern: bool = False) -> str | None:
    """What leads a path out of the folder in which it is meant, None for nothing.

    Args:
        text: the path as written.
        pattern: whether `{epoch}` and the like are filled in.
    """
    if text.startswith(("/", "\\")) or _DRIVE.match(text):
        return "is an absolute path"
    if text.startswith("~"):
        return "begins in a home folder"
    if ".." in re.split(r"[/\\]", text):
        return "leads upwards"
    if "\0" in text:
        return "holds a null character"
    if pattern and not _plain_fields(text):
        return "fills in more than the name of a metric"
    return None


def _plain_fields(text: str) -> bool:
    """Whether every `{…}` of a pattern is a name, with a plain format of a number behind it."""
    try:
        fields = [(name, spec, turned) for _, name, spec, turned in string.Formatter().parse(text)]
    except ValueError:
        return True  # Python refuses it, too
    return all(
        name is None or (re.fullmatch(r"\w+", name) and _FORMAT.match(spec or "") and not turned)
        for name, spec, turned in fields
    )


def _last(text: str) -> str:
    return re.split(r"[/\\]", text.rstrip("/\\"))[-1].lstrip("~.") or "name"


def _is_typed(path: str, sink: Sink) -> bool:
    """Whether a value was given on the command line."""
    return sink.locate(path, "value").override is not None


def _within(value: object, path: str) -> Iterator[tuple[str, object]]:
    """Every value in another one, itself first, with its key path; what is serialized is whole."""
    yield path, value
    if isinstance(value, ObjectDef):
        for name, item in value.arguments.items():
            yield from _within(item, f"{value.path or path}.{name}")
    elif isinstance(value, ModelDef):
        for entry in value.entries:
            yield from _within_entry(entry)
        yield from _within(value.arguments, value.path)
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _within(item, f"{path}.{index}")
    elif isinstance(value, Mapping) and not any(key in value for key in _SERIALIZED):
        for name, item in value.items():
            yield from _within(item, f"{path}.{name}")


def _within_entry(entry: Entry) -> Iterator[tuple[str, object]]:
    if entry.definition is not None:
        yield from _within(entry.definition, entry.path)
    yield from _within(entry.call_arguments, f"{entry.path}.with")
