"""The manual as sections, and which words of a user's lead to which of them.

This room owns how the pages are read and what a section may be asked by: a code, the name of a
rule, of a page, of a key, or a title. It knows nothing of Keras, and nothing of how a section is
shown.

Decisions:
- The titles are the index. Capital letters inside a key (`model.layers.NAME.from`) stand for a name
  of the user's.
- What stands below a key that holds names or arguments of the user's has no section of its own: the
  nearest one around it is meant. Below a section with fixed keys, a key that is not there is
  unknown.
- What has no section but a line in a table, such as a file of a record or a setting of Hydra's,
  leads to the section of the table, if its name has a point or a slash: plain words stand in many.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import kerasgen
from kerasgen.frontend.grammar import VALUE_GROUPS

MANUAL = Path(kerasgen.__file__).resolve().parent / "manual"
"""Where the pages lie."""

_TITLE = re.compile(r"(#+) (.+)")
_RULE = re.compile(r"\s*Rule `(\w+)`\.")
_CODE = re.compile(r"KG\d{3}\b", re.IGNORECASE)
_KEY = re.compile(r"[a-z_]+(?:\.[A-Za-z_]+)*\Z")
_SELECTOR = re.compile(r"model\.layers(?:\.\w+)*\[")
_NAMES = re.compile(r"\| ((?:`[^`]+`(?:, )?)+) \|")
"""The first cell of a line of a table that is about what it names."""
_NESTED = re.compile(r"(\.layers\.)[^.]+\.layers\.")
"""A layer of a nested model, which is written as one of the model around it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A section of the manual.

    Attributes:
        page: the page below the manual's folder, with slashes: `groups/fit.md`.
        title: its title.
        level: 1 for a page as a whole, 2 for its sections, and so on.
        text: Markdown, from behind the title to the next title of the same level or a higher one.
    """

    page: str
    title: str
    level: int
    text: str

    @property
    def key(self) -> str | None:
        """The key of the config that it is about, None for none."""
        is_key = self.level > 1 and _KEY.match(self.title)
        about_keys = self.page.startswith("groups/") or self.page == "topics/config.md"
        return self.title if is_key and about_keys else None

    @property
    def words(self) -> tuple[str, ...]:
        """What it may be asked by, a key left out."""
        if self.level == 1:
            folder, _, name = self.page.removesuffix(".md").rpartition("/")
            if name == "index":
                return (folder or "manual", self.title)
            # Codes have pages of their own for `model` and `data`, which are no groups.
            return (self.title,) if folder.startswith("codes") else (name, self.title)
        if (code := _CODE.match(self.title)) is not None:
            rule = _RULE.match(self.text)
            return (code[0], rule[1]) if rule else (code[0],)
        return (self.title,)


def read_manual(folder: Path = MANUAL) -> tuple[Section, ...]:
    """Every section of every page: pages by their names, sections in their order."""
    found: list[Section] = []
    for path in sorted(folder.rglob("*.md")):
        found += _sections(path.relative_to(folder).as_posix(), path.read_text(encoding="utf-8"))
    return tuple(found)


def find_sections(word: str, sections: Sequence[Section]) -> tuple[Section, ...]:
    """The sections that a word asks for; none where nothing is known of it.

    Args:
        word: a code, a rule, a page, a key as it is overridden, the last part of a key, a title, an
            override of a group, a selector, or the name of a line of a table.
        sections: the manual.
    """
    asked = _plain(word)
    pages = tuple(section for section in sections if section.level == 1)
    for among in (pages, sections):
        named = tuple(s for s in among if s.key is None and asked in map(_plain, s.words))
        if named:
            return named[:1]
    key, given, _ = word.lstrip("+~").partition("=")
    if key in VALUE_GROUPS:
        return _of_key(key.replace("/", "."), sections)
    page = "topics/selectors.md" if _SELECTOR.match(key) else f"groups/{key}.md" if given else ""
    meant = tuple(section for section in pages if section.page == page)
    return meant or _of_key(word, sections) or _of_table(key, sections)


def known_words(sections: Sequence[Section]) -> list[str]:
    """Every word and key that can be asked, once each, in the order of the pages."""
    words: dict[str, None] = {}
    for section in sections:
        if section.key is not None:
            words[section.key] = None
        elif section.level == 1:
            words |= dict.fromkeys(word for word in section.words[:1] if " " not in word)
        elif _CODE.match(section.title):
            words |= dict.fromkeys(section.words)
    return list(words)


def _sections(page: str, text: str) -> list[Section]:
    lines = text.splitlines()
    titles: list[tuple[int, int, str]] = []
    fenced = False
    for number, line in enumerate(lines):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced and (title := _TITLE.match(line)):
            titles.append((number, len(title[1]), title[2]))
    found = []
    for index, (number, level, title_text) in enumerate(titles):
        ends = (n for n, other, _ in titles[index + 1 :] if other <= level)
        inside = "\n".join(lines[number + 1 : next(ends, len(lines))]).strip("\n")
        found.append(Section(page=page, title=title_text, level=level, text=inside))
    return found


def _plain(word: str) -> str:
    """A word without what people write differently: `Exit codes` is `exit_codes`."""
    return re.sub(r"[\s-]+", "_", word.strip().casefold())


def _of_key(word: str, sections: Sequence[Section]) -> tuple[Section, ...]:
    """The sections of a key path, or of its last part."""
    key = word.lstrip("+~").partition("=")[0].rstrip("*+-/")
    while key != (shorter := _NESTED.sub(r"\1", key)):
        key = shorter
    by_key = {section.key: section for section in sections if section.key is not None}
    if "." not in key:
        same = {n: s for n, s in by_key.items() if n.rpartition(".")[2] == key}
        # `fit.phases.NAME.epochs` says of a phase what `fit.epochs` says of the whole.
        whole = [s for name, s in same.items() if not name.startswith("fit.phases.")]
        return tuple(whole or same.values())
    parts = key.split(".")
    for length in range(len(parts), 1, -1):
        fitting = [name for name in by_key if _fits(name.split("."), parts[:length])]
        if fitting:
            best = min(fitting, key=_wildcards)
            closed = length < len(parts) and any(name.startswith(f"{best}.") for name in by_key)
            return () if closed and not best.split(".")[-1].isupper() else (by_key[best],)
        if length == len(parts) and any(_begins(name.split("."), parts) for name in by_key):
            return (by_key[".".join(parts[:-1])],) if ".".join(parts[:-1]) in by_key else ()
    return ()


def _of_table(name: str, sections: Sequence[Section]) -> tuple[Section, ...]:
    """The innermost section with a table that has a line of this name."""
    if not re.search(r"[./]", name):
        return ()
    found = [
        section
        for section in sections
        for line in section.text.splitlines()
        if (names := _NAMES.match(line)) and f"`{name}`" in names[1].split(", ")
    ]
    return (max(found, key=lambda section: section.level),) if found else ()


def _fits(pattern: Sequence[str], parts: Sequence[str]) -> bool:
    return len(pattern) == len(parts) and _begins(pattern, parts)


def _begins(pattern: Sequence[str], parts: Sequence[str]) -> bool:
    """Whether a pattern begins with some parts, of which capital letters mean any."""
    pairs = zip(pattern, parts, strict=False)
    return len(pattern) >= len(parts) and all(a.isupper() or a == b for a, b in pairs)


def _wildcards(key: str) -> int:
    return sum(part.isupper() for part in key.split("."))


def linked_pages(section: Section, sections: Iterable[Section]) -> list[str]:
    """The words of the other pages that a section refers to, in the order of its links."""
    folder = section.page.rpartition("/")[0]
    words = {s.page: s.words[0] for s in sections if s.level == 1 and " " not in s.words[0]}
    found: dict[str, None] = {}
    for target in re.findall(r"\]\(([^)#\s]+\.md)", section.text):
        parts: list[str] = folder.split("/") if folder else []
        for part in target.split("/"):
            parts = parts[:-1] if part == ".." else [*parts, part]
        page = "/".join(parts)
        if page != section.page and page in words:
            found[words[page]] = None
    return list(found)
