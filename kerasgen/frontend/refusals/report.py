"""One refusal of Hydra's as a diagnostic, at the line or the override that brought it about.

Hydra, OmegaConf and PyYAML say in their own words what they refuse, mostly without a place. This
room reads those words; it must not compose anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import yaml
from hydra.conf import HydraConf
from hydra.core.object_type import ObjectType
from hydra.errors import MissingConfigException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import GrammarParseError, KeyValidationError

from kerasgen.diagnostics import Sink, SourceLocation, closest, did_you_mean
from kerasgen.foreign.regular_files import is_regular, lines_of
from kerasgen.frontend.compose.command_line_words import file_of_choice
from kerasgen.frontend.compose.config_folders import config_files
from kerasgen.frontend.compose.config_limits import is_within_limits
from kerasgen.frontend.compose.group_choices import groups_of, options_of
from kerasgen.frontend.compose.origins import (
    ConfigFile,
    place_of_text,
    shown_path,
    trace_origins,
)
from kerasgen.frontend.compose.references import sentence
from kerasgen.frontend.compose.refused_lines import (
    hides_break,
    place_of_choice,
    place_of_default,
    place_of_interpolation,
    place_of_word,
    place_of_yaml_error,
    said_of,
)
from kerasgen.frontend.grammar import VALUE_GROUPS
from kerasgen.frontend.parse.backend import is_ended, refused_backend
from kerasgen.frontend.refusals.overrides import (
    Fault,
    SingleOverride,
    choice_inside,
    place_of_override,
    report_bad_override,
    report_group_not_chosen,
    report_no_option,
    root_file,
    unclosed,
)

_LISTING = "`kerasgen run --help` lists the options of every group"


def report_refusal(fault: Fault, sink: Sink) -> None:
    """Reports one refusal as one diagnostic, or as one for each of several files at fault."""
    error, culprit, words = fault.error, fault.culprit, fault.words
    if isinstance(error, yaml.YAMLError):
        _report_yaml(error, sink)
    elif isinstance(error, MissingConfigException):
        _report_missing_option(error, fault, sink)
    elif isinstance(error, UnicodeError) and (culprit is None or culprit.group):
        _report_not_text(fault, sink)
    elif isinstance(error, OSError) and (culprit is None or culprit.group):
        location = SourceLocation(file=shown_path(Path(str(error.filename))))
        reason = (error.strerror or str(error)).lower()
        sink.report_at("KG101", f"the config cannot be read: {reason}", location=location)
    elif "You must specify" in words:
        _report_open_choice(fault, sink)
    elif culprit is not None and ("requires --multirun" in words or "Ambiguous value" in words):
        sink.report_at(
            "KG102",
            "several values for one key",
            location=place_of_override(culprit),
            help=_sweep_help(culprit),
        )
    elif culprit is not None and "override must be a string or a list" in words:
        report_no_option(culprit, fault, sink)
    elif isinstance(error.__cause__ or error, KeyValidationError) and _report_bad_keys(fault, sink):
        pass
    elif (found := re.search(r"Could not override '([^']+)'", words)) and (
        culprit is None or found.group(1).partition("@")[0] != culprit.key
    ):
        _report_bad_default(found.group(1), fault, sink)
    elif culprit is not None and not culprit.group:
        report_bad_override(fault, culprit, sink)
    elif culprit is not None and "Could not override" in words:
        report_group_not_chosen(culprit, fault, sink)
    else:
        _report_in_file(fault, sink)


def _sweep_help(culprit: SingleOverride) -> str:
    """How several values are swept over, and how they are one list where they can be."""
    swept = f"write `-m {culprit.written}` to sweep over them"
    key, _, values = culprit.written.partition("=")
    if not culprit.group and re.search(r"\w +\w", values) and not re.search(r"['\"\\$]", values):
        return f"write `'{key}=\"{values}\"'` if it is one text, or `-m` to sweep over several"
    if culprit.group or re.match(r"(\w+\(|.*[\[{(])", values):
        return swept
    return f"{swept}, or `{key}=[{values}]` for a list"


def _report_yaml(error: yaml.YAMLError, sink: Sink) -> None:
    problem, location = said_of(error), place_of_yaml_error(error)
    code = "KG108" if "duplicate key" in problem else "KG101"
    help_text = None
    if _mandatory_in_braces(location):
        help_text = "`???` needs a line of its own: it cannot stand inside {…}"
    elif "character '\\t'" in problem:
        help_text = "indent with spaces, YAML takes no tabs"
    elif hides_break(error):
        help_text = "take out the invisible character that ends the line there"
    elif "<document start>" in problem:
        help_text = "the first line must begin at the left, and a key must have a `:`"
    sink.report_at(code, f"not valid YAML: {problem}", location=location, help=help_text)


def _mandatory_in_braces(location: SourceLocation | None) -> bool:
    if location is None or location.file is None or location.line is None:
        return False
    before = (lines_of(location.file)[location.line - 1 :] or [""])[0]
    return "???" in before and bool(re.search(r"[{\[].*\?\?\?", before))


def _report_not_text(fault: Fault, sink: Sink) -> None:
    """Reports every config file that is not UTF-8."""
    for file, _ in _all_files(fault):
        try:
            file.read_text(encoding="utf-8")
        except UnicodeDecodeError as found:
            content = file.read_bytes()[: found.start]
            last = content.rpartition(b"\n")[2].decode("utf-8")
            location = SourceLocation(
                file=shown_path(file), line=content.count(b"\n") + 1, column=len(last) + 1
            )
            sink.report_at("KG101", "the config is not UTF-8 text", location=location)


def _report_bad_keys(fault: Fault, sink: Sink) -> bool:
    """Reports the keys that OmegaConf refuses (`null:`, a date); False if none is found."""
    known = len(sink.errors)
    files = list(_files_at_fault(fault)) if fault.culprit is not None else list(_all_files(fault))
    trace_origins([ConfigFile(path=file, package=key) for file, key in files], [], sink)
    return len(sink.errors) > known


def _report_missing_option(error: MissingConfigException, fault: Fault, sink: Sink) -> None:
    wanted = str(error.missing_cfg_file or fault.config_name)
    group, _, option = wanted.rpartition("/")
    options: list[str] = fault.loader.get_group_options(group, ObjectType.CONFIG)
    for inner in fault.loader.list_groups(group) if group else ():
        if f"{group}/{inner}" in VALUE_GROUPS:
            continue
        below = fault.loader.get_group_options(f"{group}/{inner}", ObjectType.CONFIG)
        options += [f"{inner}/{name}" for name in below]
    message, near = f"the group `{group}` has no option `{option}`", option
    if not group:
        message = f"there is no config `{wanted}`"
        options = [*(name for name in options if not name.startswith("_")), "_self_"]
    elif not options:
        message, near = f"there is no group `{group}`", group
        options = groups_of(fault.loader)
    culprit = fault.culprit
    if culprit is not None and culprit.group:
        value = culprit.text.partition("=")[2]
        if (told := file_of_choice(culprit.key, value, fault.loader)) is not None:
            place = place_of_override(culprit, value=value)
            sink.report_at("KG104", told[0], location=place, help=told[1])
            return
    if culprit is not None and culprit.text.endswith(f"={wanted[len(culprit.key) + 1 :]}"):
        location: SourceLocation | None = place_of_override(culprit, value=option)
    elif wanted == fault.config_name:
        location = place_of_text(f"--config-name {wanted}", at=len("--config-name "))
    else:
        files = [*(file for file, _ in _files_at_fault(fault)), *root_file(fault)]
        location = place_of_choice(group, option, files) or place_of_choice(
            group, option, (file for file, _ in _all_files(fault))
        )
        if location is None:
            location = _place_in_file(fault, option) or place_of_word(option, root_file(fault))
    help_text = (
        _group_for_folder(group, option, fault)
        or _choice_within(group, option, fault)
        or did_you_mean(near.removesuffix(".yaml"), options, listed=20, otherwise=_LISTING)
    )
    if group == "backend" and (closest(option, options) is None or is_ended(option)):
        message, help_text = refused_backend(option)
        sink.report_at("KG602", message, location=location, help=help_text)
        return
    sink.report_at("KG104", message, location=location, help=help_text)


def _group_for_folder(group: str, option: str, fault: Fault) -> str | None:
    """The help where the folder of a group was named in place of the folder of configs."""
    for source in fault.loader.get_sources():
        folder = Path(source.path)
        if (
            source.scheme() == "file"
            and folder.name == group
            and is_regular(folder / f"{option.removesuffix('.yaml')}.yaml")
        ):
            shown = shown_path(folder.parent)
            return f"name the folder that holds the groups: write `--config-dir {shown}`"
    return None


def _choice_within(group: str, option: str, fault: Fault) -> str | None:
    """The help where an option of a group within the group was chosen."""
    for inner in VALUE_GROUPS:
        if inner.startswith(f"{group}/") and option in options_of(inner, fault.loader):
            return f"write `{inner}={option}`"
    return None


def _report_open_choice(fault: Fault, sink: Sink) -> None:
    found = re.search(r"You must specify '([^']+)'", fault.words)
    group = found.group(1) if found else ""
    options = fault.loader.get_group_options(group.partition("@")[0])
    listed = ", ".join(f"`{option}`" for option in options)
    sink.report_at(
        "KG106",
        f"an option of the group `{group}` must be given",
        location=_place_in_file(fault, group),
        help=f"write `{group}=…` with one of {listed}" if options else None,
    )


def _report_bad_default(name: str, fault: Fault, sink: Sink) -> None:
    """Reports an `override` in a defaults list that overrides nothing."""
    group = name.partition("@")[0]
    location = _place_in_file(fault, group)
    if location is None or location.line is None:
        files = (file for file, _ in _all_files(fault))
        location = place_of_choice(group, None, (*root_file(fault), *files)) or location
    help_text = did_you_mean(group, groups_of(fault.loader))
    if (inside := choice_inside(group, _files_at_fault(fault))) is not None:
        location, help_text, name = *inside, group
    if "@experiment." in name:  # A recipe without the header, or with it further down.
        help_text = "let the recipe's first line be `# @package _global_`"
    sink.report_at(
        "KG104",
        f"there is no choice of a group `{name}` that could be overridden",
        location=location,
        help=help_text,
    )


def _report_in_file(fault: Fault, sink: Sink) -> None:
    """Reports what Hydra says of a file that it read, at the key that it names."""
    cause = fault.error if str(fault.error) else fault.error.__cause__ or fault.error
    message = sentence(cause)
    if isinstance(cause, RecursionError):
        message = "the config refers to itself, or is nested too deep"
    found = re.search(r"full_key: (\S+)", fault.words)
    if found and re.match(r"key '\w+' not in '\w+'$", message):
        _report_hydra_key(found.group(1), fault, sink)
        return
    if twice := re.match(r"multiple values for ([\w/@.-]+)\. To override", message):
        _report_twice(twice.group(1), fault, sink)
        return
    location = _place_in_file(fault, "", key=found.group(1) if found else "")
    if "is not a subclass of HydraConf" in message:
        message, location = "`hydra` is no mapping", _place_in_file(fault, "", key="hydra")
    if "${" in message and location is not None and (line := _unclosed_line(location)):
        message, location = line
    elif isinstance(cause, GrammarParseError):
        everywhere = (file for file, _ in _all_files(fault))
        location = place_of_interpolation(cause, everywhere) or location
        message = f"an interpolation cannot be read: {message}"
    elif unresolved := re.match(r"error resolving interpolation '([^']+)'", message):
        files = (file for file, _ in _all_files(fault))
        location = place_of_word(unresolved.group(1), (*root_file(fault), *files)) or location
    elif late := re.search(r"is defined before '([\w-]+)", message):
        location = _place_in_file(fault, late.group(1))
    elif re.search("(value|type) in defaults|^invalid defaults list", message):
        files = (file for file, _ in (*_files_at_fault(fault), *_all_files(fault)))
        location = place_of_default((*root_file(fault), *files)) or location
    culprit = fault.culprit
    if location is None and culprit is not None:
        message = f"`{culprit.text}` cannot be used: {message}"
        location = place_of_override(culprit)
    sink.report_at("KG109", message, location=location)


def _report_twice(group: str, fault: Fault, sink: Sink) -> None:
    """Reports a defaults list that chooses for a group anew, without the word for that."""
    location = _place_in_file(fault, group)
    message = f"an option of the group `{group}` is chosen twice"
    help_text: str | None = f"to choose in place of another file, write `- override /{group}: …`"
    if (inside := choice_inside(group, _files_at_fault(fault))) is not None:
        location, help_text = inside
    elif location is not None and location.file is not None and location.line is not None:
        line = lines_of(location.file)[location.line - 1]
        found = re.match(rf"\s*-\s*['\"]?(\w+)\s+/?{re.escape(group)}\b", line)
        if found is not None and closest(found[1], ["override"]) is not None:
            word = found[1]
            location = replace(location, column=found.start(1) + 1, length=len(word))
            message = f"`{word}` is no word of a defaults list"
            help_text = did_you_mean(word, ["override"])
    sink.report_at("KG109", message, location=location, help=help_text)


def _report_hydra_key(full_key: str, fault: Fault, sink: Sink) -> None:
    """Reports a key that a section of Hydra's does not have.

    Where the section holds nothing but such keys, its own name is the likelier mistake.
    """
    path, _, key = full_key.rpartition(".")
    schema = OmegaConf.create({"hydra": OmegaConf.structured(HydraConf)})
    known = [str(name) for name in OmegaConf.select(schema, path) or ()]
    homes = [
        f"hydra.{name}"
        for name in schema.hydra
        if isinstance(section := schema.hydra._get_node(name), DictConfig)
        and not section._is_none()
        and key in [*section]  # `in section` passes over what is not given
    ]
    help_text = did_you_mean(key, known, listed=12)
    wrong = full_key
    if homes or closest(key, known) is None:
        written = _keys_written(path, fault)
        wrong = full_key if any(name in known for name in written) else path
        listed = " and ".join(f"`{home}`" for home in homes)
        help_text = f"it is a key of {listed}" if homes else help_text
    location = _place_in_file(fault, "", key=wrong)
    sink.report_at("KG107", f"`{path}` has no key `{key}`", location=location, help=help_text)


def _keys_written(path: str, fault: Fault) -> list[str]:
    """The keys of a section in the file at fault."""
    for file, _ in _files_at_fault(fault):
        marks = trace_origins([ConfigFile(path=file, package="")], [], Sink()).marks
        return [key.rpartition(".")[2] for key in marks if key.rpartition(".")[0] == path]
    return []


def _unclosed_line(location: SourceLocation) -> tuple[str, SourceLocation] | None:
    """The first line of a file with an interpolation that has no end."""
    for number, line in enumerate(lines_of(str(location.file)), 1):
        if problem := unclosed(line.partition(" #")[0]):
            place = replace(location, line=number, column=line.find("${") + 1, length=2)
            return f"an interpolation cannot be read: {problem}", place
    return None


def _place_in_file(fault: Fault, word: str, *, key: str = "") -> SourceLocation | None:
    """The first place of a key, or of a word in a defaults list; else the file at fault."""
    files = list(_files_at_fault(fault))
    for file, package in files:
        for prefix in ("", package) if key else ():
            mark = trace_origins([ConfigFile(path=file, package=prefix)], [], Sink()).marks.get(key)
            if mark is not None and mark.key.line is not None:
                return mark.key
    pattern = re.compile(rf"(?<![\w-]){re.escape(word)}(?![\w-])")
    for file, _ in files if word else []:
        for number, line in enumerate(lines_of(file), 1):
            if found := pattern.search(line.partition("#")[0]):
                return SourceLocation(
                    file=shown_path(file), line=number, column=found.start() + 1, length=len(word)
                )
    return SourceLocation(file=shown_path(files[0][0])) if files else None


def _files_at_fault(fault: Fault) -> Iterator[tuple[Path, str]]:
    """The files that may hold the mistake, the likeliest first, each with its group."""
    names = []
    if fault.culprit is not None and fault.culprit.group:
        names.append(f"{fault.culprit.key}/{fault.culprit.text.partition('=')[2]}")
    if named := re.search(r"[Ii]n '?([\w/-]+)'?:|defaults list in '([^']+)'", fault.words):
        names.append(named.group(1) or named.group(2))
    if not names and re.match("Multiple values|You must specify", fault.words):
        names.append(fault.config_name)
    for name in dict.fromkeys(names):
        for source in fault.loader.get_sources():
            file = Path(source.path) / f"{name}.yaml"
            if source.scheme() == "file" and is_regular(file):
                yield file, name.rpartition("/")[0].replace("/", ".")
                break


def _all_files(fault: Fault) -> Iterator[tuple[Path, str]]:
    for source in fault.loader.get_sources():
        if source.scheme() == "file":
            for file in filter(is_within_limits, sorted(config_files(Path(source.path)))):
                yield file, ".".join(file.relative_to(source.path).parent.parts)
