"""Trials of mutated configs: the corpus, one check each, and what the first diagnostic points at.

A trial spoils one file of a program that is in order, and checks it in this process as `kerasgen
check` does. Its number is its seed: the same number is the same trial for ever, as long as the
corpus stays the same.

A diagnostic counts as *strict* if it points at a line that the mutation changed. Where a mutation
took lines away and left none, it is the key around them that counts, or the file as a whole if
they stood at its top.

It counts as *lenient* if it is strict, or
- one of its notes points at a changed line, as for a parameter that is wrong where it is used; or
- it points at the key around the changed line; or
- it points at a line, of any file, that names what is gone or misspelt; or
- after a deletion, at what now stands in its place, or right above it.

The first diagnostic is the first error in the order of the report. A mutated config in which
nothing is wrong is *accepted*, and counts for neither share.
"""

import re
import shutil
import signal
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from types import FrameType

from fuzzing import mutated

from kerasgen.diagnostics import Diagnostic, Severity, SourceLocation
from kerasgen.diagnostics.render import render_text
from kerasgen.frontend.compose.config_folders import config_folder
from kerasgen.session.composed_config import compose_config
from kerasgen.verbs.check import check_config
from kerasgen.verbs.fast_check import check_fast

LIMIT = 10.0
"""CPU seconds of one check."""

_DATA = """\
source: {{class: Arrays, path: arrays.npz}}
features: {features}
target: label
task: classification
facts: {{classes: 10, shape: {shape}{more}}}
"""

_LANGUAGE: Mapping[str, str] = {
    "model/language_mlp.yaml": """\
parameters:
  width: 128
  dropout: 0.2
layers:
  flatten: Flatten
  hidden:  {class: Dense, units: $width, activation: relu, repeat: 2}
  drop:    {if: $dropout > 0, class: Dropout, rate: $dropout}
  scores:  {class: Dense, units: "${data.classes}", activation: softmax}
""",
    "model/language_towers.yaml": """\
inputs:
  left:  {shape: [28, 28, 1]}
  right: {shape: [28, 28, 1], dtype: float32}
layers:
  tower:
    class: Sequential
    from: left
    layers: {conv: {class: Conv2D, filters: 8, kernel_size: 3}, pool: GlobalAveragePooling2D}
  tower_right: {is: tower, from: right}
  gap:   {class: ops.subtract, from: [tower, tower_right]}
  size:  {class: ops.abs}
  same:  {class: Dense, units: 10, activation: softmax}
outputs: same
""",
    "model/language_sequences.yaml": """\
inputs:
  source: {shape: [null], dtype: int32}
  target: {shape: [null], dtype: int32}
layers:
  tokens:  {class: Embedding, input_dim: 8000, output_dim: 64, from: source, mask_zero: true}
  encoder: {class: LSTM, units: 64, return_state: true}
  wanted:  {class: Embedding, input_dim: 8000, output_dim: 64, from: target}
  decoder:
    class: LSTM
    units: 64
    return_sequences: true
    from: {sequences: wanted, initial_state: [encoder.1, encoder.2]}
  look:
    class: MultiHeadAttention
    num_heads: 4
    key_dim: 16
    from: {query: decoder, value: tokens}
    with: {use_causal_mask: false}
  pool:   GlobalAveragePooling1D
  scores: {class: Dense, units: 10, activation: softmax}
""",
    "model/language_stages.yaml": """\
defaults: ["/block@blocks.residual": residual]
layers:
  stem:   {class: Conv2D, filters: 16, kernel_size: 3, padding: same}
  stage1: {block: residual, filters: 16, repeat: 2}
  stage2: {block: residual, filters: 32, repeat: 2, strides: 2 if $index == 0 else 1}
  pool:   GlobalAveragePooling2D
  scores: {class: Dense, units: "${data.classes}", activation: softmax}
""",
    "model/language_list.yaml": """\
layers:
  - Flatten
  - {class: Dense, units: 4, kernel_initializer: {class: RandomUniform, minval: 0.0, maxval: 0.05}}
  - {class: Bidirectional, layer: {class: LSTM, units: 3}, if: false}
  - {class: Dense, units: 10, activation: softmax}
""",
    "optimizer/language.yaml": """\
class: SGD
learning_rate: {class: CosineDecay, initial_learning_rate: 0.1, decay_steps: 1000}
momentum: 0.9
""",
    "fit/language.yaml": """\
epochs: 10
batch_size: 100
class_weight: {0: 1.0, 1: 2.0}
callbacks:
  stop: {class: EarlyStopping, monitor: val_loss, patience: 3, restore_best_weights: true}
""",
    "data/pair.yaml": _DATA.format(
        features="{left: left, right: right}",
        shape="{left: [28, 28, 1], right: [28, 28, 1]}",
        more="",
    ),
    "data/pair_large.yaml": _DATA.format(
        features="{left: left, right: right}",
        shape="{left: [105, 105, 1], right: [105, 105, 1]}",
        more="",
    ).replace("classes: 10", "classes: 2"),
    "data/translation.yaml": _DATA.format(
        features="{source: source, target: target}",
        shape="{source: [null], target: [null]}",
        more="",
    ),
    "data/next_word.yaml": _DATA.format(
        features="{source: source, target: target}",
        shape="{source: [null], target: [null]}",
        more=", target_shape: [null]",
    ).replace("classes: 10", "classes: 8000"),
    "data/signal.yaml": _DATA.format(
        features="{samples: samples}", shape="{samples: [null, 1]}", more=", target_shape: [null]"
    ).replace("classes: 10", "classes: 256"),
    "data/texts.yaml": _DATA.format(features="{tokens: tokens}", shape="{tokens: [200]}", more=""),
    "data/pixels.yaml": _DATA.format(
        features="image", shape="[64, 64, 1]", more=", target_shape: [64, 64]"
    ).replace("classes: 10", "classes: 2"),
    "data/columns.yaml": _DATA.format(
        features="{wide: [a, b], deep: [c, d, e]}", shape="{wide: [2], deep: [3]}", more=""
    ).replace("classes: 10", "classes: 2"),
    "data/language.yaml": _DATA.format(features="image", shape="[28, 28, 1]", more=""),
}
"""The language's examples, and data for models that the shipped sets do not fit."""

_PROGRAMS = (
    "", "experiment=autoencoder", "experiment=cifar10_resnet", "experiment=diabetes",
    "experiment=digits_two_inputs", "experiment=mnist_convnet", "experiment=penguins",
    "experiment=book/cifar10_mlp", "experiment=book/mnist_mlp", "model=lenet5 data=mnist",
    "model=resnet20 data=cifar10 model.parameters.depth=1", "model=vgg16 data=cifar10",
    "model=resnet8 data=cifar10 optimizer=rmsprop", "model=googlenet data=cifar10",
    "model=mobilenet_v2 data=cifar10 optimizer=adagrad", "model=vit_tiny data=cifar10",
    "model=resnet50 data=cifar10", "model=densenet121 data=cifar10",
    "model=table_number data=diabetes_progression optimizer=adadelta",
    "model=table_binary data=breast_cancer", "model=table_classes data=wine",
    "model=table_classes data=iris",
    "model=convnet data=fashion_mnist", "model=unet data=pixels", "model=siamese data=pair_large",
    "model=seq2seq data=next_word", "model=wavenet data=signal", "model=transformer data=texts",
    "model=wide_deep data=columns", "model=language_mlp data=language",
    "model=language_towers data=pair", "model=language_sequences data=translation",
    "model=language_stages data=language", "model=language_list data=language fit=language",
    "model=language_mlp data=language optimizer=language",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A config that is in order: the overrides that choose it, and the files it is made of."""

    overrides: tuple[str, ...]
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A program with one spoilt file.

    Attributes:
        number: its seed.
        program: what is spoilt.
        file: the spoilt file, relative to the folder.
        kinds: the mutations.
        old: the file's text before.
        new: the file's text after.
    """

    number: int
    program: Program
    file: str
    kinds: tuple[str, ...]
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a trial led to.

    Attributes:
        number: of the trial.
        kinds: the mutations.
        verdict: accepted, strict, lenient, elsewhere, or failed.
        seconds: CPU seconds of the check.
        text: the report, or the traceback.
    """

    number: int
    kinds: tuple[str, ...]
    verdict: str
    seconds: float
    text: str


class TooLongError(BaseException):
    """A check that takes longer than it may; no `except Exception` holds it back."""


def lay_out(folder: Path) -> None:
    """Writes the corpus: every shipped config, and the language's examples."""
    shutil.copytree(config_folder(), folder, dirs_exist_ok=True)
    for name, text in _LANGUAGE.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def find_programs(folder: str, backend: str) -> list[Program]:
    """The programs of the corpus.

    Args:
        folder: where it was laid out, relative to the working directory.
        backend: the one that this process runs.
    """
    programs = []
    for written in _PROGRAMS:
        overrides = (f"backend={backend}", *written.split())
        source_map = compose_config(overrides, folder).source_map
        places = {mark.key.file for mark in source_map.marks.values() if mark.key.file}
        files = sorted(Path(place).relative_to(folder).as_posix() for place in places)
        programs.append(Program(overrides=overrides, files=tuple(files)))
    return programs


def make_trial(number: int, programs: Sequence[Program], folder: Path) -> Trial:
    """The trial of a number: four of five have one mutation, the others two to five."""
    random = Random(f"kerasgen {number}")
    while True:
        program = random.choice(programs)
        file = random.choice(program.files)
        old = (folder / file).read_text(encoding="utf-8")
        times = 1 if random.random() < 0.8 else random.randint(2, 5)
        new, kinds = mutated(random, old, times)
        if kinds:
            return Trial(number=number, program=program, file=file, kinds=kinds, old=old, new=new)


def run_trial(trial: Trial, folder: Path, files: Mapping[str, str]) -> Finding:
    """Checks a spoilt program; the file is as it was afterwards.

    Args:
        trial: the trial.
        folder: where the corpus lies, relative to the working directory.
        files: every file of the corpus with its text.
    """
    path = folder / trial.file
    path.write_text(trial.new, encoding="utf-8")
    begun = time.process_time()
    handler = signal.signal(signal.SIGPROF, _stop)
    signal.setitimer(signal.ITIMER_PROF, LIMIT)
    try:
        check = check_fast if trial.file.startswith("backend/") else check_config
        found = check(trial.program.overrides, str(folder)).diagnostics
        signal.setitimer(signal.ITIMER_PROF, 0)
        text = render_text(found)
        verdict = judge(trial, found, folder, files)
    except (Exception, TooLongError):
        verdict, text = "failed", traceback.format_exc()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, handler)
        path.write_text(trial.old, encoding="utf-8")
    seconds = time.process_time() - begun
    return Finding(
        number=trial.number, kinds=trial.kinds, verdict=verdict, seconds=seconds, text=text
    )


def _stop(signum: int, frame: FrameType | None) -> None:
    del signum, frame
    raise TooLongError(f"more than {LIMIT:.0f} CPU seconds")


def judge(trial: Trial, found: Sequence[Diagnostic], folder: Path, files: Mapping[str, str]) -> str:
    """Whether the first error points at the mutation; see the module's docstring."""
    first = next((d for d in found if d.severity is Severity.ERROR), None)
    if first is None:
        return "accepted"
    changed, gap = changed_lines(trial.old, trial.new)
    around = _lines_around(trial, gap)
    own = str(folder / trial.file)
    strict = {(own, line) for line in changed or around}
    place = _line_of(first.location)
    if place in strict:
        return "strict"
    lenient = {(own, line) for line in around}
    if not changed:
        lenient |= {(own, gap), (own, gap + 1)}
    lenient |= _lines_naming(_words_gone(trial), trial, folder, files)
    noted = {_line_of(note.location) for note in first.notes}
    return "lenient" if place in lenient or noted & strict else "elsewhere"


def _line_of(place: SourceLocation | None) -> tuple[str, int | None] | None:
    return None if place is None or place.file is None else (place.file, place.line)


def changed_lines(old: str, new: str) -> tuple[set[int], int]:
    """The lines of the new text that the old one lacks, and the last one before the change."""
    before, after = old.split("\n"), new.split("\n")
    head = 0
    while head < min(len(before), len(after)) and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < min(len(before), len(after)) - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    middle = after[head : len(after) - tail]
    replaced = before[head : len(before) - tail]
    same = len(middle) == len(replaced)
    changed = {head + 1 + at for at, line in enumerate(middle) if not same or line != replaced[at]}
    if not replaced:  # Of an entry that stands twice, neither is the original.
        behind = after[head + len(middle) :][: len(middle)]
        pairs = zip(middle, behind, strict=False)
        changed |= {
            head + len(middle) + 1 + at
            for at, (one, other) in enumerate(pairs)
            if _spoken(one) == _spoken(other)
        }
    return changed, head


def _spoken(line: str) -> str:
    return line.partition(" #")[0].strip()


def _lines_around(trial: Trial, gap: int) -> set[int | None]:
    """The line of the key around the first changed line; the whole file if there is none."""
    lines = trial.old.split("\n")
    at = min(gap, len(lines) - 1)
    depth = len(lines[at]) - len(lines[at].lstrip())
    for above in range(at - 1, -1, -1):
        line = lines[above]
        if line.strip() and not line.lstrip().startswith("#"):
            indent = len(line) - len(line.lstrip())
            if indent < depth:
                return {above + 1}
    return {None}


def _words_gone(trial: Trial) -> set[str]:
    """Words that the mutation took away or misspelt."""
    before, after = Counter(_words(trial.old)), Counter(_words(trial.new))
    return {word for word in (before - after) if len(word) > 1}


def _words(text: str) -> list[str]:
    return re.findall(r"[A-Za-z_]\w*", re.sub(r"(?m)(^|\s)#.*$", "", text))


def _lines_naming(
    words: set[str], trial: Trial, folder: Path, files: Mapping[str, str]
) -> set[tuple[str, int | None]]:
    naming: set[tuple[str, int | None]] = set()
    for name in trial.program.files:
        text = trial.new if name == trial.file else files[name]
        for number, line in enumerate(text.split("\n"), 1):
            if words & set(_words(line)):
                naming.add((str(folder / name), number))
    return naming


def show(trial: Trial, finding: Finding) -> str:
    """A trial in full: what was mutated, what came of it, and how to see it again."""
    changed, gap = changed_lines(trial.old, trial.new)
    lines = trial.new.split("\n")
    shown = "\n".join(f"  {n}: {lines[n - 1]}" for n in sorted(changed)[:6])
    return (
        f"trial {trial.number}: {', '.join(trial.kinds)} in {trial.file}, "
        f"checked with {' '.join(trial.program.overrides)}\n"
        f"{shown or f'  deleted behind line {gap}: ' + trial.old.split(chr(10))[gap]}\n"
        f"{finding.verdict}, {finding.seconds:.2f} s\n{finding.text}\n"
        f"again: KERASGEN_FUZZ=1 KERASGEN_FUZZ_SEED={trial.number} "
        "pytest -m slow -s tests/test_fuzz.py"
    )


def table(findings: Sequence[Finding]) -> str:
    """Counts and shares by kind of mutation, and the slowest check."""
    groups: dict[str, Counter[str]] = defaultdict(Counter)
    for finding in findings:
        single = len(finding.kinds) == 1
        for name in (finding.kinds[0], "all single ones") if single else ("several at once",):
            groups[name][finding.verdict] += 1
    rows = [
        f"{'mutation':<22}{'trials':>8}{'refused':>9}{'accepted':>10}{'strict':>9}{'lenient':>9}"
    ]
    for name in sorted(
        groups, key=lambda name: (name == "several at once", name.startswith("all"), name)
    ):
        rows.append(_row(name, groups[name]))
    slowest = max(findings, key=lambda finding: finding.seconds)
    failed = sum(finding.verdict == "failed" for finding in findings)
    rows.append(
        f"{failed} failed; the slowest, trial {slowest.number}, took {slowest.seconds:.1f} CPU s"
    )
    return "\n".join(rows)


def _row(name: str, counts: Counter[str]) -> str:
    refused = sum(counts[v] for v in ("strict", "lenient", "elsewhere"))
    strict = counts["strict"] / refused if refused else 1.0
    lenient = (counts["strict"] + counts["lenient"]) / refused if refused else 1.0
    return (
        f"{name:<22}{counts.total():>8}{refused:>9}{counts['accepted']:>10}"
        f"{strict:>9.1%}{lenient:>9.1%}"
    )


def read_corpus(folder: Path) -> dict[str, str]:
    """Every config file below a folder with its text."""
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.rglob("*.yaml")
    }


def run_trials(
    numbers: Sequence[int], folder: Path, programs: Sequence[Program]
) -> Iterator[tuple[Trial, Finding]]:
    """Runs trials one after the other."""
    files = read_corpus(folder)
    for number in numbers:
        trial = make_trial(number, programs, folder)
        yield trial, run_trial(trial, folder, files)
