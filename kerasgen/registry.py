"""The register: classes and functions of one's own that a config may name, and who is trusted.

This room owns the one list of parts of this process, which `kerasgen.register` fills, and the list
of modules that the person who runs a program trusts. Registering imports nothing and looks into
nothing, so that it can stand in any module, before or after the import of Keras. What a part is,
and whether it can be used, is asked later, when the engine has been started.

Decisions:
- A list of the process is what `register` needs: Python runs the decorator, and a decorator can
  leave its word nowhere else. Nothing else in the project keeps such a list.
- The same function or class of the same module replaces itself, so that a module may be loaded
  anew, and a cell of a notebook run again. Two of one name are for the user to tell apart.
- What is trusted is never read from a config: it has no key for it, and a `Trust` is made from the
  command line and from a variable of the shell alone.
"""

import os
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, TypeVar, get_args, overload

Target = TypeVar("Target", bound=Callable[..., Any])

PartKind: TypeAlias = Literal[
    "layer",
    "loss",
    "metric",
    "callback",
    "optimizer",
    "schedule",
    "initializer",
    "regularizer",
    "constraint",
    "activation",
    "source",
]
"""What a part may be."""

KINDS: tuple[PartKind, ...] = get_args(PartKind)

OF_FUNCTIONS: frozenset[PartKind] = frozenset(
    {"loss", "metric", "initializer", "regularizer", "constraint", "activation", "source"}
)
"""Kinds of which a function can be; of the others Keras takes classes alone."""

_NAME = re.compile(r"[A-Za-z]\w*\Z", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomPart:
    """A class or function that was registered.

    Attributes:
        name: the name by which a config finds it.
        target: the class or function.
        kind: what it is, or None where its base class tells.
        module: the module that defines it.
        attribute: its name there, dotted for one inside a class; with `<locals>` inside a function.
        file: the file in which it was registered.
        line: the line there, counted from 1.
    """

    name: str
    target: Any
    kind: PartKind | None
    module: str
    attribute: str
    file: str
    line: int

    @property
    def is_source(self) -> bool:
        """Whether it is a data source, which needs no Keras: so named, or a class with `read`."""
        if self.kind is not None or not isinstance(self.target, type):
            return self.kind == "source"
        of_keras = any(cls.__module__.partition(".")[0] == "keras" for cls in self.target.__mro__)
        return hasattr(self.target, "read") and not of_keras


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Whose code may be run for a config, as the person who runs the program says.

    Attributes:
        modules: names of modules to import, in order.
        folder: a folder in which they may lie besides the places where Python looks.
        connections: whether a config may open connections and download what it names.
    """

    modules: tuple[str, ...] = ()
    folder: str = ""
    connections: bool = False

    def flags(self) -> list[str]:
        """The flags of a command line that say so again."""
        allowed = [CONNECTIONS] if self.connections else []
        return [*(f"--trust={module}" for module in self.modules), *allowed]


TRUST_VARIABLE = "KERASGEN_TRUST"
"""The variable of the environment that names modules as `--trust` does."""

CONNECTIONS = "--allow-connections"
"""The flag that lets a config open connections."""

NOBODY = Trust()
"""Trust in no module: what holds where nothing else is said."""

_PARTS: list[CustomPart] = []


def registered_parts() -> tuple[CustomPart, ...]:
    """Everything that was registered in this process, in order."""
    return tuple(_PARTS)


def named_modules(words: Iterable[str]) -> list[str]:
    """The words after `--trust`, and behind them the modules that `KERASGEN_TRUST` names.

    Colons, semicolons and spaces separate names there as commas do.
    """
    return [*words, *re.split(r"[:;\s]+", os.environ.get(TRUST_VARIABLE, ""))]


def trusted(words: Iterable[str], folder: str, *, connections: bool = False) -> Trust:
    """What a command line says of trust.

    Args:
        words: those after `--trust`: module names, also several in one, with commas.
        folder: a folder in which the modules may lie.
        connections: whether connections are allowed.
    """
    names = [name.strip() for word in words for name in word.split(",")]
    modules = tuple(dict.fromkeys(name for name in names if name))
    return Trust(modules=modules, folder=folder, connections=connections)


@overload
def register(target: Target, /) -> Target: ...


@overload
def register(
    *, name: str | None = None, kind: PartKind | None = None
) -> Callable[[Target], Target]: ...


def register(
    target: Target | None = None, /, *, name: str | None = None, kind: PartKind | None = None
) -> Target | Callable[[Target], Target]:
    """Lets configs name a class or function of one's own, as if it were Keras's.

    A decorator, with or without arguments:

        @kerasgen.register
        class Gate(keras.layers.Layer): ...

        @kerasgen.register(kind="loss")
        def focal(y_true, y_pred, gamma=2.0): ...

    Args:
        target: the class or function.
        name: the name that a config writes; its own if left out.
        kind: what it is, one of `KINDS`; a class that extends one of Keras's may leave it out, and
            so may a class with a method `read`, which is a data source.

    Returns:
        The class or function, unchanged.

    Raises:
        TypeError: it is neither a class nor a function, or a function does not say what it is.
        ValueError: the name or the kind cannot be used.
    """
    frame = sys._getframe(1)
    place = (frame.f_code.co_filename, frame.f_lineno)
    if target is not None:
        return _register(target, name, kind, place)
    return lambda later: _register(later, name, kind, place)


def _register(
    target: Target, name: str | None, kind: PartKind | None, place: tuple[str, int]
) -> Target:
    title = name or str(getattr(target, "__name__", ""))
    attribute = str(getattr(target, "__qualname__", ""))
    if not callable(target) or not attribute:
        raise TypeError(f"a class or a function can be registered, not {target!r}")
    if not _NAME.match(title):
        raise ValueError(f"`{title}` cannot be the name of a part, expected letters and digits")
    if kind is not None and kind not in KINDS:
        raise ValueError(f"`{title}` has the kind `{kind}`, expected one of {', '.join(KINDS)}")
    if not isinstance(target, type):
        if kind is None:
            raise TypeError(f'the function `{title}` needs a kind, as in `register(kind="loss")`')
        if kind not in OF_FUNCTIONS:
            raise TypeError(f"`{title}` is a function, and a {kind} must be a class")
    elif kind == "activation":
        raise TypeError(f"`{title}` is a class, and an activation must be a function")
    part = CustomPart(
        name=title,
        target=target,
        kind=kind,
        module=target.__module__,
        attribute=attribute,
        file=place[0],
        line=place[1],
    )
    same = [i for i, known in enumerate(_PARTS) if _identity(known) == _identity(part)]
    if same:
        _PARTS[same[0]] = part
    else:
        _PARTS.append(part)
    return target


def _identity(part: CustomPart) -> tuple[str, str, str, str | None]:
    return (part.module, part.attribute, part.name, part.kind)
