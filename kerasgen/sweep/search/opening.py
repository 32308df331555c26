"""The opening of a study: whether it can be had, and whether it is that of the search.

This room owns what is checked before a search begins, by Optuna. What is done with a study that
is open stands in `study`.

Decisions:
- A study belongs to one space and to one kind of objectives, which stand among its attributes.
"""

from __future__ import annotations

import importlib.util
import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kerasgen.diagnostics import Sink
from kerasgen.foreign.passwords import without_passwords
from kerasgen.sweep.search.journal import JOURNAL, open_journal, refused_state
from kerasgen.sweep.search.plugins import Chosen, check_arguments, make_pruner, make_sampler
from kerasgen.sweep.search.start_sign import StartSign, word_of
from kerasgen.sweep.search.study import PROCESS, Study, StudyDef, grid_of, storage_errors

_SPACE = "kerasgen:search"
"""The attribute of a study that says what it searches."""


_NEEDED: Mapping[str, tuple[str, ...]] = {
    "CmaEsSampler": ("cmaes",), "GPSampler": ("torch", "scipy"), "QMCSampler": ("scipy",),
}  # fmt: skip
"""Sampler to the packages that it needs beside Optuna, which imports them when it draws."""

_EXTRAS = {"optuna": "kerasgen[search]", "cmaes": "kerasgen[search]", "torch": "kerasgen[torch]"}


def require_optuna(sampler: Chosen | None = None) -> None:
    """Refuses a search where Optuna is not installed, or what its sampler needs.

    Raises:
        CompileError: KG603, a package is not there.
    """
    needed = {"optuna": "a search"}
    if sampler is not None:
        needed |= dict.fromkeys(_NEEDED.get(sampler.name, ()), f"the sampler `{sampler.word}`")
    for package, who in needed.items():
        if importlib.util.find_spec(package) is None:
            raise Sink().fail(
                "KG603",
                f"{who} needs the package `{package}`, which is not installed",
                help=f"pip install '{_EXTRAS[package]}'" if package in _EXTRAS
                else f"pip install {package}",
            )  # fmt: skip


def open_study(about: StudyDef, folder: Path, sink: Sink) -> Study:
    """Opens the study of a search, or begins it.

    Args:
        about: what it is about.
        folder: the folder of the sweep, where its journal is.
        sink: knows where settings were written.

    Raises:
        CompileError: KG603, Optuna is not there; KG660, its sampler or pruner takes other
            arguments; KG662, the study cannot be opened, or is of something else.
    """
    settings = about.settings
    require_optuna(settings.sampler)
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    _check_plugins(about, sink)
    shown = without_passwords(settings.storage or "")
    place = shown or str(folder / JOURNAL)
    with storage_errors(place, sink), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        storage = settings.storage or open_journal(folder / JOURNAL)
        inner = optuna.create_study(
            study_name=about.name,
            storage=storage,
            directions=[each.direction for each in about.objectives],
            load_if_exists=True,
            pruner=make_pruner(settings.pruner, about.epochs),
        )
        attributes = dict(inner.user_attrs)
        trials = inner.get_trials(deepcopy=False)
        if _SPACE not in attributes and not trials:
            inner.set_user_attr(_SPACE, about.plain())
            attributes[_SPACE] = about.plain()
        refused = refused_state(each.system_attrs for each in trials)
    if refused is not None:
        raise sink.fail("KG662", f"`{place}` cannot be used: {refused}")
    _require_same(about, attributes.get(_SPACE), place, sink)
    # Samplers that have drawn all there is say so by this; the source counts for itself.
    inner.stop = lambda: None
    sign = StartSign(sweep=folder.absolute())
    sign.remove_left(
        {word_of(t.user_attrs.get(PROCESS)) for t in trials if not t.state.is_finished()}
    )
    return Study(about=about, place=place, inner=inner, sink=sink, sign=sign)


def _check_plugins(about: StudyDef, sink: Sink) -> None:
    settings = about.settings
    check_arguments(settings.sampler, "sampler", sink)
    check_arguments(settings.pruner, "pruner", sink)
    sink.stop_on_errors()
    if settings.sampler.name in ("GridSampler", "BruteForceSampler"):
        endless = [p for p in about.space.parameters if p.name not in grid_of(about.space)]
        for parameter in endless:
            sink.report(
                "KG660",
                f"the sampler `{settings.sampler.word}` goes through values, and "
                f"`{parameter.name}` is an interval without steps",
                key="hydra.sweeper.sampler",
                help="name its values, or write `range(…, step=…)`",
            )
        if about.space.conditions and settings.sampler.name == "GridSampler":
            sink.report(
                "KG660",
                "the sampler `grid` knows no conditions",
                key="hydra.sweeper.sampler",
                help="take `brute_force`, which goes through the settings that there are",
            )
        sink.stop_on_errors()
    for kind, key in (("sampler", "hydra.sweeper.sampler"), ("pruner", "hydra.sweeper.pruner")):
        try:
            if kind == "sampler":
                make_sampler(settings.sampler, about.seed, 0, grid_of(about.space))
            else:
                make_pruner(settings.pruner, about.epochs)
        except (TypeError, ValueError, AssertionError) as error:
            told = str(error).split("\n", 1)[0]
            raise sink.fail("KG660", f"the {kind} cannot be made: {told}", key=key) from None


def _require_same(about: StudyDef, known: object, place: str, sink: Sink) -> None:
    """Refuses a study of something else."""
    wanted = about.plain()
    if known == _as_json(wanted):
        return
    if not isinstance(known, Mapping):
        what = "holds trials that are none of a search of kerasgen"
    else:
        what = f"searches another space: {_difference(known, _as_json(wanted))}"
    raise sink.fail(
        "KG662",
        f"the study `{about.name}` in `{place}` {what}",
        key="hydra.sweeper.study_name" if about.settings.study_name else None,
        help="give the search a name of its own with `hydra.sweeper.study_name=…`",
    )


def _as_json(tree: Any) -> Any:
    return json.loads(json.dumps(tree))


def _difference(known: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    """In what two spaces differ, in a few words."""
    before, now = known.get("parameters") or {}, wanted["parameters"]
    if isinstance(before, Mapping):
        for name in (*before, *now):
            if name not in now:
                return f"it has `{name}`, and the search has not"
            if name not in before:
                return f"it has no `{name}`"
            if before[name] != now[name]:
                return f"`{name}` has other values there"
    if known.get("objectives") != wanted["objectives"]:
        return "its objective is another"
    return "its conditions are others"
