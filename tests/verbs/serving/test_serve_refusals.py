"""Where a server may listen, and which token it asks for, is settled before anything is loaded."""

import socket
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from kerasgen.cli import main
from kerasgen.process.exit_codes import REFUSED
from kerasgen.verbs import serve

pytest.importorskip("fastapi")

MakeRun = Callable[..., Path]


def refused(make_run: MakeRun, words: Sequence[str], capsys: pytest.CaptureFixture[str]) -> str:
    folder = make_run("outputs/run", config="seed: 1\n")
    assert main(["serve", str(folder), *words]) == REFUSED
    return capsys.readouterr().err


def test_another_address_needs_a_token(
    make_run: MakeRun, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KERASGEN_TOKEN", raising=False)
    assert refused(make_run, ["--host", "0.0.0.0"], capsys) == (
        "error[KG650]: `0.0.0.0` can be reached from other machines, and there is no token\n"
        "  --> command line\n"
        "   |\n"
        "   | --host 0.0.0.0\n"
        "  = help: write one into a file and add `--token-file FILE`, or set `KERASGEN_TOKEN`; or "
        "leave `--host` out, and let a proxy on this machine ask who comes\n"
        "\n"
        "1 error\n"
        "more: kerasgen explain KG650\n"
    )


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ("short", "holds no token"),
        ("a token with blanks in it", "holds no token"),
        (None, "cannot be read"),
    ],
    ids=["short", "blanks", "missing"],
)
def test_a_token_that_is_none_is_refused_and_not_shown(
    make_run: MakeRun,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    token: str | None,
    reason: str,
) -> None:
    file = tmp_path / "token.txt"
    if token is not None:
        file.write_text(token)
    errors = refused(make_run, ["--token-file", str(file)], capsys)
    assert "error[KG650]" in errors
    assert reason in errors
    assert token is None or token not in errors


def test_a_short_variable_is_refused(
    make_run: MakeRun, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERASGEN_TOKEN", "secret")
    errors = refused(make_run, [], capsys)
    assert "the variable `KERASGEN_TOKEN` holds no token" in errors
    assert "secret" not in errors


def test_a_port_of_another_program_is_told(
    make_run: MakeRun, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        errors = refused(make_run, ["--port", port], capsys)
    assert f"`127.0.0.1` cannot be listened on at port {port}: address already in use" in errors


@pytest.mark.parametrize("words", [["--port", "70000"], ["--host", "no such host"]], ids=str)
def test_no_address_is_told(
    make_run: MakeRun,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KERASGEN_TOKEN", "0123456789abcdef")
    assert "error[KG650]" in refused(make_run, words, capsys)


def test_a_missing_package_names_the_extra(
    make_run: MakeRun, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "is_installed", lambda name: name != "uvicorn")
    errors = refused(make_run, [], capsys)
    assert "error[KG603]: serving needs the package `uvicorn`" in errors
    assert "pip install 'kerasgen[serve]'" in errors


@pytest.mark.parametrize("words", [["--max-rows", "0"], ["--timeout", "nan"], ["--max-batch", "x"]])
def test_a_limit_that_is_none_is_refused(make_run: MakeRun, words: list[str]) -> None:
    with pytest.raises(SystemExit):
        main(["serve", "last", *words])
