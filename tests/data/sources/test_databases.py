"""Databases are read, and only read: a SELECT of SQLite or of what SQLAlchemy knows."""

import datetime
import sqlite3

import numpy as np
import pytest

from kerasgen.data.sources.table_file import TableFile
from kerasgen.diagnostics import CompileError, Sink
from kerasgen.runtime.tabular import databases

pytest.importorskip("polars")


@pytest.fixture
def base(tmp_path):
    """A file of SQLite with one table."""
    path = tmp_path / "birds.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE birds (name TEXT, size REAL, seen INTEGER)")
    rows = [("Anna", 1.5, 16_777_217), ("Ben", None, 3), (None, 2.0, 4)]
    connection.executemany("INSERT INTO birds VALUES (?, ?, ?)", rows)
    connection.commit()
    yield path
    connection.close()


def _read(path, **form):
    return TableFile(path=str(path), **form).read(None, Sink())


def _refused(path, **form):
    with pytest.raises(CompileError) as caught:
        _read(path, **form)
    (found,) = caught.value.diagnostics
    assert found.location is not None
    return found


@pytest.mark.parametrize("address", ["{}", "sqlite:///{}"])
def test_the_one_table_of_a_file_needs_no_query(base, address):
    table = _read(address.format(base))
    assert table.columns["name"].tolist() == ["Anna", "Ben", ""]
    assert np.array_equal(table.columns["size"], [1.5, np.nan, 2.0], equal_nan=True)
    assert table.columns["seen"].tolist() == [16_777_217, 3, 4]
    assert table.place(1) == f"row 2 of `{address.format(base)}`"


def test_a_query_says_which_rows_and_pieces_make_no_difference(base, monkeypatch):
    monkeypatch.setattr(databases, "PIECE_ROWS", 1)
    table = _read(base, query="SELECT name, seen * 2 AS twice FROM birds ORDER BY seen DESC;")
    assert table.names == ("name", "twice")
    assert table.columns["name"].tolist() == ["Anna", "", "Ben"]


def test_a_query_without_rows_has_its_columns(base):
    table = _read(base, query="SELECT * FROM birds WHERE size > 9")
    assert table.names == ("name", "size", "seen")
    assert len(table.columns["size"]) == 0


def test_a_database_with_several_tables_names_them(base):
    connection = sqlite3.connect(base)
    connection.execute("CREATE TABLE fish (name TEXT)")
    connection.close()
    found = _refused(base)
    assert found.code == "KG519"
    assert "`birds`, `fish`" in found.message


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM birds",
        "UPDATE birds SET size = 1",
        "SELECT 1; DROP TABLE birds",
        "PRAGMA writable_schema = 1",
        "WITH x AS (SELECT 1) DELETE FROM birds",
        "SELECT * INTO copied FROM birds",
        "/* SELECT */ ATTACH 'x.sqlite' AS x",
        "",
        "-- SELECT",
    ],
)
def test_a_query_that_is_no_select_is_refused_and_changes_nothing(base, query):
    before = base.read_bytes()
    found = _refused(base, query=query)
    assert (found.code, found.location.key) == ("KG519", "data.source.query")
    assert base.read_bytes() == before


@pytest.mark.parametrize(
    "query",
    [
        "SELECT replace(name, ';', 'delete') AS n FROM birds",
        "with x as (select * from birds) select * from x",
        "SELECT 'a;b' AS n",
        'SELECT name AS "update" FROM birds -- a remark; and more',
    ],
)
def test_a_select_may_hold_such_words_as_text(base, query):
    assert _read(base, query=query).columns


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("SELECT * FROM fish", "no such table: fish"),
        ("SELECT weight FROM birds", "no such column: weight"),
        ("SELECT FROM birds", "syntax error"),
        ("SELECT name, name FROM birds", "two columns of the query are called `name`"),
        ("SELECT x'00ff' AS a", "`a` holds bytes"),
    ],
)
def test_a_wrong_query_is_told_where_it_stands(base, query, words):
    found = _refused(base, query=query)
    assert (found.code, found.location.key) == ("KG519", "data.source.query")
    assert words in found.message


def test_a_locked_database_is_told(base, monkeypatch):
    monkeypatch.setattr(databases, "LOCK_SECONDS", 0.05)
    writer = sqlite3.connect(base, isolation_level=None)
    writer.execute("BEGIN EXCLUSIVE")
    found = _refused(base)
    writer.close()
    assert found.code == "KG518"
    assert "locked" in found.message
    assert "try again" in found.help


def test_a_file_that_is_no_database_and_one_that_is_not_there_are_told(tmp_path):
    (tmp_path / "t.sqlite").write_text("a,b\n1,2\n" * 200)
    assert _refused(tmp_path / "t.sqlite").code == "KG518"
    assert _refused(tmp_path / "none.sqlite").code == "KG501"
    assert _refused(f"sqlite:///{tmp_path}/none.sqlite").code == "KG501"
    assert not (tmp_path / "none.sqlite").exists()


@pytest.fixture
def served(base, monkeypatch):
    """A URL that SQLAlchemy reads by a dialect of its own; it asks for a password."""
    sqlalchemy = pytest.importorskip("sqlalchemy")
    from sqlalchemy.dialects import registry
    from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

    class Guarded(SQLiteDialect_pysqlite):
        supports_statement_cache = False

        def create_connect_args(self, url):
            return [str(base)], {"password": url.password or ""}

        def connect(self, *args, password, **more):
            if password != "geheim":
                raise sqlite3.OperationalError(f'password "{password}" of user "ann" is wrong')
            return super().connect(*args, **more)

    monkeypatch.setattr(databases, "guarded", Guarded, raising=False)
    registry.register("guarded", "kerasgen.runtime.tabular.databases", "guarded")
    assert sqlalchemy.make_url("guarded://x").get_dialect() is Guarded
    return "guarded://ann@host/birds"


QUERY = "SELECT name, seen FROM birds WHERE name LIKE 'A%' OR name = ':b'"


def test_a_url_is_read_with_a_query_and_the_password_of_the_environment(served, monkeypatch):
    monkeypatch.setenv("BIRDS_PASSWORD", "geheim")
    source = {"query": QUERY, "password": "${oc.env:BIRDS_PASSWORD}"}
    assert _read(served, **source).columns["name"].tolist() == ["Anna"]
    assert _refused(served, password=source["password"]).code == "KG519"  # no query


def test_a_password_is_asked_for_and_never_shown(served, monkeypatch):
    found = _refused(served, query=QUERY)
    assert found.code == "KG518"
    assert "data.source.password=" in found.help
    monkeypatch.setenv("BIRDS_PASSWORD", "falsch")
    found = _refused(served, query=QUERY, password="${oc.env:BIRDS_PASSWORD}")
    assert found.code == "KG518"
    assert "falsch" not in str(found)
    monkeypatch.delenv("BIRDS_PASSWORD")
    found = _refused(served, query=QUERY, password="${oc.env:BIRDS_PASSWORD}")
    assert "the environment has no `BIRDS_PASSWORD`" in found.message


def test_a_driver_that_is_not_there_is_named():
    pytest.importorskip("sqlalchemy")
    found = _refused("oracle+cx_oracle://ann@host/x", query="SELECT 1")
    assert found.code == "KG603"
    assert "cx_Oracle" in found.message


def test_sqlalchemy_is_asked_for_where_it_is_not_installed(monkeypatch):
    monkeypatch.setattr(
        "kerasgen.data.sources.table_file.is_installed", lambda name: name == "polars"
    )
    found = _refused("postgresql://host/x", query="SELECT 1")
    assert found.code == "KG603"
    assert "kerasgen[sql]" in found.help


def test_dates_and_truth_values_of_a_database_are_words_and_numbers():
    day = datetime.date(2024, 1, 2)
    pieces = databases.cell_pieces(["day", "true"], iter([[(day, True), (None, False)]]))
    (frame,) = pieces
    assert frame["day"].to_list() == ["2024-01-02", None]
    assert frame["true"].to_list() == [1.0, 0.0]


ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n"


@pytest.mark.parametrize("stream", [True, False])
def test_a_query_without_end_is_refused(base, stream):
    found = _refused(base, query=ENDLESS, most_rows=200_000, stream=stream)
    assert (found.code, found.location.key) == ("KG519", "data.source.query")
    assert "200,000 rows" in found.message
    assert "data.source.most_rows" in found.help


def test_as_many_rows_as_are_allowed_are_read(base):
    assert len(_read(base, most_rows=3).columns["name"]) == 3
    assert _refused(base, most_rows=2).location.key == "data.source.path"
    assert _refused(base, most_rows=0).code == "KG204"


def test_an_address_that_is_no_database_is_told_as_one(tmp_path):
    pytest.importorskip("sqlalchemy")
    for query in (None, "select 1 as y"):
        found = _refused("http://127.0.0.1:1/rows.csv", query=query)

        assert found.code == "KG518"
        assert found.message.endswith("is no address of a database")
        assert "downloaded first" in (found.help or "")
