"""Where a run comes from: its process, Python, packages, git and machine, as plain data.

This room owns what can be asked of the system without importing what a run uses: versions come
from the packages' metadata. The devices of a backend are not asked here, since that would import
it; whoever trains adds them to the record. Nothing here fails: what cannot be asked is None.

Decisions:
- A process is named by host, boot, process namespace, id and start. The id alone goes to another
  process sooner or later; start and boot tell them apart. Two containers may share a host name
  and still not see each other's processes, which the namespace shows.
- A repository may be a stranger's, and its settings name programs: a monitor of its files, hooks,
  filters of attributes, other repositories to fetch from. None of them is run: what a setting
  names is set to nothing for these calls, and the insides of submodules are not looked at.
- Whether a process works is answered with yes where it cannot be asked (another host, another
  container): to take a run at work for a dead one would cost its results. The same start of a job
  is the exception: a queue that begins it anew has seen its first process end.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from kerasgen.record.environment import environment
from kerasgen.record.source_code import own_code

PACKAGES = (
    "keras",
    "tensorflow",
    "tensorflow-cpu",
    "jax",
    "jaxlib",
    "torch",
    "hydra-core",
    "omegaconf",
    "numpy",
    "scikit-learn",
    "pillow",
    "h5py",
    "polars",
)
"""Packages on which a run's results may depend; a record names their versions."""

ATTEMPT = "KERASGEN_ATTEMPT"
"""The environment variable that names one start of a job: a word that no other start has.

A sweep knows by it the record that its job has opened, whatever machine the job runs on.
"""

TIMEOUT = 10.0
"""Seconds after which git is given up; a large repository on a network disk can take minutes."""

_OF_GIT = {
    # Runs of a sweep ask at the same time: git must not wait for the others' index lock.
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "",
    "GIT_TERMINAL_PROMPT": "0",
}


def identity(folder: Path | None = None) -> dict[str, Any]:
    """What a record says of its origin, from `process` to `hardware`.

    Args:
        folder: the folder whose repository counts, None for the working directory.
    """
    return {
        "process": process_identity(),
        "python": platform.python_version(),
        "packages": package_versions(),
        "code": own_code(),
        "environment": environment(),
        "git": git_state(folder),
        "hardware": hardware(),
    }


def package_versions(names: Sequence[str] = PACKAGES) -> dict[str, str]:
    """The versions of the installed ones among some packages; none is imported."""
    versions: dict[str, str] = {}
    for name in names:
        # Metadata without a version, left by a broken installation, raises KeyError.
        with contextlib.suppress(importlib.metadata.PackageNotFoundError, KeyError):
            versions[name] = importlib.metadata.version(name)
    return versions


def git_state(folder: Path | None = None) -> dict[str, object] | None:
    """The state of the repository around a folder, or None without a repository or git.

    Args:
        folder: a folder in the repository, None for the working directory.

    Returns:
        `revision` (None before the first commit), `branch` (None off every branch), `dirty`
        (whether a tracked file differs from the revision) and `untracked` (the number of files
        and folders that git neither tracks nor ignores).
    """
    settings = _harmless_settings(folder)
    if settings is None:
        return None
    command = ["git", "status", "--porcelain=v2", "--branch", "--no-ahead-behind"]
    command += ["--untracked-files=normal", "--ignore-submodules=dirty"]
    told = _output(command, folder, _as_environment(settings))
    if told is None:
        return None
    lines = told.splitlines()
    heads = dict(line[2:].partition(" ")[::2] for line in lines if line.startswith("# "))
    revision, branch = heads.get("branch.oid"), heads.get("branch.head")
    return {
        "revision": None if revision == "(initial)" else revision,
        "branch": None if branch == "(detached)" else branch,
        "dirty": any(not line.startswith(("# ", "? ")) for line in lines),
        "untracked": sum(line.startswith("? ") for line in lines),
    }


def _harmless_settings(folder: Path | None) -> dict[str, str] | None:
    """Git's settings under which a repository around a folder runs nothing; None without git."""
    settings = {
        "core.fsmonitor": "false",
        "core.hooksPath": os.devnull,
        "safe.bareRepository": "explicit",  # One among the files of a checkout is no checkout.
    }
    command = ["git", "config", "--list", "--name-only", "--null"]
    names = _output(command, folder, _as_environment(settings))
    if names is None:
        return None
    for name in names.split("\0"):
        section, _, key = name.rpartition(".")
        if section.startswith("filter.") and key in ("clean", "smudge", "process", "required"):
            settings[name] = "false" if key == "required" else ""
    return settings


def _as_environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Variables by which git takes settings before those of any file, whatever their names hold."""
    pairs = [
        pair
        for number, (name, value) in enumerate(settings.items())
        for pair in ((f"GIT_CONFIG_KEY_{number}", name), (f"GIT_CONFIG_VALUE_{number}", value))
    ]
    return {"GIT_CONFIG_COUNT": str(len(settings)), **dict(pairs), **_OF_GIT}


def file_digest(path: Path) -> str | None:
    """The SHA-256 of a file in hexadecimal digits, or None if it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


def hardware() -> dict[str, object]:
    """The machine: `cpu`, `cores`, `usable_cores`, `memory` in bytes, and `platform`."""
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "usable_cores": _usable_cores(),
        "memory": _memory(),
        "platform": platform.platform(),
    }


def process_identity() -> dict[str, object]:
    """What names this process among all others: `host`, `boot`, `namespace`, `pid`, `start`.

    That of a job of a sweep has an `attempt` beside them.
    """
    attempt = os.environ.get(ATTEMPT)
    return {
        "host": platform.node(),
        "boot": _text(Path("/proc/sys/kernel/random/boot_id")),
        "namespace": _namespace(),
        "pid": os.getpid(),
        "start": _start(os.getpid()),
        **({} if attempt is None else {"attempt": attempt}),
    }


def at_work(fields: Mapping[str, Any]) -> bool:
    """Whether the process that a record names still exists.

    Args:
        fields: the fields of a record.

    Returns:
        True as well where it cannot be asked: on another host or in another container.
    """
    process = fields.get("process")
    pid = process.get("pid") if isinstance(process, Mapping) else None
    if not isinstance(process, Mapping) or type(pid) is not int or pid < 1:
        return False
    here = process_identity()
    another = process.get("attempt") is None or process["attempt"] != here.get("attempt")
    if process.get("host") != here["host"]:
        return another
    if process.get("boot") != here["boot"]:
        return False
    if process.get("namespace") != here["namespace"]:
        return another
    start = _start(pid)
    return _exists(pid) if start is None else start == process.get("start")


def is_seen_at_work(fields: Mapping[str, Any]) -> bool:
    """Whether the process that a record names is one of this host, and exists."""
    process = fields.get("process")
    here = isinstance(process, Mapping) and process.get("host") == platform.node()
    return here and at_work(fields)


def unseen_attempt(fields: Mapping[str, Any]) -> str | None:
    """The start of a job whose process may be at work and cannot be asked, None for any other.

    Args:
        fields: the fields of a record.
    """
    process = fields.get("process")
    if not isinstance(process, Mapping) or not at_work(fields):
        return None
    here, attempt = process_identity(), process.get("attempt")
    unseen = any(process.get(name) != here[name] for name in ("host", "namespace"))
    return attempt if unseen and isinstance(attempt, str) else None


def _start(pid: int) -> str | None:
    """When a process began, in the system's own words; empty if it ended, None if unknown."""
    if Path("/proc/self/stat").exists():
        stat = _text(Path(f"/proc/{pid}/stat"))
        if stat is None:
            return None
        # The second field is the command, which may hold anything, closing brackets included.
        state, *fields = stat.rpartition(")")[2].split()
        return "" if state in "ZX" else fields[18]
    if os.name != "posix":
        return None
    told = _output(["ps", "-o", "stat=,lstart=", "-p", str(pid)])
    state, _, start = (told or "").strip().partition(" ")
    if not start:
        return None
    return "" if state.startswith("Z") else start.strip()


def _exists(pid: int) -> bool:
    """Whether there is a process of this id, as far as can be asked."""
    if os.name != "posix":
        return True  # there, signal 0 is not a question but an event
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True  # it belongs to somebody else
    return True


def _namespace() -> str | None:
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return None


def _cpu_model() -> str | None:
    for line in (_text(Path("/proc/cpuinfo")) or "").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name" and value.strip():
            return value.strip()
    if sys.platform == "darwin":
        told = _output(["sysctl", "-n", "machdep.cpu.brand_string"])
        return (told or "").strip() or platform.machine()
    return platform.machine() or None


def _usable_cores() -> int | None:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count()


def _memory() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None


def _output(
    command: Sequence[str],
    folder: Path | None = None,
    variables: Mapping[str, str] = MappingProxyType({}),
) -> str | None:
    """What a program prints, or None if it is not there, fails or takes too long."""
    environment = {**os.environ, "LC_ALL": "C", **variables}
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            timeout=TIMEOUT,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace")
