"""Pages as HTML: every text is text, and nothing in a page reaches out of it."""

import pytest
from page_reader import read_page

from kerasgen.emit.page.blocks import (
    Block,
    Card,
    Cards,
    Cell,
    Code,
    Drawing,
    Facts,
    Folded,
    Image,
    Note,
    Page,
    Picture,
    Pictures,
    Section,
    Svg,
    Table,
)
from kerasgen.emit.page.markup import page_html

HOSTILE = (
    "</script></style></textarea><script>boom()</script><img src=x onerror=boom()>"
    "\"'`{{7*7}}{% raw %}&lt;<!--"
)

SVG = Svg('<svg viewBox="0 0 1 1"><g><path d="M0 0"/></g></svg>')


def page(*blocks: Block, title: str = "a run") -> Page:
    section = Section(name="one", title="One", blocks=blocks)
    return Page(title=title, subtitle="x", made_by="kerasgen", sections=(section,))


def every_block(text: str) -> tuple[Block, ...]:
    return (
        Note(text=text, title=text, tone="warning"),
        Facts(pairs={text: text}),
        Table(
            head=(text, text),
            rows=((text, Cell(text=text, share=0.5, bold=True, hint=text)),),
            caption=text,
            sortable=True,
            matrix=True,
        ),
        Pictures(pictures=(Picture(svg=SVG, caption=text),)),
        Code(text=f"{text}  # {text}", comment="#", copied=True),
        Cards(cards=(Card(title=text, facts={text: text}, text=text, svg=SVG),)),
        Drawing(svg=SVG, told=text, parts=((text, Drawing(svg=None, told=text)),)),
        Folded(title=text, blocks=(Note(text=text),)),
    )


def test_a_text_stays_a_text_wherever_it_stands() -> None:
    plain, hostile = (
        read_page(page_html(page(*every_block(text), title=text))) for text in ("a", HOSTILE)
    )
    assert [tag for tag, _ in hostile.tags] == [tag for tag, _ in plain.tags]
    assert hostile.scripts == plain.scripts
    assert hostile.acting == []
    assert hostile.title == HOSTILE
    assert HOSTILE in hostile.sections["one"]


def test_every_tag_is_closed() -> None:
    assert read_page(page_html(page(*every_block("a")))).unclosed == []


def test_a_page_forbids_whatever_is_not_in_it() -> None:
    text = page_html(page(Note(text="a")))
    (policy,) = [
        attributes["content"]
        for _, attributes in read_page(text).tags
        if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy is not None
    assert policy.startswith(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
    )
    assert text.index("Content-Security-Policy") < text.index("<script")


def test_a_page_refers_to_nothing_but_itself() -> None:
    image = Image(png="iVBORw0KGgo=", caption="a digit")
    text = page_html(page(Cards(cards=(Card(title="a", images=(image,)),))))
    found = read_page(text).addresses
    assert found == ["#one", "data:image/png;base64,iVBORw0KGgo="]
    assert "http" not in text.replace("http-equiv", "")


def test_a_section_without_blocks_is_left_out() -> None:
    empty = Section(name="none", title="Nothing", blocks=())
    shown = page(Note(text="a"))
    both = Page(title="a", subtitle="", made_by="k", sections=(*shown.sections, empty))
    assert list(read_page(page_html(both)).sections) == ["one"]
    assert "Nothing" not in page_html(both)


def test_equal_pages_are_equal_bytes() -> None:
    assert page_html(page(*every_block("a"))) == page_html(page(*every_block("a")))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("right\u202eleft", "right\ufffdleft"),
        ("null\0byte", "null\ufffdbyte"),
        ("bell\x07", "bell\ufffd"),
        ("half\ud800", "half\ufffd"),
        ("no\u00a0break", "no break"),
        ("Z\u00fcrich \u6771\u4eac \U0001f600", "Z\u00fcrich \u6771\u4eac \U0001f600"),
    ],
    ids=["turned", "null", "bell", "surrogate", "space", "words"],
)
def test_what_cannot_be_seen_is_seen(text: str, shown: str) -> None:
    found = page_html(page(Note(text=text)))
    found.encode()
    assert shown in found
