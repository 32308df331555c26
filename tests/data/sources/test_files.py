"""Finding files, and the progress of long reads."""

import pytest

from kerasgen.data.sources import files
from kerasgen.diagnostics import CompileError


def _refusal(sink, action):
    with pytest.raises(CompileError):
        action()
    (found,) = sink.diagnostics
    return found


def test_a_missing_file_is_reported_with_the_nearest_name_beside_it(sink, tmp_path):
    (tmp_path / "penguins.csv").write_text("a")
    wrong = str(tmp_path / "penguin.csv")
    found = _refusal(sink, lambda: files.find_file(wrong, "path", sink))
    assert (found.code, found.location.key) == ("KG501", "data.source.path")
    assert found.message == f"there is no file or folder `{wrong}`"
    assert found.help == f"did you mean `{tmp_path / 'penguins.csv'}`?"


def test_a_misspelt_folder_on_the_way_is_found_too(sink, tmp_path):
    (tmp_path / "datasets").mkdir()
    found = _refusal(sink, lambda: files.find_path(f"{tmp_path}/dataset/a.csv", "path", sink))
    assert found.help == f"did you mean `{tmp_path / 'datasets'}`?"


@pytest.mark.parametrize("path", ["", "nothing\0here", "~nobody-of-that-name/x", "x" * 5000])
def test_a_path_that_cannot_be_one_is_a_missing_file(path, sink):
    assert _refusal(sink, lambda: files.find_path(path, "path", sink)).code == "KG501"


def test_a_folder_is_no_file(sink, tmp_path):
    found = _refusal(sink, lambda: files.find_file(str(tmp_path), "path", sink))
    assert found.message == f"`{tmp_path}` is a folder, expected a file"


def test_an_empty_file_has_no_samples(sink, tmp_path):
    (tmp_path / "a.csv").touch()
    found = _refusal(sink, lambda: files.find_file(str(tmp_path / "a.csv"), "path", sink))
    assert found.code == "KG503"


def test_a_file_that_may_not_be_read_says_why(sink):
    def act():
        with files.readable("a.csv", "path", sink):
            raise PermissionError(13, "Permission denied")

    assert _refusal(sink, act).message == "`a.csv` cannot be read: permission denied"


def test_the_home_folder_is_written_with_a_tilde(sink, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "a.csv").write_text("a")
    assert files.find_file("~/a.csv", "path", sink) == tmp_path / "a.csv"


def test_a_short_read_shows_no_progress(capsys):
    progress = files.Progress("images", 3)
    progress.advance(3)
    progress.close()
    assert capsys.readouterr().err == ""


def test_a_long_read_shows_its_progress_on_standard_error(capsys, monkeypatch):
    monkeypatch.setattr(files, "PATIENCE", 0.0)
    progress = files.Progress("images", 2000)
    progress.advance(1000)
    progress.advance(1000)
    progress.close()
    assert capsys.readouterr().err == ("read 1,000 of 2,000 images\nread 2,000 of 2,000 images\n")
