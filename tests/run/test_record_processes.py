"""Records and processes: killed writers, runs that want one folder, disks that are full."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kerasgen.diagnostics import CompileError, Sink
from kerasgen.record.file_names import RECORD
from kerasgen.record.provenance import at_work
from kerasgen.record.run_folder import close_abandoned, open_record

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and locks of POSIX")


@contextmanager
def child(code: str, *arguments: Path | str) -> Iterator[subprocess.Popen[str]]:
    """A process that runs some code; it is ended and reaped at the end of the block."""
    head = "import os, sys, time\nfrom pathlib import Path\n"
    head += "from kerasgen.record import files, provenance, run_folder\n"
    command = [sys.executable, "-c", head + textwrap.dedent(code), *map(str, arguments)]
    process = subprocess.Popen(
        command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_a_writer_killed_in_the_middle_leaves_the_earlier_file(tmp_path: Path) -> None:
    path = tmp_path / RECORD
    path.write_text("{}", encoding="utf-8")
    code = """
        with files.atomic_file(Path(sys.argv[1])) as file:
            file.write(b"[" * 1_000_000)
            file.flush()
            print("half", flush=True)
            time.sleep(60)
    """
    with child(code, path) as process:
        assert line(process) == "half"
        process.send_signal(signal.SIGKILL)
    assert path.read_text(encoding="utf-8") == "{}"


def test_a_reader_never_meets_half_a_file(tmp_path: Path) -> None:
    path = tmp_path / RECORD
    path.write_text("[0]", encoding="utf-8")
    code = """
        count = 0
        while True:
            count += 1
            files.write_json(Path(sys.argv[1]), [count] * 20_000)
            if count == 1:
                print("begun", flush=True)
    """
    with child(code, path) as process:
        assert line(process) == "begun"
        for _ in range(50):
            assert len(set(json.loads(path.read_bytes()))) == 1
        process.send_signal(signal.SIGKILL)
    assert len(set(json.loads(path.read_bytes()))) == 1


OPEN = """
    from kerasgen.diagnostics import CompileError, Sink
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        run_folder.open_record(Path(sys.argv[1]), Sink())
        print("opened", flush=True)
    except CompileError as error:
        print(error.diagnostics[0].message, flush=True)
    sys.stdin.readline()
"""
"""Opens a record when told to, and lives on until it is told again."""


def tell(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


@pytest.mark.parametrize("killed_before", [False, True])
def test_of_runs_that_want_one_folder_at_once_one_gets_it(
    tmp_path: Path, killed_before: bool
) -> None:
    if killed_before:
        with child(OPEN, tmp_path) as process:
            tell(process)
            assert [line(process), line(process)] == ["ready", "opened"]
    with child(OPEN, tmp_path) as a, child(OPEN, tmp_path) as b, child(OPEN, tmp_path) as c:
        racers = [a, b, c]
        assert [line(process) for process in racers] == ["ready"] * 3
        for process in racers:
            tell(process)
        told = [line(process) for process in racers]
        winner = racers[told.index("opened")]
        holder = json.loads((tmp_path / RECORD).read_bytes())["process"]["pid"]
    refused = f"folder `{tmp_path}` already holds a run that is at work (process {holder})"
    assert sorted(told) == sorted(["opened", refused, refused])
    assert holder == winner.pid


def test_a_killed_run_counts_as_ended_even_before_its_parent_notices(tmp_path: Path) -> None:
    with child(OPEN, tmp_path) as process:
        tell(process)
        assert [line(process), line(process)] == ["ready", "opened"]
        fields = json.loads((tmp_path / RECORD).read_bytes())
        assert at_work(fields)
        process.send_signal(signal.SIGKILL)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # dead, but not reaped
        assert not at_work(fields)
    assert not at_work(fields)


def test_a_killed_run_is_closed_or_replaced(tmp_path: Path) -> None:
    with child(OPEN, tmp_path) as process:
        tell(process)
        assert [line(process), line(process)] == ["ready", "opened"]
        with pytest.raises(CompileError, match="at work"):
            open_record(tmp_path, Sink())
        assert not close_abandoned(tmp_path, "failed", "killed by signal 9")
    assert close_abandoned(tmp_path, "failed", "killed by signal 9")
    assert json.loads((tmp_path / RECORD).read_bytes())["error"] == "killed by signal 9"
    open_record(tmp_path, Sink())
    assert json.loads((tmp_path / RECORD).read_bytes())["process"]["pid"] == os.getpid()


def test_a_full_disk_leaves_the_earlier_record(tmp_path: Path) -> None:
    code = """
        import resource, signal
        from kerasgen.diagnostics import Sink
        opened = run_folder.open_record(Path(sys.argv[1]), Sink())
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        try:
            opened.update(notes="x" * 100_000)
        except OSError as error:
            print(error.strerror, flush=True)
    """
    with child(code, tmp_path) as process:
        assert line(process) == "File too large"
        process.wait()
    assert "notes" not in json.loads((tmp_path / RECORD).read_bytes())
    assert os.listdir(tmp_path) == [RECORD]


def test_a_folder_without_permission_is_a_diagnostic(tmp_path: Path) -> None:
    code = """
        from kerasgen.diagnostics import CompileError, Sink
        provenance.identity()  # imports what nobody may not read later
        if os.geteuid() == 0:
            os.setuid(65534)  # nobody: permissions do not bind root
        try:
            run_folder.open_record(Path(sys.argv[1]) / "run", Sink())
        except CompileError as error:
            print(error.diagnostics[0].code, error.diagnostics[0].message, flush=True)
    """
    tmp_path.chmod(0o555)
    try:
        with child(code, tmp_path) as process:
            told = line(process)
            process.wait()
    finally:
        tmp_path.chmod(0o755)
    assert told == f"KG605 folder `{tmp_path / 'run'}` cannot be written: permission denied"
