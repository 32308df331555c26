"""Mutations of config files: what a hurried person writes by mistake, one line at a time.

This room owns the ways in which a text is spoilt. It works on the text of one YAML file, with
the places of its keys and values, and must not know what a key means, apart from the handful of
words behind which a class or a reference stands.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random

import yaml

_REFERRING = frozenset({"from", "is", "after", "block", "outputs"})
"""Keys behind which the names of other entries stand."""

_ABSURD = (
    "-1", "0", "-3", "1e400", "nan", ".nan", ".inf", "-.inf", "1e-400", "0.5", "1000000000000",
    "1000000000000000000000000000000", "-1000000000000", "2147483648", "0x1F", "1_000", "1e3",
)  # fmt: skip

_OTHER_KINDS = (
    "null", "true", "false", "[1, 2]", "[]", "{}", "{a: 1}", '"three"', "text", "7", "1.5", '""',
    "[[1]]", "{class: Dense}", "2001-01-01", "~",
)  # fmt: skip

_DOLLARS = (
    "$", "$$", "${", "${}", "${nowhere}", "$nowhere", "$1", "${data.nowhere}", "$(x)", "${..}",
    '"$"', '"${"', '"$width +"', '"$x ** 9 ** 9"', '"${oc.env:HOME}"', '"${model}"', "$index",
    '"${a:${b}}"', '"$a[0"', '"$__import__"', '"$a.b"',
)  # fmt: skip

_UNICODE = ("é", "\u200b", "\ufeff", "\u202e", "😀", "\u0301", "ß", "\u00a0", "\x07", "\u2028", "İ")

_MARKS = tuple("[]{}\"',:&*!|>%@#`-?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A key or a plain value in a file.

    Attributes:
        start: offset of its first character.
        end: offset behind its last one.
        key: the word in front of a value, or the key itself.
        is_key: whether it is a key.
        entry: offsets of the whole entry, key and value; None for an item of a list.
        flow: whether the entry stands inside `{…}`.
        owner: number of the mapping that it stands in.
    """

    start: int
    end: int
    key: str
    is_key: bool
    entry: tuple[int, int] | None
    flow: bool
    owner: int


Mutate = Callable[[Random, str], str | None]
"""Spoils a text; None where it has nothing that could be spoilt in this way."""


@cache
def find_sites(text: str) -> tuple[Site, ...]:
    """The keys and plain values of a YAML file; none where it cannot be read."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return ()
    return tuple(_walk(node, "")) if isinstance(node, yaml.CollectionNode) else ()


def _walk(node: yaml.Node, key: str) -> Iterator[Site]:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            whole = (name.start_mark.index, _last(value))
            about = {"entry": whole, "flow": bool(node.flow_style), "owner": id(node)}
            start, end = name.start_mark.index, name.end_mark.index
            yield Site(start=start, end=end, key=name.value, is_key=True, **about)
            if isinstance(value, yaml.ScalarNode) and value.end_mark.index > value.start_mark.index:
                start, end = value.start_mark.index, value.end_mark.index
                yield Site(start=start, end=end, key=name.value, is_key=False, **about)
            elif isinstance(value, yaml.CollectionNode):
                yield from _walk(value, name.value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            if isinstance(item, yaml.CollectionNode):
                yield from _walk(item, key)
            else:
                start, end = item.start_mark.index, item.end_mark.index
                about = {"entry": None, "flow": True, "owner": id(node)}
                yield Site(start=start, end=end, key=key, is_key=False, **about)


def _last(node: yaml.Node) -> int:
    """Offset behind the last character: PyYAML ends a block mapping where the next thing begins."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        final = node.value[-1]
        return _last(final[1] if isinstance(final, tuple) else final)
    return int(node.end_mark.index)


def _replaced(text: str, site: Site, new: str) -> str:
    return text[: site.start] + new + text[site.end :]


def _chosen(random: Random, text: str, fits: Callable[[Site, str], bool]) -> Site | None:
    pool = [site for site in find_sites(text) if fits(site, text[site.start : site.end])]
    return random.choice(pool) if pool else None


def misspelt(random: Random, word: str) -> str:
    """A word with one slip of the finger in it."""
    spots = [at for at, char in enumerate(word) if char.isalpha()]
    if not spots:
        return word + random.choice("abc")
    at = random.choice(spots)
    slip = random.randrange(5)
    if slip == 0 and len(word) > 2:
        return word[:at] + word[at + 1 :]
    if slip == 1:
        return word[:at] + word[at] + word[at:]
    if slip == 2 and at + 1 < len(word) and word[at] != word[at + 1]:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if slip == 3:
        return word[:at] + word[at].swapcase() + word[at + 1 :]
    other = random.choice([c for c in "abcdefghijklmnopqrstuvwxyz" if c != word[at]])
    return word[:at] + other + word[at + 1 :]


def _is_class(site: Site, word: str) -> bool:
    return not site.is_key and (
        site.key == "class" or re.fullmatch(r"[A-Z]\w{3,}", word) is not None
    )


def _is_reference(site: Site, word: str) -> bool:
    named = re.match(r"[A-Za-z]", word) is not None
    return not site.is_key and site.key in _REFERRING and named


def _is_word(site: Site, word: str) -> bool:
    usual = re.fullmatch(r"[a-z_][a-z_0-9]+", word) and word not in ("true", "false", "null")
    return bool(usual) and not site.is_key and not _is_reference(site, word)


def _is_number(site: Site, word: str) -> bool:
    return not site.is_key and re.fullmatch(r"-?[\d.]+(e-?\d+)?", word) is not None


def _typo(fits: Callable[[Site, str], bool]) -> Mutate:
    def mutate(random: Random, text: str) -> str | None:
        site = _chosen(random, text, fits)
        if site is None:
            return None
        return _replaced(text, site, misspelt(random, text[site.start : site.end]))

    return mutate


def _other_value(values: Sequence[str], fits: Callable[[Site, str], bool]) -> Mutate:
    def mutate(random: Random, text: str) -> str | None:
        site = _chosen(random, text, fits)
        return None if site is None else _replaced(text, site, random.choice(values))

    return mutate


def _delete_line(random: Random, text: str) -> str | None:
    lines = text.splitlines(keepends=True)
    pool = [i for i, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#")]
    if not pool:
        return None
    del lines[random.choice(pool)]
    return "".join(lines)


def _delete_key(random: Random, text: str) -> str | None:
    site = _chosen(random, text, lambda s, _: s.is_key and s.entry is not None)
    if site is None or site.entry is None:
        return None
    start, end = site.entry
    if not site.flow:
        begin = text.rfind("\n", 0, start) + 1
        stop = text.find("\n", end)
        return text[:begin] + (text[stop + 1 :] if stop >= 0 else "")
    behind = re.compile(r"\s*,\s*").match(text, end)
    if behind:
        return text[:start] + text[behind.end() :]
    return re.sub(r",\s*\Z", "", text[:start]) + text[end:]


def _swap(keys: bool) -> Mutate:
    def mutate(random: Random, text: str) -> str | None:
        sites = [site for site in find_sites(text) if site.is_key is keys]
        pairs = [
            (one, other)
            for at, one in enumerate(sites)
            for other in sites[at + 1 : at + 6]
            if one.owner == other.owner
            and one.end <= other.start
            and text[one.start : one.end] != text[other.start : other.end]
        ]
        if not pairs:
            return None
        one, other = random.choice(pairs)
        first, second = text[one.start : one.end], text[other.start : other.end]
        return _replaced(_replaced(text, other, first), one, second)

    return mutate


def _unbalance(random: Random, text: str) -> str | None:
    spots = [m.start() for m in re.finditer(r"[\[\]{}\"']", _without_comments(text))]
    if spots and random.random() < 0.5:
        at = random.choice(spots)
        return text[:at] + text[at + 1 :]
    site = _chosen(random, text, lambda s, _: True)
    if site is None:
        return None
    at = random.choice((site.start, site.end))
    return text[:at] + random.choice(_MARKS) + text[at:]


def _without_comments(text: str) -> str:
    return re.sub(r"(?m)(^|\s)#.*$", lambda found: " " * len(found[0]), text)


def _tab(random: Random, text: str) -> str | None:
    site = _chosen(random, text, lambda s, _: s.is_key)
    if site is None:
        return None
    begin = text.rfind("\n", 0, site.start) + 1
    at = random.choice((begin, site.start, site.end, min(site.end + 1, len(text))))
    return text[:at] + "\t" + text[at:]


def _duplicate_key(random: Random, text: str) -> str | None:
    site = _chosen(random, text, lambda s, _: s.is_key and s.entry is not None)
    if site is None or site.entry is None:
        return None
    start, end = site.entry
    written = text[start:end]
    if site.flow:
        return text[:start] + written + ", " + text[start:]
    indent = text[text.rfind("\n", 0, start) + 1 : start]
    if indent.strip():
        return None
    return text[:end] + "\n" + indent + written + text[end:]


def _odd_character(random: Random, text: str) -> str | None:
    site = _chosen(random, text, lambda s, _: True)
    if site is None:
        return None
    at = random.randint(site.start, site.end)
    return text[:at] + random.choice(_UNICODE) + text[at:]


def _dollars(random: Random, text: str) -> str | None:
    site = _chosen(random, text, lambda s, _: not s.is_key)
    if site is None:
        return None
    if random.random() < 0.25:
        at = random.randint(site.start, site.end)
        return text[:at] + random.choice(("$", "${", "$$")) + text[at:]
    return _replaced(text, site, random.choice(_DOLLARS))


MUTATIONS: Mapping[str, Mutate] = {
    "typo in a key": _typo(lambda s, w: s.is_key and len(w) > 1),
    "typo in a class": _typo(_is_class),
    "typo in a reference": _typo(_is_reference),
    "typo in a word": _typo(_is_word),
    "line deleted": _delete_line,
    "key deleted": _delete_key,
    "keys swapped": _swap(keys=True),
    "values swapped": _swap(keys=False),
    "wrong kind": _other_value(_OTHER_KINDS, lambda s, _: not s.is_key),
    "absurd number": _other_value(_ABSURD, _is_number),
    "bracket or quote": _unbalance,
    "tab": _tab,
    "key twice": _duplicate_key,
    "odd character": _odd_character,
    "dollar junk": _dollars,
}
"""Every way to spoil a text, by name."""


def mutated(random: Random, text: str, times: int = 1) -> tuple[str, tuple[str, ...]]:
    """A text with mistakes in it.

    Args:
        random: where chance comes from; the same state gives the same mistakes.
        text: a config file.
        times: how many mistakes; fewer where the text cannot be read any more.

    Returns:
        The text, which differs from the given one, and the names of the mutations.
    """
    kinds: list[str] = []
    for _ in range(200):
        kind = random.choice(list(MUTATIONS))
        made = MUTATIONS[kind](random, text)
        if made is not None and made != text:
            text = made
            kinds.append(kind)
        if len(kinds) == times or (kinds and not find_sites(text)):
            break
    return text, tuple(kinds)
