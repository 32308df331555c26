"""The space of a search: which parameters it has, which values they may take, and when.

This room owns the way from Hydra's sweeps to parameters, their conditions, and the overrides of one
setting. It must not know who draws the values.

Decisions:
- A sweep over seeds is a repetition, and no parameter: the objective is the mean over them.
- The end of a range is none of its values, as in a grid.
- A parameter under a condition has a value only where another one has one of those named. Where it
  has none, its override is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, IntervalSweep, Override, RangeSweep

from kerasgen.diagnostics import Sink, did_you_mean
from kerasgen.frontend.compose.origins import place_of_text
from kerasgen.frontend.compose.selector_syntax import head_of, is_selector
from kerasgen.frontend.compose.selectors_through_hydra import as_written
from kerasgen.sweep.settings_over_seeds import SEED

Scalar: TypeAlias = "str | int | float | bool | None"

Conditions: TypeAlias = Mapping[str, Mapping[str, Sequence[Scalar]]]
"""Parameter to the others on which it depends, each with the values for which it counts."""

PARAMS = "hydra.sweeper.params"

_MOST_CHOICES = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter of a search.

    Attributes:
        name: its key, without the signs before an override.
        written: its key as the override has it.
        kind: what it is drawn from.
        low: the least value.
        high: the greatest value.
        step: the distance of values, None for any in between.
        log: whether it is drawn from the logarithm.
        choices: the values of a choice, as overrides have them.
    """

    name: str
    written: str
    kind: Literal["float", "int", "choice"]
    low: float = 0
    high: float = 0
    step: float | None = None
    log: bool = False
    choices: tuple[str, ...] = ()

    def plain(self) -> dict[str, object]:
        """It as plain data."""
        if self.kind == "choice":
            return {"kind": "choice", "choices": list(self.choices)}
        bounds = {"kind": self.kind, "low": self.low, "high": self.high}
        return {**bounds, "step": self.step, "log": self.log}

    def ends(self) -> tuple[object, ...]:
        """The values that show whether a job can be composed: each choice, both ends of a range."""
        return self.choices if self.kind == "choice" else (self.low, self.high)


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """The space of a search.

    Attributes:
        parameters: its parameters; one that depends on others comes behind them.
        conditions: when those count that do not always.
        fixed: the overrides that all jobs have.
        seeds: the overrides of the repetitions of a setting, at least one, which may be empty.
    """

    parameters: tuple[Parameter, ...]
    conditions: Conditions
    fixed: tuple[str, ...]
    seeds: tuple[tuple[str, ...], ...]

    def counts(self, parameter: Parameter, values: Mapping[str, object]) -> bool:
        """Whether a parameter has a value beside those that were drawn so far."""
        return all(
            other in values and any(_same(values[other], one) for one in wanted)
            for other, wanted in self.conditions.get(parameter.name, {}).items()
        )

    def overrides(self, values: Mapping[str, object]) -> list[tuple[str, ...]]:
        """The task overrides of the jobs of a setting: one for each seed."""
        drawn = [
            f"{parameter.written}={_text(values[parameter.name])}"
            for parameter in self.parameters
            if parameter.name in values
        ]
        known = {parameter.name for parameter in self.parameters}
        more = [f"{name}={_text(value)}" for name, value in values.items() if name not in known]
        return [(*self.fixed, *drawn, *more, *seed) for seed in self.seeds]

    def label(self, values: Mapping[str, object]) -> str:
        """The overrides that make a setting, as written: without those of all jobs and the seed."""
        left_out = {*self.fixed, *(text for seed in self.seeds for text in seed)}
        drawn = self.overrides(values)[0]
        return " ".join(as_written(text) for text in drawn if text not in left_out)

    def probes(self) -> Iterator[dict[str, object]]:
        """Settings that show what can be composed: each choice, and both ends of a range, once."""
        first = self._completed({})
        yield first
        seen = [first]
        for parameter in self.parameters:
            for end in parameter.ends():
                found = self._completed(self._allowing(parameter) | {parameter.name: end})
                if found not in seen:
                    seen.append(found)
                    yield found

    def _allowing(self, parameter: Parameter) -> dict[str, object]:
        """Values of others with which a parameter counts."""
        found: dict[str, object] = {}
        for other, wanted in self.conditions.get(parameter.name, {}).items():
            named = next(each for each in self.parameters if each.name == other)
            value = next(end for end in (*named.ends(), *wanted) if _in(end, wanted))
            found |= {**self._allowing(named), other: value}
        return found

    def _completed(self, chosen: Mapping[str, object]) -> dict[str, object]:
        """A setting with some values, and the first one of each other parameter that counts."""
        values: dict[str, object] = {}
        for parameter in self.parameters:
            if self.counts(parameter, values):
                values[parameter.name] = chosen.get(parameter.name, parameter.ends()[0])
        return values

    def plain(self) -> dict[str, object]:
        """The space as plain data; two that say the same are the same space."""
        return {
            "parameters": {each.name: each.plain() for each in self.parameters},
            "conditions": {
                name: {other: list(wanted) for other, wanted in others.items()}
                for name, others in self.conditions.items()
            },
        }


def read_space(
    parameters: Mapping[str, object],
    arguments: Sequence[str],
    conditions: Conditions,
    sink: Sink,
    loader: Any = None,
) -> Space:
    """The space of a search.

    Args:
        parameters: key to sweep, as `hydra.sweeper.params` holds them.
        arguments: the overrides of the command line, selectors carried; sweeps are parameters too.
        conditions: the conditions.
        sink: gets what cannot be searched over (KG661), or is no condition (KG660).
        loader: lists the options of a group for `glob(…)`.

    Raises:
        CompileError: there is such a thing, or nothing to search over.
    """
    found: dict[str, Parameter] = {}
    fixed: dict[str, str] = {}
    seeds: list[tuple[str, ...]] = [()]
    texts = [(f"{key}={value}", f"{PARAMS}.{key}") for key, value in parameters.items()]
    texts += [(text, "") for text in arguments]
    for text, key in texts:
        override = _parsed(text, key, sink, loader)
        if override is None:
            continue
        name = _name(text)
        found.pop(name, None)
        fixed.pop(name, None)
        if f"{name}=" == SEED and override.is_sweep_override():
            seeds = [(seed,) for seed in _seeds(override, text, key, sink)]
        elif not override.is_sweep_override():
            fixed[name] = text
            seeds = [()] if f"{name}=" == SEED else seeds
        elif (parameter := _parameter(name, override, text, key, sink)) is not None:
            found[name] = parameter
    if not found and not sink.errors:
        sink.report("KG661", "the search has no parameter", help=_HELP)
    sink.stop_on_errors()
    ordered = _ordered(found, conditions, sink)
    sink.stop_on_errors()
    return Space(
        parameters=tuple(ordered),
        conditions=conditions,
        fixed=tuple(fixed.values()),
        seeds=tuple(seeds),
    )


_HELP = (
    "name what is searched over, as in "
    "`optimizer.learning_rate=tag(log,interval(1e-4,1e-1))` or `optimizer=adam,sgd`"
)


def _parsed(text: str, key: str, sink: Sink, loader: Any) -> Override | None:
    try:
        override = OverridesParser.create(config_loader=loader).parse_override(text)
        override.config_loader = loader
    except Exception as error:  # Hydra's parser raises its own, and OmegaConf's and ANTLR's.
        told = str(error).split("\n", 1)[0]
        _refuse(text, key, f"`{text}` cannot be read: {told}", sink)
        return None
    if override.is_sweep_override() and override.is_discrete_sweep():
        try:
            empty = not isinstance(override._value, RangeSweep) and not list(
                override.sweep_string_iterator()
            )
        except Exception as error:  # as above
            _refuse(text, key, f"the values of `{text}` cannot be listed: {error}", sink)
            return None
        if empty:
            _refuse(text, key, f"`{text}` stands for no value at all", sink)
            return None
    return override


def _name(text: str) -> str:
    """What an override sets, without the signs before it."""
    written = as_written(text)
    head = head_of(written) if is_selector(written) else written.partition("=")[0]
    return head.lstrip("+")


def _refuse(text: str, key: str, message: str, sink: Sink, told: str | None = None) -> None:
    """Reports what is wrong with a parameter, where it was written."""
    if key:
        sink.report("KG661", message, key=key, help=told)
    else:
        written = as_written(text)
        place = place_of_text(written, at=written.find("=") + 1)
        sink.report_at("KG661", message, location=place, help=told)


def _seeds(override: Override, text: str, key: str, sink: Sink) -> list[str]:
    if not override.is_discrete_sweep():
        _refuse(text, key, "a seed is a repetition, and an interval has no values to go through",
                sink, "name the seeds: `seed=0,1,2` or `seed=range(3)`")  # fmt: skip
        return []
    return [f"{override.get_key_element()}={value}" for value in override.sweep_string_iterator()]


def _parameter(name: str, override: Override, text: str, key: str, sink: Sink) -> Parameter | None:
    value, written = override._value, override.get_key_element()
    if isinstance(value, IntervalSweep):
        assert value.start is not None
        assert value.end is not None
        whole = isinstance(value.start, int) and isinstance(value.end, int)
        log = "log" in value.tags
        bounds = Parameter(
            name=name, written=written, kind="int" if whole else "float",
            low=value.start, high=value.end, step=1 if whole else None, log=log,
        )  # fmt: skip
    elif isinstance(value, RangeSweep):
        counted = _last_of(value)
        if counted is None:
            _refuse(text, key, f"`{text.partition('=')[2]}` is an empty range", sink)
            return None
        low, high, step = counted
        whole = all(isinstance(each, int) for each in counted)
        log = "log" in value.tags
        if log and (not whole or step != 1):
            _refuse(text, key, "a range with steps cannot be drawn from the logarithm", sink,
                    "leave `log` out, or write an `interval(…)`")  # fmt: skip
            return None
        bounds = Parameter(
            name=name, written=written, kind="int" if whole else "float",
            low=low, high=high, step=step, log=log,
        )  # fmt: skip
    else:
        choices = tuple(dict.fromkeys(override.sweep_string_iterator()))
        if len(choices) > _MOST_CHOICES:
            told = f"`{name}` has {len(choices):,} choices, expected at most {_MOST_CHOICES:,}"
            _refuse(text, key, told, sink)
            return None
        assert isinstance(value, ChoiceSweep) or choices
        return Parameter(name=name, written=written, kind="choice", choices=choices)
    if not bounds.low < bounds.high and not (bounds.step and bounds.low == bounds.high):
        _refuse(text, key, f"`{text.partition('=')[2]}` is an empty range", sink,
                "the lower end comes first, as in `interval(0.1,0.9)`")  # fmt: skip
        return None
    if bounds.log and not bounds.low > 0:
        told = f"`{text.partition('=')[2]}` begins at {bounds.low:g}, which has no logarithm"
        _refuse(text, key, told, sink, "begin above 0, or leave `log` out")
        return None
    return bounds


def _last_of(value: RangeSweep) -> tuple[float, float, float] | None:
    """The first and the last value of a range, and the steps between; None for an empty one."""
    start, stop, step = value.start, value.stop, value.step
    if start is None or stop is None or not step or (stop - start) / step <= 0:
        return None
    if all(isinstance(each, int) for each in (start, stop, step)):
        count = (stop - start + step + (-1 if step > 0 else 1)) // step
    else:
        count = 0
        while (stop - start - count * step) * (1 if step > 0 else -1) > 1e-9 * abs(step):
            count += 1
            if count > 10**6:
                return None
    last = start + (count - 1) * step
    return (start, last, step) if step > 0 else (last, start, -step)


def _ordered(found: Mapping[str, Parameter], conditions: Conditions, sink: Sink) -> list[Parameter]:
    """The parameters, each behind those on which it depends; reports what is no condition."""
    for name, others in conditions.items():
        key = f"hydra.sweeper.conditions.{name}"
        for each in (name, *others):
            if each not in found:
                sink.report("KG660", f"`{each}` is no parameter of the search", key=key,
                            help=did_you_mean(each, found, listed=10))  # fmt: skip
        for other, wanted in others.items():
            parameter = found.get(other)
            if parameter is not None and not wanted:
                sink.report("KG660", f"the condition of `{name}` names no value of `{other}`",
                            key=key)  # fmt: skip
            for value in wanted if parameter is not None and parameter.kind == "choice" else ():
                assert parameter is not None
                if not any(_same(choice, value) for choice in parameter.choices):
                    sink.report(
                        "KG660", f"`{other}` is never `{_text(value)}`", key=key,
                        help=did_you_mean(_text(value), parameter.choices, listed=10),
                    )  # fmt: skip
    ordered: list[Parameter] = []
    waiting = list(found.values())
    while waiting and not sink.errors:
        known = {each.name for each in ordered}
        ready = [each for each in waiting if known >= conditions.get(each.name, {}).keys()]
        if not ready:
            named = " and ".join(f"`{each.name}`" for each in waiting)
            sink.report("KG660", f"the conditions of {named} depend on one another",
                        key="hydra.sweeper.conditions")  # fmt: skip
            break
        ordered.append(ready[0])
        waiting.remove(ready[0])
    return ordered


def _in(value: object, wanted: Sequence[Scalar]) -> bool:
    return any(_same(value, one) for one in wanted)


def _same(value: object, wanted: object) -> bool:
    """Whether a value that was drawn is one that a condition names, in whatever words."""
    left, right = _text(value), _text(wanted)
    if left == right or left.strip("'\"") == right.strip("'\""):
        return True
    try:
        return float(left) == float(right)
    except ValueError:
        return False


def _text(value: object) -> str:
    """A value as an override has it; a number so that it is read as the same number again."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    return repr(float(value)) if isinstance(value, float) else str(value)
