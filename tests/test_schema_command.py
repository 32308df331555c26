"""The command `kerasgen schema` as a process, and its files in the hands of check-jsonschema."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def call(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *words],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": ""},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of a user's own, with schemas that the command wrote."""
    folder = tmp_path_factory.mktemp("mine")
    done = call("kerasgen", "schema", "-o", "my_conf/.schema", folder=folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "12 files in my_conf/.schema\n"
    return folder


def test_what_it_writes_is_what_is_shipped(written: Path) -> None:
    for path in (ROOT / "conf" / ".schema").iterdir():
        assert (written / "my_conf/.schema" / path.name).read_text("utf-8") == path.read_text(
            "utf-8"
        )


def judge(folder: Path, group: str, text: str) -> subprocess.CompletedProcess[str]:
    (folder / "x.yaml").write_text(text, encoding="utf-8")
    schema = f"my_conf/.schema/{group}.json"
    return call("check_jsonschema", "--schemafile", schema, "x.yaml", folder=folder)


def test_a_validator_accepts_a_good_config(written: Path) -> None:
    text = "layers:\n  flatten: Flatten\n  scores: {class: Dense, units: 10}\n"
    assert judge(written, "model", text).returncode == 0


def test_a_validator_refuses_a_misspelt_argument_and_names_it(written: Path) -> None:
    done = judge(written, "model", "layers:\n  a: {class: Dense, units: 10, activaton: relu}\n")
    assert done.returncode == 1
    assert "$.layers.a: Additional properties are not allowed ('activaton'" in done.stdout


def test_one_group_is_printed_as_one_file(tmp_path: Path) -> None:
    done = call("kerasgen", "schema", "optimizer", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    schema = json.loads(done.stdout)
    assert schema["title"] == "kerasgen: optimizer"
    assert "optimizer.Adam" in schema["definitions"]


def test_without_arguments_it_says_where_the_shipped_schemas_are(tmp_path: Path) -> None:
    done = call("kerasgen", "schema", folder=tmp_path)
    assert done.returncode == 0
    (line,) = [line for line in done.stdout.splitlines() if "yaml-language-server" in line]
    assert Path(line.partition("$schema=")[2]).is_file()


def test_a_group_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    done = call("kerasgen", "schema", "modell", folder=tmp_path)
    assert done.returncode == 2
    assert "'optimizer'" in done.stderr


def test_a_folder_that_cannot_be_written_is_a_diagnostic(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    done = call("kerasgen", "schema", "-o", "taken", folder=tmp_path)
    assert done.returncode == 2
    assert "error[KG605]: `taken` cannot be written" in done.stderr
