"""What `kerasgen engines` tells, and what it refuses."""

import json
from pathlib import Path

import pytest

from kerasgen.cli import main
from kerasgen.engines.choice import settings_to_look
from kerasgen.ir.program import BackendDef

ENGINES = ["tensorflow", "jax", "torch", "theano", "cntk"]


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No engine outside Keras 3 is on the machine."""
    monkeypatch.setenv("KERASGEN_DATA", str(tmp_path))
    for name in ("KERASGEN_THEANO", "KERASGEN_CNTK"):
        monkeypatch.delenv(name, raising=False)


def test_every_engine_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["engines"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in printed[1:6]] == ENGINES
    assert "theano: kerasgen engines install theano" in printed


def test_the_list_is_one_document_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["engines", "list", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [engine["name"] for engine in found] == ENGINES
    assert [engine["state"] for engine in found[3:]] == ["absent", "absent"]
    assert found[3]["help"] == "kerasgen engines install theano"


def test_one_that_is_named_and_does_not_serve_is_listed_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KERASGEN_CNTK", str(tmp_path / "none"))
    assert main(["engines", "--json"]) == 0
    cntk = json.loads(capsys.readouterr().out)[4]
    assert (cntk["state"], cntk["origin"]) == ("faulty", "KERASGEN_CNTK")
    assert "No such file" in cntk["problem"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["check"], "error[KG670]: the engine `theano` is not there"),
        (["check", "cntk"], "error[KG670]: the engine `cntk` is not there"),
        (["check", "thaeno"], "did you mean `theano`?"),
        (["install", "jax"], "`jax` is an engine of Keras 3"),
        (["install", "theano", "--python", "/none/python"], "is no Python that can be run"),
        (["check", "theano", "--python", "/none/python"], "No such file"),
    ],
)
def test_what_cannot_be_done_is_told(
    capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    assert main(["engines", *words]) == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["install"], "`engines install` needs an engine"),
        (["list", "theano"], "`theano` does nothing in `engines list`"),
        (["--python", "x"], "`--python` does nothing"),
        (["check", "--python", "x"], "`--python` does nothing"),
        (["check", "--replace"], "`--replace` does nothing"),
        (["check", "--json"], "`--json` does nothing"),
    ],
)
def test_an_argument_that_does_nothing_is_told(
    capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    assert main(["engines", *words]) == 2
    printed = capsys.readouterr().err
    assert "error[KG126]" in printed
    assert told in printed


@pytest.mark.parametrize("words", [["instal"], ["check", "theano", "cntk"], ["--jsn"]])
def test_wrong_usage_is_told(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["engines", *words])
    assert ended.value.code == 2
    assert "usage: kerasgen engines" in capsys.readouterr().err


def test_a_run_of_an_engine_that_is_not_there_is_looked_at_by_its_twin() -> None:
    settings = settings_to_look(BackendDef(backend="cntk", image_data_format="channels_first"))
    assert settings.backend in ("jax", "tensorflow", "torch")
    assert settings.image_data_format == "channels_first"
    assert settings_to_look(BackendDef(backend="torch")) == BackendDef(backend="torch")
