"""The samplers and pruners of Optuna that a config may name, and how they are made.

This room owns their words, and that nothing else is imported for a name: `_target_`, as configs
of the published plugin have it, is looked up here and not called. It must not know the study.

Decisions:
- Their arguments are Optuna's own, asked of its signatures.
- A sampler is made anew for each trial, seeded by the number of the trial: so a study that
  is gone on with draws what it would have drawn. Those whose draws depend on the seed as a whole
  (a shuffled grid, a scrambled sequence) keep the same one.
- A pruner has no memory: what Optuna would guess from the first trial is said beforehand.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kerasgen.diagnostics import Sink, describe, did_you_mean
from kerasgen.frontend.compose.search_options import FORMER, PRUNERS, SAMPLERS

_FORMER_ARGUMENTS = {"n_ehvi_candidates": "n_ei_candidates"}

_ONE_SEED = ("GridSampler", "QMCSampler")

_NO_CODE = (
    "gamma", "weights", "constraints_func", "independent_sampler", "source_trials", "mutation",
    "crossover", "elite_population_selection_strategy", "child_generation_strategy",
    "after_trial_strategy", "reference_points", "search_space",
)  # fmt: skip
"""Arguments that are objects of Python, which no config has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A sampler or a pruner as a config names it.

    Attributes:
        name: Optuna's class.
        arguments: its arguments that are said.
    """

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)

    @property
    def word(self) -> str:
        """Its short name."""
        known = {**SAMPLERS, **PRUNERS}
        return next(word for word, name in known.items() if name == self.name)

    def plain(self) -> dict[str, object]:
        """It as plain data."""
        return {"name": self.word, **self.arguments}


def read_chosen(
    said: object, kind: str, default: str, sink: Sink, key: str | None = None
) -> Chosen | None:
    """What a config says of its sampler or pruner.

    Args:
        said: a word, or a mapping with `_target_` or `name`, and arguments.
        kind: `sampler` or `pruner`.
        default: the word for what is not said.
        sink: gets what is no such thing (KG660).
        key: key path, None for the usual one.

    Returns:
        None where it is refused.
    """
    known = SAMPLERS if kind == "sampler" else PRUNERS
    key = key or f"hydra.sweeper.{kind}"
    arguments: dict[str, Any] = {}
    word: object = said
    if isinstance(said, Mapping):
        arguments = {str(name): value for name, value in said.items()}
        named = [arguments.pop(each, None) for each in ("_target_", "name")]
        word = next((each for each in named if each is not None), None)
        arguments = {name: value for name, value in arguments.items() if value is not None}
    word = default if word is None else word
    if not isinstance(word, str):
        sink.report("KG660", f"`{kind}` is {describe(word)}, expected the name of one", key=key)
        return None
    last = word.rpartition(".")[2] if word.startswith(f"optuna.{kind}s.") else word
    last = FORMER.get(last, last)
    name = known.get(last, last if last in known.values() else None)
    if name is None:
        told = did_you_mean(word, known, listed=12)
        sink.report("KG660", f"there is no {kind} `{word}`", key=key, help=told)
        return None
    arguments = {_FORMER_ARGUMENTS.get(each, each): value for each, value in arguments.items()}
    for each in arguments:
        if each in _NO_CODE or each.startswith("_"):
            told = f"`{each}` of `{name}` is code, which no config can hold"
            sink.report("KG660", told, key=f"{key}.{each}")
    return Chosen(name=name, arguments=arguments)


def check_arguments(chosen: Chosen, kind: str, sink: Sink) -> None:
    """Reports arguments that Optuna does not know (KG660); it is imported for that."""
    import optuna

    module = optuna.samplers if kind == "sampler" else optuna.pruners
    known = [
        name
        for name in inspect.signature(getattr(module, chosen.name)).parameters
        if name not in _NO_CODE
    ]
    for name in chosen.arguments:
        if name not in known:
            sink.report(
                "KG660",
                f"`{chosen.name}` has no argument `{name}`",
                key=f"hydra.sweeper.{kind}.{name}",
                help=did_you_mean(name, known, listed=20),
            )


def make_sampler(chosen: Chosen, seed: int, number: int, grid: Mapping[str, Sequence[Any]]) -> Any:
    """The sampler of one trial.

    Args:
        chosen: which one.
        seed: the seed of the search.
        number: the number of the trial.
        grid: parameter to its values, for a sampler that goes through them.

    Raises:
        TypeError: an argument does not fit, as it may with other errors of Optuna's.
    """
    import optuna

    arguments = dict(chosen.arguments)
    base = arguments.pop("seed", seed)
    arguments["seed"] = base if chosen.name in _ONE_SEED else base + number
    if chosen.name == "GridSampler":
        arguments["search_space"] = grid
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # That something is experimental is for us to know.
        return getattr(optuna.samplers, chosen.name)(**arguments)


def make_pruner(chosen: Chosen, epochs: int | None) -> Any:
    """A pruner.

    Args:
        chosen: which one.
        epochs: the epochs of a job, None where they are not known.

    Raises:
        TypeError: an argument does not fit, as it may with other errors of Optuna's.
    """
    import optuna

    arguments = dict(chosen.arguments)
    if chosen.name == "HyperbandPruner" and epochs is not None:
        arguments.setdefault("max_resource", epochs)
    if chosen.name == "SuccessiveHalvingPruner" and epochs is not None:
        arguments.setdefault("min_resource", max(1, epochs // 100))
    if chosen.name == "PatientPruner":
        inner = read_chosen(arguments.get("wrapped_pruner"), "pruner", "none", Sink())
        nothing = inner is None or inner.name == "NopPruner"
        arguments["wrapped_pruner"] = None if nothing else make_pruner(inner, epochs)  # type: ignore[arg-type]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as above
        return getattr(optuna.pruners, chosen.name)(**arguments)
