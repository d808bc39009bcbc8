"""The native database: transactions, counts, migrations, and faults as the port names them."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from otel_worker.errors import IndexMissing, StorageFailure, StorageUnavailable
from otel_worker.store.database import MAX_INTEGER, Statement
from otel_worker_cli import sqlite
from otel_worker_cli.sqlite import SqliteDatabase
from tests.core.harness import MIGRATIONS, rows
from tests.samples import run


@pytest.fixture
def empty() -> SqliteDatabase:
    """A database in memory with one table and nothing in it."""
    database = SqliteDatabase(":memory:")
    run(database.batch([Statement("CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)")]))
    return database


def insert(number: int, text: str = "x") -> Statement:
    return Statement("INSERT INTO t VALUES (?1, ?2) RETURNING id", (number, text))


def test_a_batch_says_how_many_rows_each_statement_returns(empty: SqliteDatabase) -> None:
    statements = [
        insert(1),
        insert(2),
        Statement("UPDATE t SET text = 'y' RETURNING id"),
        Statement("DELETE FROM t WHERE id = 9 RETURNING id"),
        Statement("DELETE FROM t"),
    ]
    assert run(empty.batch(statements)) == [1, 1, 2, 0, 0]


def test_a_batch_that_fails_stores_nothing_and_the_next_works(empty: SqliteDatabase) -> None:
    with pytest.raises(StorageFailure, match=r"^the database refused a statement: UNIQUE constraint failed"):
        run(empty.batch([insert(1), insert(2), insert(1)]))
    assert rows(empty, "SELECT * FROM t") == []
    assert run(empty.batch([insert(1)])) == [1]
    assert rows(empty, "SELECT * FROM t") == [(1, "x")]


@pytest.mark.parametrize("text", ["", "naïve 🦄", "a'b\"c", "line\nline"])
def test_values_come_back_as_they_were_bound(text: str, empty: SqliteDatabase) -> None:
    run(empty.batch([insert(MAX_INTEGER, text)]))
    assert rows(empty, "SELECT * FROM t") == [(MAX_INTEGER, text)]


def test_a_query_that_is_no_sql_is_a_failure(empty: SqliteDatabase) -> None:
    with pytest.raises(StorageFailure, match=r"^the database refused a statement: "):
        rows(empty, "SELEC 1")


def test_a_database_that_somebody_else_writes_to_is_unavailable_not_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "_BUSY_TIMEOUT_MS", 0)
    with SqliteDatabase(tmp_path / "traces.db") as database:
        run(database.batch([Statement("CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)")]))
        other = apsw.Connection(str(tmp_path / "traces.db"))
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageUnavailable, match=r"^the database is busy; send the request again later$"):
            run(database.batch([insert(1)]))
        other.execute("ROLLBACK")
        assert run(database.batch([insert(1)])) == [1]
        other.close()


def test_what_was_stored_is_there_when_the_file_is_opened_again(tmp_path: Path) -> None:
    for _ in range(2):
        with SqliteDatabase(tmp_path / "traces.db") as database:
            database.migrate(MIGRATIONS)
            run(database.batch([Statement("INSERT INTO span_terms (terms) VALUES ('a b')")]))
    with SqliteDatabase(tmp_path / "traces.db") as database:
        assert rows(database, "SELECT count(*) FROM span_terms") == [(2,)]
        names = [path.name for path in sorted(MIGRATIONS.glob("*.sql"))]
        assert [name for (name,) in rows(database, "SELECT name FROM d1_migrations ORDER BY id")] == names


def test_a_migration_that_fails_leaves_nothing_and_those_before_it_stay(tmp_path: Path) -> None:
    (tmp_path / "0001_good.sql").write_text("CREATE TABLE good (id INTEGER);")
    (tmp_path / "0002_bad.sql").write_text("CREATE TABLE half (id INTEGER); CREATE TABLE good (id INTEGER);")
    with SqliteDatabase(":memory:") as database:
        with pytest.raises(apsw.SQLError, match="good"):
            database.migrate(tmp_path)
        assert rows(database, "SELECT name FROM d1_migrations") == [("0001_good.sql",)]
        assert rows(database, "SELECT name FROM sqlite_master WHERE name IN ('good', 'half')") == [("good",)]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 AS a, 2 AS a",
        "SELECT id, id FROM t",
        "SELECT 1, 2",
        "SELECT id, text, 7 FROM t",
    ],
)
def test_columns_that_d1_would_mix_up_are_refused(sql: str, empty: SqliteDatabase) -> None:
    run(empty.batch([insert(1)]))
    with pytest.raises(AssertionError, match=r"^(two columns have one name|a column's name is a number): "):
        rows(empty, sql)


def test_the_size_of_a_database_is_without_its_free_pages(empty: SqliteDatabase) -> None:
    empty_bytes = empty.size_bytes
    run(empty.batch([insert(1, "x" * 1_000_000)]))
    assert 990_000 < empty.size_bytes - empty_bytes < 1_020_000
    run(empty.batch([Statement("DELETE FROM t")]))
    assert empty.size_bytes == empty_bytes


def test_a_statement_of_an_index_that_was_dropped_has_an_error_of_its_own(
    database: SqliteDatabase,
) -> None:
    run(database.batch([Statement("DROP TABLE span_terms")]))
    for sql in (
        "SELECT rowid FROM span_terms WHERE span_terms MATCH 'x'",
        "SELECT count(*) FROM span_terms_rebuild_docsize",
    ):
        with pytest.raises(IndexMissing):
            rows(database, sql)
    with pytest.raises(IndexMissing):
        run(database.batch([Statement("INSERT INTO span_terms (rowid, terms) VALUES (1, 'x')")]))
    with pytest.raises(StorageFailure, match="no such table: spans"):
        rows(database, "SELECT * FROM spans")
