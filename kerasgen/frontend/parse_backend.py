"""Parsing of the backend group, and of a keras.json that a user brings along.

This room owns which settings there are and what values they take. It must not touch the
environment or import a backend.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from kerasgen.diagnostics import Severity, Sink, SourceLocation, describe, did_you_mean
from kerasgen.frontend.settings import read_record
from kerasgen.ir import BackendDef

_SIZE = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,18})?) ?([kmgt]i?b)\Z", re.I)
_UNITS = {
    f"{letter}{middle}b": step**power
    for power, letter in enumerate("kmgt", 1)
    for middle, step in (("", 1000), ("i", 1024))
}
"""Units of memory, in lower case, to their bytes."""

BACKENDS = ("tensorflow", "jax", "torch")
ENDED_BACKENDS = {
    "theano": "Theano ended with Keras 2",
    "cntk": "CNTK ended with Keras 2",
    "mxnet": "MXNet ended with Keras 2",
}
"""Backends of earlier versions of Keras, and what became of them."""


def parse_backend(section: Any, sink: Sink) -> BackendDef | None:
    """Parses the backend group; a `keras_json` in it is read and put over the group's own keys."""
    outer, places = sink, dict[str, SourceLocation]()
    sink = Sink(locate=lambda key, at: places.get(key) or outer.locate(key, at))
    if isinstance(section, Mapping):
        section = dict(section)
        file = section.pop("keras_json", None)
        if file is not None:
            settings = _read_keras_json(file, sink)
            section |= settings
            # What is wrong with such a value stands in that file, not where the config has the key.
            places = {
                f"backend.{name}": _json_place(
                    Path(str(file)).expanduser(), name, f"backend.{name}"
                )
                for name in settings
            }
        if not _check_backend_name(section.get("backend"), "backend.backend", sink, None):
            section.pop("backend", None)
    backend = read_record(
        BackendDef, section, "backend", sink, converters={"memory": _parse_memory}
    )
    if backend is not None:
        _check_choice(
            backend.image_data_format,
            ("channels_last", "channels_first"),
            "backend.image_data_format",
            sink,
        )
        _check_choice(
            backend.floatx, ("float16", "bfloat16", "float32", "float64"), "backend.floatx", sink
        )
    outer.add(sink.diagnostics)
    return backend


def _parse_memory(value: Any, path: str, sink: Sink) -> int | Literal["auto"] | None:
    """Reads `auto`, null, a number of bytes, or a number with a unit (`32GiB`, `8 GB`)."""
    if value is None or value == "auto":
        return value  # type: ignore[no-any-return]
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    written = _SIZE.match(value) if isinstance(value, str) else None
    if written is not None and (size := int(float(written[1]) * _UNITS[written[2].lower()])) > 0:
        return size
    sink.report(
        "KG604",
        f"`memory` is {describe(value)}, expected a size as in `32GiB`, `auto` or null",
        key=path,
    )
    return "auto"


def _check_backend_name(value: Any, key: str, sink: Sink, location: SourceLocation | None) -> bool:
    if value in BACKENDS or value is None:
        return True
    words = ", ".join(f"`{name}`" for name in BACKENDS)
    known = str(value).lower()
    if known in ENDED_BACKENDS:
        message = f"Keras 3 has no backend `{value}`: {ENDED_BACKENDS[known]}"
        help_text: str | None = f"choose one of {words}"
    elif known in ("numpy", "openvino"):
        message = f"the backend `{value}` cannot train, expected one of {words}"
        help_text = None
    else:
        message = f"the backend is {describe(value)}, expected one of {words}"
        help_text = did_you_mean(str(value), BACKENDS)
    sink.report("KG602", message, key=key, help=help_text, location=location)
    return False


def _check_choice(value: str, options: tuple[str, ...], key: str, sink: Sink) -> None:
    if value not in options:
        words = ", ".join(f"`{option}`" for option in options)
        sink.report(
            "KG604",
            f"`{key}` is {describe(value)}, expected one of {words}",
            key=key,
            help=did_you_mean(value, options),
        )


def _read_keras_json(file: Any, sink: Sink) -> dict[str, Any]:
    """The four keys of a user's keras.json; everything wrong with it is reported."""
    key = "backend.keras_json"
    path = Path(str(file)).expanduser()
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        sink.report("KG601", f"`{file}` cannot be read: {error.strerror or error}", key=key)
        return {}
    except UnicodeDecodeError:
        sink.report("KG601", f"`{file}` is not a text file, expected JSON", key=key)
        return {}
    except json.JSONDecodeError as error:
        place = SourceLocation(key=key, file=str(path), line=error.lineno, column=error.colno)
        sink.report(
            "KG601", f"not JSON: {error.msg[:1].lower()}{error.msg[1:]}", key=key, location=place
        )
        return {}
    if not isinstance(content, dict):
        sink.report("KG601", f"`{file}` holds {describe(content)}, expected a JSON object", key=key)
        return {}
    settings = {}
    for name, value in content.items():
        place = _json_place(path, name, key)
        if name == "backend":
            if _check_backend_name(value, key, sink, place):
                settings[name] = value
        elif name in ("floatx", "epsilon", "image_data_format"):
            settings[name] = value
        else:
            sink.report(
                "KG601",
                f"Keras 3 does not read the key `{name}` of keras.json",
                key=key,
                severity=Severity.WARNING,
                location=place,
                help=did_you_mean(name, ("floatx", "epsilon", "image_data_format", "backend")),
            )
    return settings


def _json_place(path: Path, name: str, key: str) -> SourceLocation:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if (column := line.find(f'"{name}"')) >= 0:
            return SourceLocation(
                key=key, file=str(path), line=number, column=column + 1, length=len(name) + 2
            )
    return SourceLocation(key=key, file=str(path))
