"""Hostile files, each in a process of its own: nothing runs, hangs, fills the memory or connects.

`pytest -m slow -n 0 -s tests/test_hostile_records.py` tries all of them and prints a table.
"""

import os
import resource
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest
from hostile_records import CANARY, ITEMS, Item, lay_out

SECONDS = 10.0
"""CPU seconds that an item may take; those that start an engine may take `ENGINE` more."""

ENGINE = 20.0
"""CPU seconds that an item with an engine may take beyond that."""

PATIENCE = 120.0
"""Seconds after which an item hangs, on however busy a machine."""

MEMORY = 500 * 2**20
"""Bytes of memory that an item without an engine may take."""

_WATCHED = """
import os, sys
def watch(event, arguments):
    if event in ("socket.connect", "os.system", "os.exec", "os.posix_spawn"):
        os.write(2, f"WATCHED {event}".encode())
        os._exit(99)
sys.addaudithook(watch)
from kerasgen.cli import main
code = main(sys.argv[1:])
sys.stdout.flush()
sys.exit(code)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an item led to."""

    code: int
    seconds: float
    memory: int
    text: str


def _try(item: Item, place: Path) -> Outcome:
    lay_out(item, place)
    environment = os.environ | {"KERAS_BACKEND": "jax"}
    if (place / "cache").exists():
        environment["KERASGEN_CACHE"] = str(place / "cache")
    with (place.parent / "said").open("wb") as said:
        child = subprocess.Popen(
            [sys.executable, "-c", _WATCHED, *item.command],
            cwd=place,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (60, 60)),
        )
        late = threading.Timer(PATIENCE, child.kill)
        late.start()
        _, status, used = os.wait4(child.pid, 0)
        late.cancel()
        child.returncode = code = os.waitstatus_to_exitcode(status)
    usage = used.ru_maxrss * 1024
    text = (place.parent / "said").read_bytes().decode("utf-8")
    seconds = used.ru_utime + used.ru_stime
    return Outcome(code=code, seconds=seconds, memory=usage, text=text)


def _starts_engine(item: Item) -> bool:
    # Without a catalog in the cache, a child makes one.
    made = item.name.startswith("cache:")
    verb, *words = item.command
    looked = verb in ("import", "report", "verify") or "--weights" in words
    return made or looked or (verb == "check" and "--fast" not in words)


def _faults(item: Item, place: Path, outcome: Outcome) -> list[str]:
    engine = _starts_engine(item)
    odd = {c for c in outcome.text if not c.isprintable() and c not in "\n\t"}
    found = {
        f"exit code {outcome.code}": outcome.code != item.code,
        "a traceback": "Traceback" in outcome.text,
        "something was watched": "WATCHED" in outcome.text,
        "the canary appeared": any(place.rglob(CANARY)),
        f"{outcome.seconds:.1f} s": outcome.seconds > SECONDS + ENGINE * engine,
        f"prints {odd!r}": bool(odd),
        "no diagnostic": item.code == 2 and "error[KG" not in outcome.text,
    }
    return [name for name, is_so in found.items() if is_so]


@pytest.mark.slow
def test_no_hostile_file_runs_hangs_or_fills_the_memory(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    subprocess.run([sys.executable, "-m", "kerasgen", "check", "--fast"], check=True)  # the cache
    faults, rows = [], []
    for item in ITEMS:
        outcome = _try(item, tmp_path / "place")
        wrong = _faults(item, tmp_path / "place", outcome)
        rows.append(f"{item.name:<32}{outcome.code:>5}{outcome.seconds:>7.2f}s  {wrong or ''}")
        faults += [f"{item.name}: {', '.join(wrong)}\n{outcome.text[-1500:]}"] if wrong else []
        if not _starts_engine(item):
            assert outcome.memory < MEMORY, item.name
    with capsys.disabled():
        print("\n" + "\n".join(rows) + f"\n{len(rows)} items, {len(faults)} faults")
    assert faults == []


@pytest.mark.parametrize("name", ["config: pipe", "config: aliases", "record: marks"])
def test_a_few_hostile_files_are_refused_in_a_process(name: str, tmp_path: Path) -> None:
    item = next(item for item in ITEMS if item.name == name)
    assert _faults(item, tmp_path / "place", _try(item, tmp_path / "place")) == []


def test_there_are_many_and_none_twice() -> None:
    names = [item.name for item in ITEMS]
    assert len(names) == len(set(names)) >= 60
