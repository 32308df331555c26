"""Parsing of the backend group, and of a keras.json that a user brings along.

This room owns which settings there are and what values they take. It must not touch the
environment or import a backend.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from kerasgen.diagnostics import Severity, Sink, SourceLocation, describe, did_you_mean
from kerasgen.diagnostics.source_map import Mark, Replacement, SourceMap
from kerasgen.foreign.json_data import Bounds, parse_json
from kerasgen.foreign.regular_files import ForeignFileError, decoded, path_of, read_bytes
from kerasgen.frontend.parse.former_keras_json import FormerSetting, former_setting
from kerasgen.frontend.sections import Converter, read_record
from kerasgen.ir.program import BackendDef, RuntimeDef
from kerasgen.ir.values import Tree

_SIZE = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,18})?) ?([kmgt]i?b)\Z", re.I)
_UNITS = {
    f"{letter}{middle}b": step**power
    for power, letter in enumerate("kmgt", 1)
    for middle, step in (("", 1000), ("i", 1024))
}
"""Units of memory, in lower case, to their bytes."""

_BOUNDS = Bounds(size=2**18, levels=16, values=1_000)
"""How much a keras.json may hold; it has four keys."""

KERAS_3 = ("tensorflow", "jax", "torch")
INITIAL_WEIGHTS = ("keras", "portable")
BACKENDS = (*KERAS_3, "theano", "cntk")
ENDED_BACKENDS = {
    "mxnet": "MXNet ended with Keras 2",
}
"""Backends of earlier versions of Keras, and what became of them."""

OTHER_NAMES = {"tf": "tensorflow", "tf2": "tensorflow", "tf.keras": "tensorflow"}
OTHER_NAMES |= {"pytorch": "torch", "pt": "torch", "flax": "jax", "th": "theano"}
"""What backends are called elsewhere; capital letters do not count."""


def parse_backend(section: Tree, sink: Sink) -> BackendDef | None:
    """Parses the backend group; a `keras_json` in it is read and put over the group's own keys."""
    if isinstance(section, Mapping):
        section = dict(section)
        file = section.pop("keras_json", None)
        if file is not None:
            read = _read_keras_json(file, sink)
            if read is not None:
                section |= read.settings
                # What is wrong with such a value stands there, not where the config has the key.
                sink = sink.over(sink.source_map.through(read.step()))
        if not _check_backend_name(section.get("backend"), "backend.backend", sink, None):
            section.pop("backend", None)
    converters: Mapping[str, Converter] = {"memory": _parse_memory, "runtime": _parse_runtime}
    backend = read_record(BackendDef, section, "backend", sink, converters=converters)
    if backend is not None:
        _tell_unused_runtime(backend, sink)
        _check_choice(
            backend.image_data_format,
            ("channels_last", "channels_first"),
            "backend.image_data_format",
            sink,
        )
        _check_choice(backend.initial_weights, INITIAL_WEIGHTS, "backend.initial_weights", sink)
        _check_choice(
            backend.floatx, ("float16", "bfloat16", "float32", "float64"), "backend.floatx", sink
        )
    return backend


def places_of_settings(section: Tree, source_map: SourceMap) -> SourceMap:
    """The map in which the settings of a keras.json stand there, for what is found later of them.

    Args:
        section: the backend group, whose own mistakes were told.
        source_map: where the config was written.
    """
    file = section.get("keras_json") if isinstance(section, Mapping) else None
    read = None if file is None else _read_keras_json(file, Sink())
    return source_map if read is None else source_map.through(read.step())


def _parse_runtime(value: Tree, path: str, sink: Sink) -> RuntimeDef:
    """Reads where Theano or CNTK computes."""
    return read_record(RuntimeDef, value, path, sink) or RuntimeDef()


def _tell_unused_runtime(backend: BackendDef, sink: Sink) -> None:
    """Tells settings that Theano and CNTK alone have; a sweep over engines may hold them."""
    if backend.backend in KERAS_3 and backend.runtime != RuntimeDef():
        sink.warn(
            "KG604",
            f"`runtime` says where Theano and CNTK compute, and `{backend.backend}` runs in "
            "kerasgen's own Python",
            key="backend.runtime",
            at="key",
            help="choose `backend=theano` or `backend=cntk`, or leave it out",
        )


def _parse_memory(value: Tree, path: str, sink: Sink) -> int | Literal["auto"] | None:
    """Reads `auto`, null, a number of bytes, or a number with a unit (`32GiB`, `8 GB`)."""
    if value is None:
        return None
    if value == "auto":
        return "auto"
    size = bytes_of(value)
    if size is not None:
        return size
    sink.report(
        "KG604",
        f"`memory` is {describe(value)}, expected a size as in `32GiB`, `auto` or null",
        key=path,
    )
    return "auto"


def bytes_of(value: object) -> int | None:
    """The bytes that a number or a size with its unit says, None if it is none above 0."""
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    written = _SIZE.match(value) if isinstance(value, str) else None
    if written is None:
        return None
    return int(float(written[1]) * _UNITS[written[2].lower()]) or None


def _check_backend_name(value: Tree, key: str, sink: Sink, location: SourceLocation | None) -> bool:
    if value in BACKENDS or value is None:
        return True
    message, help_text = refused_backend(value)
    if location is None:
        sink.report("KG602", message, key=key, help=help_text)
    else:
        sink.report_at("KG602", message, location, help=help_text)
    return False


def is_ended(value: str) -> bool:
    """Whether a backend of this name was part of an earlier version of Keras."""
    return value.lower() in ENDED_BACKENDS


def refused_backend(value: Tree) -> tuple[str, str | None]:
    """What is wrong with a value that is no backend, and the one that is meant."""
    words = ", ".join(f"`{name}`" for name in BACKENDS)
    known = str(value).strip().lower()
    if known in ENDED_BACKENDS:
        message = f"Keras 3 has no backend `{value}`: {ENDED_BACKENDS[known]}"
        return message, f"choose one of {words}"
    if known in ("numpy", "openvino"):
        return f"the backend `{value}` cannot train, expected one of {words}", None
    message = f"the backend is {describe(value)}, expected one of {words}"
    return message, did_you_mean(OTHER_NAMES.get(known, known), BACKENDS)


def _check_choice(value: str, options: tuple[str, ...], key: str, sink: Sink) -> None:
    if value not in options:
        words = ", ".join(f"`{option}`" for option in options)
        sink.report(
            "KG604",
            f"`{key}` is {describe(value)}, expected one of {words}",
            key=key,
            help=did_you_mean(value, options),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _KerasJson:
    """What a keras.json holds.

    Attributes:
        settings: the keys among it that Keras 3 reads.
        path: the file.
        text: its text.
    """

    settings: dict[str, Tree]
    path: Path
    text: str

    def place(self, name: str, key: str) -> SourceLocation:
        """Where a key stands in the file."""
        for number, line in enumerate(self.text.splitlines(), 1):
            if (column := line.find(f'"{name}"')) >= 0:
                return SourceLocation(
                    key=key,
                    file=str(self.path),
                    line=number,
                    column=column + 1,
                    length=len(name) + 2,
                )
        return SourceLocation(key=key, file=str(self.path))

    def step(self) -> Replacement:
        """The places of the settings in the backend group, which they are put over."""
        places = {f"backend.{name}": self.place(name, f"backend.{name}") for name in self.settings}
        return Replacement(
            marks={key: Mark(key=place, value=place) for key, place in places.items()}
        )


def _taken(former: FormerSetting, place: SourceLocation, sink: Sink) -> tuple[str, Tree]:
    """Tells a setting of an earlier Keras; gives the key and the value that it has today."""
    severity = Severity.WARNING if former.understood else Severity.ERROR
    sink.report_at("KG632", former.told, place, severity=severity, help=former.help)
    return former.name, former.value


def _read_keras_json(file: Tree, sink: Sink) -> _KerasJson | None:
    """The four keys of a user's keras.json; everything wrong with it is reported."""
    key = "backend.keras_json"
    if not isinstance(file, str):
        sink.report("KG204", f"`keras_json` is {describe(file)}, expected a path", key=key)
        return None
    path = path_of(file)
    try:
        content = read_bytes(path, most=_BOUNDS.size)
        text = decoded(content)
        found = parse_json(text.encode(), _BOUNDS)
    except ForeignFileError as error:
        sink.report_file("KG601", str(path), error, key=key)
        return None
    if not isinstance(found, dict):
        sink.report("KG601", f"`{file}` holds {describe(found)}, expected a JSON object", key=key)
        return None
    read = _KerasJson(settings={}, path=path, text=text)
    for name, value in found.items():
        place = read.place(name, key)
        if (former := former_setting(name, value, found)) is not None:
            name, value = _taken(former, place, sink)
        if name == "backend":
            if _check_backend_name(value, key, sink, place):
                read.settings[name] = value
        elif name in ("floatx", "epsilon", "image_data_format"):
            read.settings[name] = value
        elif former is not None:
            continue
        else:
            sink.report_at(
                "KG601",
                f"Keras 3 does not read the key `{name}` of keras.json",
                severity=Severity.WARNING,
                location=place,
                help=did_you_mean(name, ("floatx", "epsilon", "image_data_format", "backend")),
            )
    return read
