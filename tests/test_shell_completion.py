"""Shell completion as bash asks for it: the installed function, a command line and a cursor."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BASH = shutil.which("bash")

pytestmark = pytest.mark.skipif(BASH is None, reason="bash is not installed")

_ASK = """
eval "$(cat {install})"
COMP_LINE="$ASKED"
COMP_POINT=${{#COMP_LINE}}
typed=($COMP_LINE)
COMP_CWORD=$((${{#typed[@]}} - 1))
[[ "$COMP_LINE" == *" " ]] && COMP_CWORD=${{#typed[@]}}
hydra_bash_completion
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working directory with `run.py`, a config folder, and the commands on the path."""
    folder = tmp_path_factory.mktemp("shell")
    (folder / "bin").mkdir()
    console = f"#!{sys.executable}\nfrom kerasgen.cli import script\nscript()\n"
    for name, text in (
        ("kerasgen", console),
        ("python", f'#!/bin/sh\nexec {sys.executable} "$@"\n'),
    ):
        (folder / "bin" / name).write_text(text, encoding="utf-8")
        (folder / "bin" / name).chmod(0o755)
    shutil.copy(ROOT / "run.py", folder / "run.py")
    for name, program in (("kerasgen", "kerasgen"), ("python", "python run.py")):
        # As in a shell's start-up file: once for all command lines.
        script = subprocess.run(
            f"{program} -sc install=bash",
            shell=True,
            cwd=folder,
            env=environment(folder),
            capture_output=True,
            timeout=60,
            check=True,
        )
        (folder / f"{name}.bash").write_bytes(script.stdout)
    (folder / "my_conf" / "optimizer").mkdir(parents=True)
    (folder / "my_conf" / "optimizer" / "slow.yaml").write_text("class: SGD\n", encoding="utf-8")
    return folder


def environment(folder: Path, **further: str) -> dict[str, str]:
    path = f"{folder / 'bin'}:{os.environ['PATH']}"
    return os.environ | {"PATH": path, "PYTHONPATH": str(ROOT), **further}


def complete(folder: Path, line: str) -> list[str]:
    """What bash offers for a command line that ends at the cursor; nothing may be printed."""
    assert BASH is not None
    script = _ASK.format(install=f"{line.split()[0]}.bash")
    done = subprocess.run(
        [BASH, "-c", script],
        cwd=folder,
        env=environment(folder, ASKED=line),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize("program", ["python run.py", "kerasgen run", "kerasgen check"])
def test_groups_options_and_keys_are_completed(folder: Path, program: str) -> None:
    assert complete(folder, f"{program} opt") == [
        "optimizer.",
        "optimizer/learning_rate=",
        "optimizer=",
    ]
    assert complete(folder, f"{program} optimizer=sg") == ["optimizer=sgd"]
    found = complete(folder, f"{program} model.layers.hid")
    assert found == ["model.layers.hidden1.", "model.layers.hidden2."]


def test_options_in_folders_of_a_group_are_completed(folder: Path) -> None:
    assert complete(folder, "kerasgen run experiment=bo") == ["experiment=book/"]
    found = complete(folder, "kerasgen run experiment=book/")
    assert "experiment=book/mnist_mlp" in found


def test_a_group_within_a_group_is_no_folder_of_its_options(folder: Path) -> None:
    assert complete(folder, "kerasgen run optimizer=le") == []
    found = complete(folder, "kerasgen run optimizer/learning_rate=co")
    assert found == [
        "optimizer/learning_rate=cosine_decay",
        "optimizer/learning_rate=cosine_decay_restarts",
    ]


def test_keys_are_those_of_the_chosen_options(folder: Path) -> None:
    found = complete(folder, "python run.py optimizer=sgd optimizer.")
    assert "optimizer.momentum=" in found
    assert "optimizer.beta_1=" not in found


def test_a_value_is_completed_with_what_the_config_has(folder: Path) -> None:
    assert complete(folder, "kerasgen run fit.epochs=") == ["fit.epochs=10"]


def test_a_key_to_be_deleted_is_completed(folder: Path) -> None:
    found = complete(folder, "kerasgen run ~model.layers.d")
    assert found == ["~model.layers.drop1", "~model.layers.drop1."]


def test_a_folder_of_configs_on_the_line_is_looked_into(folder: Path) -> None:
    found = complete(folder, "kerasgen run --config-dir my_conf optimizer=s")
    assert found == ["optimizer=schedulefreeadamw", "optimizer=sgd", "optimizer=slow"]


def test_several_folders_are_looked_into_also_behind_flags_of_a_check(folder: Path) -> None:
    (folder / "more" / "optimizer").mkdir(parents=True, exist_ok=True)
    (folder / "more" / "optimizer" / "slower.yaml").write_text("class: SGD\n", encoding="utf-8")
    line = "kerasgen check --fast --config-dir my_conf --config-dir more optimizer=sl"
    assert complete(folder, line) == ["optimizer=slow", "optimizer=slower"]


def test_flags_are_completed(folder: Path) -> None:
    assert complete(folder, "kerasgen run --multi") == ["--multirun"]
    assert "--open-data" in complete(folder, "kerasgen check --op")


def test_commands_are_completed(folder: Path) -> None:
    assert complete(folder, "kerasgen sch") == ["schema"]
    assert complete(folder, "kerasgen explain fit.ep") == ["fit.epochs"]
    assert {"run", "check", "show"} <= set(complete(folder, "kerasgen "))


def test_no_folder_that_is_hidden_is_proposed(folder: Path) -> None:
    assert not [word for word in complete(folder, "kerasgen run ") if word.startswith(".")]


@pytest.mark.parametrize("line", ["nam=x fit.", "optimizer=sdg fit.", "'fit."])
def test_a_line_that_does_not_compose_is_completed_with_nothing(folder: Path, line: str) -> None:
    assert complete(folder, f"kerasgen run {line}") == []


def test_the_cursor_may_stand_within_the_line(folder: Path) -> None:
    line = "kerasgen run optimizer=sg fit.epochs=3"
    done = subprocess.run(
        [str(folder / "bin" / "kerasgen"), "-sc", "query=bash"],
        cwd=folder,
        env=environment(folder, COMP_LINE=line, COMP_POINT=str(len("kerasgen run optimizer=sg"))),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.split() == ["optimizer=sgd"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_is_given_a_script(folder: Path, shell: str) -> None:
    done = subprocess.run(
        [str(folder / "bin" / "kerasgen"), "run", "--shell-completion", f"install={shell}"],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "complete" in done.stdout
    assert "kerasgen" in done.stdout
    assert done.stderr == ""


def test_fish_is_given_one_candidate_a_line(folder: Path) -> None:
    done = subprocess.run(
        [str(folder / "bin" / "kerasgen"), "-sc", "query=fish"],
        cwd=folder,
        env=environment(folder, COMP_LINE="kerasgen run data=digits_"),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.splitlines() == ["data=digits_autoencoder", "data=digits_two_inputs"]


def test_run_py_is_a_script_that_the_completion_of_fish_serves() -> None:
    assert "@hydra.main" in (ROOT / "run.py").read_text(encoding="utf-8")
