"""A process of kerasgen from its first line to its exit code.

This room owns what every entry point shares: handlers of signals before anything else is
imported, streams that can be relied on, one answer to whatever ends the work, and an end that
cannot be disturbed. It must not know what the work is.

Decisions:
- All that the user could not have meant to see as a traceback is a line and an exit code here: an
  interruption, output that stdout cannot take, a file that cannot be written, no memory left, a
  working directory that is gone. What is left over is a bug of ours, and shows its traceback.
- Whatever exception reaches this place after a signal, the signal is its cause.
- A process ends by `os._exit` after all that waits for its exit was called. What Python would do
  then, taking modules apart one by one, can be disturbed by a signal, and helps nobody.
"""

from __future__ import annotations

import atexit
import errno
import os
import sys
from collections.abc import Callable

from kerasgen.process import garbage, interruption, streams
from kerasgen.process.exit_codes import DONE, FAILED, PIPE_CLOSED, REFUSED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import NoReturn


def begin(work: Callable[[], int], *, job: bool = False) -> NoReturn:
    """Makes this process one of kerasgen's, does its work, and ends it.

    Args:
        work: imports what it needs, calls `guarded`, and gives the exit code.
        job: whether another kerasgen started this process.

    Raises:
        SystemExit: always; what was registered for the exit is called on its way.
    """
    try:
        interruption.watch(job=job)
    except KeyboardInterrupt:  # from Python's own handler
        interruption.end_now()
    streams.set_up()
    sys.excepthook = _print_bug
    interruption.keep_watch()
    garbage.relax()
    codes: list[int] = []
    # What is registered first is called last.
    atexit.register(_leave, codes)
    asked = False
    try:
        code = work()
    except SystemExit as error:  # help, the version, wrong usage
        asked, code = True, _code_of(error)
    interruption.end_work()
    known, code = code, _with_lost_output(code)
    if asked and code == known:
        sys.exit(code)
    if "keras" not in sys.modules:
        # No engine runs, and nothing waits for the exit but what Python itself would do.
        if (logging := sys.modules.get("logging")) is not None:
            logging.shutdown()
        interruption.clean_up()
        os._exit(code)
    codes.append(code)
    sys.exit(code)


def guarded(execute: Callable[[], int]) -> int:
    """Does the work of a command or a run, and answers whatever ends it.

    Args:
        execute: does it, and gives the exit code.

    Returns:
        The exit code: that of `execute`, or the one of the way in which it ended.

    Raises:
        Exception: a bug of ours, as it came.
    """
    streams.make_lenient()
    try:
        interruption.begin_work()
        try:
            code = _executed(execute)
        except Exception as error:
            if interruption.requested():
                raise interruption.Stopped from None
            code = _answered(error)
        except (SystemExit, GeneratorExit) as error:
            code = _answered(error)
        interruption.end_work()
    except KeyboardInterrupt as error:
        interruption.end_work()
        interruption.tell(error)
        return interruption.exit_code(error)
    return code


def reason_of(error: OSError) -> str:
    """What the system says of an error, in lower case."""
    return (error.strerror or str(error) or type(error).__name__).lower()


def home_is_gone() -> bool:
    """Whether the working directory was deleted."""
    try:
        os.getcwd()
    except OSError:
        return True
    return False


def _executed(execute: Callable[[], int]) -> int:
    if home_is_gone():
        report("KG805", "the working directory is not there any more: it was deleted or moved")
        return REFUSED
    code = execute()
    interruption.deliver()
    if (lost := streams.lost_output()) is not None:
        raise lost
    return code


def _answered(error: BaseException) -> int:
    """Says what has ended the work, and gives the exit code; a bug of ours is raised again."""
    from kerasgen.diagnostics import CompileError
    from kerasgen.diagnostics.render import closing_text, render_text

    if isinstance(error, CompileError):
        print(render_text(error.diagnostics), file=sys.stderr)
        print(f"\n{closing_text(error.diagnostics)}", file=sys.stderr)
        return REFUSED
    if (lost := lost_in(error)) is not None:
        return _without_output(lost)
    if isinstance(error, OSError) and error.errno is not None:
        if home_is_gone():
            report("KG805", "the working directory was deleted or moved during the work")
        else:
            name = f"`{os.fsdecode(error.filename)}`" if error.filename else "a file"
            report("KG803", f"{name} cannot be read or written: {reason_of(error)}")
    elif isinstance(error, MemoryError):
        report("KG901", "no memory is left")
    elif isinstance(error, RecursionError):
        report("KG902", "this is nested too deeply")
        return REFUSED
    elif isinstance(error, SystemExit | GeneratorExit):
        report("KG806", f"code that is not kerasgen's wanted to end the process: {ending(error)}")
    else:
        raise error
    return FAILED


def ending(error: BaseException) -> str:
    """The call by which somebody's code ends a process, as it would be written."""
    code = getattr(error, "code", None)
    shown = repr(code) if isinstance(code, int | str) else ""
    return f"`{type(error).__name__}({shown[:60]})`"


def lost_in(error: BaseException) -> OSError | None:
    """The error by which stdout lost output, if that is what another one comes from."""
    cause: BaseException | None = error
    for _ in range(20):
        if isinstance(cause, streams.LostOutputError):
            return cause
        if cause is None:
            break
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, BrokenPipeError) and error.filename is None:
        return error
    return streams.lost_output() if isinstance(error, OSError) else None


def say_lost(lost: OSError) -> str:
    """What is said of output that was lost."""
    if lost.errno == errno.EBADF:
        return "stdout is closed"
    return f"stdout cannot be written: {reason_of(lost)}"


def _without_output(lost: OSError) -> int:
    streams.drop_output()
    if lost.errno == errno.EPIPE:
        return PIPE_CLOSED  # The reader has seen enough, as `head` has.
    report("KG804", say_lost(lost))
    return FAILED


def _with_lost_output(code: int) -> int:
    """The exit code of a process whose last output may be lost."""
    lost = streams.lost_output()
    if lost is None or code not in (DONE, REFUSED):
        return code
    return _without_output(lost)


def report(code: str, message: str) -> None:
    """Prints an error that has no place in a config."""
    from kerasgen.diagnostics import Sink
    from kerasgen.diagnostics.render import render_text

    sink = Sink()
    sink.report(code, message)
    print(render_text(sink.diagnostics), file=sys.stderr, flush=True)


def _print_bug(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Prints a traceback as Python does; a mark stands for each password."""
    import traceback

    from kerasgen.foreign.passwords import without_passwords

    text = "".join(traceback.format_exception(kind, error, trace))
    print(without_passwords(text), end="", file=sys.stderr, flush=True)


def _code_of(error: SystemExit) -> int:
    if error.code is None:
        return DONE
    if isinstance(error.code, int):
        return error.code
    print(error.code, file=sys.stderr)
    return FAILED


def _leave(codes: list[int]) -> None:
    """Ends the process, after all else that was registered for the exit."""
    if not codes:
        return  # It ends by an exception, which is a bug: Python prints it.
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            continue
    os._exit(codes[-1])
