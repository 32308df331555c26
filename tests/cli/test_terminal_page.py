"""Markdown as a terminal shows it."""

from kerasgen.cli.terminal_page import page_text


def test_titles_paragraphs_and_lists_are_set_apart_and_filled() -> None:
    markdown = (
        "# Title\n\nOne two\nthree [four](x.md#y).\n\n- item one\n  goes on\n- **item** two\n"
    )
    assert page_text(markdown) == ("Title\n\nOne two three four.\n\n- item one goes on\n- item two")


def test_lines_end_at_the_width_and_items_hang() -> None:
    text = page_text("- " + "word " * 20, width=40)
    assert [len(line) <= 40 for line in text.splitlines()] == [True] * 3
    assert text.splitlines()[1].startswith("  word")


def test_code_is_indented_and_never_wrapped() -> None:
    long = "x" * 150
    assert page_text(f"```yaml\n# no title\n\n{long}\n```\n\nend") == (
        f"  # no title\n\n  {long}\n\nend"
    )


def test_a_table_is_aligned_and_its_last_column_wrapped() -> None:
    rows = "| key | meaning |\n|---|---|\n| `a` | " + "word " * 12 + "|\n| `long` | a \\| b |\n"
    assert page_text(rows, width=40).splitlines() == [
        "key     meaning",
        "`a`     word word word word word word",
        "        word word word word word word",
        "`long`  a | b",
    ]


def test_titles_are_bold_only_where_it_is_asked_for() -> None:
    assert page_text("## T\n\ntext", bold=True) == "\033[1mT\033[0m\n\ntext"
    assert "\033" not in page_text("## T\n\ntext")


def test_what_is_not_closed_is_shown_all_the_same() -> None:
    assert page_text("```text\na\nb") == "  a\n  b"
    assert page_text("| a\n") == "| a"
    assert page_text("") == ""
