"""What README and manual show as printed, held against what the commands print.

`KERASGEN_UPDATE_SNAPSHOTS=1 pytest -n 0 tests/test_manual_output.py` writes it anew: a page keeps
the line `...` with which a block begins, and is cut by hand elsewhere.
"""

import contextlib
import io
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import IO

import h5py
import numpy as np
import pytest
from manual_examples import BLOCKS, ROOT, Example, examples, write_files

from kerasgen.cli import main
from kerasgen.engines.choice import engine_for
from kerasgen.ir.program import BackendDef
from kerasgen.session import catalog as cataloging

UPDATE = "KERASGEN_UPDATE_SNAPSHOTS"

NOT_RUN = {
    "run": "trains, or starts what the tests of runs start",
    "parity": "starts each engine in a process of its own",
    "plan": "measures",
    "last": "asks a run that nobody has made",
    "--limit": "lists runs that nobody has made",
    "applications.ResNet50": "makes a model of 25 million weights",
    "my_parts": "a module is registered for the whole process",
    "backend.image_data_format=channels_first": "another engine than that of the process",
    "backend=cntk": "another engine than that of the process",
    "backend=theano": "another engine than that of the process",
    "backend=torch": "another engine than that of the process",
    "--own-engine": "a package is taken away",
}
"""Words of commands that are parsed and checked alone, and why."""


def _is_run(example: Example) -> bool:
    words = (example.command, *example.words)
    if example.block is None or example.block.language != "text":
        return False
    line, _, shown = example.printed.partition("\n")
    if line.endswith("/dev/full") or not (shown or os.environ.get(UPDATE)):
        return False
    return not _made_by_nobody(example) and not any(word in NOT_RUN for word in words)


def _made_by_nobody(example: Example) -> bool:
    """Whether an example is about runs that somebody else has made."""
    words = (example.command, *example.words)
    return any(re.match(r"(outputs/)?(sweeps/)?\d{4}-\d\d-\d\d/", word) for word in words)


EXAMPLES = [example for example in examples() if _is_run(example)]


def test_most_of_what_is_shown_is_run() -> None:
    shown = [e for e in examples() if e.printed.partition("\n")[2] and not _made_by_nobody(e)]
    assert len(EXAMPLES) > 0.8 * len(shown)


@pytest.mark.filterwarnings("ignore:Layer 'flatten' .of type Flatten. was passed an input")
@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_a_command_prints_what_is_shown(
    example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    write_files(tmp_path, example.block)
    _write_weights(tmp_path / "weights.h5")
    monkeypatch.chdir(tmp_path)
    cataloging.engine_catalog(engine_for(engine))
    monkeypatch.setattr(cataloging, "lightest_engine", lambda: BackendDef(backend=engine))
    words = [example.command, *example.words]
    chosen = any(word.startswith("backend=") for word in words)
    with_backend = ("check", "show", "eject")
    records = {path.parent.name for path in tmp_path.glob("*/record.json")}
    recorded = any(word in records or word.startswith("outputs/") for word in words)
    if engine != "tensorflow" and example.command in with_backend and not chosen and not recorded:
        words.append(f"backend={engine}")
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        code = main(words)
    printed = _plain(out.getvalue())
    shown = example.printed.partition("\n")[2].rstrip("\n")
    if os.environ.get(UPDATE):
        _update(example, shown, printed)
        return
    assert re.fullmatch(_pattern(shown), printed), printed
    assert code == (2 if re.search(r"^error\[", printed, re.MULTILINE) else 0)


def test_an_ejected_script_has_what_is_shown_of_it(engine: str) -> None:
    from kerasgen.verbs.eject import eject_config

    script = eject_config([f"backend={engine}"])[0]
    (shown,) = (b.text for b in BLOCKS if b.text.startswith("# train.py, in part\n"))
    assert shown.partition("\n")[2] in script


def test_a_part_of_ones_own_is_told_as_it_is_shown(tmp_path: Path) -> None:
    examples_of_parts = [e for e in examples() if "my_parts" in e.words and e.command == "check"]
    (example,) = (e for e in examples_of_parts if e.printed.partition("\n")[2])
    write_files(tmp_path, example.block)
    done = subprocess.run(
        [sys.executable, "-m", "kerasgen", "check", *example.words, "backend=jax"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "KERAS_BACKEND": "jax"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stderr.rstrip() == example.printed.partition("\n")[2].rstrip()
    assert done.returncode == 2


OF_OTHER_ENGINES = [
    example
    for example in examples()
    if example.command == "check" and example.codes & {"KG512", "KG515"}
]


@pytest.mark.parametrize("example", OF_OTHER_ENGINES, ids=lambda example: min(example.codes))
def test_a_check_by_another_engine_prints_what_is_shown(example: Example, tmp_path: Path) -> None:
    write_files(tmp_path, example.block)
    done = _child(example, tmp_path)
    assert done.stderr.rstrip() == example.printed.partition("\n")[2].rstrip()
    assert done.returncode == 2


def test_a_package_that_is_not_there_is_told_as_it_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (example,) = (e for e in examples() if e.codes == {"KG603"})
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util\n"
        "find_spec = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, package=None: (\n"
        "    None if name == 'jax' else find_spec(name, package)\n"
        ")\n"
    )
    done = _child(example, tmp_path, path=str(tmp_path))
    assert _plain(done.stderr) == example.printed.partition("\n")[2].rstrip()
    assert done.returncode == 2


def test_a_full_disk_behind_stdout_is_told_as_it_is_shown(tmp_path: Path) -> None:
    (example,) = (e for e in examples() if e.codes == {"KG804"})
    with open("/dev/full", "w") as full:
        done = _child(example, tmp_path, stdout=full)
    assert done.stderr.rstrip() == example.printed.partition("\n")[2].rstrip()
    assert done.returncode == 1


def _child(
    example: Example, folder: Path, *, path: str = "", stdout: IO[str] | None = None
) -> subprocess.CompletedProcess[str]:
    """An example as a process of its own, which may start any engine."""
    python_path = os.pathsep.join(filter(None, (path, str(ROOT))))
    return subprocess.run(
        [sys.executable, "-m", "kerasgen", example.command, *example.words],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": python_path},
        stdout=subprocess.PIPE if stdout is None else stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=120,
        check=False,
    )


def _write_weights(path: Path) -> None:
    """A file of weights as Keras 2 wrote it, of a Dense layer with another number of units."""
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [b"dense"]
        group = file.create_group("dense")
        group.attrs["weight_names"] = [b"kernel", b"bias"]
        group["kernel"], group["bias"] = np.zeros((2, 4)), np.zeros(4)


def _plain(text: str) -> str:
    """What is printed, with shipped configs named as in a checkout."""
    text = re.sub(r"\bkerasgen:(?=[\w/]+\.yaml)", "conf/", text)
    lines = text.replace(os.getcwd(), "/home/me").replace(f"{ROOT}/", "").splitlines()
    return "\n".join(line.rstrip() for line in lines).strip("\n")


def _pattern(shown: str) -> str:
    """What is shown, as a pattern: `...` is any lines, `…` at an end what is cut off."""
    pieces = []
    for line in shown.splitlines():
        if line.strip() == "...":
            pieces.append(r"(?:.*\n)*?")
        elif line.endswith("…") and not line.startswith("kerasgen"):
            pieces.append(re.escape(line[:-1]) + ".*\n")
        else:
            pieces.append(re.escape(line) + "\n")
    pattern = "".join(pieces)
    return pattern.removesuffix("\n") + r"\n?" if not pattern.endswith("*?") else pattern + ".*"


def _update(example: Example, shown: str, printed: str) -> None:
    if shown != "..." and re.fullmatch(_pattern(shown), printed):
        return
    assert example.block is not None
    told = re.search(r"^(?:error|warning)\[", printed, re.MULTILINE)
    if shown.startswith("...") and told is not None:
        printed = f"...\n{printed[told.start() :]}"
    path = ROOT / example.block.page
    text = path.read_text(encoding="utf-8")
    line = example.printed.partition("\n")[0]
    section = text.index(f"# {example.block.section}\n")
    before = f"$ {line}\n{shown}\n" if shown else f"$ {line}\n"
    place = text.index(before, section)
    after = text[place + len(before) :]
    path.write_text(f"{text[:place]}$ {line}\n{printed}\n{after}", encoding="utf-8")
