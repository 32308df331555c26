"""A page as Python's own parser reads it: its sections, their texts, and whatever could act."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "img", "br", "wbr", "hr", "input", "link"}


@dataclass(kw_only=True)
class ReadPage(HTMLParser):
    """What a parser found.

    Attributes:
        sections: name of a section to its text.
        tags: every tag with its attributes, in order.
        scripts: the texts of scripts.
        unclosed: tags that were never closed, or closed where they were not open.
    """

    sections: dict[str, str] = field(default_factory=dict)
    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    unclosed: list[str] = field(default_factory=list)
    title: str = ""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[str] = []
        self._section = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)
        if tag == "wbr" and self._section:  # a place in a word where a line may end
            self.sections[self._section] = self.sections[self._section].removesuffix(" ")
        if tag == "section":
            self._section = dict(attrs)["id"] or ""
            self.sections[self._section] = ""

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.unclosed.append(tag)
        if tag == "section":
            self._section = ""

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "script":
            self.scripts.append(data)
        elif self._open and self._open[-1] == "title" and not self.title:
            self.title = data
        elif self._section:
            self.sections[self._section] += f"{data} "

    @property
    def addresses(self) -> list[str]:
        """Whatever an element refers to."""
        names = ("src", "href", "xlink:href", "action", "poster", "srcset", "data")
        found = [attributes.get(name) for _, attributes in self.tags for name in names]
        return [address for address in found if address]

    @property
    def acting(self) -> list[str]:
        """Attributes that are scripts."""
        return [
            name
            for _, attributes in self.tags
            for name in attributes
            if name.lower().startswith("on")
        ]


def read_page(text: str) -> ReadPage:
    """Reads a page."""
    page = ReadPage()
    page.feed(text)
    page.close()
    page.unclosed += page._open
    return page
