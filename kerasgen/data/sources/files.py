"""Files of a data source: found, or reported with what stands beside them.

This room owns how a path in a config is understood, and the progress of long reads. Relative
paths start from the working directory; `~` is the home folder.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kerasgen.data.large_arrays import ArraySpace
from kerasgen.data.table import argument_key
from kerasgen.diagnostics import Sink, closest
from kerasgen.foreign.regular_files import NOT_ORDINARY, TOO_MUCH, is_folder, is_regular
from kerasgen.passes.cost import human_bytes
from kerasgen.process.machine_memory import device_memory

PATIENCE = 3.0
"""Seconds of work after which, and between which, progress is shown."""


def find_file(
    path: str,
    argument: str,
    sink: Sink,
    *,
    suffixes: tuple[str, ...] = (),
    held: bool = True,
) -> Path:
    """The file that an argument names.

    Args:
        path: the path as written.
        argument: name of the source's argument.
        sink: gets the mistake.
        suffixes: how its name may end; empty for any.
        held: whether it is held in memory as a whole.

    Raises:
        CompileError: KG501 if it is not there, KG502 if it is a folder or of another kind, KG503 if
            it is empty, KG901 if it is larger than the memory.
    """
    found = find_path(path, argument, sink)
    if found.is_dir():
        raise sink.fail(
            "KG502", f"`{path}` is a folder, expected a file", key=argument_key(argument)
        )
    if suffixes and not found.name.lower().endswith(suffixes):
        endings = " or ".join(f"`{suffix}`" for suffix in suffixes)
        raise sink.fail("KG502", f"`{path}` does not end in {endings}", key=argument_key(argument))
    with readable(path, argument, sink):
        size = found.stat().st_size
    if size == 0:
        raise sink.fail("KG503", f"`{path}` is empty", key=argument_key(argument))
    if held:
        check_memory(size, f"`{path}`", argument, sink)
    return found


def check_size(size: tuple[int, ...] | None, sink: Sink) -> None:
    """Reports the size to which a source brings its images where it is none: KG204."""
    if size is not None and (len(size) != 2 or min(size) < 1):
        message = f"`size` is {list(size)}, expected height and width"
        sink.report("KG204", message, key=argument_key("size"))


def check_encoding(encoding: str, sink: Sink) -> None:
    """Reports the encoding of a source that is none: KG204."""
    try:
        "a".encode(encoding)
    except (LookupError, ValueError):
        sink.report(
            "KG204",
            f"there is no encoding `{encoding}`",
            key=argument_key("encoding"),
            help="Python's names are meant, as `utf-8`, `latin-1` or `cp1252`",
        )


def check_memory(size: int, what: str, argument: str, sink: Sink) -> None:
    """Refuses data that cannot be held in memory, before any of it is read.

    Args:
        size: bytes that it takes.
        what: what takes them, as a message says it.
        argument: name of the source's argument.
        sink: gets the mistake.

    Raises:
        CompileError: KG901, the machine has less memory.
    """
    memory = device_memory(None)
    if memory is not None and size > memory.size:
        raise sink.fail(
            "KG901",
            f"{what} takes {human_bytes(size)} of memory, "
            f"{memory.owner} has {human_bytes(memory.size)}",
            key=argument_key(argument),
            help="take a part of the data: a source is held in memory as a whole",
        )


def check_room(size: int, space: ArraySpace, what: str, argument: str, sink: Sink) -> None:
    """Refuses an array that the memory does not hold, nor the disk if it is to lie in a file.

    Args:
        size: bytes that it takes.
        space: where it is to lie.
        what: what takes them, as a message says it.
        argument: name of the source's argument.
        sink: gets the mistake.

    Raises:
        CompileError: KG901, there is less room.
    """
    free = space.free_bytes() if space.mapped else None
    if free is None:
        check_memory(size, what, argument, sink)
    elif size > free:
        raise sink.fail(
            "KG901",
            f"{what} takes {human_bytes(size)}, `{space.place}` has {human_bytes(free)} free",
            key=argument_key(argument),
            help="take a part of the data, make room there, or name another folder as "
            "`KERASGEN_CACHE`",
        )


FREE_BYTES = 2**30
"""Bytes that any file may become in memory."""

MOST_EXPANSION = 100
"""How many times its size a file may become beyond that; pictures of one colour do not."""


def check_expansion(size: int, written: int, file: Path, sink: Sink, what: str = "") -> None:
    """Refuses a file that is small and becomes very much, as nobody's data does.

    Args:
        size: bytes in memory.
        written: bytes in the file.
        file: the file.
        sink: gets the mistake.
        what: what takes so much; the whole of it by default.

    Raises:
        CompileError: KG614, it becomes more than `FREE_BYTES` and `MOST_EXPANSION` times its size.
    """
    most = FREE_BYTES + MOST_EXPANSION * written
    if size > most:
        raise sink.fail(
            TOO_MUCH,
            f"{what or f'`{file}`'} becomes {human_bytes(size)} in memory from "
            f"{human_bytes(written)}, expected at most {human_bytes(most)}",
            key=argument_key("path"),
        )


def find_path(path: str, argument: str, sink: Sink) -> Path:
    """The file or folder that an argument names.

    Raises:
        CompileError: KG501 if it is not there, KG612 if it is a pipe, a device or a socket.
    """
    found = Path(path)
    if any("\ud800" <= sign <= "\udfff" for sign in path):
        written = path.encode("utf-8", "backslashreplace").decode()
        raise sink.fail(
            "KG501",
            f"the name `{written}` is no UTF-8 text, and no config can hold it",
            key=argument_key(argument),
            help="give the file another name, or name a link to it: `ln -s FILE NAME`",
        )
    try:
        found = found.expanduser()
        there = found.exists()
    except (OSError, RuntimeError, ValueError):
        there = False
    if not there or not path:
        raise sink.fail(
            "KG501",
            f"there is no file or folder `{path}`",
            key=argument_key(argument),
            help=_nearby(found),
        )
    if not (is_regular(found) or is_folder(found)):
        raise sink.fail(
            NOT_ORDINARY,
            f"`{path}` is a pipe, a device or a socket, expected a file or a folder",
            key=argument_key(argument),
        )
    return found


@contextmanager
def readable(path: str | Path, argument: str, sink: Sink) -> Iterator[None]:
    """Turns an `OSError` raised inside into KG501 for `path`.

    Raises:
        CompileError: KG501, there was an `OSError`.
    """
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise sink.fail(
            "KG501", f"`{path}` cannot be read: {reason}", key=argument_key(argument)
        ) from error


class Progress:
    """A line on standard error about a long read, rewritten in a terminal.

    Args:
        what: what is read, as in `images`.
        total: how many there are.
    """

    def __init__(self, what: str, total: int) -> None:
        self._what = what
        self._total = total
        self._done = 0
        self._shown = time.monotonic()
        self._open = False

    def advance(self, count: int) -> None:
        """Says that so many more are done."""
        self._done += count
        if time.monotonic() - self._shown >= PATIENCE and self._done < self._total:
            self._show()

    def close(self) -> None:
        """Ends the line if one was begun."""
        if self._open:
            self._show()
            if sys.stderr.isatty():
                sys.stderr.write("\n")

    def _show(self) -> None:
        text = f"read {self._done:,} of {self._total:,} {self._what}"
        sys.stderr.write(f"\r{text}" if sys.stderr.isatty() else f"{text}\n")
        sys.stderr.flush()
        self._shown, self._open = time.monotonic(), True


def _nearby(missing: Path) -> str:
    """A help text for a path that is not there: the nearest name beside it, or where to look."""
    place = missing
    try:
        while not place.exists() and place != place.parent:
            child, place = place.name, place.parent
            if place.is_dir():
                near = closest(child, sorted(entry.name for entry in place.iterdir()))
                if near is not None:
                    return f"did you mean `{place / near}`?"
                break
    except (OSError, ValueError):
        pass
    return f"relative paths start from the working directory `{Path.cwd()}`"
