"""Hostile files: what a stranger's run, keras.json, model or cache may be, one item each.

An item writes its files into a folder and gives the command line that is tried on them. `CANARY`
is a name that must not appear in that folder.
"""

import json
import os
import shutil
import socket
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from damaged_records import make_run

CANARY = "canary"

Put = Callable[[Path], None]
"""Puts something in the place of a file that is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One hostile input.

    Attributes:
        name: what it is.
        make: writes it below an empty folder, the working directory of the command.
        command: the command line.
        code: the exit code that is expected.
    """

    name: str
    make: Callable[[Path], None]
    command: tuple[str, ...]
    code: int = 2


def pipe(path: Path) -> None:
    """A pipe to which nobody writes."""
    os.mkfifo(path)


def device(path: Path) -> None:
    """A link to a device that never ends."""
    path.symlink_to("/dev/zero")


def folder(path: Path) -> None:
    """A folder of that name."""
    path.mkdir()


def link_out(path: Path) -> None:
    """A link to a file that the stranger may not see."""
    path.symlink_to("/etc/passwd")


def circle(path: Path) -> None:
    """A link to itself."""
    path.symlink_to(path.name)


def sparse(path: Path) -> None:
    """A file that is large and takes no space."""
    with path.open("wb") as file:
        file.truncate(2**26 + 1)


def plug(path: Path) -> None:
    """A socket."""
    before = Path.cwd()
    os.chdir(path.parent)  # The names of sockets are short.
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(before)


def text(content: str | bytes) -> Put:
    """A file of that content."""
    data = content if isinstance(content, bytes) else content.encode()
    return lambda path: (path.write_bytes(data), None)[1]


def bomb(path: Path) -> None:
    """An archive of a few kilobytes that unpacks to half a gigabyte."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", b"{}")
        with archive.open("model.weights.h5", "w", force_zip64=True) as member:
            for _ in range(512):
                member.write(bytes(2**20))


def _run(name: str, put: Put) -> Callable[[Path], None]:
    def make(place: Path) -> None:
        make_run(place / "outputs" / "run")
        path = place / "outputs" / "run" / name
        path.unlink(missing_ok=True)
        put(path)

    return make


def _file(name: str, put: Put) -> Callable[[Path], None]:
    return lambda place: put(place / name)


def _cache(put: Put) -> Callable[[Path], None]:
    """A cache whose catalog is something else; the command that follows must make its own."""

    def make(place: Path) -> None:
        source = Path(os.environ["KERASGEN_CACHE"])
        (place / "cache").mkdir()
        for path in source.glob("catalog-keras-*.json"):
            put(place / "cache" / path.name)

    return make


SHOW = ("show", "outputs/run")
RUNS = ("runs",)
REPORT = ("report", "outputs/run", "-o", "outputs/page.html", "--data", "never")
VERIFY = ("verify", "outputs/run")
BEGIN = ("check", "backend=jax", "model=convnet", "fit.initial_weights=outputs/run")
KERAS = ("check", "--fast", "backend.keras_json=keras.json")

_ALIASES = "a0: &a0 [x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 14)
)
_CALL = f"model: !!python/object/apply:os.system ['touch {CANARY}']\n"
_NEW = '{\n  "schema": 99,\n  "status": "completed"\n}\n'
_MARKS = json.dumps(
    {"schema": 1, "status": "completed", "name": "\u202egnp\x1b]0;x\x07\n\ud800", "metrics": {}}
)


def _each(
    title: str, places: Sequence[Put], make: Callable[[Put], Callable[[Path], None]],
    command: tuple[str, ...], code: int = 2,
) -> list[Item]:  # fmt: skip
    return [
        Item(name=f"{title}: {put.__name__}", make=make(put), command=command, code=code)
        for put in places
    ]


def _config(title: str, content: str | bytes, *more: str) -> Item:
    return Item(
        name=f"config: {title}", make=_run("config.yaml", text(content)), command=(*SHOW, *more)
    )


def _no_run(place: Path) -> None:
    (place / "outputs").mkdir()


def _half_cache(path: Path) -> None:
    path.write_bytes(b"0" * 64 + b"\n" + b"[" * 100_000)


_THINGS = (pipe, device, folder, circle, sparse, plug)

ITEMS: tuple[Item, ...] = (
    *_each("config", (*_THINGS, link_out), lambda put: _run("config.yaml", put), SHOW),
    *_each("record", (*_THINGS, link_out), lambda put: _run("record.json", put), SHOW),
    *_each("reported", _THINGS, lambda put: _run("predictions.npz", put), REPORT, 0),
    *_each("begun with", (*_THINGS, link_out), lambda put: _run("model.keras", put), BEGIN),
    *_each("verified", (pipe, device, link_out), lambda put: _run("record.json", put), VERIFY),
    *_each("listed", (*_THINGS, link_out), lambda put: _run("record.json", put), RUNS, 0),
    *_each("keras.json", _THINGS, lambda put: _file("keras.json", put), KERAS),
    *_each("cache", (pipe, device, folder, sparse, _half_cache), _cache, ("check", "--fast"), 0),
    _config("aliases", _ALIASES),
    _config("aliases, expanded", f"model:\n  layers: {{}}\n{_ALIASES}", "--expanded"),
    _config("a call", _CALL),
    _config("a call, expanded", _CALL, "--expanded"),
    _config("an integer of nothing", "model: !!int ''\n"),
    _config("a date that is none", "model: 2024-13-45\n"),
    _config("a number of 5,000 digits", f"seed: {'1' * 5_000}\n"),
    _config("bytes", "model: !!binary ====\n"),
    _config("a set", "model: !!set {a, b}\n"),
    _config("a list as key", "? [a]\n: b\n"),
    _config("a key twice", "model: {}\nmodel: {}\n"),
    _config("deep", "model: " + "[" * 50_000),
    _config("wide", "model: [" + "1," * 3_000_000 + "]"),
    _config("UTF-16", "model: {}".encode("utf-16")),
    _config("a NUL", b"model: \0\n"),
    _config("no model", "a: 1\n", "--expanded"),
    _config("a list as model", "model: [1]\n", "--expanded"),
    Item(name="record: newer", make=_run("record.json", text(_NEW)), command=SHOW),
    Item(name="record: newer, listed", make=_run("record.json", text(_NEW)), command=RUNS, code=0),
    Item(name="record: deep", make=_run("record.json", text("[" * 10**6)), command=SHOW),
    Item(name="record: marks", make=_run("record.json", text(_MARKS)), command=RUNS, code=0),
    Item(name="record: digits", make=_run("record.json", text("9" * 10**6)), command=SHOW),
    Item(name="keras.json: deep", make=_file("keras.json", text("[" * 10**5)), command=KERAS),
    Item(
        name="keras.json: digits",
        make=_file("keras.json", text('{"epsilon": 1' + "0" * 9_000 + "}")),
        command=KERAS,
    ),
    Item(
        name="keras.json: many keys",
        make=_file("keras.json", text(json.dumps({str(n): n for n in range(300_000)}))),
        command=KERAS,
    ),
    Item(name="word: too long", make=_no_run, command=("show", "x" * 300)),
    Item(name="override: too long", make=_no_run, command=("show", "a=" + "x" * 300)),
    Item(name="weights: bomb", make=_run("model.keras", bomb), command=(*SHOW, "--weights")),
    Item(name="weights: pipe", make=_run("model.keras", pipe), command=(*SHOW, "--weights")),
    Item(
        name="weights: link out", make=_run("model.keras", link_out), command=(*SHOW, "--weights")
    ),
    *_each("import", (pipe, device), lambda put: _file("m.json", put), ("import", "m.json")),
)
"""All items; each is tried in a process of its own."""


def lay_out(item: Item, place: Path) -> None:
    """Writes an item's files into a folder that is made anew."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    item.make(place)
