"""What is known of a word: a section of the manual, or a class that a config may name.

This room owns what is said of a class: its arguments, with what they take and their defaults, from
the catalog. It imports no Keras; where the cache has no catalog, a child process makes one, as for
`kerasgen check --fast`.

Decisions:
- The manual comes first, since its words are few: a class is looked for where it has no section.
- A class is described in Markdown, so that it is shown as a page is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING

from kerasgen.diagnostics import Sink, SourceLocation, did_you_mean
from kerasgen.registry import NOBODY, Trust
from kerasgen.verbs.manual_sections import (
    Section,
    find_sections,
    known_words,
    linked_pages,
    read_manual,
)
from kerasgen.verbs.schema import offered_catalog

if TYPE_CHECKING:
    from kerasgen.catalog.entries import Catalog, ClassEntry, Parameter

_VALUES = {
    "bool": "true or false",
    "int": "an integer",
    "number": "a number",
    "str": "text",
    "list": "a list",
    "mapping": "a mapping",
    "bool_or_str": "true, false or text",
    "layers": "true, false, or patterns of layers",
}
"""What an argument holds, in words; of the other kinds nothing is certain."""

_ORIGINS = {"source": "a data source", "op": "an operation", "application": "a model factory"}
"""Kinds that are called otherwise than they are named."""

_MOST_NAMES = 8
"""Names of other classes that are listed behind a class."""


def explain(words: Sequence[str], trust: Trust = NOBODY) -> list[str]:
    """What is known of each word, as Markdown that begins with a title.

    Args:
        words: what is asked.
        trust: modules whose parts count beside Keras's.

    Raises:
        CompileError: KG622, nothing is known of a word; or there is no Keras that can be asked.
    """
    sections = read_manual()
    catalog = cache(partial(offered_catalog, trust))
    sink = Sink()
    told: dict[str, None] = {}
    for number, word in enumerate(words):
        found = find_sections(word, sections)
        texts = [_section_text(section, sections) for section in found]
        if not found:
            texts = [class_text(entry) for entry in named_classes(word, catalog)]
        if not texts:
            sink.report_at(
                "KG622",
                f"nothing is known of `{word}`",
                location=_place(words, number),
                help=_nearest(word, [*known_words(sections), *_class_names(catalog())]),
            )
        told |= dict.fromkeys(texts)
    sink.stop_on_errors()
    return list(told)


def explainable_words() -> list[str]:
    """Every word that can be asked: of the manual, and of the classes if a catalog is at hand."""
    from kerasgen.session.catalog import stored_catalog

    catalog = stored_catalog()
    return [*known_words(read_manual()), *(() if catalog is None else _class_names(catalog))]


def overview() -> str:
    """What can be asked, as Markdown: the words of the manual by what they are about."""
    sections = read_manual()
    pages = [section for section in sections if section.level == 1]

    def named(folder: str) -> str:
        words = [s.words[0] for s in pages if s.page.startswith(folder) and "index" not in s.page]
        return ", ".join(f"`{word}`" for word in words)

    codes = [words for s in sections if (words := s.words)[0].startswith("KG") and s.level == 2]
    rules = ", ".join(f"`{words[1]}`" for words in codes if len(words) > 1)
    keys = ", ".join(f"`{section.key}`" for section in sections if section.key is not None)
    names = [words[0] for words in codes]
    return "\n\n".join(
        (
            "# kerasgen explain WORD",
            "Prints what is known of a word; several words may be given.",
            f"## Commands\n\n{named('commands/')}",
            f"## Groups of the config\n\n{named('groups/')}",
            f"## Topics\n\n{named('topics/')}",
            f"## Keys of the config\n\n{keys}",
            f"## Codes of diagnostics\n\n`{min(names)}` to `{max(names)}`: `codes` lists them.",
            f"## Rules of lint\n\n{rules}",
            "## Classes\n\nEvery class of Keras that a config may name, and every data source: "
            "`Dense`, `ops.add`, `applications.ResNet50`, `losses.Huber`, `Csv`.",
        )
    )


def named_classes(name: str, catalog: Callable[[], Catalog]) -> list[ClassEntry]:
    """The classes of a name; one that is of several kinds is given of each."""
    from kerasgen.catalog.entries import MODULES

    bare = name.removeprefix("keras.")
    known = catalog()
    found = [entry for kind in MODULES if (entry := known.find(bare, (kind,))) is not None]
    return list({(entry.kind, entry.name): entry for entry in found}.values())


def class_text(entry: ClassEntry) -> str:
    """A class as Markdown: what it is, and its arguments."""
    from kerasgen.catalog.entries import DOTTED, MODULES

    kind = _ORIGINS.get(entry.kind) or _with_article(entry.kind)
    dotted = f"{MODULES[entry.kind]}.{entry.name}"
    where = f"`keras.{dotted}`, " if entry.module.startswith("keras") else ""
    title = dotted if entry.kind in DOTTED else entry.name
    lines = [f"# {title}", f"{where}{kind}. {entry.summary}".strip()]
    if entry.call:
        lines.append("It is called with " + ", ".join(f"`{name}`" for name in entry.call) + ".")
    if entry.parameters:
        lines += ["## Arguments", "\n".join(map(_argument_text, entry.parameters.values()))]
    elif not entry.call:
        lines.append("It takes no arguments.")
    if entry.open_ended:
        lines.append("It may take further arguments, which its signature does not name.")
    return "\n\n".join(lines)


def _section_text(section: Section, sections: Sequence[Section]) -> str:
    lines = [f"# {section.title}"]
    if (default := _default(section, sections)) is not None:
        lines.append(f"Default: `{default}`.")
    lines.append(section.text)
    if others := linked_pages(section, sections):
        lines.append(f"See also: `kerasgen explain {' '.join(others[:_MOST_NAMES])}`")
    return "\n\n".join(lines)


def _default(section: Section, sections: Sequence[Section]) -> str | None:
    """The default of a key, from the table of the section around it."""
    if section.key is None:
        return None
    around, _, key = section.key.rpartition(".")
    for other in sections:
        if other.page == section.page and other.title in (around, "The config"):
            for line in other.text.splitlines():
                cells = [cell.strip() for cell in line.strip("|").split(" | ")]
                if len(cells) == 3 and f"`{key}`" in cells[0] and cells[1].startswith("`"):
                    return cells[1].strip("`")
    return None


def _argument_text(parameter: Parameter) -> str:
    name = f"*{parameter.name}" if parameter.variadic else parameter.name
    held = [_with_article(kind) for kind in parameter.kinds]
    if parameter.choices:
        held = [f'"{choice}"' for choice in parameter.choices]
    elif parameter.value in _VALUES:
        held = [_VALUES[parameter.value], *held]
    said = [_listed(held)] if held else []
    if parameter.required:
        said.append("must be given")
    elif not parameter.variadic:
        said.append(f"default {json.dumps(parameter.default, ensure_ascii=False)}")
    text = f"- `{name}`: {', '.join(said)}." if said else f"- `{name}`:"
    return f"{text} {' '.join(parameter.description.split())}".strip()


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " or " + words[-1]


def _with_article(kind: str) -> str:
    words = kind.replace("_", " ")
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def _class_names(catalog: Catalog) -> list[str]:
    from kerasgen.catalog.entries import MODULES

    return sorted(set(catalog.names(tuple(MODULES))))


def _place(words: Sequence[str], number: int) -> SourceLocation:
    """Where a word stands on the command line."""
    before = "".join(f"{word} " for word in words[:number])
    length = max(1, len(words[number]))
    return SourceLocation(override=" ".join(words), column=len(before) + 1, length=length)


def _nearest(word: str, known: Sequence[str]) -> str:
    """What may have been meant by a word that nothing is known of."""
    if re.match(r"KG\d", word, re.IGNORECASE):  # The nearest number is another mistake.
        return "`kerasgen explain codes` lists the codes"
    return did_you_mean(word, known) or "`kerasgen explain` alone lists what can be asked"
