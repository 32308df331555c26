"""What Hydra refuses: every override and every file that keeps a config from being composed.

Hydra stops at the first mistake. This room composes again, without one override at a time, to
find every culprit; it runs only after a composition has failed. Which compositions a sweep will
ask for, and whether all of them succeed, is known here as well. How one refusal reads as a
diagnostic stands in `report`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import yaml
from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException, MissingConfigException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from kerasgen.diagnostics import CompileError, Diagnostic, Sink, did_you_mean
from kerasgen.frontend.compose.command_line_words import joined, report_stray
from kerasgen.frontend.compose.composition import make_loader
from kerasgen.frontend.compose.config_folders import ROOT, ConfigPlace, Folders, fault_of, place_of
from kerasgen.frontend.compose.origins import place_of_text
from kerasgen.frontend.compose.references import lowered, sentence
from kerasgen.frontend.compose.selector_syntax import is_selector, read_selector
from kerasgen.frontend.compose.selectors_through_hydra import as_written, carrier
from kerasgen.frontend.compose.sweep_size import JOBS, count_values
from kerasgen.frontend.refusals.overrides import (
    Fault,
    SingleOverride,
    place_of_override,
    unclosed,
)
from kerasgen.frontend.refusals.report import report_refusal

REFUSALS = (
    HydraException,
    OmegaConfBaseException,
    yaml.YAMLError,
    OSError,
    ValueError,
    TypeError,
    AssertionError,
    RecursionError,
)
"""What Hydra, OmegaConf and PyYAML raise for something that a user wrote, or cannot be read.

The plain ones are Hydra's as well: `model=null` is a ValueError, `optimizer=[1]` a TypeError.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Composer:
    """What composes: a loader, and the name of the root config."""

    loader: ConfigLoader
    config_name: str

    def compose(self, singles: Sequence[SingleOverride]) -> DictConfig | BaseException:
        """The composed config, or what was raised in its place."""
        texts = [single.text for single in singles]
        try:
            return self.loader.load_configuration(self.config_name, texts, RunMode.RUN)
        except REFUSALS as error:
            return error


_EVALUATED = re.compile(r"\w+ while evaluating '(.+)': ([^\n]+)")
"""What Hydra says of a function of its grammar that has raised something."""


def diagnose(
    overrides: Sequence[str],
    where: Folders | ConfigPlace = None,
    *,
    multirun: bool = False,
) -> list[Diagnostic]:
    """Finds everything that keeps a config from being composed.

    Args:
        overrides: Hydra overrides, as on the command line.
        where: folders of configs that come before the shipped ones, or all that is said of where
            configs are.
        multirun: whether sweeps (`a=1,2`) are allowed.

    Returns:
        The diagnostics; empty if the composition succeeds after all.
    """
    sink, asked = Sink(), place_of(where)
    named = [("--config-dir", folder) for folder in asked.config_dirs]
    for flag, folder in (*named, ("--config-path", asked.config_path)):
        if folder is None or "://" in folder or (fault := fault_of(folder)) is None:
            continue
        place = place_of_text(f"{flag} {folder}", at=len(flag) + 1)
        sink.report_at("KG104", fault[0], location=place, help=fault[1])
    if sink.errors:
        return sink.diagnostics
    composer = _Composer(loader=make_loader(asked), config_name=asked.config_name)
    try:
        singles = [
            _as_written(text, composer)
            for text in joined(overrides, composer.loader, sink)
            if _parses(text, sink, sweeps=multirun, loader=composer.loader)
        ]
        for probe in _probes(singles, composer, sink) if multirun else [singles]:
            _find_culprits(probe, composer, sink)
    except CompileError as error:  # a file that is too large: nothing with it can be composed
        sink.add(error.diagnostics)
    return sink.diagnostics


def diagnose_error(error: BaseException, overrides: Sequence[str] = ()) -> list[Diagnostic]:
    """A refusal that keeps no config from being composed, as one diagnostic.

    Args:
        error: what was raised.
        overrides: the overrides, among which its place is looked for.
    """
    sink = Sink()
    if "does not support sweep type" in str(error):
        report_intervals(overrides, sink)
        if sink.errors:
            return sink.diagnostics
    sink.report("KG109", sentence(error.__cause__ if not str(error) else error))
    return sink.diagnostics


def report_intervals(overrides: Sequence[str], sink: Sink) -> None:
    """Reports each sweep over an interval, for a sweeper that lists values."""
    for text in overrides:
        try:
            override = _parse(text)
        except HydraException:
            continue  # told as what cannot be read
        if override.is_sweep_override() and not override.is_discrete_sweep():
            ends = re.search(r"interval\(([^()]+)\)", text)
            values = ends[1].replace(" ", "") if ends else "1,2"
            sink.report_at(
                "KG102",
                "an interval has no values to go through, and the sweeper draws none",
                location=place_of_text(text, at=text.find("=") + 1),
                help=f"name the values, `{override.get_key_element()}={values}`, or let "
                "`hydra/sweeper=optuna` draw them",
            )


def first_job(
    overrides: Sequence[str], loader: ConfigLoader, config_name: str = ROOT
) -> list[str] | None:
    """The overrides of a sweep's first job, or None if some job cannot be composed.

    One job for each option of a swept group is composed: a value cannot be refused by itself, an
    option can, and can bring keys that the other overrides do not fit. `diagnose` says why not.
    """
    composer, sink = _Composer(loader=loader, config_name=config_name), Sink()
    singles = [
        _as_written(text, composer) for text in overrides if _parses(text, sink, sweeps=True)
    ]
    probes = list(_probes(singles, composer, sink))
    if sink.errors or not all(isinstance(composer.compose(p), DictConfig) for p in probes):
        return None
    return [single.text for single in probes[0]]


def _parse(text: str, loader: ConfigLoader | None = None) -> Any:
    readable = carrier(text, 0) if is_selector(text) else text
    override = OverridesParser.create().parse_override(readable)
    override.config_loader = loader  # for `glob(…)`, which lists a group's options
    return override


def _parses(text: str, sink: Sink, *, sweeps: bool, loader: ConfigLoader | None = None) -> bool:
    try:
        text.encode()
        if is_selector(text):
            return read_selector(text, sink, sweeps=sweeps) is not None
        _parse(text)
    except UnicodeEncodeError:
        sink.report_at("KG102", "the override is not UTF-8 text", location=place_of_text(text))
    except (HydraException, OmegaConfBaseException) as error:
        if loader is not None and report_stray(text, loader, sink):
            return False
        if unknown := re.search(r"Unknown function '(\w+)'", str(error)):
            _report_function(text, unknown[1], sink)
            return False
        if evaluated := _EVALUATED.search(str(error)):
            told = f"`{evaluated[1]}` cannot be evaluated: {lowered(evaluated[2])}"
            sink.report_at("KG102", told, location=place_of_text(text, at=text.find("=") + 1))
            return False
        opened = unclosed(text) or _unclosed_bracket(text.partition("=")[2])
        sink.report_at(
            "KG102",
            f"the override cannot be read: {opened or sentence(error)}",
            location=place_of_text(text),
            help=None if opened else _syntax_help(text),
        )
    else:
        return True
    return False


def _report_function(text: str, name: str, sink: Sink) -> None:
    """Reports a call in the value of an override that names no function of Hydra's."""
    known = sorted(OverridesParser.create().functions.functions)
    sink.report_at(
        "KG102",
        f"`{name}(…)` is no function of the command line",
        location=place_of_text(text, at=text.index(name, text.find("=") + 1), length=len(name)),
        help=did_you_mean(name, known, listed=0)
        or "to sweep over numbers, write `range(1,5)`; text that holds brackets is quoted",
    )


def _unclosed_bracket(value: str) -> str | None:
    """What is wrong with the brackets of a value, None if each is closed."""
    closing, quote = list[str](), ""
    pairs = {"(": ")", "[": "]", "{": "}"}
    for letter in value:
        if quote or letter in "'\"":
            quote = "" if letter == quote else quote or letter
        elif letter in pairs:
            closing.append(letter)
        elif closing and letter == pairs[closing[-1]]:
            closing.pop()
    if quote:
        return f"`{quote}` has no second `{quote}`"
    return f"`{closing[-1]}` has no closing `{pairs[closing[-1]]}`" if closing else None


def _syntax_help(text: str) -> str:
    if "=" not in text and not text.startswith("~"):
        return f"write `{text}=VALUE`"
    key, equal, value = text.partition("=")
    if "[" in key:
        plain = re.sub(r"\[(\w+)\]", r".\1", key)
        return f"a key cannot hold `[`: write `{plain}{equal}{value}` for an element of a list"
    if not key.isascii() or (value[:1] in ("{", "[") and not value.isascii()):
        return "the command line takes such letters in quoted text alone: write it in a config file"
    parent, _, last = key.rpartition(".")
    if " " in last and parent:
        return f'a key with blanks stands in a mapping: "{parent}={{{last}: {value}}}"'
    if not value.isascii() and not set(value) & set("'\"[]{}()\\"):
        return f"quote text that holds letters beyond a to z: \"{key}='{value}'\""
    return "quote text that holds spaces, commas or brackets: \"key='a, b'\""


def _as_written(text: str, composer: _Composer) -> SingleOverride:
    override, loader = _parse(text), composer.loader
    key = override.key_or_group
    try:
        group = bool(loader.list_groups(key)) or bool(loader.get_group_options(key, None))
    except OSError:  # a key too long for a file name
        group = False
    # `optimizer={class: SGD}` chooses nothing: it merges into the option that is chosen.
    group = group and not isinstance(override.value(), dict)
    return SingleOverride(text=text, written=text, key=key, group=group)


def _probes(
    singles: Sequence[SingleOverride], composer: _Composer, sink: Sink
) -> Iterator[list[SingleOverride]]:
    """The compositions that show whether a sweep can run: each option of each group once."""
    if _has_too_many_jobs(singles, composer, sink):
        return
    options = [_options_of(single, composer, sink) for single in singles]
    first = [found[0] for found in options if found]
    yield first
    for position, found in enumerate(found for found in options if found):
        for option in found[1:]:
            yield [*first[:position], option, *first[position + 1 :]]


def _has_too_many_jobs(singles: Sequence[SingleOverride], composer: _Composer, sink: Sink) -> bool:
    """Whether a sweep has more jobs than can be listed; reports KG902 at its largest part."""
    if any(single.key == "hydra/sweeper" for single in singles):
        return False  # Hydra's own lists all jobs, others draw from a range.
    counts = [count_values(_parse(single.text, composer.loader)) for single in singles]
    jobs = math.prod(counts)
    if jobs <= JOBS:
        return False
    largest = singles[counts.index(max(counts))]
    sink.report_at(
        "KG902",
        f"the sweep has {jobs:,} jobs, expected at most {JOBS:,}",
        location=place_of_override(largest),
        help="sweep over fewer values, or draw from them with another sweeper",
    )
    return True


def _options_of(single: SingleOverride, composer: _Composer, sink: Sink) -> list[SingleOverride]:
    """The single overrides of a sweep that must be tried; the override itself if it is none."""
    override = _parse(single.text, composer.loader)
    if not override.is_sweep_override():
        return [single]
    if override.is_hydra_override():
        sink.report_at(
            "KG102",
            f"`{single.key}` is a setting of the whole sweep and can have one value only",
            location=place_of_override(single),
        )
        return []
    texts = []
    try:
        # An interval cannot be listed, but any number in it shows whether the key is there.
        values = override.sweep_string_iterator() if override.is_discrete_sweep() else iter("0")
        for value in values:
            texts.append(as_written(f"{override.get_key_element()}={value}"))
            if not single.group:
                break
    except (HydraException, ValueError) as error:
        problem = f"the values of the sweep cannot be listed: {sentence(error)}"
        sink.report_at("KG102", problem, location=place_of_text(single.text))
        return []
    if not texts:
        place = place_of_text(single.text)
        sink.report_at("KG104", f"`{single.text}` stands for no value at all", location=place)
    return [replace(single, text=text) for text in texts]


def _find_culprits(singles: Sequence[SingleOverride], composer: _Composer, sink: Sink) -> None:
    """Composes until it succeeds, each time without the override that is at fault."""
    remaining = list(singles)
    while isinstance(error := composer.compose(remaining), BaseException):
        culprit = _culprit(error, remaining, composer)
        rest = [s for s in remaining if culprit is None or s.text != culprit.text]
        if culprit is not None and culprit.group:
            # What such an override changes was to be in the option that is not there.
            rest = [s for s in rest if s.group or not s.key.startswith(f"{culprit.key}.")]
        fault = Fault(
            error=error,
            culprit=culprit,
            composed=_composed_without(culprit, rest, composer),
            loader=composer.loader,
            config_name=composer.config_name,
        )
        report_refusal(fault, sink)
        if culprit is None:
            return
        remaining = rest


def _culprit(
    error: BaseException, singles: Sequence[SingleOverride], composer: _Composer
) -> SingleOverride | None:
    """The override without which this error does not occur, if there is one."""
    of_option = isinstance(error, MissingConfigException)
    for single in sorted(singles, key=lambda s: (not _names(error, s), s.group != of_option)):
        other = composer.compose([s for s in singles if s.text != single.text])
        if not isinstance(other, BaseException) or _words(other) != _words(error):
            return single
    return None


def _names(error: BaseException, single: SingleOverride) -> bool:
    """Whether an error has the words of an override, or misses the option that it chooses."""
    if isinstance(error, MissingConfigException):
        return single.text.replace("=", "/", 1) == error.missing_cfg_file
    return single.text in str(error)


def _words(error: BaseException) -> tuple[str, str]:
    return str(error), str(error.__cause__)


def _composed_without(
    culprit: SingleOverride | None, rest: Sequence[SingleOverride], composer: _Composer
) -> DictConfig:
    """The config with what is not at fault, to see which keys there are; empty if none composes."""
    if culprit is None:
        return OmegaConf.create()
    for singles in (rest, [single for single in rest if single.group], []):
        composed = composer.compose(singles)
        if isinstance(composed, DictConfig):
            return composed
    return OmegaConf.create()
