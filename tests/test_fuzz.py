"""Spoilt configs: whatever is wrong in a file, the answer is a diagnostic or a valid config.

`pytest -m slow -s tests/test_fuzz.py` checks ten thousand of them and prints a table. With
`KERASGEN_FUZZ=500 KERASGEN_FUZZ_SEED=2000` it is the trials 2000 to 2499.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fuzz_trials import (
    Finding,
    Program,
    Trial,
    changed_lines,
    find_programs,
    judge,
    lay_out,
    make_trial,
    read_corpus,
    run_trials,
    show,
    table,
)
from fuzzing import MUTATIONS, mutated

from kerasgen.diagnostics import Diagnostic, Severity, SourceLocation
from kerasgen.verbs.check import check_config

FEW = range(20)
COUNT = int(os.environ.get("KERASGEN_FUZZ", "10000"))
FIRST = int(os.environ.get("KERASGEN_FUZZ_SEED", "0"))

Corpus = tuple[Path, list[Program]]


@pytest.fixture(scope="module")
def corpus(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    """Every shipped config and the language's examples, in a working directory of their own."""
    before, folder = Path.cwd(), Path("conf")
    os.chdir(tmp_path_factory.mktemp("fuzz"))
    lay_out(folder)
    yield folder, find_programs(str(folder), engine)
    os.chdir(before)


def run_all(numbers: range, corpus: Corpus) -> tuple[list[Finding], list[str]]:
    """The findings, and what failed in words."""
    found = list(run_trials(numbers, *corpus))
    failed = [show(trial, finding) for trial, finding in found if finding.verdict == "failed"]
    return [finding for _, finding in found], failed


def share(findings: list[Finding]) -> float:
    """Of the refused trials with one mutation, the part whose first error is in its place."""
    verdicts = [finding.verdict for finding in findings if len(finding.kinds) == 1]
    refused = [verdict for verdict in verdicts if verdict not in ("accepted", "failed")]
    return sum(verdict != "elsewhere" for verdict in refused) / len(refused)


@pytest.mark.slow
def test_every_program_is_in_order_before_it_is_spoilt(corpus: Corpus) -> None:
    folder, programs = corpus
    for program in programs:
        found = check_config(program.overrides, str(folder)).diagnostics
        assert [d.message for d in found if d.severity is Severity.ERROR] == []


def test_spoilt_configs_never_end_in_a_traceback(corpus: Corpus) -> None:
    findings, failed = run_all(FEW, corpus)
    assert failed == []
    assert share(findings) >= 0.93


@pytest.mark.slow
def test_ten_thousand_spoilt_configs_never_end_in_a_traceback(
    corpus: Corpus, capsys: pytest.CaptureFixture[str]
) -> None:
    findings, failed = run_all(range(FIRST, FIRST + COUNT), corpus)
    with capsys.disabled():
        print(f"\n{table(findings)}", *failed, sep="\n\n")
    assert failed == []
    assert len(findings) < 100 or share(findings) >= 0.95


def test_a_number_is_one_trial(corpus: Corpus) -> None:
    folder, programs = corpus
    assert make_trial(3, programs, folder) == make_trial(3, programs, folder)
    assert make_trial(3, programs, folder) != make_trial(4, programs, folder)


def test_every_mutation_finds_something_to_spoil(corpus: Corpus) -> None:
    from random import Random

    texts = read_corpus(corpus[0]).values()
    for name, mutate in MUTATIONS.items():
        assert any(mutate(Random(name), text) not in (None, text) for text in texts), name


def test_several_mutations_are_counted() -> None:
    from random import Random

    text = "layers:\n  a: {class: Dense, units: 3}\n  b: Flatten\n"
    made, kinds = mutated(Random(5), text, 3)
    assert made != text
    assert 1 <= len(kinds) <= 3


@pytest.mark.parametrize(
    ("new", "changed", "gap"),
    [
        ("a: 1\nb: 3\nc: 3\n", {2}, 1),
        ("a: 1\nc: 3\n", set(), 1),
        ("a: 1\nb: 2\nb: 2\nc: 3\n", {3}, 2),
        ("c: 1\nb: 2\na: 3\n", {1, 3}, 0),
    ],
)
def test_the_changed_lines_are_known(new: str, changed: set[int], gap: int) -> None:
    assert changed_lines("a: 1\nb: 2\nc: 3\n", new) == (changed, gap)


def _judged(trial: Trial, line: int | None) -> str:
    place = SourceLocation(file="conf/model/m.yaml", line=line)
    error = Diagnostic(code="KG201", severity=Severity.ERROR, message="", location=place)
    return judge(trial, [error], Path("conf"), {})


@pytest.fixture
def trial() -> Callable[[str, str], Trial]:
    program = Program(overrides=(), files=("model/m.yaml",))

    def make(old: str, new: str) -> Trial:
        return Trial(number=0, program=program, file="model/m.yaml", kinds=("",), old=old, new=new)

    return make


def test_a_changed_line_is_strict_and_the_key_around_it_lenient(
    trial: Callable[[str, str], Trial],
) -> None:
    spoilt = trial("layers:\n  a: Dense\n  b: Flatten\n", "layers:\n  a: Dens\n  b: Flatten\n")
    assert [_judged(spoilt, line) for line in (2, 1, 3)] == ["strict", "lenient", "elsewhere"]


def test_after_a_deletion_the_key_around_it_is_strict_and_a_reference_lenient(
    trial: Callable[[str, str], Trial],
) -> None:
    old = "layers:\n  one: Dense\n  b: Flatten\n  c: Flatten\n  d: {class: Add, from: [one, c]}\n"
    spoilt = trial(old, old.replace("  one: Dense\n", ""))
    verdicts = [_judged(spoilt, line) for line in (1, 4, 3)]
    assert verdicts == ["strict", "lenient", "elsewhere"]
