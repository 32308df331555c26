"""What is said of a column is done with its cells first, and checked."""

import pytest

from kerasgen.data.opened import open_data
from kerasgen.diagnostics import CompileError, Sink
from kerasgen.frontend.parse.data import parse_data

pytest.importorskip("polars")


@pytest.fixture
def group(tmp_path):
    """A data group over a table of text."""

    def write(text, columns=None, **source):
        (tmp_path / "table.csv").write_text(text)
        path = str(tmp_path / "table.csv")
        return {
            "source": {"class": "Table", "path": path, **source},
            "columns": columns or {},
            "features": "all",
            "target": "y",
            "task": "auto",
            "prepare": "auto",
        }

    write.path = str(tmp_path / "table.csv")
    return write


def _opened(group):
    sink = Sink()
    definition = parse_data(group, sink)
    assert definition is not None, sink.diagnostics
    return open_data(definition, sink)


def _told(group):
    with pytest.raises(CompileError) as caught:
        _opened(group)
    return caught.value.diagnostics


def _refused(group):
    return [(d.code, d.message) for d in _told(group)]


ROWS = "x,y\n1,yes\n,no\n3,yes\n4,no\n"


def test_rows_without_a_value_can_be_left_out(group):
    opened = _opened(group(ROWS, {"x": {"missing": "drop"}}))
    assert opened.samples == 3
    assert opened.columns["x"].tolist() == [1, 3, 4]
    assert opened.description["rows_dropped"] == 1


def _place(group, line):
    return f"line {line} of `{group.path}`"


def test_a_value_may_be_refused_where_it_is_missing(group):
    place = _place(group, 3)
    assert _refused(group(ROWS, {"x": {"missing": "error"}})) == [
        ("KG506", f"the column `x` has no value in {place}")
    ]


def test_a_target_without_a_value_is_told(group):
    assert _refused(group("x,y\n1,yes\n2,\n3,no\n")) == [
        ("KG506", f"the target `y` has no value in {_place(group, 3)}")
    ]


def test_characters_at_the_ends_of_words_need_not_count(group):
    text = "x,y\n1,yes.\n2,no\n3,yes\n4,no.\n"
    opened = _opened(group(text, {"y": {"type": "category", "strip": "."}}))
    assert opened.facts["class_names"] == ["no", "yes"]


def test_a_word_in_a_column_of_numbers_is_told_with_its_row(group):
    found = _refused(group("x,y\n1,yes\n?,no\nold,no\n", {"x": "number"}))
    message = f'the column `x` holds "old" in {_place(group, 4)}, expected a number'
    assert found == [("KG509", message)]


def test_places_stay_right_where_rows_are_left_out(group):
    text = "x,z,y\n1,2,yes\n,3,no\n3,4,yes\n4,old,no\n"
    found = _refused(group(text, {"x": {"missing": "drop"}, "z": "number"}))
    assert found == [
        ("KG509", f'the column `z` holds "old" in {_place(group, 5)}, expected a number')
    ]


def test_a_column_that_is_not_there_is_told(group):
    assert _refused(group(ROWS, {"z": "number"})) == [("KG504", "there is no column `z`")]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"x": "numbr"}, "KG205"),
        ({"x": {"type": "numeric"}}, "KG205"),
        ({"x": 3}, "KG204"),
        ({"x": {"tokens": 1}}, "KG204"),
        ({"x": {"vocabulary": "a"}}, None),
        ({"x": {"order": [1, 1]}}, "KG204"),
        ({"x": {"type": "ordinal"}}, "KG203"),
        ({"x": {"parts": ["yeer"]}}, "KG205"),
        ({"x": {"typ": "number"}}, "KG107"),
        (["x"], "KG204"),
    ],
)
def test_what_is_said_wrongly_of_a_column_is_located(said, code, group):
    sink = Sink()
    parse_data({**group(ROWS), "columns": said}, sink)
    assert [d.code for d in sink.errors] == ([] if code is None else [code])


def test_a_mistake_that_a_step_finds_is_told_at_its_column(group, started):
    from dataclasses import replace

    from kerasgen.data.own_steps import step_entries
    from kerasgen.data.preparation import prepare_data

    started = replace(started, catalog=started.catalog.extended(step_entries()))
    said = {"x": {"type": "ordinal", "order": ["low", "high"]}}
    opened = _opened(group("x,y\nlow,yes\nmiddle,no\nhigh,yes\nlow,no\n", said))
    with pytest.raises(CompileError) as caught:
        prepare_data(opened, opened.parts, opened.definition, started, Sink())
    (found,) = caught.value.diagnostics
    assert '"middle" in row 2 has no rank' in found.message
    assert found.location.key == "data.columns.x"


def test_a_dollar_in_a_name_is_told(group):
    (found,) = _refused(group("a$b,y\n1,yes\n2,no\n"))
    assert found[0] == "KG305"


def test_a_word_that_is_no_date_is_told_with_its_first_row(group):
    text = "d,y\n2020-01-01,yes\n,no\nsoon,yes\nlater,no\n"
    assert _refused(group(text, {"d": {"type": "date"}})) == [
        ("KG525", f'the column `d` holds "soon" in {_place(group, 4)}, expected a date as in '
         "2025-12-31")
    ]  # fmt: skip


def test_a_third_word_of_a_boolean_is_told_with_its_first_row(group):
    text = "b,y\nja,yes\nnein,no\nJa,yes\nvielleicht,no\n"
    assert _refused(group(text, {"b": {"type": "boolean"}})) == [
        ("KG525", f'the column `b` holds "vielleicht" in {_place(group, 5)}, expected one of two '
         "words")
    ]  # fmt: skip
    two = text.replace("vielleicht", "nein")
    assert _opened(group(two, {"b": {"type": "boolean"}})).samples == 4


@pytest.fixture
def with_bytes(group, tmp_path):
    """A group over a file of Parquet with a column of bytes."""
    import polars

    cells = {"a": [1.5, 2.5, 4.0, 3.0], "raw": [b"x"] * 4, "y": [0.5, 1.5, 2.5, 3.5]}
    polars.DataFrame(cells).write_parquet(tmp_path / "t.parquet")
    written = group("")
    return written | {"source": {"class": "Table", "path": str(tmp_path / "t.parquet")}}


def test_a_column_of_bytes_is_refused_with_what_leaves_it_out(with_bytes):
    (found,) = _told(with_bytes)
    assert (found.code, found.help) == ("KG502", "leave it out: `data.columns.raw=ignore`")


def test_a_column_of_bytes_that_is_ignored_keeps_no_other_from_being_read(with_bytes):
    opened = _opened(with_bytes | {"columns": {"raw": "ignore"}})
    assert sorted(opened.columns) == ["a", "y"]


def test_rows_that_all_lack_a_value_are_told_at_the_column_that_drops_them(group):
    (found,) = _told(group("x,y\n1,\n2,\n", {"y": {"missing": "drop"}}))
    assert (found.code, found.location.key) == ("KG503", "data.columns.y")
    told = _told(group("x,y\n1,\n2,\n", {"y": "number"}))
    found = next(one for one in told if one.code == "KG506")
    assert "another target" in found.help


def test_an_infinite_number_is_left_out_as_the_help_says(group):
    text = "x,y\n1,0.5\ninf,1.5\n2,2.5\n3,3.5\n"
    found = next(one for one in _told(group(text)) if one.code == "KG506")
    assert "`data.source.bad=skip`" in found.help
    assert _opened(group(text, bad="skip")).samples == 3
