"""Damaged records: a sound run, and the ways in which its files are spoilt.

A trial spoils one file of a run, in bytes, in structure, or as a thing of the file system, and
looks at the run with everything that needs no engine. Its number is its seed. It has failed where
anything but a diagnostic comes of it, where it takes more than `LIMIT` seconds, or where a
character is printed that a terminal would obey.
"""

import contextlib
import io
import json
import os
import signal
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any

import numpy as np
import yaml

from kerasgen.cli import main
from kerasgen.diagnostics.source_map_data import to_plain
from kerasgen.foreign.regular_files import ForeignFileError
from kerasgen.record import file_names
from kerasgen.record import read as reading
from kerasgen.record.files import write_arrays, write_history, write_json
from kerasgen.record.provenance import identity
from kerasgen.record.tags import read_tags
from kerasgen.record.versions import SCHEMA
from kerasgen.session.composed_config import compose_config
from kerasgen.session.session import Session
from kerasgen.session.states import UNREAD

LIMIT = 10.0
"""Seconds that a trial may take."""

REPORTED = 5
"""Every so many trials a page is made of the run as well, which takes longer than all looks."""

OVERRIDES = ["backend=jax", "model=convnet", "optimizer.learning_rate=0.01"]

_DEEP = "[" * 5_000

HOSTILE: tuple[Any, ...] = (
    None, True, 0, -1, 2**63, 10**350, 1e308, float("nan"), float("inf"), "", " ", "\0", "\n\n",
    "\x1b[2J\x1b]0;title\x07", "\u202egnp.exe", "\ud800", "\ufeff", "../../../etc/passwd",
    "/dev/zero", "x" * 100_000, "${oc.env:HOME}", "${", "NaN", "2024-13-45", "999999999999",
    [], {}, [[]], {"": {"": ""}}, [None] * 1_000, {"class": "os.system"}, {"a\nb": "\x9b31m"},
    ["a", 1, None], {str(n): n for n in range(500)}, "running", "completed", [1e400], "-0", b"raw",
)  # fmt: skip
"""Values that stand where something else stood."""

_YAML_BITS = (
    "!!int ''", "!!float x", "!!bool '1'", "!!timestamp noon", "!!binary ====", "!!set {a, b}",
    "!!omap [a: 1]", "!!python/object/apply:os.system ['true']", "!!python/name:os.system",
    "2024-13-45", "2024-01-01", "0x", "0b2", "1" * 5_000, ".inf", "-.nan", "1:99:99", "<<",
    "*nowhere", "&a [*a]", "&a {a: *a}", "? [a] : b", "!", "!!", "!<", "|", ">", "%YAML 3.0",
    "'", '"', '"\\ud800"', '"\\x', "[", "{", "]", "}", ": :", "- -", "---", "...", "\t", "=", "~",
    "yes", "on", _DEEP, "{" * 300, "- " * 300, "!!str [a]", "!!map 3", "@", "`", "1_0", "1e5",
)  # fmt: skip

_BYTES = (
    b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\x1b[31m", "\u202e".encode(), b"\r", b"\x85",
    b"\xc0\x80", b"\xed\xa0\x80", b"\n---\n", b'"', b"'", b"\\", b"{" * 2_000, b"[" * 2_000,
    b"9" * 6_000,
)  # fmt: skip


THINGS = (
    "pipe", "folder", "device", "link out", "dangling", "circle", "sparse", "unreadable", "gone",
)  # fmt: skip
"""What stands in the place of a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a trial led to.

    Attributes:
        number: its seed.
        file: the spoilt file.
        kind: how it was spoilt.
        seconds: how long everything took.
        refused: how many of the looks ended in a diagnostic.
        failure: the traceback, or what was printed; empty for none.
    """

    number: int
    file: str
    kind: str
    seconds: float
    refused: int
    failure: str


class TooLongError(BaseException):
    """A trial that takes longer than it may; no `except Exception` holds it back."""


def make_run(folder: Path) -> None:
    """Writes a run as one leaves it, with every file that is read again."""
    folder.mkdir(parents=True)
    config = _config_text()
    record = {
        "schema": SCHEMA,
        "status": "completed",
        "name": "digits",
        "started": "2024-05-01T12:00:00.000+00:00",
        "finished": "2024-05-01T12:01:00.000+00:00",
        "seconds": 60.0,
        "kerasgen": "1.0",
        **identity(),
        "argv": ["kerasgen", "run", *OVERRIDES],
        "overrides": OVERRIDES,
        "choices": {"model": "convnet", "optimizer": "adam", "data": "digits"},
        "seed": 0,
        "backend": {"backend": "jax", "floatx": "float32"},
        "epochs": 3,
        "parameters": 12_345,
        "metrics": {"test": {"loss": 0.5, "accuracy": 0.9}, "validation": {"loss": "NaN"}},
        "trust": {"modules": ["mine"]},
        "files": [file_names.RECORD, file_names.CONFIG],
    }
    write_json(folder / file_names.RECORD, record)
    (folder / file_names.CONFIG).write_text(config, encoding="utf-8")
    write_json(folder / file_names.SOURCE_MAP, to_plain(_session().resolved.findings.source_map))
    (folder / file_names.OVERRIDES).write_text(yaml.safe_dump(OVERRIDES), encoding="utf-8")
    write_json(folder / file_names.KERAS, {"backend": "jax", "floatx": "float32"})
    write_json(folder / file_names.DIAGNOSTICS, [{"code": "KG764", "message": "not scaled"}])
    write_json(folder / file_names.DATA, {"rows": 1797, "columns": {"image": [8, 8, 1]}})
    write_json(folder / file_names.METRICS, record["metrics"])
    write_json(folder / file_names.TAGS, ["paper", "v1.2"])
    write_history(folder / file_names.HISTORY, [{"epoch": n, "loss": 1 / n} for n in range(1, 4)])
    write_arrays(
        folder / file_names.PREDICTIONS, {"scores": np.eye(3), "labels": np.array(["a", "b"])}
    )


@cache
def _session() -> Session:
    return Session(compose_config(OVERRIDES), UNREAD)


@cache
def _config_text() -> str:
    return yaml.safe_dump(dict(_session().resolved.config), sort_keys=False)


READERS: dict[str, Callable[[Path], object]] = {
    file_names.RECORD: reading.read_record,
    file_names.CONFIG: reading.read_config,
    file_names.OVERRIDES: reading.read_overrides,
    file_names.SOURCE_MAP: reading.read_source_map,
    file_names.HISTORY: reading.read_history,
    file_names.PREDICTIONS: reading.prediction_names,
    file_names.KERAS: lambda folder: reading.read_facts(folder, file_names.KERAS),
    file_names.DIAGNOSTICS: lambda folder: reading.read_facts(folder, file_names.DIAGNOSTICS),
    file_names.DATA: lambda folder: reading.read_facts(folder, file_names.DATA),
    file_names.METRICS: lambda folder: reading.read_facts(folder, file_names.METRICS),
    file_names.TAGS: read_tags,
}

_FILES = (*READERS, *(file_names.RECORD, file_names.CONFIG) * 4)
"""What a trial spoils: those two files are read by most commands."""


def looks(root: Path, run: Path) -> tuple[tuple[str, ...], ...]:
    """The command lines that look at a run without an engine."""
    listing = ("runs", "--outputs", str(root))
    return (
        listing,
        (*listing, "--json"),
        (*listing, "tag=paper"),
        (*listing, "optimizer.class=Adam", "--sort", "-test_accuracy"),
        ("show", str(run)),
        ("show", str(run), "--expanded"),
    )


def run_trial(number: int, sound: Path, folder: Path) -> Finding:
    """Spoils one file of a run, and looks at it.

    Args:
        number: the seed.
        sound: a sound run.
        folder: an empty folder for the spoilt one.
    """
    random = Random(f"record {number}")
    root = folder / "outputs"
    run = root / "run"
    run.mkdir(parents=True)
    for path in sound.iterdir():
        (run / path.name).write_bytes(path.read_bytes())
    file = random.choice(_FILES)
    kind = spoil(random, run / file)
    failure, refused, seconds = "", 0, 0.0
    actions: list[Callable[[], bool]] = [
        lambda arguments=arguments: command(arguments) == 2 for arguments in looks(root, run)
    ]
    actions.append(lambda: command(("compare", str(run), str(sound))) == 2)
    if number % REPORTED == 0:
        page = ("report", str(run), "-o", str(folder / "page.html"), "--data", "never")
        actions.append(lambda: command(page) == 2)
    actions.append(lambda: _refuses(READERS[file], run))
    for action in actions:
        begun = os.times().elapsed
        try:
            with limited():
                refused += action()
        except (Exception, TooLongError):
            failure = failure or traceback.format_exc()
        seconds = max(seconds, os.times().elapsed - begun)
    return Finding(
        number=number, file=file, kind=kind, seconds=seconds, refused=refused, failure=failure
    )


def command(arguments: Sequence[str]) -> int:
    """Runs a command in this process, as strictly as a terminal would take its output.

    Raises:
        AssertionError: it prints what a terminal would obey.
        UnicodeEncodeError: it prints what is no text.
    """
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", errors="strict") for _ in range(2))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(list(arguments))
        except SystemExit as left:
            code = left.code if isinstance(left.code, int) else 1
    for stream in (out, err):
        stream.flush()
        text = stream.buffer.getvalue().decode()  # type: ignore[attr-defined]
        odd = {c for c in text if not c.isprintable() and c not in "\n\t"}
        assert not odd, f"{arguments[:1]} prints {odd!r}"
    assert code in (0, 2), f"{arguments[:1]} ends with {code}"
    return code


@contextlib.contextmanager
def limited() -> Iterator[None]:
    """Ends the block with `TooLongError` after `LIMIT` seconds."""
    handler = signal.signal(signal.SIGALRM, _stop)
    signal.setitimer(signal.ITIMER_REAL, LIMIT)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)


def _stop(signum: int, frame: FrameType | None) -> None:
    del signum, frame
    raise TooLongError(f"more than {LIMIT:.0f} seconds")


def _refuses(reader: Callable[[Path], object], run: Path) -> bool:
    try:
        reader(run)
    except ForeignFileError:
        return True
    return False


def spoil(random: Random, path: Path) -> str:
    """Spoils a file, and tells how."""
    chance = random.random()
    if chance < 0.1:
        return _replace_thing(random, path)
    structured = path.suffix in (".json", ".yaml")
    if structured and chance < 0.6:
        kind, content = _restructured(random, path)
    else:
        kind, content = _scrambled(random, path.read_bytes())
    path.write_bytes(content)
    return kind


def _replace_thing(random: Random, path: Path) -> str:
    path.unlink()
    kind = random.choice(THINGS)
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind in ("device", "link out", "dangling", "circle"):
        aims = {"device": "/dev/zero", "link out": "/etc/passwd", "dangling": "nothing"}
        path.symlink_to(aims.get(kind, path.name))
    elif kind == "sparse":
        with path.open("wb") as file:
            file.truncate(random.choice((2**20, 2**24 + 1, 2**40)))
    elif kind == "unreadable":
        path.touch(0)
    return kind


def _scrambled(random: Random, content: bytes) -> tuple[str, bytes]:
    kind = random.choice(("bits", "cut", "bytes", "gone", "twice", "noise", "encoded", "empty"))
    size = max(len(content), 1)
    at = random.randrange(size)
    span = random.randrange(1, min(size, 200) + 1)
    if kind == "bits":
        flipped = bytearray(content)
        for _ in range(random.choice((1, 1, 2, 8, 64))):
            flipped[random.randrange(size)] ^= 1 << random.randrange(8)
        return kind, bytes(flipped)
    made = {
        "cut": content[:at],
        "bytes": content[:at] + random.choice(_BYTES) + content[at:],
        "gone": content[:at] + content[at + span :],
        "twice": content[:at] + content[at : at + span] * random.choice((2, 50)) + content[at:],
        "noise": random.randbytes(random.randrange(1, 3_000)),
        "encoded": content.decode("utf-8", "replace").encode(
            random.choice(("utf-16", "utf-32", "utf-16-le", "utf-8-sig", "utf-7"))
        ),
        "empty": b"",
    }
    return kind, made[kind]


def _restructured(random: Random, path: Path) -> tuple[str, bytes]:
    """A file of data with another value, key or tag somewhere."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".yaml" and random.random() < 0.5:
        lines = text.split("\n")
        at = random.randrange(len(lines))
        head, colon, _ = lines[at].partition(": ")
        bit = random.choice(_YAML_BITS)
        lines[at] = f"{head}{colon}{bit}" if colon and random.random() < 0.8 else bit
        return "tag or mark", "\n".join(lines).encode("utf-8", "surrogatepass")
    data = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    for _ in range(random.choice((1, 1, 1, 3))):
        data = _replaced(random, data)
    if path.suffix == ".json":
        made = json.dumps(data, default=repr, ensure_ascii=random.random() < 0.5)
        if random.random() < 0.1 and made.startswith("{"):
            return "key twice", ('{"status": 1, ' + made[1:]).encode("utf-8", "surrogatepass")
        return "value", made.encode("utf-8", "surrogatepass")
    made = yaml.dump(data, sort_keys=False, allow_unicode=random.random() < 0.5)
    return "value", made.encode("utf-8", "surrogatepass")


def _replaced(random: Random, data: Any) -> Any:
    """The data with one place of it replaced, renamed or taken away."""
    if isinstance(data, dict) and data and random.random() < 0.9:
        key = random.choice(list(data))
        way = random.random()
        if way < 0.1:
            return {name: value for name, value in data.items() if name != key}
        if way < 0.2:
            odd = random.choice(("", "\x1b[31m", "a.b", "\u202e", "x" * 5_000, "class", "None"))
            return {(odd if name == key else name): value for name, value in data.items()}
        return data | {key: _replaced(random, data[key])}
    if isinstance(data, list) and data and random.random() < 0.7:
        at = random.randrange(len(data))
        return [*data[:at], _replaced(random, data[at]), *data[at + 1 :]]
    return random.choice(HOSTILE)


def table(findings: Sequence[Finding]) -> str:
    """Counts by file: trials, looks that were refused, failures, and the slowest look."""
    groups: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        groups[finding.file].append(finding)
    rows = [f"{'file':<20}{'trials':>8}{'refused':>9}{'failed':>8}{'slowest':>9}"]
    for name, found in sorted(groups.items()):
        counts = Counter(bool(finding.failure) for finding in found)
        refused = sum(finding.refused > 0 for finding in found)
        slowest = max(finding.seconds for finding in found)
        rows.append(f"{name:<20}{len(found):>8}{refused:>9}{counts[True]:>8}{slowest:>8.2f}s")
    return "\n".join(rows)
