import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]


def test_help_lists_the_groups_and_the_config(application: Any) -> None:
    done = application.run("--help")
    assert done.returncode == 0
    assert re.search(r"^optimizer: .*adam.*sgd", done.stdout, re.M)
    assert "hidden1:" in done.stdout
    flags, examples = done.stdout.index("--trust MODULE"), done.stdout.index("== Examples ==")
    assert examples < flags < done.stdout.index("== Groups ==")
    assert done.stderr == ""


def test_help_imports_no_keras_and_no_backend(application: Any) -> None:
    program = (sys.executable, "-X", "importtime", str(ROOT / "run.py"))
    done = replace(application, program=program).run("--help")
    imported = {
        line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.split("\n")
    }
    assert "kerasgen" in imported
    assert not imported & {"keras", "tensorflow", "jax", "torch", "sklearn", "matplotlib", "numpy"}


def test_help_shows_what_overrides_make_of_the_config(application: Any) -> None:
    done = application.run("--help", "optimizer=sgd", "--resolve")
    assert "class: SGD" in done.stdout
    assert "units: 10" in done.stdout


def test_the_config_is_shown_and_resolved_on_request(application: Any) -> None:
    assert "${data.classes}" in application.run("--cfg", "job").stdout
    done = application.run("--cfg", "job", "--resolve", "--package", "model.layers.scores")
    assert "units: 10" in done.stdout
    assert "n_jobs: 3" in application.run("-c", "hydra", "hydra.launcher.n_jobs=3").stdout
    assert application.run("--cfg", "all", "--resolve").returncode == 0


def test_a_package_that_is_not_there_is_reported(application: Any) -> None:
    done = application.run("--cfg", "job", "-p", "model.layers.scor")
    assert done.returncode == 2
    assert "did you mean `scores`?" in done.stderr


def test_a_reference_to_nothing_is_reported_when_the_config_is_resolved(application: Any) -> None:
    done = application.run("--cfg", "job", "--resolve", "seed=${nope}")
    assert done.returncode == 2
    assert "error[KG105]" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--hydra-help"], "hydra/launcher: basic, process"),
        (["--info", "defaults"], "compile/auto"),
        (["--info", "defaults-tree"], "optimizer: adam"),
        (["--info", "searchpath"], "conf"),
        (["--info", "plugins"], "ProcessLauncher"),
        (["--info", "config"], "hidden1:"),
        (["--info"], "hidden1:"),
        (["--version"], "Hydra 1.3"),
        (["-sc", "install=bash"], "complete"),
    ],
)
def test_the_informational_flags_of_hydra_work(
    application: Any, arguments: list[str], words: str
) -> None:
    done = application.run(*arguments)
    assert done.returncode == 0
    assert words in done.stdout
    assert application.left_behind() == []


def test_the_shell_completes_options(application: Any) -> None:
    environment = {**application.environment, "COMP_LINE": "python run.py optimizer=sg"}
    done = replace(application, environment=environment).run("-sc", "query=bash")
    assert done.stdout.split() == ["optimizer=sgd"]


def test_an_override_that_is_written_as_a_flag_is_told_so(application: Any) -> None:
    done = application.run("--model", "convnet")
    assert done.returncode == 2
    assert "write `model=convnet`" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["--cfg", "jobs"],
        ["--resolve"],
        ["-m", "--cfg", "job"],
        ["-sc"],
        ["-sc", "install=nosuchshell"],
        ["--experimental-rerun", "x.pickle"],
    ],
)
def test_wrong_usage_ends_with_the_usage_and_code_2(application: Any, arguments: list[str]) -> None:
    done = application.run(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("usage: run.py")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["nam=x", "optimizer=sdg"],
        ["--help", "nam=x", "optimizer=sdg"],
        ["--info", "defaults", "nam=x", "optimizer=sdg"],
        ["-m", "nam=x", "optimizer=sdg", "seed=1,2"],
    ],
)
def test_refused_overrides_are_diagnostics_with_a_count_and_leave_nothing(
    application: Any, arguments: list[str]
) -> None:
    done = application.run(*arguments)
    assert done.returncode == 2
    assert done.stderr.count("error[") == 2
    counted, more = done.stderr.splitlines()[-2:]
    assert counted == "2 errors"
    assert more.startswith("more: kerasgen explain KG1")
    assert "Traceback" not in done.stderr
    assert application.left_behind() == []


def test_an_argument_that_is_no_text_is_refused(application: Any) -> None:
    done = application.run(b"name=\xff")
    assert done.returncode == 2
    assert "error[KG102]" in done.stderr


def test_a_run_goes_into_a_folder_of_the_day(application: Any) -> None:
    done = application.run("seed=3")
    assert done.returncode == 0
    (folder,) = application.folder.glob("outputs/*/*")
    assert re.fullmatch(
        r"outputs/\d{4}-\d\d-\d\d/\d\d-\d\d-\d\d-\d{6}", str(folder.relative_to(application.folder))
    )
    assert [path.name for path in folder.iterdir()] == ["record.json"]


def test_a_record_names_the_command_line_overrides_and_choices(application: Any) -> None:
    application.run("seed=3", "optimizer=sgd", "hydra.run.dir=here")
    record = application.records()["here"]
    assert record["argv"][1:] == ["seed=3", "optimizer=sgd", "hydra.run.dir=here"]
    assert record["overrides"] == ["seed=3", "optimizer=sgd"]
    assert record["choices"]["optimizer"] == "sgd"


def test_flags_may_stand_among_the_overrides(application: Any) -> None:
    done = application.run("seed=3", "--config-name", "config", "optimizer=sgd")
    assert done.returncode == 0


@pytest.mark.parametrize(("name", "code"), [("fail", 1), ("refuse", 2), ("raise", 1)])
def test_the_exit_code_is_that_of_the_run(application: Any, name: str, code: int) -> None:
    assert application.run(f"name={name}").returncode == code


def test_a_refused_run_leaves_nothing_behind(application: Any) -> None:
    for folder in ("hydra.run.dir=a/b/c", "hydra.verbose=false"):
        assert application.run("name=refuse", folder).returncode == 2
        assert application.left_behind() == []


def test_a_refused_run_leaves_a_folder_alone_that_was_there(application: Any) -> None:
    (application.folder / "here").mkdir()
    (application.folder / "here" / "notes.txt").write_text("mine")
    assert application.run("name=refuse", "hydra.run.dir=here").returncode == 2
    assert application.left_behind() == ["here", "here/notes.txt"]


@pytest.mark.parametrize("folder", ["a b/=x,y", "é/ü", "it's", 'say "x"', "back\\slash"])
def test_a_folder_may_have_any_name(application: Any, folder: str) -> None:
    from kerasgen.sweep.folders import folder_override

    done = application.run(folder_override("hydra.run.dir", Path(folder)))
    assert done.returncode == 0
    assert (application.folder / folder / "record.json").is_file()


def test_two_runs_of_the_same_moment_get_folders_of_their_own(application: Any) -> None:
    for _ in range(2):
        assert application.run("hydra.run.dir=runs/of-${now:%Y}").returncode == 0
    names = sorted(path.name for path in (application.folder / "runs").iterdir())
    assert re.fullmatch(r"of-\d{4}", names[0])
    assert names[1] == f"{names[0]}-1"


def test_a_named_folder_that_holds_a_completed_run_is_refused(application: Any) -> None:
    assert application.run("hydra.run.dir=here", "seed=1").returncode == 0
    done = application.run("hydra.run.dir=here", "seed=2")
    assert done.returncode == 2
    assert "error[KG605]" in done.stderr
    assert application.records()["here"]["overrides"] == ["seed=1"]


@pytest.mark.parametrize(
    ("override", "code"),
    [
        ("hydra.run.dir=${nope}/x", "KG105"),
        ("hydra.run.dir=/proc/nope/x", "KG605"),
        (r"hydra.run.dir='\${seed}'", "KG605"),
    ],
)
def test_a_folder_that_cannot_be_had_is_reported_at_the_override(
    application: Any, override: str, code: str
) -> None:
    done = application.run(override)
    assert done.returncode == 2
    assert f"error[{code}]" in done.stderr
    assert override in done.stderr


def test_settings_of_hydra_for_a_job_are_honoured(application: Any) -> None:
    done = application.run(
        "hydra.run.dir=here",
        "hydra.output_subdir=.hydra",
        "hydra/job_logging=default",
        "hydra.job.chdir=true",
        "+hydra.job.env_set={FROM_HYDRA: set}",
    )
    assert done.returncode == 0
    assert (application.folder / "here" / ".hydra" / "config.yaml").is_file()
    assert (application.folder / "here" / "kerasgen.log").is_file()
    assert application.records()["here"]["environment"] == "set"


def test_what_a_backend_logs_is_not_printed_and_what_hydra_logs_is_on_request(
    application: Any,
) -> None:
    quiet = application.run("hydra.run.dir=a")
    assert quiet.stdout == "ran tensorflow 0 []\n"
    verbose = application.run("hydra.run.dir=b", "hydra.verbose=true")
    assert "Installed Hydra Plugins" in verbose.stdout
    assert "noise" not in verbose.stdout + verbose.stderr


def test_a_config_folder_of_the_users_comes_first(application: Any) -> None:
    file = application.folder / "my configs" / "model" / "mine.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("layers: {a: Dense}\n")
    done = application.run("--config-dir", "my configs", "model=mine", "hydra.run.dir=here")
    assert done.returncode == 0
    assert application.run("-cd", "nowhere").returncode == 2


def test_other_configs_may_take_the_place_of_the_shipped_ones(application: Any) -> None:
    shutil.copytree(ROOT / "conf", application.folder / "other")
    (application.folder / "other" / "mine.yaml").write_text("defaults: [config, _self_]\nseed: 7\n")
    done = application.run("--config-path", "other", "--config-name", "mine")
    assert "ran tensorflow 7" in done.stdout


def test_a_reader_that_leaves_is_no_error(application: Any) -> None:
    process = application.start("--help")
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait(60) == 141
    process.stderr.close()


def test_an_interrupted_run_ends_with_130(application: Any) -> None:
    process = application.start("name=sleep")
    assert process.stdout.readline() == "sleeps\n"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in errors


def test_an_installed_application_finds_its_configs(application: Any, tmp_path: Path) -> None:
    site = tmp_path / "site-packages"
    shutil.copytree(ROOT / "kerasgen", site / "kerasgen")
    shutil.copytree(ROOT / "conf", site / "kerasgen" / "conf")
    path = os.pathsep.join([application.environment["PYTHONPATH"], str(site)])
    installed = replace(
        application,
        environment={**application.environment, "PYTHONPATH": path},
        program=(sys.executable, "-P", "-m", "kerasgen.sweep.executors.job"),
    )
    done = installed.run("hydra.run.dir=here")
    assert done.returncode == 0
    assert installed.records()["here"]["argv"][:2] == ["-m", "kerasgen.sweep.executors.job"]


def test_the_application_may_be_called_from_python(application: Any) -> None:
    script = "from kerasgen.sweep.hydra.command_line import main; print(main(['--cfg', 'job']))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith("\n0\n")
