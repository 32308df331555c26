"""Damaged records, hostile overrides and spoilt keras.json files: a diagnostic, or nothing wrong.

`pytest -m slow -n 0 -s tests/test_fuzz_records.py` tries 3,000, 1,500 and 500 of them and prints
tables.
"""

import os
import shutil
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from damaged_records import (
    LIMIT,
    THINGS,
    Finding,
    TooLongError,
    command,
    limited,
    looks,
    make_run,
    run_trial,
    spoil,
    table,
)
from hostile_overrides import hostile_words

Corpus = tuple[Path, Path]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    """A sound run, and a working directory for spoilt ones."""
    before, folder = Path.cwd(), tmp_path_factory.mktemp("records")
    os.chdir(folder)
    make_run(folder / "sound" / "run")
    command(["check", "--fast"])  # The catalog may have to be made, which no trial is to pay for.
    yield folder / "sound" / "run", folder
    os.chdir(before)


def _records(numbers: range, corpus: Corpus) -> list[Finding]:
    sound, folder = corpus
    findings = []
    for number in numbers:
        findings.append(run_trial(number, sound, folder / str(number)))
        shutil.rmtree(folder / str(number))
    return findings


def _told(arguments: list[str]) -> tuple[int | None, float, str]:
    """The exit code, the seconds, and the traceback of a command line."""
    begun = time.perf_counter()
    code, failure = None, ""
    try:
        with limited():
            code = command(arguments)
    except (Exception, TooLongError):
        failure = f"{arguments}\n{traceback.format_exc()}"
    return code, time.perf_counter() - begun, failure


def _overrides(numbers: range) -> list[tuple[int | None, float, str]]:
    return [_told(["check", "--fast", *hostile_words(number)]) for number in numbers]


def _keras_files(numbers: range, corpus: Corpus) -> list[tuple[int | None, float, str]]:
    sound, folder = corpus
    found = []
    for number in numbers:
        file = folder / f"keras_{number}.json"
        shutil.copy(sound / "keras.json", file)
        spoil(Random(f"keras.json {number}"), file)
        found.append(_told(["check", "--fast", f"backend.keras_json={file}"]))
        if file.is_dir():
            file.rmdir()
        else:
            file.unlink(missing_ok=True)
    return found


def _row(name: str, found: list[tuple[int | None, float, str]]) -> str:
    codes = Counter(code for code, _, _ in found)
    slowest = max(seconds for _, seconds, _ in found)
    failed = sum(bool(failure) for _, _, failure in found)
    return f"{name:<20}{len(found):>8}{codes[2]:>9}{failed:>8}{slowest:>8.2f}s"


def test_a_sound_run_is_looked_at_without_a_word(corpus: Corpus) -> None:
    sound, _ = corpus
    assert {command(look) for look in looks(sound.parent, sound)} == {0}


def test_damaged_records_never_end_in_a_traceback(corpus: Corpus) -> None:
    findings = _records(range(60), corpus)
    assert [finding.failure for finding in findings if finding.failure] == []
    assert any(finding.refused for finding in findings)
    assert {finding.kind for finding in findings} & set(THINGS)


def test_hostile_overrides_never_end_in_a_traceback(corpus: Corpus) -> None:
    assert [failure for *_, failure in _overrides(range(12)) if failure] == []


@pytest.mark.parametrize(
    "words",
    [["x" * 300, "seed=1"], ["x" * 5_000], ["a=" + "x" * 300], ["model=" + "x" * 300], ["\ud800"]],
    ids=["word", "long", "value", "option", "no-text"],
)
@pytest.mark.parametrize("verb", [["check", "--fast"], ["show"]], ids=["check", "show"])
def test_a_word_too_long_for_a_name_is_a_diagnostic(
    verb: list[str], words: list[str], corpus: Corpus
) -> None:
    assert command([*verb, *words]) == 2


def test_spoilt_keras_files_never_end_in_a_traceback(corpus: Corpus) -> None:
    assert [failure for *_, failure in _keras_files(range(12), corpus) if failure] == []


@pytest.mark.slow
def test_thousands_of_hostile_inputs_never_end_in_a_traceback(
    corpus: Corpus, capsys: pytest.CaptureFixture[str]
) -> None:
    records = _records(range(3_000), corpus)
    words, files = _overrides(range(1_500)), _keras_files(range(500), corpus)
    with capsys.disabled():
        print(f"\n{table(records)}\n{_row('overrides', words)}\n{_row('keras.json', files)}")
    assert [finding.failure for finding in records if finding.failure] == []
    assert [failure for *_, failure in (*words, *files) if failure] == []
    assert max(finding.seconds for finding in records) < LIMIT
