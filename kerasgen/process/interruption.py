"""Signals that end a process: held back where they would do harm, then delivered, never lost.

This room owns the handlers of SIGINT (Ctrl-C), SIGTERM and SIGHUP, and the end of a process that
got one. It must not know what a process does. It is the first thing that an entry point imports,
so it imports next to nothing; `import kerasgen` sets no handler.

Decisions:
- A signal becomes the exception `Stopped` in the main thread, not a flag: training has no place
  of ours where a flag could be asked in time.
- It is held back while a module is imported. TensorFlow, JAX, PyTorch and much that they import
  swallow an exception there, turn it into another, or crash.
- An exception that is raised anywhere may be swallowed (in `__del__`, in a callback from C++).
  So a thread repeats the request until somebody answers it, and who answers asks `requested`,
  whatever exception has reached him.
- The second signal ends the process at once, also where the main thread computes in C++ and will
  not hear of it for minutes: the thread does what `at_once` was given, and leaves.
- Before the work begins and after it has ended there is nothing to take back: there a signal ends
  the process where it stands, without an exception that could become a traceback.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` would import `enum` first: 4 ms in which Ctrl-C is a traceback
import _thread
import os
import sys
import time
from collections.abc import Callable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sys import UnraisableHookArgs
    from types import FrameType
    from typing import NoReturn

_NAMES = {
    getattr(_signal, name): name
    for name in ("SIGINT", "SIGTERM", "SIGHUP")
    if hasattr(_signal, name)
}

_PAUSE = 0.03
"""Seconds between two deliveries of a request that nobody has answered."""

_PATIENCE = 10.0
"""Seconds that a process is given to end by itself once it was asked to."""

BEAT = 5.0
"""Seconds between two signs of life of a process that has a parent."""

_STARTING, _WORKING, _ENDING = range(3)

_ROOT = "kerasgen.process.entry"
"""The module that calls the work; what called that is not looked at."""

_FRAGILE = frozenset({"contextlib", "weakref", "_weakrefset"})
"""Modules whose own code must not be left by an exception: what they have just made would leak."""

_LASTING = "tempfile"
"""The module that must not be left in what it calls either: it takes away what it has made."""


class Stopped(KeyboardInterrupt):
    """This process was asked to end.

    Attributes:
        number: the signal.
    """

    def __init__(self, number: int = _signal.SIGINT) -> None:
        self.number = number
        super().__init__(f"signal {number}")


class _Process:
    """What is known of this process; signals are a process's own, so there is one.

    Attributes:
        pid: its id, 0 as long as no handler is set.
        stage: starting, working or ending.
        number: the signal that asked it to end, 0 for none.
        cause: what the record and the last line say of it.
        held: how many blocks hold signals back.
        told: whether the last line was printed.
        terminal: the descriptor of stderr, also while libraries have another one.
        closers: what must be done even if the process ends at once.
        ending: locked by the thread that ends the process.
    """

    __slots__ = (
        "cause", "closers", "ending", "held", "number", "pid", "stage", "terminal", "told"
    )  # fmt: skip

    def __init__(self) -> None:
        self.pid = self.number = self.held = 0
        self.stage = _STARTING
        self.cause = ""
        self.told = False
        self.terminal = 2
        self.closers: list[Callable[[], None]] = []
        self.ending = _thread.allocate_lock()


_process = _Process()


def watch(*, job: bool = False) -> None:
    """Sets the handlers; the first thing that an entry point does.

    Args:
        job: whether another kerasgen started this process, with the signals blocked until now and
            perhaps ignored, as below `nohup`; it hears them all.
    """
    _process.pid = os.getpid()
    for number in _NAMES:
        # What is ignored (`nohup`, a shell's background) stays so.
        if job or _signal.getsignal(number) is not _signal.SIG_IGN:
            _signal.signal(number, _handle)
    if job and hasattr(_signal, "pthread_sigmask"):
        _signal.pthread_sigmask(_signal.SIG_UNBLOCK, _NAMES)
    sys.unraisablehook = _unraisable
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_forget)


def keep_watch() -> None:
    """Starts the thread that repeats a request, and keeps a way to stderr for the last line.

    It takes descriptors, so that the standard streams must be there before.
    """
    try:
        _process.terminal = os.dup(2)  # Libraries are given another one at times.
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        _thread.start_new_thread(_repeat, (reader,))
        _signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    except (OSError, RuntimeError):
        pass  # No descriptor or thread is left: the signal is delivered once.


def follow_parent(lifeline: int, beat: Callable[[], str | None]) -> None:
    """Ends this process when its parent has ended, however that came about.

    Args:
        lifeline: the reading end of a pipe whose other end the parent alone has.
        beat: is called every few seconds, in a thread; says why the process is to end, None to
            go on.
    """
    os.set_inheritable(lifeline, False)
    _process.told = True  # The parent says the last line for all of them.
    _thread.start_new_thread(_follow, (lifeline, beat))


def begin_work() -> None:
    """From here on a signal raises `Stopped` in the main thread."""
    _process.stage = _WORKING


def end_work() -> None:
    """From here on nothing is raised any more: the first signal ends the process."""
    _process.stage = _ENDING


def requested() -> bool:
    """Whether this process was asked to end."""
    return _process.number != 0


def stop() -> NoReturn:
    """Ends what goes on, as the signal that came asked for.

    Raises:
        Stopped: always.
    """
    raise Stopped(_process.number or _signal.SIGINT)


def reason(error: BaseException | None = None) -> str:
    """Why the process ends, as its record and its last line say it.

    Args:
        error: what has reached the one who asks; counts where no handler is set.
    """
    number = _process.number or getattr(error, "number", _signal.SIGINT)
    if _process.cause:
        return _process.cause
    return "interrupted" if number == _signal.SIGINT else f"interrupted by {_NAMES[number]}"


def exit_code(error: BaseException | None = None) -> int:
    """What a shell expects of a process that a signal has ended: 128 and its number."""
    return 128 + (_process.number or getattr(error, "number", _signal.SIGINT))


def tell(error: BaseException | None = None) -> None:
    """Prints the last line, once."""
    if _process.told:
        return
    _process.told = True
    # Where somebody watches, `^C` stands on the line.
    line = f"{reason(error)}\n"
    descriptor = _process.terminal
    try:
        if not _process.pid:
            print(line, end="", file=sys.stderr, flush=True)
            _process.told = False
            return
        os.write(descriptor, (f"\n{line}" if os.isatty(descriptor) else line).encode())
    except (OSError, ValueError):
        pass  # Nobody is left to read it.


class held:  # noqa: N801  # a context, named as the statement reads
    """Holds signals back inside; one that came is delivered at the end."""

    __slots__ = ()

    def __enter__(self) -> None:
        _process.held += 1

    def __exit__(self, *raised: object) -> None:
        _process.held -= 1
        if raised[0] is None:
            deliver()


class at_once:  # noqa: N801  # a context, named as the statement reads
    """Names what must be done inside even if the process has to end at once.

    Args:
        close: does it, perhaps from another thread; what it raises is lost.
    """

    __slots__ = ("_close",)

    def __init__(self, close: Callable[[], None]) -> None:
        self._close = close

    def __enter__(self) -> None:
        _process.closers.append(self._close)

    def __exit__(self, *raised: object) -> None:
        _process.closers.remove(self._close)


def finally_do(close: Callable[[], None]) -> None:
    """Names what must be done when the process ends at once, for the rest of its life."""
    _process.closers.insert(0, close)


def deliver() -> None:
    """Raises `Stopped` if a signal has come that nobody has answered yet.

    Raises:
        Stopped: one has.
    """
    waits = _process.number and _process.stage == _WORKING and not _process.held
    if waits and not _unwinding():
        raise Stopped(_process.number)


def _handle(number: int, frame: FrameType | None) -> None:
    first = not _process.number
    _process.number = _process.number or number
    if _process.stage != _WORKING:
        if first:
            end_now()
        return
    if _process.held or _unwinding() or _harmful(frame):
        return  # It comes again.
    raise Stopped(_process.number)


def _unwinding() -> bool:
    """Whether the exception is on its way already: cleaning up must not be disturbed."""
    error = sys.exc_info()[1]
    for _ in range(100):
        if error is None:
            return False
        if isinstance(error, Stopped):
            return True
        error = error.__cause__ or error.__context__
    return False


def _harmful(frame: FrameType | None) -> bool:
    """Whether an exception that is raised here would be lost, or would break something."""
    if frame is not None and frame.f_globals.get("__name__") in _FRAGILE:
        return True
    while frame is not None and frame.f_globals.get("__name__") != _ROOT:
        code = frame.f_code
        if code.co_name == "__del__" or code.co_filename.startswith("<frozen importlib"):
            return True
        if frame.f_globals.get("__name__") == _LASTING:
            return True
        frame = frame.f_back
    return False


def _repeat(reader: int) -> None:
    """The watching thread: repeats a request, and ends the process at the second signal.

    Python writes each signal's number into a pipe the moment it comes, also if the main thread
    cannot hear it yet.
    """
    number = repeated = came = pauses = 0
    while True:
        if came:
            time.sleep(_PAUSE)
        try:
            told = os.read(reader, 512)
        except BlockingIOError:
            told = b""
        except OSError:
            return
        for byte in filter(_NAMES.__contains__, told):
            number = byte
            if repeated:
                repeated -= 1  # What this thread itself has sent comes back.
            else:
                came += 1
        if came and _process.pid != os.getpid():
            return
        if came > 1:
            _process.number = _process.number or number
            end_now()
        pauses += came and _process.stage == _ENDING
        if pauses * _PAUSE > _PATIENCE:
            end_now()  # What a half-started library does at the exit may wait for ever.
        if came and not told and _process.stage == _WORKING:
            repeated += 1
            _thread.interrupt_main(number)  # type: ignore[arg-type]
        if came:
            os.set_blocking(reader, False)


def _follow(lifeline: int, beat: Callable[[], str | None]) -> None:
    """The thread that waits for the parent's end: nothing is ever written into the pipe."""
    import select  # Not for those who only want handlers.

    waiting = select.poll()
    waiting.register(lifeline, select.POLLIN)
    try:
        while not waiting.poll(BEAT * 1000):
            if (cause := beat()) is not None:
                break
        else:
            cause = "the sweep that it belongs to was killed"
    except OSError:
        return
    _process.cause = cause
    os.kill(os.getpid(), _signal.SIGTERM)
    time.sleep(_PATIENCE)
    end_now()


def clean_up() -> None:
    """Does what must be done before a process ends that nothing else is told of its end."""
    for close in reversed(_process.closers):
        try:
            close()
        except BaseException:  # the others must be done all the same
            continue


def end_now() -> NoReturn:
    """Does what must be done, says why the process ends, and ends it."""
    if not _process.ending.acquire(blocking=False):
        while True:  # Another thread is at it.
            time.sleep(1)
    clean_up()
    tell()
    os._exit(exit_code())


def _unraisable(lost: UnraisableHookArgs) -> None:
    """What Python shows of an exception that it has to swallow; ours comes again."""
    if not issubclass(lost.exc_type, KeyboardInterrupt):
        sys.__unraisablehook__(lost)


def _forget() -> None:
    """A fork that is not a program of its own, as `multiprocessing` makes it, is ended as usual."""
    if not _process.pid:
        return
    _process.pid = 0
    _process.closers.clear()
    _signal.set_wakeup_fd(-1)
    for number in _NAMES:
        if _signal.getsignal(number) is _handle:
            default = _signal.default_int_handler if number == _signal.SIGINT else _signal.SIG_DFL
            _signal.signal(number, default)
