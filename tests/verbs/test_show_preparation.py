"""`kerasgen show` on what `data.prepare` does: as a table, and as a drawing."""

from pathlib import Path

import pytest

from kerasgen.cli import main


def test_the_steps_of_a_config_are_listed_with_their_shapes(
    engine: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", "data=digits", f"backend={engine}", "--prepare"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "column  class      from   shape            parameters",
        "image   column     -      (None, 8, 8, 1)           -",
        "label   column     -      (None,)                   -",
        "scale   Rescaling  image  (None, 8, 8, 1)           0",
        "",
        "             from   shape",
        "input input  scale  (None, 8, 8, 1)",
        "target       label  (None,)",
    ]


def test_the_steps_of_a_config_are_drawn_as_a_model_is(
    engine: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drawing = tmp_path / "prepare.mmd"
    assert main(["show", f"backend={engine}", "--prepare-graph", str(drawing)]) == 0
    assert capsys.readouterr().out.endswith("prepare.mmd: 1 step\n")
    lines = drawing.read_text().splitlines()
    assert '  n_scale["scale<br/>Rescaling scale=0.0625"]' in lines
    assert '  n_image -->|"(None, 8, 8, 1)"| n_scale' in lines


def test_an_ending_that_is_no_drawing_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "--prepare-graph", "prepare.gif"]) == 2
    assert "`prepare.gif`" in capsys.readouterr().err


@pytest.mark.parametrize("look", [["--prepare"], ["--prepare-graph", "prepare.mmd"]])
def test_without_data_there_is_nothing_to_prepare(
    look: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["show", "data=none", *look]) == 2
    assert "error[KG621]" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
