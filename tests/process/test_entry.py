"""What every process shares: output that cannot be written, signals, a clean end."""

import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and descriptors of POSIX")


def call(
    words: Sequence[str],
    folder: Path,
    *,
    program: Sequence[str] = ("-m", "kerasgen"),
    shell: str = "exec {}",
    **streams: object,
) -> "subprocess.CompletedProcess[str]":
    """Runs a program.

    Args:
        words: its arguments.
        folder: the working directory.
        program: what Python is started with.
        shell: a line of the shell that starts it; `{}` stands for the command.
        streams: `stdout` and `stderr`.
    """
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
    command = shlex.join([sys.executable, *program, *words])
    return subprocess.run(
        ["sh", "-c", shell.replace("{}", command)],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=120,
        check=False,
        **options,  # type: ignore[call-overload]
    )


COMMANDS = [
    ["--help"],
    ["--version"],
    ["check", "--help"],
    ["check", "--fast"],
    ["check", "--fast", "--json"],
    ["show"],
    ["runs"],
    ["runs", "--json"],
    ["schema"],
    ["schema", "model"],
    ["run", "--help"],
    ["run", "--version"],
    ["run", "--cfg", "job"],
]


@pytest.fixture(autouse=True, scope="module")
def _catalog() -> None:
    """The catalog is there, so that no command says that it asks Keras for it."""
    subprocess.run([sys.executable, "-m", "kerasgen", "check", "--fast"], check=True)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is full")
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_full_stdout_is_a_line_and_a_code(tmp_path: Path, words: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = call(words, tmp_path, stdout=full)
    assert done.returncode == 1
    assert done.stderr == "error[KG804]: stdout cannot be written: no space left on device\n"


@pytest.mark.parametrize(
    "words", [["show"], ["check", "--help"], ["run", "--cfg", "job"]], ids=" ".join
)
def test_a_closed_stdout_is_a_line_and_a_code(tmp_path: Path, words: list[str]) -> None:
    done = call(words, tmp_path, shell="exec {} >&-")
    assert done.returncode == 1
    assert done.stderr == "error[KG804]: stdout is closed\n"


def test_closed_streams_change_no_exit_code(tmp_path: Path) -> None:
    done = call(["show", "no=such"], tmp_path, shell="exec {} 2>&-")
    assert (done.returncode, done.stdout) == (2, "")
    assert call(["show"], tmp_path, shell="exec {} <&- >&- 2>&-").returncode == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is full")
def test_a_full_stderr_changes_no_exit_code(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        assert call(["show", "no=such"], tmp_path, stderr=full).returncode == 2
        assert call(["runs"], tmp_path, stderr=full).returncode == 0


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = call(["show"], tmp_path, stdout=writer)
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize("words", [["show"], ["check", "--fast"], ["run"], ["runs"]], ids=" ".join)
def test_a_working_directory_that_is_gone_is_a_line(tmp_path: Path, words: list[str]) -> None:
    done = call(words, tmp_path, shell="mkdir gone; cd gone; rmdir ../gone; exec {}")
    assert done.returncode == 2
    assert done.stderr.startswith("error[KG805]: the working directory is not there any more")
    assert done.stderr.count("\n") == 1


HEARD = "signal.signal(signal.SIGHUP, signal.SIG_DFL)  # `nohup` ignores it.\n"

HELD = """
import os, signal, sys, time
from pathlib import Path
from kerasgen.process import interruption
from kerasgen.process.entry import begin, guarded
signal.signal(signal.SIGINT, signal.default_int_handler)  # A shell's background ignores it.
{heard}
{body}
begin(lambda: guarded(work))
"""

IMPORTING = """
def work():
    Path("heavy.py").write_text(
        "import os, signal, time\\n"
        "os.kill(os.getpid(), signal.SIGNUM)\\n"
        "time.sleep(0.3)\\n"
        "print('imported', flush=True)\\n"
    )
    sys.path.insert(0, ".")
    import heavy
    time.sleep(1)  # not cut short: the request is repeated
    return 0
"""

SWALLOWING = """
def work():
    for _ in range(200):
        try:
            os.kill(os.getpid(), signal.SIGNUM) if not interruption.requested() else None
            time.sleep(0.02)
        except BaseException:
            pass
        if interruption.requested():
            break
    time.sleep(1)  # not cut short: the request is repeated
    return 0
"""

TURNING = """
def work():
    try:
        os.kill(os.getpid(), signal.SIGNUM)
        time.sleep(5)
    except BaseException:
        raise ValueError("what a library makes of it") from None
    return 0
"""

FINISHING = """
class Deleted:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGNUM)
        time.sleep(0.01)

def work():
    deleted = Deleted()
    del deleted
    time.sleep(1)  # not cut short: the request is repeated
    return 0
"""

UNWINDING = """
def work():
    try:
        os.kill(os.getpid(), signal.SIGNUM)
        time.sleep(5)
    finally:
        time.sleep(0.2)  # asked again meanwhile, cleaning up goes on
        print("cleaned", flush=True)
    return 0
"""

EXITING = """
import atexit
sys.modules.setdefault("keras", sys)
def last():
    os.kill(os.getpid(), signal.SIGNUM)
    time.sleep(5)
atexit.register(last)
def work():
    atexit.register(last)
    return 0
"""

STARTING = """
os_kill = os.kill
def begin(work, begin=begin):
    def main():
        os.kill(os.getpid(), signal.SIGNUM)
        time.sleep(5)
        return work()
    begin(main)
def work():
    return 0
"""

HOLDING = """
def work():
    with interruption.held():
        os.kill(os.getpid(), signal.SIGNUM)
        time.sleep(0.2)
        print("held", flush=True)
    time.sleep(5)
    return 0
"""


# Each asks for the signal at the worst moment: a folder is made, and nobody knows its name yet.
MAKING = """
import shutil, tempfile
tempfile.tempdir = "."
made = tempfile._os.mkdir
def mkdir(*given):
    made(*given)
    os.kill(os.getpid(), signal.SIGNUM)
    time.sleep(0.1)
tempfile._os = type("Os", (), {**vars(os), "mkdir": staticmethod(mkdir)})
def work():
    with tempfile.TemporaryDirectory(prefix="left-"):
        time.sleep(1)  # not cut short: the request is repeated
    return 0
"""

CLEANING = """
import shutil
def work():
    Path("left-").mkdir()
    interruption.finally_do(lambda: shutil.rmtree("left-"))
    os.kill(os.getpid(), signal.SIGNUM)
    time.sleep(5)
    return 0
"""


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (MAKING, ""),
        (CLEANING, ""),
        (IMPORTING, "imported\n"),
        (SWALLOWING, ""),
        (TURNING, ""),
        (FINISHING, ""),
        (UNWINDING, "cleaned\n"),
        (EXITING, ""),
        (STARTING, ""),
        (HOLDING, "held\n"),
    ],
    ids=["make", "clean", "import", "swallow", "turn", "del", "unwind", "exit", "start", "hold"],
)
@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("SIGINT", 130),
        ("SIGTERM", 143),
        pytest.param("SIGHUP", 129, marks=pytest.mark.slow),
    ],
)
def test_a_signal_ends_the_process_wherever_it_comes(
    tmp_path: Path, body: str, said: str, name: str, code: int
) -> None:
    script = HELD.format(body=body.replace("signal.SIGNUM", f"signal.{name}"), heard=HEARD)
    done = call([], tmp_path, program=("-c", script))
    assert (done.returncode, done.stdout) == (code, said)
    assert done.stderr == ("interrupted\n" if name == "SIGINT" else f"interrupted by {name}\n")
    assert list(tmp_path.glob("left-*")) == []


SECOND = """
def work():
    with interruption.at_once(lambda: print("closed", flush=True)):
        try:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(5)
        finally:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(20)
    return 0
"""


def test_a_second_signal_ends_the_process_at_once(tmp_path: Path) -> None:
    done = call([], tmp_path, program=("-c", HELD.format(body=SECOND, heard=HEARD)))
    assert (done.returncode, done.stdout, done.stderr) == (130, "closed\n", "interrupted\n")


def test_a_signal_that_is_ignored_stays_so(tmp_path: Path) -> None:
    body = "def work():\n    os.kill(os.getpid(), signal.SIGHUP)\n    return 0\n"
    script = HELD.format(body=body, heard="")
    done = call([], tmp_path, program=("-c", script), shell="trap '' HUP; exec {}")
    assert (done.returncode, done.stderr) == (0, "")


def test_importing_kerasgen_sets_no_handler(tmp_path: Path) -> None:
    script = (
        "import signal\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "known = signal.getsignal(signal.SIGINT)\n"
        "import kerasgen, kerasgen.cli, kerasgen.process.entry, kerasgen.sweep.hydra.command_line\n"
        "assert signal.getsignal(signal.SIGINT) is known\n"
        "assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL\n"
    )
    done = call([], tmp_path, program=("-c", script))
    assert (done.returncode, done.stderr) == (0, "")


def test_a_fork_of_somebody_elses_ends_as_usual(tmp_path: Path) -> None:
    body = (
        "def work():\n"
        "    if (child := os.fork()) == 0:\n"
        "        os.kill(os.getpid(), signal.SIGTERM)\n"
        "        os._exit(0)\n"
        "    _, status = os.waitpid(child, 0)\n"
        "    print(os.waitstatus_to_exitcode(status), interruption.requested())\n"
        "    return 0\n"
    )
    done = call([], tmp_path, program=("-c", HELD.format(body=body, heard=HEARD)))
    assert (done.returncode, done.stdout, done.stderr) == (0, "-15 False\n", "")


@pytest.mark.parametrize(
    ("raised", "code", "line"),
    [
        ("OSError(28, 'No space left on device', 'x.bin')", 1, "error[KG803]: `x.bin` cannot be"),
        ("PermissionError(13, 'Permission denied', 'x.bin')", 1, "error[KG803]: `x.bin` cannot be"),
        ("MemoryError()", 1, "error[KG901]: no memory is left"),
        ("SystemExit(0)", 1, "error[KG806]: code that is not kerasgen's wanted to end the process"),
        ("GeneratorExit()", 1, "error[KG806]: code that is not kerasgen's wanted to end"),
        ("RecursionError()", 2, "error[KG902]: this is nested too deeply"),
    ],
)
def test_what_ends_the_work_is_a_line(tmp_path: Path, raised: str, code: int, line: str) -> None:
    body = f"def work():\n    raise {raised}\n"
    done = call([], tmp_path, program=("-c", HELD.format(body=body, heard=HEARD)))
    assert done.returncode == code
    assert done.stderr.startswith(line)
    assert done.stderr.count("\n") == 1


def test_a_bug_shows_its_traceback(tmp_path: Path) -> None:
    body = "def work():\n    raise ValueError('a bug')\n"
    done = call([], tmp_path, program=("-c", HELD.format(body=body, heard=HEARD)))
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert done.stderr.endswith("ValueError: a bug\n")


HANGING = """
import atexit
sys.modules.setdefault("keras", sys)
interruption._PATIENCE = 0.2
def work():
    atexit.register(time.sleep, 60)
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(5)
    return 0
"""


def test_an_exit_that_hangs_after_a_signal_is_cut_short(tmp_path: Path) -> None:
    done = call([], tmp_path, program=("-c", HELD.format(body=HANGING, heard=HEARD)))
    assert (done.returncode, done.stderr) == (130, "interrupted\n")
