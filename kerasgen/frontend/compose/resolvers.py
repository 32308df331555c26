"""Which resolvers a config file may use, and what becomes of the environment's values.

`${name:…}` calls a function while a config is composed. This room owns the list of those that a
file may call, the keys at which a value of the environment may stand, and the form in which it
waits there. It must not know which file or override a value came from.

Decisions:
- A file reads nothing of the machine but the time, the working directory and Python's version: what
  it reads would stand in the record, in the saved model and in messages.
- A value of the environment is written `${oc.env:NAME}`, whole and with its name written out, and
  stands only where a callback takes a secret. It stays text until that callback is made for the
  training, so that whatever is written or shown before and after holds the text.
- `oc.decode` and `oc.create` make a config of a text, in which any resolver may stand, so that no
  file may call them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from omegaconf import DictConfig, ListConfig
from omegaconf.errors import GrammarParseError

ALLOWED = frozenset(
    {"now", "hydra", "python_version", "oc.select", "oc.deprecated"}
    | {"oc.dict.keys", "oc.dict.values"}
)
"""Resolvers that a config file may call."""

OF_HYDRA = frozenset(
    {"runtime.cwd", "runtime.output_dir", "runtime.version", "runtime.choices"}
    | {"job.name", "job.num", "job.id", "job.override_dirname", "job.config_name"}
    | {"run.dir", "sweep.dir", "sweep.subdir", "mode"}
)
"""What a file may read of Hydra's settings: all else may hold what was typed for Hydra alone."""

SECRET_KEYS = frozenset(
    {"headers", "token", "api_key", "password", "secret", "credentials", "auth", "access_key"}
)
"""Arguments of callbacks and sources that hold secrets: nothing of them is shown or written."""

RESOLVER_HELP = (
    "a config file may use `now`, `hydra`, `oc.select` and references such as `${data.classes}`"
)

ENVIRONMENT_HELP = (
    "let the shell put it in on the command line, as in `data.source.path=$NAME`; `headers`, "
    "`token`, `password` … of a callback or a source may be `${oc.env:NAME}`, recorded as written"
)

_ENVIRONMENT = re.compile(r"\$\{oc\.env:([A-Za-z_][A-Za-z0-9_]*)\}\Z")
_SECRET_NAME = re.compile(
    r"(?:^|_)(?:PASSWORD|PASSWD|TOKEN|SECRET|API_?KEY|SECRET_?KEY|ACCESS_KEY|CREDENTIALS)\Z", re.I
)
_LEAST_SECRET = 6
"""Signs of a word that is masked: a shorter one would be found in what is none."""

_CALLBACKS = re.compile(r"fit\.callbacks\.[^.]+\.([^.]+)(\..+)?")
_SOURCE = re.compile(r"data\.source\.([^.]+)(\..+)?")


def resolver_problem(text: str, key: str | None = None) -> str | None:
    """What a file must not ask for in a value, None where all is in order.

    Args:
        text: the value as written.
        key: key path at which it stands, None where no secret may stand.
    """
    if "${" not in text or ":" not in text:
        return None
    for name, first in calls(text):
        if name == "oc.env":
            if key is None or not holds_secret(key) or environment_name(text) is None:
                return "reads the environment"
        elif name == "hydra":
            if first is None or not any(f"{first}.".startswith(f"{p}.") for p in OF_HYDRA):
                return f"reads `hydra:{first or '…'}`"
        elif "$" in name:
            return "makes up the name of a resolver"
        elif name not in ALLOWED:
            return f"calls the resolver `{name}`"
    return None


def calls(text: str) -> Iterator[tuple[str, str | None]]:
    """Every resolver that a text calls, nested ones too: its name and its plain first argument.

    What OmegaConf cannot read gives nothing: it is refused where it is loaded.
    """
    from omegaconf.grammar.gen.OmegaConfGrammarParser import OmegaConfGrammarParser
    from omegaconf.grammar_parser import parse

    try:
        waiting: list[Any] = [parse(text)]
    except (GrammarParseError, RecursionError):
        return
    while waiting:
        node = waiting.pop()
        if isinstance(node, OmegaConfGrammarParser.InterpolationResolverContext):
            called: Any = node  # ANTLR's classes have no types
            arguments = called.sequence()
            first = "" if arguments is None else arguments.getText().partition(",")[0].strip()
            yield called.resolverName().getText(), first if re.fullmatch(r"[\w.]+", first) else None
        waiting += reversed(list(node.getChildren())) if hasattr(node, "getChildren") else []


def holds_secret(key: str) -> bool:
    """Whether a key path is that of a secret: an argument of a callback or the data's source."""
    found = _CALLBACKS.fullmatch(key) or _SOURCE.fullmatch(key)
    return found is not None and found[1] in SECRET_KEYS


def environment_name(text: Any) -> str | None:
    """The variable that a whole value names: `${oc.env:NAME}`; None for any other value."""
    found = _ENVIRONMENT.match(text) if isinstance(text, str) else None
    return None if found is None else found[1]


def secret_values(config: DictConfig, environment: Mapping[str, str]) -> tuple[str, ...]:
    """The words that nothing may show or record: those of secrets in a config, and of variables.

    Args:
        config: a composed config, its interpolations unresolved.
        environment: the environment, whose variables count whose names say that they hold a secret.
    """
    found = [value for name, value in environment.items() if _SECRET_NAME.search(name)]
    waiting: list[tuple[str, Any]] = [("", config)]
    while waiting:
        key, value = waiting.pop()
        content = value._value() if hasattr(value, "_value") else value
        if isinstance(value, DictConfig | ListConfig) and isinstance(content, dict | list):
            pairs = enumerate(content) if isinstance(content, list) else content.items()
            waiting += [(f"{key}.{name}" if key else str(name), item) for name, item in pairs]
            continue
        value = content
        if isinstance(value, str) and holds_secret(key):
            name = environment_name(value.removeprefix("\\"))
            found.append(value if name is None else environment.get(name, ""))
    return tuple(word for word in dict.fromkeys(found) if len(word) >= _LEAST_SECRET)


def with_environment(value: Any, environment: Mapping[str, str]) -> Any:
    """A value with the environment's in the place of their names, however deep they stand.

    Raises:
        KeyError: a variable is not set.
    """
    if isinstance(value, Mapping):
        return {key: with_environment(item, environment) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(with_environment(item, environment) for item in value)
    name = environment_name(value)
    return value if name is None else environment[name]


def withhold_environment(config: DictConfig) -> None:
    """Turns every `${oc.env:NAME}` that holds a secret into text, which resolving leaves as it is.

    Args:
        config: a composed config, its interpolations unresolved; it is changed.
    """
    for key, text, node in list(texts_in(config)):
        if holds_secret(key) and environment_name(text) is not None:
            node._set_value(f"\\{text}")


def texts_in(node: Any, path: str = "") -> Iterator[tuple[str, str, Any]]:
    """Every value with an interpolation in a config: key path, text as written, and its node."""
    waiting: list[tuple[str, Any]] = [(path, node)]
    while waiting:
        key, found = waiting.pop()
        content = found._value() if hasattr(found, "_value") else None
        if isinstance(content, str):
            if "${" in content:
                yield key, content, found
        elif isinstance(found, DictConfig | ListConfig) and content is not None:
            pairs = enumerate(content) if isinstance(found, ListConfig) else content.items()
            waiting += [(f"{key}.{name}" if key else str(name), item) for name, item in pairs]
