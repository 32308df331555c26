"""What a search may be made of, as options of Hydra's groups: its sweeper, samplers and pruners.

This room owns their names and the keys that an override may set without a `+`. It must not import
Optuna, whose classes they name: it takes a second, at each start of a sweep.

Decisions:
- Names and keys are those of the published plugin, so that its configs and commands work; null is
  Optuna's own default. What Optuna takes besides is set with a `+`.
- `_target_` is a name alone: it is looked up in these tables, and nothing is called by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hydra.core.config_store import ConfigStore

SWEEPER = "hydra_plugins.kerasgen_search.OptunaSweeper"
"""The sweeper's name among Hydra's plugins."""

SAMPLERS: Mapping[str, str] = {
    "tpe": "TPESampler",
    "random": "RandomSampler",
    "cmaes": "CmaEsSampler",
    "nsgaii": "NSGAIISampler",
    "nsgaiii": "NSGAIIISampler",
    "motpe": "TPESampler",
    "grid": "GridSampler",
    "qmc": "QMCSampler",
    "gp": "GPSampler",
    "brute_force": "BruteForceSampler",
}
"""Option of the group `hydra/sweeper/sampler` to Optuna's class."""

PRUNERS: Mapping[str, str] = {
    "median": "MedianPruner",
    "percentile": "PercentilePruner",
    "successive_halving": "SuccessiveHalvingPruner",
    "hyperband": "HyperbandPruner",
    "patient": "PatientPruner",
    "threshold": "ThresholdPruner",
    "none": "NopPruner",
}
"""Option of the group `hydra/sweeper/pruner` to Optuna's class."""

FORMER: Mapping[str, str] = {"MOTPESampler": "TPESampler"}
"""Classes that Optuna has no longer: TPE draws for several objectives, too."""

_POPULATION = ("population_size", "mutation_prob", "crossover_prob", "swapping_prob")

_KEYS: Mapping[str, tuple[str, ...]] = {
    "tpe": ("prior_weight", "n_startup_trials", "n_ei_candidates", "multivariate", "group",
            "constant_liar"),
    "motpe": ("prior_weight", "n_startup_trials", "n_ehvi_candidates"),
    "cmaes": ("x0", "sigma0", "n_startup_trials", "restart_strategy", "inc_popsize", "popsize",
              "use_separable_cma", "consider_pruned_trials", "with_margin", "lr_adapt"),
    "nsgaii": _POPULATION,
    "nsgaiii": (*_POPULATION, "dividing_parameter"),
    "qmc": ("qmc_type", "scramble"),
    "gp": ("n_startup_trials", "deterministic_objective"),
    "median": ("n_startup_trials", "n_warmup_steps", "interval_steps", "n_min_trials"),
    "percentile": ("percentile", "n_startup_trials", "n_warmup_steps", "interval_steps",
                   "n_min_trials"),
    "successive_halving": ("min_resource", "reduction_factor", "min_early_stopping_rate",
                           "bootstrap_count"),
    "hyperband": ("min_resource", "max_resource", "reduction_factor", "bootstrap_count"),
    "patient": ("wrapped_pruner", "patience", "min_delta"),
    "threshold": ("lower", "upper", "n_warmup_steps", "interval_steps"),
}  # fmt: skip

_OURS: Mapping[str, Mapping[str, Any]] = {
    "percentile": {"percentile": 25.0},
    "patient": {"patience": 3},
}
"""Values where Optuna has no default."""


def targets() -> frozenset[str]:
    """The names by which `_target_` may call a sampler or a pruner."""
    samplers = {f"optuna.samplers.{name}" for name in (*SAMPLERS.values(), *FORMER)}
    return frozenset(samplers | {f"optuna.pruners.{name}" for name in PRUNERS.values()})


def offer_search() -> None:
    """Makes the sweeper `optuna`, its samplers and its pruners options of Hydra's groups."""
    store = ConfigStore.instance().store
    store(
        group="hydra/sweeper",
        name="optuna",
        node={
            "defaults": [{"sampler": "tpe"}, {"pruner": "none"}],
            "_target_": SWEEPER,
            "_recursive_": False,
            "objective": None,
            "direction": None,
            "storage": None,
            "study_name": None,
            "n_trials": 20,
            "n_jobs": None,
            "max_failure_rate": None,
            "max_jobs": None,
            "max_time": None,
            "target": None,
            "params": None,
            "conditions": None,
            "custom_search_space": None,
        },
        provider="kerasgen",
    )
    for kind, options in (("sampler", SAMPLERS), ("pruner", PRUNERS)):
        for word, name in options.items():
            keys = dict.fromkeys((*(("seed",) if kind == "sampler" else ()), *_KEYS.get(word, ())))
            store(
                group=f"hydra/sweeper/{kind}",
                name=word,
                node={"_target_": f"optuna.{kind}s.{name}", **keys, **_OURS.get(word, {})},
                provider="kerasgen",
            )
