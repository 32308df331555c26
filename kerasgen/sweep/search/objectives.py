"""What a search makes best: figures of a run, and the direction in which each gets better.

This room owns the names of objectives and their figures in a record. It must not know who searches.

Decisions:
- They are named as Keras names figures (`val_accuracy`, `val_loss`, `loss`), or by the part of the
  data (`test_accuracy`). Who chooses by the test part has none left to tell how good the choice is,
  so the validation part is the default.
- The figure is the record's, of the weights that the run has kept.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from kerasgen.diagnostics import Sink, describe, did_you_mean
from kerasgen.passes.lint.directions import direction as direction_of
from kerasgen.record.files import number

Direction = Literal["minimize", "maximize"]

_DIRECTIONS: Mapping[str, Direction] = {
    "minimize": "minimize", "maximize": "maximize", "min": "minimize", "max": "maximize",
}  # fmt: skip

_BY_NAME: Mapping[str, Direction] = {"min": "minimize", "max": "maximize"}

_KEY = "hydra.sweeper"


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """One figure that is to become best.

    Attributes:
        part: the part of the data that it is measured on.
        name: the figure there.
        direction: which way it gets better.
    """

    part: str
    name: str
    direction: Direction

    @property
    def metric(self) -> str:
        """It as listings of runs name it."""
        return f"{self.part}_{self.name}"

    @property
    def shown(self) -> str:
        """It as Keras names it."""
        return {"validation": f"val_{self.name}", "training": self.name}.get(self.part, self.metric)

    @property
    def epoch_figure(self) -> str | None:
        """What it is called among the figures of an epoch; None where an epoch has none of it."""
        return None if self.part == "test" else self.shown

    def plain(self) -> dict[str, str]:
        """It as plain data."""
        return {"metric": self.metric, "direction": self.direction}

    def value(self, fields: Mapping[str, Any]) -> float | None:
        """Its figure in a record, None where there is none."""
        metrics = fields.get("metrics")
        part = metrics.get(self.part) if isinstance(metrics, Mapping) else None
        return number(part.get(self.name)) if isinstance(part, Mapping) else None


def read_objectives(
    said: object, ways: object, sink: Sink, figures: Callable[[], Sequence[str]] = tuple
) -> tuple[Objective, ...]:
    """The objectives of a search.

    Args:
        said: a name or a list of names, None for the default.
        ways: a direction or a list of them, None for what the names say.
        sink: gets what is none (KG660).
        figures: tells which figures a run has on each part of the data; none where that is not
            known. It is asked about a name that says nothing, since it takes its time.

    Returns:
        Empty where no name is said.
    """
    names = list(said) if isinstance(said, list | tuple) else [] if said is None else [said]
    directions = list(ways) if isinstance(ways, list | tuple) else [ways] * max(1, len(names))
    if isinstance(said, list | tuple) and not names:
        sink.report("KG660", "`objective` names no figure", key=f"{_KEY}.objective")
        return ()
    if len(directions) != max(1, len(names)):
        sink.report(
            "KG660",
            f"there are {len(directions)} directions for {len(names) or 'no named'} objectives",
            key=f"{_KEY}.direction",
            help="name the objectives, as in `objective: [val_accuracy, loss]`" if not names
            else None,
        )  # fmt: skip
        return ()
    found = []
    for name, way in zip(names, directions, strict=False):
        if not isinstance(name, str) or not name:
            told = f"`objective` is {describe(name)}, expected the name of a figure"
            sink.report("KG660", told, key=f"{_KEY}.objective")
        elif (objective := named_objective(name, way, sink, figures)) is not None:
            found.append(objective)
    if len({each.metric for each in found}) < len(found):
        sink.report("KG660", "`objective` names a figure twice", key=f"{_KEY}.objective")
    if not names:
        _direction(ways, sink)
    return tuple(found)


def named_objective(
    text: str, way: object, sink: Sink, figures: Callable[[], Sequence[str]] = tuple
) -> Objective | None:
    """An objective by its name.

    Args:
        text: the name.
        way: its direction, None for what the name says.
        sink: gets a direction that is none, or that cannot be told (KG660).
        figures: as for `read_objectives`.
    """
    part, name = "training", text.removeprefix("metrics.")
    for word, of in (("val", "validation"), ("validation", "validation"), ("test", "test"),
                     ("training", "training"), ("train", "training")):  # fmt: skip
        if name.startswith((f"{word}_", f"{word}.")):
            part, name = of, name[len(word) + 1 :]
            break
    by_name = direction_of(name)
    known = None if by_name is None else _BY_NAME[by_name]
    said = _direction(way, sink)
    if way is not None and said is None:
        return None
    if said is None and known is None:
        if (names := figures()) and name not in names:
            _report_unknown(text, names, sink)
            return None
        sink.report(
            "KG660",
            f"nothing says whether a small or a large `{text}` is good",
            key=f"{_KEY}.objective",
            help="say it: `hydra.sweeper.direction=minimize` or `maximize`",
        )
        return None
    if said is not None and known is not None and said != known:
        sink.report(
            "KG660",
            f"`direction` is `{said}`, and `{text}` gets better the other way",
            key=f"{_KEY}.direction",
            help="leave it out, or name another figure with `hydra.sweeper.objective`",
        )
        return None
    chosen = said or known
    assert chosen is not None
    return Objective(part=part, name=name, direction=chosen)


def _report_unknown(text: str, names: Sequence[str], sink: Sink) -> None:
    """Reports a figure that no run has; those of the validation part are what is meant mostly."""
    shown = [f"val_{name}" for name in names]
    listed = ", ".join(f"`{each}`" for each in shown)
    sink.report(
        "KG660",
        f"no run has a figure `{text}`",
        key=f"{_KEY}.objective",
        help=did_you_mean(text, [*shown, *names, *(f"test_{name}" for name in names)], listed=0),
        notes=[f"on the validation part it has {listed}"],
    )


def _direction(way: object, sink: Sink) -> Direction | None:
    if way is None:
        return None
    found = _DIRECTIONS.get(way) if isinstance(way, str) else None
    if found is None:
        told = did_you_mean(str(way), ("minimize", "maximize"), listed=2)
        text = f"`direction` is {describe(way)}, expected `minimize` or `maximize`"
        sink.report("KG660", text, key=f"{_KEY}.direction", help=told)
    return found


def figures_of(
    objectives: Sequence[Objective], runs: Sequence[Mapping[str, Any]]
) -> tuple[list[float], str | None]:
    """The figures of a setting: of each objective the mean over its runs.

    Args:
        objectives: the objectives.
        runs: the records of its runs, one a seed.

    Returns:
        The figures, and None; or what is wrong with them.
    """
    found = []
    for objective in objectives:
        values = [objective.value(fields) for fields in runs]
        missing = [value for value in values if value is None]
        if missing:
            return [], f"the run has no figure `{objective.shown}`"
        numbers = [value for value in values if value is not None]
        mean = sum(numbers) / len(numbers)
        if not math.isfinite(mean):
            return [], f"`{objective.shown}` is {mean:g}"
        found.append(mean)
    return found, None


def known_figures(fields: Mapping[str, Any]) -> list[str]:
    """The figures that a record has, as an objective names them."""
    metrics = fields.get("metrics")
    found = []
    for part, figures in metrics.items() if isinstance(metrics, Mapping) else ():
        for name in figures if isinstance(figures, Mapping) else ():
            shown = Objective(part=str(part), name=str(name), direction="minimize").shown
            found.append(shown)
    return found
