"""A run of several folds: a run each, and what their figures are together.

This room owns how the config of one fold is made of that of all, and the record of all: the mean of
each figure, and its deviation. A fold is a run as any other: its folder tells nothing of the rest.

Decisions:
- Folds are run one after the other in this process, each in `folds/NUMBER`. Its record is that of
  the run with `data.split.fold=NUMBER/COUNT`, bit for bit.
- A run of folds that was interrupted goes on with those that are not finished.
- A fold that fails is told, and the others go on; the whole has failed then, and its figures are
  those of the folds that completed. Where the first one is refused, the whole is: its config is
  that of all.
- The deviation is that of a sample; there is none of a single fold.
"""

from __future__ import annotations

import copy
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from omegaconf import OmegaConf, open_dict, read_write
from omegaconf.errors import OmegaConfBaseException

from kerasgen.foreign.regular_files import ForeignFileError
from kerasgen.frontend.compose.composition import Composition
from kerasgen.process.exit_codes import DONE, FAILED, REFUSED
from kerasgen.record.file_names import CONFIG, FOLDS, METRICS
from kerasgen.record.read import read_record
from kerasgen.run.active_run import ActiveRun
from kerasgen.run.events import StepFinished
from kerasgen.run.resumption import folds_config

Figures = Mapping[str, Mapping[str, float]]
"""Part of the data to figure to number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """The figures of several folds.

    Attributes:
        mean: part to figure to its mean.
        deviation: the same for the deviation of a sample; empty for a single fold.
    """

    mean: Figures
    deviation: Figures


def wanted_folds(composition: Composition) -> int | None:
    """How many folds a config asks for; None for a single run, or where that cannot be read.

    Raises:
        CompileError: KG204, it asks for all folds and for one.
    """
    config = composition.config
    try:
        folds = OmegaConf.select(config, "fit.folds")
        fold = OmegaConf.select(config, "data.split.fold")
    except OmegaConfBaseException:
        return None  # told where the config is resolved
    if type(folds) is not int or folds < 2:
        return None
    if fold is not None:
        raise composition.sink().fail(
            "KG204",
            f"`fit.folds` is `{folds}`, and `data.split.fold` is the one fold `{fold}`",
            key="fit.folds",
            help="leave one of the two out",
        )
    return folds


def run_folds(
    composition: Composition,
    run: ActiveRun,
    argv: Sequence[str] | None,
    run_one: Callable[[Composition, Path, Sequence[str]], int],
) -> int:
    """Runs each fold, and records what they come to together.

    Args:
        composition: the composed config.
        run: the run of all, whose record is open.
        argv: its command line, None for that of this process.
        run_one: runs one config into a folder, for a command line; gives its exit code.

    Returns:
        The exit code: that of the first fold where it was refused, else whether all are done.
    """
    assert run.record is not None, "the record is opened before the first fold"
    count, began = wanted_folds(composition), time.perf_counter()
    assert count is not None, "somebody has asked for folds"
    run.record.write_text(CONFIG, folds_config(composition))
    run.record.start(folds={"count": count})
    if run.stopwatch is not None:
        run.stopwatch.folds = count
    codes = {}
    for number in range(1, count + 1):
        words = _overrides(number, count)
        line = [*(sys.argv if argv is None else argv), *words]
        one = run.folder / FOLDS / str(number)
        if run.goes_on and _completed(one):
            codes[number] = DONE
            continue
        codes[number] = run_one(_one_fold(composition, number, count, words), one, line)
        if run.stopwatch is not None:  # The others are as this one.
            run.end("interrupted", "one of the folds was measured")
            return codes[number]
        if codes[1] == REFUSED:
            return REFUSED
    done = [number for number, code in codes.items() if code == DONE]
    records = [read_record(run.folder / FOLDS / str(number)).fields for number in done]
    together = put_together([record["metrics"] for record in records])
    settings = records[0]["backend"] if records else None
    run.record.update(
        metrics=together.mean,
        folds={"count": count, "completed": done, "deviation": together.deviation},
        **({} if settings is None else {"backend": settings}),
    )
    run.record.write_json(METRICS, {**together.mean, "deviation": together.deviation})
    text = f"{len(done)} of {count} in {run.folder / FOLDS}{_text(together)}"
    seconds = time.perf_counter() - began
    run.events.emit(StepFinished(name="folds", text=text, seconds=seconds))
    if len(done) < count:
        lost = ", ".join(str(number) for number in codes if number not in done)
        run.end("failed", f"folds {lost} of {count} did not complete")
        return FAILED
    run.complete()
    return DONE


def _completed(folder: Path) -> bool:
    """Whether a fold was run to its end before."""
    try:
        return bool(read_record(folder).fields["status"] == "completed")
    except ForeignFileError:
        return False


def put_together(figures: Sequence[Figures]) -> Together:
    """The mean and the deviation of each figure that all folds have."""
    named = [{part: _plain_names(found) for part, found in fold.items()} for fold in figures]
    mean: dict[str, dict[str, float]] = {}
    deviation: dict[str, dict[str, float]] = {}
    for part in named[0] if named else ():
        known = [fold.get(part, {}) for fold in named]
        for figure in known[0]:
            values = [fold[figure] for fold in known if figure in fold]
            if len(values) < len(named):
                continue
            mean.setdefault(part, {})[figure] = float(np.mean(values))
            if len(values) > 1:
                deviation.setdefault(part, {})[figure] = float(np.std(values, ddof=1))
    return Together(mean=mean, deviation=deviation)


def _overrides(number: int, count: int) -> list[str]:
    return [f"data.split.fold={number}/{count}", "fit.folds=null"]


def _one_fold(
    composition: Composition, number: int, count: int, overrides: Sequence[str]
) -> Composition:
    config = copy.deepcopy(composition.config)
    with read_write(config), open_dict(config):
        OmegaConf.update(config, "data.split.fold", f"{number}/{count}", force_add=True)
        OmegaConf.update(config, "fit.folds", None)
    return replace(composition, config=config, overrides=(*composition.overrides, *overrides))


def _plain_names(figures: Mapping[str, float]) -> dict[str, float]:
    """Figures without the numbers that Keras gives to the second metric of a name in a process."""
    plain = [re.sub(r"_\d+\Z", "", name) for name in figures]
    unique = len(set(plain)) == len(plain)
    return dict(zip(plain if unique else figures, figures.values(), strict=True))


def _text(together: Together) -> str:
    """The figures of the part that counts most, with their deviations."""
    if not together.mean:
        return ""
    part = "test" if "test" in together.mean else next(iter(together.mean))
    shown = []
    for name, value in together.mean[part].items():
        spread = together.deviation.get(part, {}).get(name)
        shown.append(f"{name} {value:.4g}" + ("" if spread is None else f" ± {spread:.2g}"))
    return f"; {part}: {', '.join(shown)}"
