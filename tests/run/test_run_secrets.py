"""Secrets of a run: no file in its folder holds one, whatever has become of the run."""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import pytest
import yaml

import kerasgen
from kerasgen.foreign.passwords import MARK
from kerasgen.frontend.compose.composition import compose
from kerasgen.record.file_names import CONFIG, OVERRIDES, RECORD
from kerasgen.run.experiment import run_experiment
from kerasgen.verbs.rerun import rerun

SECRETS = {
    "KERASGEN_TEST_WORD": 'sesame "open" ümlaut',
    "KERASGEN_TEST_HEADER": "Bearer-in-the-environment",
    "SOME_SERVICE_TOKEN": "token-that-no-config-names",
}
TYPED = "typed-into-the-config"
QUICK = ("fit.epochs=1", "fit.verbose=0", "tracking.plots=false")


class Telling(keras.callbacks.Callback):
    """Keeps what it is given, and may fail with it."""

    def __init__(self, token: str, headers: dict[str, str], fail: bool = False) -> None:
        super().__init__()
        self.token, self.headers, self.fail = token, headers, fail

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if self.fail:
            told = [self.token, self.headers, *SECRETS.values()]
            raise ValueError(f"refused {told} at https://x.example/a?access_token=in-an-address")


CALLBACK = (
    "+fit.callbacks.telling={class: Telling, token: '${oc.env:KERASGEN_TEST_WORD}', "
    f"headers: {{A: '${{oc.env:KERASGEN_TEST_HEADER}}', B: {TYPED}}}}}"
)


@pytest.fixture(autouse=True)
def _secrets_and_who_tells_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("kerasgen.registry._PARTS", [])  # Other tests have no such callback.
    kerasgen.register(Telling)


def contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    """What each file holds, and each member of an archive."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.name, path.read_bytes()
            if zipfile.is_zipfile(path):
                with zipfile.ZipFile(path) as archive:
                    yield from ((name, archive.read(name)) for name in archive.namelist())


def found(folder: Path) -> list[tuple[str, str]]:
    """Each file with a secret in it, in whatever form it may be quoted."""
    words = [*SECRETS.values(), TYPED, "in-an-address"]
    forms = {form for word in words for form in (word, json.dumps(word)[1:-1], repr(word)[1:-1])}
    return [
        (name, form)
        for name, content in contents(folder)
        for form in forms
        if form.encode() in content
    ]


def test_a_completed_run_holds_no_secret(engine: str, tmp_path: Path) -> None:
    words = [f"backend={engine}", *QUICK, CALLBACK, "tracking.tensorboard=true"]
    argv = ["run.py", *words, f"--password={SECRETS['KERASGEN_TEST_WORD']}"]
    assert run_experiment(compose(words), tmp_path / "run", argv=argv) == 0
    assert found(tmp_path) == []
    config = yaml.safe_load((tmp_path / "run" / CONFIG).read_text())
    told = config["fit"]["callbacks"]["telling"]
    assert told["token"] == "${oc.env:KERASGEN_TEST_WORD}"
    assert told["headers"] == {"A": "${oc.env:KERASGEN_TEST_HEADER}", "B": MARK}
    assert isinstance(yaml.safe_load((tmp_path / "run" / OVERRIDES).read_text()), list)
    assert rerun(tmp_path / "run", tmp_path, (), print) == 0
    assert found(tmp_path) == []


def test_a_failed_run_holds_no_secret_and_prints_none(
    engine: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [f"backend={engine}", *QUICK, CALLBACK.replace("}}", "}, fail: true}")]
    assert run_experiment(compose(words), tmp_path / "run") == 1
    assert found(tmp_path) == []
    record = json.loads((tmp_path / "run" / RECORD).read_text())
    assert record["error"].startswith("fit: ValueError: refused ")
    assert MARK in (tmp_path / "run" / "traceback.txt").read_text()
    printed = "".join(capsys.readouterr())
    assert not [word for word in (*SECRETS.values(), TYPED, "in-an-address") if word in printed]


def test_a_refused_run_that_is_kept_holds_no_secret(engine: str, tmp_path: Path) -> None:
    words = [f"backend={engine}", *QUICK, CALLBACK, "optimizer.learning_rate=no"]
    assert run_experiment(compose(words), tmp_path / "run", keep_rejected=True) == 2
    assert (tmp_path / "run" / RECORD).exists()
    assert found(tmp_path) == []


def test_a_run_of_folds_holds_no_secret_and_goes_on(engine: str, tmp_path: Path) -> None:
    words = ["data=iris", "model=table_classes", "fit.folds=2", "tracking.model=false"]
    composition = compose([f"backend={engine}", *QUICK, *words, CALLBACK])
    assert run_experiment(composition, tmp_path / "run") == 0
    assert found(tmp_path) == []
    path = tmp_path / "run" / RECORD
    record = json.loads(path.read_text())
    path.write_text(json.dumps(record | {"status": "interrupted"}))
    assert run_experiment(composition, tmp_path / "run") == 0


def test_a_run_that_goes_on_is_the_same_with_the_secret_masked(engine: str, tmp_path: Path) -> None:
    words = [f"backend={engine}", *QUICK, CALLBACK]
    assert run_experiment(compose(words), tmp_path / "run") == 0
    assert run_experiment(compose([*words, "fit.epochs=2"]), tmp_path / "run") == 0
    record = json.loads((tmp_path / "run" / RECORD).read_text())
    assert [place["epoch"] for place in record["resumed"]] == [1]
    assert found(tmp_path) == []
