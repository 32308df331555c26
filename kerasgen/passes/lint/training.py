"""Rules of lint about the training: callbacks, optimizer, schedules, batches.

It owns what `compile` and `fit` accept in silence and cannot do. How long the training is follows
from the rows of the training part, where they are known before the data is opened.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import TypeGuard

from kerasgen.diagnostics import Sink, did_you_mean
from kerasgen.ir.names import snake_case
from kerasgen.ir.program import Loss
from kerasgen.ir.values import ObjectDef
from kerasgen.passes.lint.directions import direction
from kerasgen.passes.lint.view import LintView, advise, argument_place

_WATCHING = ("EarlyStopping", "ModelCheckpoint", "ReduceLROnPlateau")
_ADAPTIVE = ("Adam", "AdamW", "Adamax", "Nadam", "RMSprop", "Lion")
_DECAYS = ("beta_1", "beta_2", "rho", "momentum")


def monitored_names(view: LintView, sink: Sink) -> None:
    """KG740: a callback that waits for a figure that no epoch gives does nothing."""
    validated = bool(view.program.data.split.validation)
    known, automatic = _figures(view)
    for name, callback in view.program.fit.callbacks.items():
        monitor = view.argument(callback, "monitor")
        if not _watches(callback) or not isinstance(monitor, str):
            continue
        plain = monitor.removeprefix("val_")
        numbered = re.sub(r"_\d+\Z", "", plain)
        there = plain in known or numbered in automatic or plain == "learning_rate"
        if there and (validated or plain == monitor):
            continue
        names = [*known, *(f"val_{figure}" for figure in known if validated)]
        shown = ", ".join(f"`{figure}`" for figure in names)
        blind = there and not validated
        advise(
            sink,
            "KG740",
            f"`{name}` monitors `{monitor}`, and there is no validation part"
            if blind
            else f"`{name}` monitors `{monitor}`, and an epoch gives {shown}",
            argument_place(callback, "monitor"),
            mend="write `validation: 0.1` under `data.split`, or `monitor: loss`"
            if blind
            else did_you_mean(monitor, names) or "monitor one of these",
            reason="Keras goes on without it: nothing is stopped, kept or lowered",
        )


def monitored_direction(view: LintView, sink: Sink) -> None:
    """KG741: `mode` says whether less is better."""
    for name, callback in view.program.fit.callbacks.items():
        monitor = view.argument(callback, "monitor")
        mode = callback.arguments.get("mode")
        if not _watches(callback) or not isinstance(monitor, str) or mode not in ("min", "max"):
            continue
        plain = monitor.removeprefix("val_")
        better = direction(plain) or mode
        if better != mode:
            advise(
                sink,
                "KG741",
                f"`{name}` takes a {'lower' if mode == 'min' else 'higher'} `{monitor}` for better",
                argument_place(callback, "mode"),
                mend=f"write `mode: {better}`, or leave `mode` out",
                reason="the worst epoch is kept as the best one",
            )


def idle_callback(view: LintView, sink: Sink) -> None:
    """KG742: a callback whose moment comes after the last epoch."""
    epochs, updates = view.program.fit.epochs, view.updates
    for name, callback in view.program.fit.callbacks.items():
        cls = callback.cls.rpartition(".")[2]
        patience = view.argument(callback, "patience")
        start = view.argument(callback, "start_from_epoch")
        keeps = callback.arguments.get("restore_best_weights") is True
        frequency = callback.arguments.get("save_freq")
        argument = None
        if epochs > 1 and cls in ("EarlyStopping", "ReduceLROnPlateau"):
            if isinstance(patience, int) and patience >= epochs and not keeps:
                argument = "patience"
            elif isinstance(start, int) and start >= epochs:
                argument = "start_from_epoch"
        if isinstance(frequency, int) and updates is not None and frequency > updates:
            argument = "save_freq"
        if argument is not None:
            value = view.argument(callback, argument)
            span = f"{updates:,} batches" if argument == "save_freq" else f"{epochs} epochs"
            advise(
                sink,
                "KG742",
                f"`{name}` waits for `{argument}: {value}`, and training has {span}",
                argument_place(callback, argument),
                mend=f"write a lower `{argument}`"
                + (", or `restore_best_weights: true`" if cls == "EarlyStopping" else ""),
                reason="it never acts",
            )


def schedule_length(view: LintView, sink: Sink) -> None:
    """KG743: a schedule counts batches, not epochs."""
    updates = view.updates
    for optimizer in _optimizers(view):
        schedule = optimizer.arguments.get("learning_rate")
        if updates is None or not isinstance(schedule, ObjectDef):
            continue
        found = _length_fault(schedule, updates)
        if found is not None:
            argument, message, mend = found
            advise(
                sink,
                "KG743",
                f"`{schedule.cls}` {message}, and training has {updates:,} batches",
                argument_place(schedule, argument),
                mend=mend,
                reason="a schedule counts batches: epochs times batches an epoch",
            )


def _length_fault(schedule: ObjectDef, updates: int) -> tuple[str, str, str] | None:
    """The argument at fault, what it does, and what to write; None if the length fits."""
    cls = schedule.cls.rpartition(".")[2]
    steps = schedule.arguments.get("decay_steps")
    warm = schedule.arguments.get("warmup_steps")
    mend = f"write `decay_steps: {updates}`"
    if cls == "PiecewiseConstantDecay":
        boundaries = schedule.arguments.get("boundaries")
        numbers = boundaries if isinstance(boundaries, tuple) else ()
        late = [b for b in numbers if isinstance(b, int | float) and b >= updates]
        text = f"has a boundary at {late[0] if late else 0}"
        return ("boundaries", text, f"write boundaries below {updates}") if late else None
    if not _is_number(steps) or not isinstance(steps, int | float):
        return None
    warmup = float(warm) if isinstance(warm, int | float) else 0.0
    if warmup >= updates:
        return "warmup_steps", f"warms up for {warm} batches", f"write less than {updates}"
    if cls in ("CosineDecay", "PolynomialDecay") and (steps + warmup) * 0.8 > updates:
        return "decay_steps", f"falls for {steps} batches", mend
    if cls == "CosineDecay" and not schedule.arguments.get("alpha"):
        ends = (steps + warmup) * 1.25 < updates
        return ("decay_steps", f"reaches 0 after {steps} batches", mend) if ends else None
    rate = schedule.arguments.get("decay_rate")
    if cls == "ExponentialDecay" and isinstance(rate, int | float) and 0 < rate < 1:
        power = math.log10(rate) * updates / steps
        return ("decay_steps", f"falls to 1e{power:.0f} of its start", mend) if power < -6 else None
    return None


def two_masters(view: LintView, sink: Sink) -> None:
    """KG744: a learning rate that is a schedule cannot be set by a callback."""
    scheduled = any(
        isinstance(optimizer.arguments.get("learning_rate"), ObjectDef)
        for optimizer in _optimizers(view)
    )
    for name, callback in view.program.fit.callbacks.items():
        cls = callback.cls.rpartition(".")[2]
        if scheduled and cls in ("ReduceLROnPlateau", "LearningRateScheduler"):
            advise(
                sink,
                "KG744",
                f"`{name}` ({cls}) sets the learning rate, which is a schedule",
                (callback.path, "key"),
                mend=f"write a number for `optimizer.learning_rate`, or take `{name}` out",
                reason="Keras ends the training with an error when the callback acts first",
            )


def absurd_rate(view: LintView, sink: Sink) -> None:
    """KG745: a learning rate that stands still, climbs, or leaps over everything."""
    for optimizer in _optimizers(view):
        written = optimizer.arguments.get("learning_rate")
        place = argument_place(optimizer, "learning_rate")
        if isinstance(written, ObjectDef):
            rates = [
                (name, rate)
                for name in ("initial_learning_rate", "warmup_target")
                if _is_number(rate := written.arguments.get(name))
            ]
            if not rates:
                continue
            name, written = max(rates, key=lambda pair: float(str(pair[1])))
            place = (f"{optimizer.path}.learning_rate.{name}", "value")
        if not isinstance(written, int | float) or not _is_number(written):
            continue
        cls = optimizer.cls.rpartition(".")[2]
        most = 1.0 if cls in _ADAPTIVE else 1000.0 if cls == "Adadelta" else 10.0
        if 0 < written <= most:
            continue
        reason = "the weights leap over every minimum"
        if written <= 0:
            reason = "nothing is learned" if written == 0 else "training makes the loss larger"
        advise(
            sink,
            "KG745",
            f"the learning rate of `{cls}` is `{written}`, expected more than 0 and at most "
            f"{most:g}",
            place,
            mend="write `learning_rate: 0.001` to begin with",
            reason=reason,
        )


def useless_momentum(view: LintView, sink: Sink) -> None:
    """KG746: settings of an optimizer's memory that it accepts and that cannot work."""
    for optimizer in _optimizers(view):
        if optimizer.arguments.get("nesterov") is True and not view.argument(optimizer, "momentum"):
            advise(
                sink,
                "KG746",
                "`nesterov` is true, and `momentum` is 0",
                argument_place(optimizer, "nesterov"),
                mend="write `momentum: 0.9` too",
                reason="without momentum it is plain gradient descent",
            )
        first, second = (view.argument(optimizer, name) for name in ("beta_1", "beta_2"))
        for name in _DECAYS:
            value = optimizer.arguments.get(name)
            if isinstance(value, int | float) and not 0 <= value < 1:
                advise(
                    sink,
                    "KG746",
                    f"`{name}` is `{value}`, expected a number from 0 up to, not including, 1",
                    argument_place(optimizer, name),
                    mend=f"write `{name}: 0.9`",
                    reason="what was once seen is never forgotten, or weighs more and more",
                )
        written = {"beta_1", "beta_2"} & set(optimizer.arguments)
        if written and _is_number(first) and _is_number(second) and second < first < 1:
            advise(
                sink,
                "KG746",
                f"`beta_1` is `{first}` and `beta_2` is `{second}`, expected the larger one to be "
                "`beta_2`",
                argument_place(optimizer, "beta_1"),
                mend=f"write `beta_1: {second}` and `beta_2: {first}`",
                reason="the steps are scaled by a shorter memory than they are made of",
            )


def idle_clipping(view: LintView, sink: Sink) -> None:
    """KG747: Keras takes a limit of 0 for none."""
    for optimizer in _optimizers(view):
        for name in ("clipnorm", "clipvalue", "global_clipnorm"):
            value = optimizer.arguments.get(name)
            if isinstance(value, int | float) and value <= 0:
                advise(
                    sink,
                    "KG747",
                    f"`{name}` is `{value}`, expected a limit above 0",
                    argument_place(optimizer, name),
                    mend=f"write `{name}: 1.0`, or leave it out",
                    reason="Keras takes it for no limit, and clips nothing",
                )


def never_applied(view: LintView, sink: Sink) -> None:
    """KG748: gradients that are gathered for longer than the training lasts."""
    updates = view.updates
    for optimizer in _optimizers(view):
        gathered = optimizer.arguments.get("gradient_accumulation_steps")
        if isinstance(gathered, int) and updates is not None and gathered > updates:
            advise(
                sink,
                "KG748",
                f"gradients are gathered over {gathered:,} batches, and training has {updates:,}",
                argument_place(optimizer, "gradient_accumulation_steps"),
                mend="write a lower `gradient_accumulation_steps`",
                reason="no weight is ever changed",
            )


def never_validated(view: LintView, sink: Sink) -> None:
    """KG749: the first validation would come after the last epoch."""
    fit = view.program.fit
    if view.program.data.split.validation and 1 < fit.epochs < fit.validation_freq:
        advise(
            sink,
            "KG749",
            f"validation takes place every {fit.validation_freq} epochs, and training has "
            f"{fit.epochs}",
            ("fit.validation_freq", "value"),
            mend=f"write `validation_freq: 1`, or up to {fit.epochs}",
            reason="the rows of the validation part are used for nothing",
        )


def batch_of_all(view: LintView, sink: Sink) -> None:
    """KG750: one step an epoch is gradient descent over the whole data."""
    size = view.program.fit.batch_size
    if view.rows is not None and size > view.rows:
        advise(
            sink,
            "KG750",
            f"`batch_size` is {size:,}, and the training part has {view.rows:,} rows",
            (view.key("batch_size"), "value"),
            mend=f"write a smaller one, as `batch_size: {_usual_batch(view.rows)}`",
            reason="an epoch is one step: few epochs hardly train the model",
        )


def _usual_batch(rows: int) -> int:
    """Keras's own batch size, or the power of two with which few rows make eight steps or more."""
    return min(32, 1 << max(0, (rows // 8).bit_length() - 1))


LENGTH_RULES = (idle_callback, schedule_length, never_applied, batch_of_all)
"""Rules that need the rows of the training part, which may be known only with the data."""

TRAINING_RULES = (
    monitored_names,
    monitored_direction,
    two_masters,
    absurd_rate,
    useless_momentum,
    idle_clipping,
    never_validated,
    *LENGTH_RULES,
)


def _watches(callback: ObjectDef) -> bool:
    cls = callback.cls.rpartition(".")[2]
    if cls == "ModelCheckpoint":
        return callback.arguments.get("save_best_only") is True
    return cls in _WATCHING


def _optimizers(view: LintView) -> Iterator[ObjectDef]:
    """The optimizer, and the one inside it."""
    yield view.program.optimizer
    inner = view.program.optimizer.arguments.get("inner_optimizer")
    if isinstance(inner, ObjectDef):
        yield inner


def _figures(view: LintView) -> tuple[list[str], set[str]]:
    """The figures of an epoch without `val_`, and those to whose names Keras may add a number."""
    known, automatic = ["loss"], set()
    for end in view.outputs:
        prefix = "" if len(view.outputs) == 1 else f"{end.output.name}_"
        known += [f"{prefix}loss"] if prefix else []
        for metric, _ in end.metrics:
            name, certain = _figure(metric, view)
            known.append(prefix + name)
            if not certain:
                automatic.add(prefix + name)
    return list(dict.fromkeys(known)), automatic


def _figure(metric: Loss, view: LintView) -> tuple[str, bool]:
    """The name under which Keras reports a metric, and whether it is certain."""
    if isinstance(metric, str) and metric in view.catalog.words(("metric",)):
        return metric, True
    definition = metric if isinstance(metric, ObjectDef) else ObjectDef(cls=metric)
    name = view.argument(definition, "name")
    if isinstance(name, str):
        return name, True
    return snake_case(definition.cls), False


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
